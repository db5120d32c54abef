//! The recordings of fixtures/. Together they use every core feature of cap-format.md and cap-look.md.

use serde_json::json;

use super::plan::{Content, Form, Plan, SegmentPlan, SoundPlan, VideoPlan};
use crate::frame::Size;

/// The usual look, one take of 6 s.
pub(super) fn desk() -> Plan {
    let seconds = 6.0;
    Plan {
        title: "Desk",
        form: Form::Studio,
        segments: vec![SegmentPlan {
            display: VideoPlan {
                jitter: true,
                ..VideoPlan::screen(Size::new(1280, 720), 30, seconds).small()
            },
            camera: Some(VideoPlan {
                b_frames: true,
                ..VideoPlan::camera(Size::new(320, 240), seconds).small()
            }),
            mic: Some(SoundPlan::new(1, seconds)),
            system: Some(SoundPlan::new(2, seconds)),
            pointer: true,
        }],
        config: Some(json!({
            "aspectRatio": "wide",
            "background": {
                "source": { "type": "gradient", "from": [71, 118, 230], "to": [142, 84, 233], "angle": 135 },
                "padding": 10, "rounding": 7.5, "roundingType": "squircle", "shadow": 73.6,
                "border": { "enabled": true, "width": 4, "color": [255, 255, 255], "opacity": 60 },
            },
            "camera": { "position": { "x": "right", "y": "bottom" }, "size": 28 },
            "audio": { "micVolumeDb": -3, "systemVolumeDb": -6 },
            "cursor": { "size": 140 },
            "timeline": {
                "segments": [{ "recordingSegment": 0, "timescale": 1.0, "start": 0.0, "end": seconds }],
                "zoomSegments": [
                    { "start": 0.8, "end": 2.4, "amount": 1.8, "mode": "auto" },
                    { "start": 3.6, "end": 5.2, "amount": 2.0, "mode": { "manual": { "x": 0.75, "y": 0.3 } } },
                ],
            },
        })),
        music: None,
        background: false,
        shapes: false,
    }
}

/// Two takes, cut: every speed and sound mode, clips out of order, tracks that begin at different times.
pub(super) fn cuts() -> Plan {
    let size = Size::new(960, 540);
    let display = |seconds, start| VideoPlan {
        counter: true,
        start: Some(start),
        ..VideoPlan::screen(size, 30, seconds).small()
    };
    let camera = |seconds, start| VideoPlan {
        start: Some(start),
        ..VideoPlan::camera(Size::new(320, 180), seconds).small()
    };
    let sound = |channels, seconds, start| SoundPlan {
        start: Some(start),
        ..SoundPlan::new(channels, seconds)
    };
    Plan {
        title: "Cuts",
        form: Form::Studio,
        segments: vec![
            SegmentPlan {
                display: display(4.0, 0.214),
                camera: Some(camera(3.9, 0.35)),
                mic: Some(sound(2, 4.1, 0.102)),
                system: Some(sound(2, 4.2, 0.0)),
                pointer: true,
            },
            SegmentPlan {
                display: display(3.0, 0.05),
                camera: Some(camera(2.9, 0.12)),
                mic: Some(sound(2, 3.0, 0.02)),
                system: Some(sound(2, 3.1, 0.0)),
                pointer: true,
            },
        ],
        config: Some(json!({
            "background": {
                "source": { "type": "image", "path": "assets/background.jpg" },
                "padding": 6, "rounding": 12, "shadow": 50,
                "advancedShadow": { "size": 30, "opacity": 60, "blur": 20 },
                "crop": { "position": { "x": 8, "y": 8 }, "size": { "x": 900, "y": 500 } },
            },
            "camera": { "position": { "x": "left", "y": "bottom" }, "size": 25, "rounding": 40 },
            "audio": { "micStereoMode": "monoL" },
            "timeline": {
                "segments": [
                    { "recordingSegment": 1, "timescale": 1.0, "start": 0.4, "end": 1.6 },
                    { "recordingSegment": 0, "timescale": 2.0, "start": 2.0, "end": 3.0, "speedAudioMode": "maintainPitch" },
                    { "recordingSegment": 0, "timescale": 0.5, "start": 0.2, "end": 0.6, "speedAudioMode": "matchSpeed" },
                    { "recordingSegment": 1, "timescale": 2.0, "start": 1.6, "end": 2.6, "speedAudioMode": "mute" },
                    { "recordingSegment": 0, "timescale": 0.5, "start": 1.0, "end": 1.3, "speedAudioMode": "maintainPitch" },
                    { "recordingSegment": 0, "timescale": 2.0, "start": 2.9, "end": 3.5, "speedAudioMode": "matchSpeed" },
                    { "recordingSegment": 1, "timescale": 0.5, "start": 0.0, "end": 0.2, "speedAudioMode": null },
                ],
                "zoomSegments": [],
                "audioSegments": [{
                    "start": 0.5, "end": 4.0, "path": "assets/bed.mp3", "trimStart": 0.25, "volumeDb": -12,
                    "fadeIn": 0.3, "fadeOut": 0.5,
                }],
            },
            "clips": [{
                "index": 1, "offsets": { "camera": 0.0, "mic": 0.1, "system_audio": 0.12 }, "offsetsAutoCalculated": true,
            }],
        })),
        music: Some(4.5),
        background: true,
        shapes: true,
    }
}

/// The form of 2024.
pub(super) fn legacy() -> Plan {
    let seconds = 3.0;
    Plan {
        title: "Take of 2024",
        form: Form::Legacy,
        segments: vec![SegmentPlan {
            display: VideoPlan::screen(Size::new(640, 480), 30, seconds).small(),
            camera: Some(VideoPlan::camera(Size::new(320, 240), seconds).small()),
            mic: Some(SoundPlan::new(1, seconds)),
            system: None,
            pointer: true,
        }],
        config: Some(json!({
            "aspectRatio": "classic",
            "background": { "source": { "type": "color", "value": [20, 24, 32] }, "padding": 5, "rounding": 5 },
            "camera": { "position": { "x": "right", "y": "top" } },
            "cursor": { "type": "circle" },
        })),
        music: None,
        background: false,
        shapes: false,
    }
}

/// A finished instant recording.
pub(super) fn instant() -> Plan {
    let seconds = 4.0;
    Plan {
        title: "Quick share",
        form: Form::Instant,
        segments: vec![SegmentPlan {
            display: VideoPlan {
                content: Content::DesktopWithPointer,
                ..VideoPlan::screen(Size::new(640, 360), 30, seconds).small()
            },
            camera: None,
            mic: Some(SoundPlan::new(2, seconds)),
            system: None,
            pointer: false,
        }],
        config: None,
        music: None,
        background: false,
        shapes: false,
    }
}

/// Left behind by a crash: of 5 s, the last whole piece of each group ends after 2 s and 1 s.
pub(super) fn fragments() -> Plan {
    let seconds = 5.0;
    Plan {
        title: "Interrupted",
        form: Form::Fragments {
            piece: 1.0,
            torn: Some(2.0),
        },
        segments: vec![SegmentPlan {
            display: VideoPlan {
                counter: true,
                ..VideoPlan::screen(Size::new(640, 360), 30, seconds).small()
            },
            camera: None,
            mic: Some(SoundPlan::new(1, seconds)),
            system: None,
            pointer: true,
        }],
        config: None,
        music: None,
        background: false,
        shapes: false,
    }
}

/// A phone-shaped screen.
pub(super) fn portrait() -> Plan {
    let seconds = 4.0;
    Plan {
        title: "Portrait",
        form: Form::Studio,
        segments: vec![SegmentPlan {
            display: VideoPlan::screen(Size::new(540, 960), 60, seconds).small(),
            camera: Some(VideoPlan::camera(Size::new(320, 180), seconds).small()),
            mic: None,
            system: Some(SoundPlan::new(2, seconds)),
            pointer: true,
        }],
        config: Some(json!({
            "background": {
                "source": { "type": "color", "value": [24, 160, 120], "alpha": 200 },
                "padding": 15, "rounding": 20, "roundingType": "rounded", "advancedShadow": null,
            },
            "camera": {
                "position": { "x": "left", "y": "top" }, "shape": "source", "mirror": true, "size": 35,
                "rounding": 25, "roundingType": "rounded", "scaleDuringZoom": 0.5,
            },
            "cursor": { "type": "circle", "hideWhenIdle": true, "hideWhenIdleDelay": 0.5 },
            "timeline": {
                "segments": [{ "recordingSegment": 0, "timescale": 1.0, "start": 0.25, "end": 3.75 }],
                "zoomSegments": [{ "start": 1.0, "end": 2.0, "amount": 1.5, "mode": "auto", "instantAnimation": true }],
            },
        })),
        music: None,
        background: false,
        shapes: false,
    }
}
