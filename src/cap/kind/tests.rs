use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::cap::config::{ProjectConfig, Xy};
use crate::cap::problem::{Problem, Severity};

/// The minimal example of cap-format.md 2.4.
fn example() -> Value {
    json!({
        "platform": "MacOS", "pretty_name": "Sample take", "sharing": null,
        "segments": [{
            "display": { "path": "content/segments/segment-0/display.mp4", "fps": 60, "start_time": 0.214 },
            "camera": { "path": "content/segments/segment-0/camera.mp4", "fps": 30, "start_time": 0.391, "device_id": "cam-A" },
            "mic": { "path": "content/segments/segment-0/audio-input.ogg", "start_time": 0.102, "device_id": "mic-A" },
            "system_audio": { "path": "content/segments/segment-0/system_audio.ogg", "start_time": 0.0 },
            "cursor": "content/segments/segment-0/cursor.json",
            "keyboard": "content/segments/segment-0/keyboard.bin",
            "display_notch": { "x": 0.44, "width": 0.12, "height": 0.03 }
        }],
        "cursors": {
            "0": { "imagePath": "content/cursors/cursor_0.png", "hotspot": { "x": 0.2, "y": 0.15 }, "shape": "MacOS|Arrow" },
            "1": { "imagePath": "content/cursors/cursor_1.png", "hotspot": { "x": 0.5, "y": 0.5 }, "shape": null }
        },
        "status": { "status": "Complete" }
    })
}

fn read(tree: &Value) -> (Option<RecordingMeta>, Vec<Problem>) {
    let mut problems = Problems::default();
    let meta = parse(tree, &Needs::of(&ProjectConfig::default()), &mut problems);
    assert_eq!(meta.is_none(), problems.has_errors());
    (meta, problems.into_all())
}

fn studio(tree: &Value) -> StudioMeta {
    match read(tree) {
        (
            Some(RecordingMeta {
                kind: RecordingKind::Studio(studio),
                ..
            }),
            _,
        ) => studio,
        other => panic!("{other:?}"),
    }
}

fn instant_kind(tree: &Value) -> InstantMeta {
    match read(tree) {
        (
            Some(RecordingMeta {
                kind: RecordingKind::Instant(instant),
                ..
            }),
            _,
        ) => instant,
        other => panic!("{other:?}"),
    }
}

fn errors(tree: &Value) -> Vec<(String, String)> {
    read(tree)
        .1
        .into_iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| (problem.json_path.unwrap_or_default(), problem.message))
        .collect()
}

fn error_paths(tree: &Value) -> Vec<String> {
    errors(tree).into_iter().map(|(path, _)| path).collect()
}

#[test]
fn the_current_form_is_read() {
    let (meta, problems) = read(&example());
    assert_eq!(problems, []);
    let meta = meta.unwrap();
    assert_eq!(
        (meta.pretty_name.as_str(), meta.platform.as_deref()),
        ("Sample take", Some("MacOS"))
    );
    let studio = studio(&example());
    assert!(!studio.legacy);
    assert_eq!(studio.status, StudioStatus::Complete);
    let segment = &studio.segments[&0];
    assert_eq!(
        (segment.display.fps, segment.display.start_time),
        (Some(60), Some(0.214))
    );
    assert_eq!(segment.camera.as_ref().unwrap().start_time, Some(0.391));
    assert_eq!(
        segment.mic.as_ref().unwrap().path,
        "content/segments/segment-0/audio-input.ogg"
    );
    assert_eq!(segment.display_notch.unwrap().width, 0.12);
    assert_eq!(studio.cursors["0"].shape.as_deref(), Some("MacOS|Arrow"));
    assert_eq!(studio.cursors["1"].hotspot, Xy { x: 0.5, y: 0.5 });
}

#[test]
fn the_legacy_form_wins_and_its_tracks_start_together() {
    let studio = studio(&json!({
        "pretty_name": "Old take", "sharing": null,
        "display": { "path": r"C:\rec\a.cap\content\display.mp4", "start_time": 0.5 }, "camera": null,
        "audio": { "path": r"content\audio-input.mp3", "start_time": 0.1 }, "cursor": "cursor.json",
        "segments": [ { "start": 0, "end": 3 } ]
    }));
    assert!(studio.legacy);
    let segment = &studio.segments[&0];
    assert_eq!(
        (segment.display.path.as_str(), segment.display.fps),
        ("content/display.mp4", None)
    );
    assert_eq!(segment.display.start_time, None);
    let mic = segment.mic.as_ref().unwrap();
    assert_eq!(
        (mic.path.as_str(), mic.start_time),
        ("content/audio-input.mp3", None)
    );
    assert_eq!(segment.cursor.as_deref(), Some("cursor.json"));
}

#[test]
fn an_invalid_segment_is_reported_where_it_is() {
    let mut tree = example();
    let segment = tree["segments"][0].clone();
    tree["segments"] = json!([segment, segment, segment]);
    tree["segments"][1]["display"] = json!({ "fps": 30 });
    tree["segments"][2]["mic"]["path"] = json!(5);
    // Keys of an instant recording beside it change nothing.
    tree["fps"] = json!(30);
    tree["recording"] = json!(false);
    assert_eq!(
        errors(&tree),
        [
            (
                "segments[1].display.path".into(),
                "this required key is missing".into()
            ),
            (
                "segments[2].mic.path".into(),
                "expected a text, found the number 5".to_owned()
            ),
        ]
    );
}

#[test]
fn a_malformed_segment_that_no_clip_shows_is_left_out() {
    let mut tree = example();
    let segment = tree["segments"][0].clone();
    tree["segments"] = json!([{ "display": 5 }, segment, 7]);
    let config = json!({ "timeline": { "segments": [{ "recordingSegment": 1, "timescale": 1, "start": 0, "end": 1 }], "zoomSegments": [] } });
    let mut problems = Problems::default();
    let needs = Needs::of(&serde_json::from_value(config).unwrap());
    let meta = parse(&tree, &needs, &mut problems).unwrap();
    let RecordingKind::Studio(studio) = meta.kind else {
        panic!()
    };
    assert_eq!(studio.segments.keys().collect::<Vec<_>>(), [&1]);
    let warnings: Vec<_> = problems
        .into_warnings()
        .into_iter()
        .map(|problem| problem.to_string())
        .collect();
    assert_eq!(
        warnings,
        [
            "recording-meta.json: segments[0].display: expected an object, found the number 5; no clip shows segment 0, so it is not needed",
            "recording-meta.json: segments[2]: expected an object, found the number 7; no clip shows segment 2, so it is not needed",
        ]
    );
}

#[test]
fn there_are_limits() {
    let mut tree = example();
    let segment = tree["segments"][0].clone();
    tree["segments"] = json!(vec![segment; MAX_SEGMENTS + 1]);
    assert_eq!(errors(&tree)[0].1, "expected at most 10000 segments, found 10001");
    let mut tree = example();
    let images = (0..=10_000).map(|id| (id.to_string(), json!("content/cursors/a.png")));
    tree["cursors"] = Value::Object(images.collect());
    assert_eq!(
        errors(&tree)[0].1,
        "expected at most 10000 pointer images, found 10001"
    );
}

#[test]
fn faults_of_the_legacy_form_are_its_own() {
    let tree = json!({ "pretty_name": "x", "display": { "fps": 1 }, "fps": 30, "segments": [{ "start": 0, "end": 1 }] });
    assert_eq!(error_paths(&tree), ["display.path"]);
    let tree = json!({ "pretty_name": "x", "display": { "path": "a" }, "camera": {}, "cursor": 3 });
    assert_eq!(error_paths(&tree), ["camera.path", "cursor"]);
    // An invalid top-level display beside valid segments is passed over, as Cap does.
    let mut tree = example();
    tree["display"] = json!(true);
    let (meta, problems) = read(&tree);
    assert!(meta.is_some());
    assert_eq!(problems[0].json_path.as_deref(), Some("display"));
}

#[test]
fn instant_forms_are_told_apart_in_order() {
    let instant = |extra: Value| {
        let mut tree = json!({ "platform": "MacOS", "pretty_name": "Quick share", "sharing": null });
        tree.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        tree
    };
    assert_eq!(
        instant_kind(&instant(json!({"recording": true}))),
        InstantMeta::InProgress(true)
    );
    assert_eq!(
        instant_kind(&instant(json!({"recording": false, "error": "e", "fps": 30}))),
        InstantMeta::InProgress(false)
    );
    assert_eq!(
        instant_kind(&instant(json!({"error": "encoder stopped"}))),
        InstantMeta::Failed("encoder stopped".into())
    );
    assert_eq!(
        instant_kind(&instant(json!({"fps": 30, "sample_rate": null}))),
        InstantMeta::Complete { fps: 30 }
    );
    assert_eq!(
        instant_kind(&instant(json!({"recording": "yes", "fps": 30}))),
        InstantMeta::Complete { fps: 30 }
    );
    assert_eq!(error_paths(&instant(json!({"fps": "30"}))), ["fps"]);
    assert_eq!(
        error_paths(&instant(json!({"fps": 30, "sample_rate": "x"}))),
        ["sample_rate"]
    );
    assert_eq!(
        error_paths(&instant(json!({"recording": 1, "error": 2}))),
        ["recording", "error"]
    );
    let all = errors(&instant(json!({})));
    assert!(
        all.len() == 1 && all[0].1.contains("does not say what was recorded"),
        "{all:?}"
    );
}

#[test]
fn general_keys_are_checked_beside_the_kind() {
    let mut tree = example();
    tree.as_object_mut().unwrap().remove("pretty_name");
    tree["segments"][0]["display"] = json!(null);
    assert_eq!(error_paths(&tree), ["pretty_name", "segments[0].display"]);
    assert_eq!(
        errors(&json!([1]))[0].1,
        "expected an object, found an array of 1"
    );
}

#[test]
fn every_status_is_read() {
    let with = |status: Value| {
        let mut tree = example();
        tree["status"] = status;
        tree
    };
    for (status, expected) in [
        (json!(null), StudioStatus::Complete),
        (json!({"status": "InProgress"}), StudioStatus::InProgress),
        (json!({"status": "NeedsRemux"}), StudioStatus::NeedsRemux),
        (
            json!({"status": "Failed", "error": "disk full"}),
            StudioStatus::Failed("disk full".into()),
        ),
    ] {
        assert_eq!(studio(&with(status)).status, expected);
    }
    // Of a newer version: taken for complete, not refused.
    let (meta, problems) = read(&with(json!({"status": "Paused"})));
    assert!(meta.is_some());
    assert_eq!(problems[0].json_path.as_deref(), Some("status.status"));
    assert_eq!(
        problems[0].message,
        "the text \"Paused\" is not known to this version; the recording is taken for a complete one"
    );
    assert_eq!(error_paths(&with(json!("Complete"))), ["status"]);
    let crashed = json!({ "platform": "Linux", "pretty_name": "x", "sharing": null, "segments": [], "status": { "status": "InProgress" } });
    assert!(studio(&crashed).segments.is_empty());
}

#[test]
fn pointer_images_come_in_two_shapes() {
    let mut tree = example();
    tree["cursors"] = json!({ "0": r"C:\a.cap\content\cursors\cursor_0.png" });
    let old = studio(&tree);
    assert_eq!(old.cursors["0"].image_path, "content/cursors/cursor_0.png");
    assert_eq!(old.cursors["0"].hotspot, Xy { x: 0.0, y: 0.0 });
    tree["cursors"] =
        json!({ "7": { "imagePath": "content/cursors/a.png", "hotspot": { "x": 0.5 } }, "8": 3 });
    assert_eq!(error_paths(&tree), ["cursors.7.hotspot.y", "cursors.8"]);
    tree["cursors"] = json!([]);
    assert_eq!(error_paths(&tree), ["cursors"]);
}

#[test]
fn unknown_shapes_count_as_none() {
    let mut tree = example();
    tree["cursors"]["0"]["shape"] = json!("Amiga|Hand");
    let (meta, problems) = read(&tree);
    assert_eq!(problems[0].json_path.as_deref(), Some("cursors.0.shape"));
    assert!(meta.is_some());
    assert_eq!(studio(&tree).cursors["0"].shape, None);
}

proptest! {
    #[test]
    fn a_mutated_meta_file_is_read_or_explained(
        cut in prop::collection::vec(0_usize..40, 0..4),
        value in prop_oneof![
            Just(json!(null)), Just(json!(-1)), Just(json!("..")), Just(json!([])), Just(json!({})), Just(json!(1e300))
        ],
    ) {
        let mut tree = example();
        for place in cut {
            replace(&mut tree, &mut place.clone(), &value);
        }
        read(&tree);
    }
}

/// Replaces the value that is `place` steps into the tree, depth first.
fn replace(tree: &mut Value, place: &mut usize, by: &Value) {
    if *place == 0 {
        *tree = by.clone();
        *place = usize::MAX;
        return;
    }
    *place -= 1;
    let children: Vec<&mut Value> = match tree {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(map) => map.values_mut().collect(),
        _ => return,
    };
    for child in children {
        if *place == usize::MAX {
            return;
        }
        replace(child, place, by);
    }
}
