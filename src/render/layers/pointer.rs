//! The pointer: where its sprite lies (cap-look.md 8.6, 8.9).

use super::grade::{GradeKey, GradeUniforms};
use crate::frame::{PixelRect, centres_within};
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::scene::Pointer;

/// Numbers of shaders/pointer.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct PointerUniforms {
    matrix: [f32; 4],
    clip: [f32; 4],
    origin: [f32; 2],
    opacity: f32,
    unused: f32,
    smear: [f32; 2],
    unused_too: [f32; 2],
    grade: GradeUniforms,
}

/// Plans a pointer with finite numbers; `None` when no pixel of it is seen.
pub(in crate::render) fn plan(
    pointer: &Pointer,
    area: PixelRect,
    uniforms: impl FnOnce(&PointerUniforms) -> u32,
) -> Option<Draw> {
    let rect = pointer.rect;
    let clip = pointer.clip;
    if !pointer.is_drawn() {
        return None;
    }
    let (sin, cos) = pointer.rotation.sin_cos();
    // A pixel more on every side: rounding decides in the shader which centres lie on the sprite.
    let turned = pointer.turned().grown(1.0);
    let sprite = centres_within(area, turned.left, turned.top, turned.right, turned.bottom)?;
    let feathered = centres_within(
        area,
        clip.x - 0.5,
        clip.y - 0.5,
        clip.right() + 0.5,
        clip.bottom() + 0.5,
    )?;
    let seen = sprite.intersect(feathered)?;
    let offset = uniforms(&PointerUniforms {
        matrix: [
            cos / rect.width,
            -sin / rect.height,
            sin / rect.width,
            cos / rect.height,
        ]
        .map(|v| v as f32),
        clip: [clip.x, clip.y, clip.right(), clip.bottom()].map(|v| v as f32),
        origin: [rect.x as f32, rect.y as f32],
        opacity: pointer.opacity.min(1.0) as f32,
        unused: 0.0,
        smear: pointer.smear.unwrap_or_default().map(|v| v as f32),
        unused_too: [0.0; 2],
        grade: GradeUniforms::of(pointer.grade.as_ref()),
    });
    Some(Draw {
        means: Means::Pipeline(PipelineKey::Pointer {
            smeared: pointer.smear.is_some(),
            grade: GradeKey::of(pointer.grade.as_ref()),
        }),
        textures: Textures::Art(pointer.art.clone()),
        uniforms: offset,
        rects: vec![seen],
    })
}
