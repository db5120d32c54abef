//! Pixels whose samples lie at the same fractions of their rays: sample `i` of all of them is the picture, scaled about a point or
//! moved. So one column of a sample serves all rows, and one row serves all columns.

use super::Ways;
use super::samples::Samples;
use super::steps::{MOST, STEPS, between, level, share};
use crate::render::layers::smear::Smearing;
use crate::render::sampling::CHANNELS;
use crate::render::sampling::field::{Texel, Window};

#[cfg(target_arch = "x86_64")]
mod avx2;

/// Added to a number below 2^31, its lowest bits are the nearest integer.
const MAGIC: f64 = (1u64 << 52) as f64;

/// Where on an axis the samples of some pixels lie, at `fraction` of their rays: from the place of a pixel's centre to a texel and the part
/// of the way to the next, in steps of 2^-15.
#[inline(always)]
fn places(ways: &Ways<'_>, axis: usize, fraction: f64) -> impl Fn(f64) -> (u32, i16) {
    let (offset, way) = match ways.smeared.smearing {
        Smearing::Along(vector) => (vector[axis] * fraction, 1.0),
        Smearing::Towards { centre, amount } => {
            let gone = amount * fraction;
            (centre[axis] * gone, 1.0 - gone)
        }
    };
    let (scale, origin) = (ways.placement.scale[axis], ways.placement.origin[axis]);
    let low = ways.shown(axis, ways.placement.low[axis]);
    let high = ways.shown(axis, ways.placement.high[axis]);
    move |pixel| {
        let at = (pixel * way + offset) * scale + (origin - 0.5);
        let steps = (at.max(low).min(high) * f64::from(1u32 << STEPS) + MAGIC).to_bits() as u32;
        (steps >> STEPS, (steps & ((1 << STEPS) - 1)) as i16)
    }
}

/// Where the samples of some columns of pixels lie.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// The first column; none are known yet where there is no sample.
    start: u32,
    count: usize,
    /// Texels, and the parts of the way to the next, sample by sample.
    texels: Vec<u32>,
    parts: Vec<i16>,
}

/// What a row of pixels is made with; kept from row to row.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// A row of the picture at a sample's place.
    mixed: Vec<Texel>,
    /// Sums of weighed samples.
    sums: Vec<Texel>,
}

impl Columns {
    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    /// Knows the columns from `start` on, `count` of them.
    pub(super) fn prepare(&mut self, ways: &Ways<'_>, samples: &Samples, start: u32, count: usize) {
        if (self.start, self.count) == (start, count) {
            return;
        }
        (self.start, self.count) = (start, count);
        self.texels.resize(samples.count * count, 0);
        self.parts.resize(samples.count * count, 0);
        let texels = self.texels.chunks_exact_mut(count);
        for (i, (texels, parts)) in texels.zip(self.parts.chunks_exact_mut(count)).enumerate() {
            let place = places(ways, 0, samples.fraction(i));
            for ((x, texel), part) in (start..).zip(texels).zip(parts) {
                (*texel, *part) = place(f64::from(x) + 0.5);
            }
        }
    }
}

/// Draws the pixels from (`x`, `y`) on, whose columns are known. All samples lie deep inside the card.
pub(super) fn draw(
    (ways, samples): (&Ways<'_>, &Samples),
    window: &Window<'_>,
    (columns, rows): (&Columns, &mut Rows),
    (x, y): (u32, u32),
    pixels: &mut [[u8; CHANNELS]],
) {
    let Rows { mixed, sums } = rows;
    sums.clear();
    sums.resize(pixels.len(), [0; CHANNELS]);
    for i in 0..samples.count {
        let (row, part) = places(ways, 1, samples.fraction(i))(f64::from(y) + 0.5);
        let first = i * columns.count + (x - columns.start) as usize;
        let texels = &columns.texels[first..][..pixels.len()];
        let parts = &columns.parts[first..][..pixels.len()];
        // The picture may be mirrored.
        let ends = [texels[0], texels[texels.len() - 1]];
        let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        let count = (high - low) as usize + 2;
        let [upper, lower] = [0, 1].map(|below| window.row(low, row + below, count));
        mixed.resize(count.max(mixed.len()), [0; CHANNELS]);
        let line = Line {
            mixed: &mut mixed[..count],
            low,
            weight: samples.weights[i],
        };
        line.add([upper, lower], part, (texels, parts), sums);
    }
    levels(sums, pixels);
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
fn levels(sums: &[Texel], pixels: &mut [[u8; CHANNELS]]) {
    for (byte, sum) in pixels.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
        *byte = level(*sum);
    }
}

/// One sample of a row of pixels.
struct Line<'a> {
    /// Room for a row of the picture at the sample's place, from the texel in column `low` on.
    mixed: &'a mut [Texel],
    low: u32,
    weight: i16,
}

impl Line<'_> {
    /// Adds the sample that lies `part` of the way from one row to the other, at these columns.
    fn add(self, rows: [&[Texel]; 2], part: i16, columns: (&[u32], &[i16]), sums: &mut [Texel]) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has the only feature that the function needs.
            unsafe { avx2::add(self, rows, part, columns, sums) };
            return;
        }
        self.add_portable(rows, part, columns, sums);
    }

    fn add_portable(
        self,
        [upper, lower]: [&[Texel]; 2],
        part: i16,
        (texels, parts): (&[u32], &[i16]),
        sums: &mut [Texel],
    ) {
        for ((mixed, upper), lower) in self.mixed.iter_mut().zip(upper).zip(lower) {
            *mixed = mix(*upper, *lower, part);
        }
        add_each(self.mixed, self.low, self.weight, (texels, parts), sums);
    }
}

fn mix(a: Texel, b: Texel, part: i16) -> Texel {
    std::array::from_fn(|channel| between(a[channel], b[channel], part))
}

/// Adds samples of a mixed row, one by one.
fn add_each(mixed: &[Texel], low: u32, weight: i16, (texels, parts): (&[u32], &[i16]), sums: &mut [Texel]) {
    for ((texel, part), sum) in texels.iter().zip(parts).zip(sums) {
        let start = (texel - low) as usize;
        let sample = mix(mixed[start], mixed[start + 1], *part);
        for (sum, sample) in sum.iter_mut().zip(sample) {
            *sum += share(sample.clamp(0, MOST), weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sampling::field::LEVEL;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn vector_code_and_portable_code_agree_to_the_bit(
            seed in any::<u64>(), count in 1usize..40, width in 2u32..50, part in 0..i16::MAX, weight in 0..16_384i16,
            low in 0u32..1000,
        ) {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut row = || -> Vec<Texel> {
                let texel = |_| std::array::from_fn(|_| rng.i32(-128 * LEVEL..=383 * LEVEL) as i16);
                (0..width).map(texel).collect()
            };
            let (upper, lower) = (row(), row());
            let texels: Vec<u32> = (0..count).map(|_| low + rng.u32(0..width - 1)).collect();
            let parts: Vec<i16> = (0..count).map(|_| rng.i16(0..=i16::MAX)).collect();
            let before: Vec<Texel> = (0..count).map(|_| std::array::from_fn(|_| rng.i16(0..8000))).collect();
            let (mut fast, mut plain) = (before.clone(), before);
            for (sums, portable) in [(&mut fast, false), (&mut plain, true)] {
                let mut mixed = vec![[0; CHANNELS]; width as usize];
                let line = Line { mixed: &mut mixed, low, weight };
                let (rows, columns) = ([&upper[..], &lower[..]], (&texels[..], &parts[..]));
                if portable {
                    line.add_portable(rows, part, columns, sums);
                } else {
                    line.add(rows, part, columns, sums);
                }
            }
            prop_assert_eq!(fast, plain);
        }
    }
}
