// The target to NV12 planes in a buffer, luma rows first, chroma rows behind them, all `stride` words apart. An
// invocation converts 4x2 pixels: a word of either luma row and a word of chroma.

struct Conversion {
    // Pixels.
    size: vec2<u32>,
    // Words from one row to the next.
    stride: u32,
    unused: u32,
    // Weights of R', G' and B' (0..=1) and the offset, in code values.
    luma: vec4<f32>,
    cb: vec4<f32>,
    cr: vec4<f32>,
}

@group(0) @binding(0) var<uniform> conversion: Conversion;
@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var<storage, read_write> planes: array<u32>;

// Beyond an odd edge the last pixel again: a mean over it and its copy is the mean over the pixels that exist.
fn pixel(x: u32, y: u32) -> vec4<f32> {
    let at = min(vec2<u32>(x, y), conversion.size - 1u);
    return vec4<f32>(textureLoad(picture, vec2<i32>(at), 0).rgb, 1.0);
}

// Four values, rounded to the nearest, as bytes in memory order.
fn packed(values: vec4<f32>) -> u32 {
    let bytes = vec4<u32>(clamp(floor(values + 0.5), vec4<f32>(0.0), vec4<f32>(255.0)));
    return bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
}

fn luma(a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> u32 {
    let weights = conversion.luma;
    return packed(vec4<f32>(dot(a, weights), dot(b, weights), dot(c, weights), dot(d, weights)));
}

@compute @workgroup_size(16, 8)
fn convert(@builtin(global_invocation_id) block: vec3<u32>) {
    let x = block.x * 4u;
    let y = block.y * 2u;
    if x >= conversion.size.x || y >= conversion.size.y {
        return;
    }
    let a = pixel(x, y);
    let b = pixel(x + 1u, y);
    let c = pixel(x + 2u, y);
    let d = pixel(x + 3u, y);
    let e = pixel(x, y + 1u);
    let f = pixel(x + 1u, y + 1u);
    let g = pixel(x + 2u, y + 1u);
    let h = pixel(x + 3u, y + 1u);
    planes[y * conversion.stride + block.x] = luma(a, b, c, d);
    if y + 1u < conversion.size.y {
        planes[(y + 1u) * conversion.stride + block.x] = luma(e, f, g, h);
    }
    let left = (a + b + e + f) * 0.25;
    let right = (c + d + g + h) * 0.25;
    planes[(conversion.size.y + block.y) * conversion.stride + block.x] = packed(vec4<f32>(
        dot(left, conversion.cb),
        dot(left, conversion.cr),
        dot(right, conversion.cb),
        dot(right, conversion.cr),
    ));
}
