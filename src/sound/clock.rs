//! Counting samples: from seconds, and beside the frames of the video (cap-look.md 21.6).

use crate::time::FrameRate;

/// Samples per second of everything in this room.
pub const SAMPLE_RATE: u32 = 48_000;

/// Number of the sample nearest to `seconds`: round(seconds × 48000), halves away from zero.
pub fn samples_at(seconds: f64) -> i64 {
    // A float-to-integer cast saturates, and turns NaN into 0.
    (seconds * f64::from(SAMPLE_RATE)).round() as i64
}

/// How many samples must be written once frame `n` is: floor((n + 1) × 48000 / fps).
pub fn samples_after_frame(n: u64, rate: FrameRate) -> u64 {
    samples_in_frames(n.saturating_add(1), rate)
}

/// Length of the sound of a video of `frames` frames: floor(frames × 48000 / fps).
pub fn samples_in_frames(frames: u64, rate: FrameRate) -> u64 {
    let samples = u128::from(frames) * u128::from(SAMPLE_RATE) / u128::from(rate.fps());
    u64::try_from(samples).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(fps: u32) -> FrameRate {
        FrameRate::new(fps).unwrap()
    }

    /// The numbers of cap-look.md 24.
    #[test]
    fn samples_follow_frames() {
        let after = |fps| [0, 1, 2].map(|n| samples_after_frame(n, rate(fps)));
        assert_eq!(after(30), [1600, 3200, 4800]);
        assert_eq!(after(24), [2000, 4000, 6000]);
        assert_eq!(after(7), [6857, 13714, 20571]);
    }

    #[test]
    fn the_last_frame_completes_the_sound() {
        for fps in [1, 7, 23, 24, 25, 30, 60, 120, 144, 1000] {
            for frames in [1, 2, 75, 1_667, 216_000] {
                assert_eq!(
                    samples_after_frame(frames - 1, rate(fps)),
                    samples_in_frames(frames, rate(fps))
                );
            }
        }
        assert_eq!(samples_in_frames(0, rate(30)), 0);
        // 100 hours at 7 fps: where single precision has lost whole frames.
        assert_eq!(samples_in_frames(2_520_000, rate(7)), 17_280_000_000);
    }

    #[test]
    fn extreme_counts_saturate() {
        assert_eq!(samples_in_frames(u64::MAX, rate(1)), u64::MAX);
        assert_eq!(samples_after_frame(u64::MAX, rate(1)), u64::MAX);
    }

    #[test]
    fn seconds_round_to_the_nearest_sample() {
        assert_eq!(samples_at(1.0), 48_000);
        assert_eq!(samples_at(0.4999 / 48_000.0), 0);
        assert_eq!(samples_at(0.5001 / 48_000.0), 1);
        assert_eq!(samples_at(-0.5001 / 48_000.0), -1);
        assert_eq!(samples_at(f64::INFINITY), i64::MAX);
        assert_eq!(samples_at(f64::NAN), 0);
    }
}
