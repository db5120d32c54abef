//! Darkening of a frame (cap-look.md 12, 19).

use crate::frame::PixelRect;
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::scene::Shade;

/// Numbers of shaders/shade.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct ShadeUniforms {
    spared: [f32; 4],
    strength: f32,
    unused: [f32; 3],
}

/// Plans a shade with finite numbers; `None` when it darkens nothing.
pub(in crate::render) fn plan(
    shade: &Shade,
    area: PixelRect,
    uniforms: impl FnOnce(&ShadeUniforms) -> u32,
) -> Option<Draw> {
    (shade.strength > 0.0).then(|| Draw {
        means: Means::Pipeline(PipelineKey::Shade),
        textures: Textures::Nothing,
        uniforms: uniforms(&ShadeUniforms {
            spared: shade.spared.map_or([0.0; 4], |rect| {
                [rect.x, rect.y, rect.right(), rect.bottom()].map(|edge| edge as f32)
            }),
            strength: shade.strength.min(1.0) as f32,
            unused: [0.0; 3],
        }),
        rects: vec![area],
    })
}
