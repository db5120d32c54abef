// A ring that spreads from a press of the pointer (cap-additions.md), premultiplied.

struct Ripple {
    // R, G, B, strength.
    color: vec4<f32>,
    // Left, top, right, bottom of where it is drawn.
    clip: vec4<f32>,
    centre: vec2<f32>,
    // 1 / the radius it grows to.
    per_radius: f32,
    // 0 at the press, 1 at the end.
    age: f32,
}

@group(0) @binding(0) var<uniform> ripple: Ripple;

@fragment
fn ring(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = position.xy;
    let rest = 1.0 - ripple.age;
    let radius = 1.0 - rest * rest * rest;
    let width = 0.10 + 0.06 * ripple.age;
    let distance = length(pixel - ripple.centre) * ripple.per_radius;
    let line = 1.0 - smoothstep(0.0, width, abs(distance - radius));
    let fill = 0.3 * (1.0 - smoothstep(radius - width, radius, distance));
    let depth = min(pixel - ripple.clip.xy, ripple.clip.zw - pixel);
    let feather = clamp(min(depth.x, depth.y) + 0.5, 0.0, 1.0);
    let alpha = min(ripple.color.a * rest * sqrt(rest) * (line + fill), 1.0) * feather;
    return vec4<f32>(ripple.color.rgb * alpha, alpha);
}
