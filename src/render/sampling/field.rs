//! A window of a source picture as rows of sharpened R'G'B' texels, which moves down over the picture, and which of its cells
//! have one colour.

use super::texels::Texels;
use super::{CHANNELS, Placement, Source, Span};
use crate::frame::Extent;
use crate::render::sources::planes::ChromaRows;

/// Side of a cell, luma texels.
const CELL: usize = 8;
/// Code of a cell of several colours; the codes of others have 24 bits.
const MIXED: u32 = u32::MAX;
/// Texels beside a sample's own that it reads: the bilinear filter's and the sharpening's neighbours (5.5).
const FOOTPRINT: f64 = 2.0;
/// Plain rows that a sharpened one is made of.
const PLAIN: usize = 4;

/// Steps of a level in a [`Texel`].
pub(super) const LEVEL: i32 = 64;
/// Levels that a sharpened texel is held to, far beyond what sharpening gives.
const LEVELS: [f32; 2] = [-128.0, 383.0];
/// Added to a number below 2^22 its lowest bits are the nearest integer.
const MAGIC: f32 = 12_582_912.0;

/// A texel, channel by channel, in steps of 1/[`LEVEL`], rounded down.
pub(super) type Texel = [i16; CHANNELS];

/// Rows of texels of a picture.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) texels: &'a [Texel],
    /// Texels from a row to the next.
    pub(super) stride: usize,
    /// Column and row of the first one.
    pub(super) origin: [u32; 2],
}

impl<'a> Window<'a> {
    /// The number of the first texel, counted row by row from the picture's first.
    #[inline(always)]
    pub(super) fn first(&self) -> u32 {
        self.origin[1]
            .wrapping_mul(self.stride as u32)
            .wrapping_add(self.origin[0])
    }

    /// A texel and the one to its right, and the two below them, by the number of the first in the window.
    #[inline(always)]
    pub(super) fn square_at(&self, start: usize) -> [&'a [Texel; 2]; 2] {
        let rows = &self.texels[start..][..self.stride + 2];
        let pair = |at: usize| {
            let (pairs, _) = rows[at..at + 2].as_chunks::<2>();
            &pairs[0]
        };
        [pair(0), pair(self.stride)]
    }

    /// The same by column and row of the picture.
    #[inline(always)]
    pub(super) fn square(&self, x: i32, y: i32) -> [&'a [Texel; 2]; 2] {
        let start = (y as u32).wrapping_mul(self.stride as u32).wrapping_add(x as u32);
        self.square_at(start.wrapping_sub(self.first()) as usize)
    }

    /// Row `y` of the picture, from its texel in column `x` on.
    #[inline(always)]
    pub(super) fn row(&self, x: u32, y: u32, count: usize) -> &'a [Texel] {
        let start = (y - self.origin[1]) as usize * self.stride + (x - self.origin[0]) as usize;
        &self.texels[start..][..count]
    }
}

/// A window that moves down over a picture.
#[derive(Debug, Default)]
pub(super) struct Field {
    texels: Vec<Texel>,
    span: Span,
    stride: usize,
    /// First row and the one behind the last.
    rows: [u32; 2],
    /// A row as it is shown.
    shown: Vec<f32>,
    height: u32,
    sharpening: f32,
    plain: [Plain; PLAIN],
    converter: Texels,
    cells: Cells,
}

/// A converted row with a copy of its ends on both sides.
#[derive(Debug, Default)]
struct Plain {
    y: Option<u32>,
    texels: Vec<f32>,
}

/// One colour, or [`MIXED`], for each cell of a part of the picture.
#[derive(Debug, Default)]
struct Cells {
    /// First column and row of cells.
    first: [usize; 2],
    columns: usize,
    codes: Vec<u32>,
}

impl Field {
    /// Prepares for samples within `texels`, counted from the centre of the first, and for questions within `asked`; rows of a
    /// former picture are let go.
    pub(super) fn begin(
        &mut self,
        source: &Source<'_>,
        placement: &Placement,
        texels: Extent,
        asked: Extent,
    ) {
        let width = source.size.width as usize;
        let shift = source.planes.shift.0;
        // Two on either side: the bilinear filter's and the sharpening's.
        let start = (texels.left.floor() as usize).saturating_sub(2) >> shift << shift;
        let end = (texels.right.floor() as usize + 4).min(width);
        self.span = Span { start, end };
        self.stride = self.span.len() + 1;
        self.rows = [0, 0];
        self.shown.resize(self.stride * CHANNELS, 0.0);
        self.height = source.size.height;
        self.sharpening = if placement.sharpening > 0.0 {
            placement.sharpening as f32
        } else {
            0.0
        };
        for plain in &mut self.plain {
            plain.y = None;
            plain.texels.resize((self.span.len() + 2) * CHANNELS, 0.0);
        }
        self.cells.find(source, asked);
    }

    /// Brings in rows `first` to `last`, a row below the picture's last being that one again; both never decrease between two calls of
    /// [`begin`](Self::begin).
    pub(super) fn rows(&mut self, source: &Source<'_>, first: u32, last: u32) {
        let row = self.stride;
        let behind = last + 1;
        let [from, end] = self.rows;
        if from >= end || first >= end {
            self.rows = [first, first];
        } else if first > from && (behind - from) as usize * row > self.texels.len() {
            // Full: what is still needed moves to the front.
            self.texels
                .copy_within((first - from) as usize * row..(end - from) as usize * row, 0);
            self.rows = [first, end];
        }
        let needed = (behind - self.rows[0]) as usize * row;
        if self.texels.len() < needed {
            // Twice as much, so that rows are moved rarely.
            self.texels.resize(needed * 2, [0; CHANNELS]);
        }
        for y in self.rows[1]..behind {
            self.show(source, y);
            let start = (y - self.rows[0]) as usize * row;
            into_steps(&self.shown, self.texels[start..start + row].as_flattened_mut());
        }
        self.rows[1] = self.rows[1].max(behind);
    }

    /// Makes row `y` with a copy of its last texel.
    fn show(&mut self, source: &Source<'_>, y: u32) {
        let below = self.height - 1;
        let y = y.min(below);
        let (above, next) = (y.saturating_sub(1), (y + 1).min(below));
        self.keep(source, y);
        let inner = self.span.len() * CHANNELS;
        if self.sharpening > 0.0 {
            self.keep(source, above);
            self.keep(source, next);
        }
        let kept = |y: u32| self.plain[y as usize % PLAIN].texels.as_slice();
        let own = kept(y);
        if self.sharpening > 0.0 {
            sharpen(
                [kept(above), own, kept(next)],
                self.sharpening,
                &mut self.shown[..inner],
            );
        } else {
            self.shown[..inner].copy_from_slice(&own[CHANNELS..CHANNELS + inner]);
        }
        self.shown.copy_within(inner - CHANNELS..inner, inner);
    }

    fn keep(&mut self, source: &Source<'_>, y: u32) {
        let plain = &mut self.plain[y as usize % PLAIN];
        if plain.y == Some(y) {
            return;
        }
        plain.y = Some(y);
        let end = CHANNELS + self.span.len() * CHANNELS;
        self.converter
            .row(source, y, self.span, &mut plain.texels[CHANNELS..end]);
        plain.texels.copy_within(CHANNELS..2 * CHANNELS, 0);
        plain.texels.copy_within(end - CHANNELS..end, end);
    }

    /// What is at hand.
    pub(super) fn window(&self) -> Window<'_> {
        Window {
            texels: &self.texels,
            stride: self.stride,
            origin: [self.span.start as u32, self.rows[0]],
        }
    }

    /// A texel of the picture, as a pixel.
    pub(super) fn color(&self, x: u32, y: u32) -> [u8; CHANNELS] {
        let window = self.window();
        let [[texel, _], _] = window.square(x as i32, y as i32);
        texel.map(|steps| ((i32::from(steps) + LEVEL / 2) / LEVEL).clamp(0, 255) as u8)
    }

    /// Whether all samples within `texels` have one colour.
    pub(super) fn is_flat(&self, texels: Extent) -> bool {
        self.cells.is_flat(texels)
    }
}

#[inline(always)]
fn steps(value: f32) -> i16 {
    let held = value.clamp(LEVELS[0], LEVELS[1]);
    ((held * LEVEL as f32).floor() + MAGIC).to_bits() as i16
}

/// A row in steps.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn into_steps(row: &[f32], made: &mut [i16]) {
    for (made, value) in made.iter_mut().zip(row) {
        *made = steps(*value);
    }
}

/// 5.5 at texels: the middle one of three rows, which have a texel more on both sides.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn sharpen([above, row, below]: [&[f32]; 3], sharpening: f32, sharp: &mut [f32]) {
    let inner = sharp.len();
    let (whole, part) = (1.0 + sharpening, 0.25 * sharpening);
    let (left, centre, right) = (
        &row[..inner],
        &row[CHANNELS..][..inner],
        &row[2 * CHANNELS..][..inner],
    );
    let (above, below) = (&above[CHANNELS..][..inner], &below[CHANNELS..][..inner]);
    for index in 0..inner {
        let around = left[index] + right[index] + above[index] + below[index];
        sharp[index] = whole * centre[index] - part * around;
    }
}

impl Cells {
    /// Looks at the cells that samples within `texels` read.
    fn find(&mut self, source: &Source<'_>, texels: Extent) {
        let size = [source.size.width as usize, source.size.height as usize];
        let range = |axis: usize, low: f64, high: f64| {
            let first = (low - FOOTPRINT).max(0.0) as usize / CELL;
            let last = (high + FOOTPRINT).min((size[axis] - 1) as f64) as usize / CELL;
            first..last.max(first) + 1
        };
        let columns = range(0, texels.left, texels.right);
        let rows = range(1, texels.top, texels.bottom);
        self.first = [columns.start, rows.start];
        self.columns = columns.len();
        self.codes.clear();
        for row in rows {
            for column in columns.clone() {
                self.codes.push(code(source, size, column * CELL, row * CELL));
            }
        }
    }

    fn is_flat(&self, texels: Extent) -> bool {
        let first = |low: f64| (low - FOOTPRINT).max(0.0) as usize / CELL;
        let last = |high: f64| (high + FOOTPRINT).max(0.0) as usize / CELL;
        let rows = self.codes.len() / self.columns.max(1);
        let columns = first(texels.left)..=last(texels.right);
        let mut seen = None;
        for row in first(texels.top)..=last(texels.bottom).min(self.first[1] + rows - 1) {
            for column in columns.clone() {
                // Beyond the picture's edge lies the edge's colour.
                let column = column.min(self.first[0] + self.columns - 1);
                let Some(place) = row
                    .checked_sub(self.first[1])
                    .zip(column.checked_sub(self.first[0]))
                else {
                    return false;
                };
                let code = self.codes[place.0 * self.columns + place.1];
                if code == MIXED || seen.is_some_and(|seen| seen != code) {
                    return false;
                }
                seen = Some(code);
            }
        }
        seen.is_some()
    }
}

/// Luma, U and V of the cell at (`x`, `y`) where all of its texels have the same.
fn code(source: &Source<'_>, size: [usize; 2], x: usize, y: usize) -> u32 {
    let planes = source.planes;
    let (right, bottom) = ((x + CELL).min(size[0]), (y + CELL).min(size[1]));
    let luma = planes.luma_row(y as u32)[x];
    let alike = |values: &[u8], value: u8| values.iter().all(|&other| other == value);
    for row in y..bottom {
        if !alike(&planes.luma_row(row as u32)[x..right], luma) {
            return MIXED;
        }
    }
    let (shift_x, shift_y) = planes.shift;
    let (first, last) = (x >> shift_x, (right - 1) >> shift_x);
    let samples = (last + 1 - first) as u32;
    let mut color = None;
    for row in y >> shift_y..=(bottom - 1) >> shift_y {
        let same = match planes.chroma_rows(row as u32, first as u32, samples) {
            ChromaRows::Separate(u, v) => {
                let (u_value, v_value) = *color.get_or_insert((u[0], v[0]));
                alike(u, u_value) && alike(v, v_value)
            }
            ChromaRows::Interleaved(pairs) => {
                let (pairs, _) = pairs.as_chunks::<2>();
                let value = *color.get_or_insert((pairs[0][0], pairs[0][1]));
                pairs.iter().all(|pair| (pair[0], pair[1]) == value)
            }
        };
        if !same {
            return MIXED;
        }
    }
    let (u, v) = color.unwrap_or((0, 0));
    u32::from(luma) | u32::from(u) << 8 | u32::from(v) << 16
}
