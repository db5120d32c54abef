//! [`Line::add`] with four texels and four pixels at a time.

use std::arch::x86_64::*;

use super::super::steps::avx2::{between, halves, held};
use super::{Line, add_each, mix};
use crate::render::sampling::field::Texel;

/// Texels in a register.
const LANES: usize = 4;

#[target_feature(enable = "avx2")]
pub(super) fn add(
    line: Line<'_>,
    [upper, lower]: [&[Texel]; 2],
    part: i16,
    (texels, parts): (&[u32], &[i16]),
    sums: &mut [Texel],
) {
    let Line { mixed, low, weight } = line;
    let count = mixed.len();
    let whole = count / LANES * LANES;
    let down = _mm256_set1_epi16(part);
    let (uppers, lowers) = (upper.as_chunks::<LANES>().0, lower.as_chunks::<LANES>().0);
    for ((mixed, upper), lower) in mixed
        .as_chunks_mut::<LANES>()
        .0
        .iter_mut()
        .zip(uppers)
        .zip(lowers)
    {
        *mixed = bytemuck::cast(between(bytemuck::cast(*upper), bytemuck::cast(*lower), down));
    }
    for i in whole..count {
        mixed[i] = mix(upper[i], lower[i], part);
    }

    let share = _mm256_set1_epi16(weight);
    // Of four parts, those of the first and third pixel to the lower half, those of the others to the upper one.
    let spread = _mm256_setr_epi8(
        0, 1, 0, 1, 0, 1, 0, 1, 4, 5, 4, 5, 4, 5, 4, 5, 2, 3, 2, 3, 2, 3, 2, 3, 6, 7, 6, 7, 6, 7, 6, 7,
    );
    let pair = |texel: u32| -> [Texel; 2] {
        let start = (texel - low) as usize;
        let (pairs, _) = mixed[start..start + 2].as_chunks::<2>();
        pairs[0]
    };
    let (four_texels, rest_texels) = texels.as_chunks::<LANES>();
    let (four_parts, rest_parts) = parts.as_chunks::<LANES>();
    let (four_sums, rest_sums) = sums.as_chunks_mut::<LANES>();
    for ((texels, parts), sums) in four_texels.iter().zip(four_parts).zip(four_sums) {
        let [a, b, c, d] = texels.map(pair);
        let (first, second) = (halves(a, b), halves(c, d));
        let left = _mm256_unpacklo_epi64(first, second);
        let right = _mm256_unpackhi_epi64(first, second);
        let parts = _mm256_set1_epi64x(bytemuck::cast(*parts));
        let sample = held(between(left, right, _mm256_shuffle_epi8(parts, spread)));
        let weighed = _mm256_mulhrs_epi16(sample, share);
        // First, third, second, fourth: back into order.
        let weighed = _mm256_permute4x64_epi64::<0b11_01_10_00>(weighed);
        *sums = bytemuck::cast(_mm256_add_epi16(bytemuck::cast(*sums), weighed));
    }
    add_each(mixed, low, weight, (rest_texels, rest_parts), rest_sums);
}
