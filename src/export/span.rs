//! Which of the output's frames an export makes. A part of an export holds the very frames that the whole has there.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::time::FrameRate;

/// Which part of the output is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// All of it.
    #[default]
    Whole,
    /// From one time of the output to another. A time counts as the nearest frame.
    Times {
        /// Seconds, 0 or more.
        from: f64,
        /// Seconds; the end of the output where it is `None`.
        to: Option<f64>,
    },
    /// Frames by number.
    Frames {
        /// First.
        first: u64,
        /// The one behind the last.
        end: u64,
    },
}

/// Frames around those of a part, rendered and encoded too, and thrown away: so that the encoder's rate control is where it is in the
/// whole export, and looks ahead as far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Margin {
    /// Before the first.
    pub before: u64,
    /// Behind the last.
    pub after: u64,
}

impl Margin {
    /// `frames` with the margin around them, as far as it lies in `within`.
    #[must_use]
    pub fn around(self, frames: &Range<u64>, within: &Range<u64>) -> Range<u64> {
        let first = frames.start.saturating_sub(self.before).max(within.start);
        let end = frames.end.saturating_add(self.after).min(within.end);
        first..end
    }
}

/// Why a part of the output can't be made.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SpanError {
    /// It begins at the end or behind it.
    #[error("--from {from} s lies at the end of the output or behind it; the output lasts {length:.3} s")]
    Behind {
        /// Where it begins, seconds.
        from: f64,
        /// Seconds of the output.
        length: f64,
    },
    /// It ends behind the end.
    #[error(
        "--to {to} s lies behind the end of the output, which lasts {length:.3} s; leave --to out to go to the end"
    )]
    Ends {
        /// Where it ends, seconds.
        to: f64,
        /// Seconds of the output.
        length: f64,
    },
    /// It holds no frame.
    #[error("no frame lies between --from {from} s and --to {to} s at {rate} frames per second")]
    Empty {
        /// Where it begins, seconds.
        from: f64,
        /// Where it ends, seconds.
        to: f64,
        /// Of the output.
        rate: FrameRate,
    },
    /// Frames that the output does not have.
    #[error("frames {first} to {end} are asked for, and the output has {total}")]
    Frames {
        /// First.
        first: u64,
        /// The one behind the last.
        end: u64,
        /// Frames of the output.
        total: u64,
    },
}

impl Span {
    /// The frames of it in an output of `total` frames: one at least.
    ///
    /// # Errors
    /// When it reaches beyond the output, or holds no frame.
    pub fn frames(self, rate: FrameRate, total: u64) -> Result<Range<u64>, SpanError> {
        let length = rate.time_of(total).secs();
        match self {
            Self::Whole => Ok(0..total),
            Self::Times { from, to } => {
                let first = nearest(from, rate);
                if first >= total {
                    return Err(SpanError::Behind { from, length });
                }
                let end = to.map_or(total, |to| nearest(to, rate));
                let to = to.unwrap_or(length);
                match () {
                    () if end > total => Err(SpanError::Ends { to, length }),
                    () if end <= first => Err(SpanError::Empty { from, to, rate }),
                    () => Ok(first..end),
                }
            }
            Self::Frames { first, end } if first < end && end <= total => Ok(first..end),
            Self::Frames { first, end } => Err(SpanError::Frames { first, end, total }),
        }
    }

    /// How these frames are named in a report.
    pub(super) fn of(frames: &Range<u64>, total: u64) -> Self {
        if *frames == (0..total) {
            return Self::Whole;
        }
        Self::Frames {
            first: frames.start,
            end: frames.end,
        }
    }
}

/// The frame whose start is nearest to `seconds`. A cast from float to integer saturates.
fn nearest(seconds: f64, rate: FrameRate) -> u64 {
    (seconds * f64::from(rate.fps())).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(from: f64, to: Option<f64>) -> Result<Range<u64>, SpanError> {
        let rate = FrameRate::new(30).unwrap();
        Span::Times { from, to }.frames(rate, 300)
    }

    #[test]
    fn a_time_is_the_nearest_frame() {
        assert_eq!(times(1.0, Some(2.0)), Ok(30..60));
        assert_eq!(times(1.016, Some(2.017)), Ok(30..61));
        assert_eq!(times(9.9, None), Ok(297..300));
        // The end, rounded as people read it.
        assert_eq!(times(0.0, Some(10.016)), Ok(0..300));
        assert_eq!(Span::Whole.frames(FrameRate::SIXTY, 7), Ok(0..7));
    }

    #[test]
    fn what_lies_outside_is_refused_with_the_length() {
        let text = |from, to| times(from, to).unwrap_err().to_string();
        assert!(text(10.0, None).contains("--from 10 s") && text(10.0, None).contains("10.000 s"));
        assert!(text(0.0, Some(10.1)).contains("--to 10.1 s"));
        assert!(text(2.0, Some(2.01)).contains("no frame"));
        assert!(text(3.0, Some(2.0)).contains("no frame"));
        assert!(times(f64::MAX, None).is_err());
    }

    #[test]
    fn a_margin_ends_where_the_output_does() {
        let margin = Margin {
            before: 60,
            after: 14,
        };
        assert_eq!(margin.around(&(100..200), &(0..1000)), 40..214);
        assert_eq!(margin.around(&(50..200), &(20..205)), 20..205);
        assert_eq!(margin.around(&(0..10), &(0..10)), 0..10);
        assert_eq!(Margin::default().around(&(3..7), &(0..10)), 3..7);
    }

    #[test]
    fn frames_by_number_lie_inside() {
        let rate = FrameRate::SIXTY;
        let frames = |first, end| Span::Frames { first, end }.frames(rate, 10);
        assert_eq!(frames(3, 10), Ok(3..10));
        for (first, end) in [(3, 3), (4, 3), (0, 11), (11, 12)] {
            assert!(frames(first, end).is_err());
        }
        assert_eq!(Span::of(&(0..10), 10), Span::Whole);
        assert_eq!(Span::of(&(0..9), 10), Span::Frames { first: 0, end: 9 });
    }
}
