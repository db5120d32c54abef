//! Whole exports of recordings with broken parts that they do not need, and with names that a newer version of Cap writes.

use crate::rig::{
    CAMERA, Clip, DISPLAY, Exported, MIC, Recording, can_compose, plain, set, settings, timeline,
};
use capstan::export::{Cancel, Request, Unobserved, export};
use capstan::frame::Size;
use capstan::synth::canvas::{Canvas, Rgb};
use serde_json::{Value, json};

const SCREEN: Size = Size::new(160, 90);
const RED: Rgb = [200, 40, 40];
const BLUE: Rgb = [40, 40, 200];
const OTHER: &str = "content/segments/segment-1/display.mp4";

/// One second of one colour in the first segment, and of another one in the second.
fn recording() -> Recording {
    let recording = Recording::new();
    for (file, color) in [(DISPLAY, RED), (OTHER, BLUE)] {
        recording.still(file, &Canvas::new(SCREEN, color).into_frame(), 1.0);
    }
    recording.meta(&json!([
        { "display": { "path": DISPLAY, "fps": 30, "start_time": 0.0 } },
        { "display": { "path": OTHER, "fps": 30, "start_time": 0.0 } }
    ]));
    recording
}

fn run(recording: &Recording) -> Exported {
    recording.export(settings(10, SCREEN))
}

/// What an export is refused with, causes and all.
fn refusal(recording: &Recording) -> String {
    let outside = tempfile::tempdir().unwrap();
    let request = Request {
        recording: recording.place("."),
        target: outside.path().join("never.mp4"),
        overwrite: false,
        settings: settings(10, SCREEN),
    };
    let error = export(&request, &Cancel::new(), &mut Unobserved).unwrap_err();
    let mut causes = vec![error.to_string()];
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    causes.join(": ")
}

/// The colour in the middle of the first picture.
fn colour(exported: &Exported) -> Rgb {
    let picture = exported.picture(0);
    let middle = picture.rgb(picture.size.width as usize / 2, picture.size.height as usize / 2);
    middle.map(|channel| channel.round() as u8)
}

#[track_caller]
fn assert_colour(exported: &Exported, expected: Rgb) {
    let found = colour(exported);
    let close = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 4);
    assert!(close, "{found:?}, expected {expected:?}");
}

#[track_caller]
fn assert_warned(exported: &Exported, words: &[&str]) {
    let found = exported
        .report
        .warnings
        .iter()
        .filter(|warning| words.iter().all(|word| warning.contains(word)));
    assert_eq!(found.count(), 1, "{words:?} in {:#?}", exported.report.warnings);
}

fn config(clips: &[Clip]) -> Value {
    plain(&timeline(clips))
}

#[test]
fn a_screen_that_no_clip_shows_may_be_unreadable() {
    if !can_compose() {
        return;
    }
    let recording = recording();
    let first = Clip::new(0.0, 1.0);
    let second = first.of_segment(1);
    for (broken, shown, expected) in [(OTHER, first, RED), (DISPLAY, second, BLUE)] {
        let whole = std::fs::read(recording.place(broken)).unwrap();
        std::fs::write(recording.place(broken), b"no video").unwrap();
        recording.config(&config(&[shown]));
        let exported = run(&recording);
        assert_eq!(exported.report.frames, 10);
        assert_colour(&exported, expected);
        let number = if broken == OTHER { "segment 1" } else { "segment 0" };
        assert_warned(&exported, &[number, "no clip shows it"]);
        std::fs::write(recording.place(broken), whole).unwrap();
    }
}

#[test]
fn sound_that_is_not_heard_may_be_unreadable() {
    if !can_compose() {
        return;
    }
    let recording = recording();
    std::fs::write(recording.place(MIC), b"no sound").unwrap();
    recording.meta(&json!([{
        "display": { "path": DISPLAY, "fps": 30, "start_time": 0.0 },
        "mic": { "path": MIC, "start_time": 0.0 }
    }]));
    let whole = config(&[Clip::new(0.0, 1.0)]);
    for audio in [json!({ "mute": true }), json!({ "micVolumeDb": -30 })] {
        let mut config = whole.clone();
        set(&mut config, "/audio", audio);
        recording.config(&config);
        assert_warned(&run(&recording), &["microphone, which is not heard"]);
    }
    let mut muted = whole.clone();
    muted["timeline"]["segments"][0]["audioMuted"] = json!(true);
    recording.config(&muted);
    assert_warned(&run(&recording), &["microphone, which is not heard"]);
    recording.config(&whole);
    assert!(
        refusal(&recording).contains("audio-input.ogg"),
        "{}",
        refusal(&recording)
    );
}

#[test]
fn a_hidden_camera_may_be_unreadable() {
    if !can_compose() {
        return;
    }
    let recording = recording();
    std::fs::write(recording.place(CAMERA), b"no video").unwrap();
    recording.meta(&json!([{
        "display": { "path": DISPLAY, "fps": 30, "start_time": 0.0 },
        "camera": { "path": CAMERA, "fps": 30, "start_time": 0.0 }
    }]));
    let mut config = config(&[Clip::new(0.0, 1.0)]);
    recording.config(&config);
    assert_warned(&run(&recording), &["camera, which is not shown"]);
    set(&mut config, "/camera", json!({ "hide": false }));
    recording.config(&config);
    assert!(
        refusal(&recording).contains("camera.mp4"),
        "{}",
        refusal(&recording)
    );
}

#[test]
fn names_of_newer_versions_are_warnings() {
    if !can_compose() {
        return;
    }
    let recording = recording();
    let first = Clip::new(0.0, 1.0);
    let mut config = config(&[first, first.of_segment(1)]);
    set(
        &mut config,
        "/background/source",
        json!({ "type": "aurora", "speed": 2 }),
    );
    set(&mut config, "/background/padding", json!(50));
    let list = &mut config["timeline"];
    list["sceneSegments"] = json!([{ "start": 0, "end": 2, "mode": "hologram" }]);
    list["transitions"] = json!([{ "segmentIndex": 1, "type": "page-curl", "duration": 0.5 }]);
    list["textSegments"] = json!([{ "start": 9, "end": 10, "animationIn": "explode", "layout": "around" }]);
    recording.config(&config);
    let exported = run(&recording);
    // Two clips of a second, half a second of which they share.
    assert_eq!(exported.report.frames, 15);
    let picture = exported.picture(0);
    assert!(picture.level(2, 2) > 0.98, "white: {}", picture.level(2, 2));
    assert_colour(&exported, RED);
    for words in [
        ["background.source", "\"aurora\"", "white"],
        ["timeline.sceneSegments[0].mode", "\"hologram\"", "usual places"],
        ["timeline.transitions[0].type", "\"page-curl\"", "cross-fade"],
        ["timeline.textSegments[0].animationIn", "\"explode\"", "at once"],
        [
            "timeline.textSegments[0].layout",
            "\"around\"",
            "over the picture",
        ],
    ] {
        assert_warned(&exported, &words);
    }
}

#[test]
fn clips_that_run_on_after_their_recording_are_named() {
    if !can_compose() {
        return;
    }
    let recording = recording();
    recording.config(&config(&[Clip::new(0.0, 3.0)]));
    let exported = run(&recording);
    assert_eq!(exported.report.frames, 30);
    assert_warned(
        &exported,
        &["clip 0 shows segment 0 up to 3.0 s", "ends at 1.0 s"],
    );
}
