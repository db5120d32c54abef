//! How many samples a smeared pixel takes, where on its ray they lie, and what they weigh (cap-look.md 7.2, 7.3).

use std::sync::{LazyLock, OnceLock};

/// Samples of a radial smear and of a directional one.
pub(super) const RADIAL: usize = 13;
pub(super) const DIRECTIONAL: usize = 21;
/// The same, rounded up to what the processor takes at once.
pub(super) const ROOM: usize = 24;
/// What the weights of a pixel add up to. None of them is larger than an `i16`: the largest share is a half, of two samples.
pub(super) const WHOLE: i32 = 1 << 15;
/// Rays of so many texels at most are sampled so many times, without noise: `n >= 5 sqrt(L)`.
///
/// A sample is read between texels, so along a ray of `L` texels the picture consists of straight pieces. `n` evenly spaced samples miss
/// their weighted mean by at most `255 * 1.5 * L / (8 n^2)` code values at a bend from black to white in one texel. Measured at the edges
/// of text on a real recording, against 13 samples with noise, the mean difference is 0.2 code values for rays of 1 texel, 0.4 for 4,
/// 0.6 for 8 and 1.0 for 16. From 4 texels on that is what other noise makes.
const EVEN: [(f64, usize); 9] = [
    (0.16, 2),
    (0.36, 3),
    (0.64, 4),
    (1.0, 5),
    (1.44, 6),
    (1.96, 7),
    (2.56, 8),
    (4.0, 10),
    (16.0, RADIAL),
];
/// So many sets of samples there are without noise: of [`EVEN`], and 7.2's.
pub(super) const SETS: usize = EVEN.len() + 1;
/// The set of 7.2.
const DIRECTED: usize = EVEN.len();

/// Shares of the samples of a pixel, out of [`WHOLE`]; 0 for those that it does not take.
pub(super) type Weights = [i16; ROOM];

/// Samples of pixels of one kind. Sample `i` lies at `(i + shift) * step` of the ray.
#[derive(Clone, Copy, Debug)]
pub(super) struct Samples {
    pub(super) count: usize,
    pub(super) shift: f32,
    pub(super) step: f32,
    pub(super) weights: Weights,
}

impl Samples {
    /// 7.2.
    pub(super) fn directional() -> Self {
        Self::new(DIRECTIONAL, 0.0, 1.0 / (DIRECTIONAL - 1) as f64, |_| 1.0)
    }

    /// 7.3 with `count` samples and this noise, 0..1.
    pub(super) fn radial(count: usize, noise: f64) -> Self {
        Self::new(count, noise, 1.0 / count as f64, |f| 4.0 * (f - f * f))
    }

    /// Where sample `i` lies on its ray.
    pub(super) fn fraction(&self, i: usize) -> f64 {
        (i as f64 + f64::from(self.shift)) * f64::from(self.step)
    }

    fn new(count: usize, shift: f64, step: f64, weight: impl Fn(f64) -> f64) -> Self {
        let shares: Vec<f64> = (0..count).map(|i| weight((i as f64 + shift) * step)).collect();
        let sum: f64 = shares.iter().sum();
        let mut weights = [0; ROOM];
        let mut left = WHOLE;
        for (weight, share) in weights.iter_mut().zip(&shares) {
            *weight = (share / sum * f64::from(WHOLE)).round() as i16;
            left -= i32::from(*weight);
        }
        // What rounding left over, so that one colour stays that colour.
        weights[count / 2] += left as i16;
        Self {
            count,
            shift: shift as f32,
            step: step as f32,
            weights,
        }
    }
}

/// Which samples a pixel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// The formula's, shifted by its noise.
    Noisy,
    /// Evenly spaced ones: those of [`even`] of this number, below [`SETS`].
    Even(usize),
}

impl Count {
    /// For a directional smear.
    pub(super) const DIRECTIONAL: Self = Self::Even(DIRECTED);

    /// For a ray of a radial smear of so many texels.
    pub(super) fn of_ray(texels: f64) -> Self {
        let even = EVEN.iter().position(|(longest, _)| texels <= *longest);
        even.map_or(Self::Noisy, Self::Even)
    }
}

/// The samples of [`Count::Even`].
pub(super) fn even(set: usize) -> &'static Samples {
    static MADE: LazyLock<[Samples; SETS]> = LazyLock::new(|| {
        std::array::from_fn(|set| match EVEN.get(set) {
            Some(&(_, count)) => Samples::radial(count, 0.5),
            None => Samples::directional(),
        })
    });
    &MADE[set]
}

/// Noise of 7.3 in steps of 1/256, a row of pixels at a time, made when it is first asked for.
#[derive(Debug, Default)]
pub(in crate::render::sampling) struct Noise {
    width: u32,
    rows: Vec<OnceLock<Vec<u8>>>,
    /// The samples of 7.3 by step.
    samples: OnceLock<Vec<Samples>>,
}

impl Noise {
    /// Makes room for outputs of this size at least.
    pub(in crate::render::sampling) fn prepare(&mut self, width: u32, height: u32) {
        if width > self.width {
            self.rows.clear();
            self.width = width;
        }
        if self.rows.len() < height as usize {
            self.rows.resize_with(height as usize, OnceLock::new);
        }
    }

    /// Row `y`.
    pub(super) fn row(&self, y: u32) -> &[u8] {
        self.rows[y as usize].get_or_init(|| {
            let step = |x: u32| {
                // In single precision, as shaders have it: in double the noise is another.
                let place = (x as f32 + 0.5) * 12.9898 + (y as f32 + 0.5) * 78.233;
                let wave = f64::from(place).sin() as f32 * 43_758.547;
                ((wave - wave.floor()) * 256.0) as u8
            };
            (0..self.width).map(step).collect()
        })
    }

    /// The samples of 7.3 for each step of noise, taken at its middle.
    pub(super) fn samples(&self) -> &[Samples] {
        self.samples.get_or_init(|| {
            let steps = (0..=u8::MAX).map(|step| (f64::from(step) + 0.5) / 256.0);
            steps.map(|noise| Samples::radial(RADIAL, noise)).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_those_of_the_formula_and_add_up() {
        let noise = Noise::default();
        let all = noise
            .samples()
            .to_vec()
            .into_iter()
            .chain((0..SETS).map(|set| *even(set)));
        for samples in all {
            let sum: i32 = samples.weights.iter().map(|weight| i32::from(*weight)).sum();
            assert_eq!(sum, WHOLE);
            assert!(samples.weights.iter().all(|weight| *weight >= 0));
            assert!(samples.weights[samples.count..].iter().all(|weight| *weight == 0));
        }
        // 4 (f - f^2) at f = 1/8, 3/8, 5/8, 7/8: 7/16, 15/16, 15/16, 7/16 of a sum of 44/16.
        let share = |sixteenths: i32| (sixteenths * WHOLE / 44) as i16;
        let four = even(2).weights;
        for (found, expected) in four.iter().zip([share(7), share(15), share(15), share(7)]) {
            assert!((found - expected).abs() <= 2, "{four:?}");
        }
    }
}
