// Glyphs as they were pictured, pixel by pixel (cap-look.md 11, 13, 14), premultiplied.

struct Glyphs {
    color: vec4<f32>,
    // What the colour becomes from `from_x` to `from_x + width`.
    second: vec4<f32>,
    // Pixel of the picture's corner.
    origin: vec2<i32>,
    from_x: f32,
    width: f32,
    // Nothing right of it.
    edge: f32,
    unused_1: f32,
    unused_2: f32,
    unused_3: f32,
}

@group(0) @binding(0) var<uniform> glyphs: Glyphs;
@group(1) @binding(0) var picture: texture_2d<f32>;

fn texel(position: vec2<f32>) -> vec4<f32> {
    return textureLoad(picture, vec2<i32>(position) - glyphs.origin, 0);
}

fn strength(x: f32) -> f32 {
    return glyphs.color.a * clamp(glyphs.edge - x + 0.5, 0.0, 1.0);
}

@fragment
fn plain(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let alpha = texel(position.xy).r * strength(position.x);
    return vec4<f32>(glyphs.color.rgb * alpha, alpha);
}

@fragment
fn gradient(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let alpha = texel(position.xy).r * strength(position.x);
    let across = clamp((position.x - glyphs.from_x) / glyphs.width, 0.0, 1.0);
    return vec4<f32>(mix(glyphs.color.rgb, glyphs.second.rgb, across) * alpha, alpha);
}

@fragment
fn own(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return texel(position.xy) * strength(position.x);
}
