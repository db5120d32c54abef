// Shared by all layers. Every draw covers whole-pixel rectangles given as instances; a fragment depends on nothing but
// its own position and the uniforms, so that any split of the area into rectangles gives the same bytes.

override target_width: f32;
override target_height: f32;

@vertex
fn cover(@builtin(vertex_index) corner: u32, @location(0) rect: vec4<u32>) -> @builtin(position) vec4<f32> {
    let at = vec2<f32>(rect.xy + rect.zw * vec2<u32>(corner & 1u, corner >> 1u));
    return vec4<f32>(at.x / target_width * 2.0 - 1.0, 1.0 - at.y / target_height * 2.0, 0.0, 1.0);
}
