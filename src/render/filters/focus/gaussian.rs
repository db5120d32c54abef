//! The gaussian of a focus blur on the processor (cap-look.md 18.3, 18.4), in single precision.
//!
//! Of each stripe the rows are blurred first and the columns from what came out. Four pixels of a row have the radius of their
//! middle, which differs from their own by a few hundredths of a pixel.

use multiversion::multiversion;
use rayon::prelude::*;

use super::amounts::{by_distance, choose};
use crate::frame::PixelRect;
use crate::render::filters::stripes::{
    BLOCK, CHANNELS, Pixels, Rows, STRAND, VALUES, blocks, column_stripes, spread,
};
use crate::render::sampling::rounded;
use crate::scene::FocusBlur;

/// Radii that differ by less than this share have the same weights, those of their middle. A hundredth to each side moves an
/// edge between black and white by half a code value.
const SAME: f64 = 0.02;

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
        let by_distance = by_distance(blur, |amount| {
            let radius = amount.min(blur.longest()) as u32;
            if kernels.len() == 1 || amount > made * (1.0 + SAME) || radius != reach {
                kernels.push(kernel(amount * (1.0 + SAME / 2.0), radius));
                (made, reach) = (amount, radius);
            }
            // Fewer than there are distances.
            (kernels.len() - 1) as u16
        });
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
    let pieces = column_stripes(blur.size, parts)
        .into_par_iter()
        .map_init(Room::default, |room, parts| {
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
                choose(
                    blur,
                    &weights.by_distance,
                    y as u32,
                    (hull.x, BLOCK as u32),
                    kernels,
                );
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
