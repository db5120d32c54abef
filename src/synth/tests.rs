//! Recordings are made, read back and compared with their plans; so are the committed ones.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::barcode::{self, Placement};
use super::plan::{Form, Plan, VideoPlan};
use super::*;
use crate::cap::config::ProjectConfig;
use crate::cap::events::PointerEvents;
use crate::cap::meta::{CursorImage, SegmentMeta};
use crate::frame::{PlaneView, Size};
use crate::media::track_writer::read_back;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn number_of(picture: &read_back::Picture) -> Option<u32> {
    let luma = PlaneView {
        data: &picture.planes[0],
        stride: picture.size.width as usize,
    };
    barcode::read(luma, picture.size, Placement::STANDARD)
}

fn check_video(file: &Path, plan: &VideoPlan) {
    let (pictures, duration) = read_back::video(file);
    assert_eq!(pictures[0].size, plan.size, "{}", file.display());
    assert_eq!(pictures[0].pts, 0, "{}", file.display());
    // See VideoSpec::b_frames.
    let reordering = if plan.b_frames {
        2.5 / f64::from(plan.fps)
    } else {
        0.0
    };
    assert!(
        (duration - plan.seconds).abs() < 0.003 + reordering,
        "{} lasts {duration} s",
        file.display()
    );
    if plan.counter {
        assert_eq!(pictures.len() as u64, plan.ticks());
        for (number, picture) in (0..).zip(&pictures) {
            assert_eq!(number_of(picture), Some(number), "{}", file.display());
        }
    }
}

fn check_sound(file: &Path, channels: u16, seconds: f64, expected: &[f64]) {
    let (samples, rate, found) = read_back::first_channel(file);
    assert_eq!((rate, found), (sound::RATE, channels), "{}", file.display());
    let length = samples.len() as f64 / f64::from(rate);
    assert!(
        (length - seconds).abs() < 0.13,
        "{} lasts {length} s",
        file.display()
    );
    for &onset in expected.iter().filter(|&&onset| onset + 0.2 < length) {
        let around = ((onset - 0.1) * f64::from(rate)) as usize;
        let delay = samples[around..]
            .iter()
            .position(|sample| sample.abs() > 0.15)
            .unwrap();
        let late = delay as f64 / f64::from(rate) - 0.1;
        assert!(
            (-0.005..0.05).contains(&late),
            "{}: beep {late} s late",
            file.display()
        );
    }
}

/// Whether a recording holds what its plan says, file by file.
fn check(root: &Path, plan: &Plan) {
    assert_eq!(json(&root.join(folder::META)), plan.meta());
    let config = root.join(folder::CONFIG);
    assert_eq!(config.exists().then(|| json(&config)), plan.config);
    for (index, segment) in plan.segments.iter().enumerate() {
        let folder = match plan.form {
            Form::Studio | Form::Fragments { .. } => root.join(Plan::segment_folder(index)),
            Form::Legacy | Form::Instant => root.join("content"),
        };
        match plan.form {
            Form::Instant => check_video(&folder.join("output.mp4"), &segment.display),
            Form::Fragments { .. } => {}
            Form::Studio | Form::Legacy => check_video(&folder.join("display.mp4"), &segment.display),
        }
        if let Some(camera) = &segment.camera {
            check_video(&folder.join("camera.mp4"), camera);
        }
        let ending = plan.sound_ending();
        if let (Some(mic), false) = (&segment.mic, plan.form == Form::Instant) {
            let beeps = sound::Voice::Microphone.beeps(mic.seconds);
            check_sound(
                &folder.join(format!("audio-input.{ending}")),
                mic.channels,
                mic.seconds,
                &beeps,
            );
        }
        if let Some(system) = &segment.system {
            let beeps = sound::Voice::System.beeps(system.seconds);
            check_sound(
                &folder.join(format!("system_audio.{ending}")),
                system.channels,
                system.seconds,
                &beeps,
            );
        }
        if let Some(events) = segment.pointer_events() {
            let file = match plan.form {
                Form::Legacy => root.join("cursor.json"),
                _ => folder.join("cursor.json"),
            };
            assert_eq!(json(&file), events);
        }
    }
}

fn made(name: &str) -> (tempfile::TempDir, Preset) {
    let parent = tempfile::tempdir().unwrap();
    let preset = preset(name).unwrap();
    write(&preset, &parent.path().join("made.cap"), &mut |_| {}).unwrap();
    (parent, preset)
}

#[test]
fn committed_fixtures_hold_what_their_presets_say() {
    let mut bytes = 0;
    for info in PRESETS.iter().filter(|info| info.committed) {
        let root = fixtures().join(format!("{}.cap", info.name));
        check(&root, &preset(info.name).unwrap().plan);
        bytes += size_of(&root);
    }
    assert!(bytes < 3_000_000, "{bytes} bytes of fixtures");
}

fn size_of(folder: &Path) -> u64 {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            if entry.path().is_dir() {
                size_of(&entry.path())
            } else {
                entry.metadata().unwrap().len()
            }
        })
        .sum()
}

/// Makes fixtures/ afresh: `cargo test --lib synth::tests::make_fixtures -- --ignored`.
#[test]
#[ignore = "replaces the committed fixtures"]
fn make_fixtures() {
    for info in PRESETS.iter().filter(|info| info.committed) {
        let root = fixtures().join(format!("{}.cap", info.name));
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        write(&preset(info.name).unwrap(), &root, &mut |_| {}).unwrap();
    }
}

#[test]
fn a_made_recording_holds_what_its_plan_says() {
    for name in ["camera:320x240@30:2", "counter:320x180@60:1"] {
        let (parent, preset) = made(name);
        check(&parent.path().join("made.cap"), &preset.plan);
    }
}

#[test]
fn every_preset_s_json_is_what_the_format_says() {
    for info in PRESETS {
        let plan = preset(info.name).unwrap().plan;
        if let Some(config) = plan.config.clone() {
            serde_json::from_value::<ProjectConfig>(config).unwrap();
        }
        let meta = plan.meta();
        let segments = meta["segments"].as_array().cloned().unwrap_or_default();
        for segment in segments {
            serde_json::from_value::<SegmentMeta>(segment).unwrap();
        }
        for (_, image) in meta["cursors"].as_object().into_iter().flatten() {
            serde_json::from_value::<CursorImage>(image.clone()).unwrap();
        }
        for events in plan
            .segments
            .iter()
            .filter_map(|segment| segment.pointer_events())
        {
            serde_json::from_value::<PointerEvents>(events).unwrap();
        }
    }
}

#[test]
fn the_reference_has_1667_frames_at_30_fps() {
    let config = preset("reference-1667").unwrap().plan.config.unwrap();
    let clip = &config["timeline"]["segments"][0];
    let seconds = clip["end"].as_f64().unwrap() - clip["start"].as_f64().unwrap();
    assert_eq!((seconds * 30.0).ceil() as u64, 1667);
}

#[test]
fn a_still_screen_gives_few_pictures_and_the_same_file_length() {
    let (parent, preset) = made("screen:320x240@30:4");
    let file = parent
        .path()
        .join("made.cap/content/segments/segment-0/display.mp4");
    let (pictures, duration) = read_back::video(&file);
    let plan = &preset.plan.segments[0].display;
    assert!(
        pictures.len() < plan.ticks() as usize * 3 / 4,
        "{} pictures",
        pictures.len()
    );
    assert!(pictures.len() > 30, "{} pictures", pictures.len());
    assert!((duration - 4.0).abs() < 0.002, "{duration}");
}

/// What follows a torn piece is lost; all before it decodes, in both groups, and the numbers go on.
#[test]
fn fragments_join_into_a_stream_that_decodes() {
    let (parent, preset) = made("fragments");
    let display = parent.path().join("made.cap/content/segments/segment-0/display");
    let mut numbers = Vec::new();
    for (folder, whole) in [(display.clone(), 2), (display.join("respawn-1"), 1)] {
        let manifest = json(&folder.join("manifest.json"));
        let pieces = manifest["segments"].as_array().unwrap();
        assert_eq!(pieces.len(), whole + 1);
        let mut bytes = fs::read(folder.join("init.mp4")).unwrap();
        for (index, piece) in pieces.iter().enumerate() {
            let complete = piece["is_complete"].as_bool().unwrap();
            assert_eq!(complete, index < whole);
            if complete {
                let data = fs::read(folder.join(piece["path"].as_str().unwrap())).unwrap();
                assert_eq!(piece["duration"].as_f64(), Some(1.0));
                assert_eq!(piece["file_size"].as_u64(), Some(data.len() as u64));
                bytes.extend(data);
            }
        }
        let torn = if whole == 2 {
            "segment_003.m4s"
        } else {
            "segment_002.m4s.tmp"
        };
        assert!(folder.join(torn).exists());
        let joined = parent.path().join("joined.mp4");
        fs::write(&joined, bytes).unwrap();
        numbers.extend(read_back::video(&joined).0.iter().map(number_of));
    }
    // 30 pictures a second: seconds 0 to 2 of the first group, 3 to 4 of the second.
    let expected: Vec<_> = (0..60).chain(90..120).map(Some).collect();
    assert_eq!(numbers, expected);
    assert_eq!(preset.plan.segments[0].display.size, Size::new(640, 360));
}

#[test]
fn an_existing_folder_is_left_alone() {
    let parent = tempfile::tempdir().unwrap();
    fs::write(parent.path().join("precious"), "x").unwrap();
    let error = write(&preset("instant").unwrap(), parent.path(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, SynthError::Exists { .. }), "{error}");
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
}

#[test]
fn progress_reaches_its_total() {
    let parent = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    let preset = preset("camera:64x64@30:1").unwrap();
    write(&preset, &parent.path().join("made.cap"), &mut |progress| {
        seen.push(progress)
    })
    .unwrap();
    assert_eq!(seen.len(), 60);
    assert!(
        seen.iter()
            .zip(1..)
            .all(|(progress, done)| progress.done == done && progress.total == 60)
    );
}

/// The same preset gives the same pictures, sounds and JSON.
#[test]
fn recordings_are_reproducible() {
    let files = ["recording-meta.json", "content/segments/segment-0/cursor.json"];
    let (first, _) = made("camera:128x96@30:1");
    let (second, _) = made("camera:128x96@30:1");
    let at = |parent: &tempfile::TempDir, file: &str| parent.path().join("made.cap").join(file);
    for file in files {
        assert_eq!(json(&at(&first, file)), json(&at(&second, file)));
    }
    let display = "content/segments/segment-0/display.mp4";
    let decode = |parent| {
        read_back::video(&at(parent, display))
            .0
            .into_iter()
            .map(|p| p.planes)
            .collect::<Vec<_>>()
    };
    assert!(decode(&first) == decode(&second));
}
