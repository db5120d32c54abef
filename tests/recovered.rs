//! Recordings that were not finished, or lost a part: what is left of them is exported rightly, and what is not is said.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{self, Export, Recording, names, tool};
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

/// Beeps of 60 ms at 1 kHz over soft noise (so that no part of a coded file is empty), as a source of FFmpeg's.
fn beeps(at: &[f64], seconds: f64) -> String {
    let on: Vec<String> = at
        .iter()
        .map(|at| format!("between(t,{at},{})", at + 0.06))
        .collect();
    let beep = format!("if({},0.7*sin(2000*PI*t),0)", on.join("+"));
    format!("aevalsrc='{beep}+0.02*(random(0)-0.5)':s=48000:d={seconds}")
}

fn sound(file: &Path, source: &str, options: &[&str]) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let input = ["-v", "error", "-y", "-f", "lavfi", "-i", source];
    tool(
        "ffmpeg",
        &[&input[..], options, &[file.to_str().unwrap()]].concat(),
    );
}

/// When the sound of an export sets in, seconds: each time it was silent for 100 ms before.
fn onsets(export: &Export) -> Vec<f64> {
    let raw = tempfile::NamedTempFile::new().unwrap();
    let (file, out) = (export.path(), raw.path().to_str().unwrap().to_owned());
    let format = ["-ac", "1", "-ar", "48000", "-f", "s16le", &out];
    tool(
        "ffmpeg",
        &[&["-v", "error", "-y", "-i", file.to_str().unwrap()][..], &format].concat(),
    );
    let bytes = fs::read(&out).unwrap();
    let mut found = Vec::new();
    let mut last = -4800_i64;
    for (index, sample) in bytes.as_chunks::<2>().0.iter().enumerate() {
        if i16::from_le_bytes(*sample).unsigned_abs() > 3000 {
            if index as i64 - last >= 4800 {
                found.push(index as f64 / 48000.0);
            }
            last = index as i64;
        }
    }
    found
}

#[track_caller]
fn assert_beeps(export: &Export, expected: &[f64]) {
    let found = onsets(export);
    let near =
        found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.008);
    assert!(near, "{found:?}, expected {expected:?}");
}

/// A recording whose screen is whole and whose microphone is at `path`.
fn with_mic(seconds: f64, path: &str, status: &str) -> Recording {
    let recording = Recording::moving("320x180", seconds);
    let display = json!({ "path": common::DISPLAY, "fps": 30, "start_time": 0.0 });
    let mic = json!({ "path": format!("{SEGMENT}/{path}"), "start_time": 0.0 });
    let segments = json!([{ "display": display, "mic": mic }]);
    meta(
        &recording,
        &json!({ "pretty_name": "Sound", "segments": segments, "status": { "status": status } }),
    );
    recording
}

/// Each piece is coded by itself: priming before, padding behind. With edit lists, without them, and with a manifest that
/// says how long each is.
#[test]
fn sound_pieces_that_stand_alone_stay_in_time() {
    let seconds = 24064.0 / 48000.0;
    let aac = ["-c:a", "aac", "-b:a", "128k"];
    for (name, options, stated) in [
        ("edited", &[][..], Value::Null),
        ("unedited", &["-use_editlist", "0"], Value::Null),
        ("stated", &[], json!(seconds)),
    ] {
        let recording = with_mic(5.0, "audio-input", "NeedsRemux");
        let folder = recording.place(SEGMENT).join("audio-input");
        let mut entries = Vec::new();
        for index in 0..9 {
            let file = format!("fragment_{index:03}.m4a");
            sound(
                &folder.join(&file),
                &beeps(&[0.1], seconds),
                &[&aac[..], options].concat(),
            );
            entries.push(json!({ "path": file, "index": index, "duration": stated, "is_complete": true }));
        }
        let manifest = json!({ "version": 2, "fragments": entries, "is_complete": true });
        fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
        let export = Export::done(&recording.path(), &common::SMALL);
        let expected: Vec<f64> = (0..9).map(|index| f64::from(index) * seconds + 0.1).collect();
        assert_beeps(&export, &expected);
        // One that is gone leaves its time to silence where the manifest says how long it was.
        if name == "stated" {
            fs::remove_file(folder.join("fragment_003.m4a")).unwrap();
            let export = Export::done(&recording.path(), &common::SMALL);
            let left: Vec<f64> = expected
                .iter()
                .copied()
                .filter(|at| (at - expected[3]).abs() > 0.1)
                .collect();
            assert_beeps(&export, &left);
            let warnings = export.report()["warnings"].to_string();
            assert!(
                warnings.contains("fragment_003.m4a") && warnings.contains("0.501 s are lost"),
                "{warnings}"
            );
        }
    }
}

/// Overwrites a part of a file with zeros.
fn zero(file: &Path, from: usize, length: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[from..from + length].fill(0);
    fs::write(file, bytes).unwrap();
}

/// The warnings of an export, which those of `inspect` hold too.
#[track_caller]
fn warned(recording: &Recording, words: &[&str]) -> Export {
    let export = Export::done(&recording.path(), &common::SMALL);
    let warnings = export.report()["warnings"].to_string();
    let inspected = common::run(common::capstan().arg("inspect").arg(recording.path()));
    for word in words {
        assert!(warnings.contains(word), "{word:?}: {warnings}");
        assert!(inspected.stdout.contains(word), "{word:?}: {inspected:#?}");
    }
    export
}

/// Four seconds of screen in pieces of one second.
fn in_pieces(recording: &Recording) -> (PathBuf, Vec<String>) {
    let file = recording.outside().join("whole.mp4");
    let source = "testsrc2=size=320x180:rate=30:duration=4";
    let keys = ["-g", "30", "-keyint_min", "30", file.to_str().unwrap()];
    let input = ["-v", "error", "-y", "-f", "lavfi", "-i", source];
    tool("ffmpeg", &[&input[..], &X264, &keys].concat());
    let folder = recording.place(SEGMENT).join("display");
    let pieces = cut(&file, &folder, "1");
    assert_eq!(pieces.len(), 4);
    let display = json!({ "path": format!("{SEGMENT}/display"), "fps": 30, "start_time": 0.0 });
    let status = json!({ "status": "NeedsRemux" });
    meta(
        recording,
        &json!({ "pretty_name": "Pieces", "segments": [{ "display": display }], "status": status }),
    );
    (folder, pieces)
}

#[test]
fn a_zeroed_piece_costs_its_own_second_and_no_other() {
    let recording = Recording::new();
    let (folder, pieces) = in_pieces(&recording);
    let second = folder.join(&pieces[1]);
    list(&folder, &pieces, 1.0, Value::Null);
    zero(&second, 0, second.metadata().unwrap().len() as usize);
    let export = warned(&recording, &["segment_002.m4s", "1.000 s are lost"]);
    // Three seconds move; the lost one shows the picture before.
    assert_eq!(export.report()["composed_frames"], 90);
}

#[test]
fn zeros_before_the_pictures_of_a_piece_cost_none_of_them() {
    let recording = Recording::new();
    let (folder, pieces) = in_pieces(&recording);
    list(&folder, &pieces, 1.0, Value::Null);
    zero(&folder.join(&pieces[1]), 0, 20);
    let export = warned(&recording, &["segment_002.m4s", "are damaged"]);
    assert_eq!(export.report()["composed_frames"], 120);
}

#[test]
fn zeros_in_fragmented_sound_cost_what_they_cover() {
    let recording = with_mic(4.0, "audio-input.m4a", "Complete");
    let file = recording.place(SEGMENT).join("audio-input.m4a");
    let fragments = [
        "-movflags",
        "empty_moov+default_base_moof",
        "-frag_duration",
        "100000",
    ];
    let aac = ["-c:a", "aac", "-b:a", "320k"];
    sound(&file, &beeps(&[0.5, 3.5], 4.0), &[&aac[..], &fragments].concat());
    let middle = file.metadata().unwrap().len() as usize / 2;
    zero(&file, middle, 4096);
    let export = warned(&recording, &["audio-input.m4a", "are damaged"]);
    assert_beeps(&export, &[0.5, 3.5].map(|at: f64| at + 1024.0 / 48000.0));
}

#[test]
fn sound_that_does_not_decode_is_told() {
    let recording = with_mic(4.0, "audio-input.m4a", "Complete");
    let file = recording.place(SEGMENT).join("audio-input.m4a");
    let aac = ["-c:a", "aac", "-b:a", "320k", "-movflags", "+faststart"];
    sound(&file, &beeps(&[0.5, 3.5], 4.0), &aac);
    // The headers come first, so the middle is samples.
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() * 2 / 3;
    bytes[middle..middle + 3000].fill(0xff);
    fs::write(&file, bytes).unwrap();
    // `inspect` decodes nothing and can't know.
    let export = Export::done(&recording.path(), &common::SMALL);
    let warnings = export.report()["warnings"].to_string();
    for words in ["audio-input.m4a", "packets of the sound could not be decoded"] {
        assert!(warnings.contains(words), "{words:?}: {warnings}");
    }
    assert_beeps(&export, &[0.5, 3.5]);
}

#[test]
fn a_hole_in_ogg_is_told() {
    if !common::has_encoder("libopus") {
        return common::skipped("this FFmpeg has no libopus");
    }
    let recording = with_mic(4.0, "audio-input.ogg", "Complete");
    let file = recording.place(SEGMENT).join("audio-input.ogg");
    sound(
        &file,
        &beeps(&[0.5, 3.5], 4.0),
        &["-c:a", "libopus", "-b:a", "128k"],
    );
    let bytes = file.metadata().unwrap().len() as usize;
    zero(&file, bytes / 2, 4096.min(bytes / 5));
    let export = warned(&recording, &["audio-input.ogg", "are damaged"]);
    assert_beeps(&export, &[0.5, 3.5]);
}

/// An instant recording of two seconds at 30 pictures a second; with its pieces, with sound beside them, or with a finished
/// file that has both.
fn instant(state: &Value, pieces: bool, sounding: bool) -> Recording {
    let recording = Recording::new();
    let (video, audio) = (
        recording.outside().join("v.mp4"),
        recording.outside().join("a.m4a"),
    );
    let source = "testsrc2=size=320x180:rate=30:duration=2";
    let input = ["-v", "error", "-y", "-f", "lavfi", "-i", source];
    let keys = ["-g", "30", video.to_str().unwrap()];
    tool("ffmpeg", &[&input[..], &X264, &keys].concat());
    sound(&audio, &beeps(&[0.5, 1.5], 2.0), &["-c:a", "aac"]);
    if pieces {
        cut(&video, &recording.place("content/display"), "1");
        if sounding {
            cut(&audio, &recording.place("content/audio"), "1");
        }
    } else {
        let output = recording.place("content/output.mp4");
        let inputs = [
            "-v",
            "error",
            "-i",
            video.to_str().unwrap(),
            "-i",
            audio.to_str().unwrap(),
        ];
        let copy = ["-c", "copy", output.to_str().unwrap()];
        tool("ffmpeg", &[&inputs[..], &copy].concat());
    }
    let mut keys = state.clone();
    keys["pretty_name"] = json!("Quick");
    meta(&recording, &keys);
    recording
}

#[test]
fn crashed_and_failed_instant_recordings_are_recovered_and_reported_as_written() {
    for (state, pieces, sounding, said) in [
        (json!({ "fps": 30, "sample_rate": null }), true, false, ""),
        (
            json!({ "recording": true }),
            true,
            true,
            "recovered from 2 piece(s) in content/display",
        ),
        (
            json!({ "recording": true }),
            false,
            true,
            "recovered from content/output.mp4",
        ),
        (
            json!({ "error": "the encoder stopped" }),
            false,
            true,
            "failed: the encoder stopped; recovered",
        ),
    ] {
        let recording = instant(&state, pieces, sounding);
        let export = Export::done(&recording.path(), &[]);
        let (report, written) = (export.report(), export.video());
        assert!(
            report["warnings"].to_string().contains(said),
            "{state}: {report:#}"
        );
        assert_eq!(report["written_pictures"], 60, "{state}");
        assert_eq!(report["settings"]["frame_rate"], 30, "{state}: {report:#}");
        assert_eq!(written.audio.is_some(), sounding, "{state}");
        let sound = if sounding {
            "copy of aac"
        } else {
            "none: the recording has no sound"
        };
        assert_eq!(report["paths"]["sound"], sound, "{state}");
        let seconds = report["duration_s"].as_f64().unwrap();
        assert!((2.0..2.05).contains(&seconds), "{state}: {seconds}");
    }
}

#[test]
fn a_failed_studio_recording_with_its_media_is_exported() {
    let recording = Recording::moving("320x180", 1.0);
    let display = json!({ "path": common::DISPLAY, "fps": 30 });
    let status = json!({ "status": "Failed", "error": "the camera vanished" });
    meta(
        &recording,
        &json!({ "pretty_name": "Gone", "segments": [{ "display": display }], "status": status }),
    );
    let export = warned(
        &recording,
        &["the camera vanished; 1 segment(s) are put together"],
    );
    assert_eq!(export.report()["frames"], 30);
}
