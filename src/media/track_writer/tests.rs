//! What was written is decoded and compared with what was asked for.

use ffmpeg_next::format::Pixel;
use ffmpeg_next::util::color;

use super::*;
use crate::frame::{PackedView, PlaneView, YuvColor, YuvMatrix, YuvRange};
use crate::synth::barcode::{self, Placement};
use crate::synth::mp4::{Rotation, rotate};
use crate::synth::tracks;
use crate::time::MediaTime;

fn seconds(times: &[f64]) -> Vec<MediaTime> {
    times.iter().map(|&time| MediaTime::from_secs(time)).collect()
}

fn number_of(picture: &read_back::Picture) -> Option<u32> {
    let luma = PlaneView {
        data: &picture.planes[0],
        stride: picture.size.width as usize,
    };
    barcode::read(luma, picture.size, Placement::STANDARD)
}

#[test]
fn times_and_numbers_are_exact_with_and_without_b_frames() {
    let folder = tempfile::tempdir().unwrap();
    // Tens of microseconds apart, seconds apart, off every frame grid; a forced key frame falls in the middle.
    let ticks: Vec<i64> = vec![0, 1, 3000, 3001, 7507, 90_000, 179_999, 180_001, 181_000, 400_003];
    let times: Vec<f64> = ticks.iter().map(|&tick| tick as f64 / 90_000.0).collect();
    for b_frames in [false, true] {
        for (width, height) in [(320, 240), (1280, 720), (1366, 768), (222, 66)] {
            let path = folder.path().join("counter.mp4");
            let spec = VideoSpec {
                b_frames,
                ..VideoSpec::new(Size::new(width, height))
            };
            tracks::counter_video(&path, &spec, &seconds(&times), MediaTime::from_secs(5.0)).unwrap();
            let (pictures, duration) = read_back::video(&path);
            let found: Vec<_> = pictures
                .iter()
                .map(|p| (p.pts * 90_000 / p.ticks, number_of(p)))
                .collect();
            let expected: Vec<_> = ticks
                .iter()
                .zip(0..)
                .map(|(&tick, number)| (tick, Some(number)))
                .collect();
            assert_eq!(found, expected, "{width}x{height}");
            assert!(b_frames || (duration - 5.0).abs() < 0.002, "{duration}");
        }
    }
}

#[test]
fn variants_are_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let size = Size::new(320, 200);
    let plain = VideoSpec::new(size);
    let full = YuvColor {
        matrix: YuvMatrix::Bt709,
        range: YuvRange::Full,
    };
    let variants = [
        (plain.clone(), Pixel::YUV420P),
        (
            VideoSpec {
                codec: VideoCodec::Hevc,
                ..plain.clone()
            },
            Pixel::YUV420P,
        ),
        (
            VideoSpec {
                depth: BitDepth::Ten,
                ..plain.clone()
            },
            Pixel::YUV420P10LE,
        ),
        (
            VideoSpec {
                sampling: ChromaSampling::Yuv444,
                ..plain.clone()
            },
            Pixel::YUV444P,
        ),
        (
            VideoSpec {
                sampling: ChromaSampling::Yuv444,
                depth: BitDepth::Ten,
                ..plain.clone()
            },
            Pixel::YUV444P10LE,
        ),
        (
            VideoSpec {
                color: full,
                ..plain.clone()
            },
            Pixel::YUVJ420P,
        ),
        (
            VideoSpec {
                color: full,
                tagged: false,
                ..plain.clone()
            },
            Pixel::YUV420P,
        ),
        (
            VideoSpec {
                color: YuvColor::BT601_LIMITED,
                ..plain.clone()
            },
            Pixel::YUV420P,
        ),
    ];
    // One patch: its code values by ITU-R BT.709 / BT.601, computed with exact weights.
    let (r, g, b) = (200.0, 60.0, 30.0);
    let chart = tracks::chart(size, 1, &[[200, 60, 30]]);
    for (spec, format) in variants {
        let path = folder.path().join("variant.mp4");
        tracks::still_video(&path, &spec, chart.view(), 1.0).unwrap();
        let (pictures, _) = read_back::video(&path);
        assert_eq!(pictures.len(), 1);
        let picture = &pictures[0];
        // Decoders name 8-bit full range 4:2:0 either way.
        let same = picture.format == format || (format, picture.format) == (Pixel::YUVJ420P, Pixel::YUV420P);
        assert!(same, "{spec:?} gave {:?}", picture.format);
        if spec.tagged {
            let range = if spec.color.range == YuvRange::Full {
                color::Range::JPEG
            } else {
                color::Range::MPEG
            };
            assert_eq!(picture.range, range, "{spec:?}");
            let bt601 = spec.color.matrix == YuvMatrix::Bt601;
            assert_eq!(
                picture.space,
                if bt601 {
                    color::Space::SMPTE170M
                } else {
                    color::Space::BT709
                }
            );
        } else {
            assert_eq!(picture.space, color::Space::Unspecified);
        }
        let (kr, kb) = spec.color.matrix.luma_weights();
        let luma = kr * r + (1.0 - kr - kb) * g + kb * b;
        let (cb, cr) = ((b - luma) / (2.0 * (1.0 - kb)), (r - luma) / (2.0 * (1.0 - kr)));
        let expected = match spec.color.range {
            YuvRange::Limited => [
                16.0 + luma * 219.0 / 255.0,
                128.0 + cb * 224.0 / 255.0,
                128.0 + cr * 224.0 / 255.0,
            ],
            YuvRange::Full => [luma, 128.0 + cb, 128.0 + cr],
        };
        for (plane, expected) in picture.planes.iter().zip(expected) {
            let found = match spec.depth {
                BitDepth::Eight => f64::from(plane[plane.len() / 2]),
                BitDepth::Ten => {
                    let middle = plane.len() / 4 * 2;
                    f64::from(u16::from_le_bytes([plane[middle], plane[middle + 1]])) / 4.0
                }
            };
            assert!(
                (found - expected).abs() <= 2.0,
                "{spec:?}: {found} for {expected}"
            );
        }
    }
}

#[test]
fn odd_sides_need_full_chroma() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.mp4");
    let size = Size::new(321, 199);
    let chart = tracks::chart(size, 1, &[[10, 20, 30]]);
    let error = tracks::still_video(&path, &VideoSpec::new(size), chart.view(), 1.0).unwrap_err();
    assert!(error.to_string().contains("321x199 has an odd side"), "{error}");
    let spec = VideoSpec {
        sampling: ChromaSampling::Yuv444,
        ..VideoSpec::new(size)
    };
    tracks::still_video(&path, &spec, chart.view(), 1.0).unwrap();
    assert_eq!(read_back::video(&path).0[0].size, size);
}

#[test]
fn wrong_times_and_sizes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("track.mp4");
    let spec = VideoSpec::new(Size::new(64, 64));
    let error = tracks::counter_video(&path, &spec, &[], MediaTime::from_secs(1.0)).unwrap_err();
    assert!(error.to_string().contains("no picture was written"), "{error}");
    for (times, end) in [(&[0.0, 1.0, 1.000_001][..], 2.0), (&[0.0, 2.0], 2.0)] {
        let error =
            tracks::counter_video(&path, &spec, &seconds(times), MediaTime::from_secs(end)).unwrap_err();
        assert!(error.to_string().contains("times must rise"), "{error}");
    }
    let chart = tracks::chart(Size::new(32, 32), 1, &[[0; 3]]);
    let picture: PackedView<'_> = chart.view();
    let error = tracks::still_video(&path, &spec, picture, 1.0).unwrap_err();
    assert!(
        error.to_string().contains("32x32 does not fit a track of 64x64"),
        "{error}"
    );
}

#[test]
fn a_rotation_is_seen_by_a_player() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("turned.mp4");
    let chart = tracks::chart(Size::new(64, 32), 1, &[[0; 3]]);
    tracks::still_video(&path, &VideoSpec::new(Size::new(64, 32)), chart.view(), 1.0).unwrap();
    rotate(&path, Rotation::Quarter).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let tkhd = bytes.windows(4).position(|kind| kind == b"tkhd").unwrap();
    // a, b, u, c, d of the matrix (14496-12 8.3.2, version 0): x' = -y, y' = x turns clockwise.
    let field = |index: usize| i32::from_be_bytes(bytes[tkhd + 44 + index * 4..][..4].try_into().unwrap());
    assert_eq!([0, 1, 2, 3, 4].map(field), [0, 1 << 16, 0, -(1 << 16), 0]);
    assert_eq!(field(8), 1 << 30);
    assert_eq!(read_back::video(&path).0.len(), 1);
}

#[test]
fn beeps_begin_on_time_in_every_codec() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        (AudioCodec::Opus, 1, "a.ogg"),
        (AudioCodec::Opus, 2, "b.ogg"),
        (AudioCodec::Aac, 1, "c.m4a"),
        (AudioCodec::Aac, 6, "d.m4a"),
        (AudioCodec::AacFragmented, 2, "e.m4a"),
        (AudioCodec::Mp3, 2, "f.mp3"),
    ];
    for (codec, channels, name) in cases {
        let spec = AudioSpec {
            codec,
            ..AudioSpec::opus(channels)
        };
        let path = folder.path().join(name);
        tracks::beeps(&path, &spec, &[0.25, 1.0], 1.5).unwrap();
        let (samples, rate, found_channels) = read_back::first_channel(&path);
        assert_eq!((rate, found_channels), (48_000, channels), "{name}");
        let onset = |from: usize| samples[from..].iter().position(|s| s.abs() > 0.15).unwrap() + from;
        let first = onset(0);
        let second = onset(first + 24_000);
        assert_eq!(
            ((second - first) as f64 / 48.0 - 750.0).abs().round(),
            0.0,
            "{name}"
        );
        // The encoder's delay, which AAC and MP3 decoders may leave in (edit lists are the demuxer's and player's matter).
        let late = first as f64 / 48_000.0 - 0.25;
        let allowed = if codec == AudioCodec::Opus { 0.005 } else { 0.03 };
        assert!((-0.005..allowed).contains(&late), "{name}: {late} s late");
    }
}

#[test]
fn a_missing_encoder_is_named() {
    let error = TrackError::MissingEncoder {
        encoder: "libopus",
        path: "mic.ogg".into(),
    };
    let text = error.to_string();
    assert!(
        text.contains("no encoder libopus") && text.contains("mic.ogg"),
        "{text}"
    );
}

#[test]
fn video_and_sound_are_joined_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let times = seconds(&[0.0, 0.5, 0.9]);
    let spec = VideoSpec::new(Size::new(320, 240));
    tracks::counter_video(&at("v.mp4"), &spec, &times, MediaTime::from_secs(1.0)).unwrap();
    let sound = AudioSpec {
        codec: AudioCodec::Aac,
        ..AudioSpec::opus(2)
    };
    tracks::beeps(&at("a.m4a"), &sound, &[0.5], 1.0).unwrap();
    mux(&at("v.mp4"), &at("a.m4a"), &at("both.mp4")).unwrap();
    let (alone, joined) = (
        read_back::video(&at("v.mp4")).0,
        read_back::video(&at("both.mp4")).0,
    );
    assert_eq!(alone.len(), joined.len());
    for (a, b) in alone.iter().zip(&joined) {
        assert_eq!((a.pts * b.ticks, &a.planes), (b.pts * a.ticks, &b.planes));
    }
    assert_eq!(
        read_back::first_channel(&at("a.m4a")).0,
        read_back::first_channel(&at("both.mp4")).0
    );
    let error = mux(&at("a.m4a"), &at("a.m4a"), &at("no.mp4")).unwrap_err();
    assert!(error.to_string().contains("it has no video stream"), "{error}");
}

/// Decoders refuse levels they were not made for, and a time base is no frame rate.
#[test]
fn the_level_fits_the_nominal_rate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("level.mp4");
    let spec = VideoSpec::new(Size::new(1920, 1080));
    tracks::counter_video(&path, &spec, &seconds(&[0.0, 0.5]), MediaTime::from_secs(1.0)).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let config = bytes.windows(4).position(|kind| kind == b"avcC").unwrap();
    // ISO/IEC 14496-15 5.2.4.1: version, profile, compatibility, level; 4.0 is enough for 1080p at 30 (H.264 table A-1).
    assert_eq!(bytes[config + 7], 40);
}
