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
