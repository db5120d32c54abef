//! Sounds with known onsets.
//!
//! A beep starts at its full amplitude of 0.5 within a quarter period and lasts 50 ms; whatever sounds beside it stays
//! below 0.05, so a threshold of 0.15 finds the onset.

use std::f64::consts::TAU;

/// Samples per second of every made sound.
pub const RATE: u32 = 48_000;
/// Seconds that a beep lasts.
pub const BEEP_SECONDS: f64 = 0.05;
/// Amplitude of a beep.
pub const BEEP_AMPLITUDE: f64 = 0.5;

/// What a track sounds like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Voice {
    /// Murmur like speech, and a beep of 1 kHz at 0.5 s, 1.5 s, 2.5 s …
    Microphone,
    /// Silence, and a beep of 440 Hz at 1 s, 2 s, 3 s …
    System,
    /// Quiet chords, a new one every half second, without beeps.
    Music,
}

impl Voice {
    /// When the beeps of a track of `seconds` begin.
    pub fn beeps(self, seconds: f64) -> Vec<f64> {
        let first = match self {
            Self::Microphone => 0.5,
            Self::System => 1.0,
            Self::Music => return Vec::new(),
        };
        (0..)
            .map(|n| first + f64::from(n))
            .take_while(|&time| time < seconds)
            .collect()
    }

    /// Interleaved samples `start..start + count` (of every channel) of an endless track.
    pub fn samples(self, start: u64, count: usize, channels: u16) -> Vec<f32> {
        (start..start + count as u64)
            .flat_map(|index| {
                let time = index as f64 / f64::from(RATE);
                (0..channels).map(move |channel| self.sample(time, channel) as f32)
            })
            .collect()
    }

    fn sample(self, time: f64, channel: u16) -> f64 {
        match self {
            Self::Microphone => murmur(time) + beep((time + 0.5).fract(), 1000.0),
            Self::System if time < 1.0 => 0.0,
            Self::System => beep(time.fract(), 440.0),
            Self::Music => {
                let root = [220.0, 174.614, 261.626, 195.998][(time * 2.0) as usize % 4];
                let third = root * 1.25;
                // Left and right hear different notes, so that a swap is noticed.
                0.08 * tone(time, root)
                    + 0.08
                        * tone(
                            time,
                            if channel.is_multiple_of(2) {
                                third
                            } else {
                                root * 1.5
                            },
                        )
            }
        }
    }
}

/// A beep of `frequency` that began `since` seconds ago.
pub(super) fn beep(since: f64, frequency: f64) -> f64 {
    if (0.0..BEEP_SECONDS).contains(&since) {
        BEEP_AMPLITUDE * tone(since, frequency)
    } else {
        0.0
    }
}

/// Harmonics of a low voice under an envelope of four syllables a second, below 0.05.
fn murmur(time: f64) -> f64 {
    let envelope = (time * TAU * 2.0).sin().powi(2) * (0.6 + 0.4 * (time * TAU * 0.3).sin());
    let voice: f64 = (1..=5)
        .map(|n| tone(time, 118.0 * f64::from(n)) / f64::from(n))
        .sum();
    0.02 * envelope * voice
}

fn tone(time: f64, frequency: f64) -> f64 {
    (time * frequency * TAU).sin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beeps_begin_when_they_should_and_nothing_else_is_loud() {
        for voice in [Voice::Microphone, Voice::System] {
            let samples = voice.samples(0, 4 * RATE as usize, 1);
            let mut onsets = Vec::new();
            let mut quiet_since = RATE as usize;
            for (index, sample) in samples.iter().enumerate() {
                if sample.abs() > 0.15 {
                    if quiet_since > 4800 {
                        onsets.push(index as f64 / f64::from(RATE));
                    }
                    quiet_since = 0;
                } else {
                    quiet_since += 1;
                }
            }
            let expected = voice.beeps(4.0);
            assert_eq!(onsets.len(), expected.len());
            for (found, expected) in onsets.iter().zip(expected) {
                assert!((found - expected).abs() < 0.0005, "{found} for {expected}");
            }
        }
        let music = Voice::Music.samples(0, RATE as usize, 2);
        assert!(music.iter().all(|sample| sample.abs() < 0.17));
    }

    #[test]
    fn samples_don_t_depend_on_how_they_are_cut() {
        let whole = Voice::Microphone.samples(0, 2000, 2);
        let cut = [
            Voice::Microphone.samples(0, 700, 2),
            Voice::Microphone.samples(700, 1300, 2),
        ]
        .concat();
        assert_eq!(whole, cut);
    }
}
