// Colour grades (cap-look.md 17), and the hash that their grain and that of gradients is made of (4.2).

struct Grade {
    // Factors of the channels, and of their distance from mid-grey.
    balance: vec4<f32>,
    // Saturation, split tone, and factor and offset of the fade.
    tone: vec4<f32>,
    // Place in the vignette, twice the distance from its middle in its sides = pixel * xy + zw.
    vignette_map: vec4<f32>,
    // Strength of the vignette, of the grain, and where in its noise the grain lies.
    grain: vec4<f32>,
}

override graded: bool = false;
override grained: bool = false;
override split: bool = false;
override vignetted: bool = false;

fn hash(lattice: vec2<f32>) -> f32 {
    var v = fract(lattice.xyx * 0.1031);
    v += dot(v, v.yzx + 33.33);
    return fract((v.x + v.y) * v.z);
}

fn luma(rgb: vec3<f32>) -> f32 {
    return dot(clamp(rgb, vec3<f32>(0.0), vec3<f32>(1.0)), vec3<f32>(0.2126, 0.7152, 0.0722));
}

// Straight colour, 0..=1.
fn apply_grade(color: vec3<f32>, pixel: vec2<f32>, grade: Grade) -> vec3<f32> {
    var rgb = (color * grade.balance.rgb - 0.5) * grade.balance.w + 0.5;
    let y = luma(rgb);
    rgb = y + (rgb - y) * grade.tone.x;
    if split {
        let shadows = 1.0 - smoothstep(0.2, 0.65, y);
        let highlights = smoothstep(0.35, 0.8, y);
        rgb += grade.tone.y
            * (shadows * vec3<f32>(-0.06, 0.02, 0.08) + highlights * vec3<f32>(0.08, 0.02, -0.06));
    }
    rgb = rgb * grade.tone.z + grade.tone.w;
    if vignetted {
        let from_middle = length(pixel * grade.vignette_map.xy + grade.vignette_map.zw);
        rgb *= 1.0 - grade.grain.x * smoothstep(0.5, 1.5, from_middle);
    }
    if grained {
        let brightness = luma(rgb);
        let strength = 0.25 + 0.75 * (1.0 - abs(2.0 * brightness - 1.0));
        rgb += (hash(pixel + grade.grain.zw) - 0.5) * grade.grain.y * strength;
    }
    return clamp(rgb, vec3<f32>(0.0), vec3<f32>(1.0));
}
