// Another surface of the output's size, shown as it lies or through a homography. Surfaces are premultiplied.

struct Surface {
    // Rows of the matrix that maps output pixels to pixels of the surface (cap-look.md 18.2).
    x: vec4<f32>,
    y: vec4<f32>,
    w: vec4<f32>,
    // Strength, 0..=1.
    strength: f32,
    unused_1: f32,
    unused_2: f32,
    unused_3: f32,
}

@group(0) @binding(0) var<uniform> surface: Surface;
@group(1) @binding(0) var shown: texture_2d<f32>;
@group(1) @binding(1) var bilinear: sampler;

@fragment
fn as_it_lies(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return textureLoad(shown, vec2<i32>(position.xy), 0);
}

@fragment
fn faded(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return textureLoad(shown, vec2<i32>(position.xy), 0) * surface.strength;
}

// The edge fades over one output pixel: the distance to it in surface pixels over its rate of change.
fn covered(at: f32, end: f32, rate: vec2<f32>) -> f32 {
    let slope = max(length(rate), 1e-6);
    return clamp(min(at, end - at) / slope + 0.5, 0.0, 1.0);
}

@fragment
fn mapped(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = vec3<f32>(position.xy, 1.0);
    let w = dot(surface.w.xyz, pixel);
    // Behind the camera.
    if w <= 0.0 {
        return vec4<f32>(0.0);
    }
    let at = vec2<f32>(dot(surface.x.xyz, pixel), dot(surface.y.xyz, pixel)) / w;
    // Derivatives of a quotient by x and y of the output pixel.
    let rate_x = (surface.x.xy - at.x * surface.w.xy) / w;
    let rate_y = (surface.y.xy - at.y * surface.w.xy) / w;
    let coverage = min(covered(at.x, target_width, rate_x), covered(at.y, target_height, rate_y));
    let place = at / vec2<f32>(target_width, target_height);
    return textureSampleLevel(shown, bilinear, place, 0.0) * coverage;
}
