//! The smoothed pointer: a spring that follows the moves, simulated at 60 Hz (cap-look.md 8.2 c, d).

use super::{Place, Sighting};
use crate::cap::events::Click;
use crate::scene::easing::lerp;
use crate::scene::samples::Samples;
use crate::scene::spring::{Motion, SpringConstants, SpringStep};

/// Milliseconds between steps.
const STEP_MS: f64 = 1000.0 / 60.0;
/// Gaps between moves longer than this are rests, ms.
const REST_MS: f64 = 4.0 * STEP_MS;
/// The spring stiffens this long ahead of a click, ms.
const SNAPPY_MS: f64 = 175.0;
/// The pointer aims at a click this long ahead, ms.
const AIM_MS: f64 = 500.0;
/// The simulation goes on this long after the last move, ms.
const TAIL_MS: f64 = 300.0;
/// Part of the way the lead goes to that of the current spring in a step.
const LEAD_RATE: f64 = 0.12;
/// Button that counts as primary (quirk 5: recorders mostly number it 1).
const PRIMARY: u8 = 0;

/// A spring and the lead that makes up for its lag.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Profile {
    step: SpringStep,
    lead_ms: f64,
}

impl Profile {
    fn new(constants: SpringConstants) -> Self {
        Self {
            step: SpringStep::new(constants, STEP_MS / 1000.0),
            lead_ms: 1000.0 * constants.friction / constants.tension,
        }
    }
}

/// The three springs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Springs {
    normal: Profile,
    snappy: Profile,
    drag: Profile,
}

impl Springs {
    /// Around clicks where *clickSpring* is null.
    pub(super) const CLICK: SpringConstants = SpringConstants {
        tension: 530.0,
        mass: 1.0,
        friction: 40.0,
    };
    /// While the primary button is down.
    const DRAG: SpringConstants = SpringConstants {
        tension: 1000.0,
        mass: 1.0,
        friction: 40.0,
    };

    pub(super) fn new(normal: SpringConstants, click: SpringConstants) -> Self {
        Self {
            normal: Profile::new(normal),
            snappy: Profile::new(click),
            drag: Profile::new(Self::DRAG),
        }
    }
}

/// State after a step.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sample {
    uv: [f32; 2],
    shape: u32,
}

/// Positions at every step.
#[derive(Clone, Debug)]
pub(super) struct Simulation {
    samples: Samples<Sample>,
    last_step: u64,
}

impl Simulation {
    /// Simulates filtered `moves`, of which there is at least one, up to `until_ms` or until nothing moves any more.
    pub(super) fn new(moves: &[Sighting], clicks: &[Click], springs: &Springs, until_ms: f64) -> Self {
        let (first, last) = (moves[0], moves[moves.len() - 1]);
        let mut motion = Motion::resting(first.uv);
        let mut lead = springs.normal.lead_ms;
        let mut samples = Samples::new(sample(&motion, first.shape));
        let mut primary_down = false;
        let mut passed = 0;

        let last_step = Self::steps(last.time_ms, until_ms);
        for step in 1..=last_step {
            let now = step as f64 * STEP_MS;
            while let Some(click) = clicks.get(passed).filter(|click| click.time_ms <= now) {
                if click.cursor_num == PRIMARY {
                    primary_down = click.down;
                }
                passed += 1;
            }
            let ahead = clicks.get(passed).map(|click| click.time_ms);
            let profile = if ahead.is_some_and(|time| time - now <= SNAPPY_MS) {
                &springs.snappy
            } else if primary_down {
                &springs.drag
            } else {
                &springs.normal
            };
            lead += (profile.lead_ms - lead) * LEAD_RATE;
            let seen = now.min(last.time_ms);
            let target = match ahead {
                Some(time) if time - now <= AIM_MS => recorded(moves, time),
                _ => recorded(moves, (seen + lead).min(last.time_ms)),
            };
            profile.step.advance(&mut motion, target);
            let shape = moves[moves.partition_point(|m| m.time_ms <= seen).saturating_sub(1)].shape;
            samples.push(step, sample(&motion, shape));
        }
        Self { samples, last_step }
    }

    /// Number of the last step: at or after the end of the tail, or of the last time asked for.
    pub(super) fn steps(last_move_ms: f64, until_ms: f64) -> u64 {
        let end_ms = (last_move_ms + TAIL_MS).min(until_ms + STEP_MS).max(0.0);
        (end_ms / STEP_MS).ceil() as u64
    }

    /// Position at `time_ms`, linear between steps; the shape is the earlier step's.
    pub(super) fn at(&self, time_ms: f64) -> Place {
        let position = (time_ms / STEP_MS).clamp(0.0, self.last_step as f64);
        let step = position.floor();
        let (a, b) = (self.samples.at(step as u64), self.samples.at(step as u64 + 1));
        let between = |axis: usize| lerp(f64::from(a.uv[axis]), f64::from(b.uv[axis]), position - step);
        Place {
            uv: [between(0), between(1)],
            shape: a.shape,
        }
    }
}

/// Recorded position: linear between moves, held over gaps in which the pointer rested.
fn recorded(moves: &[Sighting], time_ms: f64) -> [f64; 2] {
    let passed = moves.partition_point(|m| m.time_ms <= time_ms);
    let Some(from) = passed.checked_sub(1).map(|index| moves[index]) else {
        return moves[0].uv;
    };
    let Some(to) = moves.get(passed) else {
        return from.uv;
    };
    let gap = to.time_ms - from.time_ms;
    if gap > REST_MS {
        return from.uv;
    }
    let part = (time_ms - from.time_ms) / gap;
    [lerp(from.uv[0], to.uv[0], part), lerp(from.uv[1], to.uv[1], part)]
}

fn sample(motion: &Motion, shape: u32) -> Sample {
    Sample {
        uv: motion.position.map(|v| v as f32),
        shape,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sightings(list: &[(f64, f64)]) -> Vec<Sighting> {
        list.iter()
            .map(|&(time_ms, x)| Sighting {
                time_ms,
                uv: [x, 0.5],
                shape: 0,
            })
            .collect()
    }

    fn springs() -> Springs {
        let mellow = SpringConstants {
            tension: 470.0,
            mass: 3.0,
            friction: 70.0,
        };
        Springs::new(mellow, Springs::CLICK)
    }

    fn click(time_ms: f64, cursor_num: u8, down: bool) -> Click {
        Click {
            cursor_id: "0".into(),
            cursor_num,
            time_ms,
            down,
        }
    }

    fn glide() -> Vec<Sighting> {
        let mut list = vec![(0.0, 0.2)];
        list.extend((0..=10).map(|i| (500.0 + 20.0 * f64::from(i), 0.2 + 0.04 * f64::from(i))));
        sightings(&list)
    }

    #[test]
    fn mellow_without_clicks() {
        // cap-look.md 24
        let simulation = Simulation::new(&glide(), &[], &springs(), 1e9);
        for (time, x) in [
            (300.0, 0.2000),
            (400.0, 0.2070),
            (500.0, 0.2866),
            (550.0, 0.3557),
            (600.0, 0.4303),
            (650.0, 0.4915),
            (700.0, 0.5349),
            (800.0, 0.5800),
            (1000.0, 0.5992),
        ] {
            let at = simulation.at(time).uv[0];
            assert!((at - x).abs() < 1e-4, "{time}: {at}");
        }
    }

    #[test]
    fn spring_lags() {
        // cap-look.md 8.2: mellow 148.9, click 75.5, drag 40
        let springs = springs();
        assert!((springs.normal.lead_ms - 148.9).abs() < 0.05);
        assert!((springs.snappy.lead_ms - 75.5).abs() < 0.05);
        assert_eq!(springs.drag.lead_ms, 40.0);
    }

    #[test]
    fn a_click_is_aimed_at() {
        // The pointer is at 0.4 at the click and hurries on; without the click the lead makes it hurry too early.
        let moves = sightings(&[(0.0, 0.2), (280.0, 0.2), (300.0, 0.4), (320.0, 0.8), (340.0, 0.9)]);
        let simulation = Simulation::new(&moves, &[click(300.0, 1, true)], &springs(), 1e9);
        let without = Simulation::new(&moves, &[], &springs(), 1e9);
        let (near, far) = (simulation.at(290.0).uv[0], without.at(290.0).uv[0]);
        assert!((near - 0.4).abs() < 0.02, "{near}");
        assert!((far - 0.4).abs() > 0.02, "{far}");
    }

    #[test]
    fn only_button_zero_drags() {
        let track = |button| {
            let clicks = [click(100.0, button, true)];
            Simulation::new(&glide(), &clicks, &springs(), 1e9).at(640.0).uv[0]
        };
        let free = Simulation::new(&glide(), &[click(100.0, 1, false)], &springs(), 1e9)
            .at(640.0)
            .uv[0];
        assert_eq!(track(1), free);
        assert_ne!(track(0), free);
    }

    #[test]
    fn gaps_hold_the_earlier_position() {
        let moves = sightings(&[(0.0, 0.0), (60.0, 0.6), (200.0, 1.0)]);
        assert_eq!(recorded(&moves, -5.0)[0], 0.0);
        assert!((recorded(&moves, 30.0)[0] - 0.3).abs() < 1e-12);
        assert_eq!(recorded(&moves, 199.0)[0], 0.6);
        assert_eq!(recorded(&moves, 200.0)[0], 1.0);
    }

    #[test]
    fn a_resting_pointer_keeps_no_samples_and_does_not_change() {
        let moves = sightings(&[(0.0, 0.2), (3_600_000.0, 0.21)]);
        let simulation = Simulation::new(&moves, &[], &springs(), 1e9);
        assert!(simulation.samples.kept() < 200, "{}", simulation.samples.kept());
        assert_eq!(simulation.at(1000.0), simulation.at(3_000_000.123));
        assert_eq!(simulation.at(1e12), simulation.at(1e13));
    }

    #[test]
    fn nothing_is_simulated_past_the_last_time_asked_for() {
        let moves = sightings(&[(0.0, 0.2), (1e15, 0.21)]);
        assert!(Simulation::new(&moves, &[], &springs(), 1000.0).last_step < 100);
    }
}
