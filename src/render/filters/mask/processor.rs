//! The blur of a mask on the processor (cap-look.md 12), in single precision.

use multiversion::multiversion;
use rayon::prelude::*;

use super::Kernel;
use crate::frame::{PixelRect, Size};
use crate::render::filters::stripes::{BLOCK, CHANNELS, Pixels, Rows, Separable, VALUES, separable, store};
use crate::render::sampling::rounded;
use crate::scene::Mask;

/// How far the blur of this radius reaches, with the pixel beside the last tap.
pub(in crate::render) fn reach(radius: f64) -> u32 {
    radius.ceil() as u32 + 1
}

/// The blur of a mask of this radius, blended over what is below, on `parts` of a surface of `size`, which do not overlap. `below`
/// holds them and all that lies within [`reach`] of them, up to the surface's edges. Pieces come in any order, with their rows
/// behind each other.
pub(in crate::render) fn blur(
    (mask, radius): (&Mask, f64),
    size: Size,
    below: Pixels<'_>,
    parts: &[PixelRect],
) -> Vec<(PixelRect, Vec<u8>)> {
    let kernel = Kernel::of(radius);
    let taps = Taps {
        own: kernel.own as f32,
        sides: kernel
            .sides
            .iter()
            .map(|&(at, weight)| (at as usize, weight as f32))
            .collect(),
        reach: reach(radius) as usize,
    };
    let mut pieces = separable(&taps, size, below, parts);
    if mask.softness > 0.0 {
        pieces
            .par_iter_mut()
            .for_each(|(part, pixels)| blend(mask, size, below, *part, pixels));
    }
    pieces
}

/// Weights of pixels to either side, by distance.
struct Taps {
    own: f32,
    sides: Vec<(usize, f32)>,
    reach: usize,
}

impl Separable for Taps {
    fn reach(&self) -> usize {
        self.reach
    }

    /// All blocks have the same.
    fn choose(&self, _: u32, _: u32, _: &mut [u16]) {}

    fn along(&self, line: &[f32], _: &[u16], blurred: &mut [f32]) {
        along(line, self, blurred);
    }

    fn down(&self, rows: &[f32], place: (usize, usize), _: &[u16], target: &mut [u8]) {
        down(rows, place, self, target);
    }
}

/// A block and those at the taps' distances from it, weighed. Values at one distance lie `step` apart.
#[inline(always)]
fn weighed(values: &[f32], at: usize, step: usize, taps: &Taps) -> [f32; VALUES] {
    let reach = taps.reach * step;
    let around = &values[at - reach..at + reach + VALUES];
    let mut sum = [0.0; VALUES];
    for (sum, value) in sum.iter_mut().zip(&around[reach..reach + VALUES]) {
        *sum = value * taps.own;
    }
    for &(distance, weight) in &taps.sides {
        let (before, after) = (reach - distance * step, reach + distance * step);
        let (low, high) = (&around[before..before + VALUES], &around[after..after + VALUES]);
        for value in 0..VALUES {
            sum[value] += (low[value] + high[value]) * weight;
        }
    }
    sum
}

/// Blurs along a row: `line` begins the taps' reach before the first pixel.
#[multiversion(targets("x86_64+avx2"))]
fn along(line: &[f32], taps: &Taps, blurred: &mut [f32]) {
    for (block, target) in blurred.chunks_exact_mut(VALUES).enumerate() {
        let at = taps.reach * CHANNELS + block * VALUES;
        target.copy_from_slice(&weighed(line, at, CHANNELS, taps));
    }
}

/// Blurs down the columns of a strand, from the place (row, column) on.
#[multiversion(targets("x86_64+avx2"))]
fn down(rows: &[f32], place: (usize, usize), taps: &Taps, target: &mut [u8]) {
    let (row, first) = place;
    let end = first + target.len() / CHANNELS;
    for block in first / BLOCK..end.div_ceil(BLOCK) {
        let at = row * Rows::ROW + block * VALUES;
        let sum = weighed(rows, at, Rows::ROW, taps);
        store(sum, block, first, target);
    }
}

/// Blends `pixels` of `part` over what is below by the mask's membership (cap-look.md 12).
fn blend(mask: &Mask, size: Size, below: Pixels<'_>, part: PixelRect, pixels: &mut [u8]) {
    let [width, height] = [size.width, size.height].map(f64::from);
    let (left, right) = (mask.rect.x / width, mask.rect.right() / width);
    let (top, bottom) = (mask.rect.y / height, mask.rect.bottom() / height);
    for (row, pixels) in pixels
        .chunks_exact_mut(part.width as usize * CHANNELS)
        .enumerate()
    {
        let y = part.y + row as u32;
        let own = &below.row(y)[(part.x - below.rect.x) as usize * CHANNELS..];
        let v = (f64::from(y) + 0.5) / height;
        let up = (v - 0.5 * (top + bottom)).abs() - 0.5 * (bottom - top);
        let (pixels, _) = pixels.as_chunks_mut::<CHANNELS>();
        let (own, _) = own.as_chunks::<CHANNELS>();
        for (x, (pixel, own)) in (part.x..).zip(pixels.iter_mut().zip(own)) {
            let u = (f64::from(x) + 0.5) / width;
            let across = (u - 0.5 * (left + right)).abs() - 0.5 * (right - left);
            // Pixels of the rectangle's edge may have their centres outside of it: they are no members.
            let distance = across.max(0.0).hypot(up.max(0.0)) + across.max(up).min(0.0);
            let t = (-distance / mask.softness).clamp(0.0, 1.0);
            if t >= 1.0 {
                continue;
            }
            let member = (t * t * (3.0 - 2.0 * t)) as f32;
            for (value, own) in pixel.iter_mut().zip(own) {
                let (over, under) = (f32::from(*value), f32::from(*own));
                *value = rounded(under + (over - under) * member);
            }
        }
    }
}
