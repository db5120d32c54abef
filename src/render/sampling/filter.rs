//! Bilinear filtering and sharpening of a row at a time (cap-look.md 5.5), in single precision.
//!
//! Both are sums of texels with weights, so the rows are mixed first, sharpening across rows and along them included, and
//! the pixels are then taken between two neighbours of the mixed row.

use multiversion::multiversion;

use super::texels::Texels;
use super::{CHANNELS, Placement, Source, Span, place};
use crate::frame::PixelRect;

/// Copies of the outermost texels beside a row, so that every texel has neighbours.
const PAD: usize = 2;
/// Rows that are kept: those that a sharpened pixel takes, which follow each other.
const KEPT: usize = 4;

/// Where between two texels of the span an output column lies.
#[derive(Clone, Copy, Debug)]
struct Column {
    /// The texel on the left, counted with the copies beside the row.
    left: u32,
    /// How far towards the next one, 0..1.
    weight: f32,
}

/// Rows of texels and what they are mixed to.
#[derive(Debug, Default)]
pub(super) struct Filter {
    columns: Vec<Column>,
    kept: [Kept; KEPT],
    plain: Vec<f32>,
    sharp: Vec<f32>,
    sharpening: f32,
}

/// A row of texels, 4 channels each, 0..=255, with copies of its ends.
#[derive(Debug, Default)]
struct Kept {
    y: Option<u32>,
    texels: Vec<f32>,
}

/// The nearest integer of a number of 0..=255: added to 2^23, that is its lowest bits.
#[inline]
pub(in crate::render) fn rounded(value: f32) -> u8 {
    (value + 8_388_608.0).to_bits() as u8
}

/// A row at an output row's place.
pub(super) struct Mixed<'a> {
    columns: &'a [Column],
    texels: &'a [f32],
    /// Whether values may lie beyond 0..=255.
    sharpened: bool,
}

impl Filter {
    /// Prepares for the columns of `rect`, which are made of the texels of `span`; rows that are kept are let go.
    pub(super) fn begin(&mut self, map: &Placement, width: u32, rect: PixelRect, span: Span) {
        self.sharpening = if map.aligned { 0.0 } else { map.sharpening as f32 };
        self.columns.clear();
        self.columns.extend((rect.x..rect.x + rect.width).map(|x| {
            let at = place(map, 0, width, x);
            let left = at.floor();
            Column {
                left: (left as usize - span.start + PAD) as u32,
                weight: (at - left) as f32,
            }
        }));
        let values = (span.len() + 2 * PAD) * 4;
        for kept in &mut self.kept {
            kept.y = None;
            kept.texels.resize(values, 0.0);
        }
        self.plain.resize(values, 0.0);
        self.sharp.resize(values, 0.0);
    }

    /// Row `at` of the source, counted from the centre of its first one: sharpened if the card is.
    pub(super) fn mix(&mut self, at: f64, texels: &mut Texels, source: &Source<'_>, span: Span) -> Mixed<'_> {
        let last = source.size.height - 1;
        let upper = at.floor() as u32;
        let lower = (upper + 1).min(last);
        let weight = (at - at.floor()) as f32;
        for y in [upper, lower] {
            self.keep(y, texels, source, span);
        }
        let sharpened = self.sharpening > 0.0;
        if !sharpened {
            let kept = |y: u32| &self.kept[y as usize % KEPT].texels;
            between_rows(kept(upper), kept(lower), weight, &mut self.plain);
            return Mixed {
                columns: &self.columns,
                texels: &self.plain,
                sharpened,
            };
        }
        let (above, below) = (upper.saturating_sub(1), (lower + 1).min(last));
        for y in [above, below] {
            self.keep(y, texels, source, span);
        }
        let kept = |y: u32| self.kept[y as usize % KEPT].texels.as_slice();
        between_rows(kept(upper), kept(lower), weight, &mut self.plain);
        let rows = [above, upper, lower, below].map(kept);
        sharpen(rows, weight, &self.plain, self.sharpening, &mut self.sharp);
        Mixed {
            columns: &self.columns,
            texels: &self.sharp,
            sharpened,
        }
    }

    /// Converts row `y` unless it is there.
    fn keep(&mut self, y: u32, texels: &mut Texels, source: &Source<'_>, span: Span) {
        let kept = &mut self.kept[y as usize % KEPT];
        if kept.y == Some(y) {
            return;
        }
        kept.y = Some(y);
        let (first, end) = (PAD * CHANNELS, (PAD + span.len()) * CHANNELS);
        texels.row(source, y, span, &mut kept.texels[first..end]);
        for copy in 0..PAD {
            kept.texels.copy_within(first..first + CHANNELS, copy * CHANNELS);
            kept.texels
                .copy_within(end - CHANNELS..end, end + copy * CHANNELS);
        }
    }
}

impl Mixed<'_> {
    /// The pixels of the columns, 4 bytes each, clamped and rounded to nearest.
    pub(super) fn pixels(&self, line: &mut [u8]) {
        if self.sharpened {
            between_columns::<true>(self.texels, self.columns, line);
        } else {
            between_columns::<false>(self.texels, self.columns, line);
        }
    }
}

/// The row that lies `weight` of the way from `upper` to `lower`.
#[multiversion(targets("x86_64+avx2"))]
fn between_rows(upper: &[f32], lower: &[f32], weight: f32, mixed: &mut [f32]) {
    for ((mixed, upper), lower) in mixed.iter_mut().zip(upper).zip(lower) {
        *mixed = upper + (lower - upper) * weight;
    }
}

/// 5.5, but for the way between two texels of the row: `plain` is the mixed row, `rows` are those it lies between, with one
/// more on each side, and `weight` is its place among them. The outermost texel at each end is left out.
#[multiversion(targets("x86_64+avx2"))]
fn sharpen(rows: [&[f32]; 4], weight: f32, plain: &[f32], sharpening: f32, sharp: &mut [f32]) {
    let inner = plain.len() - 2 * CHANNELS;
    let (whole, part) = (1.0 + sharpening, 0.25 * sharpening);
    let (left, centre, right) = (
        &plain[..inner],
        &plain[CHANNELS..][..inner],
        &plain[2 * CHANNELS..][..inner],
    );
    // The neighbours above and below, each mixed like the row itself.
    let [above, upper, lower, below] = rows;
    let (above, lower) = (&above[CHANNELS..][..inner], &lower[CHANNELS..][..inner]);
    let (upper, below) = (&upper[CHANNELS..][..inner], &below[CHANNELS..][..inner]);
    let sharp = &mut sharp[CHANNELS..][..inner];
    for index in 0..inner {
        let first = above[index] + lower[index];
        let second = upper[index] + below[index];
        let around = left[index] + right[index] + first + (second - first) * weight;
        sharp[index] = whole * centre[index] - part * around;
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn between_columns<const CLAMPED: bool>(texels: &[f32], columns: &[Column], line: &mut [u8]) {
    for (pixel, column) in line.chunks_exact_mut(CHANNELS).zip(columns) {
        let pair = &texels[column.left as usize * CHANNELS..][..2 * CHANNELS];
        for channel in 0..CHANNELS {
            let (left, right) = (pair[channel], pair[channel + CHANNELS]);
            let mut value = left + (right - left) * column.weight;
            if CLAMPED {
                value = value.clamp(0.0, 255.0);
            }
            pixel[channel] = rounded(value);
        }
    }
}
