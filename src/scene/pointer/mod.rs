//! The pointer: where it is, how large, how visible, how tilted (cap-look.md 8).
//!
//! Everything that depends on a segment's events alone is worked out once ([`PointerTrack::new`]); a frame then asks for
//! the state at an event time.

mod clicks;
mod events;
mod filter;
pub(crate) mod hidden;
mod idle;
pub(crate) mod ripple;
mod simulation;
pub(crate) mod smear;

use std::ops::RangeInclusive;
use std::sync::Arc;

pub(crate) use events::checked as checked_events;

use self::clicks::Clicks;
use self::idle::IdleFade;
use self::simulation::{Simulation, Springs};
use super::error::{Checks, SceneError, finite};
use super::spring::SpringConstants;
use crate::cap::config::PointerConfig;
use crate::cap::events::{Move, PointerEvents};
use crate::time::EventTime;

/// How far the tilt looks back, ms (cap-look.md 8.6).
const TILT_WINDOW_MS: f64 = 400.0;
/// Largest tilt, degrees.
const TILT_RANGE: RangeInclusive<f64> = -20.0..=20.0;
/// Most simulation steps of one segment: 48 hours.
const MAX_STEPS: u64 = 48 * 3600 * 60;

/// Pointer settings with checked numbers.
#[derive(Clone, Debug)]
pub(crate) struct PointerRules {
    /// *size* as a factor.
    pub(crate) size: f64,
    /// Smoothing springs; `None` for raw positions.
    springs: Option<Springs>,
    /// Seconds of rest before fading, where it fades.
    idle_delay: Option<f64>,
    /// Degrees of tilt per unit of horizontal UV movement.
    tilt: f64,
    /// Radians.
    base_rotation: f64,
    /// Latest event time positions are read at, ms.
    freeze_ms: f64,
}

impl PointerRules {
    /// Reads `config` for an output of `duration` seconds in a requested box `box_width` pixels wide.
    pub(crate) fn new(
        config: &PointerConfig,
        duration: f64,
        box_width: u32,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let springs = if config.raw {
            None
        } else {
            let click = config.click_spring.map_or(Ok(Springs::CLICK), |spring| {
                SpringConstants::checked(
                    spring.tension,
                    spring.mass,
                    spring.friction,
                    [
                        "cursor.clickSpring.tension",
                        "cursor.clickSpring.mass",
                        "cursor.clickSpring.friction",
                    ],
                )
            })?;
            let normal = SpringConstants::checked(
                config.tension,
                config.mass,
                config.friction,
                ["cursor.tension", "cursor.mass", "cursor.friction"],
            )?;
            Some(Springs::new(normal, click))
        };
        let amount = checks.clamp("cursor.rotationAmount", config.rotation_amount, -1e6..=1e6)?;
        let idle_delay = finite("cursor.hideWhenIdleDelay", config.hide_when_idle_delay)?.max(0.5);
        let freeze_ms = match config.stop_movement_in_last_seconds {
            // Quirk 16: the limit is output time, what it limits is event time.
            Some(seconds) => {
                1000.0 * (duration - checks.clamp("cursor.stopMovementInLastSeconds", seconds, 0.0..=1e9)?)
            }
            None => f64::INFINITY,
        };
        Ok(Self {
            size: if config.size == 0 {
                1.0
            } else {
                f64::from(config.size) / 100.0
            },
            springs,
            idle_delay: config.hide_when_idle.then_some(idle_delay),
            tilt: f64::from(box_width) * 0.03 * amount,
            base_rotation: checks.clamp("cursor.baseRotation", config.base_rotation, -1e6..=1e6)?,
            freeze_ms,
        })
    }
}

/// Position and shape at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    /// Recorded UV.
    uv: [f64; 2],
    /// Position of the pointer image's id in [`Movement::shapes`].
    shape: u32,
}

/// A kept move: time in ms, position, shape.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sighting {
    time_ms: f64,
    uv: [f64; 2],
    shape: u32,
}

/// The pointer of one recording segment.
#[derive(Clone, Debug)]
pub(crate) struct PointerTrack {
    motion: Arc<Movement>,
    idle: Option<IdleFade>,
    tilt: f64,
    base_rotation: f64,
    freeze_ms: f64,
}

/// What of a pointer depends on its events and springs alone; pointers that differ in nothing else share it.
#[derive(Debug)]
struct Movement {
    springs: Option<Springs>,
    path: Path,
    shapes: Vec<String>,
    clicks: Clicks,
}

/// Where the pointer is at any time.
#[derive(Debug)]
enum Path {
    /// Jumps from move to move.
    Raw(Vec<Sighting>),
    /// Follows them on a spring.
    Smoothed(Simulation),
}

/// The pointer at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PointerState<'a> {
    /// Recorded UV of the hotspot.
    pub(crate) uv: [f64; 2],
    /// Id of its image.
    pub(crate) shape: &'a str,
    /// Factor of the click animation, 0.8..=1.
    pub(crate) click_scale: f64,
    /// 0..=1.
    pub(crate) opacity: f64,
    /// Radians, counter-clockwise.
    pub(crate) rotation: f64,
}

impl PointerTrack {
    /// Prepares checked `events` for times up to `until`; `None` without moves: then there is no pointer. `known` are
    /// pointers of the same events up to the same time: one that moves alike need not be simulated again.
    ///
    /// # Errors
    /// When there is more to simulate than is reasonable.
    pub(crate) fn new<'a>(
        events: &PointerEvents,
        rules: &PointerRules,
        until: EventTime,
        known: impl Iterator<Item = &'a Self>,
    ) -> Result<Option<Self>, SceneError> {
        let idle = || {
            rules
                .idle_delay
                .map(|delay| IdleFade::new(&events.moves, 1000.0 * delay))
        };
        let with = |motion| Self {
            motion,
            idle: idle(),
            tilt: rules.tilt,
            base_rotation: rules.base_rotation,
            freeze_ms: rules.freeze_ms,
        };
        let mut others: Vec<&Arc<Movement>> = Vec::new();
        for known in known {
            if known.motion.springs == rules.springs {
                return Ok(Some(with(Arc::clone(&known.motion))));
            }
            if !others.iter().any(|other| Arc::ptr_eq(other, &known.motion)) {
                others.push(&known.motion);
            }
        }
        let simulated = others.len() as u64 + 1;
        let (sightings, shapes) = sightings(&events.moves);
        let Some(last) = sightings.last() else {
            return Ok(None);
        };
        let until_ms = 1000.0 * until.secs();
        let steps = simulated.saturating_mul(Simulation::steps(last.time_ms, until_ms));
        if rules.springs.is_some() && steps > MAX_STEPS {
            return Err(SceneError::TooManySteps {
                what: "the pointer",
                steps,
                max: MAX_STEPS,
                remove: "the pointer events that lie days after the recording's start, or styles whose pointer has other springs",
            });
        }
        let path = match &rules.springs {
            None => Path::Raw(sightings),
            Some(springs) => {
                let kept = filter::decimated(&filter::without_shake(&sightings));
                Path::Smoothed(Simulation::new(&kept, &events.clicks, springs, until_ms))
            }
        };
        Ok(Some(with(Arc::new(Movement {
            springs: rules.springs,
            path,
            shapes,
            clicks: Clicks::new(&events.clicks),
        }))))
    }

    /// The pointer at `time`.
    pub(crate) fn at(&self, time: EventTime) -> PointerState<'_> {
        let now = 1000.0 * time.secs();
        let moved = now.min(self.freeze_ms);
        let place = self.place(moved);
        let before = self.place((moved - TILT_WINDOW_MS).max(0.0));
        let tilt = ((place.uv[0] - before.uv[0]) * self.tilt).clamp(*TILT_RANGE.start(), *TILT_RANGE.end());
        PointerState {
            uv: place.uv,
            shape: self
                .motion
                .shapes
                .get(place.shape as usize)
                .map_or("", String::as_str),
            click_scale: self.motion.clicks.scale(now),
            opacity: self.idle.as_ref().map_or(1.0, |idle| idle.opacity(now)),
            rotation: tilt.to_radians() + self.base_rotation,
        }
    }

    /// How far it moved in the `seconds` before `time`, recorded UV; not at all where its image changed (cap-look.md 8.7).
    pub(crate) fn moved(&self, time: EventTime, seconds: f64) -> [f64; 2] {
        let place = |time: f64| self.place((1000.0 * time).min(self.freeze_ms));
        let (now, before) = (place(time.secs()), place(time.secs() - seconds));
        if now.shape == before.shape {
            [now.uv[0] - before.uv[0], now.uv[1] - before.uv[1]]
        } else {
            [0.0; 2]
        }
    }

    /// Where it was at event time `time_ms`, recorded UV.
    pub(crate) fn uv_at(&self, time_ms: f64) -> [f64; 2] {
        self.place(time_ms.min(self.freeze_ms)).uv
    }

    fn place(&self, time_ms: f64) -> Place {
        match &self.motion.path {
            Path::Raw(sightings) => {
                let seen = sightings.partition_point(|s| s.time_ms <= time_ms);
                let Sighting { uv, shape, .. } = sightings[seen.saturating_sub(1)];
                Place { uv, shape }
            }
            Path::Smoothed(simulation) => simulation.at(time_ms),
        }
    }
}

/// Moves with their ids replaced by numbers, and the ids by number.
fn sightings(moves: &[Move]) -> (Vec<Sighting>, Vec<String>) {
    let mut shapes: Vec<String> = Vec::new();
    let mut numbers = std::collections::HashMap::new();
    let sightings = moves
        .iter()
        .map(|m| Sighting {
            time_ms: m.time_ms,
            uv: [m.x, m.y],
            shape: *numbers.entry(m.cursor_id.as_str()).or_insert_with(|| {
                shapes.push(m.cursor_id.clone());
                (shapes.len() - 1) as u32
            }),
        })
        .collect();
    (sightings, shapes)
}

#[cfg(test)]
mod tests;
