use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::cap::problem::Problem;
use crate::cap::testing::line;

fn identity(segments: u32) -> SegmentMap {
    (0..segments).map(|number| (number, number)).collect()
}

fn validated(config: Value, segments: Option<&SegmentMap>) -> (ProjectConfig, Vec<Problem>) {
    let mut config: ProjectConfig = serde_json::from_value(config).unwrap();
    let mut problems = Problems::default();
    validate(
        &mut config,
        Path::new("project-config.json"),
        segments,
        &mut problems,
    );
    (config, problems.into_all())
}

fn places(problems: &[Problem]) -> Vec<&str> {
    problems
        .iter()
        .filter_map(|problem| problem.json_path.as_deref())
        .collect()
}

fn clip(segment: u32, start: f64, end: f64) -> Value {
    json!({ "recordingSegment": segment, "timescale": 1, "start": start, "end": end })
}

fn timeline(clips: Value, more: Value) -> Value {
    let mut timeline = json!({ "segments": clips, "zoomSegments": [] });
    timeline
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({ "timeline": timeline })
}

#[test]
fn the_defaults_and_the_samples_are_in_their_domains() {
    let (config, problems) = validated(json!({}), Some(&identity(1)));
    assert_eq!((config, problems), (ProjectConfig::default(), vec![]));
    // cap-format.md 4.11.
    let sample = json!({
        "aspectRatio": "wide",
        "background": { "source": { "type": "color", "value": [20, 24, 32], "alpha": 255 }, "padding": 10, "rounding": 7.5 },
        "camera": { "position": { "x": "left", "y": "bottom" }, "size": 28 },
        "cursor": { "size": 120 },
        "timeline": {
            "segments": [ { "recordingSegment": 0, "timescale": 1.0, "start": 0.0, "end": 8.5 },
                          { "recordingSegment": 0, "timescale": 2.0, "start": 12.0, "end": 16.0, "speedAudioMode": "maintainPitch" } ],
            "transitions": [ { "segmentIndex": 1, "type": "cross-fade", "duration": 0.4 } ],
            "zoomSegments": [ { "start": 1.0, "end": 4.0, "amount": 2.0, "mode": "auto" },
                              { "start": 6.0, "end": 8.0, "amount": 1.5, "mode": { "manual": { "x": 0.25, "y": 0.75 } } } ],
            "sceneSegments": [ { "start": 8.6, "end": 9.6, "mode": "cameraOnly" } ]
        },
        "clips": [ { "index": 0, "offsets": { "camera": 0.0, "mic": 0.289, "system_audio": 0.391 }, "offsetsAutoCalculated": true } ],
        "textSizeVersion": 1, "textAnimVersion": 1
    });
    let before: ProjectConfig = serde_json::from_value(sample.clone()).unwrap();
    assert_eq!(validated(sample, Some(&identity(1))), (before, vec![]));
}

#[test]
fn clips_of_unknown_segments_go_and_transitions_follow() {
    let clips = json!([
        clip(0, 0.0, 1.0),
        clip(7, 0.0, 1.0),
        clip(1, 0.0, 1.0),
        clip(0, 2.0, 3.0),
        clip(0, 5.0, 5.0)
    ]);
    let transition = |index: u32| json!({ "segmentIndex": index, "type": "cross-fade", "duration": 0.5 });
    let transitions = json!([
        transition(0),
        transition(1),
        transition(2),
        transition(3),
        transition(4),
        transition(9)
    ]);
    let (config, problems) = validated(
        timeline(clips, json!({ "transitions": transitions })),
        Some(&identity(2)),
    );
    let timeline = config.timeline.unwrap();
    let kept: Vec<_> = timeline
        .segments
        .iter()
        .map(|clip| (clip.recording_segment, clip.start))
        .collect();
    assert_eq!(kept, [(0, 0.0), (1, 0.0), (0, 2.0)]);
    let left: Vec<u32> = timeline
        .transitions
        .iter()
        .map(|transition| transition.segment_index)
        .collect();
    assert_eq!(left, [2]);
    assert_eq!(
        places(&problems),
        [
            "timeline.segments[1].recordingSegment",
            "timeline.segments[4]",
            "timeline.transitions[0].segmentIndex",
            "timeline.transitions[1]",
            "timeline.transitions[2]",
            "timeline.transitions[4]",
            "timeline.transitions[5].segmentIndex",
        ]
    );
    assert!(
        problems
            .iter()
            .all(|problem| line(problem).starts_with("Warning"))
    );
}

#[test]
fn segments_are_renumbered_where_some_were_lost() {
    let map = SegmentMap::from([(0, 0), (2, 1)]);
    let mut config = timeline(
        json!([clip(2, 0.0, 1.0), clip(1, 0.0, 1.0), clip(0, 0.0, 1.0)]),
        json!({}),
    );
    config["clips"] =
        json!([{ "index": 1, "offsets": { "mic": 1 } }, { "index": 2, "offsets": { "mic": 2 } }]);
    let (config, _) = validated(config, Some(&map));
    let clips: Vec<u32> = config
        .timeline
        .unwrap()
        .segments
        .iter()
        .map(|clip| clip.recording_segment)
        .collect();
    assert_eq!(clips, [1, 0]);
    let offsets: Vec<_> = config
        .clips
        .iter()
        .map(|clip| (clip.index, clip.offsets.mic))
        .collect();
    assert_eq!(offsets, [(1, 2.0)]);
}

#[test]
fn a_timeline_without_clips_is_an_error() {
    for clips in [json!([]), json!([clip(3, 0.0, 1.0)])] {
        let (_, problems) = validated(timeline(clips, json!({})), Some(&identity(1)));
        assert!(
            line(&problems[0]).starts_with("Error project-config.json: timeline.segments: no clip is left"),
            "{problems:?}"
        );
    }
}

#[test]
fn clips_that_cannot_be_played_are_errors() {
    for (clip, place) in [
        (json!({ "timescale": 0, "start": 0, "end": 1 }), "timescale"),
        (json!({ "timescale": -2, "start": 0, "end": 1 }), "timescale"),
        (json!({ "timescale": 1e300, "start": 0, "end": 1 }), "timescale"),
        (json!({ "timescale": 1, "start": -1, "end": 1 }), "start"),
        (json!({ "timescale": 1, "start": 0, "end": 1e9 }), "end"),
        (json!({ "timescale": 1, "start": 2, "end": 1 }), "end"),
    ] {
        let (_, problems) = validated(timeline(json!([clip]), json!({})), Some(&identity(1)));
        assert_eq!(
            problems[0].json_path.as_deref(),
            Some(&*format!("timeline.segments[0].{place}"))
        );
        assert!(line(&problems[0]).starts_with("Error"));
        assert_eq!(problems.len(), 1, "{problems:?}");
    }
    // Together too long, and a start that only rounding made negative.
    let long: Vec<Value> = (0..2)
        .map(|_| json!({ "timescale": 0.5, "start": -1e-9, "end": 30_000 }))
        .collect();
    let (config, problems) = validated(timeline(json!(long), json!({})), Some(&identity(1)));
    assert_eq!(
        problems[0].message,
        "the clips take 120000 s; at most 86400 s are exported"
    );
    assert_eq!(config.timeline.unwrap().segments[0].start, 0.0);
}

#[test]
fn overlays_that_never_show_go_and_texts_keep_their_places() {
    let overlays = json!({
        "zoomSegments": [ { "start": 2, "end": 1, "amount": 2, "mode": "auto" }, { "start": 1, "end": 999999, "amount": 2e9, "mode": "auto", "edgeSnapRatio": 7 } ],
        "textSegments": [ { "start": 3, "end": 1 }, { "start": 1, "end": 2 } ],
        "maskSegments": [ { "start": 3, "end": 1, "maskType": "sensitive", "center": {"x": 0, "y": 0}, "size": {"x": 1, "y": 1} } ]
    });
    let (config, problems) = validated(timeline(json!([clip(0, 0.0, 9.0)]), overlays), Some(&identity(1)));
    let timeline = config.timeline.unwrap();
    let zoom = &timeline.zoom_segments[..];
    assert_eq!(zoom.len(), 1);
    assert_eq!(
        (zoom[0].end, zoom[0].amount, zoom[0].edge_snap_ratio),
        (86_400.0, 100.0, 0.5)
    );
    assert_eq!(
        timeline
            .text_segments
            .iter()
            .map(|text| text.enabled)
            .collect::<Vec<_>>(),
        [false, true]
    );
    assert!(timeline.mask_segments.is_empty());
    assert_eq!(
        places(&problems),
        [
            "timeline.zoomSegments[1].amount",
            "timeline.zoomSegments[1].edgeSnapRatio",
            "timeline.zoomSegments[0]",
            "timeline.zoomSegments[1].end",
            "timeline.maskSegments[0]",
            "timeline.textSegments[0]",
        ]
    );
}

#[test]
fn looks_are_clamped_with_a_warning() {
    let (config, problems) = validated(
        json!({
            "background": { "blur": -3, "padding": 250, "advancedShadow": { "size": 1e9 }, "border": { "width": -1 },
                            "source": { "type": "gradient", "from": [0, 0, 0], "to": [0, 0, 0], "noise_scale": -5 } },
            "camera": { "size": -1, "manualPosition": { "x": 3, "y": 0.5 } },
            "audio": { "micVolumeDb": 1e300, "systemVolumeDb": -1e300 },
            "cursor": { "size": 4294967295_u32, "mass": 0, "clickSpring": { "tension": -1, "mass": 1, "friction": 1 } },
            "screenMovementSpring": { "stiffness": 200, "damping": 40, "mass": 0 },
            "clips": [ { "offsets": { "mic": 1e300 } } ]
        }),
        None,
    );
    assert_eq!((config.background.blur, config.background.padding), (0.0, 100.0));
    assert_eq!(config.background.advanced_shadow.unwrap().size, 100.0);
    assert_eq!(config.camera.manual_position.unwrap().x, 1.0);
    assert_eq!(
        (config.audio.mic_volume_db, config.audio.system_volume_db),
        (60.0, -1e300)
    );
    assert_eq!((config.cursor.size, config.cursor.mass), (10_000, 0.001));
    assert_eq!(config.screen_movement_spring.mass, 0.001);
    assert_eq!(config.clips[0].offsets.mic, 86_400.0);
    assert_eq!(problems.len(), 13, "{problems:#?}");
    assert_eq!(
        line(&problems[1]),
        "Warning project-config.json: background.padding: expected 0 to 100, found 250; 100 is used"
    );
}

#[test]
fn an_impossible_crop_is_an_error() {
    let crop = |size: (u32, u32), position: (u32, u32)| {
        let config = json!({ "background": { "crop": {
            "position": { "x": position.0, "y": position.1 }, "size": { "x": size.0, "y": size.1 } } } });
        let problems = validated(config, None).1;
        places(&problems).join(" ")
    };
    assert_eq!(crop((1, 1), (0, 0)), "");
    assert_eq!(
        crop((0, 0), (0, 0)),
        "background.crop.size.x background.crop.size.y"
    );
    assert_eq!(crop((10, u32::MAX), (0, 5)), "background.crop.size.y");
}

proptest! {
    #[test]
    fn what_comes_out_is_playable(
        clips in prop::collection::vec((0_u32..4, any::<f64>(), -2.0..2.0, -2.0..9.0), 0..6),
        transitions in prop::collection::vec((0_u32..8, any::<f64>()), 0..6),
        wild in any::<f64>(),
    ) {
        let finite = |value: f64| if value.is_finite() { value } else { 1.0 };
        let clips: Vec<Value> = clips
            .into_iter()
            .map(|(segment, speed, start, end)| json!({ "recordingSegment": segment, "timescale": finite(speed), "start": start, "end": end }))
            .collect();
        let transitions: Vec<Value> = transitions
            .into_iter()
            .map(|(index, duration)| json!({ "segmentIndex": index, "type": "cross-fade", "duration": finite(duration) }))
            .collect();
        let mut config = timeline(json!(clips), json!({ "transitions": transitions }));
        config["cursor"] = json!({ "mass": finite(wild), "tension": finite(wild) });
        let (config, problems) = validated(config, Some(&identity(3)));
        prop_assert!(config.cursor.mass >= 0.001 && config.cursor.tension >= 0.0);
        let timeline = config.timeline.unwrap();
        for clip in &timeline.segments {
            prop_assert!(clip.recording_segment < 3 && clip.timescale > 0.0 && 0.0 <= clip.start && clip.start < clip.end);
        }
        for transition in &timeline.transitions {
            prop_assert!(transition.segment_index >= 1 && (transition.segment_index as usize) < timeline.segments.len());
        }
        prop_assert!(!timeline.segments.is_empty() || problems.iter().any(|problem| line(problem).starts_with("Error")));
    }
}

#[test]
fn absurd_overlays_are_clamped_with_a_warning() {
    let overlays = json!({
        "maskSegments": [{ "start": 0, "end": 1, "maskType": "highlight", "center": { "x": 1e300, "y": 0 }, "size": { "x": 1, "y": 1 },
            "opacity": 7, "fadeDuration": -1, "keyframes": { "intensity": [{ "time": 2, "value": 1 }, { "time": 1, "value": -4 }] } }],
        "textSegments": [{ "start": 0, "end": 1, "fontSize": 1e300, "strokeWidth": -2, "glow": 3, "animationInDuration": -5 }],
        "captionSegments": [{ "id": "c", "start": 0, "end": 1, "text": "a", "words": [{ "text": "a", "start": -1e300, "end": 1 }] }],
        "keyboardSegments": [{ "id": "k", "start": 0, "end": 1, "displayText": "a", "keys": [{ "key": "a", "timeOffset": 1e300 }] }],
        "camera3dSegments": [{ "start": 0, "end": 1, "properties": { "zoom": 1e300 },
            "tracks": { "fov": [{ "time": 0, "value": 1, "outEasing": [2, 0] }] } }],
        "imageSegments": [{ "start": 0, "end": 1, "path": "a", "rounding": 700, "opacity": -1 }],
        "waveformSegments": [{ "start": 0, "end": 1, "barCount": 100_000 }],
        "styleSegments": [{ "start": 0, "end": 1, "overrides": { "background": { "blur": 500 }, "cursor": { "ripple": { "size": 9 } } } }]
    });
    let mut config = timeline(json!([clip(0, 0.0, 9.0)]), overlays);
    config["textAnimVersion"] = json!(1);
    let (config, problems) = validated(config, Some(&identity(1)));
    let timeline = config.timeline.unwrap();
    let intensity = &timeline.mask_segments[0].keyframes.intensity;
    assert_eq!(
        (intensity[0].time, intensity[0].value, intensity[1].time),
        (1.0, 0.0, 2.0)
    );
    assert_eq!(
        timeline.camera_3d_segments[0].tracks.fov[0].out_easing,
        Some([1.0, 0.0])
    );
    assert_eq!(timeline.waveform_segments[0].bar_count, 256);
    assert_eq!(
        places(&problems),
        [
            "timeline.maskSegments[0].center.x",
            "timeline.maskSegments[0].opacity",
            "timeline.maskSegments[0].fadeDuration",
            "timeline.maskSegments[0].keyframes.intensity[1].value",
            "timeline.maskSegments[0].keyframes.intensity",
            "timeline.textSegments[0].fontSize",
            "timeline.textSegments[0].animationInDuration",
            "timeline.textSegments[0].strokeWidth",
            "timeline.textSegments[0].glow",
            "timeline.captionSegments[0].words[0].start",
            "timeline.keyboardSegments[0].keys[0].timeOffset",
            "timeline.camera3dSegments[0].properties.zoom",
            "timeline.camera3dSegments[0].tracks.fov[0].outEasing[0]",
            "timeline.styleSegments[0].overrides.background.blur",
            "timeline.styleSegments[0].overrides.cursor.ripple.size",
            "timeline.imageSegments[0].opacity",
            "timeline.imageSegments[0].rounding",
            "timeline.waveformSegments[0].barCount",
        ]
    );
}

#[test]
fn there_is_a_limit_to_everything() {
    let zoom = json!({ "start": 1, "end": 2, "amount": 2, "mode": "auto" });
    let many = |count: usize| {
        timeline(
            json!([clip(0, 0.0, 9.0)]),
            json!({ "zoomSegments": vec![zoom.clone(); count] }),
        )
    };
    let (config, problems) = validated(many(crate::cap::config::MAX_ENTRIES), Some(&identity(1)));
    assert_eq!(problems, []);
    assert_eq!(
        config.timeline.unwrap().zoom_segments.len(),
        crate::cap::config::MAX_ENTRIES
    );
    let (_, problems) = validated(many(100_000), Some(&identity(1)));
    assert_eq!(
        line(&problems[0]),
        "Error project-config.json: timeline.zoomSegments: expected at most 10000 entries, found more"
    );
    assert_eq!(problems.len(), 1);

    let keyframes = vec![json!({ "time": 0, "value": 1 }); limits::MAX_PARTS + 1];
    let camera = json!({ "camera3dSegments": [{ "start": 0, "end": 1, "tracks": { "fov": keyframes } }] });
    let (_, problems) = validated(timeline(json!([clip(0, 0.0, 9.0)]), camera), Some(&identity(1)));
    assert_eq!(
        problems[0].message,
        "expected at most 100000 keyframes in all, found 100001"
    );
}

#[test]
fn a_text_of_a_megabyte_is_cut_at_a_letter() {
    let texts =
        json!({ "textSegments": [{ "start": 0, "end": 1, "content": format!("a{}", "é".repeat(500_000)) }] });
    let (config, problems) = validated(timeline(json!([clip(0, 0.0, 9.0)]), texts), Some(&identity(1)));
    assert_eq!(
        line(&problems[0]),
        "Warning project-config.json: timeline.textSegments[0].content: expected at most 65536 bytes of text, found 1000001; \
         only the beginning is drawn"
    );
    // One byte and as many letters of two as fit.
    assert_eq!(config.timeline.unwrap().text_segments[0].content.len(), 65_535);
}

#[test]
fn unknown_frames_are_none() {
    let (config, problems) = validated(
        json!({ "background": { "frame": { "style": "phone", "theme": "sepia" } } }),
        None,
    );
    let frame = config.background.frame.unwrap();
    assert_eq!((&frame.style[..], &frame.theme[..]), ("none", "dark"));
    assert_eq!(
        line(&problems[0]),
        "Warning project-config.json: background.frame.style: \"phone\" is not known to this version; no frame is drawn"
    );
    assert_eq!(problems.len(), 2);
}
