// Focus blur of the 3D camera (cap-look.md 18.3, 18.4): every pixel by its own radius.

struct Focus {
    // Centre of the sharp region, pixels.
    centre: vec2<f32>,
    // Unit vector across the strip or towards the blurred side; y points up.
    direction: vec2<f32>,
    // Half the size, or the line's threshold; this and the ramp are fractions of the height.
    size: f32,
    ramp: f32,
    curve: f32,
    // Pixels.
    strength: f32,
    // Longest radius of the gaussian, pixels.
    longest: f32,
    unused_1: f32,
    unused_2: f32,
    unused_3: f32,
}

// The sharp region is a disc, or a strip, or one side of a line.
override radial: bool;
override strip: bool;

@group(0) @binding(0) var<uniform> focus: Focus;
@group(1) @binding(0) var below: texture_2d<f32>;
@group(1) @binding(1) var bilinear: sampler;

// 18.3.
fn amount(pixel: vec2<f32>) -> f32 {
    let away = (pixel - focus.centre) * vec2<f32>(1.0, -1.0) / target_height;
    var d: f32;
    if radial {
        d = length(away) - focus.size;
    } else if strip {
        d = max(abs(dot(away, focus.direction)) - focus.size, 0.0) - focus.size;
    } else {
        d = max(dot(away, focus.direction) - focus.size, 0.0);
    }
    let s = smoothstep(0.0, focus.ramp, d);
    return select(0.0, pow(s, focus.curve), s > 0.0) * focus.strength;
}

fn texel(at: vec2<i32>) -> vec4<f32> {
    return textureLoad(below, at, 0);
}

// 18.4: taps at whole pixels, those beyond the picture at its edge.
fn gaussian(position: vec2<f32>, step: vec2<i32>) -> vec4<f32> {
    let pixel = vec2<i32>(position);
    let a = amount(position);
    if a < 0.5 {
        return texel(pixel);
    }
    let last = vec2<i32>(i32(target_width), i32(target_height)) - 1;
    let radius = i32(min(a, focus.longest));
    let falling = -2.0 / (a * a);
    var sum = texel(pixel);
    var weights = 1.0;
    for (var i = 1; i <= radius; i++) {
        let weight = exp(falling * f32(i * i));
        let before = texel(max(pixel - i * step, vec2<i32>(0)));
        let after = texel(min(pixel + i * step, last));
        sum += weight * (before + after);
        weights += 2.0 * weight;
    }
    return sum / weights;
}

@fragment
fn rows(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return gaussian(position.xy, vec2<i32>(1, 0));
}

@fragment
fn columns(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return gaussian(position.xy, vec2<i32>(0, 1));
}

// Brighter than white has no place in 8 bits: bright samples count up to 2.5 times.
fn brightness(color: vec4<f32>) -> f32 {
    let luma = dot(color.rgb, vec3<f32>(0.299, 0.587, 0.114));
    return 1.0 + 1.5 * smoothstep(0.7, 1.0, luma);
}

@fragment
fn bokeh(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let a = amount(position.xy);
    let centre = texel(vec2<i32>(position.xy));
    if a < 0.5 {
        return centre;
    }
    let size = vec2<f32>(target_width, target_height);
    var weights = brightness(centre);
    var sum = centre * weights;
    for (var ring = 1; ring <= 3; ring++) {
        let share = f32(ring) / 3.0;
        let samples = 5 * ring;
        for (var i = 0; i < samples; i++) {
            let angle = 6.283185307179586 * f32(i) / f32(samples);
            let at = position.xy + vec2<f32>(cos(angle), sin(angle)) * (a * share);
            let color = textureSampleLevel(below, bilinear, at / size, 0.0);
            let weight = mix(1.0, share, 0.3) * brightness(color);
            sum += color * weight;
            weights += weight;
        }
    }
    return sum / weights;
}
