//! A part of an export holds the very frames and the sound that the whole export has there.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use crate::common::{Export, Recording, fixture, tool};
use capstan::export::{ExportReport, ExportSettings, Span};
use capstan::frame::Size;
use capstan::media::decode::HardwareChoice;
use capstan::time::FrameRate;
use sha2::{Digest, Sha256};

/// Numbers and digests of the frames in `span`; `None` on a machine without an adapter.
fn frames(recording: &Path, fps: u32, span: Span) -> Option<(Vec<(u64, String)>, ExportReport)> {
    let settings = ExportSettings {
        frame_rate: FrameRate::new(fps).unwrap(),
        bounds: Size::new(480, 270),
        decoder: HardwareChoice::Off,
        span,
        ..ExportSettings::default()
    };
    let mut found = Vec::new();
    let report = crate::common::compose(recording, settings, &mut |number, frame| {
        let digest = Sha256::digest(crate::common::pixels(frame));
        found.push((number, digest.iter().map(|byte| format!("{byte:02x}")).collect()));
    })?;
    Some((found, report))
}

/// Cuts the frames of a recording at `cuts`, thousandths of its length, and compares every piece with the whole.
fn compare(name: &str, fps: u32, cuts: &[u64]) {
    let recording = fixture(name);
    let Some((whole, report)) = frames(&recording, fps, Span::Whole) else {
        return;
    };
    let total = whole.len() as u64;
    assert_eq!(report.frames, total);
    let mut borders: Vec<u64> = cuts.iter().map(|cut| total * cut / 1000).collect();
    borders.extend([0, total - 1, total]);
    borders.sort_unstable();
    borders.dedup();
    for pair in borders.windows(2) {
        let (first, end) = (pair[0], pair[1]);
        let (piece, report) = frames(&recording, fps, Span::Frames { first, end }).unwrap();
        assert_eq!(report.frames, end - first);
        assert_eq!(report.settings.span, Span::Frames { first, end });
        let expected = &whole[first as usize..end as usize];
        let differs = piece
            .iter()
            .zip(expected)
            .position(|(found, expected)| found != expected);
        assert_eq!(piece.len(), expected.len(), "{name}: {first}..{end}");
        assert_eq!(
            differs, None,
            "{name}: frames {first}..{end}, number {differs:?} of them differs"
        );
    }
}

#[test]
fn desk() {
    compare("desk", 30, &[100, 333, 500, 777]);
}

#[test]
fn cuts() {
    compare("cuts", 30, &[150, 400, 410, 650, 900]);
}

#[test]
fn everything() {
    compare(
        "everything",
        12,
        &[90, 180, 270, 360, 450, 540, 630, 720, 810, 900],
    );
}

#[test]
fn portrait() {
    compare("portrait", 15, &[500]);
}

#[test]
fn legacy() {
    compare("legacy", 15, &[250, 600]);
}

#[test]
fn fragments() {
    compare("fragments", 15, &[300, 700]);
}

#[test]
fn a_part_is_exported_by_its_times() {
    let recording = Recording::moving("320x180", 4.0).with_mic();
    recording.track(crate::common::MIC, "sine=440:duration=4", &["-c:a", "libopus"]);
    let flags = [&crate::common::SMALL[..], &["--from", "0:01", "--to", "2.5"]].concat();
    let part = Export::done(&recording.path(), &flags);
    let report = part.report();
    assert_eq!(
        (report["frames"].as_u64(), report["duration_s"].as_f64()),
        (Some(45), Some(1.5))
    );
    assert_eq!(report["settings"]["span"]["frames"]["first"], 30);
    let video = part.video();
    video.assert_plays_everywhere(45);
    let sound = video.audio.unwrap()["duration"]
        .as_str()
        .unwrap()
        .parse::<f64>()
        .unwrap();
    assert!((sound - 1.5).abs() < 1e-4, "{sound}");

    // The pictures are those of the whole, as well as they are encoded.
    let whole = Export::done(&recording.path(), &crate::common::SMALL);
    let psnr = |skip: &str| {
        let (part, whole) = (part.path(), whole.path());
        let filter = format!(
            "[1:v]trim=start_frame={skip}:end_frame={},setpts=PTS-STARTPTS[w];[0:v][w]psnr",
            skip.parse::<u64>().unwrap() + 45
        );
        let run = tool(
            "ffmpeg",
            &[
                "-i",
                part.to_str().unwrap(),
                "-i",
                whole.to_str().unwrap(),
                "-lavfi",
                &filter,
                "-f",
                "null",
                "-",
            ],
        );
        let (_, average) = run.stderr.rsplit_once("average:").unwrap();
        average.split_whitespace().next().unwrap().parse::<f64>().unwrap()
    };
    assert!(psnr("30") > 35.0, "{}", psnr("30"));
    assert!(psnr("31") < psnr("30") - 3.0, "{} {}", psnr("31"), psnr("30"));
}

/// Sound of a part: as loud, at the same time, as in the whole.
#[test]
fn the_sound_of_a_part_is_that_of_the_whole() {
    let recording = Recording::moving("64x48", 4.0).with_mic();
    // Louder by the second.
    recording.track(
        crate::common::MIC,
        "aevalsrc=0.1*(1+floor(t))*sin(2*PI*440*t):duration=4",
        &["-c:a", "libopus", "-b:a", "128k"],
    );
    let samples = |flags: &[&str]| {
        let export = Export::done(&recording.path(), &[&["--fps", "30"], flags].concat());
        let raw = recording.outside().join("sound.raw");
        let args = [
            "-v",
            "error",
            "-y",
            "-i",
            export.path().to_str().unwrap(),
            "-f",
            "f32le",
            raw.to_str().unwrap(),
        ]
        .map(str::to_owned);
        tool("ffmpeg", &args.iter().map(String::as_str).collect::<Vec<_>>());
        let bytes = fs::read(raw).unwrap();
        bytes
            .chunks_exact(4)
            .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
            .collect::<Vec<f32>>()
    };
    let whole = samples(&[]);
    let part = samples(&["--from", "1.5", "--to", "3.5"]);
    // FFmpeg decodes the padding behind the end as well.
    assert!((192_000..192_000 + 2048).contains(&part.len()), "{}", part.len());
    let part = &part[..192_000];
    let expected = &whole[144_000..336_000];
    let error: f32 = part.iter().zip(expected).map(|(a, b)| (a - b) * (a - b)).sum();
    let power: f32 = expected.iter().map(|a| a * a).sum();
    assert!(error < power * 1e-3, "{}", error / power);
}

#[test]
fn what_lies_outside_is_refused() {
    let recording = Recording::moving("64x48", 2.0);
    let refused = |flags: &[&str], words: &[&str]| {
        let export = Export::of(&recording.path(), flags);
        export.run.assert_code(2);
        for word in words {
            assert!(export.run.stderr.contains(word), "{word}: {}", export.run.stderr);
        }
    };
    refused(&["--from", "2"], &["--from 2 s", "lasts 2.000 s"]);
    refused(
        &["--from", "1", "--to", "0:03"],
        &["--to 3 s", "lasts 2.000 s", "leave --to out"],
    );
    refused(&["--from", "1", "--to", "1"], &["must lie behind"]);
    refused(&["--from", "1", "--to", "1.001"], &["no frame"]);
    refused(&["--from", "1:75"], &["m:ss"]);
    let instant = Export::of(&fixture("instant"), &["--from", "1"]);
    instant.run.assert_code(2);
    assert!(
        instant.run.stderr.contains("--from or --to"),
        "{}",
        instant.run.stderr
    );
}

/// A part reads only what its frames need: what lies between the start of the track and the part may be unreadable.
#[test]
fn a_part_seeks() {
    let recording = Recording::new();
    recording.display(
        "testsrc2=size=320x180:rate=30:duration=20",
        &[
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-g",
            "30",
            "-pix_fmt",
            "yuv420p",
            "-movflags",
            "+faststart",
        ],
    );
    let late = ["--from", "18", "--to", "19"];
    let before = Export::done(&recording.path(), &[&crate::common::SMALL[..], &late].concat());
    let track = recording.place(crate::common::DISPLAY);
    let length = fs::metadata(&track).unwrap().len();
    let (from, to) = (length / 5, length * 4 / 5);
    let mut file = fs::File::options().write(true).open(&track).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(&vec![0xff; (to - from) as usize]).unwrap();
    drop(file);
    let after = Export::done(&recording.path(), &[&crate::common::SMALL[..], &late].concat());
    assert_eq!(after.report()["warnings"], before.report()["warnings"]);
    assert!(fs::read(after.path()).unwrap() == fs::read(before.path()).unwrap());
}
