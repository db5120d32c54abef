// Motion blur (cap-look.md 7): the samples of a pixel.

// 0 none, 1 along a vector (7.2), 2 towards a point (7.3).
override smear: u32 = 0u;

// How many samples.
fn smear_count() -> i32 {
    return select(13, 21, smear == 1u);
}

// From a pixel to its last sample. `ways`: the vector in xy, or the point in xy and the part of the way in z; `size`: 1 / size of
// what is smeared.
fn smear_ray(pixel: vec2<f32>, ways: vec3<f32>, size: vec2<f32>) -> vec2<f32> {
    if smear == 1u {
        return ways.xy;
    }
    let way = ways.xy - pixel;
    // A ray is cut at a tenth of the card.
    return way * min(ways.z, 0.1 / max(length(way * size), 1e-6));
}

// Where on the ray sample `i` lies, 0 to 1, and its weight.
fn smear_sample(pixel: vec2<f32>, i: i32) -> vec2<f32> {
    if smear == 1u {
        return vec2<f32>(f32(i) / 20.0, 1.0);
    }
    let noise = fract(sin(dot(pixel, vec2<f32>(12.9898, 78.233))) * 43758.5453);
    let f = (f32(i) + noise) / 13.0;
    return vec2<f32>(f, 4.0 * (f - f * f));
}
