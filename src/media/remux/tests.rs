//! Joined files against what they were joined from.

use std::fs;
use std::sync::Arc;

use ffmpeg_next::{Error, Packet as RawPacket};

use super::*;
use crate::cap::recording::FragmentGroup;
use crate::frame::{Nv12Frame, Size};
use crate::media::encode::{AAC_BIT_RATE, AacEncoder, RateControl, VideoSettings, open_video};
use crate::media::input::{Allowed, Input};
use crate::time::FrameRate;

/// Packets of a file: stream kind, decoding and presentation time in seconds, bytes.
type Listing = Vec<(media::Type, f64, f64, Vec<u8>)>;

fn listing(path: &Path) -> Listing {
    let mut input = Input::open(&[path.to_owned()], Allowed::Track).expect("opens");
    let bases: Vec<(media::Type, f64)> = input
        .context_ref()
        .streams()
        .map(|stream| (stream.parameters().medium(), f64::from(stream.time_base())))
        .collect();
    let mut list = Vec::new();
    loop {
        let mut packet = RawPacket::empty();
        match packet.read(input.context()) {
            Ok(()) => {
                let (kind, base) = bases[packet.stream()];
                let time = |at: Option<i64>| at.expect("timed") as f64 * base;
                let data = packet.data().expect("bytes").to_vec();
                list.push((kind, time(packet.dts()), time(packet.pts()), data));
            }
            Err(Error::Eof) => return list,
            Err(code) => panic!("{code}"),
        }
    }
}

fn only(list: &Listing, kind: media::Type) -> Vec<(f64, f64, Vec<u8>)> {
    let rows = list.iter().filter(|row| row.0 == kind);
    rows.map(|(_, dts, pts, data)| (*dts, *pts, data.clone()))
        .collect()
}

fn same(a: &[(f64, f64, Vec<u8>)], b: &[(f64, f64, Vec<u8>)], shift: f64) {
    assert_eq!(a.len(), b.len());
    for (number, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a.0 + shift - b.0).abs() < 2e-5, "{number}: {} {}", a.0, b.0);
        assert!((a.1 + shift - b.1).abs() < 2e-5, "{number}: {} {}", a.1, b.1);
        assert_eq!(a.2, b.2, "{number}");
    }
}

/// An MP4 of `count` pictures at 30 fps, with as much sound where asked; `None` without an encoder.
fn make(path: &Path, count: i64, size: Size, video: bool, sound: bool) -> Option<()> {
    let rate = FrameRate::new(30).expect("not 0");
    let settings = VideoSettings::new(size, rate, RateControl::bitrate(1_000_000));
    let (mut encoder, _) = open_video(&settings).ok()?;
    let mut audio = AacEncoder::open(AAC_BIT_RATE).expect("FFmpeg's own");
    let audio_track = audio.track();
    let first = if video { encoder.track() } else { audio.track() };
    let mut writer =
        Mp4Writer::create(path, &first, (video && sound).then_some(&audio_track)).expect("creates");
    if video {
        for number in 0..count {
            let mut frame = Nv12Frame::new(size);
            frame.y.fill(16 + (number * 3 % 200) as u8);
            frame.uv.fill(128);
            encoder
                .send(&Arc::new(frame).into(), number, false)
                .expect("encodes");
        }
        encoder.finish().expect("ends");
        while let Some(packet) = encoder.receive().expect("healthy") {
            writer.write_video(packet).expect("writes");
        }
    }
    if sound {
        let samples: Vec<[f32; 2]> = (0..count * 1600)
            .map(|n| [(n as f32 * 0.05).sin() * 0.5; 2])
            .collect();
        audio.send(&samples).expect("encodes");
        audio.finish().expect("ends");
        while let Some(packet) = audio.receive().expect("healthy") {
            if video {
                writer.write_audio(packet)
            } else {
                writer.write_video(packet)
            }
            .expect("writes");
        }
    }
    writer.finish().expect("finishes");
    Some(())
}

fn go_on(_: f64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

const SIZE: Size = Size::new(160, 90);

#[test]
fn a_finished_file_is_copied_packet_for_packet() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("output.mp4"), folder.path().join("copy.mp4"));
    if make(&from, 70, SIZE, true, true).is_none() {
        return;
    }
    let before = fs::read(&from).expect("there");
    let report = copy_streams(&MediaSource::File(from.clone()), None, &to, &mut go_on).expect("copies");
    assert_eq!(report.warnings, Vec::<String>::new());
    assert_eq!(report.file.video_packets, 70);
    assert!(
        (report.file.video_seconds - 70.0 / 30.0).abs() < 1e-6,
        "{report:?}"
    );
    assert!(
        (report.file.audio_seconds - 70.0 / 30.0).abs() < 1e-6,
        "{report:?}"
    );
    let (a, b) = (listing(&from), listing(&to));
    for kind in [media::Type::Video, media::Type::Audio] {
        same(&only(&a, kind), &only(&b, kind), 0.0);
    }
    assert_eq!(
        fs::read(&from).expect("there"),
        before,
        "the recording is untouched"
    );
}

#[test]
fn groups_follow_one_another_and_sound_comes_from_its_own_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    if make(&file("1.mp4"), 40, SIZE, true, false).is_none() {
        return;
    }
    make(&file("2.mp4"), 20, SIZE, true, false).expect("as before");
    make(&file("a.m4a"), 60, SIZE, false, true).expect("as before");
    fs::write(file("0.mp4"), b"no media file at all").expect("writes");
    let groups = |names: &[&str]| {
        let group = |name: &&str| FragmentGroup::of(vec![file(name)]);
        MediaSource::Fragments(names.iter().map(group).collect())
    };
    let video = groups(&["0.mp4", "1.mp4", "2.mp4"]);
    let report =
        copy_streams(&video, Some(&groups(&["a.m4a"])), &file("out.mp4"), &mut go_on).expect("copies");
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
    assert!(report.warnings[0].contains("0.mp4"), "{:?}", report.warnings);
    let out = listing(&file("out.mp4"));
    let copied = only(&out, media::Type::Video);
    same(
        &only(&listing(&file("1.mp4")), media::Type::Video),
        &copied[..40],
        0.0,
    );
    same(
        &only(&listing(&file("2.mp4")), media::Type::Video),
        &copied[40..],
        40.0 / 30.0,
    );
    same(
        &only(&listing(&file("a.m4a")), media::Type::Audio),
        &only(&out, media::Type::Audio),
        0.0,
    );
}

#[test]
fn what_does_not_fit_together_is_an_error_that_names_both_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    if make(&file("1.mp4"), 5, SIZE, true, false).is_none() {
        return;
    }
    make(&file("2.mp4"), 5, Size::new(176, 144), true, false).expect("as before");
    let group = |name: &str| FragmentGroup::of(vec![file(name)]);
    let source = MediaSource::Fragments(vec![group("1.mp4"), group("2.mp4")]);
    let error = copy_streams(&source, None, &file("out.mp4"), &mut go_on).expect_err("sizes differ");
    let text = error.to_string();
    assert!(
        text.contains("1.mp4") && text.contains("2.mp4") && text.contains("picture size"),
        "{text}"
    );
}

#[test]
fn missing_tracks_and_a_stop_are_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let out = file("out.mp4");
    let none = copy_streams(&MediaSource::Fragments(Vec::new()), None, &out, &mut go_on);
    assert!(matches!(none, Err(RemuxError::NoFragments { track: "video" })));
    let missing = copy_streams(&MediaSource::File(file("output.mp4")), None, &out, &mut go_on);
    assert!(matches!(
        missing,
        Err(RemuxError::Unreadable { track: "video", .. })
    ));
    if make(&file("a.mp4"), 10, SIZE, true, false).is_none() {
        return;
    }
    make(&file("s.m4a"), 10, SIZE, false, true).expect("as before");
    let sound_only = copy_streams(&MediaSource::File(file("s.m4a")), None, &out, &mut go_on);
    assert!(matches!(sound_only, Err(RemuxError::Unreadable { .. })));
    let mut calls = 0;
    let stopped = copy_streams(&MediaSource::File(file("a.mp4")), None, &out, &mut |_| {
        calls += 1;
        if calls == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(matches!(stopped, Err(RemuxError::Stopped { .. })));
    assert_eq!(calls, 3);
}
