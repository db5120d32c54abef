//! Sixteen-bit arithmetic of smeared pixels. Plain code and vector code do it alike, to the bit.
//!
//! Levels are in steps of 1/[`LEVEL`], places and weights in steps of 2^-15. A product is rounded to the nearest step, halves up, as the
//! instruction `pmulhrsw` does it.

use crate::render::sampling::field::LEVEL;

/// Steps of a place in a texel, as a power of two.
pub(super) const STEPS: u32 = 15;
/// The brightest level.
pub(super) const MOST: i16 = 255 * LEVEL as i16;
/// Half a level, and how far steps are shifted to give levels.
pub(super) const HALF: i16 = LEVEL as i16 / 2;
pub(super) const SHIFT: u32 = LEVEL.trailing_zeros();

/// `part` of `value`.
#[inline(always)]
pub(super) fn share(value: i16, part: i16) -> i16 {
    ((i32::from(value) * i32::from(part) + (1 << (STEPS - 1))) >> STEPS) as i16
}

/// `part` of the way from `a` to `b`, which are levels of texels: they differ by less than 2^15 steps.
#[inline(always)]
pub(super) fn between(a: i16, b: i16, part: i16) -> i16 {
    a + share(b - a, part)
}

/// A sum of weighed samples as a byte.
#[inline(always)]
pub(super) fn level(sum: i16) -> u8 {
    ((sum + HALF) >> SHIFT).clamp(0, 255) as u8
}

/// The same for sixteen numbers at once.
#[cfg(target_arch = "x86_64")]
pub(super) mod avx2 {
    use std::arch::x86_64::*;

    use super::{HALF, MOST, SHIFT};

    #[target_feature(enable = "avx2")]
    pub(in super::super) fn between(a: __m256i, b: __m256i, part: __m256i) -> __m256i {
        _mm256_add_epi16(a, _mm256_mulhrs_epi16(_mm256_sub_epi16(b, a), part))
    }

    /// Held to what a level can be.
    #[target_feature(enable = "avx2")]
    pub(in super::super) fn held(sample: __m256i) -> __m256i {
        let most = _mm256_set1_epi16(MOST);
        _mm256_min_epi16(_mm256_max_epi16(sample, _mm256_setzero_si256()), most)
    }

    /// Sums as levels, not yet bytes.
    #[target_feature(enable = "avx2")]
    pub(in super::super) fn levels(sum: __m256i) -> __m256i {
        _mm256_srai_epi16::<{ SHIFT as i32 }>(_mm256_add_epi16(sum, _mm256_set1_epi16(HALF)))
    }

    /// Two and two texels side by side: `a` in the lower half, `b` in the upper one.
    #[target_feature(enable = "avx2")]
    pub(in super::super) fn halves(a: [[i16; 4]; 2], b: [[i16; 4]; 2]) -> __m256i {
        _mm256_set_m128i(bytemuck::cast(b), bytemuck::cast(a))
    }
}
