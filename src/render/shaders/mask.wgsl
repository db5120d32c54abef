// Sensitive masks (cap-look.md 12): what is below, made unreadable, blended over it by the mask's membership.

struct Mask {
    // Left, top, right, bottom, fractions of the output.
    edges: vec4<f32>,
    // Width of the soft edge in the same fractions.
    softness: f32,
    // Side of a cell, pixels.
    cell: f32,
    // Weight of a pixel in its own blur.
    own: f32,
    // How many of the taps there are.
    taps_used: u32,
    // Weights of pixels to either side: distance and weight of one, distance and weight of another.
    taps: array<vec4<f32>, 12>,
}

// Every pixel that is drawn is a member, whole.
override hard: bool;

@group(0) @binding(0) var<uniform> mask: Mask;
@group(1) @binding(0) var below: texture_2d<f32>;
@group(1) @binding(1) var bilinear: sampler;

fn member(pixel: vec2<f32>) -> f32 {
    if hard {
        return 1.0;
    }
    let uv = pixel / vec2<f32>(target_width, target_height);
    let centre = 0.5 * (mask.edges.xy + mask.edges.zw);
    let q = abs(uv - centre) - 0.5 * (mask.edges.zw - mask.edges.xy);
    // Signed distance to the rectangle, negative inside.
    let distance = length(max(q, vec2<f32>(0.0))) + min(max(q.x, q.y), 0.0);
    return smoothstep(0.0, mask.softness, -distance);
}

@fragment
fn pixelate(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let centre = (floor(position.xy / mask.cell) + 0.5) * mask.cell;
    let last = vec2<f32>(target_width, target_height) - 1.0;
    let color = textureLoad(below, vec2<i32>(min(floor(centre), last)), 0).rgb;
    let m = member(position.xy);
    return vec4<f32>(color * m, m);
}

// The pixels `at` and `at` beyond `pixel` along an axis, added; the last ones go on beyond the edges.
fn both(pixel: vec2<i32>, axis: vec2<i32>, at: f32) -> vec3<f32> {
    let last = vec2<i32>(i32(target_width), i32(target_height)) - 1;
    let step = axis * i32(at);
    return textureLoad(below, max(pixel - step, vec2<i32>(0)), 0).rgb
        + textureLoad(below, min(pixel + step, last), 0).rgb;
}

fn gaussian(position: vec2<f32>, axis: vec2<i32>) -> vec3<f32> {
    let pixel = vec2<i32>(position);
    var sum = textureLoad(below, pixel, 0).rgb * mask.own;
    // All of them at most; the position makes it no number of the uniforms alone (pointer.wgsl says why).
    let taps = min(mask.taps_used, u32(position.x) + 12u);
    for (var i = 0u; i < taps; i++) {
        let tap = mask.taps[i];
        sum += both(pixel, axis, tap.x) * tap.y + both(pixel, axis, tap.z) * tap.w;
    }
    return sum;
}

// The first pass; it covers the rows that the second one reads.
@fragment
fn blur_rows(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return vec4<f32>(gaussian(position.xy, vec2<i32>(1, 0)), 1.0);
}

@fragment
fn blur_columns(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let m = member(position.xy);
    return vec4<f32>(gaussian(position.xy, vec2<i32>(0, 1)) * m, m);
}
