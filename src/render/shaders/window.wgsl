// A window frame (cap-look.md 15): premultiplied artwork in a rounded rectangle with shadow and border.

struct Window {
    // Centre and half size, pixels.
    shape: vec4<f32>,
    // Normalised position on the artwork = pixel * xy + zw.
    art: vec4<f32>,
    border_color: vec4<f32>,
    corner_radius: f32,
    border_width: f32,
    border_alpha: f32,
    opacity: f32,
    // Where the shadow ends, 1 / width of its ramp, its darkness, and nothing.
    shadow: vec4<f32>,
}

override bordered: bool = false;
// The border takes the artwork's place, as in Cap (26, quirk 10).
override replaced: bool = false;

@group(0) @binding(0) var<uniform> window: Window;
@group(1) @binding(0) var artwork: texture_2d<f32>;
@group(1) @binding(1) var bilinear: sampler;

fn shaded(pixel: vec2<f32>) -> f32 {
    return shadow_alpha(edge_distance(pixel, window.shape, window.corner_radius), window.shadow.xyz);
}

@fragment
fn frame(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = position.xy;
    let distances = edge_distances(pixel, window.shape, window.corner_radius);
    let covered = inside(distances);
    let at = pixel * window.art.xy + window.art.zw;
    let within = all(at >= vec2<f32>(0.0)) && all(at <= vec2<f32>(1.0));
    let art = textureSampleLevel(artwork, bilinear, at, 0.0) * select(0.0, covered * window.opacity, within);
    var result = art;
    if bordered {
        // Beside the card, so that neither covers the other.
        let ring = max(inside(distances - window.border_width) - covered, 0.0) * window.border_alpha;
        if replaced && ring > 0.001 * window.border_alpha {
            result = vec4<f32>(0.0);
        }
        result += vec4<f32>(window.border_color.rgb, 1.0) * ring;
    }
    result.a += shaded(pixel) * (1.0 - result.a);
    return result;
}

// Beyond everything but the shadow.
@fragment
fn shadow(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return vec4<f32>(0.0, 0.0, 0.0, shaded(position.xy));
}
