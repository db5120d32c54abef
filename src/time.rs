//! The clocks of an export, one type each, so that no time is read on the wrong clock.
//!
//! A frame is shown at an [`OutputTime`]; the timeline maps it to a [`SourceTime`] of one clip; the alignment of the
//! tracks (cap-format.md 6.1) maps that to the [`MediaTime`] of a file and to the [`EventTime`] of pointer events.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::{Add, Sub};

macro_rules! clock {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
        pub struct $name(f64);

        impl $name {
            /// The clock's zero.
            pub const ZERO: Self = Self(0.0);

            /// A time `seconds` after the clock's zero.
            pub const fn from_secs(seconds: f64) -> Self {
                Self(seconds)
            }

            /// Seconds after the clock's zero.
            pub const fn secs(self) -> f64 {
                self.0
            }
        }

        impl Add<f64> for $name {
            type Output = Self;
            /// Later by `seconds`.
            fn add(self, seconds: f64) -> Self {
                Self(self.0 + seconds)
            }
        }

        impl Sub<f64> for $name {
            type Output = Self;
            /// Earlier by `seconds`.
            fn sub(self, seconds: f64) -> Self {
                Self(self.0 - seconds)
            }
        }

        impl Sub for $name {
            type Output = f64;
            /// Seconds from `other` to `self`.
            fn sub(self, other: Self) -> f64 {
                self.0 - other.0
            }
        }
    };
}

clock! {
    /// Seconds on the exported timeline; frame n is shown at n / fps.
    OutputTime
}
clock! {
    /// Seconds on a recording segment's clip clock (cap-format.md 6.1): 0 is the start of its latest track.
    SourceTime
}
clock! {
    /// Seconds into one media file, 0 being its first presentation time.
    MediaTime
}
clock! {
    /// Seconds after a segment's epoch: the clock of pointer and key events (their `time_ms` / 1000).
    EventTime
}

/// Constant rate of the output, whole frames per second (cap-look.md 22.1).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct FrameRate(NonZeroU32);

impl FrameRate {
    /// Cap's default.
    pub const SIXTY: Self = Self(NonZeroU32::new(60).unwrap());

    /// A rate of `fps` frames per second; `None` for 0.
    pub const fn new(fps: u32) -> Option<Self> {
        match NonZeroU32::new(fps) {
            Some(fps) => Some(Self(fps)),
            None => None,
        }
    }

    /// Frames per second.
    pub const fn fps(self) -> u32 {
        self.0.get()
    }

    /// Frames that cover `seconds`: ceil(fps x seconds) (cap-look.md 3.4), none for no time, one at least for any.
    ///
    /// A product at most `ROUNDING` frames above a whole number counts as that number: 0.2 to 1.1 s at
    /// 30 fps is 27 frames, though 1.1 - 0.2 is 0.9000000000000001 in double precision, and 30 times that a little more
    /// than 27. So the last frame never lies at or behind the end.
    pub fn frames_in(self, seconds: f64) -> u64 {
        let frames = (f64::from(self.fps()) * seconds - Self::ROUNDING).ceil();
        // A cast from float to integer saturates, and turns NaN into 0.
        (frames as u64).max(u64::from(seconds > 0.0))
    }

    /// Frames that rounding may add: far more than sums of a timeline's times come to, far less than anyone can see.
    const ROUNDING: f64 = 1e-6;

    /// When frame `n` is shown.
    pub fn time_of(self, n: u64) -> OutputTime {
        OutputTime::from_secs(n as f64 / f64::from(self.fps()))
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(fps: u32, seconds: f64) -> u64 {
        FrameRate::new(fps).unwrap().frames_in(seconds)
    }

    #[test]
    fn what_rounding_adds_is_no_frame() {
        let seconds = 1.1 - 0.2;
        assert_ne!(30.0 * seconds, 27.0, "the case is one");
        assert_eq!(frames(30, seconds), 27);
        // 0.1 added up ten times falls short of 1.
        assert_eq!(frames(60, (0..10).map(|_| 0.1).sum()), 60);
        assert_eq!(frames(30, 0.83), 25);
        // A thousandth of a frame is one.
        assert_eq!(frames(30, 0.9 + 0.001 / 30.0), 28);
    }

    /// The numbers of cap-look.md 24.
    #[test]
    fn a_part_of_a_frame_is_a_frame() {
        assert_eq!(frames(30, 2.5), 75);
        assert_eq!(frames(30, 2.501), 76);
        assert_eq!(frames(1, 1e-9), 1);
    }

    #[test]
    fn extremes_stay_in_range() {
        assert_eq!(frames(30, 0.0), 0);
        assert_eq!(frames(30, -1.0), 0);
        assert_eq!(frames(30, f64::NAN), 0);
        assert_eq!(frames(u32::MAX, f64::INFINITY), u64::MAX);
    }

    #[test]
    fn every_frame_begins_before_the_end() {
        for fps in [1, 7, 23, 24, 25, 30, 60, 120, 1000] {
            let rate = FrameRate::new(fps).unwrap();
            for seconds in (1..2_000).map(|n| f64::from(n) * 0.017_3) {
                let count = rate.frames_in(seconds);
                assert!(rate.time_of(count - 1).secs() < seconds, "{fps} fps, {seconds} s");
                assert!(
                    rate.time_of(count).secs() > seconds - 1e-6,
                    "{fps} fps, {seconds} s"
                );
            }
        }
    }
}
