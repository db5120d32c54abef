//! Zoom of the screen card: targets followed by springs (cap-look.md 6.1-6.3).

use std::collections::BTreeMap;

use super::easing::lerp;
use super::error::{Checks, SceneError, finite};
use super::focus::{Clusters, FocusRule};
use super::samples::Samples;
use super::spring::{Motion, SpringConstants, SpringStep};
use super::timeline::{SegmentTime, Timeline};
use super::tree::Side;
use crate::cap::config::{ProjectConfig, ZoomMode, ZoomSegment};
use crate::cap::events::Move;
use crate::frame::Rect;
use crate::frame::Size;
use crate::time::{OutputTime, SourceTime};

mod tails;

pub(crate) use self::tails::Moved;
use self::tails::Tails;

/// Seconds between integration steps.
const STEP: f64 = 0.008;
/// An instant zoom snaps within this many seconds around it.
const SNAP_MARGIN: f64 = 0.1;
/// Up to this amount the centre jumps to its target instead of travelling there.
const PRE_AIM: f64 = 1.0005;
/// Most steps of all springs together: a minute or so of work, hundreds of hours of automatic zooms.
const MAX_STEPS: u64 = 400_000_000;

/// Zoom at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ZoomState {
    /// Scale of the card, at least 1.
    pub(crate) amount: f64,
    /// Point that stays: 0 flush left or top, 1 flush right or bottom.
    pub(crate) centre: [f64; 2],
    /// How far the camera overlay follows, 0..=1.
    pub(crate) activity: f64,
}

/// What of the screen zooms are worked out for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// Shown part, recorded pixels.
    pub(crate) crop: Rect,
    /// All of it.
    pub(crate) screen: Size,
    /// The state will be asked for up to this many seconds before a clip is shown.
    pub(crate) look_back: f64,
}

/// How many more steps may be integrated for a scene.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepsLeft(u64);

impl Default for StepsLeft {
    fn default() -> Self {
        Self(MAX_STEPS)
    }
}

/// Zoom over the whole output, per recording segment: automatic zooms follow each segment's own pointer.
#[derive(Clone, Debug)]
pub(crate) struct Zooms {
    tracks: Vec<Samples<Sample>>,
    /// Position in `tracks` by recording segment.
    by_segment: BTreeMap<usize, usize>,
    /// When springs snap: first and last moment, merged, in order.
    snaps: Vec<(f64, f64)>,
    /// The same for the outgoing side of transitions within a segment.
    outgoing: BTreeMap<usize, usize>,
    /// Frames that show the zoom of another one, by track; none where every frame shows its own.
    tails: Vec<Tails>,
}

/// State after a step; single precision as cap-look.md 6.5 has it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sample {
    amount: f32,
    centre: [f32; 2],
    activity: f32,
}

impl Zooms {
    /// Integrates the springs for every recording segment that a clip shows. `moves` gives a segment's pointer moves in
    /// time order.
    pub(crate) fn new<'a>(
        config: &ProjectConfig,
        timeline: &Timeline,
        view: View,
        moves: impl Fn(usize) -> &'a [Move],
        left: &mut StepsLeft,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let segments = sorted(config.timeline.as_ref().map_or(&[], |t| &t.zoom_segments), checks)?;
        if segments.is_empty() {
            return Ok(Self {
                tracks: Vec::new(),
                by_segment: BTreeMap::new(),
                snaps: Vec::new(),
                outgoing: BTreeMap::new(),
                tails: Vec::new(),
            });
        }
        let spring = config.screen_movement_spring;
        let spring = SpringConstants::checked(
            spring.stiffness,
            spring.mass,
            spring.damping,
            [
                "screenMovementSpring.stiffness",
                "screenMovementSpring.mass",
                "screenMovementSpring.damping",
            ],
        )?;
        let snaps = snaps(&segments);
        let plan = Plan {
            segments,
            step: SpringStep::new(spring, STEP),
            duration: timeline.duration(),
            crop: view.crop,
            screen: view.screen,
            slack: view.look_back + 4.0 * STEP,
        };
        let mut shown: Vec<usize> = timeline.clips().iter().map(|clip| clip.segment).collect();
        shown.sort_unstable();
        shown.dedup();

        if !plan.segments.iter().any(|segment| segment.mode == ZoomMode::Auto) {
            let track = plan.integrate(&mut |_, _, _| [0.5, 0.5], |_| true);
            return Ok(Self {
                tracks: vec![track],
                by_segment: shown.into_iter().map(|segment| (segment, 0)).collect(),
                snaps,
                outgoing: BTreeMap::new(),
                tails: Vec::new(),
            });
        }
        let joined = timeline.joined_to_themselves();
        let steps = plan.steps().saturating_mul((shown.len() + joined.len()) as u64);
        left.0 = left.0.checked_sub(steps).ok_or(SceneError::TooManySteps {
            what: "automatic zooms",
            steps,
            max: left.0,
            remove: "automatic zooms, or styles whose crop differs",
        })?;
        let sides = shown.iter().map(|&segment| (segment, Side::Incoming));
        let tracks = sides
            .chain(joined.iter().map(|&segment| (segment, Side::Outgoing)))
            .map(|(segment, side)| plan.integrate_for(&timeline.of_segment(segment, side), moves(segment)))
            .collect();
        Ok(Self {
            tracks,
            outgoing: joined.into_iter().zip(shown.len()..).collect(),
            by_segment: shown.into_iter().zip(0..).collect(),
            snaps,
            tails: Vec::new(),
        })
    }

    /// Whether any of the zooms of `list` depends on which part of the screen is shown.
    pub(crate) fn follow_the_crop(list: &[ZoomSegment]) -> bool {
        list.iter().any(|segment| segment.mode == ZoomMode::Auto)
    }

    /// Zoom at `time` while a clip of `segment` is shown on `side`; linear between the two steps around it.
    pub(crate) fn at(&self, segment: usize, side: Side, time: OutputTime) -> ZoomState {
        match self.track(segment, side) {
            Some(track) => state(&self.tracks[track], time),
            None => ZoomState {
                amount: 1.0,
                centre: [0.5, 0.5],
                activity: 0.0,
            },
        }
    }

    /// Position in `tracks`.
    fn track(&self, segment: usize, side: Side) -> Option<usize> {
        let outgoing = self.outgoing.get(&segment).filter(|_| side == Side::Outgoing);
        outgoing.or_else(|| self.by_segment.get(&segment)).copied()
    }

    /// Whether springs snap at any moment from `from` to `to`: then nothing moved from the one to the other.
    pub(crate) fn snaps_between(&self, from: OutputTime, to: OutputTime) -> bool {
        let over = self.snaps.partition_point(|(_, last)| *last < from.secs());
        self.snaps.get(over).is_some_and(|(first, _)| *first <= to.secs())
    }

    #[cfg(test)]
    fn kept_samples(&self) -> usize {
        self.tracks.iter().map(Samples::kept).sum()
    }
}

/// A zoom with checked numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Segment {
    start: f64,
    end: f64,
    amount: f64,
    mode: ZoomMode,
    instant: bool,
    edge_snap: f64,
}

fn sorted(segments: &[ZoomSegment], checks: &mut Checks) -> Result<Vec<Segment>, SceneError> {
    let mut checked = Vec::with_capacity(segments.len());
    for (index, segment) in segments.iter().enumerate() {
        let key = |name: &str| format!("timeline.zoomSegments[{index}].{name}");
        let mode = match segment.mode {
            ZoomMode::Auto => ZoomMode::Auto,
            ZoomMode::Manual(mut centre) => {
                centre.x = checks.clamp(&key("mode.manual.x"), centre.x, 0.0..=1.0)?;
                centre.y = checks.clamp(&key("mode.manual.y"), centre.y, 0.0..=1.0)?;
                ZoomMode::Manual(centre)
            }
        };
        checked.push(Segment {
            start: finite(&key("start"), segment.start)?,
            end: finite(&key("end"), segment.end)?,
            // Beyond this a screen pixel fills the output.
            amount: checks.clamp(
                &key("amount"),
                finite(&key("amount"), segment.amount)?.max(1.0),
                1.0..=10_000.0,
            )?,
            mode,
            instant: segment.instant_animation,
            edge_snap: finite(&key("edgeSnapRatio"), segment.edge_snap_ratio)?,
        });
    }
    checked.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.end.total_cmp(&b.end)));
    Ok(checked)
}

/// When springs snap, of zooms sorted by start.
fn snaps(segments: &[Segment]) -> Vec<(f64, f64)> {
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for segment in segments.iter().filter(|segment| segment.instant) {
        let (first, last) = (segment.start - SNAP_MARGIN, segment.end + SNAP_MARGIN);
        match merged.last_mut() {
            Some(before) if first <= before.1 => before.1 = before.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}

/// Everything one integration needs beside the pointer.
#[derive(Debug)]
struct Plan {
    segments: Vec<Segment>,
    step: SpringStep,
    duration: f64,
    crop: Rect,
    screen: Size,
    /// States are kept within so many seconds of a clip.
    slack: f64,
}

/// Which zoom is active and whether springs snap; changes only at a boundary.
#[derive(Clone, Copy, Debug, Default)]
struct Situation {
    active: Option<usize>,
    snap: bool,
}

impl Plan {
    fn steps(&self) -> u64 {
        // One more than needed, so that the last frame has a sample on either side.
        (self.duration / STEP).ceil() as u64 + 1
    }

    /// Moments around which [`Self::situation`] changes, sorted.
    fn boundaries(&self) -> Vec<f64> {
        let mut boundaries: Vec<f64> = self
            .segments
            .iter()
            .flat_map(|s| {
                let margin = if s.instant { SNAP_MARGIN } else { 0.0 };
                [s.start - margin, s.start, s.end, s.end + margin]
            })
            .collect();
        boundaries.sort_by(f64::total_cmp);
        boundaries.dedup();
        boundaries
    }

    fn situation(&self, time: f64) -> Situation {
        Situation {
            active: self.segments.iter().position(|s| s.start < time && time <= s.end),
            snap: self
                .segments
                .iter()
                .any(|s| s.instant && s.start - SNAP_MARGIN <= time && time <= s.end + SNAP_MARGIN),
        }
    }

    /// The track of one recording segment, kept where one of its clips is shown.
    fn integrate_for(&self, segment: &SegmentTime<'_>, moves: &[Move]) -> Samples<Sample> {
        let mut clusters: Option<(usize, Clusters)> = None;
        let mut focus = |index: usize, zoom: &Segment, time: f64| {
            // Quirk 4: move times are compared with source times, ignoring the alignment of the events.
            let ms = |source: SourceTime| 1000.0 * source.secs();
            if clusters.as_ref().is_none_or(|(of, _)| *of != index) {
                let rule = FocusRule {
                    amount: zoom.amount,
                    edge_snap: zoom.edge_snap,
                    crop: self.crop,
                    screen: self.screen,
                };
                let from = ms(segment.source_at(OutputTime::from_secs(zoom.start)));
                let to = ms(segment.source_at(OutputTime::from_secs(zoom.end)));
                clusters = Some((index, Clusters::new(moves, from, to, &rule)));
            }
            let now = ms(segment.source_at(OutputTime::from_secs(time)));
            clusters
                .as_ref()
                .map_or([0.5, 0.5], |(_, clusters)| clusters.centre_at(now))
        };
        self.integrate(&mut focus, |time| {
            segment.shown_near(OutputTime::from_secs(time), self.slack)
        })
    }

    /// Integrates from time 0. `focus` answers for an automatic zoom (its index, itself, the time), `keep` says at which
    /// times the state will be asked for.
    fn integrate(
        &self,
        focus: &mut impl FnMut(usize, &Segment, f64) -> [f64; 2],
        keep: impl Fn(f64) -> bool,
    ) -> Samples<Sample> {
        let boundaries = self.boundaries();
        let mut last_centre = [0.5, 0.5];
        let mut targets = |situation: Situation, time: f64| match situation.active {
            Some(index) => {
                let zoom = &self.segments[index];
                last_centre = match zoom.mode {
                    ZoomMode::Manual(centre) => [centre.x, centre.y],
                    ZoomMode::Auto => focus(index, zoom, time),
                };
                (last_centre, [zoom.amount, 1.0])
            }
            None => (last_centre, [1.0, 0.0]),
        };

        let mut situation = self.situation(0.0);
        let (centre_target, amount_target) = targets(situation, 0.0);
        let mut centre = Motion::resting(centre_target);
        let mut amount = Motion::resting(amount_target);
        let mut samples = Samples::new(sample(&centre, &amount));

        let steps = self.steps();
        let mut passed = 0;
        let mut step = 0;
        loop {
            step += 1;
            let mut time = step as f64 * STEP;
            let settled = situation
                .active
                .is_none_or(|i| self.segments[i].mode != ZoomMode::Auto)
                && boundaries.get(passed).is_none_or(|&b| b > time);
            if settled {
                let (centre_target, amount_target) = targets(situation, time);
                if centre.rests_on(centre_target) && amount.rests_on(amount_target) {
                    // Nothing moves before the next boundary.
                    let until = boundaries
                        .get(passed)
                        .map_or(steps, |b| (b / STEP).floor() as u64);
                    step = step.max(until);
                    time = step as f64 * STEP;
                }
            }
            if step > steps {
                return samples;
            }
            if boundaries.get(passed).is_some_and(|&b| b <= time) {
                // A boundary that is hit exactly changes things before or after it: it stays until it is passed.
                passed += boundaries[passed..].partition_point(|&b| b < time);
                situation = self.situation(time);
            }

            let (centre_target, amount_target) = targets(situation, time);
            if situation.snap {
                centre = Motion::resting(centre_target);
                amount = Motion::resting(amount_target);
            } else {
                if amount.position[0] <= PRE_AIM {
                    centre = Motion::resting(centre_target);
                }
                self.step.advance(&mut centre, centre_target);
                self.step.advance(&mut amount, amount_target);
            }
            if amount.position[0] < 1.0 {
                amount.position[0] = 1.0;
                amount.velocity[0] = 0.0;
            }
            if keep(time) {
                samples.push(step, sample(&centre, &amount));
            }
        }
    }
}

/// The zoom at `time`, linear between the two steps around it.
fn state(track: &Samples<Sample>, time: OutputTime) -> ZoomState {
    let position = (time.secs() / STEP).max(0.0);
    let step = position.floor();
    let (a, b) = (track.at(step as u64), track.at(step as u64 + 1));
    let between = |a: f32, b: f32| lerp(f64::from(a), f64::from(b), position - step);
    ZoomState {
        amount: between(a.amount, b.amount),
        centre: [
            between(a.centre[0], b.centre[0]),
            between(a.centre[1], b.centre[1]),
        ],
        activity: between(a.activity, b.activity),
    }
}

fn sample(centre: &Motion, amount: &Motion) -> Sample {
    Sample {
        amount: amount.position[0] as f32,
        centre: centre.position.map(|v| v.clamp(0.0, 1.0) as f32),
        activity: amount.position[1].clamp(0.0, 1.0) as f32,
    }
}

#[cfg(test)]
mod tests;
