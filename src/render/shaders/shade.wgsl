// Black over everything but a rectangle (cap-look.md 12, 19), and transparent black in the place of what is there.

struct Shade {
    // Left, top, right, bottom of what stays as it is; empty where nothing does.
    spared: vec4<f32>,
    strength: f32,
    unused_1: f32,
    unused_2: f32,
    unused_3: f32,
}

@group(0) @binding(0) var<uniform> shade: Shade;

@fragment
fn darken(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let inside = all(position.xy > shade.spared.xy) && all(position.xy < shade.spared.zw);
    return vec4<f32>(0.0, 0.0, 0.0, select(shade.strength, 0.0, inside));
}

@fragment
fn nothing() -> @location(0) vec4<f32> {
    return vec4<f32>(0.0);
}
