//! Which layout of screen and camera is in effect, and how far one has turned into the next (cap-look.md 10.1, 10.2).

use super::easing::{Bezier, lerp};
use super::error::{Checks, SceneError, finite};
use super::intervals::FirstAt;
use crate::cap::config::{SceneMode, SceneSegment, SplitLayout, Xy};

/// Segments of one mode that lie closer than this many seconds are one.
const BRIDGED_GAP: f64 = 0.5;
/// Segments that lie no farther apart than this many seconds turn into each other, without the default between.
const TOUCHING: f64 = 0.01;
/// Shortest transition, seconds.
const SHORTEST: f64 = 1e-4;
/// Longest transition, seconds: as long as an output may be.
const LONGEST: f64 = super::error::MAX_DURATION;
/// Scale of the full-frame camera where it comes and goes.
const FULL_CAMERA_ZOOM: f64 = 1.1;

/// The scene segments of a recording.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Modes {
    segments: Vec<Segment>,
    current: FirstAt,
    /// Positions by rising start, and for each the least position among it and all that follow.
    next: Vec<(f64, usize)>,
    /// Positions by rising end, and for each the greatest position among it and all before.
    previous: Vec<(f64, usize)>,
    /// The segment that gives the pane settings, in `split`.
    panes: FirstAt,
    split: Vec<Pane>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Segment {
    start: f64,
    end: f64,
    mode: SceneMode,
    transition_in: f64,
    transition_out: f64,
}

/// Pane settings of a split layout (cap-look.md 10.3), checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pane {
    /// Factor by which the crop of the screen is tighter.
    pub(crate) screen_zoom: f64,
    /// Focal point of the screen, fractions.
    pub(crate) screen_position: [f64; 2],
    /// Factor by which the crop of the camera is tighter.
    pub(crate) camera_zoom: f64,
    /// Focal point of the camera, fractions.
    pub(crate) camera_position: [f64; 2],
}

impl Default for Pane {
    fn default() -> Self {
        Self {
            screen_zoom: 1.0,
            screen_position: [0.5; 2],
            camera_zoom: 1.0,
            camera_position: [0.5; 2],
        }
    }
}

impl Pane {
    fn checked(layout: &SplitLayout, key: &str, checks: &mut Checks) -> Result<Self, SceneError> {
        let mut zoom = |name: &str, zoom| checks.clamp(&format!("{key}.{name}"), zoom, 0.01..=1000.0);
        let (screen_zoom, camera_zoom) = (
            zoom("screenZoom", layout.screen_zoom)?,
            zoom("cameraZoom", layout.camera_zoom)?,
        );
        let mut position = |name: &str, position: Xy| {
            Ok::<_, SceneError>([
                checks.clamp(&format!("{key}.{name}.x"), position.x, 0.0..=1.0)?,
                checks.clamp(&format!("{key}.{name}.y"), position.y, 0.0..=1.0)?,
            ])
        };
        Ok(Self {
            screen_zoom,
            screen_position: position("screenPosition", layout.screen_position)?,
            camera_zoom,
            camera_position: position("cameraPosition", layout.camera_position)?,
        })
    }
}

/// A mode that turns into another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ModeState {
    /// Where from.
    pub(crate) from: SceneMode,
    /// Where to; the same when nothing moves.
    pub(crate) to: SceneMode,
    /// g: 0 is `from`, 1 is `to`.
    pub(crate) progress: f64,
}

/// What a mode state makes of screen and camera (cap-look.md 10.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ModeValues {
    /// Opacity of the camera overlay, 0..=1.
    pub(crate) overlay_opacity: f64,
    /// Opacity of the camera that fills the frame, 0..=1.
    pub(crate) full_opacity: f64,
    /// Scale of the camera that fills the frame, 1..=1.1.
    pub(crate) full_zoom: f64,
    /// How blurred the camera that fills the frame is, 0..=1.
    pub(crate) full_blur: f64,
    /// How blurred the screen is, 0..=1.
    pub(crate) screen_blur: f64,
    /// phi: how far screen and camera stand in their panes, 0..=1.
    pub(crate) split: f64,
    /// psi: how far the panes are floating cards, 0..=1.
    pub(crate) floating: f64,
}

impl Modes {
    /// Checks `list`, `timeline.sceneSegments` of the configuration.
    ///
    /// # Errors
    /// When a number is not finite.
    pub(crate) fn new(list: &[SceneSegment], checks: &mut Checks) -> Result<Self, SceneError> {
        let mut segments = Vec::with_capacity(list.len());
        let mut split = Vec::new();
        let mut panes = Vec::new();
        let mut empty = 0;
        for (index, segment) in list.iter().enumerate() {
            let key = format!("timeline.sceneSegments[{index}]");
            let (start, end) = (
                finite(&format!("{key}.start"), segment.start)?,
                finite(&format!("{key}.end"), segment.end)?,
            );
            let mut seconds =
                |name: &str, seconds| checks.clamp(&format!("{key}.{name}"), seconds, 0.0..=LONGEST);
            let transition_in = seconds("transitionIn", segment.transition_in)?;
            let transition_out = seconds("transitionOut", segment.transition_out)?;
            let layout = segment.split_layout.as_ref();
            let pane = layout.map(|layout| Pane::checked(layout, &format!("{key}.splitLayout"), checks));
            let pane = pane.transpose()?.unwrap_or_default();
            if end <= start {
                empty += 1;
                continue;
            }
            if is_split(segment.mode) {
                panes.push((start - transition_in, end + transition_out));
                split.push(pane);
            }
            segments.push(Segment {
                start,
                end,
                mode: segment.mode,
                transition_in,
                transition_out,
            });
        }
        if empty > 0 {
            checks.warnings.push(format!(
                "{empty} of `timeline.sceneSegments` end before they start and are left out"
            ));
        }
        let mut next: Vec<(f64, usize)> = segments.iter().map(|s| s.start).zip(0..).collect();
        next.sort_by(|a, b| a.0.total_cmp(&b.0));
        for index in (1..next.len()).rev() {
            next[index - 1].1 = next[index - 1].1.min(next[index].1);
        }
        let mut previous: Vec<(f64, usize)> = segments.iter().map(|s| s.end).zip(0..).collect();
        previous.sort_by(|a, b| a.0.total_cmp(&b.0));
        for index in 1..previous.len() {
            previous[index].1 = previous[index].1.max(previous[index - 1].1);
        }
        Ok(Self {
            current: FirstAt::new(segments.iter().map(|segment| (segment.start, segment.end))),
            segments,
            next,
            previous,
            panes: FirstAt::new(panes),
            split,
        })
    }

    /// The mode state at output time `time`, seconds.
    pub(crate) fn at(&self, time: f64) -> ModeState {
        let next = self.next_after(time);
        let steady = |mode| ModeState {
            from: mode,
            to: mode,
            progress: 1.0,
        };
        if let Some(segment) = self.current.at(time).map(|index| self.segments[index]) {
            let begin = segment.end - segment.transition_out;
            if time < begin {
                return steady(segment.mode);
            }
            let gap = next.map(|next| next.start - segment.end);
            let bridged = gap.is_some_and(|gap| gap < BRIDGED_GAP);
            if bridged && next.is_some_and(|next| next.mode == segment.mode) {
                return steady(segment.mode);
            }
            let touching = next.filter(|_| gap.is_some_and(|gap| gap <= TOUCHING));
            return ModeState {
                from: segment.mode,
                to: touching.map_or(SceneMode::Default, |next| next.mode),
                progress: progress(time - begin, segment.transition_out),
            };
        }
        let Some(next) = next else {
            return steady(SceneMode::Default);
        };
        let previous = self.previous_before(time);
        let gap = previous.map(|previous| next.start - previous.end);
        if let Some(previous) = previous.filter(|previous| previous.mode == next.mode)
            && gap.is_some_and(|gap| gap < BRIDGED_GAP)
        {
            return steady(previous.mode);
        }
        let begin = next.start - next.transition_in;
        if time < begin {
            return steady(SceneMode::Default);
        }
        let touching = previous.filter(|_| gap.is_some_and(|gap| gap <= TOUCHING));
        ModeState {
            from: touching.map_or(SceneMode::Default, |previous| previous.mode),
            to: next.mode,
            progress: progress(time - begin, next.transition_in),
        }
    }

    /// Pane settings at output time `time`, seconds.
    pub(crate) fn pane(&self, time: f64) -> Pane {
        self.panes
            .at(time)
            .map_or_else(Pane::default, |index| self.split[index])
    }

    /// The first segment of the list that starts after `time`.
    fn next_after(&self, time: f64) -> Option<Segment> {
        let begun = self.next.partition_point(|(start, _)| *start <= time);
        self.next.get(begun).map(|&(_, index)| self.segments[index])
    }

    /// The last segment of the list that is over at `time`.
    fn previous_before(&self, time: f64) -> Option<Segment> {
        let over = self.previous.partition_point(|(end, _)| *end <= time);
        let last = self.previous[..over].last();
        last.map(|&(_, index)| self.segments[index])
    }
}

fn progress(passed: f64, transition: f64) -> f64 {
    Bezier::SCENE.at((passed / transition.max(SHORTEST)).min(1.0))
}

const fn is_split(mode: SceneMode) -> bool {
    matches!(mode, SceneMode::SplitScreen | SceneMode::Floating)
}

impl ModeState {
    /// What it makes of screen and camera.
    pub(crate) fn values(&self) -> ModeValues {
        let g = self.progress;
        // How far a state is one of the modes that `is` names: all of it, coming, going, or not at all.
        let share = |is: fn(SceneMode) -> bool| match (is(self.from), is(self.to)) {
            (true, true) => 1.0,
            (false, true) => g,
            (true, false) => 1.0 - g,
            (false, false) => 0.0,
        };
        let shown = |mode| if mode == SceneMode::HideCamera { 0.0 } else { 1.0 };
        let alone = |mode| mode == SceneMode::CameraOnly;
        let full = share(alone);
        let moving = alone(self.from) != alone(self.to);
        let beside_full = match (alone(self.from), alone(self.to)) {
            (true, true) => 0.0,
            (false, true) => (1.0 - 1.5 * g).max(0.0),
            (true, false) => (1.5 * g).min(1.0),
            (false, false) => 1.0,
        };
        ModeValues {
            overlay_opacity: lerp(shown(self.from), shown(self.to), g) * beside_full,
            full_opacity: full,
            full_zoom: if moving {
                lerp(FULL_CAMERA_ZOOM, 1.0, full)
            } else {
                1.0
            },
            full_blur: if moving { 1.0 - full } else { 0.0 },
            screen_blur: if moving { full } else { 0.0 },
            split: share(is_split),
            floating: share(|mode| mode == SceneMode::Floating),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SceneMode::{CameraOnly, Default as Plain, Floating, HideCamera, SplitScreen};
    use proptest::prelude::*;

    fn segment(start: f64, end: f64, mode: SceneMode) -> SceneSegment {
        SceneSegment {
            start,
            end,
            mode,
            split_layout: None,
            transition_in: 0.4,
            transition_out: 0.2,
        }
    }

    fn modes(list: &[SceneSegment]) -> Modes {
        Modes::new(list, &mut Checks::default()).unwrap()
    }

    fn state(modes: &Modes, time: f64) -> (SceneMode, SceneMode, f64) {
        let state = modes.at(time);
        (state.from, state.to, (state.progress * 1e4).round() / 1e4)
    }

    #[test]
    fn entering_ends_at_the_start_and_leaving_at_the_end() {
        let modes = modes(&[segment(1.0, 3.0, Floating)]);
        assert_eq!(state(&modes, 0.59), (Plain, Plain, 1.0));
        assert_eq!(state(&modes, 0.6), (Plain, Floating, 0.0));
        // B(0.25), B(0.5), B(0.75) of cap-look.md 24
        assert_eq!(state(&modes, 0.7), (Plain, Floating, 0.1292));
        assert_eq!(state(&modes, 0.8), (Plain, Floating, 0.5));
        assert_eq!(state(&modes, 1.0), (Floating, Floating, 1.0));
        assert_eq!(state(&modes, 2.79), (Floating, Floating, 1.0));
        assert_eq!(state(&modes, 2.95), (Floating, Plain, 0.8708));
        assert_eq!(state(&modes, 3.0), (Plain, Plain, 1.0));
    }

    #[test]
    fn touching_segments_turn_into_each_other() {
        let modes = modes(&[
            segment(1.0, 2.0, CameraOnly),
            segment(2.0, 3.0, SplitScreen),
            segment(3.005, 4.0, HideCamera),
        ]);
        assert_eq!(state(&modes, 1.9), (CameraOnly, SplitScreen, 0.5));
        assert_eq!(state(&modes, 2.0), (SplitScreen, SplitScreen, 1.0));
        assert_eq!(state(&modes, 2.9), (SplitScreen, HideCamera, 0.5));
        // In the gap the next one's own transition counts: 0.398 s of 0.4 are over.
        let (from, to, g) = state(&modes, 3.003);
        assert_eq!((from, to), (SplitScreen, HideCamera));
        assert!(g > 0.999, "{g}");
        assert_eq!(state(&modes, 3.9), (HideCamera, Plain, 0.5));
    }

    #[test]
    fn a_short_gap_between_equals_is_bridged() {
        let list = modes(&[segment(1.0, 2.0, Floating), segment(2.4, 3.0, Floating)]);
        for time in [1.5, 1.95, 2.0, 2.2, 2.39, 2.5] {
            assert_eq!(state(&list, time), (Floating, Floating, 1.0), "{time}");
        }
        let others = modes(&[segment(1.0, 2.0, Floating), segment(2.4, 3.0, SplitScreen)]);
        assert_eq!(state(&others, 1.9), (Floating, Plain, 0.5));
        assert_eq!(state(&others, 2.2), (Plain, SplitScreen, 0.5));
        let apart = modes(&[segment(1.0, 2.0, Floating), segment(2.5, 3.0, Floating)]);
        assert_eq!(state(&apart, 1.9), (Floating, Plain, 0.5));
        assert_eq!(state(&apart, 2.05), (Plain, Plain, 1.0));
    }

    #[test]
    fn of_overlapping_segments_the_first_counts() {
        let modes = modes(&[segment(1.0, 3.0, Floating), segment(0.5, 4.0, HideCamera)]);
        assert_eq!(state(&modes, 0.7), (HideCamera, HideCamera, 1.0));
        assert_eq!(state(&modes, 2.0), (Floating, Floating, 1.0));
        assert_eq!(state(&modes, 3.5), (HideCamera, HideCamera, 1.0));
    }

    #[test]
    fn instant_transitions_are_steps() {
        let mut cut = segment(1.0, 2.0, CameraOnly);
        (cut.transition_in, cut.transition_out) = (0.0, 0.0);
        let modes = modes(&[cut]);
        assert_eq!(state(&modes, 0.9999), (Plain, Plain, 1.0));
        assert_eq!(state(&modes, 1.0), (CameraOnly, CameraOnly, 1.0));
        assert_eq!(state(&modes, 1.9999), (CameraOnly, CameraOnly, 1.0));
        assert_eq!(state(&modes, 2.0), (Plain, Plain, 1.0));
    }

    fn values(from: SceneMode, to: SceneMode, progress: f64) -> ModeValues {
        ModeState { from, to, progress }.values()
    }

    #[test]
    fn the_camera_takes_the_frame() {
        let entering = values(Plain, CameraOnly, 0.25);
        assert_eq!(entering.overlay_opacity, 0.625);
        assert_eq!(entering.full_opacity, 0.25);
        assert!((entering.full_zoom - 1.075).abs() < 1e-12);
        assert_eq!((entering.full_blur, entering.screen_blur), (0.75, 0.25));
        assert_eq!(values(Plain, CameraOnly, 0.7).overlay_opacity, 0.0);
        let leaving = values(CameraOnly, Plain, 0.25);
        assert_eq!(leaving.overlay_opacity, 0.375);
        assert_eq!(leaving.full_opacity, 0.75);
        assert!((leaving.full_zoom - 1.025).abs() < 1e-12);
        assert_eq!((leaving.full_blur, leaving.screen_blur), (0.25, 0.75));
        let steady = values(CameraOnly, CameraOnly, 1.0);
        assert_eq!((steady.overlay_opacity, steady.full_opacity), (0.0, 1.0));
        assert_eq!(
            (steady.full_zoom, steady.full_blur, steady.screen_blur),
            (1.0, 0.0, 0.0)
        );
    }

    #[test]
    fn a_hidden_camera_fades() {
        assert_eq!(values(Plain, HideCamera, 0.25).overlay_opacity, 0.75);
        assert_eq!(values(HideCamera, Plain, 0.25).overlay_opacity, 0.25);
        // Both laws multiply: 0.75 of the fade, 0.625 of the way to the full camera.
        assert_eq!(values(CameraOnly, HideCamera, 0.25).overlay_opacity, 0.75 * 0.375);
    }

    #[test]
    fn shares_of_split_and_floating() {
        let shares = |from, to| {
            let values = values(from, to, 0.25);
            (values.split, values.floating)
        };
        assert_eq!(shares(Plain, SplitScreen), (0.25, 0.0));
        assert_eq!(shares(Plain, Floating), (0.25, 0.25));
        assert_eq!(shares(SplitScreen, Floating), (1.0, 0.25));
        assert_eq!(shares(Floating, SplitScreen), (1.0, 0.75));
        assert_eq!(shares(Floating, CameraOnly), (0.75, 0.75));
        assert_eq!(shares(Floating, Floating), (1.0, 1.0));
        assert_eq!(shares(Plain, HideCamera), (0.0, 0.0));
    }

    #[test]
    fn panes_last_as_long_as_their_transitions() {
        let mut split = segment(1.0, 2.0, SplitScreen);
        split.split_layout = Some(SplitLayout {
            screen_zoom: 1.5,
            camera_zoom: 0.0,
            ..SplitLayout::default()
        });
        let mut checks = Checks::default();
        let modes = Modes::new(&[segment(0.0, 9.0, HideCamera), split], &mut checks).unwrap();
        assert_eq!(checks.warnings.len(), 1);
        assert_eq!(modes.pane(0.59), Pane::default());
        for time in [0.61, 1.5, 2.19] {
            assert_eq!(
                (modes.pane(time).screen_zoom, modes.pane(time).camera_zoom),
                (1.5, 0.01)
            );
        }
        assert_eq!(modes.pane(2.2), Pane::default());
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let refused = |change: fn(&mut SceneSegment)| {
            let mut segment = segment(1.0, 2.0, Floating);
            change(&mut segment);
            Modes::new(&[segment], &mut Checks::default()).is_err()
        };
        assert!(refused(|segment| segment.start = f64::NAN));
        assert!(refused(|segment| segment.end = f64::INFINITY));
        assert!(refused(|segment| segment.transition_in = f64::NAN));
        assert!(refused(|segment| {
            segment.split_layout = Some(SplitLayout {
                camera_zoom: f64::NAN,
                ..SplitLayout::default()
            });
        }));
        let mut checks = Checks::default();
        let none = Modes::new(&[segment(2.0, 1.0, Floating)], &mut checks).unwrap();
        assert_eq!(state(&none, 1.5), (Plain, Plain, 1.0));
        assert_eq!(checks.warnings.len(), 1);
    }

    proptest! {
        /// The look-ups against the words of 10.1, one segment after the other.
        #[test]
        fn look_ups_find_what_a_search_finds(
            list in prop::collection::vec((0i32..12, 1i32..6), 0..8), moment in -2i32..40,
        ) {
            let list: Vec<SceneSegment> = list
                .iter()
                .map(|&(start, length)| segment(f64::from(start), f64::from(start + length), Floating))
                .collect();
            let time = f64::from(moment) / 2.0;
            let modes = modes(&list);
            let span = |segment: Segment| (segment.start, segment.end);
            let spans: Vec<(f64, f64)> = list.iter().map(|segment| (segment.start, segment.end)).collect();
            let current = spans.iter().find(|s| s.0 <= time && time < s.1).copied();
            prop_assert_eq!(modes.current.at(time).map(|index| spans[index]), current);
            let next = spans.iter().find(|s| s.0 > time).copied();
            prop_assert_eq!(modes.next_after(time).map(span), next);
            let previous = spans.iter().rfind(|s| s.1 <= time).copied();
            prop_assert_eq!(modes.previous_before(time).map(span), previous);
        }
    }
}
