//! The weighted mean of bilinear samples on a ray of its own: what a pixel is whose samples are shifted by noise, or some of whose
//! samples are not covered.
//!
//! Places are texels counted from the centre of the picture's first, so that they don't depend on the window of texels that is at hand.

use super::samples::{Samples, Weights};
use super::steps::{MOST, STEPS, between, level, share};
use crate::render::sampling::CHANNELS;
use crate::render::sampling::field::Window;

#[cfg(target_arch = "x86_64")]
mod avx2;

/// Rays of pixels of one row.
pub(super) trait Rays {
    /// Place of the pixel `index` pixels after the first, and its ray, texels.
    fn ray(&self, index: usize) -> ([f32; 2], [f32; 2]);
    /// Its samples, and what they weigh: less than the samples' own weights where a part of them is not covered. `None` where no
    /// sample weighs anything.
    fn samples(&self, index: usize) -> Option<(&Samples, Weights)>;
}

/// Samples a window of texels.
#[derive(Clone, Copy)]
pub(super) struct Gatherer<'a> {
    pub(super) window: Window<'a>,
    /// Least and greatest place, texels.
    pub(super) bounds: [[f32; 2]; 2],
}

/// A pixel's places: `start + step * i`, in steps of 2^-[`STEPS`] texels.
#[derive(Clone, Copy, Debug)]
struct Places {
    start: [f32; 2],
    step: [f32; 2],
}

impl Places {
    #[inline(always)]
    fn new((at, ray): ([f32; 2], [f32; 2]), samples: &Samples) -> Self {
        let unit = (1u32 << STEPS) as f32;
        let step = [0, 1].map(|axis| ray[axis] * samples.step * unit);
        Self {
            start: [0, 1].map(|axis| at[axis] * unit + step[axis] * samples.shift),
            step,
        }
    }
}

impl Gatherer<'_> {
    /// Writes the pixels of `rays`, premultiplied.
    pub(super) fn draw(&self, rays: &impl Rays, pixels: &mut [[u8; CHANNELS]]) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has the only feature that the function needs.
            unsafe { avx2::draw(self, rays, pixels) };
            return;
        }
        self.draw_portable(rays, pixels);
    }

    fn draw_portable(&self, rays: &impl Rays, pixels: &mut [[u8; CHANNELS]]) {
        for (index, pixel) in pixels.iter_mut().enumerate() {
            *pixel = match rays.samples(index) {
                Some((samples, weights)) => {
                    self.pixel(Places::new(rays.ray(index), samples), samples.count, &weights)
                }
                None => [0; CHANNELS],
            };
        }
    }

    fn pixel(&self, places: Places, count: usize, weights: &Weights) -> [u8; CHANNELS] {
        let [low, high] = self.integer_bounds();
        let mut sum = [0; CHANNELS];
        for (i, &weight) in weights.iter().enumerate().take(count) {
            let place = [0, 1].map(|axis| {
                let place = places.start[axis] + places.step[axis] * i as f32;
                // As the vector code does it: a place is a number.
                let place = if place > low[axis] { place } else { low[axis] };
                (if place < high[axis] { place } else { high[axis] }) as i32
            });
            let [x, y] = place.map(|place| (place & ((1 << STEPS) - 1)) as i16);
            let [upper, lower] = self.window.square(place[0] >> STEPS, place[1] >> STEPS);
            for (channel, sum) in sum.iter_mut().enumerate() {
                let [left, right] = [0, 1].map(|side| between(upper[side][channel], lower[side][channel], y));
                *sum += share(between(left, right, x).clamp(0, MOST), weight);
            }
        }
        sum.map(level)
    }

    /// The bounds in steps.
    fn integer_bounds(&self) -> [[f32; 2]; 2] {
        self.bounds
            .map(|bound| bound.map(|at| at * (1u32 << STEPS) as f32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sampling::field::{LEVEL, Texel};
    use proptest::prelude::*;

    struct One {
        at: [f32; 2],
        ray: [f32; 2],
        samples: Samples,
    }

    impl Rays for One {
        fn ray(&self, index: usize) -> ([f32; 2], [f32; 2]) {
            ([self.at[0] + index as f32, self.at[1]], self.ray)
        }

        fn samples(&self, _: usize) -> Option<(&Samples, Weights)> {
            Some((&self.samples, self.samples.weights))
        }
    }

    proptest! {
        #[test]
        fn vector_code_and_portable_code_agree_to_the_bit(
            seed in any::<u64>(), at in (0.0..30.0f32, 0.0..20.0f32), ray in (-30.0..30.0f32, -20.0..20.0f32),
            kind in 0usize..5, noise in 0.0..1.0f64,
        ) {
            let mut rng = fastrand::Rng::with_seed(seed);
            let (width, height) = (33usize, 22usize);
            let texels: Vec<Texel> = (0..width * height)
                .map(|_| std::array::from_fn(|_| rng.i32(-128 * LEVEL..=383 * LEVEL) as i16))
                .collect();
            let samples = match kind {
                0 => Samples::directional(),
                1 => Samples::radial(13, noise),
                other => Samples::radial(2 * other, 0.5),
            };
            let gatherer = Gatherer {
                window: Window { texels: &texels, stride: width, origin: [0, 0] },
                bounds: [[0.0; 2], [31.0, 20.0]],
            };
            let rays = One { at: [at.0, at.1], ray: [ray.0, ray.1], samples };
            let (mut fast, mut plain) = ([[1; CHANNELS]; 5], [[2; CHANNELS]; 5]);
            gatherer.draw(&rays, &mut fast);
            gatherer.draw_portable(&rays, &mut plain);
            prop_assert_eq!(fast, plain);
        }
    }

    /// A window holds what the samples read and no more.
    #[test]
    fn nothing_is_read_behind_the_last_sample() {
        let texels = vec![[0; CHANNELS]; 10 * 2];
        for samples in [
            Samples::radial(13, 0.99),
            Samples::directional(),
            Samples::radial(4, 0.5),
        ] {
            let gatherer = Gatherer {
                window: Window {
                    texels: &texels,
                    stride: 10,
                    origin: [50, 40],
                },
                bounds: [[0.0; 2], [1000.0; 2]],
            };
            // From the last column to the first, along the first row.
            let rays = One {
                at: [58.0, 40.0],
                ray: [-8.0, 0.0],
                samples,
            };
            gatherer.draw(&rays, &mut [[0; CHANNELS]; 1]);
        }
    }

    #[test]
    fn one_colour_stays_that_colour() {
        for level in [0, 1, 127, 254, 255] {
            let texels = vec![[(level * LEVEL) as i16; CHANNELS]; 64];
            for samples in [Samples::radial(13, 0.3), Samples::directional()] {
                let gatherer = Gatherer {
                    window: Window {
                        texels: &texels,
                        stride: 8,
                        origin: [0, 0],
                    },
                    bounds: [[0.0; 2], [6.0, 6.0]],
                };
                let rays = One {
                    at: [0.3, 5.7],
                    ray: [9.0, -4.0],
                    samples,
                };
                let mut pixels = [[9; CHANNELS]; 4];
                gatherer.draw(&rays, &mut pixels);
                assert_eq!(pixels, [[level as u8; CHANNELS]; 4]);
            }
        }
    }
}
