//! How loud sound is, band by band: what waveforms show (cap-additions.md, `timeline.waveformSegments[]`).

use std::ops::Range;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use super::SAMPLE_RATE;
use crate::scene::{BANDS, LEVELS_A_SECOND};

/// Samples between two moments.
pub const HOP: usize = (SAMPLE_RATE / LEVELS_A_SECOND) as usize;
/// Samples of a window, 32 ms. Its bins up to 8 kHz are those of a window of 512 samples at 16 kHz, without what reducing the rate
/// would fold into them.
pub const WINDOW: usize = SAMPLE_RATE as usize * 32 / 1000;

/// Lower edge of the lowest band and upper edge of the highest, Hz.
const LOWEST: f64 = 60.0;
const HIGHEST: f64 = 8000.0;
/// Up to this frequency, Hz, levels are taken as they are.
const TILTED_FROM: f64 = 1000.0;
/// dB for every octave above.
const TILT: f64 = 3.0;
/// Amplitudes of level 0 and of level 1, dB; a full sine has 0 dB.
const SILENT: f64 = -75.0;
const LOUD: f64 = -15.0;

/// Measures the levels of moments.
pub struct LevelMeter {
    fft: Arc<dyn RealToComplex<f32>>,
    hann: Vec<f32>,
    bands: [Band; BANDS],
    windowed: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

/// A band of frequencies.
#[derive(Clone, Debug, Default)]
struct Band {
    /// Bins whose frequency lies in it; the low bands are narrower than the distance of two.
    bins: Range<usize>,
    /// Its middle, in bins.
    middle: f32,
    /// dB that are added.
    tilt: f64,
}

impl Band {
    fn new(number: usize) -> Self {
        let edge = |edge: usize| LOWEST * (HIGHEST / LOWEST).powf(edge as f64 / BANDS as f64);
        let bins_per_hertz = WINDOW as f64 / f64::from(SAMPLE_RATE);
        let (low, high) = (edge(number), edge(number + 1));
        let middle = (low * high).sqrt();
        Self {
            bins: (low * bins_per_hertz).ceil() as usize..(high * bins_per_hertz).ceil() as usize,
            middle: (middle * bins_per_hertz) as f32,
            tilt: TILT * (middle / TILTED_FROM).log2().max(0.0),
        }
    }

    /// The largest amplitude in it, in units of the spectrum: of its bins, and of its middle, which lies between two.
    fn amplitude(&self, spectrum: &[Complex<f32>]) -> f32 {
        let of = |bin: usize| spectrum.get(bin).map_or(0.0, |value| value.norm());
        let below = self.middle.floor();
        let (low, high) = (of(below as usize), of(below as usize + 1));
        let middle = low + (high - low) * (self.middle - below);
        self.bins.clone().map(of).fold(middle, f32::max)
    }
}

impl Default for LevelMeter {
    fn default() -> Self {
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(WINDOW);
        let turn = std::f64::consts::TAU / WINDOW as f64;
        let hann = |n: usize| (0.5 - 0.5 * (turn * n as f64).cos()) as f32;
        Self {
            hann: (0..WINDOW).map(hann).collect(),
            bands: std::array::from_fn(Band::new),
            windowed: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }
}

impl LevelMeter {
    /// Levels, 0..=1, of the moment in the middle of `samples`, the [`WINDOW`] mono samples around it. `None` for another number
    /// of samples.
    pub fn levels(&mut self, samples: &[f32]) -> Option<[f64; BANDS]> {
        if samples.len() != WINDOW {
            return None;
        }
        for ((to, sample), weight) in self.windowed.iter_mut().zip(samples).zip(&self.hann) {
            *to = sample * weight;
        }
        let transformed =
            self.fft
                .process_with_scratch(&mut self.windowed, &mut self.spectrum, &mut self.scratch);
        transformed.ok()?;
        // The weights of the window add up to half of its length, and a sine has half of its amplitude at its bin.
        let unit = 4.0 / WINDOW as f64;
        Some(std::array::from_fn(|number| {
            let band = &self.bands[number];
            let amplitude = f64::from(band.amplitude(&self.spectrum)) * unit;
            let decibels = 20.0 * amplitude.max(1e-12).log10() + band.tilt;
            ((decibels - SILENT) / (LOUD - SILENT)).clamp(0.0, 1.0)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hertz: f64, decibels: f64) -> Vec<f32> {
        let amplitude = 10.0_f64.powf(decibels / 20.0);
        let turn = std::f64::consts::TAU * hertz / f64::from(SAMPLE_RATE);
        (0..WINDOW)
            .map(|n| (amplitude * (turn * n as f64 + 0.3).sin()) as f32)
            .collect()
    }

    /// The band that a frequency lies in, and the dB that its middle, the geometric mean of its edges, adds.
    fn band_of(hertz: f64) -> (usize, f64) {
        let position = 32.0 * (hertz / 60.0).ln() / (8000.0_f64 / 60.0).ln();
        let middle = 60.0 * (8000.0_f64 / 60.0).powf((position.floor() + 0.5) / 32.0);
        (position.floor() as usize, 3.0 * (middle / 1000.0).log2().max(0.0))
    }

    /// Sines at frequencies of bins, which are 31.25 Hz apart: (dB + tilt + 75) / 60 in their band, and the loudest there.
    #[test]
    fn a_sine_has_its_level_in_its_band() {
        let mut meter = LevelMeter::default();
        for (hertz, decibels) in [(1000.0, -20.0), (500.0, -40.0), (4000.0, -45.0), (7500.0, -60.0)] {
            let levels = meter.levels(&sine(hertz, decibels)).unwrap();
            let (band, tilt) = band_of(hertz);
            let expected = (decibels + tilt + 75.0) / 60.0;
            assert!(
                (levels[band] - expected).abs() < 0.002,
                "{hertz} Hz: {levels:?}, {expected}"
            );
            let loudest = (0..BANDS).max_by(|&a, &b| levels[a].total_cmp(&levels[b]));
            assert!(loudest.unwrap().abs_diff(band) <= 1, "{hertz} Hz");
            // Three octaves away there is nothing of it.
            let far = band_of(if hertz > 700.0 { hertz / 8.0 } else { hertz * 8.0 }).0;
            assert_eq!(levels[far], 0.0, "{hertz} Hz");
        }
    }

    /// Between two bins a Hann window loses 1.42 dB at most.
    #[test]
    fn between_bins_the_level_is_nearly_the_same() {
        let mut meter = LevelMeter::default();
        let levels = meter.levels(&sine(2015.625, -30.0)).unwrap();
        let (band, tilt) = band_of(2015.625);
        let expected = (-30.0 + tilt + 75.0) / 60.0;
        let lost = (expected - levels[band]) * 60.0;
        assert!((0.0..1.6).contains(&lost), "{lost} dB");
    }

    #[test]
    fn silence_and_full_sound_keep_within_the_range() {
        let mut meter = LevelMeter::default();
        assert_eq!(meter.levels(&[0.0; WINDOW]), Some([0.0; BANDS]));
        let loud = meter.levels(&sine(1000.0, 6.0)).unwrap();
        assert_eq!(loud[band_of(1000.0).0], 1.0);
        assert_eq!(meter.levels(&[0.0; 3]), None);
    }

    /// The lowest band, 60 to 70 Hz, holds no bin: 62.5 Hz lies in it, 93.75 Hz does not.
    #[test]
    fn narrow_bands_lie_between_bins() {
        let mut meter = LevelMeter::default();
        let low = meter.levels(&sine(62.5, -20.0)).unwrap();
        assert!(low[0] > 0.85, "{low:?}");
        assert_eq!(Band::new(1).bins.len(), 0);
    }
}
