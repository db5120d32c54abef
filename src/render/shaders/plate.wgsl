// A rounded box of one colour (cap-look.md 5.1, 13), premultiplied.

struct Plate {
    color: vec4<f32>,
    center: vec2<f32>,
    half: vec2<f32>,
    radius: f32,
    // Half the width of the edge's ramp.
    softness: f32,
    // Nothing right of it.
    edge: f32,
    // 1 for the 4-norm in the corners, 0 for the Euclidean one.
    squircle: f32,
}

@group(0) @binding(0) var<uniform> plate: Plate;

@fragment
fn box(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let corner = abs(position.xy - plate.center) - plate.half + plate.radius;
    let beyond = max(corner, vec2<f32>(0.0));
    let squares = beyond * beyond;
    let norm = select(sqrt(squares.x + squares.y), sqrt(sqrt(dot(squares, squares))), plate.squircle > 0.5);
    let distance = norm + min(max(corner.x, corner.y), 0.0) - plate.radius;
    let coverage = 1.0 - smoothstep(-plate.softness, plate.softness, distance);
    let uncovered = clamp(plate.edge - position.x + 0.5, 0.0, 1.0);
    let alpha = plate.color.a * coverage * uncovered;
    return vec4<f32>(plate.color.rgb * alpha, alpha);
}
