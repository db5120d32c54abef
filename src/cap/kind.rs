//! `recording-meta.json` read: which kind of recording it describes, decided by the keys that are there (cap-format.md 2.2).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::config::Xy;
use super::json::{self, Issue};
use super::meta::{
    AudioTrack, CursorImage, InstantMeta, RecordingKind, RecordingMeta, SegmentMeta, StudioMeta,
    StudioStatus, VideoTrack,
};
use super::paths::normalise;
use super::problem::Problems;

/// Name of the file.
pub(super) const META_FILE: &str = "recording-meta.json";

/// The general keys (cap-format.md 2.1).
#[derive(Deserialize)]
struct General {
    pretty_name: String,
    #[serde(default)]
    platform: Option<String>,
}

/// The single-segment form of 2024 (cap-format.md 2.5).
#[derive(Deserialize)]
struct Legacy {
    display: VideoTrack,
    #[serde(default)]
    camera: Option<VideoTrack>,
    #[serde(default)]
    audio: Option<AudioTrack>,
    #[serde(default)]
    cursor: Option<String>,
}

#[derive(Deserialize)]
struct Segments {
    segments: Vec<SegmentMeta>,
}

#[derive(Deserialize)]
struct Status {
    status: Option<StatusText>,
}

#[derive(Deserialize)]
struct StatusText {
    status: StatusName,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Deserialize)]
enum StatusName {
    Complete,
    InProgress,
    NeedsRemux,
    Failed,
}

/// The meta file of `tree`, paths normalised; `None` when an error was noted.
pub(super) fn parse(tree: &Value, problems: &mut Problems) -> Option<RecordingMeta> {
    let Some(keys) = tree.as_object() else {
        problems.error(
            META_FILE,
            "",
            format!("expected an object, found {}", json::describe(tree)),
        );
        return None;
    };
    let general = json::typed::<General>(tree.clone())
        .map_err(|issues| problems.issues(META_FILE, &issues))
        .ok();
    let kind = kind(tree, keys, problems);
    let general = general?;
    Some(RecordingMeta {
        pretty_name: general.pretty_name,
        platform: general.platform,
        kind: kind?,
    })
}

/// The first kind whose keys are valid, in the order of cap-format.md 2.2.
///
/// Where the keys of a studio recording are there but not valid, that is the error: such a file is never taken for an
/// instant recording because `fps` or `error` happen to be there too.
fn kind(tree: &Value, keys: &Map<String, Value>, problems: &mut Problems) -> Option<RecordingKind> {
    let present = |key: &str| keys.get(key).filter(|value| !value.is_null());
    let legacy_issues = match present("display").map(|_| json::typed::<Legacy>(tree.clone())) {
        Some(Ok(legacy)) => return Some(RecordingKind::Studio(legacy_studio(legacy))),
        Some(Err(issues)) => issues,
        None => Vec::new(),
    };
    let Some(segments) = present("segments") else {
        if legacy_issues.is_empty() {
            return instant(keys, problems).map(RecordingKind::Instant);
        }
        problems.issues(META_FILE, &legacy_issues);
        return None;
    };
    // The `segments` of a legacy file hold only start and end: its faults are those of its top-level tracks.
    let of_tracks = |segment: &Value| segment.get("display").is_some();
    if !legacy_issues.is_empty() && !segments.as_array().is_some_and(|all| all.iter().any(of_tracks)) {
        problems.issues(META_FILE, &legacy_issues);
        return None;
    }
    match json::typed::<Segments>(tree.clone()) {
        Ok(Segments { segments }) => {
            for issue in &legacy_issues {
                problems.warn(
                    META_FILE,
                    &issue.path,
                    format!("{}; ignored beside `segments`", issue.message),
                );
            }
            let status = status(tree, problems);
            let cursors = cursors(present("cursors"), problems);
            Some(RecordingKind::Studio(StudioMeta {
                segments: segments.into_iter().map(normalise_segment).collect(),
                cursors: cursors?,
                status: status?,
                legacy: false,
            }))
        }
        Err(issues) => {
            problems.issues(META_FILE, &issues);
            None
        }
    }
}

fn legacy_studio(legacy: Legacy) -> StudioMeta {
    // All tracks of a legacy recording start together (cap-format.md 2.5), whatever their descriptors say.
    let video = |track: VideoTrack| VideoTrack {
        start_time: None,
        ..track
    };
    let segment = SegmentMeta {
        display: video(legacy.display),
        camera: legacy.camera.map(video),
        mic: legacy.audio.map(|track| AudioTrack {
            start_time: None,
            ..track
        }),
        system_audio: None,
        cursor: legacy.cursor,
        keyboard: None,
        display_notch: None,
    };
    StudioMeta {
        segments: vec![normalise_segment(segment)],
        cursors: BTreeMap::new(),
        status: StudioStatus::Complete,
        legacy: true,
    }
}

fn normalise_segment(mut segment: SegmentMeta) -> SegmentMeta {
    let SegmentMeta {
        display,
        camera,
        mic,
        system_audio,
        cursor,
        ..
    } = &mut segment;
    let video = std::iter::once(display)
        .chain(camera)
        .map(|track| &mut track.path);
    let audio = mic.iter_mut().chain(system_audio).map(|track| &mut track.path);
    for path in video.chain(audio).chain(cursor) {
        *path = normalise(path);
    }
    segment
}

fn status(tree: &Value, problems: &mut Problems) -> Option<StudioStatus> {
    match json::typed::<Status>(tree.clone()) {
        Ok(Status { status: None }) => Some(StudioStatus::Complete),
        Ok(Status {
            status: Some(StatusText { status, error }),
        }) => Some(match status {
            StatusName::Complete => StudioStatus::Complete,
            StatusName::InProgress => StudioStatus::InProgress,
            StatusName::NeedsRemux => StudioStatus::NeedsRemux,
            StatusName::Failed => {
                StudioStatus::Failed(error.unwrap_or_else(|| "no reason was stored".into()))
            }
        }),
        Err(issues) => {
            problems.issues(META_FILE, &issues);
            None
        }
    }
}

/// Pointer images in either shape (cap-format.md 2.6).
fn cursors(found: Option<&Value>, problems: &mut Problems) -> Option<BTreeMap<String, CursorImage>> {
    let entries = match found {
        None => return Some(BTreeMap::new()),
        Some(Value::Object(entries)) => entries,
        Some(other) => {
            let message = format!(
                "expected an object of pointer images, found {}",
                json::describe(other)
            );
            problems.error(META_FILE, "cursors", message);
            return None;
        }
    };
    let mut images = BTreeMap::new();
    let mut valid = true;
    for (id, entry) in entries {
        let at = format!("cursors.{id}");
        let image = match entry {
            Value::String(path) => {
                problems.warn(
                    META_FILE,
                    &at,
                    "an image without hotspot; its top left corner is taken as the hotspot",
                );
                CursorImage {
                    image_path: path.clone(),
                    hotspot: Xy { x: 0.0, y: 0.0 },
                    shape: None,
                }
            }
            entry => match json::typed::<CursorImage>(entry.clone()) {
                Ok(image) => image,
                Err(issues) => {
                    let issues: Vec<Issue> = issues
                        .into_iter()
                        .map(|issue| Issue {
                            path: if issue.path.is_empty() {
                                at.clone()
                            } else {
                                format!("{at}.{}", issue.path)
                            },
                            message: issue.message,
                        })
                        .collect();
                    problems.issues(META_FILE, &issues);
                    valid = false;
                    continue;
                }
            },
        };
        images.insert(id.clone(), checked_image(image, &at, problems));
    }
    valid.then_some(images)
}

/// The image with its path normalised, and without a shape or a hotspot that can't be.
fn checked_image(mut image: CursorImage, at: &str, problems: &mut Problems) -> CursorImage {
    image.image_path = normalise(&image.image_path);
    if let Some(shape) = image.shape.take_if(|shape| !known_shape(shape)) {
        let message = format!("{shape:?} is no known pointer shape; the recorded image is used");
        problems.warn(META_FILE, &format!("{at}.shape"), message);
    }
    for (axis, value) in [("x", &mut image.hotspot.x), ("y", &mut image.hotspot.y)] {
        if !(-1.0..=2.0).contains(value) {
            let message = format!("expected a fraction of the image, found {value}; 0 is used");
            problems.warn(META_FILE, &format!("{at}.hotspot.{axis}"), message);
            *value = 0.0;
        }
    }
    image
}

const MACOS_SHAPES: [&str; 18] = [
    "Arrow",
    "ContextualMenu",
    "ClosedHand",
    "Crosshair",
    "DisappearingItem",
    "DragCopy",
    "DragLink",
    "IBeam",
    "OpenHand",
    "OperationNotAllowed",
    "PointingHand",
    "ResizeDown",
    "ResizeLeft",
    "ResizeLeftRight",
    "ResizeRight",
    "ResizeUp",
    "ResizeUpDown",
    "IBeamVerticalForVerticalLayout",
];

const WINDOWS_SHAPES: [&str; 29] = [
    "Arrow",
    "IBeam",
    "Wait",
    "Cross",
    "UpArrow",
    "SizeNWSE",
    "SizeNESW",
    "SizeWE",
    "SizeNS",
    "SizeAll",
    "No",
    "Hand",
    "AppStarting",
    "Help",
    "Pin",
    "Person",
    "Pen",
    "ScrollNS",
    "ScrollWE",
    "ScrollNSEW",
    "ScrollN",
    "ScrollS",
    "ScrollW",
    "ScrollE",
    "ScrollNW",
    "ScrollNE",
    "ScrollSW",
    "ScrollSE",
    "ArrowCD",
];

/// Whether `shape` is one of the names of cap-format.md 2.6.
fn known_shape(shape: &str) -> bool {
    match shape.split_once('|') {
        Some(("MacOS", name)) => {
            let tahoe = name.strip_prefix("Tahoe");
            MACOS_SHAPES.contains(&tahoe.unwrap_or(name)) || matches!(tahoe, Some("ZoomIn" | "ZoomOut"))
        }
        Some(("Windows", name)) => WINDOWS_SHAPES.contains(&name),
        _ => false,
    }
}

/// The instant kinds (cap-format.md 2.8), first valid key first.
fn instant(keys: &Map<String, Value>, problems: &mut Problems) -> Option<InstantMeta> {
    let mut wrong = Vec::new();
    let mut expected = |key: &str, what: &str, found: &Value| {
        wrong.push(Issue {
            path: key.into(),
            message: format!("expected {what}, found {}", json::describe(found)),
        });
    };
    let present = |key: &str| keys.get(key).filter(|value| !value.is_null());
    match present("recording") {
        Some(Value::Bool(running)) => return Some(InstantMeta::InProgress(*running)),
        Some(other) => expected("recording", "true or false", other),
        None => {}
    }
    match present("error") {
        Some(Value::String(reason)) => return Some(InstantMeta::Failed(reason.clone())),
        Some(other) => expected("error", "a text", other),
        None => {}
    }
    if let Some(fps) = present("fps") {
        let rate = present("sample_rate");
        match (fps.as_u64().and_then(|fps| u32::try_from(fps).ok()), rate) {
            (Some(fps), None) => return Some(InstantMeta::Complete { fps }),
            (Some(fps), Some(rate)) if rate.as_u64().is_some_and(|rate| u32::try_from(rate).is_ok()) => {
                return Some(InstantMeta::Complete { fps });
            }
            (Some(_), Some(rate)) => expected("sample_rate", "a whole number of Hz", rate),
            (None, _) => expected("fps", "a whole number of frames per second", fps),
        }
    }
    if wrong.is_empty() {
        problems.error(
            META_FILE,
            "",
            "none of the keys `segments`, `display`, `recording`, `error` and `fps` is there, so it does not say what was recorded",
        );
    }
    problems.issues(META_FILE, &wrong);
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
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
        let meta = parse(tree, &mut problems);
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
        let segment = &studio.segments[0];
        assert_eq!(
            (segment.display.fps, segment.display.start_time),
            (60, Some(0.214))
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
        let segment = &studio.segments[0];
        assert_eq!(
            (segment.display.path.as_str(), segment.display.fps),
            ("content/display.mp4", 30)
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
                    "invalid type: integer `5`, expected a string".to_owned()
                ),
            ]
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
        assert_eq!(error_paths(&with(json!({"status": "Paused"}))), ["status.status"]);
        assert_eq!(error_paths(&with(json!("Complete"))), ["status"]);
        let crashed = json!({ "platform": "Linux", "pretty_name": "x", "sharing": null, "segments": [], "status": { "status": "InProgress" } });
        assert_eq!(studio(&crashed).segments, []);
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
        for shape in [
            "MacOS|Arrow",
            "MacOS|TahoeIBeam",
            "MacOS|TahoeZoomIn",
            "Windows|SizeNWSE",
            "Windows|ArrowCD",
        ] {
            assert!(known_shape(shape), "{shape}");
        }
        for shape in [
            "Arrow",
            "MacOS|ZoomIn",
            "Windows|TahoeArrow",
            "Linux|Arrow",
            "MacOS|",
            "",
        ] {
            assert!(!known_shape(shape), "{shape}");
        }
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
}
