//! How captions and keys come and go (cap-look.md 13 and 14): they fade, bounce or pop, by one law.

use super::easing::back;
use super::intervals::FirstAt;

/// Smallest scale of a pop.
const POP_FROM: f64 = 0.72;

/// When a caption or a group of keys is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Presence {
    /// Seconds of output at which it begins to come.
    pub(crate) start: f64,
    /// Seconds of output at which it begins to go.
    pub(crate) end: f64,
    /// Seconds that coming and going take each; 0 is at once.
    pub(crate) fade: f64,
}

/// What is there at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Present {
    /// Position in the list.
    pub(crate) index: usize,
    /// 0..=1.
    pub(crate) opacity: f64,
    /// Share of the way in, 1 when it is over.
    arrival: f64,
    /// Seconds left before it goes, in fades; 0 or less when it is going.
    departure: f64,
}

/// Many presences, looked up by time.
#[derive(Clone, Debug)]
pub(crate) struct Presences {
    list: Vec<Presence>,
    there: FirstAt,
    going: FirstAt,
}

impl Presences {
    /// Of `list`, whose numbers are finite.
    pub(crate) fn new(list: Vec<Presence>) -> Self {
        let there = FirstAt::new(list.iter().map(|presence| (presence.start, presence.end)));
        let going = FirstAt::new(
            list.iter()
                .map(|presence| (presence.end, presence.end + presence.fade)),
        );
        Self { list, there, going }
    }

    /// The first that is there at `time`, else the first that is going.
    pub(crate) fn at(&self, time: f64) -> Option<Present> {
        let index = self.there.at(time).or_else(|| self.going.at(time))?;
        Some(self.list.get(index)?.at(index, time))
    }
}

impl Presence {
    fn at(&self, index: usize, time: f64) -> Present {
        let in_fades = |seconds: f64| {
            if self.fade > 0.0 {
                seconds / self.fade
            } else {
                seconds.signum() * f64::INFINITY
            }
        };
        let past = in_fades(time - self.end);
        Present {
            index,
            opacity: if time < self.end {
                in_fades(time - self.start).clamp(0.0, 1.0)
            } else {
                (1.0 - past).clamp(0.0, 1.0)
            },
            arrival: in_fades(time - self.start).clamp(0.0, 1.0),
            departure: -past,
        }
        .whole(self.fade)
    }
}

impl Present {
    /// Without a fade it is wholly there from its first moment.
    fn whole(mut self, fade: f64) -> Self {
        if fade <= 0.0 {
            self.opacity = 1.0;
            self.arrival = 1.0;
            self.departure = f64::INFINITY;
        }
        self
    }

    /// Pixels below its place: it drops in from `height` above and sinks by `height` before it goes.
    pub(crate) fn bounce(&self, height: f64) -> f64 {
        if self.arrival < 1.0 {
            -height * (1.0 - self.arrival).powi(2)
        } else if self.departure < 1.0 {
            height * (1.0 - self.departure.max(0.0)).powi(2)
        } else {
            0.0
        }
    }

    /// Scale about the centre of the box.
    pub(crate) fn pop(&self) -> f64 {
        let grown = |share: f64| POP_FROM + (1.0 - POP_FROM) * share;
        if self.departure < 0.0 {
            grown(1.0 - (-self.departure).min(1.0).powi(3))
        } else if self.arrival < 1.0 {
            grown(back(self.arrival))
        } else {
            1.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRESENCES: [Presence; 3] = [
        Presence {
            start: 1.0,
            end: 2.0,
            fade: 0.2,
        },
        Presence {
            start: 1.5,
            end: 3.0,
            fade: 0.0,
        },
        Presence {
            start: 2.1,
            end: 4.0,
            fade: 0.5,
        },
    ];

    fn present(list: &[Presence], time: f64) -> Option<Present> {
        Presences::new(list.to_vec()).at(time)
    }

    fn at(time: f64) -> Option<Present> {
        present(&PRESENCES, time)
    }

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn the_first_that_is_there_wins_over_one_that_goes() {
        assert_eq!(at(0.99), None);
        assert_eq!(at(1.0).unwrap().index, 0);
        assert_eq!(at(1.7).unwrap().index, 0);
        assert_eq!(at(2.0).unwrap().index, 1, "0 is going, 1 is there");
        assert_eq!(at(3.0).unwrap().index, 2);
        assert_eq!(at(4.2).unwrap().index, 2, "going");
        assert_eq!(at(4.5), None);
        let lone = |time| present(&PRESENCES[..1], time);
        assert_eq!(lone(2.1).unwrap().index, 0);
        assert_eq!(lone(2.2), None);
    }

    #[test]
    fn fades_are_linear() {
        let lone = |time| present(&PRESENCES[..1], time).unwrap().opacity;
        close(lone(1.0), 0.0);
        close(lone(1.05), 0.25);
        close(lone(1.2), 1.0);
        close(lone(1.99), 1.0);
        close(lone(2.0), 1.0);
        close(lone(2.15), 0.25);
        close(at(2.5).unwrap().opacity, 1.0);
    }

    #[test]
    fn without_a_fade_it_is_on_or_off() {
        let lone = |time| present(&PRESENCES[1..2], time);
        let first = lone(1.5).unwrap();
        close(first.opacity, 1.0);
        close(first.bounce(8.0), 0.0);
        close(first.pop(), 1.0);
        close(lone(2.999).unwrap().opacity, 1.0);
        assert_eq!(lone(3.0), None);
    }

    #[test]
    fn it_bounces_in_from_above_and_sinks_before_it_goes() {
        let lone = |time| present(&PRESENCES[..1], time).unwrap().bounce(8.0);
        close(lone(1.0), -8.0);
        close(lone(1.1), -8.0 * 0.25);
        close(lone(1.2), 0.0);
        close(lone(1.5), 0.0);
        close(lone(1.8), 0.0);
        close(lone(1.9), 8.0 * 0.25);
        close(lone(2.1), 8.0);
        close(lone(2.199), 8.0);
    }

    #[test]
    fn it_pops_in_past_its_size_and_shrinks_away() {
        let lone = |time| present(&PRESENCES[..1], time).unwrap().pop();
        // back(0) = 1 - 2.70158 + 1.70158 = 0; back(0.5) = 1 - 2.70158/8 + 1.70158/4 = 1.0876975.
        close(lone(1.0), 0.72);
        close(lone(1.1), 0.72 + 0.28 * 1.087_697_5);
        close(lone(1.2), 1.0);
        close(lone(1.95), 1.0);
        close(lone(2.1), 0.72 + 0.28 * 0.875);
        assert!(lone(2.199_999) > 0.72 && lone(2.199_999) < 0.73);
    }
}
