//! The gaussian of a focus blur on the processor (cap-look.md 18.3, 18.4), in single precision.
//!
//! An adapter that draws on the processor runs the shader's loops there too, at several times the cost of a tap. Here the
//! frame is cut into stripes; of each the rows are blurred first and the columns from what came out. Four pixels of a row
//! have the radius of their middle, which differs from their own by a few hundredths of a pixel. What a pixel becomes depends on
//! nothing but its place and what lies around it, so partial redraws give the same bytes.

use multiversion::multiversion;
use rayon::prelude::*;

use crate::frame::PixelRect;
use crate::render::sampling::rounded;
use crate::scene::{FocusBlur, FocusShape};

/// Values of a pixel.
const CHANNELS: usize = 4;
/// Pixels of a row that are blurred alike: what fits the registers.
const BLOCK: usize = 4;
/// Values of a block.
const VALUES: usize = BLOCK * CHANNELS;
/// Columns that are blurred together: few enough for the rows that a column's taps reach to stay in the second cache.
const STRIPE: u32 = 128;
/// Columns whose taps stay in the first cache.
const STRAND: usize = 16;
/// Distances that are told apart, from the edge of the sharp region to where the blur is full.
const DISTANCES: usize = 4096;
/// Radii that differ by less than this share have the same weights, those of their middle. A hundredth to each side moves an
/// edge between black and white by half a code value.
const SAME: f64 = 0.02;

/// Pixels in memory.
#[derive(Clone, Copy)]
pub(in crate::render) struct Pixels<'a> {
    /// Four bytes each.
    pub(in crate::render) data: &'a [u8],
    /// Bytes from one row to the next.
    pub(in crate::render) stride: usize,
    /// Which pixels of the surface they are.
    pub(in crate::render) rect: PixelRect,
}

impl Pixels<'_> {
    fn row(&self, y: u32) -> &[u8] {
        let start = (y - self.rect.y) as usize * self.stride;
        &self.data[start..start + self.rect.width as usize * CHANNELS]
    }
}

/// Weights by radius: of the pixel itself, then of those at each distance from it; they sum to 1.
struct Weights {
    kernels: Vec<Vec<f32>>,
    /// Kernel by distance from the sharp region; 0 leaves the pixel as it is.
    by_distance: Vec<u16>,
}

impl Weights {
    fn new(blur: &FocusBlur) -> Self {
        let mut kernels = vec![vec![1.0]];
        let (mut made, mut reach) = (0.0, 0);
        let by_distance = (0..=DISTANCES).map(|step| {
            let amount = blur.amount_at(blur.ramp() * step as f64 / DISTANCES as f64);
            if amount < 0.5 {
                return 0;
            }
            let radius = amount.min(blur.longest()) as u32;
            if kernels.len() == 1 || amount > made * (1.0 + SAME) || radius != reach {
                kernels.push(kernel(amount * (1.0 + SAME / 2.0), radius));
                (made, reach) = (amount, radius);
            }
            // Fewer than there are distances.
            (kernels.len() - 1) as u16
        });
        let by_distance = by_distance.collect();
        Self { kernels, by_distance }
    }

    fn longest(&self) -> usize {
        self.kernels.last().map_or(0, |longest| longest.len() - 1)
    }
}

/// 18.4: sigma is half the amount; the radius is the amount, up to a limit, cut to whole pixels.
fn kernel(amount: f64, radius: u32) -> Vec<f32> {
    let weight = |i: u32| (-2.0 * (f64::from(i) / amount).powi(2)).exp();
    let sum = 1.0 + 2.0 * (1..=radius).map(weight).sum::<f64>();
    (0..=radius).map(|i| (weight(i) / sum) as f32).collect()
}

/// Blurs `parts` of a surface, which do not overlap. `below` holds them and all that lies within the blur's reach of them, up to
/// the surface's edges. Pieces come in any order, with their rows behind each other.
pub(in crate::render) fn gaussian(
    blur: &FocusBlur,
    below: Pixels<'_>,
    parts: &[PixelRect],
) -> Vec<(PixelRect, Vec<u8>)> {
    let weights = Weights::new(blur);
    let stripes = blur.size.width.div_ceil(STRIPE);
    let pieces = (0..stripes)
        .into_par_iter()
        .map_init(Room::default, |room, index| {
            let columns = PixelRect {
                x: index * STRIPE,
                y: 0,
                width: STRIPE.min(blur.size.width - index * STRIPE),
                height: blur.size.height,
            };
            let parts: Vec<PixelRect> = parts.iter().filter_map(|part| part.intersect(columns)).collect();
            room.stripe(blur, &weights, below, &parts)
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
        blur: &FocusBlur,
        weights: &Weights,
        below: Pixels<'_>,
        parts: &[PixelRect],
    ) -> Vec<(PixelRect, Vec<u8>)> {
        let Some(hull) = parts.iter().copied().reduce(PixelRect::hull).map(blocks) else {
            return Vec::new();
        };
        let reach = weights.longest();
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
                .min(blur.size.height as usize - 1);
            if done != Some(y) {
                let own = y + reach - hull.y as usize;
                let kernels = &mut kernels[own * width / BLOCK..][..width / BLOCK];
                spread(below, y as u32, hull, reach, line);
                choose(blur, &weights.by_distance, y as u32, hull.x, kernels);
                along(line, reach, &weights.kernels, kernels, blurred);
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
                    down(strand, (index, from % STRAND), &weights.kernels, kernels, target);
                }
                from = to;
            }
            (*part, bytes)
        };
        parts.iter().map(finish).collect()
    }
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
fn spread(below: Pixels<'_>, y: u32, hull: PixelRect, reach: usize, line: &mut [f32]) {
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

/// The kernels of the blocks of row `y` from column `first` on, by the distance of their middle from the sharp region (18.3).
#[multiversion(targets("x86_64+avx2"))]
fn choose(blur: &FocusBlur, by_distance: &[u16], y: u32, first: u32, kernels: &mut [u16]) {
    let [width, height] = [blur.size.width, blur.size.height].map(f64::from);
    let y = f64::from(y) + 0.5;
    let steps = DISTANCES as f64 / blur.ramp();
    let pick =
        |distance: f64| by_distance[((distance * steps).max(0.0) + 0.5).min(DISTANCES as f64) as usize];
    let from = |centre: [f64; 2]| {
        let left = (f64::from(first) + BLOCK as f64 / 2.0 - centre[0] * width) / height;
        (left, 1.0 - y / height - centre[1])
    };
    let step = BLOCK as f64 / height;
    match blur.shape {
        FocusShape::Radial { centre, size } => {
            let (left, up) = from(centre);
            for (x, kernel) in kernels.iter_mut().enumerate() {
                let across = left + x as f64 * step;
                *kernel = pick((across * across + up * up).sqrt() - size / 2.0);
            }
        }
        FocusShape::TiltShift { centre, size, across } => {
            let (left, up) = from(centre);
            for (x, kernel) in kernels.iter_mut().enumerate() {
                let along = (left + x as f64 * step) * across[0] + up * across[1];
                *kernel = pick((along.abs() - size / 2.0).max(0.0) - size / 2.0);
            }
        }
        FocusShape::Directional { towards, threshold } => {
            let (left, up) = from([0.5, 0.5]);
            for (x, kernel) in kernels.iter_mut().enumerate() {
                let along = (left + x as f64 * step) * towards[0] + up * towards[1];
                *kernel = pick(along - threshold);
            }
        }
    }
}

/// A block and those at each distance from it, weighed. Values at one distance lie `step` apart.
#[inline(always)]
fn weighed(values: &[f32], at: usize, step: usize, weights: &[f32]) -> [f32; VALUES] {
    let reach = (weights.len() - 1) * step;
    let around = &values[at - reach..at + reach + VALUES];
    // Loops, since closures over arrays are not always inlined.
    let mut sum = [0.0; VALUES];
    for (sum, value) in sum.iter_mut().zip(&around[reach..reach + VALUES]) {
        *sum = value * weights[0];
    }
    let (mut before, mut after) = (reach, reach);
    for &weight in &weights[1..] {
        before -= step;
        after += step;
        let (low, high) = (&around[before..before + VALUES], &around[after..after + VALUES]);
        for value in 0..VALUES {
            sum[value] += (low[value] + high[value]) * weight;
        }
    }
    sum
}

/// Blurs along a row: `line` begins `reach` pixels before the first.
#[multiversion(targets("x86_64+avx2"))]
fn along(line: &[f32], reach: usize, weights: &[Vec<f32>], kernels: &[u16], blurred: &mut [f32]) {
    for (block, (target, &kernel)) in blurred.chunks_exact_mut(VALUES).zip(kernels).enumerate() {
        let at = reach * CHANNELS + block * VALUES;
        target.copy_from_slice(&weighed(line, at, CHANNELS, &weights[kernel as usize]));
    }
}

/// Rows that were blurred along, in strands of a few columns, so that a column's taps lie near each other.
#[derive(Default)]
struct Rows {
    /// Strand by strand, row by row.
    values: Vec<f32>,
    count: usize,
}

impl Rows {
    /// Values of a row of a strand.
    const ROW: usize = STRAND * CHANNELS;

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

/// Blurs down the columns of a strand, from the place (row, column) on. `kernels` are those of the strand's blocks.
#[multiversion(targets("x86_64+avx2"))]
fn down(rows: &[f32], place: (usize, usize), weights: &[Vec<f32>], kernels: &[u16], target: &mut [u8]) {
    let (row, first) = place;
    let end = first + target.len() / CHANNELS;
    for block in first / BLOCK..end.div_ceil(BLOCK) {
        let at = row * Rows::ROW + block * VALUES;
        let sum = weighed(rows, at, Rows::ROW, &weights[kernels[block] as usize]);
        let mut bytes = [0; VALUES];
        for (byte, value) in bytes.iter_mut().zip(sum) {
            *byte = rounded(value.clamp(0.0, 255.0));
        }
        let (from, to) = ((block * BLOCK).max(first), ((block + 1) * BLOCK).min(end));
        let within = (from - block * BLOCK) * CHANNELS..(to - block * BLOCK) * CHANNELS;
        target[(from - first) * CHANNELS..(to - first) * CHANNELS].copy_from_slice(&bytes[within]);
    }
}
