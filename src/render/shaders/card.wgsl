// A picture in a rounded rectangle with shadow and border (cap-look.md 5). Results are premultiplied.

struct Card {
    // Luma texel position = pixel position * map.xy + map.zw.
    map: vec4<f32>,
    // Where that position is clamped: low x, y, high x, y.
    bounds: vec4<f32>,
    // 1 / luma size, 1 / chroma size.
    texel: vec4<f32>,
    // Luma texels per chroma texel in x and y, and their reciprocals.
    subsampling: vec4<f32>,
    // R'G'B' = y * luma + u * blue + v * red + offset.
    luma: vec4<f32>,
    blue: vec4<f32>,
    red: vec4<f32>,
    offset: vec4<f32>,
    // Centre and half size, pixels.
    shape: vec4<f32>,
    border_color: vec4<f32>,
    corner_radius: f32,
    border_width: f32,
    border_alpha: f32,
    opacity: f32,
    // Distance at which the shadow ends, 1 / width of its ramp, its darkness.
    shadow_end: f32,
    shadow_slope: f32,
    shadow_alpha: f32,
    sharpening: f32,
    // The vector, or the centre and the amount of the ray (7), pixels.
    smear: vec4<f32>,
    // 1 / size of the card in pixels (xy).
    size: vec4<f32>,
    grade: Grade,
    top_radius: f32,
}

// Pixels and texels coincide: no filtering.
override aligned: bool;
// The picture comes as colours and details (converted.wgsl).
override converted: bool;
// The picture lies where it is shown, filtered already.
override sampled: bool;
// Every pixel shows a place within the bounds: nothing to clamp.
override within_bounds: bool;
// Nothing shows through; the target clamps what it stores.
override opaque: bool;
override sharpened: bool;
// No pixel lies in a corner's quadrant, where the distance depends on both axes.
override straight: bool;
override bordered: bool;
override shadowed: bool;
// The upper corners have a radius of their own.
override topped: bool;
// The border takes the picture's place, as in Cap (26, quirk 10).
override replaced: bool;

@group(0) @binding(0) var<uniform> card: Card;
// Luma, or colours where converted or sampled.
@group(1) @binding(0) var base: texture_2d<f32>;
// Chroma, or details where converted and sharpened.
@group(1) @binding(1) var extra: texture_2d<f32>;
@group(1) @binding(2) var bilinear: sampler;

fn clamped(rgb: vec3<f32>) -> vec3<f32> {
    if opaque && !graded {
        return rgb;
    }
    return clamp(rgb, vec3<f32>(0.0), vec3<f32>(1.0));
}

fn to_rgb(y: f32, uv: vec2<f32>) -> vec3<f32> {
    return clamped(y * card.luma.rgb + uv.x * card.blue.rgb + uv.y * card.red.rgb + card.offset.rgb);
}

// (y, u, v) at a luma texel position. Every luma texel has the chroma of its block, and the result is what bilinear
// filtering of such texels gives (20.1, 20.4): within a block the chroma coordinate rests on the block's sample and
// moves to the next one over the last texel step.
fn tap(at: vec2<f32>) -> vec3<f32> {
    let from_centre = at - 0.5;
    let block = floor(from_centre * card.subsampling.zw);
    let past = from_centre - block * card.subsampling.xy - (card.subsampling.xy - 1.0);
    let chroma_at = block + max(past, vec2<f32>(0.0)) + 0.5;
    let y = textureSampleLevel(base, bilinear, at * card.texel.xy, 0.0).r;
    let uv = textureSampleLevel(extra, bilinear, chroma_at * card.texel.zw, 0.0).rg;
    return vec3<f32>(y, uv);
}

// 5.5 at a texel position of a converted picture.
fn filtered(at: vec2<f32>) -> vec3<f32> {
    let place = at * card.texel.xy;
    let color = textureSampleLevel(base, bilinear, place, 0.0).rgb;
    if !sharpened {
        return color;
    }
    let detail = textureSampleLevel(extra, bilinear, place, 0.0).rgb * (255.0 / 127.0) - 128.0 / 127.0;
    return clamped(color + detail * card.sharpening);
}

fn picture(pixel: vec2<f32>) -> vec3<f32> {
    if sampled {
        return textureLoad(base, vec2<i32>(pixel), 0).rgb;
    }
    var at = pixel * card.map.xy + card.map.zw;
    if !within_bounds {
        at = clamp(at, card.bounds.xy, card.bounds.zw);
    }
    if aligned {
        let texel = vec2<i32>(floor(at));
        let block = vec2<i32>(floor(at * card.subsampling.zw));
        return to_rgb(textureLoad(base, texel, 0).r, textureLoad(extra, block, 0).rg);
    }
    if converted {
        return filtered(at);
    }
    let centre = tap(at);
    if !sharpened {
        return to_rgb(centre.x, centre.yz);
    }
    // 5.5: the conversion is linear, so the neighbours are averaged before it.
    let around = tap(at + vec2<f32>(1.0, 0.0)) + tap(at - vec2<f32>(1.0, 0.0))
        + tap(at + vec2<f32>(0.0, 1.0)) + tap(at - vec2<f32>(0.0, 1.0));
    let mean = 0.25 * around;
    let sharp = centre + (centre - mean) * card.sharpening;
    return to_rgb(sharp.x, sharp.yz);
}

// Signed distance from the edge, negative inside (5.1).
fn distance_from_edge(pixel: vec2<f32>) -> f32 {
    var radius = card.corner_radius;
    if topped {
        radius = select(radius, card.top_radius, pixel.y < card.shape.y);
    }
    if straight {
        let q = abs(pixel - card.shape.xy) - card.shape.zw;
        return max(q.x, q.y);
    }
    return edge_distance(pixel, card.shape, radius);
}

// 5.3.
fn shadow(pixel: vec2<f32>) -> f32 {
    let ends = vec3<f32>(card.shadow_end, card.shadow_slope, card.shadow_alpha);
    return shadow_alpha(distance_from_edge(pixel), ends);
}

// 5.2 at a pixel.
fn coverage_at(pixel: vec2<f32>) -> vec4<f32> {
    return vec4<f32>(
        distance_from_edge(pixel + vec2<f32>(-0.25, -0.25)),
        distance_from_edge(pixel + vec2<f32>(0.25, -0.25)),
        distance_from_edge(pixel + vec2<f32>(-0.25, 0.25)),
        distance_from_edge(pixel + vec2<f32>(0.25, 0.25)),
    );
}

// A sample of a smear, premultiplied with its own coverage.
fn sample_of(pixel: vec2<f32>, covered: bool) -> vec4<f32> {
    if covered {
        return vec4<f32>(picture(pixel), 1.0);
    }
    let coverage = inside(coverage_at(pixel));
    return vec4<f32>(picture(pixel) * coverage, coverage);
}

// 7.2, 7.3: the mean of samples, premultiplied. `covered`: all of them lie deep inside.
fn smeared(pixel: vec2<f32>, covered: bool) -> vec4<f32> {
    if sampled {
        return textureLoad(base, vec2<i32>(pixel), 0);
    }
    let ray = smear_ray(pixel, card.smear.xyz, card.size.xy);
    var sum = vec4<f32>(0.0);
    var weights = 0.0;
    for (var i = 0; i < smear_count(); i++) {
        let at = smear_sample(pixel, i);
        sum += at.y * sample_of(pixel + ray * at.x, covered);
        weights += at.y;
    }
    return sum / weights;
}

// Deeper inside than any antialiasing.
@fragment
fn interior(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    var color: vec3<f32>;
    if smear == 0u {
        color = picture(position.xy);
    } else {
        color = smeared(position.xy, true).rgb;
    }
    if graded {
        color = apply_grade(color, position.xy, card.grade);
    }
    if opaque {
        return vec4<f32>(color, 1.0);
    }
    return vec4<f32>(color * card.opacity, card.opacity);
}

// Whatever is neither interior nor beyond the antialiasing.
@fragment
fn edge(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = position.xy;
    var distances = vec4<f32>(0.0);
    var coverage = 0.0;
    if bordered || smear == 0u {
        distances = coverage_at(pixel);
        coverage = inside(distances);
    }
    var shown: vec4<f32>;
    if smear == 0u {
        shown = vec4<f32>(picture(pixel) * coverage, coverage);
    } else {
        shown = smeared(pixel, false);
    }
    if graded {
        let straight = clamp(shown.rgb / max(shown.a, 1e-6), vec3<f32>(0.0), vec3<f32>(1.0));
        shown = vec4<f32>(apply_grade(straight, pixel, card.grade) * shown.a, shown.a);
    }
    var rim = 0.0;
    if bordered {
        // Growing the half size and the radius by the same amount moves the distance by it. Ring and picture share the
        // pixel: neither covers what the other does (26, quirk 10).
        rim = max(inside(distances - card.border_width) - coverage, 0.0);
        if replaced && rim > 0.001 {
            shown = vec4<f32>(0.0);
        }
        if smear != 0u {
            // The border hides what is smeared below it (5.6).
            shown *= min(1.0, (1.0 - rim) / max(shown.a, 1e-4));
        }
    }
    var alpha = shown.a * card.opacity;
    var color = shown.rgb * card.opacity;
    if bordered {
        let ring = rim * card.border_alpha;
        color += ring * card.border_color.rgb;
        alpha += ring;
    }
    if shadowed {
        alpha += shadow(pixel) * (1.0 - alpha);
    }
    return vec4<f32>(color, alpha);
}

// Beyond the antialiasing.
@fragment
fn outside(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return vec4<f32>(0.0, 0.0, 0.0, shadow(position.xy));
}
