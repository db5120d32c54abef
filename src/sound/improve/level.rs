//! The level of speech, and the gains that bring it to [`TARGET`].

use ebur128::{EbuR128, Mode};

use super::Improvement;
use super::chain::{FRAME, Frame};
use super::dynamics::Compressor;
use crate::sound::{BoxError, Channels, SAMPLE_RATE, Stereo};

/// Level that speech is brought to, LUFS.
const TARGET: f64 = -16.0;
/// Gain for it, dB.
const LEAST: f64 = -12.0;
const MOST: f64 = 24.0;
/// Gain for what the compressor took, dB, up or down.
const MAKE_UP: f64 = 6.0;
/// A frame more probable than this is speech.
const SPEECH: f32 = 0.6;
/// Frames of speech that the level is measured on: 16 s at most, 0.2 s at least.
const ENOUGH: usize = 1600;
const NEEDED: usize = 20;

/// Collects speech.
pub(super) struct Meter {
    channels: Channels,
    speech: Vec<Stereo>,
}

impl Meter {
    pub(super) fn new(channels: Channels) -> Self {
        Self {
            channels,
            speech: Vec::new(),
        }
    }

    /// Takes a frame, if it is speech by this probability. `false` once there is enough.
    pub(super) fn hear(&mut self, probability: f32, frame: &Frame) -> bool {
        if probability > SPEECH {
            self.speech.extend_from_slice(frame);
        }
        self.speech.len() < ENOUGH * FRAME
    }

    /// The gains for what was heard.
    pub(super) fn measured(self) -> Result<Improvement, BoxError> {
        let mut made = Improvement {
            wet: 0.0,
            speech_secs: self.speech.len() as f64 / f64::from(SAMPLE_RATE),
            gain_db: 0.0,
            make_up_db: 0.0,
        };
        if self.speech.len() < NEEDED * FRAME {
            return Ok(made);
        }
        let Some(level) = loudness(&self.speech, self.channels)? else {
            return Ok(made);
        };
        made.gain_db = (TARGET - level).clamp(LEAST, MOST);
        let gain = 10.0_f64.powf(made.gain_db / 20.0) as f32;
        let mut compressor = Compressor::default();
        let mut compressed = self.speech;
        for sides in &mut compressed {
            *sides = compressor.next(sides.map(|side| side * gain));
        }
        if let Some(level) = loudness(&compressed, self.channels)? {
            made.make_up_db = (TARGET - level).clamp(-MAKE_UP, MAKE_UP);
        }
        Ok(made)
    }
}

/// Loudness of samples by EBU R 128, LUFS: integrated, or of the whole where that is too short for a gating block of 0.4 s. `None` for
/// silence.
fn loudness(samples: &[Stereo], channels: Channels) -> Result<Option<f64>, BoxError> {
    let mut meter = EbuR128::new(
        match channels {
            Channels::Mono => 1,
            Channels::Stereo => 2,
        },
        SAMPLE_RATE,
        Mode::I,
    )?;
    match channels {
        Channels::Mono => {
            let one: Vec<f32> = samples.iter().map(|sides| sides[0]).collect();
            meter.add_frames_f32(&one)?;
        }
        Channels::Stereo => meter.add_frames_f32(samples.as_flattened())?,
    }
    let short = samples.len() < SAMPLE_RATE as usize * 4 / 10;
    let level = if short {
        meter.loudness_window((samples.len() * 1000 / SAMPLE_RATE as usize) as u32)?
    } else {
        meter.loudness_global()?
    };
    Ok(level.is_finite().then_some(level))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sine of 1 kHz on one side, which R 128 calls as loud as its amplitude says, less 3.01 dB.
    fn sine(amplitude: f64, seconds: f64) -> Vec<Stereo> {
        let turn = std::f64::consts::TAU * 1000.0 / f64::from(SAMPLE_RATE);
        let samples = (seconds * f64::from(SAMPLE_RATE)) as usize;
        let side = |n: usize| (amplitude * (turn * n as f64).sin()) as f32;
        (0..samples).map(|n| [side(n), side(n)]).collect()
    }

    fn measured(amplitude: f64, seconds: f64, probability: f32) -> Improvement {
        let mut meter = Meter::new(Channels::Mono);
        for frame in sine(amplitude, seconds).as_chunks::<FRAME>().0 {
            meter.hear(probability, frame);
        }
        meter.measured().unwrap()
    }

    #[test]
    fn speech_is_brought_to_sixteen_below_full_scale() {
        // A mono sine of amplitude a is at 20 log a - 3.01 LUFS: 0.01 at -43.01. The gain of 24 dB leaves it at -19.01, below the
        // compressor, and the rest is made up.
        let made = measured(0.01, 3.0, 0.7);
        assert!((made.gain_db - 24.0).abs() < 0.1, "{made:?}");
        // At an amplitude of 0.158 the compressor takes 1.0 dB, less what it lets go between two peaks.
        assert!((2.9..4.2).contains(&made.make_up_db), "{made:?}");
        let made = measured(0.1, 3.0, 0.7);
        assert!((made.gain_db - 7.01).abs() < 0.1, "{made:?}");
        assert!((2.0..=6.0).contains(&made.make_up_db), "{made:?}");
        let made = measured(1.0, 3.0, 0.7);
        assert!((made.gain_db + 12.0).abs() < 0.1, "{made:?}");
    }

    #[test]
    fn only_speech_counts_and_a_fifth_of_a_second_is_needed() {
        assert_eq!(measured(0.1, 3.0, 0.6).gain_db, 0.0);
        assert_eq!(measured(0.1, 3.0, 0.6).speech_secs, 0.0);
        assert_eq!(measured(0.1, 0.19, 0.7).gain_db, 0.0);
        let short = measured(0.1, 0.2, 0.7);
        assert!((short.gain_db - 7.01).abs() < 0.6, "{short:?}");
    }

    #[test]
    fn sixteen_seconds_are_enough() {
        let made = measured(0.1, 16.0, 0.7);
        assert_eq!(made.speech_secs, 16.0);
        let mut meter = Meter::new(Channels::Stereo);
        let frame = [[0.1; 2]; FRAME];
        assert_eq!((0..).take_while(|_| meter.hear(1.0, &frame)).count(), ENOUGH - 1);
    }

    #[test]
    fn silence_is_left_alone() {
        let made = measured(0.0, 3.0, 0.7);
        assert_eq!((made.gain_db, made.make_up_db), (0.0, 0.0));
    }
}
