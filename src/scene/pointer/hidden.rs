//! Clips without a pointer: `hideCursor` (cap-additions.md).

use crate::scene::easing::smoothstep;
use crate::time::OutputTime;

/// How long the pointer fades inside each end of a stretch without it, seconds.
const FADE: f64 = 0.3;

/// When no pointer is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hidden {
    stretches: Vec<Stretch>,
}

/// Time without a pointer, output seconds; infinite where the output begins or ends without one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    start: f64,
    end: f64,
}

impl Hidden {
    /// `clips` are the clips in the order they play: when each begins, fading in included, and whether its pointer is hidden.
    /// Each lasts until the next one begins; the transition into a clip belongs to it.
    pub(crate) fn new(clips: impl IntoIterator<Item = (OutputTime, bool)>) -> Self {
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut before = None;
        for (begins, hidden) in clips {
            let begins = begins.secs();
            match (before, hidden) {
                (None, true) => stretches.push(Stretch {
                    start: f64::NEG_INFINITY,
                    end: f64::INFINITY,
                }),
                (Some(false), true) => stretches.push(Stretch {
                    start: begins,
                    end: f64::INFINITY,
                }),
                (Some(true), false) => {
                    if let Some(last) = stretches.last_mut() {
                        last.end = begins;
                    }
                }
                _ => {}
            }
            before = Some(hidden);
        }
        Self { stretches }
    }

    /// Factor of the pointer's opacity at `time`, 0..=1.
    pub(crate) fn opacity(&self, time: OutputTime) -> f64 {
        let time = time.secs();
        let begun = self.stretches.partition_point(|stretch| stretch.start <= time);
        let Some(stretch) = self.stretches[..begun]
            .last()
            .filter(|stretch| time < stretch.end)
        else {
            return 1.0;
        };
        let going = 1.0 - smoothstep(0.0, FADE, time - stretch.start);
        let coming = smoothstep(-FADE, 0.0, time - stretch.end);
        going.max(coming)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(clips: &[(f64, bool)]) -> Hidden {
        Hidden::new(
            clips
                .iter()
                .map(|&(begins, hidden)| (OutputTime::from_secs(begins), hidden)),
        )
    }

    fn opacity(hidden: &Hidden, time: f64) -> f64 {
        (hidden.opacity(OutputTime::from_secs(time)) * 1e6).round() / 1e6
    }

    #[test]
    fn the_pointer_fades_just_inside_hidden_clips() {
        // Two hidden clips in the middle are one stretch.
        let clips = hidden(&[(0.0, false), (2.0, true), (3.0, true), (5.0, false)]);
        for (time, expected) in [
            (1.9, 1.0),
            (2.0, 1.0),
            // S at a quarter, a half and three quarters: 0.15625, 0.5, 0.84375
            (2.075, 0.84375),
            (2.15, 0.5),
            (2.3, 0.0),
            (3.0, 0.0),
            (4.7, 0.0),
            (4.775, 0.15625),
            (4.85, 0.5),
            (5.0, 1.0),
        ] {
            assert_eq!(opacity(&clips, time), expected, "{time}");
        }
    }

    #[test]
    fn nothing_fades_at_the_ends_of_the_output() {
        let clips = hidden(&[(0.0, true), (2.0, false), (4.0, true)]);
        assert_eq!(opacity(&clips, 0.0), 0.0);
        assert_eq!(opacity(&clips, 1.85), 0.5);
        assert_eq!(opacity(&clips, 3.0), 1.0);
        assert_eq!(opacity(&clips, 4.15), 0.5);
        assert_eq!(opacity(&clips, 99.0), 0.0);
        assert_eq!(opacity(&hidden(&[(0.0, true)]), 0.0), 0.0);
        assert_eq!(opacity(&hidden(&[(0.0, false), (1.0, false)]), 1.0), 1.0);
    }

    #[test]
    fn a_short_hidden_clip_only_dims_the_pointer() {
        let clips = hidden(&[(0.0, false), (1.0, true), (1.3, false)]);
        assert_eq!(opacity(&clips, 1.15), 0.5);
        assert_eq!(opacity(&clips, 1.075), 0.84375);
    }
}
