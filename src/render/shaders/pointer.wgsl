// The pointer's sprite (cap-look.md 8.6, 8.8, 8.9), premultiplied.

struct Pointer {
    // Sprite position = matrix * (pixel - origin), rows (xy) and (zw).
    matrix: vec4<f32>,
    // Left, top, right, bottom of where it is drawn.
    clip: vec4<f32>,
    origin: vec2<f32>,
    opacity: f32,
    unused: f32,
    // Movement since the frame before, in sprites (8.7).
    smear: vec2<f32>,
    unused_too: vec2<f32>,
    grade: Grade,
}

// Whether there is a movement.
override smeared: bool;

@group(0) @binding(0) var<uniform> pointer: Pointer;
@group(1) @binding(0) var art: texture_2d<f32>;
@group(1) @binding(1) var bilinear: sampler;

// The art; nothing beyond its edges.
fn tap(at: vec2<f32>) -> vec4<f32> {
    let within = all(at >= vec2<f32>(0.0)) && all(at <= vec2<f32>(1.0));
    return textureSampleLevel(art, bilinear, at, 0.0) * select(0.0, 1.0, within);
}

// The part of `taps` that may lie within 0..1 along an axis where tap i lies at `at` + `by` i / 20, and a tap more at both ends.
fn span(at: f32, by: f32, taps: vec2<f32>) -> vec2<f32> {
    // No branch: for one on uniforms alone, Mesa's software adapter compiles the shader anew for every value, and keeps them all.
    let still = abs(by) < 1e-6;
    let ends = vec2<f32>(-at, 1.0 - at) * (20.0 / select(by, 1.0, still));
    let near = vec2<f32>(
        max(taps.x, ceil(min(ends.x, ends.y) - 1.0)),
        min(taps.y, floor(max(ends.x, ends.y) + 1.0)),
    );
    return select(near, taps, still);
}

// A premultiplied colour by the grade, which is of straight ones.
fn recolored(color: vec4<f32>, pixel: vec2<f32>) -> vec4<f32> {
    if !graded {
        return color;
    }
    let straight = clamp(color.rgb / max(color.a, 1e-6), vec3<f32>(0.0), vec3<f32>(1.0));
    return vec4<f32>(apply_grade(straight, pixel, pointer.grade), 1.0) * color.a;
}

@fragment
fn sprite(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = position.xy;
    let from_origin = pixel - pointer.origin;
    let at = vec2<f32>(dot(pointer.matrix.xy, from_origin), dot(pointer.matrix.zw, from_origin));
    let depth = min(pixel - pointer.clip.xy, pointer.clip.zw - pixel);
    let feather = clamp(min(depth.x, depth.y) + 0.5, 0.0, 1.0);
    let strength = pointer.opacity * feather;
    if !smeared {
        return recolored(tap(at), pixel) * strength;
    }
    // Of 21 copies from the present place to the one before, those that lie over this pixel.
    let taps = span(at.x, pointer.smear.x, span(at.y, pointer.smear.y, vec2<f32>(0.0, 20.0)));
    var sum = vec4<f32>(0.0);
    for (var i = taps.x; i <= taps.y; i += 1.0) {
        sum += tap(at + pointer.smear * (i / 20.0));
    }
    return recolored(sum / 21.0, pixel) * strength;
}
