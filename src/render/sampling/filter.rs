//! Bilinear filtering and sharpening of a row at a time (cap-look.md 5.5), in single precision.
//!
//! Both are sums of texels with weights, so the rows are mixed first, sharpening across rows and along them included, and
//! the pixels are then taken between two neighbours of the mixed row.

use super::texels::Texels;
use super::{CHANNELS, Map, Source, Span, place};
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
pub(super) fn rounded(value: f32) -> u8 {
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
    pub(super) fn begin(&mut self, map: &Map, width: u32, rect: PixelRect, span: Span) {
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
            let rows = self.plain.iter_mut().zip(kept(upper)).zip(kept(lower));
            for ((mixed, upper), lower) in rows {
                *mixed = upper + (lower - upper) * weight;
            }
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
        self.sharpen([above, upper, lower, below], weight);
        Mixed {
            columns: &self.columns,
            texels: &self.sharp,
            sharpened,
        }
    }

    /// 5.5, but for the way between two texels of the row, which `pixels` goes.
    fn sharpen(&mut self, rows: [u32; 4], weight: f32) {
        let kept = |y: u32| self.kept[y as usize % KEPT].texels.as_slice();
        let [above, upper, lower, below] = rows.map(kept);
        let values = self.plain.len();
        let (above, upper, lower, below) = (
            &above[..values],
            &upper[..values],
            &lower[..values],
            &below[..values],
        );
        for index in 0..values {
            self.plain[index] = upper[index] + (lower[index] - upper[index]) * weight;
        }
        let (whole, part) = (1.0 + self.sharpening, 0.25 * self.sharpening);
        let inner = values - 2 * CHANNELS;
        let (plain, sharp) = (&self.plain[..values], &mut self.sharp[CHANNELS..][..inner]);
        let (left, centre, right) = (
            &plain[..inner],
            &plain[CHANNELS..][..inner],
            &plain[2 * CHANNELS..][..inner],
        );
        // The neighbours above and below, each mixed like the row itself.
        let (a, b) = (&above[CHANNELS..][..inner], &lower[CHANNELS..][..inner]);
        let (c, d) = (&upper[CHANNELS..][..inner], &below[CHANNELS..][..inner]);
        for index in 0..inner {
            let first = a[index] + b[index];
            let second = c[index] + d[index];
            let around = left[index] + right[index] + first + (second - first) * weight;
            sharp[index] = whole * centre[index] - part * around;
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
            self.between::<true>(line);
        } else {
            self.between::<false>(line);
        }
    }

    fn between<const CLAMPED: bool>(&self, line: &mut [u8]) {
        for (pixel, column) in line.chunks_exact_mut(CHANNELS).zip(self.columns) {
            let pair = &self.texels[column.left as usize * CHANNELS..][..2 * CHANNELS];
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
}
