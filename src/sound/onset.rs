//! Finds where a sound sets in.

use super::{SAMPLE_RATE, Stereo};

/// Samples of one peak.
const BLOCK: usize = SAMPLE_RATE as usize / 200;
/// Peaks looked back on: 50 ms.
const BLOCKS: usize = 10;
/// How much louder than everything in those 50 ms an onset is.
const JUMP: f32 = 8.0;
/// Quietest onset: -60 dB.
const FLOOR: f32 = 1e-3;

/// Detects onsets in a stream: samples 18 dB louder than the 50 ms before them, at least 50 ms apart.
///
/// Speech and music that go on are none; what is one masks a cut made there.
pub(crate) struct Onsets {
    /// Peaks of the last whole blocks, a ring.
    peaks: [f32; BLOCKS],
    /// Largest of `peaks`.
    past: f32,
    /// Peak of the block at hand.
    current: f32,
    /// Samples since the start, or since the last onset.
    since: usize,
}

impl Onsets {
    pub(crate) const fn new() -> Self {
        Self {
            peaks: [0.0; BLOCKS],
            past: 0.0,
            current: 0.0,
            since: 0,
        }
    }

    /// Looks at the stream's next samples up to an onset, and says where it is: the samples from there on are to be
    /// passed again.
    pub(crate) fn find(&mut self, samples: &[Stereo]) -> Option<usize> {
        for (i, [left, right]) in samples.iter().enumerate() {
            let level = left.abs().max(right.abs());
            let known = self.since >= BLOCK * BLOCKS;
            if known && level > FLOOR && level > JUMP * self.past.max(self.current) {
                *self = Self::new();
                return Some(i);
            }
            self.current = self.current.max(level);
            self.since += 1;
            if self.since.is_multiple_of(BLOCK) {
                self.peaks[self.since / BLOCK % BLOCKS] = self.current;
                self.past = self.peaks.iter().copied().fold(0.0, f32::max);
                self.current = 0.0;
            }
        }
        None
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
}
