//! Recordings that were not finished, or lost a part: what is left of them is exported rightly, and what is not is said.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must fail")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Export, Recording, names, tool};
use serde_json::{Value, json};

const SEGMENT: &str = "content/segments/segment-0";
const X264: [&str; 8] = [
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-pix_fmt",
    "yuv420p",
    "-bf",
    "0",
];

/// Cuts a file into pieces of about `seconds` below `folder`, as the recorder does; returns their names in order.
fn cut(file: &Path, folder: &Path, seconds: &str) -> Vec<String> {
    fs::create_dir_all(folder).unwrap();
    let index = folder.join("dash_manifest.mpd");
    let args = [
        "-v",
        "error",
        "-y",
        "-i",
        file.to_str().unwrap(),
        "-c",
        "copy",
        "-f",
        "dash",
        "-seg_duration",
        seconds,
        "-init_seg_name",
        "init.mp4",
        "-media_seg_name",
        "segment_$Number%03d$.m4s",
        "-use_template",
        "1",
        "-use_timeline",
        "1",
        index.to_str().unwrap(),
    ];
    tool("ffmpeg", &args);
    names(folder)
        .into_iter()
        .filter(|name| name.ends_with(".m4s"))
        .collect()
}

/// Lists these pieces, each `seconds` long, in a `manifest.json` beside them.
fn list(folder: &Path, pieces: &[String], seconds: f64, codec_info: Value) {
    let entries: Vec<Value> = pieces
        .iter()
        .enumerate()
        .map(|(index, name)| {
            json!({ "path": name, "index": index + 1, "duration": seconds, "is_complete": true,
                    "file_size": folder.join(name).metadata().unwrap().len() })
        })
        .collect();
    let manifest = json!({ "version": 5, "type": "m4s_segments", "init_segment": "init.mp4", "codec_info": codec_info,
                           "segments": entries, "is_complete": true });
    fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
}

fn meta(recording: &Recording, meta: &Value) {
    fs::write(recording.place("recording-meta.json"), meta.to_string()).unwrap();
}

/// A screen that moves for a second at 60 pictures a second and stands still for three.
fn moving_then_still(recording: &Recording) -> PathBuf {
    let file = recording.outside().join("moves.mp4");
    let source = "testsrc2=size=320x180:rate=60:duration=4";
    let select = "select='lt(n,61)+eq(n,239)'";
    let args = [
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        source,
        "-vf",
        select,
        "-fps_mode",
        "passthrough",
    ];
    let base = [
        "-enc_time_base",
        "1:60",
        "-g",
        "60",
        "-video_track_timescale",
        "90000",
        file.to_str().unwrap(),
    ];
    tool("ffmpeg", &[&args[..], &X264, &base].concat());
    file
}

#[test]
fn a_recovered_screen_keeps_the_rate_of_its_motion() {
    let named = json!({ "display": { "path": format!("{SEGMENT}/display"), "fps": 60 } });
    let unrated = json!({ "display": { "path": format!("{SEGMENT}/display") } });
    let codec = json!({ "frame_rate_num": 60, "frame_rate_den": 1 });
    for (name, status, segments, codec, said) in [
        (
            "by the meta file",
            "NeedsRemux",
            json!([named]),
            Value::Null,
            false,
        ),
        ("by the manifest", "InProgress", json!([]), codec, false),
        (
            "by its pictures",
            "NeedsRemux",
            json!([unrated]),
            Value::Null,
            true,
        ),
    ] {
        let recording = Recording::new();
        let folder = recording.place(SEGMENT).join("display");
        let pieces = cut(&moving_then_still(&recording), &folder, "2");
        list(&folder, &pieces, 2.0, codec);
        let status = json!({ "status": status });
        meta(
            &recording,
            &json!({ "pretty_name": "Moves", "segments": segments, "status": status }),
        );
        let export = Export::done(&recording.path(), &["--fps", "60", "--resolution", "320x180"]);
        let report = export.report();
        // 61 pictures of motion and one at the end.
        assert_eq!(report["composed_frames"], 62, "{name}: {report:#}");
        let warnings = report["warnings"].to_string();
        assert_eq!(
            warnings.contains("60 frames per second"),
            said,
            "{name}: {warnings}"
        );
    }
}
