//! A card's picture at the output's pixels, filtered on the processor (cap-look.md 5.5, 20.1).
//!
//! An adapter that draws on the processor samples textures there too, one pixel at a time and by general code. Rows of a
//! card share nearly all of that work: each source row becomes R'G'B' once ([`texels`]), two to four of them are mixed into one at the
//! output row's place, and a pixel is then two neighbours of it ([`filter`]). What comes out is copied where nothing is
//! blended with it, and read texel by texel where a shader has to blend it.

mod field;
mod filter;
pub(in crate::render) mod grading;
pub(in crate::render) mod smear;
mod texels;

#[cfg(test)]
mod tests;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::layers::card::Conversion;
use super::plan::placement::Placement;
use super::sources::planes::Planes;
use crate::frame::{PackedFormat, PixelRect, Size};
use filter::Filter;
pub(in crate::render) use filter::rounded;
use smear::{Noise, Smeared, Smearer};
use texels::{Texels, Weights};

/// Values of a pixel.
const CHANNELS: usize = 4;

/// Who filters the source pictures of cards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// The adapter's texture units, by shaders over uploaded planes.
    #[default]
    Adapter,
    /// The processor, before the frame is drawn.
    Processor,
}

impl std::fmt::Display for Sampling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Adapter => "adapter",
            Self::Processor => "processor",
        })
    }
}

/// A source picture to be sampled.
pub(super) struct Source<'a> {
    /// Its planes.
    planes: &'a Planes<'a>,
    /// Luma size.
    size: Size,
    /// How it becomes R'G'B', in which byte order.
    weights: Weights,
}

impl<'a> Source<'a> {
    /// `planes` of a picture of `size`, whose pixels come out in the byte order of `format`.
    pub(super) fn new(
        planes: &'a Planes<'a>,
        size: Size,
        conversion: &Conversion,
        format: PackedFormat,
    ) -> Self {
        Self {
            planes,
            size,
            weights: Weights::new(conversion, format),
        }
    }
}

/// A part of a smeared card.
#[derive(Debug, Default)]
struct Part {
    smearer: Smearer,
    pixels: Vec<u8>,
}

/// Samples cards; keeps its row buffers from call to call.
#[derive(Debug, Default)]
pub(super) struct Sampler {
    texels: Texels,
    filter: Filter,
    smeared: Vec<Part>,
    noise: Noise,
    row: Vec<f32>,
    line: Vec<u8>,
}

impl Sampler {
    /// Hands `write` the pixels of `rects` (output pixels), a part of a row at a time: the number of the rectangle, its row and first
    /// column within that, and its pixels, 4 bytes each, opaque, which it may change. What a pixel becomes does not depend on the
    /// rectangles.
    pub(super) fn sample(
        &mut self,
        source: &Source<'_>,
        map: &Placement,
        rects: &[PixelRect],
        mut write: impl FnMut(usize, u32, u32, &mut [u8]),
    ) {
        for (index, &rect) in rects.iter().enumerate() {
            self.sample_one(source, map, rect, |row, column, pixels| {
                write(index, row, column, pixels);
            });
        }
    }

    fn sample_one(
        &mut self,
        source: &Source<'_>,
        map: &Placement,
        rect: PixelRect,
        mut write: impl FnMut(u32, u32, &mut [u8]),
    ) {
        if rect.is_empty() {
            return;
        }
        let ends = [rect.x, rect.x + rect.width - 1];
        let [first, last] = ends.map(|x| place(map, 0, source.size.width, x) as usize);
        if map.aligned && last == first + rect.width as usize - 1 {
            self.copy(source, map, rect, first, |row, pixels| write(row, 0, pixels));
            return;
        }
        let width = stripe(map);
        for start in (0..rect.width).step_by(width as usize) {
            let stripe = PixelRect {
                x: rect.x + start,
                width: width.min(rect.width - start),
                ..rect
            };
            self.filter(source, map, stripe, |row, pixels| write(row, start, pixels));
        }
    }

    /// As [`sample`](Self::sample), for a smeared card: pixels are premultiplied with the coverage of their samples, where the
    /// others are opaque. Parts of the rectangles are made side by side.
    pub(super) fn smear(
        &mut self,
        source: &Source<'_>,
        map: &Placement,
        smeared: &Smeared,
        rects: &[PixelRect],
        mut write: impl FnMut(usize, u32, u32, &mut [u8]),
    ) {
        // The rows that a ray crosses should stay in a cache that is near. Every part makes the texels that its rays reach.
        const COLUMNS: u32 = 160;
        const ROWS: u32 = 544;
        let mut jobs: Vec<(usize, PixelRect)> = Vec::new();
        for (index, &rect) in rects.iter().enumerate() {
            for y in (0..rect.height).step_by(ROWS as usize) {
                for x in (0..rect.width).step_by(COLUMNS as usize) {
                    let part = PixelRect {
                        x: rect.x + x,
                        y: rect.y + y,
                        width: COLUMNS.min(rect.width - x),
                        height: ROWS.min(rect.height - y),
                    };
                    jobs.push((index, part));
                }
            }
        }
        if self.smeared.len() < jobs.len() {
            self.smeared.resize_with(jobs.len(), Part::default);
        }
        let ends = |end: fn(&PixelRect) -> u32| rects.iter().map(end).max().unwrap_or(0);
        self.noise
            .prepare(ends(|rect| rect.right()), ends(|rect| rect.bottom()));
        let noise = &self.noise;
        let parts = &mut self.smeared[..jobs.len()];
        parts.par_iter_mut().zip(&jobs).for_each(|(part, (_, rect))| {
            let Part { smearer, pixels } = part;
            pixels.clear();
            smearer.smear(source, map, (smeared, noise), *rect, |_, row| {
                pixels.extend_from_slice(row)
            });
        });
        for (part, &(index, of)) in parts.iter_mut().zip(&jobs) {
            let rect = rects[index];
            let rows = part.pixels.chunks_exact_mut(of.width as usize * CHANNELS);
            for (row, pixels) in (of.y - rect.y..).zip(rows) {
                write(index, row, of.x - rect.x, pixels);
            }
        }
    }

    /// Texels as they are, from column `first` on.
    fn copy(
        &mut self,
        source: &Source<'_>,
        map: &Placement,
        rect: PixelRect,
        first: usize,
        mut write: impl FnMut(u32, &mut [u8]),
    ) {
        let span = Span::of(map, source, rect);
        self.line.resize(rect.width as usize * CHANNELS, 0);
        self.row.resize(span.len() * CHANNELS, 0.0);
        for row in 0..rect.height {
            let y = place(map, 1, source.size.height, rect.y + row) as u32;
            self.texels.row(source, y, span, &mut self.row);
            let shown = &self.row[(first - span.start) * CHANNELS..];
            for (byte, value) in self.line.iter_mut().zip(shown) {
                *byte = rounded(*value);
            }
            write(row, &mut self.line);
        }
    }

    fn filter(
        &mut self,
        source: &Source<'_>,
        map: &Placement,
        rect: PixelRect,
        mut write: impl FnMut(u32, &mut [u8]),
    ) {
        let span = Span::of(map, source, rect);
        self.line.resize(rect.width as usize * CHANNELS, 0);
        self.filter.begin(map, source.size.width, rect, span);
        for row in 0..rect.height {
            let at = place(map, 1, source.size.height, rect.y + row);
            let mixed = self.filter.mix(at, &mut self.texels, source, span);
            mixed.pixels(&mut self.line);
            write(row, &mut self.line);
        }
    }
}

/// Columns that are filtered together: few enough for the rows of texels they are made of to stay in the innermost cache.
fn stripe(map: &Placement) -> u32 {
    // Six rows of 16 bytes a texel, in 32 KiB.
    const TEXELS: f64 = 256.0;
    (TEXELS / map.scale[0].abs()).clamp(32.0, 1024.0) as u32
}

/// Where on the picture the pixel of an output column (axis 0) or row (axis 1) lies, in texels counted from the centre of the
/// first, within the `side` texels that there are.
fn place(map: &Placement, axis: usize, side: u32, pixel: u32) -> f64 {
    let at = (f64::from(pixel) + 0.5) * map.scale[axis] + map.origin[axis];
    let shown = at.max(map.low[axis]).min(map.high[axis]);
    (shown - 0.5).clamp(0.0, f64::from(side - 1))
}

/// Texels of a row, `start..end`, that some columns of the output are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// Texels beside the one on the left of a pixel: the one on its right, and the neighbours of both (5.5).
    const BESIDE: usize = 2;

    /// What the columns of `rect` are made of, from the first texel of a block of chroma on.
    fn of(map: &Placement, source: &Source<'_>, rect: PixelRect) -> Self {
        let width = source.size.width;
        let ends = [rect.x, rect.x + rect.width - 1];
        let [a, b] = ends.map(|pixel| place(map, 0, width, pixel) as usize);
        let (low, high) = (a.min(b), a.max(b));
        let shift = source.planes.shift.0;
        Self {
            start: low.saturating_sub(Self::BESIDE) >> shift << shift,
            end: (high + 1 + Self::BESIDE).min(width as usize),
        }
    }

    fn len(self) -> usize {
        self.end - self.start
    }
}
