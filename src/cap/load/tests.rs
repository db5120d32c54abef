use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::cap::config::BackgroundSource;
use crate::cap::problem::Severity;
use crate::cap::recording::MediaSource;
use crate::cap::testing::{Folder, init_mp4, line, piece_m4s, whole_mp4};

fn meta(segments: usize) -> Value {
    let segments: Vec<Value> = (0..segments)
        .map(|n| {
            let at = |name: &str| format!("content/segments/segment-{n}/{name}");
            json!({
                "display": { "path": at("display.mp4"), "fps": 60, "start_time": 0.25 },
                "camera": { "path": at("camera.mp4"), "fps": 30, "start_time": 0.5 },
                "mic": { "path": at("audio-input.ogg"), "start_time": 0.125 },
                "cursor": at("cursor.json"),
                "display_notch": { "x": 0.44, "width": 0.12, "height": 0.03 }
            })
        })
        .collect();
    json!({
        "platform": "MacOS", "pretty_name": "Sample take", "sharing": null, "segments": segments,
        "cursors": {
            "0": { "imagePath": "content/cursors/cursor_0.png", "hotspot": { "x": 0.2, "y": 0.15 }, "shape": "MacOS|Arrow" },
            "1": { "imagePath": "content/cursors/cursor_1.png", "hotspot": { "x": 0.5, "y": 0.5 }, "shape": null }
        },
        "status": { "status": "Complete" }
    })
}

fn config() -> Value {
    json!({
        "background": { "source": { "type": "wallpaper", "path": "walls/a.jpg" }, "padding": 10 },
        "timeline": { "segments": [ { "recordingSegment": 0, "timescale": 1, "start": 0, "end": 3 } ], "zoomSegments": [],
                      "audioSegments": [ { "start": 0, "end": 3, "path": "assets/bed.mp3" } ] }
    })
}

/// Moves on the arrow with half a second of another pointer in between.
fn events() -> Value {
    let at = |id: &str, time: u32| json!({ "active_modifiers": [], "cursor_id": id, "time_ms": time, "x": 0.5, "y": 0.5 });
    json!({ "clicks": [], "moves": [at("0", 0), at("1", 2000), at("0", 2500), at("0", 9000)] })
}

/// A whole recording in the current form.
fn whole(segments: usize) -> Folder {
    let folder = Folder::new();
    folder
        .json("recording-meta.json", &meta(segments))
        .json("project-config.json", &config());
    for n in 0..segments {
        let at = |name: &str| format!("content/segments/segment-{n}/{name}");
        folder
            .write(&at("display.mp4"), whole_mp4())
            .write(&at("camera.mp4"), whole_mp4())
            .write(&at("audio-input.ogg"), [b"OggS".as_slice(), &[0; 600]].concat())
            .json(&at("cursor.json"), &events());
    }
    folder
        .write("content/cursors/cursor_0.png", "png")
        .write("content/cursors/cursor_1.png", "png");
    folder.write("assets/bed.mp3", "mp3");
    folder
}

fn opened(folder: &Folder) -> Result<Opened, CapError> {
    open(&folder.path(), &OpenOptions::default())
}

fn studio(folder: &Folder) -> Recording {
    match opened(folder) {
        Ok(Opened::Studio(recording)) => *recording,
        other => panic!("{other:?}"),
    }
}

fn problems(folder: &Folder) -> Vec<String> {
    match opened(folder) {
        Ok(Opened::Studio(recording)) => recording.warnings.iter().map(line).collect(),
        Ok(Opened::Instant(recording)) => recording.warnings.iter().map(line).collect(),
        Err(error) => error.problems().iter().map(line).collect(),
    }
}

/// Every file below `path` with its content and time of change.
fn snapshot(path: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let mut files = BTreeMap::new();
    let mut folders = vec![path.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() {
                folders.push(entry.path());
            }
            let content = if metadata.is_file() {
                std::fs::read(entry.path()).unwrap()
            } else {
                Vec::new()
            };
            files.insert(entry.path(), (content, metadata.modified().unwrap()));
        }
    }
    files
}

#[test]
fn a_whole_recording_opens_without_a_word_and_without_a_change() {
    let folder = whole(2);
    let before = snapshot(&folder.path());
    let recording = studio(&folder);
    assert_eq!(snapshot(&folder.path()), before);
    assert_eq!(recording.warnings, []);
    assert_eq!(
        (recording.name.as_str(), recording.legacy, recording.recovered),
        ("Sample take", false, false)
    );
    assert_eq!(recording.segments.len(), 2);
    let root = folder.root().canonical().to_path_buf();
    assert_eq!(recording.root, root);
    let second = &recording.segments[1];
    assert_eq!(
        second.display.source,
        MediaSource::File(root.join("content/segments/segment-1/display.mp4"))
    );
    assert_eq!(second.camera.as_ref().unwrap().meta.start_time, Some(0.5));
    assert_eq!(second.mic.as_ref().unwrap().meta.start_time, Some(0.125));
    assert_eq!(recording.notch.unwrap().x, 0.44);
    assert_eq!(
        recording.cursors["1"].file,
        root.join("content/cursors/cursor_1.png")
    );
    assert_eq!(recording.music[0].file, root.join("assets/bed.mp3"));
    assert_eq!(
        recording.config.timeline.as_ref().unwrap().audio_segments.len(),
        1
    );
    // The short run of pointer 1 was cleaned up (cap-format.md 5.4).
    let ids: Vec<_> = second
        .pointer
        .moves
        .iter()
        .map(|event| event.cursor_id.as_str())
        .collect();
    assert_eq!(ids, ["0", "0", "0", "0"]);
    let BackgroundSource::Wallpaper { path: Some(path) } = &recording.config.background.source else {
        panic!()
    };
    assert_eq!(
        recording.background_image_candidates(path, false),
        [root.join("walls/a.jpg"), PathBuf::from("walls/a.jpg")]
    );
}

#[test]
fn the_legacy_form_opens_with_paths_of_old_windows_versions() {
    let folder = Folder::new();
    folder
        .json(
            "recording-meta.json",
            &json!({ "pretty_name": "Old take", "sharing": null, "display": { "path": r"C:\Users\me\old.cap\content\display.mp4" },
                     "camera": null, "audio": { "path": r"content\audio-input.mp3" }, "cursor": "cursor.json" }),
        )
        .write("content/display.mp4", whole_mp4())
        .write("content/audio-input.mp3", "ID3")
        .json("cursor.json", &events());
    let recording = studio(&folder);
    assert!(recording.legacy && recording.cursors.is_empty() && recording.config.timeline.is_none());
    assert_eq!(
        recording.segments[0].mic.as_ref().unwrap().source,
        MediaSource::File(folder.root().canonical().join("content/audio-input.mp3"))
    );
    assert_eq!(
        recording.segments[0].pointer.moves[1].cursor_id, "1",
        "the clean-up is for the current form"
    );
    assert_eq!(
        problems(&folder),
        ["Warning project-config.json: is not there; every setting has its default"]
    );
    std::fs::remove_file(folder.path().join("content/audio-input.mp3")).unwrap();
    assert!(
        problems(&folder)[0].starts_with("Error recording-meta.json: audio.path: "),
        "{:?}",
        problems(&folder)
    );
}

#[test]
fn everything_wrong_is_listed_at_once() {
    let folder = whole(2);
    let mut broken = meta(2);
    broken["segments"][0]["camera"]["path"] = json!("../camera.mp4");
    broken["segments"][1]["mic"]["path"] = json!("/etc/passwd");
    broken["segments"][1]["audio"] = json!(null);
    broken["cursors"]["0"]["imagePath"] = json!("content/../../x.png");
    broken["cursors"]["1"]["imagePath"] = json!("content/cursors/gone.png");
    broken["segments"][0]["cursor"] = json!("content/segments/segment-0/gone.json");
    broken["segments"][1].as_object_mut().unwrap().remove("audio");
    folder.json("recording-meta.json", &broken);
    let mut config = config();
    config["background"]["padding"] = json!("x");
    folder.json("project-config.json", &config);
    std::fs::remove_file(folder.path().join("content/segments/segment-1/display.mp4")).unwrap();
    let problems = problems(&folder);
    let starts = [
        "Error recording-meta.json: segments[0].camera.path: \"../camera.mp4\" leaves the recording's folder",
        "Error recording-meta.json: segments[1].display.path: \"content/segments/segment-1/display.mp4\" does not exist",
        "Error recording-meta.json: segments[1].mic.path: \"/etc/passwd\" leaves the recording's folder",
        "Error project-config.json: background.padding: expected a number",
        "Error recording-meta.json: cursors.0.imagePath: \"content/../../x.png\" leaves",
        "Warning recording-meta.json: segments[0].cursor: ",
        "Warning recording-meta.json: cursors.1.imagePath: ",
    ];
    assert_eq!(problems.len(), starts.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(starts) {
        assert!(problem.starts_with(start), "{problem}\n{start}");
    }
    let error = opened(&folder).unwrap_err();
    assert!(error.to_string().contains("segments[0].camera.path"), "{error}");
}

#[test]
fn a_microphone_is_called_what_the_file_calls_it() {
    let folder = whole(1);
    let mut old = meta(1);
    let mic = old["segments"][0].as_object_mut().unwrap().remove("mic").unwrap();
    old["segments"][0]["audio"] = mic;
    folder.json("recording-meta.json", &old);
    assert!(studio(&folder).segments[0].mic.is_some());
    std::fs::remove_file(folder.path().join("content/segments/segment-0/audio-input.ogg")).unwrap();
    assert!(problems(&folder)[0].starts_with("Error recording-meta.json: segments[0].audio.path: "));
}

#[test]
fn a_malformed_meta_file_still_has_its_configuration_checked() {
    let folder = whole(1);
    folder
        .write("recording-meta.json", "{}")
        .write("project-config.json", "{\"cursor\": 1}");
    let problems = problems(&folder);
    assert!(
        problems[0].starts_with("Error recording-meta.json: pretty_name: this required key is missing"),
        "{problems:?}"
    );
    assert!(
        problems[1].contains("does not say what was recorded"),
        "{problems:?}"
    );
    assert!(
        problems[2].starts_with("Error project-config.json: cursor: expected an object"),
        "{problems:?}"
    );
}

#[test]
fn folders_that_are_no_recordings_say_so() {
    let folder = Folder::new();
    assert!(problems(&folder)[0].contains("is this the folder of a Cap recording?"));
    let gone = open(&folder.path().join("gone"), &OpenOptions::default()).unwrap_err();
    assert!(matches!(gone, CapError::Unreachable { .. }) && gone.problems().is_empty());
    folder.write("a.mp4", "x");
    let file = open(&folder.path().join("a.mp4"), &OpenOptions::default()).unwrap_err();
    assert!(matches!(file, CapError::NotAFolder { .. }));
    folder.write("recording-meta.json", "{ no json");
    assert!(
        problems(&folder)[0]
            .starts_with("Error recording-meta.json: key must be a string at line 1 column 3")
    );
    folder.write(
        "recording-meta.json",
        vec![b' '; usize::try_from(json::META_LIMIT).unwrap() + 1],
    );
    assert!(
        problems(&folder)[0].contains("is larger than 4194304 bytes"),
        "{:?}",
        problems(&folder)
    );
}

#[test]
fn no_segments_is_an_error_and_a_failed_recording_with_its_media_is_recovered() {
    let folder = whole(1);
    folder.json("recording-meta.json", &meta(0));
    assert!(problems(&folder)[0].contains("segments: expected at least one segment"));
    let mut failed = meta(1);
    failed["status"] = json!({ "status": "Failed", "error": "disk\u{1b} full" });
    folder.json("recording-meta.json", &failed);
    let recording = studio(&folder);
    assert!(recording.recovered);
    let warnings: Vec<String> = recording.warnings.iter().map(ToString::to_string).collect();
    assert!(
        warnings
            .concat()
            .contains("the recorder gave this recording up: disk\\u{1b} full; 1 segment(s) are put together"),
        "{warnings:?}"
    );
    std::fs::remove_dir_all(folder.path().join("content/segments")).unwrap();
    assert!(
        problems(&folder)
            .iter()
            .any(|line| line.contains("the recorder gave this recording up: disk\\u{1b} full")),
        "{:?}",
        problems(&folder)
    );
}

#[test]
fn an_unfinished_recording_is_put_together_and_its_clips_follow_their_segments() {
    let folder = whole(3);
    let mut unfinished = meta(3);
    unfinished["status"] = json!({ "status": "NeedsRemux" });
    unfinished["cursors"] = json!({});
    for n in 0..3 {
        unfinished["segments"][n]["display"]["path"] = json!(format!("content/segments/segment-{n}/display"));
        let at = |name: &str| format!("content/segments/segment-{n}/{name}");
        std::fs::remove_file(folder.path().join(at("display.mp4"))).unwrap();
        if n != 1 {
            folder
                .write(&at("display/init.mp4"), init_mp4())
                .write(&at("display/segment_001.m4s"), piece_m4s());
        }
    }
    folder.json("recording-meta.json", &unfinished);
    let clip = |n: u32| json!({ "recordingSegment": n, "timescale": 1, "start": 0, "end": 3 });
    folder.json(
        "project-config.json",
        &json!({ "timeline": { "segments": [clip(2), clip(1), clip(0)], "zoomSegments": [] },
        "clips": [ { "index": 2, "offsets": { "mic": 0.25 } } ] }),
    );
    let recording = studio(&folder);
    assert!(recording.recovered);
    assert_eq!(recording.segments.len(), 2);
    assert!(matches!(
        recording.segments[0].display.source,
        MediaSource::Fragments(_)
    ));
    assert_eq!(
        recording.segments[1].mic.as_ref().unwrap().meta.start_time,
        Some(0.125)
    );
    let clips: Vec<u32> = recording
        .config
        .timeline
        .unwrap()
        .segments
        .iter()
        .map(|clip| clip.recording_segment)
        .collect();
    assert_eq!(clips, [1, 0]);
    assert_eq!(recording.config.clips[0].index, 1);
    assert_eq!(
        recording.cursors.keys().collect::<Vec<_>>(),
        ["0", "1"],
        "found in content/cursors"
    );
    assert!(
        problems(&folder)
            .iter()
            .any(|line| line.contains("2 segment(s) are put together")),
        "{:#?}",
        problems(&folder)
    );
}

#[test]
fn an_interrupted_recording_without_anything_says_so() {
    let folder = Folder::new();
    folder.json(
        "recording-meta.json",
        &json!({ "platform": "Linux", "pretty_name": "Interrupted take", "sharing": null,
        "segments": [], "status": { "status": "InProgress" } }),
    );
    assert!(
        problems(&folder)[0]
            .starts_with("Error recording-meta.json: status: the recorder is still running, or crashed, and")
    );
    folder.write("content/segments/segment-0/display.mp4", whole_mp4());
    assert_eq!(studio(&folder).segments[0].display.meta.fps, None);
}

#[test]
fn an_instant_recording_opens_as_its_file() {
    let folder = Folder::new();
    folder
        .json("recording-meta.json", &json!({ "platform": "Windows", "pretty_name": "Quick share", "sharing": null, "fps": 30, "sample_rate": null }))
        .write("content/output.mp4", whole_mp4());
    let options = OpenOptions {
        config_override: Some("other.json".into()),
    };
    let Ok(Opened::Instant(instant)) = open(&folder.path(), &options) else {
        panic!()
    };
    assert_eq!(
        instant.video,
        MediaSource::File(folder.root().canonical().join("content/output.mp4"))
    );
    assert_eq!(
        (instant.name.as_str(), instant.audio, instant.warnings.len()),
        ("Quick share", None, 1)
    );
}

#[test]
fn another_configuration_takes_the_place_of_the_stored_one() {
    let folder = whole(1);
    let other = folder.outside().join("other.json");
    std::fs::write(&other, "{\"background\": {\"padding\": 7}}").unwrap();
    let options = OpenOptions {
        config_override: Some(other),
    };
    let Ok(Opened::Studio(recording)) = open(&folder.path(), &options) else {
        panic!()
    };
    assert_eq!(recording.config.background.padding, 7.0);
    assert!(recording.music.is_empty());
}

#[cfg(unix)]
#[test]
fn pipes_and_links_are_not_followed_out_or_waited_for() {
    let folder = whole(1);
    let display = folder.path().join("content/segments/segment-0/display.mp4");
    std::fs::remove_file(&display).unwrap();
    std::fs::write(folder.outside().join("secret.mp4"), whole_mp4()).unwrap();
    std::os::unix::fs::symlink(folder.outside().join("secret.mp4"), &display).unwrap();
    assert!(
        problems(&folder)[0]
            .contains("segments[0].display.path: \"content/segments/segment-0/display.mp4\" leaves")
    );
    std::fs::remove_file(folder.path().join("project-config.json")).unwrap();
    let pipe = std::ffi::CString::new(
        folder
            .path()
            .join("project-config.json")
            .to_string_lossy()
            .as_bytes(),
    )
    .unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(pipe.to_str().unwrap())
        .status();
    if made.is_ok_and(|status| status.success()) {
        assert!(
            problems(&folder)
                .iter()
                .any(|line| line
                    .contains("project-config.json: \"project-config.json\" is not a regular file"))
        );
    }
}

/// Replaces the value `place` steps into the tree, depth first; wraps around the tree's size by leaving it as it is.
fn mutate(tree: &mut Value, place: &mut usize, by: &Value) -> bool {
    if *place == 0 {
        *tree = by.clone();
        return true;
    }
    *place -= 1;
    match tree {
        Value::Array(items) => items.iter_mut().any(|item| mutate(item, place, by)),
        Value::Object(map) => map.values_mut().any(|item| mutate(item, place, by)),
        _ => false,
    }
}

fn wild() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!([])),
        Just(json!({})),
        Just(json!("../../secret")),
        Just(json!("content/segments")),
        Just(json!({ "status": "InProgress" })),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
    ]
}

fn inside(source: &MediaSource, root: &Path) -> bool {
    match source {
        MediaSource::File(file) => file.starts_with(root),
        MediaSource::Fragments(groups) => groups
            .iter()
            .flat_map(|group| &group.files)
            .all(|file| file.starts_with(root)),
    }
}

#[test]
fn files_that_no_export_reads_are_named() {
    let folder = whole(2);
    assert_eq!(studio(&folder).unused, []);
    // One named by the meta file, one beside the screen; a name that leads outside is none of the recording's.
    let mut named = meta(3);
    named["segments"][0]["keyboard"] = json!("content/keys.bin");
    named["segments"][2]["keyboard"] = json!("../keys.bin");
    std::fs::write(folder.outside().join("keys.bin"), "CPKB01").unwrap();
    let folder = whole(3);
    folder
        .json("recording-meta.json", &named)
        .write("content/keys.bin", "CPKB01")
        .write("content/segments/segment-1/keyboard.json", "{}")
        .write("recording-logs.log", "line");
    let unused = studio(&folder).unused;
    let files: Vec<&str> = unused
        .iter()
        .map(|unused| unused.file.to_str().unwrap())
        .collect();
    let expected = [
        "content/keys.bin",
        "content/segments/segment-1/keyboard.json",
        "recording-logs.log",
    ];
    assert_eq!(files, expected);
    assert!(unused[2].why.contains("delay"), "{unused:?}");
    for track in named["segments"].as_array_mut().unwrap() {
        track["mic"]["gap_summary"] = json!({
            "total_overlap_trimmed_ms": 0, "overlap_dropped_frames": 0, "startup_overlap_drops": 0,
        });
    }
    folder.json("recording-meta.json", &named);
    assert!(!studio(&folder).unused[2].why.contains("delay"));
}

/// Recorded keys are read where the overlay is on and no editor has made key segments; a list without entries is an editor's word
/// that nothing typed is to be seen.
#[test]
fn keys_are_read_where_nobody_has_looked_at_them() {
    let press = [1, 1, 0x61, 1, 0x41, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 1];
    let clips = json!([{ "recordingSegment": 0, "timescale": 1, "start": 0, "end": 1 }]);
    let timeline = |keys: Option<Value>| {
        let mut timeline = json!({ "segments": clips, "zoomSegments": [] });
        if let Some(keys) = keys {
            timeline["keyboardSegments"] = keys;
        }
        timeline
    };
    let on = json!({ "settings": { "enabled": true } });
    let off = json!({ "settings": { "enabled": false } });
    for (config, read) in [
        (json!({ "keyboard": on }), true),
        (json!({ "keyboard": on, "timeline": timeline(None) }), true),
        (
            json!({ "keyboard": on, "timeline": timeline(Some(json!([]))) }),
            false,
        ),
        (json!({ "keyboard": off }), false),
        (json!({}), false),
    ] {
        let folder = whole(1);
        std::fs::write(
            folder.path().join("content/segments/segment-0/keyboard.bin"),
            press,
        )
        .unwrap();
        folder.json("project-config.json", &config);
        let recording = studio(&folder);
        let keys: Vec<&str> = recording.segments[0]
            .keys
            .iter()
            .map(|press| press.key.as_str())
            .collect();
        assert_eq!(keys == ["a"], read, "{config}: {keys:?}");
        assert_eq!(recording.unused.is_empty(), read, "{config}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_mutated_recording_opens_inside_its_folder_or_is_explained(
        changes in prop::collection::vec((0_usize..3, 0_usize..60, wild()), 1..4),
    ) {
        let folder = whole(1);
        let mut files = [("recording-meta.json", meta(1)), ("project-config.json", config()),
                         ("content/segments/segment-0/cursor.json", events())];
        for (file, mut place, by) in changes {
            mutate(&mut files[file].1, &mut place, &by);
        }
        for (name, tree) in &files {
            folder.json(name, tree);
        }
        let root = folder.root();
        match opened(&folder) {
            Ok(Opened::Studio(recording)) => {
                prop_assert!(!recording.segments.is_empty());
                for segment in &recording.segments {
                    prop_assert!(inside(&segment.display.source, root.canonical()));
                    let sound = segment.mic.iter().chain(&segment.system_audio).map(|track| &track.source);
                    for source in segment.camera.iter().map(|track| &track.source).chain(sound) {
                        prop_assert!(inside(source, root.canonical()));
                    }
                }
                for file in recording.cursors.values().map(|art| &art.file).chain(recording.music.iter().map(|music| &music.file)) {
                    prop_assert!(file.starts_with(root.canonical()));
                }
            }
            Ok(Opened::Instant(instant)) => prop_assert!(inside(&instant.video, root.canonical())),
            Err(error) => prop_assert!(error.problems().iter().any(|problem| problem.severity == Severity::Error)),
        }
    }

    #[test]
    fn arbitrary_bytes_in_any_file_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), file in 0_usize..5) {
        let folder = whole(1);
        let name = ["recording-meta.json", "project-config.json", "captions.json", "content/segments/segment-0/cursor.json",
                    "content/segments/segment-0/display/manifest.json"][file];
        folder.write(name, bytes);
        if file == 4 {
            let mut unfinished = meta(1);
            unfinished["status"] = json!({ "status": "InProgress" });
            folder.json("recording-meta.json", &unfinished);
        }
        let _ = opened(&folder);
    }
}

#[test]
fn a_broken_track_that_is_not_heard_or_shown_is_no_obstacle() {
    let folder = whole(1);
    folder.write("content/segments/segment-0/audio-input.ogg", "");
    assert!(problems(&folder)[0].starts_with("Error recording-meta.json: segments[0].mic.path: "));
    for audio in [json!({ "mute": true }), json!({ "micVolumeDb": -30 })] {
        let mut config = config();
        config["audio"] = audio;
        folder.json("project-config.json", &config);
        let recording = studio(&folder);
        assert!(recording.segments[0].mic.is_none());
        assert_eq!(recording.segments[0].unread_starts, [Some(0.125)]);
        assert_eq!(recording.warnings.len(), 1);
        let warning = line(&recording.warnings[0]);
        assert!(
            warning.starts_with("Warning recording-meta.json: segments[0].mic.path: "),
            "{warning}"
        );
        assert!(warning.ends_with("it is not heard anyway"), "{warning}");
    }
    let mut config = config();
    config["timeline"]["segments"][0]["audioMuted"] = json!(true);
    config["camera"] = json!({ "hide": true });
    folder.json("project-config.json", &config);
    std::fs::remove_file(folder.path().join("content/segments/segment-0/camera.mp4")).unwrap();
    let recording = studio(&folder);
    assert!(recording.segments[0].camera.is_none());
    // The zero of the clip clock is the camera's start, as with the camera.
    let alignment = crate::cap::Alignment::new(
        &recording.segments[0],
        0,
        &[],
        crate::cap::CameraDelay::CountedOnce,
    );
    assert_eq!(alignment.latest_start, Some(0.5));
}

#[test]
fn a_broken_segment_is_refused_exactly_when_a_clip_shows_it() {
    let folder = whole(3);
    let mut broken = meta(3);
    broken["segments"][1] =
        json!({ "display": { "path": "content/segments/segment-1/gone.mp4" }, "cursor": "../x.json" });
    folder.json("recording-meta.json", &broken);
    let show = |numbers: &[u32]| {
        let clips: Vec<Value> = numbers
            .iter()
            .map(|n| json!({ "recordingSegment": n, "timescale": 1, "start": 0, "end": 3 }))
            .collect();
        folder.json(
            "project-config.json",
            &json!({ "timeline": { "segments": clips, "zoomSegments": [] }, "clips": [{ "index": 2, "offsets": { "mic": 1 } }] }),
        );
    };
    show(&[2, 0]);
    let recording = studio(&folder);
    let clips: Vec<u32> = recording
        .config
        .timeline
        .as_ref()
        .unwrap()
        .segments
        .iter()
        .map(|clip| clip.recording_segment)
        .collect();
    assert_eq!((recording.segments.len(), clips), (2, vec![1, 0]));
    assert_eq!(recording.config.clips[0].index, 1);
    let warning = line(&recording.warnings[0]);
    assert!(
        warning.ends_with("no clip shows segment 1, so it is not needed"),
        "{warning}"
    );
    show(&[2, 1]);
    assert!(problems(&folder)[0].starts_with("Error recording-meta.json: segments[1].display.path: "));
    folder.json("project-config.json", &json!({}));
    assert!(problems(&folder)[0].starts_with("Error recording-meta.json: segments[1].display.path: "));
}

#[test]
fn nothing_that_could_be_exported_is_an_error_all_the_same() {
    let folder = whole(1);
    std::fs::remove_file(folder.path().join("content/segments/segment-0/display.mp4")).unwrap();
    let clip = json!({ "recordingSegment": 7, "timescale": 1, "start": 0, "end": 3 });
    folder.json(
        "project-config.json",
        &json!({ "timeline": { "segments": [clip], "zoomSegments": [] } }),
    );
    assert_eq!(
        problems(&folder)[0],
        "Error recording-meta.json: segments: no segment is left that could be exported"
    );
}

#[test]
fn a_segment_can_be_taken_out_later() {
    let folder = whole(3);
    let clip = |n: u32| json!({ "recordingSegment": n, "timescale": 1, "start": 0, "end": 3 });
    folder.json(
        "project-config.json",
        &json!({ "timeline": { "segments": [clip(2), clip(0)], "zoomSegments": [] },
                 "clips": [{ "index": 0 }, { "index": 1 }, { "index": 2 }] }),
    );
    let mut recording = studio(&folder);
    recording.leave_out(1);
    let timeline = recording.config.timeline.as_ref().unwrap();
    let clips: Vec<u32> = timeline
        .segments
        .iter()
        .map(|clip| clip.recording_segment)
        .collect();
    let offsets: Vec<u32> = recording.config.clips.iter().map(|clip| clip.index).collect();
    assert_eq!(
        (recording.segments.len(), clips, offsets),
        (2, vec![1, 0], vec![0, 1])
    );
}

#[test]
fn every_json_file_may_have_a_byte_order_mark() {
    for name in [
        "recording-meta.json",
        "project-config.json",
        "content/segments/segment-0/cursor.json",
    ] {
        let folder = whole(1);
        let text = std::fs::read(folder.path().join(name)).unwrap();
        folder.write(name, [b"\xef\xbb\xbf".as_slice(), &text].concat());
        let recording = studio(&folder);
        assert_eq!(recording.warnings, [], "{name}");
        assert_eq!(recording.segments[0].pointer.moves.len(), 4, "{name}");
        assert_eq!(recording.config.background.padding, 10.0, "{name}");
    }
    let folder = whole(1);
    let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    folder.write("project-config.json", utf16);
    assert_eq!(
        problems(&folder)[0],
        "Error project-config.json: is text in UTF-16 (little endian); only UTF-8 is read: save the file again as UTF-8"
    );
}
