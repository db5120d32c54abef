//! Surfaces in memory that the processor filters.
//!
//! An adapter that draws on the processor runs a shader's loops there too, at several times the cost of a tap. Here a surface is
//! cut into stripes of columns, which are filtered at the same time. What a pixel becomes depends on nothing but its place and what
//! lies around it, so partial redraws give the same bytes.

use rayon::prelude::*;

use crate::frame::{PackedFormat, PixelRect, Size};
use crate::render::sampling::rounded;

/// Values of a pixel.
pub(in crate::render) const CHANNELS: usize = 4;
/// Pixels of a row that are filtered alike: what fits the registers.
pub(in crate::render) const BLOCK: usize = 4;
/// Values of a block.
pub(in crate::render) const VALUES: usize = BLOCK * CHANNELS;
/// Columns that are filtered together: few enough for the rows that a column's taps reach to stay in the second cache.
const STRIPE: u32 = 128;
/// Columns whose taps stay in the first cache.
const STRAND: usize = 16;

/// Pixels in memory.
#[derive(Clone, Copy)]
pub(in crate::render) struct Pixels<'a> {
    /// Four bytes each.
    pub(in crate::render) data: &'a [u8],
    /// Bytes from one row to the next.
    pub(in crate::render) stride: usize,
    /// Which pixels of the surface they are.
    pub(in crate::render) rect: PixelRect,
    /// Their byte order.
    pub(in crate::render) format: PackedFormat,
}

impl Pixels<'_> {
    pub(in crate::render) fn row(&self, y: u32) -> &[u8] {
        let start = (y - self.rect.y) as usize * self.stride;
        &self.data[start..start + self.rect.width as usize * CHANNELS]
    }
}

/// `parts` of a surface of `size` by the stripe they lie in.
pub(in crate::render) fn column_stripes(size: Size, parts: &[PixelRect]) -> Vec<Vec<PixelRect>> {
    (0..size.width.div_ceil(STRIPE))
        .map(|index| {
            let columns = PixelRect {
                x: index * STRIPE,
                y: 0,
                width: STRIPE.min(size.width - index * STRIPE),
                height: size.height,
            };
            parts.iter().filter_map(|part| part.intersect(columns)).collect()
        })
        .collect()
}

/// `rect` with whole blocks, which may end beyond the surface.
fn blocks(rect: PixelRect) -> PixelRect {
    let x = rect.x / BLOCK as u32 * BLOCK as u32;
    PixelRect {
        x,
        width: (rect.right() - x).next_multiple_of(BLOCK as u32),
        ..rect
    }
}

/// The texels of row `y` that the columns of `hull` reach, as numbers; those beyond the surface are copies of the outermost.
pub(in crate::render) fn spread(below: Pixels<'_>, y: u32, hull: PixelRect, reach: usize, line: &mut [f32]) {
    let row = below.row(y);
    let first = (hull.x as usize).saturating_sub(reach).max(below.rect.x as usize);
    // Texels of the line before the first that is there.
    let missing = first + reach - hull.x as usize;
    let start = (first - below.rect.x as usize) * CHANNELS;
    let there = (row.len() - start).min(line.len() - missing * CHANNELS);
    let (before, rest) = line.split_at_mut(missing * CHANNELS);
    let (values, after) = rest.split_at_mut(there);
    for (value, &byte) in values.iter_mut().zip(&row[start..]) {
        *value = f32::from(byte);
    }
    for texel in before.chunks_exact_mut(CHANNELS) {
        texel.copy_from_slice(&values[..CHANNELS]);
    }
    for texel in after.chunks_exact_mut(CHANNELS) {
        texel.copy_from_slice(&values[there - CHANNELS..]);
    }
}

/// A blur of rows first, and of the columns of what came out. Pixels of a block are blurred alike.
pub(in crate::render) trait Separable: Sync {
    /// How far the longest taps reach, pixels.
    fn reach(&self) -> usize;

    /// Numbers the kernels of the blocks of row `y` from column `x` on.
    fn choose(&self, y: u32, x: u32, kernels: &mut [u16]);

    /// Blurs along a row: `line` begins the taps' reach before the first pixel.
    fn along(&self, line: &[f32], kernels: &[u16], blurred: &mut [f32]);

    /// Blurs down the columns of a strand, from the place (row, column) on. `kernels` are those of the strand's blocks.
    fn down(&self, rows: &[f32], place: (usize, usize), kernels: &[u16], target: &mut [u8]);
}

/// Blurs `parts` of a surface of `size`, which do not overlap. `below` holds them and all that lies within the blur's reach of
/// them, up to the surface's edges. Pieces come in any order, with their rows behind each other.
pub(in crate::render) fn separable(
    blur: &impl Separable,
    size: Size,
    below: Pixels<'_>,
    parts: &[PixelRect],
) -> Vec<(PixelRect, Vec<u8>)> {
    let pieces = column_stripes(size, parts)
        .into_par_iter()
        .map_init(Room::default, |room, parts| {
            room.stripe(blur, size, below, &parts)
        });
    pieces.flatten_iter().collect()
}

/// What blurring a stripe needs, kept from one to the next.
#[derive(Default)]
struct Room {
    line: Vec<f32>,
    blurred: Vec<f32>,
    kernels: Vec<u16>,
    rows: Rows,
}

impl Room {
    /// The parts within one stripe.
    fn stripe(
        &mut self,
        blur: &impl Separable,
        size: Size,
        below: Pixels<'_>,
        parts: &[PixelRect],
    ) -> Vec<(PixelRect, Vec<u8>)> {
        let Some(hull) = parts.iter().copied().reduce(PixelRect::hull).map(blocks) else {
            return Vec::new();
        };
        let reach = blur.reach();
        let width = hull.width as usize;
        let count = hull.height as usize + 2 * reach;
        let mut wanted = vec![false; count];
        for part in parts {
            let first = (part.y - hull.y) as usize;
            wanted[first..first + part.height as usize + 2 * reach].fill(true);
        }
        let Self {
            line,
            blurred,
            kernels,
            rows,
        } = self;
        rows.resize(width, count);
        line.resize((width + 2 * reach) * CHANNELS, 0.0);
        blurred.resize(width * CHANNELS, 0.0);
        kernels.resize(count * width / BLOCK, 0);
        let mut done = None;
        for index in (0..count).filter(|&index| wanted[index]) {
            // Rows beyond the surface are copies of its outermost.
            let y = (hull.y as usize + index)
                .saturating_sub(reach)
                .min(size.height as usize - 1);
            if done != Some(y) {
                let own = y + reach - hull.y as usize;
                let kernels = &mut kernels[own * width / BLOCK..][..width / BLOCK];
                spread(below, y as u32, hull, reach, line);
                blur.choose(y as u32, hull.x, kernels);
                blur.along(line, kernels, blurred);
                done = Some(y);
            }
            rows.put(index, blurred);
        }
        let finish = |part: &PixelRect| {
            let mut bytes = vec![0; part.area() as usize * CHANNELS];
            let (first, end) = ((part.x - hull.x) as usize, (part.right() - hull.x) as usize);
            let mut from = first;
            while from < end {
                let to = (from / STRAND * STRAND + STRAND).min(end);
                let strand = rows.strand(from);
                for (y, row) in bytes.chunks_exact_mut((end - first) * CHANNELS).enumerate() {
                    let index = (part.y - hull.y) as usize + y + reach;
                    let kernels = &kernels[(index * width + from / STRAND * STRAND) / BLOCK..];
                    let target = &mut row[(from - first) * CHANNELS..(to - first) * CHANNELS];
                    blur.down(strand, (index, from % STRAND), kernels, target);
                }
                from = to;
            }
            (*part, bytes)
        };
        parts.iter().map(finish).collect()
    }
}

/// Stores block `block` of a strand in `target`, whose first pixel is column `first` of the strand: as much of it as lies there.
#[inline(always)]
pub(in crate::render) fn store(sum: [f32; VALUES], block: usize, first: usize, target: &mut [u8]) {
    let end = first + target.len() / CHANNELS;
    let mut bytes = [0; VALUES];
    for (byte, value) in bytes.iter_mut().zip(sum) {
        *byte = rounded(value.clamp(0.0, 255.0));
    }
    let (from, to) = ((block * BLOCK).max(first), ((block + 1) * BLOCK).min(end));
    let within = (from - block * BLOCK) * CHANNELS..(to - block * BLOCK) * CHANNELS;
    target[(from - first) * CHANNELS..(to - first) * CHANNELS].copy_from_slice(&bytes[within]);
}

/// Rows that were blurred along, in strands of a few columns, so that a column's taps lie near each other.
#[derive(Default)]
pub(in crate::render) struct Rows {
    /// Strand by strand, row by row.
    values: Vec<f32>,
    count: usize,
}

impl Rows {
    /// Values of a row of a strand.
    pub(in crate::render) const ROW: usize = STRAND * CHANNELS;

    /// Makes room for `count` rows of `width` columns.
    fn resize(&mut self, width: usize, count: usize) {
        self.values
            .resize(width.div_ceil(STRAND) * count * Self::ROW, 0.0);
        self.count = count;
    }

    /// Takes row `index` in.
    fn put(&mut self, index: usize, row: &[f32]) {
        for (strand, values) in row.chunks(Self::ROW).enumerate() {
            let start = (strand * self.count + index) * Self::ROW;
            self.values[start..start + values.len()].copy_from_slice(values);
        }
    }

    /// The rows of the strand that holds a column.
    fn strand(&self, column: usize) -> &[f32] {
        let all = self.count * Self::ROW;
        &self.values[column / STRAND * all..][..all]
    }
}
