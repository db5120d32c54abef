//! Zooms that hardly move any more. A spring comes to rest slowly: its last quarter of a second moves nothing by more than a
//! fraction of a pixel, but every frame of it would have to be drawn as a whole. So a frame shows the zoom of another frame where
//! that puts nothing further off than [`MOST_OFF`] (docs/decisions.md).
//!
//! Which frames these are follows from the springs and the frame rate alone, not from what was drawn before: a frame looks the
//! same in whatever order frames are asked for.

use super::{STEP, Sample, ZoomState, Zooms, state};
use crate::frame::Rect;
use crate::scene::camera::CameraOverlay;
use crate::scene::layout::Layout;
use crate::scene::samples::Samples;
use crate::scene::tree::Side;
use crate::time::FrameRate;

/// How far an edge of the screen's card or of the camera may be from where the zoom puts it, in x and in y, output pixels.
pub(crate) const MOST_OFF: f64 = 1.0 / 16.0;
/// Most frames in motion, of all tracks together, that are looked at: ten hours of movement at 60 frames per second.
const MOST_FRAMES: f64 = 2_160_000.0;

/// Frames that show the zoom of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: u64,
    last: u64,
    shown: u64,
}

/// The frames of one track that show the zoom of another one.
#[derive(Clone, Debug, Default)]
pub(super) struct Tails {
    /// In order, apart from each other.
    runs: Vec<Run>,
}

/// What a zoom moves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moved<'a> {
    /// Cards of the screen.
    pub(crate) layouts: Vec<&'a Layout>,
    /// Cameras.
    pub(crate) cameras: Vec<&'a CameraOverlay>,
}

impl Moved<'_> {
    /// How far any edge moves from `a` to `b`, output pixels in x or in y, before cameras are moved to whole pixels.
    fn apart(&self, a: &ZoomState, b: &ZoomState) -> f64 {
        let cards = self.layouts.iter().map(|layout| {
            let [a, b] = [a, b].map(|zoom| layout.zoomed(layout.card, zoom));
            edges_apart(&a, &b)
        });
        let cameras = self.cameras.iter().map(|camera| {
            let [a, b] = [a, b].map(|zoom| camera.place(zoom.activity));
            edges_apart(&a, &b)
        });
        cards.chain(cameras).fold(0.0, f64::max)
    }
}

fn edges_apart(a: &Rect, b: &Rect) -> f64 {
    let edges = [
        a.x - b.x,
        a.y - b.y,
        a.right() - b.right(),
        a.bottom() - b.bottom(),
    ];
    edges.into_iter().map(f64::abs).fold(0.0, f64::max)
}

impl Tails {
    fn new(track: &Samples<Sample>, rate: FrameRate, moved: &Moved<'_>) -> Self {
        let zoom = |n: u64| state(track, rate.time_of(n));
        let mut tails = Self::default();
        let mut from = 1;
        for (first, last) in track.stretches() {
            // A frame lies between two steps: it may move from just before the first new sample to just after the last.
            let frame = |step: u64| step as f64 * STEP * f64::from(rate.fps());
            let mut n = (frame(first.saturating_sub(1)).floor() as u64).max(from);
            let end = frame(last + 1).ceil() as u64 + 1;
            while n <= end {
                if zoom(n) == zoom(n - 1) {
                    n += 1;
                    continue;
                }
                let first = n;
                while zoom(n + 1) != zoom(n) {
                    n += 1;
                }
                tails.add(first, n, &zoom, moved);
                n += 1;
            }
            from = from.max(n);
        }
        tails
    }

    /// Frames `first` to `last`, each of which differs from the one before; what follows them equals the last.
    fn add(&mut self, first: u64, last: u64, zoom: &impl Fn(u64) -> ZoomState, moved: &Moved<'_>) {
        let near = |a: &ZoomState, b: &ZoomState| moved.apart(a, b) <= MOST_OFF;
        // From here on all is so near to the end that the end is shown: what rests is where it belongs.
        let rest = zoom(last);
        let mut resting = last;
        while resting > first && near(&zoom(resting - 1), &rest) {
            resting -= 1;
        }
        let mut held = (first - 1, zoom(first - 1));
        let mut begun = None;
        for n in first..resting {
            let now = zoom(n);
            if near(&now, &held.1) {
                begun.get_or_insert(n);
            } else {
                self.push(begun.take(), n, held.0);
                held = (n, now);
            }
        }
        self.push(begun, resting, held.0);
        if resting < last {
            self.push(Some(resting), last, last);
        }
    }

    /// The frames from `begun` up to `end`, which is not one of them, show frame `shown`.
    fn push(&mut self, begun: Option<u64>, end: u64, shown: u64) {
        if let Some(first) = begun {
            let last = end - 1;
            self.runs.push(Run { first, last, shown });
        }
    }

    /// The frame whose zoom frame `n` shows.
    fn shown(&self, n: u64) -> u64 {
        let next = self.runs.partition_point(|run| run.first <= n);
        match self.runs[..next].last() {
            Some(run) if n <= run.last => run.shown,
            _ => n,
        }
    }
}

impl Zooms {
    /// Has frames at `rate` show the zoom of another frame where that puts nothing that is `moved` further off than [`MOST_OFF`].
    /// Returns false, and leaves every frame as it is, where there is too much movement to look at.
    pub(crate) fn hold_tails(&mut self, rate: FrameRate, moved: &Moved<'_>) -> bool {
        let steps: u64 = self.tracks.iter().map(Samples::kept).sum::<usize>() as u64;
        if steps as f64 * STEP * f64::from(rate.fps()) > MOST_FRAMES {
            return false;
        }
        let tails = |track| Tails::new(track, rate, moved);
        self.tails = self.tracks.iter().map(tails).collect();
        true
    }

    /// Zoom of frame `n` at `rate` while a clip of `segment` is shown on `side`. What moves too little to be seen is held, if
    /// [`Self::hold_tails`] was told so for the same rate.
    pub(crate) fn of_frame(&self, segment: usize, side: Side, n: u64, rate: FrameRate) -> ZoomState {
        let tails = self.track(segment, side).and_then(|track| self.tails.get(track));
        let n = tails.map_or(n, |tails| tails.shown(n));
        self.at(segment, side, rate.time_of(n))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::zooms;
    use super::*;
    use crate::cap::config::{Xy, ZoomMode};
    use crate::scene::fixtures::zoom;
    use crate::time::OutputTime;
    use proptest::prelude::*;

    /// The card of the default look at 1920x1080 (cap-look.md 2.7).
    fn layout() -> Layout {
        Layout {
            output: crate::frame::Size::new(1920, 1080),
            screen: crate::frame::Size::new(1920, 1080),
            crop: Rect {
                x: 0.0,
                y: 0.0,
                width: 1920.0,
                height: 1080.0,
            },
            card: Rect {
                x: 71.0,
                y: 40.0,
                width: 1778.0,
                height: 1000.0,
            },
        }
    }

    fn held(zooms: &Zooms, layout: &Layout, fps: u32) -> (Zooms, FrameRate) {
        let rate = FrameRate::new(fps).unwrap();
        let mut held = zooms.clone();
        let moved = Moved {
            layouts: vec![layout],
            cameras: Vec::new(),
        };
        assert!(held.hold_tails(rate, &moved));
        (held, rate)
    }

    fn drawn(zooms: &Zooms, rate: FrameRate, frames: u64) -> usize {
        let zoom = |n| zooms.of_frame(0, Side::Incoming, n, rate);
        (1..frames).filter(|&n| zoom(n) != zoom(n - 1)).count()
    }

    #[test]
    fn a_zoom_rests_sooner_and_where_it_belongs() {
        let manual = ZoomMode::Manual(Xy { x: 0.75, y: 0.7 });
        let exact = zooms(vec![zoom(1.0, 4.0, 2.0, manual)], 8.0);
        let layout = layout();
        let (held, rate) = held(&exact, &layout, 60);
        let (all, kept) = (drawn(&exact, rate, 480), drawn(&held, rate, 480));
        // Two springs of some 71 frames each; the last fifth of each moves nothing by a sixteenth of a pixel a frame.
        assert!((130..150).contains(&all), "{all}");
        assert!(kept + 16 <= all, "{kept} of {all}");
        for n in [0, 30, 200, 235, 450] {
            let time = rate.time_of(n);
            assert_eq!(
                held.of_frame(0, Side::Incoming, n, rate),
                exact.at(0, Side::Incoming, time),
                "{n}: at rest"
            );
        }
        assert_eq!(held.of_frame(0, Side::Incoming, 235, rate).amount, 2.0);
    }

    #[test]
    fn without_tails_every_frame_has_its_own_zoom() {
        let manual = ZoomMode::Manual(Xy { x: 0.2, y: 0.3 });
        let exact = zooms(vec![zoom(0.5, 1.5, 1.7, manual)], 4.0);
        let rate = FrameRate::SIXTY;
        for n in 0..240 {
            assert_eq!(
                exact.of_frame(0, Side::Incoming, n, rate),
                exact.at(0, Side::Incoming, rate.time_of(n))
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_is_further_off_than_that(
            list in prop::collection::vec((0.0..6.0f64, 0.0..3.0f64, 1.0..6.0f64, 0.0..1.0f64), 1..5),
            fps in prop::sample::select(vec![7u32, 24, 30, 60, 144]),
        ) {
            let segments = list
                .iter()
                .map(|&(start, length, amount, x)| {
                    zoom(start, start + length, amount, ZoomMode::Manual(Xy { x, y: 1.0 - x }))
                })
                .collect();
            let exact = zooms(segments, 12.0);
            let layout = layout();
            let (held, rate) = held(&exact, &layout, fps);
            let moved = Moved { layouts: vec![&layout], cameras: Vec::new() };
            let frames = 12 * u64::from(fps);
            for n in 0..frames {
                let (was, is) = (exact.at(0, Side::Incoming, rate.time_of(n)), held.of_frame(0, Side::Incoming, n, rate));
                prop_assert!(moved.apart(&was, &is) <= MOST_OFF, "{}: {:?} {:?}", n, was, is);
            }
            let last = OutputTime::from_secs(11.9);
            let resting = exact.at(0, Side::Incoming, last) == exact.at(0, Side::Incoming, OutputTime::from_secs(11.0));
            if resting {
                let n = (11.5 * f64::from(fps)) as u64;
                prop_assert_eq!(held.of_frame(0, Side::Incoming, n, rate), exact.at(0, Side::Incoming, last));
            }
            prop_assert!(drawn(&held, rate, frames) <= drawn(&exact, rate, frames));
        }
    }
}
