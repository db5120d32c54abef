//! Texts, captions and keys: plates through their distance, glyphs pixel by pixel (cap-look.md 11, 13, 14).

use std::sync::Arc;

use crate::cap::config::RoundingType;
use crate::frame::{Extent, PixelRect, centres_within};
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::scene::{Glyphs, Lettering, Mark, Plate};

/// An edge that is nowhere.
const NO_EDGE: f32 = 1e9;

/// How glyphs are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::render) enum GlyphsKey {
    /// Coverage in one colour.
    Plain,
    /// Coverage in a colour that changes across.
    Gradient,
    /// Colours of their own.
    Own,
}

impl GlyphsKey {
    /// Of shaders/glyphs.wgsl.
    pub(in crate::render) const fn entry_point(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gradient => "gradient",
            Self::Own => "own",
        }
    }
}

/// Numbers of shaders/glyphs.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct GlyphsUniforms {
    color: [f32; 4],
    second: [f32; 4],
    origin: [i32; 2],
    from: f32,
    width: f32,
    edge: f32,
    unused: [f32; 3],
}

/// Numbers of shaders/plate.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct PlateUniforms {
    color: [f32; 4],
    center: [f32; 2],
    half: [f32; 2],
    radius: f32,
    softness: f32,
    edge: f32,
    squircle: f32,
}

/// Plans a lettering with finite numbers, bottom to top.
pub(in crate::render) fn plan(
    lettering: &Lettering,
    area: PixelRect,
    mut uniforms: impl FnMut(&[u8]) -> u32,
) -> Vec<Draw> {
    let mut draws = Vec::new();
    for mark in &lettering.marks {
        let Some(rect) = mark.extent().and_then(|extent| pixels(&extent, area)) else {
            continue;
        };
        match mark {
            Mark::Plate(plate) => draws.push(Draw {
                means: Means::Pipeline(PipelineKey::Plate),
                textures: Textures::Nothing,
                uniforms: uniforms(bytemuck::bytes_of(&plate_numbers(plate))),
                rects: vec![rect],
            }),
            Mark::Glyphs(glyphs) => {
                let offset = uniforms(bytemuck::bytes_of(&glyphs_numbers(glyphs)));
                let coverage = if glyphs.gradient.is_some() {
                    GlyphsKey::Gradient
                } else {
                    GlyphsKey::Plain
                };
                let raster = &glyphs.raster;
                let shown = [
                    (!raster.coverage.is_empty()).then_some(coverage),
                    (!raster.color.is_empty()).then_some(GlyphsKey::Own),
                ];
                draws.extend(shown.into_iter().flatten().map(|key| Draw {
                    means: Means::Pipeline(PipelineKey::Glyphs(key)),
                    textures: Textures::Glyphs {
                        raster: Arc::clone(raster),
                        own_colors: key == GlyphsKey::Own,
                    },
                    uniforms: offset,
                    rects: vec![rect],
                }));
            }
        }
    }
    draws
}

/// The pixels of `area` whose centres lie within `extent`.
fn pixels(extent: &Extent, area: PixelRect) -> Option<PixelRect> {
    centres_within(area, extent.left, extent.top, extent.right, extent.bottom)
}

fn with_alpha(color: [f64; 3], alpha: f64) -> [f32; 4] {
    let [r, g, b] = color.map(|channel| channel as f32);
    [r, g, b, alpha.clamp(0.0, 1.0) as f32]
}

fn plate_numbers(plate: &Plate) -> PlateUniforms {
    let rect = plate.rect;
    let largest = (rect.width.min(rect.height) / 2.0).max(0.0);
    PlateUniforms {
        color: with_alpha(plate.color, plate.alpha),
        center: [rect.x + rect.width / 2.0, rect.y + rect.height / 2.0].map(|v| v as f32),
        half: [rect.width / 2.0, rect.height / 2.0].map(|v| v as f32),
        radius: plate.corner.radius.clamp(0.0, largest) as f32,
        softness: plate.softness.max(0.5) as f32,
        edge: plate.edge.map_or(NO_EDGE, |edge| edge as f32),
        squircle: match plate.corner.kind {
            RoundingType::Squircle => 1.0,
            RoundingType::Rounded => 0.0,
        },
    }
}

fn glyphs_numbers(glyphs: &Glyphs) -> GlyphsUniforms {
    let raster = &glyphs.raster;
    let gradient = glyphs.gradient;
    GlyphsUniforms {
        color: with_alpha(glyphs.color, glyphs.alpha),
        second: with_alpha(gradient.map_or(glyphs.color, |gradient| gradient.color), 1.0),
        origin: [
            glyphs.x.saturating_add(raster.left),
            glyphs.y.saturating_add(raster.top),
        ],
        from: gradient.map_or(0.0, |gradient| gradient.from as f32),
        width: gradient.map_or(1.0, |gradient| (gradient.to - gradient.from).max(1e-3) as f32),
        edge: glyphs.edge.map_or(NO_EDGE, |edge| edge as f32),
        unused: [0.0; 3],
    }
}
