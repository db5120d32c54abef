//! Focus blur of the 3D camera (cap-look.md 18.3, 18.4).

mod amounts;
pub(in crate::render) mod bokeh;
pub(in crate::render) mod gaussian;

use super::FilterPlan;
use crate::frame::{PixelRect, subtract_all};
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::scene::{FocusBlur, FocusShape, SurfaceId};

/// A pass of a focus blur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::render) struct FocusKey {
    pub(in crate::render) pass: FocusPass,
    pub(in crate::render) shape: ShapeKey,
}

/// What a pass of a focus blur draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::render) enum FocusPass {
    /// The horizontal half of a gaussian, onto the scratch surface.
    Rows,
    /// The vertical half, from there.
    Columns,
    /// Rings of samples.
    Bokeh,
}

/// Shape of the sharp region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::render) enum ShapeKey {
    Radial,
    TiltShift,
    Directional,
}

impl FocusKey {
    /// Of shaders/focus.wgsl.
    pub(in crate::render) const fn entry_point(self) -> &'static str {
        match self.pass {
            FocusPass::Rows => "rows",
            FocusPass::Columns => "columns",
            FocusPass::Bokeh => "bokeh",
        }
    }

    /// Constants of shaders/focus.wgsl.
    pub(in crate::render) fn constants(self) -> Vec<(&'static str, f64)> {
        let flag = |on: bool| f64::from(u8::from(on));
        vec![
            ("radial", flag(self.shape == ShapeKey::Radial)),
            ("strip", flag(self.shape == ShapeKey::TiltShift)),
        ]
    }
}

/// Numbers of shaders/focus.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct FocusUniforms {
    centre: [f32; 2],
    direction: [f32; 2],
    size: f32,
    ramp: f32,
    curve: f32,
    strength: f32,
    longest: f32,
    unused: [f32; 3],
}

/// Plans `blur`, filter `index` of the processor, which reads `below`, on `area`, to be drawn by it; `None` when that blurs
/// no pixel of it.
pub(in crate::render) fn plan_for_processor(
    blur: &FocusBlur,
    index: usize,
    below: SurfaceId,
    area: PixelRect,
) -> Option<FilterPlan> {
    let rects = blur.blurred(area);
    (!rects.is_empty()).then_some(FilterPlan {
        scratch: None,
        draw: Draw {
            means: Means::Processor(index),
            textures: Textures::Surface(below),
            uniforms: 0,
            rects,
        },
        opaque: true,
    })
}

/// Plans `blur`, which reads `below`, on `area`; `None` when it blurs no pixel of it.
pub(in crate::render) fn plan(
    blur: &FocusBlur,
    below: SurfaceId,
    area: PixelRect,
    uniforms: impl FnOnce(&FocusUniforms) -> u32,
) -> Option<FilterPlan> {
    let parts = blur.blurred(area);
    if parts.is_empty() {
        return None;
    }
    let [width, height] = [blur.size.width, blur.size.height].map(f64::from);
    let (shape, centre, direction, size) = match blur.shape {
        FocusShape::Radial { centre, size } => (ShapeKey::Radial, centre, [0.0, 0.0], size / 2.0),
        FocusShape::TiltShift { centre, size, across } => (ShapeKey::TiltShift, centre, across, size / 2.0),
        FocusShape::Directional { towards, threshold } => {
            (ShapeKey::Directional, [0.5, 0.5], towards, threshold)
        }
    };
    let pixels = [centre[0] * width, (1.0 - centre[1]) * height];
    let uniforms = uniforms(&FocusUniforms {
        centre: pixels.map(|at| at as f32),
        direction: direction.map(|part| part as f32),
        size: size as f32,
        ramp: blur.ramp() as f32,
        curve: blur.curve() as f32,
        strength: blur.strength as f32,
        longest: blur.longest() as f32,
        unused: [0.0; 3],
    });
    let draw = |pass, from, rects| Draw {
        means: Means::Pipeline(PipelineKey::Focus(FocusKey { pass, shape })),
        textures: Textures::Surface(from),
        uniforms,
        rects,
    };
    let (scratch, draw) = if blur.bokeh {
        (None, draw(FocusPass::Bokeh, below, parts))
    } else {
        (
            Some(draw(FocusPass::Rows, below, with_rows(&parts, blur))),
            draw(FocusPass::Columns, SurfaceId::Scratch, parts),
        )
    };
    Some(FilterPlan {
        scratch,
        draw,
        opaque: true,
    })
}

/// `parts` with the rows that the taps of the second pass reach; each pixel once.
fn with_rows(parts: &[PixelRect], blur: &FocusBlur) -> Vec<PixelRect> {
    let reach = blur.strength.min(blur.longest()).ceil() as u32;
    let mut all: Vec<PixelRect> = Vec::new();
    for part in parts {
        let top = part.y.saturating_sub(reach);
        let rows = PixelRect {
            y: top,
            height: part.bottom().saturating_add(reach).min(blur.size.height) - top,
            ..*part
        };
        let more = subtract_all(vec![rows], &all);
        all.extend(more);
    }
    all
}
