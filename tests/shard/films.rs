//! What is in the parts and in the joined file.

use std::fs;
use std::path::Path;

use capstan::export::{ExportSettings, Span};
use capstan::frame::Size;
use capstan::media::decode::HardwareChoice;
use capstan::shard::{self, PlanRequest};
use capstan::time::FrameRate;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Shards, take};
use crate::common::{self, Export, Recording, fixture, tool};
use crate::film_decoders;
use crate::films::{Film, SEEKS};

/// What a stream of a file decodes to, or its packets where `copy` is given, as one number.
fn md5(file: &Path, stream: &str, copy: bool) -> String {
    let codec = if copy { "copy" } else { "pcm_f32le" };
    let args = [
        "-v",
        "error",
        "-i",
        file.to_str().unwrap(),
        "-map",
        stream,
        "-c:a",
        codec,
        "-f",
        "md5",
        "-",
    ];
    tool("ffmpeg", &args).stdout
}

#[test]
fn parts_render_the_frames_of_the_whole() {
    for (name, fps) in [
        ("desk", 30),
        ("cuts", 30),
        ("portrait", 10),
        ("legacy", 10),
        ("fragments", 10),
        ("everything", 6),
    ] {
        let recording = fixture(name);
        let settings = ExportSettings {
            frame_rate: FrameRate::new(fps).unwrap(),
            bounds: Size::new(320, 180),
            decoder: HardwareChoice::Off,
            ..ExportSettings::default()
        };
        let frames = |span| {
            let mut found = Vec::new();
            let settings = ExportSettings {
                span,
                ..settings.clone()
            };
            common::compose(&recording, settings, &mut |number, frame| {
                found.push((number, Sha256::digest(common::pixels(frame)).to_vec()));
            })
            .map(|_| found)
        };
        let Some(whole) = frames(Span::Whole) else {
            return;
        };
        let mut tried: Vec<Span> = Vec::new();
        // As many as are asked for, and one for each key frame.
        for parts in [1, 2, 3, 7, 10_000] {
            let request = PlanRequest {
                recording: recording.clone(),
                settings: settings.clone(),
                parts,
            };
            let plan = shard::plan(&request).unwrap().plan;
            assert_eq!((plan.first, plan.end), (0, whole.len() as u64));
            assert!(plan.parts.len() <= parts as usize);
            let mut next = 0;
            for part in &plan.parts {
                assert_eq!((part.first, part.first % u64::from(fps * 2)), (next, 0));
                next = part.end;
                let span = Span::Frames {
                    first: part.first,
                    end: part.end,
                };
                if tried.contains(&span) {
                    continue;
                }
                tried.push(span);
                let expected = &whole[part.first as usize..part.end as usize];
                assert!(frames(span).unwrap() == expected, "{name}: {span:?} differs");
            }
            assert_eq!(next, plan.end);
        }
    }
}

#[test]
fn a_joined_file_is_what_an_export_is() {
    let recording = take();
    let flags = [&common::SMALL[..], &["--crf", "20"]].concat();
    let whole = Export::done(&recording.path(), &flags);
    for parts in [1, 2, 3, 7] {
        let shards = Shards::plan(&recording.path(), parts, &flags);
        // There are four key frames.
        assert_eq!(shards.parts(), parts.min(4) as usize);
        shards.make_all();
        let joined = shards.joined();
        joined.assert_plays_everywhere(shards.frames());
        assert_eq!(joined.boxes, whole.video().boxes);
        let (joined, whole) = (shards.at("out.mp4"), whole.path());
        assert_eq!(
            md5(&joined, "0:a", true),
            md5(&whole, "0:a", true),
            "packets of sound"
        );
        assert_eq!(md5(&joined, "0:a", false), md5(&whole, "0:a", false), "samples");
        let against = |file: &Path| psnr(file, &recording, &flags);
        let (of_parts, of_whole) = (against(&joined), against(&whole));
        assert!(
            (of_parts - of_whole).abs() <= 0.1,
            "{parts} parts: {of_parts} {of_whole} dB"
        );
    }
}

/// PSNR of a film against the frames that are rendered for it.
fn psnr(file: &Path, recording: &Recording, flags: &[&str]) -> f64 {
    let raw = recording.outside().join("rendered.nv12");
    if !raw.exists() {
        assert_eq!(flags[..2], ["--fps", "30"]);
        let settings = ExportSettings {
            frame_rate: FrameRate::new(30).unwrap(),
            bounds: Size::new(320, 180),
            ..ExportSettings::default()
        };
        let mut bytes = Vec::new();
        common::compose(&recording.path(), settings, &mut |_, frame| {
            bytes.extend(common::pixels(frame))
        })
        .unwrap();
        fs::write(&raw, bytes).unwrap();
    }
    let raw = [
        "-f",
        "rawvideo",
        "-pix_fmt",
        "nv12",
        "-s",
        "320x180",
        "-r",
        "30",
        "-i",
        raw.to_str().unwrap(),
    ];
    let filter = "[0:v]format=yuv420p[a];[1:v]format=yuv420p[b];[a][b]psnr";
    let args = [
        &["-i", file.to_str().unwrap()],
        &raw[..],
        &["-lavfi", filter, "-f", "null", "-"],
    ]
    .concat();
    let run = tool("ffmpeg", &args);
    let (_, average) = run.stderr.rsplit_once("average:").unwrap();
    average.split_whitespace().next().unwrap().parse().unwrap()
}

/// A film that moves, rests for four seconds, moves, and rests until its end.
fn moving_and_resting() -> Recording {
    let recording = Recording::new();
    let still = |color, seconds| format!("color=c={color}:size=320x180:rate=30:duration={seconds}");
    let moving = "testsrc2=size=320x180:rate=30:duration=1";
    let source = format!(
        "{moving}[a];{}[b];{moving}[c];{}[d];[a][b][c][d]concat=n=4",
        still("0x336699", 4),
        still("0x996633", 1)
    );
    recording.display(
        &source,
        &["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"],
    );
    recording
}

#[test]
fn every_way_of_coding_joins() {
    let recording = moving_and_resting();
    for flags in [
        &["--bitrate", "500k"][..],
        &["--still-pictures", "off"],
        // References among B-pictures, and a first decoding time before 0.
        &["--still-pictures", "off", "--crf", "28"],
        // A part that rests is one picture: two IDR pictures follow one another.
        &["--frame-rate-mode", "vfr"],
        // Pictures in another order, the last of which lasts for a second.
        &["--frame-rate-mode", "vfr", "--crf", "28"],
        &["--quality", "potato", "--from", "1.5", "--to", "6.5"],
    ] {
        let flags = [&common::SMALL[..], flags].concat();
        let whole = Export::done(&recording.path(), &flags);
        let shards = Shards::plan(&recording.path(), 10_000, &flags);
        assert!(shards.parts() >= 3, "{flags:?}");
        shards.make_all();
        let (joined, film) = (shards.joined(), shards.at("out.mp4"));
        if !flags.contains(&"vfr") {
            joined.assert_plays_everywhere(whole.video().decoded);
        }
        let seconds = shards.frames() as f64 / 30.0;
        for file in [&whole.path(), &film] {
            let times = assert_times(file);
            assert_length(file, seconds);
            // At a variable rate a part begins with a picture where the whole rests.
            assert!(
                flags.contains(&"vfr") || times.len() as u64 == shards.frames(),
                "{flags:?}"
            );
        }
        assert_holds_times(&film, &whole.path());
        film_decoders::check(&film, &Film::read(&film), 0);
    }
}

/// When the pictures of a file are shown, in its unit of time. Decoding times rise from packet to packet, and no picture is decoded
/// after it is shown.
fn assert_times(file: &Path) -> Vec<i64> {
    let show = [
        "-v",
        "error",
        "-of",
        "json",
        "-select_streams",
        "v:0",
        "-show_entries",
        "packet=pts,dts",
    ];
    let packets = tool("ffprobe", &[&show[..], &[file.to_str().unwrap()]].concat());
    let packets: Value = serde_json::from_str(&packets.stdout).unwrap();
    let mut last = i64::MIN;
    let mut times = Vec::new();
    for packet in packets["packets"].as_array().unwrap() {
        let (pts, dts) = (packet["pts"].as_i64().unwrap(), packet["dts"].as_i64().unwrap());
        assert!(dts > last && dts <= pts, "{packet} after {last}");
        last = dts;
        times.push(pts);
    }
    times.sort_unstable();
    times
}

/// Every time at which the whole has a picture is one of the joined file's.
fn assert_holds_times(joined: &Path, whole: &Path) {
    let joined = assert_times(joined);
    let missing = assert_times(whole)
        .into_iter()
        .find(|time| joined.binary_search(time).is_err());
    assert_eq!(missing, None);
}

/// The film lasts so long by everything that players take its length from: the edit list, the header of the media, the samples.
fn assert_length(file: &Path, seconds: f64) {
    let bytes = fs::read(file).unwrap();
    let movie = boxes(&bytes, "moov")[0];
    let number = |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let track = boxes(movie, "trak")
        .into_iter()
        .find(|track| &boxes(boxes(track, "mdia")[0], "hdlr")[0][8..12] == b"vide")
        .unwrap();
    let media = boxes(track, "mdia")[0];
    // Version 0 of each: times of 32 bits.
    let header = boxes(media, "mdhd")[0];
    let (scale, of_media) = (f64::from(number(header, 12)), number(header, 16));
    let table = boxes(boxes(boxes(media, "minf")[0], "stbl")[0], "stts")[0];
    let of_samples: u32 = (0..number(table, 4) as usize)
        .map(|entry| number(table, 8 + entry * 8) * number(table, 12 + entry * 8))
        .sum();
    let edits = boxes(boxes(track, "edts")[0], "elst")[0];
    let of_edits: u32 = (0..number(edits, 4) as usize)
        .map(|entry| number(edits, 8 + entry * 12))
        .sum();
    let movie_scale = f64::from(number(boxes(movie, "mvhd")[0], 12));
    for (found, what) in [
        (f64::from(of_media) / scale, "media"),
        (f64::from(of_samples) / scale, "samples"),
        (f64::from(of_edits) / movie_scale, "edits"),
    ] {
        assert!(
            (found - seconds).abs() < 1e-4,
            "{}: {what} of {found} s in the place of {seconds} s",
            file.display()
        );
    }
}

/// What is in the boxes of this type among `bytes`.
fn boxes<'a>(bytes: &'a [u8], kind: &str) -> Vec<&'a [u8]> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while rest.len() >= 8 {
        let size = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        assert!(
            (8..=rest.len()).contains(&size),
            "{kind} in a box of {size} bytes"
        );
        if &rest[4..8] == kind.as_bytes() {
            found.push(&rest[8..size]);
        }
        rest = &rest[size..];
    }
    found
}

/// FFmpeg, OpenH264 and Chromium give the same samples, played through and sought.
#[test]
fn joined_films_play_and_seek_in_every_decoder() {
    for (name, flags) in [
        // Still pictures; pictures in another order than they are shown in.
        ("desk", &["--quality", "web"][..]),
        ("cuts", &["--crf", "23"]),
    ] {
        let flags = [&common::SMALL[..], flags].concat();
        let shards = Shards::plan(&fixture(name), 10_000, &flags);
        assert!(shards.parts() >= 2, "{name}");
        shards.make_all();
        shards.joined().assert_plays_everywhere(shards.frames());
        let joined = shards.at("out.mp4");
        film_decoders::check(&joined, &Film::read(&joined), SEEKS);
    }
}
