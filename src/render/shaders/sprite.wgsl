// A premultiplied picture in a rectangle that may be turned and have soft, round corners.

struct Sprite {
    // Place on the sprite, in output pixels from its middle = turn * (pixel - centre), rows (xy) and (zw).
    turn: vec4<f32>,
    centre: vec2<f32>,
    half_size: vec2<f32>,
    // Normalised position = place * scale + 0.5.
    scale: vec2<f32>,
    corner_radius: f32,
    // 1 / width of the soft edge.
    slope: f32,
    opacity: f32,
    // Which of the ever smaller copies.
    level: f32,
    unused_1: f32,
    unused_2: f32,
}

// Not every pixel that is drawn lies inside, whole.
override shaped: bool;

@group(0) @binding(0) var<uniform> sprite: Sprite;
@group(1) @binding(0) var bitmap: texture_2d<f32>;
@group(1) @binding(1) var trilinear: sampler;

@fragment
fn show(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let from_centre = position.xy - sprite.centre;
    let at = vec2<f32>(dot(sprite.turn.xy, from_centre), dot(sprite.turn.zw, from_centre));
    let color = textureSampleLevel(bitmap, trilinear, at * sprite.scale + 0.5, sprite.level);
    if !shaped {
        return color * sprite.opacity;
    }
    let q = abs(at) - sprite.half_size + sprite.corner_radius;
    let distance = length(max(q, vec2<f32>(0.0))) + min(max(q.x, q.y), 0.0) - sprite.corner_radius;
    return color * sprite.opacity * clamp(-distance * sprite.slope, 0.0, 1.0);
}
