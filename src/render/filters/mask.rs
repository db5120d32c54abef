//! Sensitive masks (cap-look.md 12).

use crate::frame::{PixelRect, Size};
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::scene::{Mask, MaskEffect, SurfaceId};

/// A pass of a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::render) struct MaskKey {
    pub(in crate::render) pass: MaskPass,
    /// Whether every pixel that is drawn is covered whole.
    pub(in crate::render) hard: bool,
}

/// What a pass of a mask draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::render) enum MaskPass {
    /// Cells of one colour.
    Pixelate,
    /// The horizontal half of a blur, onto the scratch surface.
    BlurRows,
    /// The vertical half, from there.
    BlurColumns,
}

impl MaskPass {
    /// Of shaders/mask.wgsl.
    pub(in crate::render) const fn entry_point(self) -> &'static str {
        match self {
            Self::Pixelate => "pixelate",
            Self::BlurRows => "blur_rows",
            Self::BlurColumns => "blur_columns",
        }
    }
}

/// Numbers of shaders/mask.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct MaskUniforms {
    edges: [f32; 4],
    softness: f32,
    cell: f32,
    tap: f32,
    unused: f32,
}

/// The draws of a filter on one area.
pub(in crate::render) struct FilterPlan {
    /// On the scratch surface, before the others.
    pub(in crate::render) scratch: Option<Draw>,
    /// Over a copy of what is below.
    pub(in crate::render) draw: Draw,
    /// Whether the draw hides all that is below it.
    pub(in crate::render) opaque: bool,
}

/// Plans `mask`, which reads `below`, on `area` of a frame of `size`; `None` when it covers no pixel of it.
pub(in crate::render) fn plan(
    mask: &Mask,
    below: SurfaceId,
    size: Size,
    area: PixelRect,
    uniforms: impl FnOnce(&MaskUniforms) -> u32,
) -> Option<FilterPlan> {
    let rect = mask.rect;
    if !(rect.width > 0.0 && rect.height > 0.0) {
        return None;
    }
    // Every pixel that the rectangle touches.
    let edge = |at: f64, limit: u32| at.clamp(0.0, f64::from(limit)) as u32;
    let (x, y) = (
        edge(rect.x.floor(), size.width),
        edge(rect.y.floor(), size.height),
    );
    let touched = PixelRect {
        x,
        y,
        width: edge(rect.right().ceil(), size.width) - x,
        height: edge(rect.bottom().ceil(), size.height) - y,
    };
    let covered = touched.intersect(area)?;
    let hard = mask.softness <= 0.0;
    let (cell, tap) = match mask.effect {
        MaskEffect::Pixelate { cell } => (cell, 0.0),
        MaskEffect::Blur { radius } => (1.0, radius / 12.0),
    };
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let uniforms = uniforms(&MaskUniforms {
        edges: [
            rect.x / width,
            rect.y / height,
            rect.right() / width,
            rect.bottom() / height,
        ]
        .map(|edge| edge as f32),
        softness: mask.softness as f32,
        cell: cell as f32,
        tap: tap as f32,
        unused: 0.0,
    });
    let draw = |pass, hard, from, rect| Draw {
        means: Means::Pipeline(PipelineKey::Mask(MaskKey { pass, hard })),
        textures: Textures::Surface(from),
        uniforms,
        rects: vec![rect],
    };
    let (scratch, draw) = match mask.effect {
        MaskEffect::Pixelate { .. } => (None, draw(MaskPass::Pixelate, hard, below, covered)),
        MaskEffect::Blur { radius } => {
            // The rows that the taps of the second pass reach, with the row beside a bilinear tap.
            let reach = radius.ceil() as u32 + 1;
            let top = covered.y.saturating_sub(reach);
            let rows = PixelRect {
                y: top,
                height: covered.bottom().saturating_add(reach).min(size.height) - top,
                ..covered
            };
            (
                Some(draw(MaskPass::BlurRows, true, below, rows)),
                draw(MaskPass::BlurColumns, hard, SurfaceId::Scratch, covered),
            )
        }
    };
    Some(FilterPlan {
        scratch,
        draw,
        opaque: hard,
    })
}
