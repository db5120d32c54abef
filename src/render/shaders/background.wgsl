// The canvas behind everything (cap-look.md 4). `gradient` and `image` are drawn once into a picture of the output's
// size, `still` shows that picture.

struct Background {
    start: vec4<f32>,
    end: vec4<f32>,
    direction: vec2<f32>,
    // Lattice cells across the output.
    noise_cells: f32,
    // 0..=0.25.
    noise_strength: f32,
    // Part of the image that is shown: normalised position = output position * cut.xy + cut.zw.
    cut: vec4<f32>,
}

@group(0) @binding(0) var<uniform> background: Background;
@group(1) @binding(0) var source: texture_2d<f32>;
@group(1) @binding(1) var bilinear: sampler;

fn across(position: vec4<f32>) -> vec2<f32> {
    return position.xy / vec2<f32>(target_width, target_height);
}

fn hash(lattice: vec2<f32>) -> f32 {
    var v = fract(lattice.xyx * 0.1031);
    v += dot(v, v.yzx + 33.33);
    return fract((v.x + v.y) * v.z);
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

@fragment
fn still(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return textureLoad(source, vec2<i32>(position.xy), 0);
}
