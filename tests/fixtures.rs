//! Every committed recording exports to a file that plays everywhere, with the frames its configuration asks for.

use std::fs;

use crate::common::{Export, Mp4, Recording, fixture, tool};
use serde_json::Value;

/// Frames at `fps`: ceil(fps x duration), a millionth of a frame being rounding, the duration being the sum of the clips by their speeds (cap-look.md 3.1).
fn expected_frames(name: &str, fps: f64) -> u64 {
    let text = fs::read_to_string(fixture(name).join("project-config.json")).unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    let clips = config["timeline"]["segments"].as_array().unwrap();
    let seconds: f64 = clips
        .iter()
        .map(|clip| {
            let number = |key: &str| clip[key].as_f64().unwrap();
            (number("end") - number("start")) / number("timescale")
        })
        .sum();
    (fps * seconds - 1e-6).ceil() as u64
}

fn check(name: &str, frames: u64, sound: bool, size: (u64, u64)) -> Export {
    let export = Export::done(&fixture(name), &["--fps", "30", "--resolution", "640x360"]);
    let video = export.video();
    video.assert_plays_everywhere(frames);
    assert_eq!(video.audio.is_some(), sound);
    assert_eq!(video.size(), size);
    assert_eq!(video.video["r_frame_rate"], "30/1");
    assert_eq!(export.report()["frames"], frames);
    export
}

#[test]
fn desk() {
    check("desk", expected_frames("desk", 30.0), true, (640, 360));
}

#[test]
fn cuts() {
    check("cuts", expected_frames("cuts", 30.0), true, (640, 356));
}

#[test]
fn portrait() {
    check("portrait", expected_frames("portrait", 30.0), true, (204, 360));
}

#[test]
fn legacy() {
    // No timeline: as long as the longest of screen, camera and microphone (cap-format.md 6.6), here 126 frames of
    // MP3, 1152 samples each at 48 kHz: 3.024 s.
    check("legacy", 91, true, (480, 360));
}

#[test]
fn fragments() {
    // No timeline: as long as the longest of screen and microphone (cap-format.md 6.6). 90 pictures at 30 fps survived, 3 s;
    // of the sound, whose last piece is torn, the packets up to 4.928 s, while its headers promise more.
    let sound = fixture("fragments").join("content/segments/segment-0/audio-input.m4a");
    let listed = [
        "-v",
        "error",
        "-show_entries",
        "packet=pts_time,duration_time",
        "-of",
        "csv=p=0",
    ];
    let packets = tool("ffprobe", &[&listed[..], &[sound.to_str().unwrap()]].concat()).stdout;
    let end = packets
        .lines()
        .map(|packet| {
            packet
                .split(',')
                .filter(|time| !["", "N/A"].contains(time))
                .map(|time| time.parse::<f64>().unwrap())
                .sum()
        })
        .fold(0.0, f64::max);
    assert!((end - 4.928).abs() < 1e-3, "{end}");
    let export = check("fragments", (30.0 * end).ceil() as u64, true, (640, 360));
    assert_eq!(export.report()["frames"], 148);
}

#[test]
fn an_instant_recording_is_copied() {
    let export = Export::done(&fixture("instant"), &[]);
    let source = Mp4::read(&fixture("instant").join("content/output.mp4"));
    let video = export.video();
    assert_eq!(video.decoded, source.decoded);
    assert_eq!(video.size(), source.size());
    assert!(video.audio.is_some());
    let place = |name: &str| video.boxes.iter().position(|found| found == name).unwrap();
    assert!(place("moov") < place("mdat"));
    assert_eq!(export.report()["paths"]["encoder"], "copy");
}

#[test]
fn stillness_has_key_frames_too() {
    let recording = Recording::new();
    recording.display(
        "color=c=teal:size=320x180:rate=1/7:duration=7",
        &["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"],
    );
    for mode in ["auto", "off"] {
        let flags = ["--fps", "30", "--resolution", "320x180", "--still-pictures", mode];
        let export = Export::done(&recording.path(), &flags);
        let video = export.video();
        video.assert_plays_everywhere(210);
        assert!(video.key_frames.len() >= 4, "{:?}", video.key_frames);
        let report = export.report();
        assert_eq!(report["composed_frames"], 1);
        // A still picture costs no encoding; key frames do.
        let coded = report["coded_pictures"].as_u64().unwrap();
        let (repeats, expected) = match mode {
            "auto" => ("still_pictures", 4..=12),
            _ => ("encode", 210..=210),
        };
        assert_eq!(report["paths"]["repeats"], repeats, "{:#}", report["fallbacks"]);
        assert!(expected.contains(&coded), "{mode}: {coded} pictures were coded");
    }
}

#[test]
fn sixty_frames_a_second_is_the_default() {
    let recording = Recording::moving("320x180", 0.5);
    let export = Export::done(&recording.path(), &["--resolution", "320x180"]);
    let video = export.video();
    video.assert_plays_everywhere(30);
    assert_eq!(video.video["r_frame_rate"], "60/1");
    // Silent recordings get a silent track (cap-look.md 21.6).
    assert!(video.audio.is_some());
}
