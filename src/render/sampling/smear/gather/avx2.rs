//! [`Gatherer::pixel`] with its samples placed eight at a time and mixed four at a time.

use std::arch::x86_64::*;

use super::super::samples::Weights;
use super::super::steps::avx2::{between, halves, held, levels};
use super::{Gatherer, Places, Rays, STEPS};
use crate::render::sampling::CHANNELS;

/// Samples that are placed at once.
const LANES: usize = 8;

/// Eight samples.
struct Group {
    /// Numbers of their texels on the upper left, in the window.
    starts: [u32; LANES],
    /// Parts of the way to the right and down, and weights, each twice.
    x: __m256i,
    y: __m256i,
    weights: __m256i,
}

#[target_feature(enable = "avx2")]
pub(super) fn draw(gatherer: &Gatherer<'_>, rays: &impl Rays, pixels: &mut [[u8; CHANNELS]]) {
    for (index, pixel) in pixels.iter_mut().enumerate() {
        *pixel = match rays.samples(index) {
            Some((samples, weights)) => {
                let places = Places::new(rays.ray(index), samples);
                gatherer_pixel(gatherer, places, samples.count, &weights)
            }
            None => [0; CHANNELS],
        };
    }
}

#[target_feature(enable = "avx2")]
fn gatherer_pixel(
    gatherer: &Gatherer<'_>,
    places: Places,
    count: usize,
    weights: &Weights,
) -> [u8; CHANNELS] {
    let mut sum = _mm256_setzero_si256();
    for first in (0..count).step_by(LANES) {
        let group = place(gatherer, places, (first, count), weights);
        sum = _mm256_add_epi16(sum, four::<0>(gatherer, &group));
        if first + LANES / 2 < count {
            sum = _mm256_add_epi16(sum, four::<4>(gatherer, &group));
        }
    }
    let sum = _mm_add_epi16(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
    let sum = _mm_add_epi16(sum, _mm_unpackhi_epi64(sum, sum));
    let levels = _mm256_castsi256_si128(levels(_mm256_castsi128_si256(sum)));
    _mm_cvtsi128_si32(_mm_packus_epi16(levels, levels)).to_le_bytes()
}

/// Places eight samples from `first` on; those from `count` on lie where the last one does, and weigh nothing.
#[target_feature(enable = "avx2")]
fn place(
    gatherer: &Gatherer<'_>,
    places: Places,
    (first, count): (usize, usize),
    weights: &Weights,
) -> Group {
    let number = _mm256_add_ps(
        _mm256_set1_ps(first as f32),
        _mm256_setr_ps(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0),
    );
    let number = _mm256_min_ps(number, _mm256_set1_ps((count - 1) as f32));
    let [low, high] = gatherer.integer_bounds();
    let mut at = [_mm256_setzero_si256(); 2];
    for axis in 0..2 {
        let way = _mm256_mul_ps(_mm256_set1_ps(places.step[axis]), number);
        let place = _mm256_add_ps(_mm256_set1_ps(places.start[axis]), way);
        let place = _mm256_max_ps(place, _mm256_set1_ps(low[axis]));
        let place = _mm256_min_ps(place, _mm256_set1_ps(high[axis]));
        at[axis] = _mm256_cvttps_epi32(place);
    }
    let [column, row] = at.map(|at| _mm256_srai_epi32::<{ STEPS as i32 }>(at));
    let within = _mm256_set1_epi32((1 << STEPS) - 1);
    let [x, y] = at.map(|at| twice(_mm256_and_si256(at, within)));
    let window = &gatherer.window;
    let start = _mm256_mullo_epi32(row, _mm256_set1_epi32(window.stride as i32));
    let start = _mm256_add_epi32(start, column);
    let start = _mm256_sub_epi32(start, _mm256_set1_epi32(window.first().cast_signed()));
    let weights: [i16; LANES] = std::array::from_fn(|lane| weights[first + lane]);
    Group {
        starts: bytemuck::cast(start),
        x,
        y,
        weights: twice(_mm256_cvtepi16_epi32(bytemuck::cast(weights))),
    }
}

/// Numbers below 2^15 in both halves of their lanes.
#[target_feature(enable = "avx2")]
fn twice(numbers: __m256i) -> __m256i {
    _mm256_or_si256(numbers, _mm256_slli_epi32::<16>(numbers))
}

/// Four samples of a group, weighed: the first and third in the lower half, the others in the upper one.
#[target_feature(enable = "avx2")]
fn four<const FIRST: usize>(gatherer: &Gatherer<'_>, group: &Group) -> __m256i {
    let f = FIRST as i32;
    let (pairs, order) = (
        [
            _mm256_setr_epi32(f, f, f, f, f + 1, f + 1, f + 1, f + 1),
            _mm256_setr_epi32(f + 2, f + 2, f + 2, f + 2, f + 3, f + 3, f + 3, f + 3),
        ],
        _mm256_setr_epi32(f, f, f + 2, f + 2, f + 1, f + 1, f + 3, f + 3),
    );
    let mut mixed = [_mm256_setzero_si256(); 2];
    for (half, mixed) in mixed.iter_mut().enumerate() {
        let [a, b] = [0, 1].map(|i| {
            gatherer
                .window
                .square_at(group.starts[FIRST + 2 * half + i] as usize)
        });
        let (upper, lower) = (halves(*a[0], *b[0]), halves(*a[1], *b[1]));
        *mixed = between(upper, lower, _mm256_permutevar8x32_epi32(group.y, pairs[half]));
    }
    let left = _mm256_unpacklo_epi64(mixed[0], mixed[1]);
    let right = _mm256_unpackhi_epi64(mixed[0], mixed[1]);
    let sample = held(between(left, right, _mm256_permutevar8x32_epi32(group.x, order)));
    _mm256_mulhrs_epi16(sample, _mm256_permutevar8x32_epi32(group.weights, order))
}
