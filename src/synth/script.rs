//! What happens on a made screen, and when: the same script moves the windows and the pointer.
//!
//! A cycle of 16 s, repeated: typing, rest, a page scrolls, rest, a terminal prints, rest. Recordings that are shorter than
//! a cycle play it faster, so that even the smallest fixture shows all of it.

/// Seconds of one cycle at pace 1.
const CYCLE: f64 = 16.0;
const TYPING: (f64, f64) = (0.3, 4.0);
const TO_BROWSER: f64 = 6.0;
const SCROLLING: (f64, f64) = (6.8, 9.0);
const TO_TERMINAL: f64 = 11.0;
const PRINTING: (f64, f64) = (11.4, 13.2);
const SECONDS_PER_CHARACTER: f64 = 0.09;
const SECONDS_PER_LINE: f64 = 0.12;

/// Which window is in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    Editor,
    Browser,
    Terminal,
}

/// State of the screen at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    pub front: Window,
    /// Characters typed so far.
    pub typed: usize,
    /// Scroll position of the page, 0..=1, up in every other cycle.
    pub scroll: f64,
    /// Lines that the terminal printed so far.
    pub printed: usize,
}

/// A press or release of the left button.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ButtonEvent {
    pub seconds: f64,
    pub down: bool,
}

/// Where the pointer is at one moment, fractions of the screen, and which image it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PointerState {
    pub x: f64,
    pub y: f64,
    pub over_text: bool,
}

/// The script of a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Script {
    pace: f64,
}

impl Script {
    /// For a recording of `seconds`.
    pub(super) fn new(seconds: f64) -> Self {
        Self {
            pace: (CYCLE / seconds).max(1.0),
        }
    }

    /// The screen at `seconds`.
    pub(super) fn moment(&self, seconds: f64) -> Moment {
        let (cycle, u) = self.place(seconds);
        let per_cycle = |(start, end): (f64, f64), each: f64| ((end - start) / each).floor() as usize;
        let so_far =
            |(start, end): (f64, f64), each: f64| ((u.clamp(start, end) - start) / each).floor() as usize;
        let way = smooth((u - SCROLLING.0) / (SCROLLING.1 - SCROLLING.0));
        Moment {
            front: match u {
                _ if u < TO_BROWSER => Window::Editor,
                _ if u < TO_TERMINAL => Window::Browser,
                _ => Window::Terminal,
            },
            typed: cycle * per_cycle(TYPING, SECONDS_PER_CHARACTER) + so_far(TYPING, SECONDS_PER_CHARACTER),
            scroll: if cycle % 2 == 0 { way } else { 1.0 - way },
            printed: cycle * per_cycle(PRINTING, SECONDS_PER_LINE) + so_far(PRINTING, SECONDS_PER_LINE),
        }
    }

    /// The pointer at `seconds`.
    pub(super) fn pointer(&self, seconds: f64) -> PointerState {
        // (time in the cycle, x, y): it rests where two neighbours have the same place.
        const WAY: [(f64, f64, f64); 11] = [
            (0.0, 0.62, 0.62),
            (0.1, 0.62, 0.62),
            (0.9, 0.27, 0.41),
            (4.6, 0.27, 0.41),
            (5.7, 0.74, 0.24),
            (6.4, 0.74, 0.24),
            (7.0, 0.70, 0.52),
            (9.4, 0.70, 0.52),
            (10.7, 0.42, 0.83),
            (13.8, 0.42, 0.83),
            (CYCLE, 0.62, 0.62),
        ];
        let (_, u) = self.place(seconds);
        let after = WAY
            .iter()
            .position(|&(time, ..)| time > u)
            .unwrap_or(WAY.len() - 1);
        let ((t0, x0, y0), (t1, x1, y1)) = (WAY[after - 1], WAY[after]);
        let way = smooth((u - t0) / (t1 - t0));
        // A hand moves in a slight arc.
        let bulge = 0.12 * (way * std::f64::consts::PI).sin();
        PointerState {
            x: x0 + (x1 - x0) * way - (y1 - y0) * bulge,
            y: y0 + (y1 - y0) * way + (x1 - x0) * bulge,
            over_text: (0.9..4.6).contains(&u),
        }
    }

    /// Presses and releases before `end` seconds, in time order: one where the text is, and one for every window that
    /// comes to the front.
    pub(super) fn buttons(&self, end: f64) -> Vec<ButtonEvent> {
        let mut events = Vec::new();
        for cycle in 0.. {
            let start = f64::from(cycle) * CYCLE;
            if start / self.pace >= end {
                break;
            }
            for u in [1.1, TO_BROWSER - 0.05, TO_TERMINAL - 0.05] {
                let down = (start + u) / self.pace;
                // A click takes 80 ms however fast the script runs.
                for (seconds, down) in [(down, true), (down + 0.08, false)] {
                    if seconds < end {
                        events.push(ButtonEvent { seconds, down });
                    }
                }
            }
        }
        events
    }

    /// (Number of the cycle, time in it at pace 1).
    fn place(&self, seconds: f64) -> (usize, f64) {
        let time = seconds.max(0.0) * self.pace;
        let cycle = (time / CYCLE).floor();
        (cycle as usize, time - cycle * CYCLE)
    }
}

/// Smoothstep of a clamped fraction.
fn smooth(v: f64) -> f64 {
    let v = v.clamp(0.0, 1.0);
    v * v * (3.0 - 2.0 * v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_recording_plays_the_whole_cycle() {
        let script = Script::new(4.0);
        assert_eq!(script.moment(0.0).front, Window::Editor);
        assert_eq!(script.moment(2.0).front, Window::Browser);
        assert_eq!(script.moment(3.9).front, Window::Terminal);
        assert_eq!(script.moment(3.9).typed, 41);
        assert_eq!(script.buttons(4.0).len(), 6);
    }

    #[test]
    fn counts_go_on_from_cycle_to_cycle() {
        let script = Script::new(600.0);
        let (first, second) = (script.moment(15.9), script.moment(16.0));
        assert_eq!(first.typed, second.typed);
        assert_eq!(first.printed, second.printed);
        assert_eq!(first.scroll, second.scroll);
    }

    #[test]
    fn the_pointer_is_continuous_and_stays_on_the_screen() {
        let script = Script::new(60.0);
        let mut last = script.pointer(0.0);
        for tick in 1..3600 {
            let state = script.pointer(f64::from(tick) / 60.0);
            assert!(
                (state.x - last.x).hypot(state.y - last.y) < 0.05,
                "jump at tick {tick}"
            );
            assert!((0.0..=1.0).contains(&state.x) && (0.0..=1.0).contains(&state.y));
            last = state;
        }
    }

    #[test]
    fn most_of_a_recording_is_still() {
        let script = Script::new(60.0);
        let changes = (1..1800)
            .filter(|&n| script.moment(f64::from(n) / 30.0) != script.moment(f64::from(n - 1) / 30.0));
        let share = changes.count() as f64 / 1800.0;
        assert!((0.1..0.4).contains(&share), "share of changed pictures {share}");
    }
}
