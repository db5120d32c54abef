// The canvas behind everything (cap-look.md 4). `gradient` and `image` are drawn once into a picture of the output's
// size, `blur_rows` and `blur_columns` blur it, `still` shows it, graded or not.

struct Background {
    grade: Grade,
    start: vec4<f32>,
    end: vec4<f32>,
    direction: vec2<f32>,
    // Lattice cells across the output.
    noise_cells: f32,
    // 0..=0.25.
    noise_strength: f32,
    // Part of the image that is shown: normalised position = output position * cut.xy + cut.zw.
    cut: vec4<f32>,
    // Pixels from tap to tap, taps on either side, and the exponent of a tap one pixel away.
    blur: vec4<f32>,
}

@group(0) @binding(0) var<uniform> background: Background;
@group(1) @binding(0) var source: texture_2d<f32>;
@group(1) @binding(1) var bilinear: sampler;

fn across(position: vec4<f32>) -> vec2<f32> {
    return position.xy / vec2<f32>(target_width, target_height);
}

fn value_noise(at: vec2<f32>) -> f32 {
    let cell = floor(at);
    let f = fract(at);
    let weight = f * f * (3.0 - 2.0 * f);
    let top = mix(hash(cell), hash(cell + vec2<f32>(1.0, 0.0)), weight.x);
    let bottom = mix(hash(cell + vec2<f32>(0.0, 1.0)), hash(cell + vec2<f32>(1.0, 1.0)), weight.x);
    return mix(top, bottom, weight.y);
}

fn fractal_noise(at: vec2<f32>) -> f32 {
    return 0.5 * value_noise(at) + 0.25 * value_noise(at * 2.0)
        + 0.125 * value_noise(at * 4.0) + 0.0625 * value_noise(at * 8.0);
}

@fragment
fn gradient(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let uv = across(position);
    let t = clamp(dot(uv - 0.5, background.direction) + 0.5, 0.0, 1.0);
    let color = mix(background.start.rgb, background.end.rgb, t);
    if background.noise_strength == 0.0 {
        return vec4<f32>(color, 1.0);
    }
    let n = fractal_noise(uv * background.noise_cells);
    let overlaid = select(1.0 - 2.0 * (1.0 - color) * (1.0 - n), 2.0 * color * n, color < vec3<f32>(0.5));
    return vec4<f32>(mix(color, overlaid, background.noise_strength), 1.0);
}

@fragment
fn image(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let at = across(position) * background.cut.xy + background.cut.zw;
    return vec4<f32>(textureSampleLevel(source, bilinear, at, 0.0).rgb, 1.0);
}

// 4.4.
fn gaussian(pixel: vec2<f32>, direction: vec2<f32>) -> vec4<f32> {
    let size = vec2<f32>(target_width, target_height);
    let taps = i32(background.blur.y);
    var sum = vec3<f32>(0.0);
    var weights = 0.0;
    for (var i = -taps; i <= taps; i++) {
        let offset = f32(i) * background.blur.x;
        let weight = exp(offset * offset * background.blur.z);
        let at = (pixel + offset * direction) / size;
        sum += weight * textureSampleLevel(source, bilinear, at, 0.0).rgb;
        weights += weight;
    }
    return vec4<f32>(sum / weights, 1.0);
}

@fragment
fn blur_rows(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return gaussian(position.xy, vec2<f32>(1.0, 0.0));
}

@fragment
fn blur_columns(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return gaussian(position.xy, vec2<f32>(0.0, 1.0));
}

@fragment
fn still(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let color = textureLoad(source, vec2<i32>(position.xy), 0);
    if graded {
        return vec4<f32>(apply_grade(color.rgb, position.xy, background.grade), 1.0);
    }
    return color;
}
