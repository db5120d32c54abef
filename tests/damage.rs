//! Redrawing, reading back and converting only what changed gives the very frames that doing all of it gives.

#![allow(
    clippy::print_stderr,
    reason = "what was skipped or saved is for whoever runs the tests"
)]

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::common;
use capstan::convert::PixelPath;
use capstan::export::{ExportReport, ExportSettings, PixelPathSetting};
use capstan::frame::{Nv12Frame, Size};
use capstan::media::decode::HardwareChoice;
use capstan::time::FrameRate;

/// A frame as numbers: two of 64 bits, so that equal ones mean equal pixels.
fn digest(frame: &Nv12Frame) -> [u64; 2] {
    let pixels = common::pixels(frame);
    [1u8, 2].map(|seed| {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        pixels.hash(&mut hasher);
        hasher.finish()
    })
}

/// Digests of all frames and the report; `None`, said aloud, on a machine without an adapter.
fn run(recording: &Path, fps: u32, damage: bool, path: PixelPath) -> Option<(Vec<[u64; 2]>, ExportReport)> {
    let settings = ExportSettings {
        frame_rate: FrameRate::new(fps).unwrap(),
        bounds: Size::new(640, 360),
        decoder: HardwareChoice::Off,
        pixel_path: PixelPathSetting::Fixed(path),
        damage,
        ..ExportSettings::default()
    };
    let mut digests = Vec::new();
    let mut visit = |index: u64, frame: &Nv12Frame| {
        assert_eq!(index, digests.len() as u64);
        digests.push(digest(frame));
    };
    let report = common::compose(recording, settings, &mut visit)?;
    Some((digests, report))
}

fn bytes(report: &ExportReport, stage: &str) -> u64 {
    let found = report.stages.iter().find(|found| found.stage == stage);
    found.unwrap().bytes
}

fn compare(name: &str, fps: u32, path: PixelPath) {
    compare_recording(name, &common::fixture(name), fps, path);
}

fn compare_recording(name: &str, recording: &Path, fps: u32, path: PixelPath) {
    let Some((all, whole)) = run(recording, fps, false, path) else {
        return;
    };
    let Some((some, partial)) = run(recording, fps, true, path) else {
        return;
    };
    assert_eq!(all.len() as u64, whole.frames);
    assert_eq!(some.len(), all.len());
    if let Some(first) = (0..all.len()).find(|&index| all[index] != some[index]) {
        panic!("{name}: frame {first} of {} differs", all.len());
    }
    assert!(partial.composed_frames <= whole.composed_frames);
    for stage in ["upload", "readback", "convert"] {
        let (less, more) = (bytes(&partial, stage), bytes(&whole, stage));
        assert!(less < more, "{name}: {stage} moved {less} bytes of {more}");
        eprintln!("{name}: {stage} moved {less} bytes of {more}");
    }
    eprintln!(
        "{name}: {} of {} frames composed",
        partial.composed_frames, whole.composed_frames
    );
}

#[test]
fn desk() {
    compare("desk.cap", 30, PixelPath::Simd);
}

#[test]
fn cuts() {
    compare("cuts.cap", 30, PixelPath::Simd);
}

#[test]
fn portrait() {
    compare("portrait.cap", 15, PixelPath::Simd);
}

#[test]
fn legacy() {
    compare("legacy.cap", 15, PixelPath::Simd);
}

#[test]
fn fragments() {
    compare("fragments.cap", 15, PixelPath::Simd);
}

#[test]
fn desk_by_swscale() {
    compare("desk.cap", 15, PixelPath::Swscale);
}

/// A copy of desk.cap with texts of every animation, captions and keys over it.
fn written(folder: &Path) -> PathBuf {
    let recording = folder.join("written.cap");
    common::copy_folder(&common::fixture("desk.cap"), &recording);
    let file = recording.join("project-config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let animations = [
        "none",
        "fade",
        "slideUp",
        "slideDown",
        "pop",
        "typewriter",
        "slideLeft",
        "slideRight",
        "zoom",
        "bounce",
        "wipe",
        "words",
        "letters",
        "tracking",
    ];
    let texts = animations.iter().enumerate().map(|(index, animation)| {
        let (row, column) = (index / 3, index % 3);
        serde_json::json!({
            "start": 0.2 * index as f64, "end": 0.2 * index as f64 + 1.5, "content": format!("{animation} text"),
            "center": { "x": 0.2 + 0.3 * column as f64, "y": 0.15 + 0.18 * row as f64 }, "fontSize": 60,
            "animationIn": animation, "animationOut": animation, "animationInDuration": 0.4, "animationOutDuration": 0.4,
            "shadow": 0.5, "strokeWidth": index % 2, "glow": if row == 0 { 0.5 } else { 0.0 }, "gradientColor": "#ff8000",
            "backgroundColor": if column == 0 { Some("#204060") } else { None }, "backgroundStyle": "pill"
        })
    });
    config["textSizeVersion"] = 1.into();
    config["textAnimVersion"] = 1.into();
    config["timeline"]["textSegments"] = texts.collect();
    config["timeline"]["captionSegments"] = serde_json::json!([
        { "id": "a", "start": 1, "end": 3, "text": "a caption in colour", "words": [
            { "text": "a", "start": 1, "end": 1.2 }, { "text": "caption", "start": 1.2, "end": 1.8 },
            { "text": "in", "start": 1.9, "end": 2.1 }, { "text": "colour", "start": 2.1, "end": 3 }
        ] },
        { "id": "b", "start": 3.5, "end": 4.5, "text": "and another", "positionOverride": "top-left" }
    ]);
    config["captions"] = serde_json::json!({ "segments": [], "settings": {
        "enabled": true, "size": 60, "activeWordHighlight": true, "highlightColor": "#ffe000", "outline": true
    } });
    config["timeline"]["keyboardSegments"] = serde_json::json!([
        { "id": "k", "start": 2, "end": 4, "displayText": "abc", "keys": [
            { "key": "a", "timeOffset": 0 }, { "key": "b", "timeOffset": 300 }, { "key": "c", "timeOffset": 600 }
        ] }
    ]);
    config["keyboard"] = serde_json::json!({ "settings": { "enabled": true } });
    fs::write(&file, serde_json::to_vec(&config).unwrap()).unwrap();
    recording
}

#[test]
fn texts_captions_and_keys() {
    let folder = tempfile::tempdir().unwrap();
    let recording = written(folder.path());
    compare_recording("written.cap", &recording, 15, PixelPath::Simd);
    let Some((_, report)) = run(&recording, 15, true, PixelPath::Simd) else {
        return;
    };
    let missed = |entry: &&capstan::scene::Unrendered| entry.setting.starts_with("timeline");
    assert_eq!(report.unrendered.iter().find(missed), None);
}
