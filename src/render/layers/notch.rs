//! The notch (cap-look.md 16).

use super::card::ANTIALIASED;
use crate::frame::{PixelRect, centres_within};
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::scene::Notch;

/// Numbers of shaders/notch.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct NotchUniforms {
    shown: [f32; 4],
    edges: [f32; 4],
    fillet: f32,
    corner_radius: f32,
    opacity: f32,
    unused: f32,
}

/// Plans a notch with finite numbers; `None` when no pixel of it is seen.
pub(in crate::render) fn plan(
    notch: &Notch,
    area: PixelRect,
    uniforms: impl FnOnce(&NotchUniforms) -> u32,
) -> Option<Draw> {
    let shown = notch.shown()?;
    let near = shown.grown(ANTIALIASED);
    let seen = centres_within(area, near.left, near.top, near.right, near.bottom)?;
    let (half_x, half_y) = ((shown.right - shown.left) / 2.0, (shown.bottom - shown.top) / 2.0);
    let rect = notch.rect;
    let offset = uniforms(&NotchUniforms {
        shown: [shown.left + half_x, shown.top + half_y, half_x, half_y].map(|v| v as f32),
        edges: [rect.x, rect.y, rect.right(), rect.bottom()].map(|v| v as f32),
        fillet: notch.fillet() as f32,
        corner_radius: notch.corner_radius() as f32,
        opacity: notch.opacity.min(1.0) as f32,
        unused: 0.0,
    });
    Some(Draw {
        means: Means::Pipeline(PipelineKey::Notch),
        textures: Textures::Nothing,
        uniforms: offset,
        rects: vec![seen],
    })
}
