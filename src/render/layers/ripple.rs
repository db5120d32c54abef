//! A ring that spreads from a press of the pointer (cap-additions.md).

use crate::frame::{PixelRect, centres_within};
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::scene::Ripple;

/// Numbers of shaders/ripple.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct RippleUniforms {
    color: [f32; 4],
    clip: [f32; 4],
    centre: [f32; 2],
    per_radius: f32,
    age: f32,
}

/// Plans a ripple with finite numbers; `None` when no pixel of it is seen.
pub(in crate::render) fn plan(
    ripple: &Ripple,
    area: PixelRect,
    uniforms: impl FnOnce(&RippleUniforms) -> u32,
) -> Option<Draw> {
    if !ripple.is_drawn() {
        return None;
    }
    let (reach, [x, y], clip) = (ripple.reach(), ripple.centre, ripple.clip);
    let ring = centres_within(area, x - reach, y - reach, x + reach, y + reach)?;
    let feathered = centres_within(
        area,
        clip.x - 0.5,
        clip.y - 0.5,
        clip.right() + 0.5,
        clip.bottom() + 0.5,
    )?;
    let seen = ring.intersect(feathered)?;
    let [red, green, blue] = ripple.color;
    Some(Draw {
        means: Means::Pipeline(PipelineKey::Ripple),
        textures: Textures::Nothing,
        uniforms: uniforms(&RippleUniforms {
            color: [red, green, blue, ripple.strength.min(1.0)].map(|v| v as f32),
            clip: [clip.x, clip.y, clip.right(), clip.bottom()].map(|v| v as f32),
            centre: ripple.centre.map(|v| v as f32),
            per_radius: (1.0 / ripple.radius) as f32,
            age: ripple.age as f32,
        }),
        rects: vec![seen],
    })
}
