//! Pictures of single glyphs.

use std::sync::Arc;

use cosmic_text::{CacheKey, CacheKeyFlags, FontSystem};
use swash::scale::image::{Content, Image};
use swash::scale::{Render, ScaleContext, Source, StrikeWith};
use swash::zeno::{Angle, Cap, Format, Join, Stroke, Transform, Vector};
use swash::{FontRef, Tag};

use super::cache::Cache;
use crate::scene::typeset::Px;

/// Most bytes of kept glyph pictures.
const BUDGET: usize = 8 << 20;
/// Slant of an upright face that stands for an italic one, degrees.
const SLANT: f32 = 14.0;

/// Pictures of glyphs, kept for the next time.
pub(super) struct Glyphs {
    context: ScaleContext,
    kept: Cache<(CacheKey, Option<Px>), Picture>,
}

impl std::fmt::Debug for Glyphs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Glyphs")
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}

/// A glyph's pixels and where they stand from the pixel that holds its origin.
#[derive(Debug)]
pub(super) struct Picture {
    /// Columns right of the origin.
    pub(super) left: i32,
    /// Rows below the baseline.
    pub(super) top: i32,
    /// Columns.
    pub(super) width: usize,
    /// Rows.
    pub(super) height: usize,
    /// What they hold.
    pub(super) pixels: Pixels,
}

/// Pixels of a glyph.
#[derive(Debug)]
pub(super) enum Pixels {
    /// Coverage.
    Coverage(Vec<u8>),
    /// RGBA, premultiplied.
    Color(Vec<u8>),
}

impl Glyphs {
    pub(super) fn new() -> Self {
        Self {
            context: ScaleContext::new(),
            kept: Cache::new(BUDGET),
        }
    }

    /// The glyph of `key`, or the line of width `stroke` along its edge. A space has no pixels, and a glyph without an
    /// outline no edge.
    pub(super) fn picture(
        &mut self,
        system: &mut FontSystem,
        key: CacheKey,
        stroke: Option<Px>,
    ) -> Arc<Picture> {
        let kept = (key, stroke);
        if let Some(picture) = self.kept.get(&kept) {
            return picture;
        }
        let picture = self
            .draw(system, key, stroke)
            .map_or_else(Picture::empty, Picture::new);
        let bytes = picture.bytes();
        self.kept.insert(kept, picture, bytes)
    }

    fn draw(&mut self, system: &mut FontSystem, key: CacheKey, stroke: Option<Px>) -> Option<Image> {
        let font = system.get_font(key.font_id, key.font_weight)?;
        let font = font.as_swash();
        let mut scaler = self
            .context
            .builder(font)
            .size(f32::from_bits(key.font_size_bits))
            .hint(!key.flags.contains(CacheKeyFlags::DISABLE_HINTING));
        let weights = Tag::from_be_bytes(*b"wght");
        if let Some(axis) = font.variations().find_by_tag(weights) {
            let weight = f32::from(key.font_weight.0).clamp(axis.min_value(), axis.max_value());
            scaler = scaler.normalized_coords(font.variations().normalized_coords([(weights, weight)]));
        }
        let mut scaler = scaler.build();
        let sources: &[Source] = match stroke {
            None => &[
                Source::ColorOutline(0),
                Source::ColorBitmap(StrikeWith::BestFit),
                Source::Outline,
            ],
            Some(_) => &[Source::Outline],
        };
        let mut transform = hinted_to_whole_sizes(font).then(|| {
            let size = f32::from_bits(key.font_size_bits);
            Transform::scale(size / size.round().max(1.0), 1.0)
        });
        if key.flags.contains(CacheKeyFlags::FAKE_ITALIC) {
            let slant = Transform::skew(Angle::from_degrees(SLANT), Angle::from_degrees(0.0));
            transform = Some(transform.map_or(slant, |width| width.then(&slant)));
        }
        let mut render = Render::new(sources);
        // Outlines have y upwards, positions downwards.
        render
            .format(Format::Alpha)
            .offset(Vector::new(key.x_bin.as_float(), -key.y_bin.as_float()))
            .transform(transform);
        if let Some(width) = stroke {
            let mut line = Stroke::new(width.get());
            line.join(Join::Round).cap(Cap::Round);
            render.style(line);
        }
        render.render(&mut scaler, key.glyph_id)
    }
}

/// Whether hinting takes the outlines of `font` for whole sizes only, as TrueType fonts may ask for: at another size they
/// come out as wide as at the nearest whole one. Their heights are whole pixels anyway, their widths should follow the
/// size, or a text that grows would jerk.
fn hinted_to_whole_sizes(font: FontRef<'_>) -> bool {
    const INTEGER_SIZES: u8 = 1 << 3;
    let has_outlines = font.table(Tag::from_be_bytes(*b"glyf")).is_some();
    // The low byte of `flags`, at 16.
    let flags = font
        .table(Tag::from_be_bytes(*b"head"))
        .and_then(|head| head.get(17).copied());
    has_outlines && flags.is_some_and(|flags| flags & INTEGER_SIZES != 0)
}

impl Picture {
    fn empty() -> Self {
        Self {
            left: 0,
            top: 0,
            width: 0,
            height: 0,
            pixels: Pixels::Coverage(Vec::new()),
        }
    }

    fn new(image: Image) -> Self {
        let pixels = match image.content {
            Content::Color if matches!(image.source, Source::ColorOutline(_)) => Pixels::Color(image.data),
            // Embedded bitmaps come with straight alpha.
            Content::Color => {
                let mut data = image.data;
                for pixel in data.chunks_exact_mut(4) {
                    let alpha = u16::from(pixel[3]);
                    for channel in &mut pixel[..3] {
                        *channel = ((u16::from(*channel) * alpha + 127) / 255) as u8;
                    }
                }
                Pixels::Color(data)
            }
            Content::Mask | Content::SubpixelMask => Pixels::Coverage(image.data),
        };
        Self {
            left: image.placement.left,
            top: -image.placement.top,
            width: image.placement.width as usize,
            height: image.placement.height as usize,
            pixels,
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.pixels {
                Pixels::Coverage(pixels) | Pixels::Color(pixels) => pixels.len(),
            }
    }
}
