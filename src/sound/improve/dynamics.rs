//! Compressor and limiter. Both sides of a moment get one gain, so that a voice stays where it is.
//!
//! Small code of our own, because a jump to another place needs their state as it was there (see the parent module), and
//! FFmpeg's filters don't give theirs away.

use crate::sound::{SAMPLE_RATE, Stereo};

/// Amplitude from which on the compressor works: -18 dBFS.
const THRESHOLD: f32 = 0.125;
/// dB above the threshold that go in for each one that comes out.
const RATIO: f32 = 2.0;
/// Time constants of the compressor, seconds.
const ATTACK: f64 = 0.015;
const RELEASE: f64 = 0.180;
/// Amplitude that nothing passes: -1.5 dBFS.
pub(super) const CEILING: f32 = 0.841395;
/// Time constant with which the limiter lets go, seconds.
const LIMITER_RELEASE: f64 = 0.050;

/// Share of the way that is left after one sample of an exponential approach.
fn left(time_constant: f64) -> f32 {
    (-1.0 / (time_constant * f64::from(SAMPLE_RATE))).exp() as f32
}

fn loudest(sides: Stereo) -> f32 {
    sides[0].abs().max(sides[1].abs())
}

/// Holds down what is louder than [`THRESHOLD`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Compressor {
    /// Amplitude, followed with attack and release.
    envelope: f32,
    attack: f32,
    release: f32,
}

impl Default for Compressor {
    fn default() -> Self {
        Self {
            envelope: 0.0,
            attack: left(ATTACK),
            release: left(RELEASE),
        }
    }
}

impl Compressor {
    pub(super) fn next(&mut self, sides: Stereo) -> Stereo {
        let amplitude = loudest(sides);
        let left = if amplitude > self.envelope {
            self.attack
        } else {
            self.release
        };
        self.envelope = amplitude + (self.envelope - amplitude) * left;
        if self.envelope <= THRESHOLD {
            return sides;
        }
        let gain = (self.envelope / THRESHOLD).powf(1.0 / RATIO - 1.0);
        sides.map(|side| side * gain)
    }
}

/// Keeps every sample within [`CEILING`]: it works at once and lets go slowly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limiter {
    gain: f32,
    release: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self {
            gain: 1.0,
            release: left(LIMITER_RELEASE),
        }
    }
}

impl Limiter {
    pub(super) fn next(&mut self, sides: Stereo) -> Stereo {
        let amplitude = loudest(sides);
        self.gain = 1.0 + (self.gain - 1.0) * self.release;
        if amplitude * self.gain > CEILING {
            self.gain = CEILING / amplitude;
        }
        sides.map(|side| (side * self.gain).clamp(-CEILING, CEILING))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last of `seconds` of a constant amplitude.
    fn settled(mut next: impl FnMut(Stereo) -> Stereo, amplitude: f32, seconds: f64) -> f32 {
        let samples = (seconds * f64::from(SAMPLE_RATE)) as usize;
        let outs = (0..samples).map(|_| next([amplitude, -amplitude]));
        outs.last().unwrap()[0]
    }

    #[test]
    fn half_the_decibels_above_the_threshold_come_out() {
        // -18.06 dBFS + 12.04 dB in, + 6.02 dB out; below the threshold nothing changes.
        let mut compressor = Compressor::default();
        assert!((settled(|sides| compressor.next(sides), 0.5, 0.3) - 0.25).abs() < 1e-4);
        let mut compressor = Compressor::default();
        assert_eq!(settled(|sides| compressor.next(sides), 0.125, 0.3), 0.125);
    }

    #[test]
    fn attack_and_release_take_their_time() {
        // After one time constant 1/e of the way is left.
        let mut compressor = Compressor::default();
        settled(|sides| compressor.next(sides), 1.0, ATTACK);
        assert!((compressor.envelope - (1.0 - (-1.0f32).exp())).abs() < 1e-3);
        settled(|sides| compressor.next(sides), 1.0, 1.0);
        settled(|sides| compressor.next(sides), 0.0, RELEASE);
        assert!((compressor.envelope - (-1.0f32).exp()).abs() < 1e-3);
    }

    #[test]
    fn nothing_passes_the_limiter_and_it_lets_go() {
        let mut limiter = Limiter::default();
        assert_eq!(limiter.next([0.5, -0.25]), [0.5, -0.25]);
        for amplitude in [0.9f32, 4.0, 1.0, 0.85] {
            let out = limiter.next([amplitude, -amplitude / 2.0]);
            assert!(out[0] <= CEILING, "{amplitude} becomes {out:?}");
            assert!((out[1] / out[0] + 0.5).abs() < 1e-4, "one gain for both sides");
        }
        assert!((settled(|sides| limiter.next(sides), 0.5, 1.0) - 0.5).abs() < 1e-4);
    }
}
