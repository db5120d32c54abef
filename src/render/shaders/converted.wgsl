// A source picture as R'G'B', and how far each texel stands out from its neighbours (cap-look.md 20.1, 5.5). Filtering is
// linear: a filtered tap of either is what a card's pixel would otherwise make of as many taps of the planes.

struct Conversion {
    // R'G'B' = y * luma + u * blue + v * red + offset.
    luma: vec4<f32>,
    blue: vec4<f32>,
    red: vec4<f32>,
    offset: vec4<f32>,
    // Chroma texel = luma texel >> shift.
    shift: vec2<u32>,
}

@group(0) @binding(0) var<uniform> conversion: Conversion;
// Luma, or what `colors` drew.
@group(1) @binding(0) var base: texture_2d<f32>;
@group(1) @binding(1) var chroma_plane: texture_2d<f32>;

// One triangle over all of the target. The scissor rectangle tells what is drawn.
@vertex
fn everywhere(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4<f32> {
    let at = vec2<f32>(vec2<u32>(corner & 1u, corner >> 1u)) * 4.0 - 1.0;
    return vec4<f32>(at, 0.0, 1.0);
}

// Every luma texel has the chroma of its block; the target clamps.
@fragment
fn colors(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let texel = vec2<u32>(position.xy);
    let y = textureLoad(base, texel, 0).r;
    let uv = textureLoad(chroma_plane, texel >> conversion.shift, 0).rg;
    let rgb = y * conversion.luma.rgb + uv.x * conversion.blue.rgb + uv.y * conversion.red.rgb + conversion.offset.rgb;
    return vec4<f32>(rgb, 1.0);
}

fn color(texel: vec2<i32>) -> vec3<f32> {
    return textureLoad(base, texel, 0).rgb;
}

// The texel less the mean of its four neighbours, -1..=1, stored as 1..=255 so that 0 is exact.
@fragment
fn details(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let texel = vec2<i32>(position.xy);
    let before = max(texel - 1, vec2<i32>(0));
    let behind = min(texel + 1, vec2<i32>(textureDimensions(base)) - 1);
    let around = color(vec2<i32>(before.x, texel.y)) + color(vec2<i32>(behind.x, texel.y))
        + color(vec2<i32>(texel.x, before.y)) + color(vec2<i32>(texel.x, behind.y));
    let detail = color(texel) - 0.25 * around;
    return vec4<f32>(detail * (127.0 / 255.0) + 128.0 / 255.0, 1.0);
}
