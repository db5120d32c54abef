//! What a recording must not be able to do: it is untrusted input. Paths that leave its folder, containers that name other files,
//! headers that promise too much.

use std::fs;
use std::path::Path;

use crate::common::{self, DISPLAY, Export, Recording, SMALL, tool};
use serde_json::{Value, json};

/// Ends with 1 and a message that holds all of `words`.
#[track_caller]
fn refused(recording: &Recording, words: &[&str]) {
    Export::of(&recording.path(), &SMALL).run.assert_error(words);
}

/// Exports to six frames, and says what is odd.
#[track_caller]
fn exports(recording: &Recording) -> (Export, String) {
    let export = Export::done(&recording.path(), &SMALL);
    export.video().assert_plays_everywhere(6);
    let warnings = export.report()["warnings"].to_string();
    (export, warnings)
}

/// Sets width and height wherever the MP4's sample description says them.
fn with_dimensions(bytes: &[u8], width: u16, height: u16) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let entry = bytes.windows(4).position(|kind| kind == b"avc1").unwrap();
    let entry = bytes[entry + 4..]
        .windows(4)
        .position(|kind| kind == b"avc1")
        .map_or(entry, |next| entry + 4 + next);
    // VisualSampleEntry: 6 reserved, 2 index, 16 pre-defined, then the sides (ISO/IEC 14496-12, 12.1.3).
    bytes[entry + 28..entry + 30].copy_from_slice(&width.to_be_bytes());
    bytes[entry + 30..entry + 32].copy_from_slice(&height.to_be_bytes());
    bytes
}

#[test]
fn huge_dimensions_in_the_header_are_not_believed() {
    let recording = Recording::moving("128x96", 0.2);
    let whole = fs::read(recording.place(DISPLAY)).unwrap();
    fs::write(recording.place(DISPLAY), with_dimensions(&whole, 65535, 65535)).unwrap();
    let export = Export::of(&recording.path(), &SMALL);
    export.run.assert_no_defect();
    // The stream's own parameter sets say 128x96; a reader may believe them, but never the container.
    match export.run.code {
        Some(0) => assert!(export.video().size().0 <= 320),
        _ => {
            export.run.assert_error(&["display.mp4"]);
        }
    }
}

#[cfg(unix)]
#[test]
fn tracks_outside_the_recording_are_refused() {
    let recording = Recording::moving("128x96", 0.2);
    let outside = recording.outside().join("outside.mp4");
    fs::rename(recording.place(DISPLAY), &outside).unwrap();
    std::os::unix::fs::symlink(&outside, recording.place(DISPLAY)).unwrap();
    let leaves =
        "leaves the recording's folder; only files inside it are read: copy the file into the folder";
    refused(&recording, &["segments[0].display.path", "display.mp4", leaves]);

    let recording = recording.with_display_at("../outside.mp4");
    refused(
        &recording,
        &["segments[0].display.path", "../outside.mp4", leaves],
    );
    let recording = recording.with_display_at("content/../../outside.mp4");
    refused(&recording, &["segments[0].display.path", "outside.mp4", leaves]);
    let absolute = outside.to_str().unwrap().to_owned();
    let recording = recording.with_display_at(&absolute);
    refused(&recording, &["segments[0].display.path", "outside.mp4"]);
}

#[cfg(unix)]
#[test]
fn a_link_within_the_recording_is_followed() {
    let recording = Recording::moving("128x96", 0.2);
    let real = recording.place("content/real.mp4");
    fs::rename(recording.place(DISPLAY), &real).unwrap();
    std::os::unix::fs::symlink("../../real.mp4", recording.place(DISPLAY)).unwrap();
    exports(&recording);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_track_does_not_hang() {
    let recording = Recording::new();
    let path = recording.place(DISPLAY);
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let run = common::run(
        common::capstan()
            .arg("export")
            .arg(recording.path())
            .arg(recording.outside().join("out.mp4")),
    );
    run.assert_error(&["display.mp4", "not a regular file"]);
}

#[test]
fn a_playlist_opens_no_other_file() {
    let recording = Recording::moving("128x96", 0.2);
    let real = recording.outside().join("secret.mp4");
    fs::rename(recording.place(DISPLAY), &real).unwrap();
    let list = format!(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
        real.display()
    );
    fs::write(recording.place(DISPLAY), list).unwrap();
    refused(&recording, &["display.mp4"]);
    let concat = format!("ffconcat version 1.0\nfile '{}'\n", real.display());
    fs::write(recording.place(DISPLAY), concat).unwrap();
    refused(&recording, &["display.mp4"]);
}

/// A header that promises a billion seconds: bounded before anything is sized by it.
#[test]
fn endless_durations_in_the_header_are_not_believed() {
    let recording = Recording::moving("128x96", 0.2);
    let mut bytes = fs::read(recording.place(DISPLAY)).unwrap();
    let place = |kind: &[u8; 4]| bytes.windows(4).position(|window| window == kind).unwrap();
    // ISO/IEC 14496-12, 8.2.2: type, version and flags 4, creation 4, modification 4, ticks of a second 4, duration 4.
    let at = place(b"mvhd") + 4 + 12;
    bytes[at..at + 4].copy_from_slice(&1_u32.to_be_bytes());
    bytes[at + 4..at + 8].copy_from_slice(&1_000_000_000_u32.to_be_bytes());
    fs::write(recording.place(DISPLAY), bytes).unwrap();
    refused(
        &recording,
        &["display.mp4", "a duration", "1000000000 s", "345600 s"],
    );
}

/// Music is a track like the others: inside the folder or not at all.
#[cfg(unix)]
#[test]
fn music_outside_the_recording_is_refused() {
    let recording = Recording::moving("128x96", 0.2);
    let outside = recording.outside().join("bed.wav");
    let sine = ["-v", "error", "-y", "-f", "lavfi", "-i", "sine=duration=1"];
    tool("ffmpeg", &[&sine[..], &[outside.to_str().unwrap()]].concat());
    std::os::unix::fs::symlink(&outside, recording.place("content/link.wav")).unwrap();
    let config = recording.place("project-config.json");
    let play = |path: &str| {
        let mut settings: Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
        settings["timeline"] = json!({
            "segments": [{ "timescale": 1.0, "start": 0.0, "end": 0.2 }], "zoomSegments": [],
            "audioSegments": [{ "start": 0.0, "end": 0.2, "path": path }],
        });
        fs::write(&config, settings.to_string()).unwrap();
    };
    for path in ["../bed.wav", outside.to_str().unwrap(), "content/link.wav"] {
        play(path);
        refused(
            &recording,
            &[
                "timeline.audioSegments[0].path",
                path,
                "leaves the recording's folder",
            ],
        );
    }
    fs::copy(&outside, recording.place("content/bed.wav")).unwrap();
    play("content/bed.wav");
    let (_, warnings) = exports(&recording);
    assert!(!warnings.contains("bed.wav"), "{warnings}");
}

/// Background images may lie anywhere, for Cap stores them so, but they are read as images and as nothing else: no video, no
/// playlist, no pipe.
#[cfg(unix)]
#[test]
fn a_background_outside_is_read_as_an_image_only() {
    let recording = Recording::moving("128x96", 0.2);
    let outside = recording.outside().to_owned();
    image::RgbImage::from_pixel(32, 18, image::Rgb([40, 160, 80]))
        .save(outside.join("wall.png"))
        .unwrap();
    fs::copy(recording.place(DISPLAY), outside.join("video.png")).unwrap();
    fs::write(
        outside.join("list.png"),
        "#EXTM3U\n#EXTINF:1,\nvideo.png\n#EXT-X-ENDLIST\n",
    )
    .unwrap();
    assert!(
        std::process::Command::new("mkfifo")
            .arg(outside.join("pipe.png"))
            .status()
            .unwrap()
            .success()
    );
    let paint = |path: &Path| {
        recording.config(&json!({ "source": { "type": "image", "path": path }, "padding": 40 }));
        exports(&recording)
    };
    let (export, warnings) = paint(&outside.join("wall.png"));
    assert!(!warnings.contains("wall.png"), "{warnings}");
    let pixel = export.pixel(3, 4, 4);
    assert!(
        pixel
            .iter()
            .zip([40, 160, 80])
            .all(|(found, meant)| found.abs_diff(meant) <= 3),
        "{pixel:?}"
    );
    for name in ["video.png", "list.png", "pipe.png"] {
        let (export, warnings) = paint(&outside.join(name));
        assert!(
            warnings.contains(name) && warnings.contains("white is painted"),
            "{warnings}"
        );
        assert!(export.pixel(3, 4, 4).iter().all(|level| *level >= 252));
    }
}
