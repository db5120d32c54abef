//! Sensitive masks (cap-look.md 12).

pub(in crate::render) mod processor;

use std::collections::BTreeMap;

use super::FilterPlan;
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
    own: f32,
    taps_used: u32,
    taps: [[f32; 4]; TAPS],
}

/// Quadruples of shaders/mask.wgsl, two pixels to either side each.
const TAPS: usize = 12;

/// What a pixel and its neighbours to either side weigh along one axis of a blur.
#[derive(Clone, Debug, Default, PartialEq)]
struct Kernel {
    own: f64,
    /// Distance and weight, at most 24.
    sides: Vec<(u32, f64)>,
}

impl Kernel {
    /// 25 taps from -radius to radius with weights exp(-(i/4)^2 / 2), i = -12..=12 (cap-look.md 12). A tap between two pixels
    /// is interpolated linearly, and lies alike between two for every pixel, so the taps are whole pixels in the end.
    fn of(radius: f64) -> Self {
        let weight = |i: i32| (-0.5 * (f64::from(i) / 4.0).powi(2)).exp();
        let total: f64 = (-12..=12).map(weight).sum();
        let mut own = weight(0) / total;
        let mut sides = BTreeMap::<u32, f64>::new();
        for i in 1..=12 {
            let at = radius * f64::from(i) / 12.0;
            let (near, share) = (at as u32, at.fract());
            let weight = weight(i) / total;
            for (at, weight) in [(near, weight * (1.0 - share)), (near + 1, weight * share)] {
                match at {
                    // From either side.
                    0 => own += 2.0 * weight,
                    _ if weight > 0.0 => *sides.entry(at).or_default() += weight,
                    _ => {}
                }
            }
        }
        Self {
            own,
            sides: sides.into_iter().collect(),
        }
    }

    fn quadruples(&self) -> [[f32; 4]; TAPS] {
        let mut taps = [[0.0; 4]; TAPS];
        for (slot, &(at, weight)) in taps.as_flattened_mut().chunks_exact_mut(2).zip(&self.sides) {
            slot.copy_from_slice(&[at as f32, weight as f32]);
        }
        taps
    }
}

/// The pixels of `area` of a frame of `size` that `mask` covers: all that its rectangle touches.
fn covered(mask: &Mask, size: Size, area: PixelRect) -> Option<PixelRect> {
    let rect = mask.rect;
    if !(rect.width > 0.0 && rect.height > 0.0) {
        return None;
    }
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
    touched.intersect(area)
}

/// Plans `mask`, filter `index` of the processor, which reads `below`, on `area` of a frame of `size`, to be drawn by it; `None`
/// when it covers no pixel of it.
pub(in crate::render) fn plan_for_processor(
    mask: &Mask,
    index: usize,
    below: SurfaceId,
    size: Size,
    area: PixelRect,
) -> Option<FilterPlan> {
    Some(FilterPlan {
        scratch: None,
        draw: Draw {
            means: Means::Processor(index),
            textures: Textures::Surface(below),
            uniforms: 0,
            rects: vec![covered(mask, size, area)?],
        },
        // Soft edges are blended before they are copied.
        opaque: true,
    })
}

/// Plans `mask`, which reads `below`, on `area` of a frame of `size`; `None` when it covers no pixel of it.
pub(in crate::render) fn plan(
    mask: &Mask,
    below: SurfaceId,
    size: Size,
    area: PixelRect,
    uniforms: impl FnOnce(&MaskUniforms) -> u32,
) -> Option<FilterPlan> {
    let covered = covered(mask, size, area)?;
    let rect = mask.rect;
    let hard = mask.softness <= 0.0;
    let (cell, kernel) = match mask.effect {
        MaskEffect::Pixelate { cell } => (cell, Kernel::default()),
        MaskEffect::Blur { radius } => (1.0, Kernel::of(radius)),
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
        own: kernel.own as f32,
        taps_used: kernel.sides.len().div_ceil(2) as u32,
        taps: kernel.quadruples(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Weights of the taps at their places, each between two pixels.
    fn tapped(radius: f64, signal: impl Fn(f64) -> f64) -> f64 {
        let at = |place: f64| {
            let share = place - place.floor();
            signal(place.floor()) * (1.0 - share) + signal(place.floor() + 1.0) * share
        };
        let weights = (-12..=12).map(|i| (f64::from(i), (-0.5 * f64::from(i * i) / 16.0).exp()));
        let (sum, total) = weights.fold((0.0, 0.0), |(sum, total), (i, weight)| {
            (sum + weight * at(i * radius / 12.0), total + weight)
        });
        sum / total
    }

    proptest! {
        #[test]
        fn whole_pixels_weigh_what_the_taps_between_them_weigh(radius in 0.01..400.0f64, seed in 1.0..9.0f64) {
            let signal = |place: f64| (place * seed).sin() + (place * 0.1).cos();
            let kernel = Kernel::of(radius);
            prop_assert!(kernel.sides.len() <= 2 * TAPS);
            let sides = kernel.sides.iter().map(|&(at, weight)| {
                prop_assert!(f64::from(at) <= radius.ceil() + 1.0);
                Ok(weight * (signal(f64::from(at)) + signal(-f64::from(at))))
            });
            let sides = sides.collect::<Result<Vec<f64>, _>>()?;
            let found = kernel.own * signal(0.0) + sides.iter().sum::<f64>();
            prop_assert!((found - tapped(radius, signal)).abs() < 1e-9);
        }
    }
}
