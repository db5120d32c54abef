//! Lookups against a naive model: the list of times a clip was made of.

use std::fs;
use std::path::Path;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Packet, color, encoder};

use super::*;
use crate::cap::recording::FragmentGroup;
use crate::frame::{YuvColor, YuvLayout, YuvMatrix, YuvRange};
use crate::media::input::{Allowed, Input};
use crate::media::probe;
use crate::media::testing::{Clip, boxes, number_by, number_in, set_matrix, split_fragments};

const PLANAR_420: YuvLayout = YuvLayout::Planar {
    shift_x: 1,
    shift_y: 1,
};

fn options(nominal_fps: u32) -> DecodeOptions {
    DecodeOptions {
        nominal_fps,
        hardware: HardwareChoice::Off,
        threads: 2,
    }
}

fn open(source: &MediaSource, fps: u32) -> VideoDecoder {
    VideoDecoder::open(source, &options(fps)).expect("a decoder").0
}

fn file(path: &Path) -> MediaSource {
    MediaSource::File(path.to_owned())
}

/// cap-look.md 3.4, word for word: index into `seconds` of the frame shown at `k`.
fn model(seconds: &[f64], fps: u32, k: i64) -> u32 {
    let number = |seconds: &f64| (seconds * f64::from(fps)).round() as i64;
    seconds
        .iter()
        .rposition(|seconds| number(seconds) <= k)
        .unwrap_or(0) as u32
}

fn number_at(decoder: &mut VideoDecoder, seconds: f64) -> u32 {
    number_in(
        &decoder
            .picture_at(MediaTime::from_secs(seconds))
            .expect("a picture"),
    )
}

/// Looks up every grid point forward, backward and in random order, and compares with the model.
fn check_all(source: &MediaSource, seconds: &[f64], fps: u32) {
    let mut decoder = open(source, fps);
    let last = (seconds[seconds.len() - 1] * f64::from(fps)) as i64 + 5;
    let mut check = |k: i64, way: &str| {
        let found = number_at(&mut decoder, k as f64 / f64::from(fps));
        assert_eq!(found, model(seconds, fps, k), "{way}, k = {k} at {fps} fps");
    };
    (0..=last).for_each(|k| check(k, "forward"));
    (0..=last).rev().for_each(|k| check(k, "backward"));
    let mut random = fastrand::Rng::with_seed(7);
    (0..60).for_each(|_| check(random.i64(0..=last), "random"));
    (0..=last).step_by(7).for_each(|k| check(k, "in steps"));
    assert_eq!(decoder.stats().damaged, 0);
}

/// Times of a screen: bursts, stillness, two frames closer than the grid.
fn variable_times() -> Vec<i64> {
    let steps = [
        33, 33, 34, 500, 16, 17, 5, 90, 33, 1200, 33, 8, 8, 8, 33, 33, 700, 33,
    ];
    let steps = steps.iter().cycle().take(60);
    let mut times = vec![0];
    for step in steps {
        times.push(times[times.len() - 1] + step);
    }
    times
}

#[test]
fn constant_rate_at_several_nominal_rates() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip::default();
    let source = file(&clip.write(folder.path(), "a.mp4"));
    for fps in [24, 30, 60] {
        check_all(&source, &clip.seconds(), fps);
    }
}

#[test]
fn variable_rate_with_b_frames_and_odd_time_bases() {
    let folder = tempfile::tempdir().expect("a folder");
    for (index, time_base) in [(1, 1000), (1, 90000), (1, 1_000_000)].into_iter().enumerate() {
        let scale = i64::from(time_base.1 / 1000);
        let clip = Clip {
            time_base,
            pts: variable_times().iter().map(|ms| ms * scale).collect(),
            gop: 12,
            b_frames: index + 1,
            ..Clip::default()
        };
        let source = file(&clip.write(folder.path(), &format!("{index}.mp4")));
        check_all(&source, &clip.seconds(), 30);
        check_all(&source, &clip.seconds(), 60);
        // The sum of the decoding times would be up to a second less: the last frames are reordered over long gaps.
        let info = probe::probe_video(&source).expect("a video");
        let seconds = clip.seconds();
        assert!(
            (info.duration - seconds[seconds.len() - 1]).abs() < 2e-3,
            "{info:?}"
        );
    }
}

#[test]
fn a_late_start_is_time_zero() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip {
        pts: (45..85).collect(),
        b_frames: 2,
        ..Clip::default()
    };
    let path = clip.write(folder.path(), "a.mp4");
    check_all(&file(&path), &clip.seconds(), 30);
    let info = probe::probe_video(&file(&path)).expect("a video");
    assert!((info.start - 1.5).abs() < 1e-6, "{info:?}");
    assert!((info.duration - 40.0 / 30.0).abs() < 1e-3, "{info:?}");
}

#[test]
fn the_same_frame_is_the_same_picture_and_forward_never_seeks() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip {
        pts: (0..300).map(|n| n * 2).collect(),
        gop: 30,
        time_base: (1, 60),
        ..Clip::default()
    };
    let mut decoder = open(&file(&clip.write(folder.path(), "a.mp4")), 60);
    let mut at = |k: i64| {
        decoder
            .picture_at(MediaTime::from_secs(k as f64 / 60.0))
            .expect("a picture")
    };
    let (first, again, held, next) = (at(10), at(10), at(11), at(12));
    assert!(first.same_as(&again) && first.same_as(&held) && !first.same_as(&next));
    for k in 12..600 {
        at(k);
    }
    let end = at(600);
    assert!(end.same_as(&at(100_000)) && end.same_as(&at(1_000_000)));
    assert_eq!(number_in(&end), 299);
    assert_eq!(decoder.stats().seeks, 0);
    assert_eq!(decoder.stats().decoded, 300);
    for seconds in [-3.0, f64::NAN, 0.0] {
        assert_eq!(number_at(&mut decoder, seconds), 0);
    }
    assert_eq!(decoder.stats().seeks, 1);
}

#[test]
fn a_jump_far_ahead_seeks_and_a_fast_clip_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip {
        pts: (0..400).collect(),
        gop: 20,
        b_frames: 2,
        ..Clip::default()
    };
    let source = file(&clip.write(folder.path(), "a.mp4"));
    let mut decoder = open(&source, 30);
    assert_eq!(number_at(&mut decoder, 11.0), 330);
    assert_eq!(decoder.stats().seeks, 1);
    assert!(decoder.stats().decoded < 60, "{:?}", decoder.stats());
    let mut decoder = open(&source, 30);
    for step in 0..25 {
        // Speed 16 at 30 frames a second.
        assert_eq!(
            number_at(&mut decoder, f64::from(step) * 16.0 / 30.0),
            step as u32 * 16
        );
    }
    assert_eq!(decoder.stats().seeks, 0);
}

#[test]
fn fragments_of_one_group() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip {
        time_base: (1, 1000),
        pts: variable_times(),
        b_frames: 2,
        muxer: vec![("movflags", "frag_keyframe+empty_moov+default_base_moof")],
        ..Clip::default()
    };
    let path = clip.write(folder.path(), "whole.mp4");
    let pieces = split_fragments(&path, &folder.path().join("display"));
    assert!(pieces.len() > 4, "{pieces:?}");
    let source = MediaSource::Fragments(vec![FragmentGroup::of(pieces.clone())]);
    check_all(&source, &clip.seconds(), 30);
    let whole = probe::probe_video(&file(&path)).expect("a video");
    let info = probe::probe_video(&source).expect("a video");
    assert_eq!(info, whole);
    assert_eq!(info.frames, Some(clip.pts.len() as u64));
    let seconds = clip.seconds();
    assert!(
        (info.duration - seconds[seconds.len() - 1]).abs() < 2e-3,
        "{info:?}"
    );

    // A last piece that was cut off in the middle of writing.
    let last = pieces.last().expect("pieces");
    let bytes = fs::read(last).expect("read");
    let mdat = boxes(&bytes)
        .iter()
        .find(|(kind, ..)| kind == "mdat")
        .map(|(_, at, _)| *at)
        .expect("mdat");
    fs::write(last, &bytes[..mdat + 9]).expect("written");
    let mut decoder = open(&source, 30);
    assert_eq!(number_at(&mut decoder, 0.0), 0);
    let end = number_at(&mut decoder, 1000.0);
    assert!(end < clip.pts.len() as u32 - 1 && end > 30, "{end}");
}

#[test]
fn groups_follow_one_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut groups = Vec::new();
    let mut seconds = Vec::new();
    for group in 0..4_u32 {
        let clip = Clip {
            // Groups start where the recorder was, not at 0.
            pts: (i64::from(group) * 100..i64::from(group) * 100 + 25).collect(),
            first_number: group * 25,
            muxer: vec![("movflags", "frag_keyframe+empty_moov+default_base_moof")],
            ..Clip::default()
        };
        let path = clip.write(folder.path(), &format!("{group}.mp4"));
        let files = split_fragments(&path, &folder.path().join(format!("respawn-{group}")));
        groups.push(FragmentGroup::of(files));
        seconds.extend(
            clip.seconds()
                .iter()
                .map(|time| time + f64::from(group) * 25.0 / 30.0),
        );
    }
    check_all(&MediaSource::Fragments(groups.clone()), &seconds, 30);
    check_all(&MediaSource::Fragments(groups.clone()), &seconds, 60);
    let info = probe::probe_video(&MediaSource::Fragments(groups.clone())).expect("a video");
    assert_eq!(info.frames, Some(100));
    assert!((info.duration - 100.0 / 30.0).abs() < 1e-3, "{info:?}");

    // A group that can't be read is left out.
    let broken = folder.path().join("broken.mp4");
    fs::write(&broken, vec![7; 5000]).expect("written");
    groups.insert(2, FragmentGroup::of(vec![broken.clone()]));
    groups.insert(0, FragmentGroup::of(vec![broken]));
    check_all(&MediaSource::Fragments(groups), &seconds, 30);
}

#[test]
fn layouts_ranges_and_depths() {
    let folder = tempfile::tempdir().expect("a folder");
    let planar = |shift_x, shift_y| YuvLayout::Planar { shift_x, shift_y };
    let cases = [
        (
            Pixel::YUV420P,
            planar(1, 1),
            color::Range::MPEG,
            color::Space::BT709,
        ),
        (
            Pixel::YUV422P,
            planar(1, 0),
            color::Range::MPEG,
            color::Space::SMPTE170M,
        ),
        (
            Pixel::YUV444P,
            planar(0, 0),
            color::Range::JPEG,
            color::Space::BT2020NCL,
        ),
        (
            Pixel::YUVJ420P,
            planar(1, 1),
            color::Range::JPEG,
            color::Space::BT470BG,
        ),
        (
            Pixel::YUV420P10LE,
            planar(1, 1),
            color::Range::MPEG,
            color::Space::BT709,
        ),
        (
            Pixel::YUV420P10LE,
            planar(1, 1),
            color::Range::JPEG,
            color::Space::BT709,
        ),
        (
            Pixel::YUV444P10LE,
            planar(0, 0),
            color::Range::MPEG,
            color::Space::Unspecified,
        ),
        (
            Pixel::GRAY8,
            planar(1, 1),
            color::Range::MPEG,
            color::Space::Unspecified,
        ),
    ];
    for (index, (format, layout, range, space)) in cases.into_iter().enumerate() {
        let clip = Clip {
            format,
            range,
            space,
            ..Clip::default()
        };
        let source = file(&clip.write(folder.path(), &format!("{index}.mp4")));
        check_all(&source, &clip.seconds(), 30);
        let picture = open(&source, 30).picture_at(MediaTime::ZERO).expect("a picture");
        assert_eq!(picture.layout, layout, "{format:?}");
        let matrix = match space {
            color::Space::SMPTE170M | color::Space::BT470BG => YuvMatrix::Bt601,
            color::Space::BT2020NCL => YuvMatrix::Bt2020,
            _ => YuvMatrix::Bt709,
        };
        let full = range == color::Range::JPEG;
        let range = if full { YuvRange::Full } else { YuvRange::Limited };
        assert_eq!(picture.color, YuvColor { matrix, range }, "{format:?}");
        let colors = probe::probe_video(&source).expect("a video").colors;
        assert_eq!(colors.matrix.unwrap_or(YuvMatrix::Bt709), matrix, "{format:?}");
        assert_eq!(colors.range.unwrap_or(YuvRange::Limited), range, "{format:?}");
        // Code values as drawn: bit 0 of frame 0 is dark, the tint is constant.
        let value = |plane: usize| i32::from(picture.plane(plane).data[picture.plane(plane).stride * 5 + 3]);
        let tint = if format == Pixel::GRAY8 {
            (128, 128)
        } else {
            (90, 170)
        };
        for (found, drawn) in [(value(0), 40), (value(1), tint.0), (value(2), tint.1)] {
            assert!(
                (found - drawn).abs() <= 2,
                "{format:?} {range:?}: {found} instead of {drawn}"
            );
        }
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn hevc() {
    if encoder::find_by_name("libx265").is_none() {
        eprintln!("skipped: this FFmpeg has no libx265");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip {
        encoder: "libx265",
        pts: (0..60).collect(),
        b_frames: 3,
        gop: 15,
        // x265 makes open GOPs by default: frames shown before a key frame that need the GOP before.
        options: vec![
            ("preset", "ultrafast"),
            ("x265-params", "log-level=none:keyint=15:scenecut=0:bframes=3"),
        ],
        ..Clip::default()
    };
    check_all(&file(&clip.write(folder.path(), "a.mp4")), &clip.seconds(), 30);
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn rgb_sources_become_full_range_bt709() {
    let folder = tempfile::tempdir().expect("a folder");
    if encoder::find_by_name("libx264rgb").is_none() {
        eprintln!("skipped: this FFmpeg has no libx264rgb");
        return;
    }
    let clip = Clip {
        format: Pixel::RGB24,
        encoder: "libx264rgb",
        space: color::Space::RGB,
        range: color::Range::JPEG,
        ..Clip::default()
    };
    let path = clip.write_rgb(folder.path(), "a.mp4", [200, 60, 20]);
    let picture = open(&file(&path), 30)
        .picture_at(MediaTime::ZERO)
        .expect("a picture");
    assert_eq!(
        picture.layout,
        YuvLayout::Planar {
            shift_x: 0,
            shift_y: 0
        }
    );
    let color = YuvColor {
        matrix: YuvMatrix::Bt709,
        range: YuvRange::Full,
    };
    assert_eq!(picture.color, color);
    let (kr, kb) = YuvMatrix::Bt709.luma_weights();
    let (r, g, b) = (200.0, 60.0, 20.0);
    let luma = kr * r + (1.0 - kr - kb) * g + kb * b;
    let expected = [
        luma,
        (b - luma) / (2.0 - 2.0 * kb) + 128.0,
        (r - luma) / (2.0 - 2.0 * kr) + 128.0,
    ];
    for (plane, expected) in expected.into_iter().enumerate() {
        let found = f64::from(picture.plane(plane).data[picture.plane(plane).stride * 5 + 3]);
        assert!(
            (found - expected).abs() <= 2.0,
            "plane {plane}: {found} instead of {expected}"
        );
    }
}

#[test]
fn turned_pictures_are_upright() {
    let folder = tempfile::tempdir().expect("a folder");
    let (width, height) = (128, 64);
    // a, b, c, d of the display matrix; where the pixel drawn at (x, y) must be shown.
    type Place = fn(u32, u32) -> (u32, u32);
    let cases: [([i32; 4], Size, Place); 5] = [
        ([0, 1, -1, 0], Size::new(64, 128), |x, y| (63 - y, x)),
        ([-1, 0, 0, -1], Size::new(128, 64), |x, y| (127 - x, 63 - y)),
        ([0, -1, 1, 0], Size::new(64, 128), |x, y| (y, 127 - x)),
        ([-1, 0, 0, 1], Size::new(128, 64), |x, y| (127 - x, y)),
        ([1, 0, 0, -1], Size::new(128, 64), |x, y| (x, 63 - y)),
    ];
    for (index, (matrix, size, place)) in cases.into_iter().enumerate() {
        for format in [Pixel::YUV420P, Pixel::YUV422P, Pixel::YUV420P10LE] {
            let clip = Clip {
                format,
                ..Clip::default()
            };
            let path = clip.write(folder.path(), &format!("{index}-{format:?}.mp4"));
            set_matrix(&path, matrix);
            let mut decoder = open(&file(&path), 30);
            assert_eq!(decoder.size(), size, "{matrix:?}");
            assert_eq!(
                probe::probe_video(&file(&path)).expect("a video").size,
                size,
                "{matrix:?}"
            );
            for number in [0, 5, 38] {
                let picture = decoder
                    .picture_at(MediaTime::from_secs(f64::from(number) / 30.0))
                    .expect("a picture");
                assert_eq!(picture.size, size);
                assert_eq!(
                    number_by(&picture, width, height, place),
                    number,
                    "{matrix:?} {format:?}"
                );
            }
        }
    }
}

#[test]
fn cropping_is_exact() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip {
        width: 150,
        height: 66,
        ..Clip::default()
    };
    let path = clip.write(folder.path(), "a.mp4");
    let picture = open(&file(&path), 30)
        .picture_at(MediaTime::from_secs(1.0))
        .expect("a picture");
    assert_eq!((picture.size, picture.layout), (Size::new(150, 66), PLANAR_420));
    assert_eq!(number_in(&picture), 30);
}

/// Positions and sizes of the video packets of a file, in decoding order.
fn packets(path: &Path) -> Vec<(usize, usize)> {
    let mut input = Input::open(&[path.to_owned()], Allowed::Track).expect("an input");
    let mut packet = Packet::empty();
    let mut found = Vec::new();
    while packet.read(input.context()).is_ok() {
        found.push((packet.position() as usize, packet.size()));
    }
    found
}

#[test]
fn a_corrupt_frame_repeats_the_one_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip {
        gop: 1,
        ..Clip::default()
    };
    let path = clip.write(folder.path(), "a.mp4");
    let (at, size) = packets(&path)[17];
    let mut bytes = fs::read(&path).expect("read");
    bytes[at..at + size].fill(0xff);
    fs::write(&path, bytes).expect("written");
    for threads in [1, 0] {
        let options = DecodeOptions {
            threads,
            ..options(30)
        };
        let (mut decoder, _) = VideoDecoder::open(&file(&path), &options).expect("a decoder");
        for k in 0..40 {
            let expected = if k == 17 { 16 } else { k };
            assert_eq!(
                number_at(&mut decoder, f64::from(k) / 30.0),
                expected,
                "{threads} threads"
            );
        }
        assert_eq!(decoder.stats().damaged, 1);
        assert_eq!(number_at(&mut decoder, 17.0 / 30.0), 16, "going back to it");
    }
}

#[test]
fn damage_ends_with_the_next_key_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip::default();
    let path = clip.write(folder.path(), "a.mp4");
    let (at, size) = packets(&path)[13];
    let mut bytes = fs::read(&path).expect("read");
    for byte in &mut bytes[at + size / 3..at + size] {
        *byte ^= 0x5a;
    }
    fs::write(&path, bytes).expect("written");
    let mut decoder = open(&file(&path), 30);
    for k in (0..13).chain(20..40) {
        assert_eq!(number_at(&mut decoder, f64::from(k) / 30.0), k);
    }
}

#[test]
fn a_cut_off_file_shows_its_last_picture_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip {
        pts: (0..90).collect(),
        muxer: vec![("movflags", "faststart")],
        ..Clip::default()
    };
    let path = clip.write(folder.path(), "a.mp4");
    let (at, _) = packets(&path)[50];
    let bytes = fs::read(&path).expect("read");
    fs::write(&path, &bytes[..at]).expect("written");
    let mut decoder = open(&file(&path), 30);
    for k in [0, 20, 49, 60, 80, 49, 3, 89] {
        assert_eq!(number_at(&mut decoder, f64::from(k) / 30.0), k.min(49));
    }
    assert!(
        (decoder.stats().missing_seconds - 40.0 / 30.0).abs() < 0.05,
        "{:?}",
        decoder.stats()
    );
}

#[test]
fn nothing_decodable_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip::default();
    let path = clip.write(folder.path(), "a.mp4");
    let mut bytes = fs::read(&path).expect("read");
    for (at, size) in packets(&path) {
        bytes[at..at + size].fill(0xff);
    }
    fs::write(&path, bytes).expect("written");
    let error = VideoDecoder::open(&file(&path), &options(30))
        .err()
        .expect("an error");
    assert!(matches!(error, MediaError::NothingDecoded { .. }), "{error:?}");
    assert!(error.to_string().contains("a.mp4"), "{error}");
}

#[test]
fn two_hundred_failures_in_a_row_are_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip {
        pts: (0..260).collect(),
        gop: 1,
        ..Clip::default()
    };
    let path = clip.write(folder.path(), "a.mp4");
    let mut bytes = fs::read(&path).expect("read");
    for (at, size) in packets(&path).into_iter().skip(10) {
        bytes[at..at + size].fill(0xff);
    }
    fs::write(&path, bytes).expect("written");
    let mut decoder = open(&file(&path), 30);
    assert_eq!(number_at(&mut decoder, 5.0 / 30.0), 5);
    let error = decoder
        .picture_at(MediaTime::from_secs(8.0))
        .expect_err("an error");
    assert!(
        matches!(error, MediaError::Damaged { failures: 200, .. }),
        "{error:?}"
    );
}

#[test]
fn hardware_that_is_not_there_falls_back_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Clip::default().write(folder.path(), "a.mp4");
    let hardware = HardwareChoice::Named("no-such-device".into());
    let options = DecodeOptions {
        hardware,
        ..options(30)
    };
    let (mut decoder, report) = VideoDecoder::open(&file(&path), &options).expect("a decoder");
    assert_eq!(
        (report.hardware, report.decoder.as_str(), report.threads),
        (None, "h264", 2)
    );
    assert_eq!(report.failed.len(), 1);
    assert_eq!(report.failed[0].name, "no-such-device");
    assert_eq!(number_at(&mut decoder, 0.5), 15);
    // Whatever the machine has, pictures come out, and every device that is not used says why.
    let options = DecodeOptions {
        hardware: HardwareChoice::Auto,
        ..options
    };
    let (mut decoder, report) = VideoDecoder::open(&file(&path), &options).expect("a decoder");
    assert!(
        report.hardware.is_some() || !report.failed.is_empty(),
        "{report:?}"
    );
    assert!(
        report.failed.iter().all(|attempt| !attempt.reason.is_empty()),
        "{report:?}"
    );
    assert_eq!(number_at(&mut decoder, 0.5), 15);
}

#[test]
fn decoders_and_pictures_move_between_threads() {
    fn assert_send<T: Send>() {}
    assert_send::<VideoDecoder>();
    assert_send::<YuvPicture>();
}
