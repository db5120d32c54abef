//! [`Gatherer::pixel`] eight samples at a time where they are placed and weighed, and one texel with its three neighbours at a time
//! where they are read.

use std::arch::x86_64::*;

use super::super::samples::{ROOM, Weights};
use super::{Gatherer, HALF, Places, Rays, SHIFT, STEPS, TAPS};
use crate::render::sampling::CHANNELS;
use crate::render::sampling::field::LEVEL;

/// Samples that are placed at once.
const LANES: usize = 8;
const GROUPS: usize = ROOM / LANES;

/// Where the samples of a pixel are read, and their taps.
struct Read {
    /// Index of the texel on the upper left.
    starts: [u32; ROOM],
    /// Weights of the upper and lower texel on the left, and of those on the right.
    taps: [[u32; 2]; ROOM],
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
    let mut read = Read {
        starts: [0; ROOM],
        taps: [[0; 2]; ROOM],
    };
    let groups = count.div_ceil(LANES).min(GROUPS);
    for group in 0..groups {
        place(gatherer, places, group, weights, &mut read);
    }
    let sum = if gatherer.clamped {
        clamped(gatherer, &read, count, weights)
    } else {
        plain(gatherer, &read, count)
    };
    let level = _mm_srai_epi32::<{ SHIFT as i32 }>(_mm_add_epi32(sum, _mm_set1_epi32(HALF)));
    let words = _mm_packus_epi32(level, level);
    let bytes = _mm_packus_epi16(words, words);
    _mm_cvtsi128_si32(bytes).to_le_bytes()
}

/// Places and weighs the samples of a group.
#[target_feature(enable = "avx2")]
fn place(gatherer: &Gatherer<'_>, places: Places, group: usize, weights: &Weights, read: &mut Read) {
    let first = (group * LANES) as f32;
    let number = _mm256_add_ps(
        _mm256_set1_ps(first),
        _mm256_setr_ps(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0),
    );
    let [low, high] = gatherer.integer_bounds();
    let mut at = [_mm256_setzero_si256(); 2];
    for axis in 0..2 {
        let way = _mm256_mul_ps(_mm256_set1_ps(places.step[axis]), number);
        let place = _mm256_add_ps(_mm256_set1_ps(places.start[axis]), way);
        let place = _mm256_max_ps(place, _mm256_set1_ps(low[axis]));
        let place = _mm256_min_ps(place, _mm256_set1_ps(high[axis]));
        at[axis] = _mm256_cvttps_epi32(place);
    }
    let whole = at.map(|at| _mm256_srai_epi32::<{ STEPS as i32 }>(at));
    let within = _mm256_set1_epi32((1 << STEPS) - 1);
    let part = at.map(|at| _mm256_and_si256(at, within));
    let window = &gatherer.window;
    let stride = _mm256_set1_epi32(window.stride as i32);
    let start = _mm256_add_epi32(_mm256_mullo_epi32(whole[1], stride), whole[0]);
    let start = _mm256_sub_epi32(start, _mm256_set1_epi32(window.first() as i32));
    read.starts[group * LANES..][..LANES].copy_from_slice(&bytemuck::cast::<__m256i, [u32; LANES]>(start));

    let weight = if gatherer.clamped {
        _mm256_set1_epi32(TAPS)
    } else {
        let weights: [i16; LANES] = std::array::from_fn(|lane| weights[group * LANES + lane]);
        _mm256_cvtepi16_epi32(bytemuck::cast(weights))
    };
    // The upper halves of all lanes are 0.
    let next = _mm256_mulhrs_epi16(weight, part[0]);
    let own = _mm256_sub_epi32(weight, next);
    let lower = [own, next].map(|side| _mm256_mulhrs_epi16(side, part[1]));
    let taps = [0, 1].map(|side| {
        let all = [own, next][side];
        let upper = _mm256_sub_epi32(all, lower[side]);
        bytemuck::cast::<__m256i, [u32; LANES]>(_mm256_or_si256(upper, _mm256_slli_epi32::<16>(lower[side])))
    });
    let group = read.taps[group * LANES..].iter_mut();
    for (pair, (left, right)) in group.zip(taps[0].into_iter().zip(taps[1])) {
        *pair = [left, right];
    }
}

/// The four taps of sample `i`: of the texels on the left in the lower half, of those on the right in the upper one.
#[target_feature(enable = "avx2")]
fn taps(gatherer: &Gatherer<'_>, read: &Read, i: usize) -> __m256i {
    let texels: __m256i = bytemuck::cast(*gatherer.window.pairs_at(read.starts[i] as usize));
    let [left, right] = read.taps[i];
    let [left, right] = [left, right].map(|weights| _mm256_set1_epi32(weights.cast_signed()));
    let weights = _mm256_blend_epi32::<0b1111_0000>(left, right);
    _mm256_madd_epi16(texels, weights)
}

#[target_feature(enable = "avx2")]
fn plain(gatherer: &Gatherer<'_>, read: &Read, count: usize) -> __m128i {
    let mut sum = _mm256_setzero_si256();
    for i in 0..count {
        sum = _mm256_add_epi32(sum, taps(gatherer, read, i));
    }
    _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum))
}

/// Four samples at a time, each clamped before it is weighed.
#[target_feature(enable = "avx2")]
fn clamped(gatherer: &Gatherer<'_>, read: &Read, count: usize, weights: &Weights) -> __m128i {
    let mut sum = _mm256_setzero_si256();
    let (half, most) = (_mm256_set1_epi32(TAPS / 2), _mm256_set1_epi16(255 * LEVEL as i16));
    // From two samples after one another to their channels side by side.
    let beside = _mm256_setr_epi8(
        0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7,
        14, 15,
    );
    // Their number is filled up by the last sample, without weight: what lies behind it may be outside the window.
    let last = count - 1;
    for i in (0..count).step_by(4) {
        let mut levels = [half; 2];
        for (level, i) in levels.iter_mut().zip([i, i + 2]) {
            let a = taps(gatherer, read, i.min(last));
            let b = taps(gatherer, read, (i + 1).min(last));
            let left = _mm256_permute2x128_si256::<0x20>(a, b);
            let right = _mm256_permute2x128_si256::<0x31>(a, b);
            let sample = _mm256_add_epi32(_mm256_add_epi32(left, right), half);
            *level = _mm256_srai_epi32::<{ TAPS.trailing_zeros() as i32 }>(sample);
        }
        // Negative levels become 0.
        let level = _mm256_min_epi16(_mm256_packus_epi32(levels[0], levels[1]), most);
        let level = _mm256_shuffle_epi8(level, beside);
        let weight = |i: usize, other: usize| i32::from(weights[i]) | i32::from(weights[other]) << 16;
        let (first, second) = (weight(i, i + 2), weight(i + 1, i + 3));
        let weights = _mm256_blend_epi32::<0b1111_0000>(_mm256_set1_epi32(first), _mm256_set1_epi32(second));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(level, weights));
    }
    _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum))
}
