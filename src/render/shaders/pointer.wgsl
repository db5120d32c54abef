// The pointer's sprite (cap-look.md 8.6, 8.8, 8.9), premultiplied.

struct Pointer {
    // Sprite position = matrix * (pixel - origin), rows (xy) and (zw).
    matrix: vec4<f32>,
    // Left, top, right, bottom of where it is drawn.
    clip: vec4<f32>,
    origin: vec2<f32>,
    opacity: f32,
    unused: f32,
}

@group(0) @binding(0) var<uniform> pointer: Pointer;
@group(1) @binding(0) var art: texture_2d<f32>;
@group(1) @binding(1) var bilinear: sampler;

@fragment
fn sprite(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = position.xy;
    let from_origin = pixel - pointer.origin;
    let at = vec2<f32>(dot(pointer.matrix.xy, from_origin), dot(pointer.matrix.zw, from_origin));
    let within = all(at >= vec2<f32>(0.0)) && all(at <= vec2<f32>(1.0));
    let depth = min(pixel - pointer.clip.xy, pointer.clip.zw - pixel);
    let feather = clamp(min(depth.x, depth.y) + 0.5, 0.0, 1.0);
    let strength = select(0.0, pointer.opacity * feather, within);
    return textureSampleLevel(art, bilinear, at, 0.0) * strength;
}
