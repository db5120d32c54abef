// The notch (cap-look.md 16): black, hanging from the top of the screen.

struct Notch {
    // Centre and half size of the part that is seen, pixels.
    shown: vec4<f32>,
    // Left, top, right and bottom of all of it.
    edges: vec4<f32>,
    // Radius of the concave fillets at the top, and of the lower corners.
    fillet: f32,
    corner_radius: f32,
    opacity: f32,
    unused: f32,
}

@group(0) @binding(0) var<uniform> notch: Notch;

// Signed distance from the edge of all of it, negative inside. The top is not an edge: it is where the screen ends.
fn notch_distance(pixel: vec2<f32>) -> f32 {
    let centre = 0.5 * (notch.edges.x + notch.edges.z);
    // Both halves are alike: x is the distance from the middle.
    let at = vec2<f32>(abs(pixel.x - centre), pixel.y);
    let side = notch.edges.z - centre - notch.fillet;
    let q = vec2<f32>(at.x - side, at.y - notch.edges.w) + notch.corner_radius;
    let body = length(max(q, vec2<f32>(0.0))) + min(max(q.x, q.y), 0.0) - notch.corner_radius;
    // Between the side and the circle that touches it and the screen's top.
    let hollow = vec2<f32>(side + notch.fillet, notch.edges.y + notch.fillet);
    let in_corner = at.x >= side && at.y <= hollow.y;
    return select(body, notch.fillet - length(at - hollow), in_corner);
}

@fragment
fn hang(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = position.xy;
    let shape = clamp(0.5 - notch_distance(pixel), 0.0, 1.0);
    let seen = inside(edge_distances(pixel, notch.shown, 0.0));
    return vec4<f32>(0.0, 0.0, 0.0, shape * seen * notch.opacity);
}
