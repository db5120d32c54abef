//! Pauses of the recording clock under fullscreen texts (cap-look.md 3.3).
//!
//! Play time is output time with every pause taken out: seconds for which clips have been playing.

use crate::cap::config::{TextLayout, TextSegment};
use crate::time::OutputTime;

/// A pause: the picture stands still for `start <= T < end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hold {
    /// First moment.
    pub start: OutputTime,
    /// First moment after it.
    pub end: OutputTime,
}

impl Hold {
    fn length(&self) -> f64 {
        self.end - self.start
    }
}

/// Pauses in order, none touching the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Holds {
    holds: Vec<Hold>,
    /// Play time at which each one begins.
    play: Vec<f64>,
}

impl Holds {
    /// The pauses of `texts` over `play_duration` seconds of clips. Those that would begin when every clip has been
    /// played hold nothing and are left out; the number of such texts comes second.
    pub(crate) fn new(texts: &[TextSegment], play_duration: f64) -> (Self, usize) {
        let mut spans: Vec<(f64, f64)> = texts
            .iter()
            .filter(|text| text.enabled && text.layout == TextLayout::Fullscreen)
            .map(|text| (text.start.max(0.0), text.end))
            .filter(|(start, end)| end > start)
            .collect();
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));

        let mut merged: Vec<(f64, f64)> = Vec::new();
        for (start, end) in spans {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }

        let mut this = Self::default();
        let mut held = 0.0;
        let mut late = 0;
        for (start, end) in merged {
            if start - held >= play_duration {
                late += 1;
                continue;
            }
            this.play.push(start - held);
            this.holds.push(Hold {
                start: OutputTime::from_secs(start),
                end: OutputTime::from_secs(end),
            });
            held += end - start;
        }
        (this, late)
    }

    /// All pauses, in order.
    pub(crate) fn as_slice(&self) -> &[Hold] {
        &self.holds
    }

    /// Sum of their lengths, seconds.
    pub(crate) fn total(&self) -> f64 {
        self.holds.iter().map(Hold::length).sum()
    }

    /// Play time at `time`, and whether the clock stands still there. Never decreases.
    pub(crate) fn play_time(&self, time: OutputTime) -> (f64, bool) {
        let begun = self.holds.partition_point(|hold| hold.start <= time);
        let Some(last) = begun.checked_sub(1) else {
            return (time.secs(), false);
        };
        if time < self.holds[last].end {
            return (self.play[last], true);
        }
        (self.play[last] + (time - self.holds[last].end), false)
    }

    /// First moment of the output at which `play` is reached; the inverse of [`Self::play_time`].
    pub(crate) fn output_time(&self, play: f64) -> OutputTime {
        // A pause shows its first moment before it is over, so one that begins at `play` does not delay it.
        let over = self.play.partition_point(|&begin| begin < play);
        match over.checked_sub(1) {
            Some(last) => self.holds[last].end + (play - self.play[last]),
            None => OutputTime::from_secs(play),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::fixtures::text;
    use proptest::prelude::*;

    fn at(seconds: f64) -> OutputTime {
        OutputTime::from_secs(seconds)
    }

    #[test]
    fn touching_texts_merge_and_others_do_not_count() {
        let mut off = text(6.0, 7.0, "fullscreen");
        off.enabled = false;
        let texts = [
            text(3.0, 4.0, "fullscreen"),
            off,
            text(1.0, 2.0, "fullscreen"),
            text(5.0, 9.0, "splitLeft"),
            text(2.0, 2.5, "fullscreen"),
            text(8.0, 8.0, "fullscreen"),
        ];
        let (holds, late) = Holds::new(&texts, 10.0);
        assert_eq!(late, 0);
        assert_eq!(
            holds.as_slice(),
            [
                Hold {
                    start: at(1.0),
                    end: at(2.5)
                },
                Hold {
                    start: at(3.0),
                    end: at(4.0)
                },
            ]
        );
        assert_eq!(holds.total(), 2.5);
        for (time, play, held) in [
            (0.5, 0.5, false),
            (1.0, 1.0, true),
            (2.25, 1.0, true),
            (2.5, 1.0, false),
            (2.75, 1.25, false),
            (3.5, 1.5, true),
            (5.0, 2.5, false),
        ] {
            assert_eq!(holds.play_time(at(time)), (play, held), "{time}");
        }
    }

    #[test]
    fn a_text_after_the_last_clip_holds_nothing() {
        let (holds, late) = Holds::new(&[text(1.0, 2.0, "fullscreen"), text(5.0, 6.0, "fullscreen")], 4.0);
        assert_eq!((holds.total(), late), (1.0, 1));
    }

    proptest! {
        #[test]
        fn play_time_never_runs_back_and_inverts(
            spans in prop::collection::vec((0.0..50.0f64, 0.01..5.0f64), 0..8), mut times in prop::collection::vec(0.0..99.0f64, 2..20),
        ) {
            let texts: Vec<_> = spans.iter().map(|&(start, length)| text(start, start + length, "fullscreen")).collect();
            let (holds, _) = Holds::new(&texts, 60.0);
            times.sort_by(f64::total_cmp);
            for pair in times.windows(2) {
                prop_assert!(holds.play_time(at(pair[0])).0 <= holds.play_time(at(pair[1])).0);
            }
            for time in times {
                let (play, held) = holds.play_time(at(time));
                let back = holds.output_time(play).secs();
                if held {
                    prop_assert!(back <= time + 1e-9);
                } else {
                    prop_assert!((back - time).abs() < 1e-9 || holds.play_time(at(back)).0 == play);
                }
            }
        }
    }
}
