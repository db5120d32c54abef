//! Surfaces in memory that the processor filters.
//!
//! An adapter that draws on the processor runs a shader's loops there too, at several times the cost of a tap. Here a surface is
//! cut into stripes of columns, which are filtered at the same time. What a pixel becomes depends on nothing but its place and what
//! lies around it, so partial redraws give the same bytes.

use crate::frame::{PackedFormat, PixelRect, Size};

/// Values of a pixel.
pub(in crate::render) const CHANNELS: usize = 4;
/// Pixels of a row that are filtered alike: what fits the registers.
pub(in crate::render) const BLOCK: usize = 4;
/// Values of a block.
pub(in crate::render) const VALUES: usize = BLOCK * CHANNELS;
/// Columns that are filtered together: few enough for the rows that a column's taps reach to stay in the second cache.
const STRIPE: u32 = 128;
/// Columns whose taps stay in the first cache.
pub(in crate::render) const STRAND: usize = 16;

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
pub(in crate::render) fn blocks(rect: PixelRect) -> PixelRect {
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
    pub(in crate::render) fn resize(&mut self, width: usize, count: usize) {
        self.values
            .resize(width.div_ceil(STRAND) * count * Self::ROW, 0.0);
        self.count = count;
    }

    /// Takes row `index` in.
    pub(in crate::render) fn put(&mut self, index: usize, row: &[f32]) {
        for (strand, values) in row.chunks(Self::ROW).enumerate() {
            let start = (strand * self.count + index) * Self::ROW;
            self.values[start..start + values.len()].copy_from_slice(values);
        }
    }

    /// The rows of the strand that holds a column.
    pub(in crate::render) fn strand(&self, column: usize) -> &[f32] {
        let all = self.count * Self::ROW;
        &self.values[column / STRAND * all..][..all]
    }
}
