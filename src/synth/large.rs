//! Recordings to measure with. They are made when needed, never committed.

use serde_json::{Value, json};

use super::plan::{Content, Form, Plan, SegmentPlan, SoundPlan, VideoPlan};
use crate::frame::Size;

/// Screen content with microphone and pointer in the default look.
pub(super) fn screen(size: Size, fps: u32, seconds: f64) -> Plan {
    plan(
        SegmentPlan {
            display: VideoPlan::screen(size, fps, seconds),
            camera: None,
            mic: Some(SoundPlan::new(1, seconds)),
            system: None,
            pointer: true,
        },
        seconds,
        true,
    )
}

/// The same with camera and system sound.
pub(super) fn with_camera(size: Size, fps: u32, seconds: f64) -> Plan {
    let mut plan = screen(size, fps, seconds);
    plan.segments[0].camera = Some(VideoPlan::camera(Size::new(1280, 720), seconds));
    plan.segments[0].system = Some(SoundPlan::new(2, seconds));
    plan
}

/// The same as [`screen`] before the fragments were joined.
pub(super) fn fragmented(size: Size, fps: u32, seconds: f64) -> Plan {
    Plan {
        form: Form::Fragments {
            piece: 2.0,
            torn: None,
        },
        ..screen(size, fps, seconds)
    }
}

/// 1,667 output frames at 30 fps: the clip ends between frames 1,666 and 1,667, so that rounding cannot add one.
pub(super) fn reference() -> Plan {
    let mut plan = with_camera(Size::new(1920, 1080), 30, 56.0);
    let config = config(55.56, true);
    plan.config = Some(config);
    plan
}

/// Every picture carries its number.
pub(super) fn counter(size: Size, fps: u32, seconds: f64) -> Plan {
    let mut plan = screen(size, fps, seconds);
    plan.segments[0].display.counter = true;
    plan
}

/// In every picture `percent` of the pixels change. No pointer and no zoom: nothing else moves.
pub(super) fn noise(size: Size, fps: u32, seconds: f64, percent: u32) -> Plan {
    plan(
        SegmentPlan {
            display: VideoPlan {
                content: Content::Noise(percent),
                crf: 23,
                ..VideoPlan::screen(size, fps, seconds)
            },
            camera: None,
            mic: Some(SoundPlan::new(1, seconds)),
            system: None,
            pointer: false,
        },
        seconds,
        false,
    )
}

/// One picture of a desktop at rest, over which nothing but the pointer moves. No zoom.
pub(super) fn pointer(size: Size, fps: u32, seconds: f64) -> Plan {
    plan(
        SegmentPlan {
            display: VideoPlan {
                content: Content::Still,
                ..VideoPlan::screen(size, fps, seconds)
            },
            camera: None,
            mic: None,
            system: None,
            pointer: true,
        },
        seconds,
        false,
    )
}

fn plan(segment: SegmentPlan, seconds: f64, zooms: bool) -> Plan {
    Plan {
        title: "Made to measure with",
        form: Form::Studio,
        segments: vec![segment],
        config: Some(config(seconds, zooms)),
        music: None,
        background: false,
        shapes: false,
    }
}

/// What the desktop recorder writes (cap-format.md 4.12), with a gradient where it has a wallpaper of its own, and two zooms
/// in every 30 s.
fn config(seconds: f64, zooms: bool) -> Value {
    let mut segments = Vec::new();
    let mut start = 0.0;
    while zooms && start + 8.0 <= seconds {
        segments.push(json!({ "start": start + 4.0, "end": start + 7.5, "amount": 1.8, "mode": "auto" }));
        if start + 20.0 <= seconds {
            let there = json!({ "manual": { "x": 0.75, "y": 0.7 } });
            segments
                .push(json!({ "start": start + 15.0, "end": start + 19.0, "amount": 2.0, "mode": there }));
        }
        start += 30.0;
    }
    json!({
        "aspectRatio": "wide",
        "background": {
            "source": { "type": "gradient", "from": [71, 118, 230], "to": [142, 84, 233], "angle": 135 },
            "padding": 10, "rounding": 7.5,
        },
        "timeline": {
            "segments": [{ "recordingSegment": 0, "timescale": 1.0, "start": 0.0, "end": seconds }],
            "zoomSegments": segments,
        },
    })
}
