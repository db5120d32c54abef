// Rounded rectangles (cap-look.md 5.1-5.3).

override superellipse: bool = false;

// Signed distance from the edge, negative inside; `shape` is centre and half size (5.1).
fn edge_distance(pixel: vec2<f32>, shape: vec4<f32>, radius: f32) -> f32 {
    let q = abs(pixel - shape.xy) - shape.zw + radius;
    let outside = max(q, vec2<f32>(0.0));
    var norm: f32;
    if superellipse {
        // Scaled by the larger side: fourth powers of pixel distances leave the range in which f32 is exact enough.
        let larger = max(max(outside.x, outside.y), 1e-6);
        let ratio = outside / larger;
        let squared = ratio * ratio;
        norm = larger * sqrt(sqrt(dot(squared, squared)));
    } else {
        norm = length(outside);
    }
    return norm + min(max(q.x, q.y), 0.0) - radius;
}

// Distances at the four places of a pixel that its coverage is the mean of (5.2).
fn edge_distances(pixel: vec2<f32>, shape: vec4<f32>, radius: f32) -> vec4<f32> {
    return vec4<f32>(
        edge_distance(pixel + vec2<f32>(-0.25, -0.25), shape, radius),
        edge_distance(pixel + vec2<f32>(0.25, -0.25), shape, radius),
        edge_distance(pixel + vec2<f32>(-0.25, 0.25), shape, radius),
        edge_distance(pixel + vec2<f32>(0.25, 0.25), shape, radius),
    );
}

// 5.2; the distance changes by at most 1 a pixel, so w is 1.
fn inside(distances: vec4<f32>) -> f32 {
    return dot(1.0 - smoothstep(vec4<f32>(-1.0), vec4<f32>(1.0), distances), vec4<f32>(0.25));
}

// 5.3: `ends` is where the shadow ends, 1 / width of its ramp, its darkness.
fn shadow_alpha(distance: f32, ends: vec3<f32>) -> f32 {
    let ramp = clamp((ends.x - abs(distance)) * ends.y, 0.0, 1.0);
    return ends.z * ramp * ramp * (3.0 - 2.0 * ramp);
}
