//! Recordings made in code for the tests of this room.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::facts::{Facts, SegmentClock, SegmentFacts, VideoFacts};
use super::scene::{Scene, SceneSettings};
use crate::cap::Recording;
use crate::cap::config::{Clip, Crop, ProjectConfig, TextSegment, Timeline, Xy, ZoomMode, ZoomSegment};
use crate::cap::events::{Click, Move, PointerEvents};
use crate::cap::meta::{CursorImage, VideoTrack};
use crate::cap::recording::{CursorArt, MediaSource, Segment, Track};
use crate::frame::Size;
use crate::time::FrameRate;

pub(crate) const HD: Size = Size::new(1920, 1080);

/// Facts of a segment of `duration` seconds with a full HD screen, tracks aligned.
pub(crate) fn segment_facts(duration: f64) -> SegmentFacts {
    SegmentFacts {
        display: VideoFacts { size: HD, duration },
        camera: None,
        mic_duration: None,
        clock: SegmentClock::default(),
    }
}

pub(crate) fn facts(durations: &[f64]) -> Facts {
    Facts {
        segments: durations
            .iter()
            .map(|&duration| segment_facts(duration))
            .collect(),
    }
}

/// A recording with one segment per entry of `pointers`; image `a` is an arrow with its hotspot in the corner.
pub(crate) fn recording(pointers: &[PointerEvents], config: ProjectConfig) -> Recording {
    let track = || Track {
        meta: VideoTrack {
            path: "display.mp4".into(),
            fps: Some(30),
            start_time: None,
        },
        source: MediaSource::File(PathBuf::from("display.mp4")),
    };
    let art = CursorArt {
        image: CursorImage {
            image_path: "a.png".into(),
            hotspot: Xy { x: 0.25, y: 0.125 },
            shape: None,
        },
        file: PathBuf::from("a.png"),
    };
    Recording {
        root: PathBuf::from("test.cap"),
        name: "test".into(),
        segments: pointers
            .iter()
            .map(|pointer| Segment {
                display: track(),
                camera: None,
                mic: None,
                system_audio: None,
                unread_starts: Vec::new(),
                pointer: pointer.clone(),
            })
            .collect(),
        cursors: BTreeMap::from([("a".to_owned(), art)]),
        config,
        music: Vec::new(),
        notch: None,
        legacy: false,
        recovered: false,
        warnings: Vec::new(),
        unused: Vec::new(),
    }
}

/// A scene at 1920x1080, image `a` being 32x48 pixels.
pub(crate) fn scene(recording: &Recording, facts: &Facts, fps: u32) -> Scene {
    let settings = SceneSettings {
        frame_rate: FrameRate::new(fps).unwrap(),
        bounds: HD,
    };
    let sizes = BTreeMap::from([("a".to_owned(), Size::new(32, 48))]);
    Scene::new(recording, facts, &sizes, settings).unwrap()
}

pub(crate) fn timeline(segments: Vec<Clip>) -> Timeline {
    Timeline {
        segments,
        ..Timeline::default()
    }
}

/// A clip of `segment` from `start` to `end` at `timescale`.
pub(crate) fn clip(segment: u32, start: f64, end: f64, timescale: f64) -> Clip {
    Clip {
        timescale,
        ..Clip::new(segment, start, end)
    }
}

pub(crate) fn zoom(start: f64, end: f64, amount: f64, mode: ZoomMode) -> ZoomSegment {
    ZoomSegment {
        start,
        end,
        amount,
        mode,
        instant_animation: false,
        edge_snap_ratio: 0.25,
    }
}

pub(crate) fn text(start: f64, end: f64, layout: &str) -> TextSegment {
    serde_json::from_value(serde_json::json!({ "start": start, "end": end, "layout": layout })).unwrap()
}

/// Moves (ms, x, y) of image `a`.
pub(crate) fn moves(list: &[(f64, f64, f64)]) -> Vec<Move> {
    list.iter()
        .map(|&(time_ms, x, y)| Move {
            cursor_id: "a".into(),
            time_ms,
            x,
            y,
        })
        .collect()
}

/// Presses and releases (ms, down) of the usual button.
pub(crate) fn clicks(list: &[(f64, bool)]) -> Vec<Click> {
    list.iter()
        .map(|&(time_ms, down)| Click {
            cursor_id: "a".into(),
            cursor_num: 1,
            time_ms,
            down,
        })
        .collect()
}

/// A crop of `width` by `height` pixels at (`x`, `y`).
pub(crate) fn crop(x: u32, y: u32, width: u32, height: u32) -> Crop {
    let [position, size] = [(x, y), (width, height)].map(|(x, y)| serde_json::json!({ "x": x, "y": y }));
    serde_json::from_value(serde_json::json!({ "position": position, "size": size })).unwrap()
}
