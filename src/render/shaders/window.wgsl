// A window frame (cap-look.md 15): premultiplied artwork in a rounded rectangle with shadow and border.

struct Window {
    // Centre and half size, pixels.
    shape: vec4<f32>,
    // Normalised position on the artwork = pixel * xy + zw.
    art: vec4<f32>,
    border_color: vec4<f32>,
    corner_radius: f32,
    border_width: f32,
    border_alpha: f32,
    opacity: f32,
    // Where the shadow ends, 1 / width of its ramp, its darkness, and nothing.
    shadow: vec4<f32>,
    // Of shaders/smear.wgsl.
    smear: vec4<f32>,
    // 1 / size, pixels, and nothing.
    size: vec4<f32>,
}

override bordered: bool = false;
// The border takes the artwork's place, as in Cap (26, quirk 10).
override replaced: bool = false;

@group(0) @binding(0) var<uniform> window: Window;
@group(1) @binding(0) var artwork: texture_2d<f32>;
@group(1) @binding(1) var bilinear: sampler;

fn shaded(pixel: vec2<f32>) -> f32 {
    return shadow_alpha(edge_distance(pixel, window.shape, window.corner_radius), window.shadow.xyz);
}

// The artwork where it is not cut off, premultiplied.
fn art_at(pixel: vec2<f32>, covered: f32) -> vec4<f32> {
    let at = pixel * window.art.xy + window.art.zw;
    let within = all(at >= vec2<f32>(0.0)) && all(at <= vec2<f32>(1.0));
    return textureSampleLevel(artwork, bilinear, at, 0.0) * select(0.0, covered * window.opacity, within);
}

// 7.2, 7.3.
fn smeared_art(pixel: vec2<f32>) -> vec4<f32> {
    let ray = smear_ray(pixel, window.smear.xyz, window.size.xy);
    var sum = vec4<f32>(0.0);
    var weights = 0.0;
    for (var i = 0; i < smear_count(); i++) {
        let on_ray = smear_sample(pixel, i);
        let at = pixel + ray * on_ray.x;
        let covered = inside(edge_distances(at, window.shape, window.corner_radius));
        sum += on_ray.y * art_at(at, covered);
        weights += on_ray.y;
    }
    return sum / weights;
}

@fragment
fn frame(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = position.xy;
    let distances = edge_distances(pixel, window.shape, window.corner_radius);
    let covered = inside(distances);
    var result: vec4<f32>;
    if smear == 0u {
        result = art_at(pixel, covered);
    } else {
        result = smeared_art(pixel);
    }
    if bordered {
        // Beside the card, so that neither covers the other.
        let rim = max(inside(distances - window.border_width) - covered, 0.0);
        let ring = rim * window.border_alpha;
        if replaced && rim > 0.001 {
            result = vec4<f32>(0.0);
        }
        if smear != 0u {
            // The border hides what is smeared below it (5.6).
            result *= min(1.0, (1.0 - rim) / max(result.a, 1e-4));
        }
        result += vec4<f32>(window.border_color.rgb, 1.0) * ring;
    }
    result.a += shaded(pixel) * (1.0 - result.a);
    return result;
}

// Beyond everything but the shadow.
@fragment
fn shadow(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return vec4<f32>(0.0, 0.0, 0.0, shaded(position.xy));
}
