//! How a text comes and goes (cap-look.md 11.2; from `slideLeft` on cap-additions.md).
//!
//! The curves of the later animations are published nowhere and are our own. With e the progress, u = 1 - (1 - e)^3 and
//! f the font size, on the way in (the way out is the same backwards, movements go on in their direction):
//!
//! | Animation | Effect |
//! |---|---|
//! | slideLeft, slideRight | opacity u, from f (1 - u) beside its place |
//! | zoom | opacity u, scale 0.5 + 0.5 u |
//! | bounce | opacity u, falls from f above its place and bounces three times |
//! | wipe | uncovered from left to right, the share u of each line's width |
//! | words | one word after the other, each with its own e: opacity u, rises by f / 4 (1 - u) |
//! | letters | one character after the other, each with its own e: opacity u |
//! | tracking | opacity u, characters stand 0.4 f (1 - u) further apart |
//!
//! Of n words or characters each takes the share d = 1 / (1 + (n - 1) / 2) of the time and begins d / 2 after the one
//! before.

use super::super::easing::back;
use crate::cap::config::{TextAnimation, TextSegment};

/// Distance between characters at the start of `tracking`, font sizes.
const TRACKING: f64 = 0.4;
/// Progress from one word or character to the next, in shares of what each takes.
const STAGGER: f64 = 0.5;

/// What the animations do to a text at a moment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Motion {
    /// Factor on the opacity.
    pub(crate) alpha: f64,
    /// Factor on the size, about the centre of the box.
    pub(crate) scale: f64,
    /// Output pixels, rightwards and downwards.
    pub(crate) offset: [f64; 2],
    /// Share of the characters that are there, from the first on.
    pub(crate) typed: f64,
    /// Share of each line's width that is uncovered, from the left.
    pub(crate) uncovered: f64,
    /// Further distance between characters, output pixels.
    pub(crate) tracking: f64,
    /// What happens to words or characters one by one; the effects of both multiply.
    pub(crate) staggered: [Option<Stagger>; 2],
}

/// Words or characters that come one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stagger {
    /// Which.
    pub(crate) unit: Unit,
    /// Progress of the whole.
    progress: f64,
    /// Output pixels that each rises by on its way in, negative on the way out.
    rise: f64,
}

/// What comes one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    /// Characters as a reader sees them.
    Letter,
    /// Characters between spaces.
    Word,
}

impl Motion {
    const REST: Self = Self {
        alpha: 1.0,
        scale: 1.0,
        offset: [0.0; 2],
        typed: 1.0,
        uncovered: 1.0,
        tracking: 0.0,
        staggered: [None; 2],
    };

    /// What happens to `segment`, set in `font` output pixels, at `time` seconds of output.
    pub(crate) fn new(segment: &TextSegment, font: f64, time: f64) -> Self {
        let arriving = progress(time - segment.start, segment.animation_in_duration);
        let leaving = progress(segment.end - time, segment.animation_out_duration);
        let arriving = Self::of(segment.animation_in, arriving, 1.0, font);
        let leaving = Self::of(segment.animation_out, leaving, -1.0, font);
        Self {
            alpha: arriving.alpha * leaving.alpha,
            scale: arriving.scale * leaving.scale,
            offset: [0, 1].map(|axis| arriving.offset[axis] + leaving.offset[axis]),
            typed: arriving.typed.min(leaving.typed),
            uncovered: arriving.uncovered.min(leaving.uncovered),
            tracking: arriving.tracking + leaving.tracking,
            staggered: [arriving.staggered[0], leaving.staggered[0]],
        }
    }

    /// One animation at progress `e`; `direction` is 1 on the way in and -1 on the way out.
    fn of(animation: TextAnimation, e: f64, direction: f64, font: f64) -> Self {
        let rest = Self::REST;
        if e >= 1.0 {
            return rest;
        }
        let u = ease(e);
        let left = 1.0 - u;
        let moved = |x: f64, y: f64| Self {
            alpha: u,
            offset: [x * left * font, y * left * font],
            ..Self::REST
        };
        let scaled = |scale: f64| Self {
            alpha: u,
            scale,
            ..Self::REST
        };
        let staggered = |unit, rise: f64| Self {
            staggered: [
                Some(Stagger {
                    unit,
                    progress: e,
                    rise: direction * rise * font,
                }),
                None,
            ],
            ..Self::REST
        };
        match animation {
            TextAnimation::None => rest,
            TextAnimation::Fade => Self { alpha: u, ..rest },
            TextAnimation::SlideUp => moved(0.0, direction / 2.0),
            TextAnimation::SlideDown => moved(0.0, -direction / 2.0),
            TextAnimation::SlideLeft => moved(direction, 0.0),
            TextAnimation::SlideRight => moved(-direction, 0.0),
            TextAnimation::Pop => scaled(0.8 + 0.2 * back(e)),
            TextAnimation::Zoom => scaled(0.5 + 0.5 * u),
            TextAnimation::Bounce => Self {
                alpha: u,
                offset: [0.0, -font * (1.0 - bounced(e))],
                ..rest
            },
            TextAnimation::Typewriter => Self { typed: e, ..rest },
            TextAnimation::Wipe => Self { uncovered: u, ..rest },
            TextAnimation::Words => staggered(Unit::Word, 0.25),
            TextAnimation::Letters => staggered(Unit::Letter, 0.0),
            TextAnimation::Tracking => Self {
                alpha: u,
                tracking: TRACKING * font * left,
                ..rest
            },
        }
    }

    /// Opacity of what belongs to the whole text where its words or characters come one by one.
    pub(crate) fn begun(&self) -> f64 {
        let staggered = self.staggered.iter().flatten();
        staggered.map(|stagger| ease(stagger.progress)).product()
    }

    /// How many of `count` characters are there.
    pub(crate) fn typed_of(&self, count: usize) -> usize {
        // Less a trifle: 15 x 0.2 must not round up to 4.
        (count as f64 * self.typed - 1e-9).ceil().clamp(0.0, count as f64) as usize
    }
}

impl Stagger {
    /// Opacity of number `index` of `count`, and how far below its place it stands.
    pub(crate) fn at(&self, index: usize, count: usize) -> (f64, f64) {
        let share = 1.0 / (1.0 + STAGGER * (count.max(1) - 1) as f64);
        let begins = STAGGER * share * index as f64;
        let u = ease(((self.progress - begins) / share).clamp(0.0, 1.0));
        (u, self.rise * (1.0 - u))
    }
}

/// 0 at 0, 1 from `duration` on.
fn progress(elapsed: f64, duration: f64) -> f64 {
    if duration > 0.0 {
        (elapsed / duration).clamp(0.0, 1.0)
    } else {
        1.0
    }
}

fn ease(e: f64) -> f64 {
    1.0 - (1.0 - e).powi(3)
}

/// Height above the ground, 1 - this, of something that falls and bounces: parabolas of heights 1, 1/4, 1/16, 1/64.
fn bounced(e: f64) -> f64 {
    const STEEPNESS: f64 = 7.5625;
    // Where each parabola has its lowest point, and how high it rises between two grounds.
    let (center, height) = match e * 2.75 {
        at if at < 1.0 => (0.0, 1.0),
        at if at < 2.0 => (1.5, 0.25),
        at if at < 2.5 => (2.25, 0.0625),
        _ => (2.625, 0.015_625),
    };
    let from_center = e - center / 2.75;
    STEEPNESS * from_center * from_center + 1.0 - height
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(json: &serde_json::Value) -> TextSegment {
        let mut whole = serde_json::json!({
            "start": 1, "end": 5, "animationInDuration": 0.5, "animationOutDuration": 1.0
        });
        for (key, value) in json.as_object().unwrap() {
            whole[key] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    fn both(name: &str, time: f64) -> Motion {
        let segment = segment(&serde_json::json!({ "animationIn": name, "animationOut": name }));
        Motion::new(&segment, 40.0, time)
    }

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    const ALL: [&str; 14] = [
        "none",
        "fade",
        "slideUp",
        "slideDown",
        "pop",
        "typewriter",
        "slideLeft",
        "slideRight",
        "zoom",
        "bounce",
        "wipe",
        "words",
        "letters",
        "tracking",
    ];

    #[test]
    fn nothing_moves_between_coming_and_going() {
        for name in ALL {
            for time in [1.5, 2.0, 4.0] {
                assert_eq!(both(name, time), Motion::REST, "{name} at {time}");
            }
        }
    }

    #[test]
    fn everything_but_none_begins_and_ends_unseen() {
        for name in &ALL[1..] {
            for time in [1.0, 5.0] {
                let motion = both(name, time);
                let unseen = motion.alpha == 0.0
                    || motion.typed == 0.0
                    || motion.uncovered == 0.0
                    || motion
                        .staggered
                        .iter()
                        .flatten()
                        .any(|stagger| stagger.at(0, 5).0 == 0.0);
                assert!(unseen, "{name} at {time}: {motion:?}");
            }
        }
        assert_eq!(both("none", 1.0), Motion::REST);
        assert_eq!(both("none", 5.0), Motion::REST);
    }

    #[test]
    fn a_fade_eases_out() {
        // e = 0.5: u = 1 - 0.125.
        close(both("fade", 1.25).alpha, 0.875);
        close(both("fade", 4.5).alpha, 0.875);
        close(both("fade", 4.75).alpha, 1.0 - 0.75f64.powi(3));
    }

    #[test]
    fn slides_go_on_in_their_direction() {
        // e = 0.5: (1 - u) font / 2 = 0.125 x 20.
        assert_eq!(both("slideUp", 1.25).offset, [0.0, 2.5]);
        assert_eq!(both("slideUp", 4.5).offset, [0.0, -2.5]);
        assert_eq!(both("slideDown", 1.25).offset, [0.0, -2.5]);
        assert_eq!(both("slideDown", 4.5).offset, [0.0, 2.5]);
        assert_eq!(both("slideLeft", 1.25).offset, [5.0, 0.0]);
        assert_eq!(both("slideLeft", 4.5).offset, [-5.0, 0.0]);
        assert_eq!(both("slideRight", 1.25).offset, [-5.0, 0.0]);
        close(both("slideUp", 1.25).alpha, 0.875);
        close(both("slideUp", 1.0).offset[1], 20.0);
    }

    #[test]
    fn a_pop_overshoots() {
        close(both("pop", 1.0).scale, 0.8);
        close(both("pop", 1.25).scale, 0.8 + 0.2 * 1.087_697_5);
        close(both("pop", 1.25).alpha, 0.875);
        close(both("zoom", 1.0).scale, 0.5);
        close(both("zoom", 1.25).scale, 0.5 + 0.5 * 0.875);
    }

    #[test]
    fn a_typewriter_rounds_up() {
        let typed = |time| both("typewriter", time).typed_of(15);
        assert_eq!(typed(1.0), 0);
        assert_eq!(typed(1.001), 1);
        assert_eq!(typed(1.1), 3, "15 x 0.2");
        assert_eq!(typed(1.25), 8, "7.5");
        assert_eq!(typed(1.5), 15);
        assert_eq!(typed(4.75), 4, "15 x 0.25 = 3.75");
        assert_eq!(both("fade", 1.0).typed_of(15), 15);
    }

    #[test]
    fn coming_and_going_combine() {
        let short = segment(&serde_json::json!({
            "end": 1.4, "animationIn": "slideUp", "animationOut": "typewriter", "animationOutDuration": 0.4
        }));
        // T = 1.2: e in = 0.4, u = 1 - 0.216 = 0.784; e out = 0.5.
        let motion = Motion::new(&short, 40.0, 1.2);
        close(motion.alpha, 0.784);
        close(motion.offset[1], 0.216 * 20.0);
        close(motion.typed, 0.5);
        let faded = segment(&serde_json::json!({ "end": 1.5, "animationOutDuration": 0.5 }));
        close(Motion::new(&faded, 40.0, 1.25).alpha, 0.875 * 0.875);
    }

    #[test]
    fn no_duration_is_at_once() {
        let sudden = segment(&serde_json::json!({
            "animationInDuration": 0, "animationOutDuration": -1
        }));
        for time in [1.0, 5.0] {
            assert_eq!(Motion::new(&sudden, 40.0, time), Motion::REST);
        }
    }

    #[test]
    fn words_come_one_after_the_other() {
        let stagger = both("words", 1.25).staggered[0].unwrap();
        assert_eq!(stagger.unit, Unit::Word);
        // Three words: each takes half the time; they begin at 0, 0.25 and 0.5 of it. At 0.5 the first is there, the
        // second half way (u = 0.875), the third begins.
        let at = |index| stagger.at(index, 3);
        close(at(0).0, 1.0);
        close(at(0).1, 0.0);
        close(at(1).0, 0.875);
        close(at(1).1, 0.125 * 10.0);
        close(at(2).0, 0.0);
        close(at(2).1, 10.0);
        assert!(
            both("words", 4.5).staggered[1].unwrap().at(1, 3).1 < 0.0,
            "they leave upwards"
        );
        close(stagger.at(0, 1).0, 0.875);
    }

    #[test]
    fn a_bounce_touches_the_ground_four_times() {
        for touch in [1.0 / 2.75, 2.0 / 2.75, 2.5 / 2.75, 1.0] {
            close(bounced(touch), 1.0);
        }
        close(bounced(0.0), 0.0);
        close(bounced(1.5 / 2.75), 0.75);
        close(bounced(2.25 / 2.75), 0.9375);
        close(both("bounce", 1.0).offset[1], -40.0);
    }

    #[test]
    fn tracking_closes_in() {
        close(both("tracking", 1.0).tracking, 16.0);
        close(both("tracking", 1.25).tracking, 2.0);
        close(both("wipe", 1.25).uncovered, 0.875);
    }
}
