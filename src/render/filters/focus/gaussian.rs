//! The gaussian of a focus blur on the processor (cap-look.md 18.3, 18.4), in single precision.
//!
//! Of each stripe the rows are blurred first and the columns from what came out. Four pixels of a row have the radius of their
//! middle, which differs from their own by a few hundredths of a pixel.

use multiversion::multiversion;

use super::amounts::{by_distance, choose};
use crate::frame::PixelRect;
use crate::render::filters::stripes::{BLOCK, CHANNELS, Pixels, Rows, Separable, VALUES, separable, store};
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
    let blur = Gaussian {
        blur,
        weights: Weights::new(blur),
    };
    separable(&blur, blur.blur.size, below, parts)
}

/// A focus blur with its weights.
struct Gaussian<'a> {
    blur: &'a FocusBlur,
    weights: Weights,
}

impl Separable for Gaussian<'_> {
    fn reach(&self) -> usize {
        self.weights.longest()
    }

    fn choose(&self, y: u32, x: u32, kernels: &mut [u16]) {
        choose(
            self.blur,
            &self.weights.by_distance,
            y,
            (x, BLOCK as u32),
            kernels,
        );
    }

    fn along(&self, line: &[f32], kernels: &[u16], blurred: &mut [f32]) {
        along(line, self.reach(), &self.weights.kernels, kernels, blurred);
    }

    fn down(&self, rows: &[f32], place: (usize, usize), kernels: &[u16], target: &mut [u8]) {
        down(rows, place, &self.weights.kernels, kernels, target);
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
        store(sum, block, first, target);
    }
}
