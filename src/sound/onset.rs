//! Finds where a sound sets in.

use super::{SAMPLE_RATE, Stereo};

/// Samples of one peak: 1 ms.
const BLOCK: usize = SAMPLE_RATE as usize / 1000;
/// Peaks looked back on: 50 ms.
const BLOCKS: usize = 50;
/// Latest peaks that an onset is not compared with, the one at hand among them: a sound rises over 1 to 2 ms, sample by
/// sample, and must not hide behind its own beginning. Onsets are as far apart as that.
const RISE: usize = 2;
/// How much louder than everything before its rise an onset is.
const JUMP: f32 = 8.0;
/// Quietest onset: -60 dB.
const FLOOR: f32 = 1e-3;

/// Detects onsets in a stream: samples 18 dB louder than the 50 ms before their rise, at least 2 ms apart. The stream's
/// beginning is none.
///
/// Speech and music that go on are none; what is one masks a cut made there. Onsets may follow each other closely, for
/// what a lossy codec smears ahead of a loud onset (Opus 4 ms, AAC up to 20 ms) is one over silence itself.
pub(crate) struct Onsets {
    /// Peaks of the last blocks, a ring; silence before the start.
    peaks: [f32; BLOCKS],
    /// Largest of the peaks that an onset is compared with.
    past: f32,
    /// Samples since the start.
    since: usize,
    /// Samples since the last onset, or since the start.
    since_onset: usize,
}

impl Onsets {
    pub(crate) const fn new() -> Self {
        Self {
            peaks: [0.0; BLOCKS],
            past: 0.0,
            since: 0,
            since_onset: 0,
        }
    }

    /// Looks at the stream's next samples up to an onset, and says where it is: the samples from there on are to be
    /// passed again.
    pub(crate) fn find(&mut self, samples: &[Stereo]) -> Option<usize> {
        for (i, [left, right]) in samples.iter().enumerate() {
            if self.since.is_multiple_of(BLOCK) {
                self.begin_block();
            }
            let level = left.abs().max(right.abs());
            if self.since_onset >= RISE * BLOCK && level > FLOOR && level > JUMP * self.past {
                self.since_onset = 0;
                return Some(i);
            }
            let peak = &mut self.peaks[self.since / BLOCK % BLOCKS];
            *peak = peak.max(level);
            self.since += 1;
            self.since_onset += 1;
        }
        None
    }

    fn begin_block(&mut self) {
        let block = self.since / BLOCK;
        let before_rise = (RISE..BLOCKS).map(|back| self.peaks[(block + BLOCKS - back) % BLOCKS]);
        self.past = before_rise.fold(0.0, f32::max);
        self.peaks[block % BLOCKS] = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Positions of all onsets, with the samples passed in pieces of `size`.
    fn onsets(samples: &[Stereo], size: usize) -> Vec<usize> {
        let (mut onsets, mut found) = (Onsets::new(), Vec::new());
        for (n, mut piece) in samples.chunks(size).enumerate() {
            let mut at = n * size;
            while let Some(i) = onsets.find(piece) {
                at += i;
                found.push(at);
                piece = &piece[i..];
            }
        }
        found
    }

    fn tone(i: usize, level: f32) -> Stereo {
        let value = (i as f32 * 0.05).cos() * level;
        [value, -value]
    }

    #[test]
    fn a_tone_after_silence_is_found_to_the_sample() {
        let samples: Vec<_> = (0..48_000)
            .map(|i| tone(i, if i < 12_345 { 0.0 } else { 0.5 }))
            .collect();
        for size in [1, 100, 1024, 48_000] {
            assert_eq!(onsets(&samples, size), [12_345]);
        }
    }

    #[test]
    fn a_clap_over_noise_is_found() {
        let level = |i| if (20_000..20_500).contains(&i) { 0.8 } else { 0.02 };
        let samples: Vec<_> = (0..48_000).map(|i| tone(i, level(i))).collect();
        let found = onsets(&samples, 777);
        assert_eq!(found.len(), 1);
        assert!((20_000..20_050).contains(&found[0]), "{found:?}");
    }

    #[test]
    fn what_goes_on_or_swells_has_none() {
        let steady: Vec<_> = (0..48_000).map(|i| tone(i, 0.5)).collect();
        let swelling: Vec<_> = (0..48_000).map(|i| tone(i, 0.01 + i as f32 / 48_000.0)).collect();
        let faint: Vec<_> = (0..48_000)
            .map(|i| tone(i, if i < 24_000 { 0.0 } else { 0.0009 }))
            .collect();
        for samples in [steady, swelling, faint] {
            assert_eq!(onsets(&samples, 1024), [0; 0]);
        }
    }

    /// A 1 kHz tone from sample 12 000 on that rises from 0 as a sine does, behind what Opus smears ahead of it: 4 ms,
    /// growing to 0.0085.
    fn behind_a_pre_echo() -> Vec<Stereo> {
        let sample = |i: usize| {
            let time = (i as f32 - 12_000.0) / SAMPLE_RATE as f32;
            let level = match i {
                0..11_808 => 0.0,
                11_808..12_000 => 0.0085 * ((time + 0.004) / 0.004).powi(2),
                _ => 0.5,
            };
            let value = (time * 1000.0 * std::f32::consts::TAU).sin() * level;
            [value, value]
        };
        (0..24_000).map(sample).collect()
    }

    #[test]
    fn a_rising_tone_is_found_behind_what_a_codec_smears_ahead_of_it() {
        let samples = behind_a_pre_echo();
        for size in [1, 1024] {
            let found = onsets(&samples, size);
            assert!(matches!(found[..], [11_808..12_000, 12_000..12_008]), "{found:?}");
        }
    }

    #[test]
    fn a_low_tone_sets_in_once_or_twice_while_it_rises() {
        for hertz in [50.0, 100.0, 440.0f32] {
            let sample = |i: usize| {
                let time = (i as f32 - 24_000.0) / SAMPLE_RATE as f32;
                let value = (time * hertz * std::f32::consts::TAU).sin() * 0.5;
                if i < 24_000 { [0.0; 2] } else { [value, value] }
            };
            let samples: Vec<_> = (0..48_000).map(sample).collect();
            let found = onsets(&samples, 1024);
            assert!((24_000..24_010).contains(&found[0]), "{hertz} Hz: {found:?}");
            assert!(
                found.len() <= 2 && found[found.len() - 1] < 24_200,
                "{hertz} Hz: {found:?}"
            );
        }
    }

    #[test]
    fn a_stream_that_begins_amid_sound_has_none() {
        let samples: Vec<_> = (0..4_800).map(|i| tone(i, 0.5)).collect();
        assert_eq!(onsets(&samples, 1024), [0; 0]);
    }
}
