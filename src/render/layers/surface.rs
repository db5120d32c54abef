//! Other surfaces as layers: what a filter reads, what a warp maps, the two pictures of a mix.

use crate::frame::{PixelRect, Size, centres_within};
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::scene::{Plane, Rect, SurfaceId};

/// How a surface is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::render) enum SurfaceKey {
    /// Pixel by pixel, in the place of what is there.
    AsItLies,
    /// Pixel by pixel, by a strength.
    Faded,
    /// Through a homography.
    Mapped,
}

impl SurfaceKey {
    /// Of shaders/surface.wgsl.
    pub(in crate::render) const fn entry_point(self) -> &'static str {
        match self {
            Self::AsItLies => "as_it_lies",
            Self::Faded => "faded",
            Self::Mapped => "mapped",
        }
    }
}

/// Numbers of shaders/surface.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct SurfaceUniforms {
    matrix: [[f32; 4]; 3],
    strength: f32,
    unused: [f32; 3],
}

/// The pixels of `surface` in the place of what is there, copied or drawn.
pub(in crate::render) fn as_it_lies(surface: SurfaceId, rects: Vec<PixelRect>, copied: bool) -> Draw {
    Draw {
        means: if copied {
            Means::Copy
        } else {
            Means::Pipeline(PipelineKey::Surface(SurfaceKey::AsItLies))
        },
        textures: Textures::Surface(surface),
        uniforms: 0,
        rects,
    }
}

/// The pixels of `surface` over what is there, by `strength`.
pub(in crate::render) fn faded(
    surface: SurfaceId,
    strength: f64,
    area: PixelRect,
    uniforms: impl FnOnce(&SurfaceUniforms) -> u32,
) -> Draw {
    let numbers = SurfaceUniforms {
        matrix: [[0.0; 4]; 3],
        strength: strength.clamp(0.0, 1.0) as f32,
        unused: [0.0; 3],
    };
    Draw {
        means: Means::Pipeline(PipelineKey::Surface(SurfaceKey::Faded)),
        textures: Textures::Surface(surface),
        uniforms: uniforms(&numbers),
        rects: vec![area],
    }
}

/// `surface`, which is of `size`, mapped by `plane`; `None` when none of it is within `area`.
pub(in crate::render) fn mapped(
    surface: SurfaceId,
    plane: &Plane,
    size: Size,
    area: PixelRect,
    uniforms: impl FnOnce(&SurfaceUniforms) -> u32,
) -> Option<Draw> {
    let whole = Rect {
        x: 0.0,
        y: 0.0,
        width: f64::from(size.width),
        height: f64::from(size.height),
    };
    // The edge fades over a pixel; one more for rounding.
    let shown = plane.shown(whole).grown(2.0);
    let rect = centres_within(area, shown.left, shown.top, shown.right, shown.bottom)?;
    let numbers = SurfaceUniforms {
        matrix: plane
            .to_flat
            .map(|row| [row[0] as f32, row[1] as f32, row[2] as f32, 0.0]),
        strength: 1.0,
        unused: [0.0; 3],
    };
    Some(Draw {
        means: Means::Pipeline(PipelineKey::Surface(SurfaceKey::Mapped)),
        textures: Textures::Surface(surface),
        uniforms: uniforms(&numbers),
        rects: vec![rect],
    })
}
