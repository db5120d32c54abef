use std::path::Path;

use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::{ChannelLayout, Dictionary, Packet, Rational, codec, encoder, format, frame};
use tempfile::TempDir;

use super::*;
use crate::media::probe::probe_audio;

/// How a test input is made.
struct Coding {
    file: &'static str,
    encoder: &'static str,
    format: Sample,
    rate: u32,
    layout: ChannelLayout,
    options: &'static [(&'static str, &'static str)],
}

const WAV: Coding = Coding {
    file: "sound.wav",
    encoder: "pcm_f32le",
    format: Sample::F32(Type::Packed),
    rate: 48_000,
    layout: ChannelLayout::MONO,
    options: &[],
};
const OPUS: Coding = Coding {
    file: "sound.ogg",
    encoder: "libopus",
    ..WAV
};
const AAC: Coding = Coding {
    file: "sound.m4a",
    encoder: "aac",
    format: Sample::F32(Type::Planar),
    ..WAV
};
const MP3: Coding = Coding {
    file: "sound.mp3",
    encoder: "libmp3lame",
    format: Sample::F32(Type::Planar),
    ..WAV
};
/// As the recorder writes it: a fragment for each packet group, no trailer needed.
const FRAGMENTED: Coding = Coding {
    options: &[
        ("movflags", "empty_moov+default_base_moof+delay_moov"),
        ("frag_duration", "500000"),
    ],
    ..AAC
};

impl Coding {
    /// Writes `samples` samples, `at(i, channel)` each. `None`, with a message, where this FFmpeg can't encode so.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn write(&self, folder: &Path, samples: usize, at: impl Fn(usize, usize) -> f32) -> Option<PathBuf> {
        ffmpeg_next::init().unwrap();
        let Some(codec) = encoder::find_by_name(self.encoder) else {
            eprintln!("skipped: this FFmpeg has no encoder {}", self.encoder);
            return None;
        };
        let path = folder.join(self.file);
        let mut output = format::output(&path).unwrap();
        let mut stream = output.add_stream(codec).unwrap();
        let base = Rational::new(1, self.rate as i32);
        let mut encoder = codec::Context::new_with_codec(codec).encoder().audio().unwrap();
        encoder.set_rate(self.rate as i32);
        encoder.set_format(self.format);
        encoder.set_channel_layout(self.layout);
        encoder.set_bit_rate(192_000);
        encoder.set_time_base(base);
        if self.file.ends_with("m4a") {
            encoder.set_flags(codec::Flags::GLOBAL_HEADER);
        }
        let mut encoder = encoder.open_as(codec).unwrap();
        stream.set_parameters(&encoder);
        let mut options = Dictionary::new();
        for (key, value) in self.options {
            options.set(key, value);
        }
        output.write_header_with(options).unwrap();
        let base_out = output.stream(0).unwrap().time_base();
        let mut drain = |encoder: &mut encoder::Audio| {
            let mut packet = Packet::empty();
            while encoder.receive_packet(&mut packet).is_ok() {
                packet.set_stream(0);
                packet.rescale_ts(base, base_out);
                packet.write_interleaved(&mut output).unwrap();
            }
        };
        let channels = self.layout.channels() as usize;
        let size = match encoder.frame_size() as usize {
            0 => 1024,
            size => size,
        };
        for first in (0..samples).step_by(size) {
            let count = size.min(samples - first);
            let mut frame = frame::Audio::new(self.format, count, self.layout);
            frame.set_rate(self.rate);
            frame.set_pts(Some(first as i64));
            for i in 0..count {
                for channel in 0..channels {
                    let value = at(first + i, channel);
                    match self.format {
                        Sample::F32(Type::Planar) => frame.plane_mut::<f32>(channel)[i] = value,
                        _ => frame.plane_mut::<f32>(0)[i * channels + channel] = value,
                    }
                }
            }
            encoder.send_frame(&frame).unwrap();
            drain(&mut encoder);
        }
        encoder.send_eof().unwrap();
        drain(&mut encoder);
        output.write_trailer().unwrap();
        Some(path)
    }
}

/// Noise without treble, which every codec keeps and which is like itself at lag 0 only.
fn noise(i: usize, channel: usize) -> f32 {
    let white = |i: usize| {
        let mut bits = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (channel as u64) << 40;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (bits >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    };
    (0..24).map(|tap| white(i + tap)).sum::<f32>() / 8.0
}

fn open(path: &Path) -> (AudioReader, AudioReport) {
    AudioReader::open(&MediaSource::File(path.to_owned()), Allowed::Music).unwrap()
}

fn read(reader: &mut AudioReader, position: i64, samples: usize) -> Vec<Stereo> {
    let mut out = vec![[9.0; 2]; samples];
    reader.read_at(position, &mut out).unwrap();
    out
}

/// The lag, of -1200..=1200 samples, at which `out` is most like `at`, and the correlation there.
fn lag(out: &[Stereo], at: impl Fn(i64) -> f32) -> (i64, f64) {
    let window = 4000..8000;
    let at: Vec<f32> = (2000..10_000).map(at).collect();
    let correlation = |lag: i64| {
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for i in window.clone() {
            let (a, b) = (
                f64::from(out[i][0]),
                f64::from(at[(i as i64 - lag) as usize - 2000]),
            );
            (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
        }
        ab / (aa * bb).sqrt()
    };
    let best = (-1200..=1200).max_by(|&a, &b| correlation(a).total_cmp(&correlation(b)));
    let best = best.unwrap_or_default();
    (best, correlation(best))
}

fn difference(a: &[Stereo], b: &[Stereo]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .flat_map(|(a, b)| [(a[0] - b[0]).abs(), (a[1] - b[1]).abs()])
        .fold(0.0, f32::max)
}

#[test]
fn sample_zero_is_the_first_presented_one() {
    let folder = TempDir::new().unwrap();
    for coding in [WAV, OPUS, AAC, MP3] {
        let Some(path) = coding.write(folder.path(), 48_000, noise) else {
            continue;
        };
        let (mut reader, report) = open(&path);
        assert_eq!(
            (report.channels, report.rate),
            (Channels::Mono, 48_000),
            "{}",
            coding.encoder
        );
        let out = read(&mut reader, 0, 48_000);
        let (lag, likeness) = lag(&out, |i| noise(i as usize, 0));
        assert_eq!(lag, 0, "{}", coding.encoder);
        assert!(likeness > 0.9, "{}: {likeness}", coding.encoder);
        // Unscaled, and the same on both sides.
        let power = |samples: &mut dyn Iterator<Item = f32>| samples.map(|s| s * s).sum::<f32>();
        let gain = power(&mut out.iter().map(|s| s[0])) / power(&mut (0..48_000).map(|i| noise(i, 0)));
        assert!((0.9..1.1).contains(&gain), "{}: {gain}", coding.encoder);
        assert!(out.iter().all(|s| s[0] == s[1]));
    }
}

#[test]
fn silence_surrounds_the_track() {
    let folder = TempDir::new().unwrap();
    let path = WAV
        .write(folder.path(), 10_000, |i, _| 0.25 + i as f32 / 65_536.0)
        .unwrap();
    let (mut reader, _) = open(&path);
    let out = read(&mut reader, -700, 12_000);
    assert!(out[..700].iter().chain(&out[10_700..]).all(|s| *s == [0.0; 2]));
    assert_eq!(
        (out[700], out[10_699]),
        ([0.25; 2], [0.25 + 9_999.0 / 65_536.0; 2])
    );
    assert_eq!(read(&mut reader, i64::MIN, 5), [[0.0; 2]; 5]);
    assert_eq!(read(&mut reader, i64::MAX, 5), [[0.0; 2]; 5]);
    assert_eq!(
        read(&mut reader, 9_999, 2),
        [[0.25 + 9_999.0 / 65_536.0; 2], [0.0; 2]]
    );
    assert_eq!(
        (reader.damage().packets(), reader.damage().missing_seconds()),
        (0, 0.0)
    );
}

#[test]
fn jumps_agree_with_a_straight_decode() {
    let folder = TempDir::new().unwrap();
    let seconds = 25;
    let wav44 = Coding {
        rate: 44_100,
        layout: ChannelLayout::STEREO,
        ..WAV
    };
    let aac44 = Coding {
        rate: 44_100,
        layout: ChannelLayout::STEREO,
        ..AAC
    };
    for (coding, tolerance) in [
        (WAV, 0.0),
        (wav44, 1e-6),
        (
            Coding {
                layout: ChannelLayout::STEREO,
                ..OPUS
            },
            1e-3,
        ),
        (AAC, 1e-5),
        (aac44, 1e-5),
        (FRAGMENTED, 1e-5),
        (MP3, 1e-5),
    ] {
        let samples = coding.rate as usize * seconds;
        let Some(path) = coding.write(folder.path(), samples, noise) else {
            continue;
        };
        let what = format!("{} at {} Hz {:?}", coding.encoder, coding.rate, coding.options);
        let length = 48_000 * seconds;
        let straight = read(&mut open(&path).0, 0, length);
        let (mut reader, _) = open(&path);
        let jumps = [
            720_000, 0, 400_123, 399_000, 1_100_001, 30_000, 1_199_000, 23_999, 24_001, 700, 960_000,
        ];
        for position in jumps {
            let count = 5_000.min(length - position);
            let out = read(&mut reader, position as i64, count);
            let off = difference(&out, &straight[position..position + count]);
            assert!(
                off <= tolerance,
                "{what}: after a jump to {position} off by {off}"
            );
        }
    }
}

#[test]
fn the_division_into_reads_does_not_matter() {
    let folder = TempDir::new().unwrap();
    let path = Coding { rate: 44_100, ..WAV }
        .write(folder.path(), 50_000, noise)
        .unwrap();
    let whole = read(&mut open(&path).0, -100, 60_000);
    let (mut reader, _) = open(&path);
    let mut pieces = Vec::new();
    for size in [1, 7, 160, 1024, 3, 4801].into_iter().cycle() {
        if pieces.len() == whole.len() {
            break;
        }
        let size = size.min(whole.len() - pieces.len());
        pieces.extend(read(&mut reader, pieces.len() as i64 - 100, size));
    }
    assert_eq!(pieces, whole);
}

#[test]
fn other_rates_become_48_khz() {
    let folder = TempDir::new().unwrap();
    for rate in [44_100, 22_050, 16_000, 96_000] {
        // A tone that only its first half second has: both its pitch and its place are checked.
        let half = rate as usize / 2;
        let tone = |i: usize, _| {
            let phase = i as f64 / f64::from(rate) * 1000.0 * std::f64::consts::TAU;
            if i < half { phase.sin() as f32 * 0.5 } else { 0.0 }
        };
        let path = Coding { rate, ..WAV }
            .write(folder.path(), rate as usize, tone)
            .unwrap();
        let (mut reader, report) = open(&path);
        assert_eq!(report.rate, rate);
        let out = read(&mut reader, 0, 50_000);
        for (i, sample) in out.iter().enumerate().take(23_800).skip(200) {
            let expected = (i as f64 / 48_000.0 * 1000.0 * std::f64::consts::TAU).sin() * 0.5;
            assert!(
                (f64::from(sample[0]) - expected).abs() < 1e-3,
                "{rate}: sample {i}"
            );
        }
        assert!(out[24_200..].iter().all(|s| s[0].abs() < 1e-3), "{rate}");
    }
}

#[test]
fn surround_is_downmixed() {
    let folder = TempDir::new().unwrap();
    // FL FR FC LFE BL BR
    let value = [0.1, 0.2, 0.3, 0.4, 0.05, 0.06];
    let coding = Coding {
        layout: ChannelLayout::_5POINT1_BACK,
        ..WAV
    };
    let path = coding
        .write(folder.path(), 5_000, |_, channel| value[channel])
        .unwrap();
    let (mut reader, report) = open(&path);
    assert_eq!((report.channels, report.source_channels), (Channels::Stereo, 6));
    let [left, right] = read(&mut reader, 2_500, 1)[0];
    // ITU-R BS.775: centre and surround at -3 dB, no LFE.
    let down = std::f32::consts::FRAC_1_SQRT_2;
    assert!((left - (0.1 + down * (0.3 + 0.05))).abs() < 1e-5, "{left}");
    assert!((right - (0.2 + down * (0.3 + 0.06))).abs() < 1e-5, "{right}");
}

/// Byte ranges of the audio packets of `path`.
fn packets(path: &Path) -> Vec<std::ops::Range<usize>> {
    let mut input = format::input(path).unwrap();
    let ranges = input.packets().map(|(_, packet)| {
        let start = packet.position() as usize;
        start..start + packet.size()
    });
    ranges.collect()
}

#[test]
fn a_corrupt_packet_is_silent_and_shifts_nothing() {
    let folder = TempDir::new().unwrap();
    let path = AAC.write(folder.path(), 96_000, noise).unwrap();
    let good = read(&mut open(&path).0, 0, 96_000);
    let mut bytes = std::fs::read(&path).unwrap();
    for packet in &packets(&path)[40..43] {
        bytes[packet.clone()].fill(0xff);
    }
    std::fs::write(&path, bytes).unwrap();
    let (mut reader, _) = open(&path);
    let bad = read(&mut reader, 0, 96_000);
    // Packet 40 starts at sample 39 × 1024, for one is priming; each packet overlaps its neighbours.
    let (from, to) = (39 * 1024, 42 * 1024);
    assert!(difference(&bad[..from - 1024], &good[..from - 1024]) == 0.0);
    assert!(difference(&bad[to + 1024..], &good[to + 1024..]) < 1e-6);
    assert!(bad[from + 1024..to - 1024].iter().all(|s| *s == [0.0; 2]));
    assert!(
        (2..=3).contains(&reader.damage().packets()),
        "{:?}",
        reader.damage()
    );
    // Reading it again tells nothing new.
    let before = reader.damage().packets();
    assert_eq!(difference(&read(&mut reader, 0, 96_000), &bad), 0.0);
    assert_eq!(reader.damage().packets(), before);
}

#[test]
fn a_lost_ogg_page_is_silent_and_shifts_nothing() {
    let folder = TempDir::new().unwrap();
    let Some(path) = OPUS.write(folder.path(), 480_000, noise) else {
        return;
    };
    let good = read(&mut open(&path).0, 0, 480_000);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let bad = read(&mut open(&path).0, 0, 480_000);
    let differs = |i: &usize| (bad[*i][0] - good[*i][0]).abs() > 0.01;
    let last = (0..480_000).rev().find(differs).unwrap();
    assert!((100_000..400_000).contains(&last), "{last}");
    assert_eq!(
        lag(&bad[last + 1..], |i| good[(i + last as i64 + 1).max(0) as usize]
            [0])
        .0,
        0
    );
}

#[test]
fn a_fragmented_file_may_end_anywhere() {
    let folder = TempDir::new().unwrap();
    let path = FRAGMENTED.write(folder.path(), 480_000, noise).unwrap();
    let good = read(&mut open(&path).0, 0, 480_000);
    let bytes = std::fs::read(&path).unwrap();
    for share in [0.3, 0.61, 0.9] {
        std::fs::write(&path, &bytes[..(bytes.len() as f64 * share) as usize]).unwrap();
        let cut = read(&mut open(&path).0, 0, 480_000);
        let sound = cut.iter().rposition(|s| s[0] != 0.0).unwrap_or(0);
        assert!(sound as f64 > 480_000.0 * (share - 0.08), "{share}: {sound}");
        let exact = sound - 2048;
        assert!(difference(&cut[..exact], &good[..exact]) < 1e-6, "{share}");
        assert!((sound as f64) < 480_000.0 * (share + 0.05), "{share}: {sound}");
        // Its length is that of what is there, whatever its headers promise (cap-format.md 3.1).
        let info = probe_audio(&MediaSource::File(path.clone()), Allowed::Track).unwrap();
        let end = info.duration * 48_000.0;
        assert!((end - sound as f64).abs() < 4096.0, "{share}: {end} for {sound}");
    }
}

#[test]
fn a_truncated_file_is_silent_behind_its_end() {
    let folder = TempDir::new().unwrap();
    let fast = Coding {
        options: &[("movflags", "faststart")],
        ..AAC
    };
    let path = fast.write(folder.path(), 480_000, noise).unwrap();
    let good = read(&mut open(&path).0, 0, 480_000);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let (mut reader, _) = open(&path);
    let cut = read(&mut reader, 0, 480_000);
    assert!(difference(&cut[..200_000], &good[..200_000]) < 1e-6);
    assert!(cut[260_000..].iter().all(|s| *s == [0.0; 2]));
    assert!(
        (4.0..6.0).contains(&reader.damage().missing_seconds()),
        "{:?}",
        reader.damage()
    );
}

#[test]
fn what_holds_no_sound_is_an_error() {
    let folder = TempDir::new().unwrap();
    let refused = |path: &Path| {
        AudioReader::open(&MediaSource::File(path.to_owned()), Allowed::Track)
            .map(|_| ())
            .unwrap_err()
    };
    let missing = folder.path().join("missing.ogg");
    assert!(matches!(refused(&missing), MediaError::Io { .. }));
    let empty = folder.path().join("empty.ogg");
    std::fs::write(&empty, []).unwrap();
    assert!(matches!(refused(&empty), MediaError::Empty { .. }));
    // A WAV is music at most.
    let path = WAV.write(folder.path(), 1_000, noise).unwrap();
    assert!(matches!(refused(&path), MediaError::Container { .. }));
    // A moov at the end that never came.
    let path = AAC.write(folder.path(), 48_000, noise).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert!(matches!(refused(&path), MediaError::Ffmpeg { .. }));
    // Every packet is broken.
    let path = AAC.write(folder.path(), 48_000, noise).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    for packet in packets(&path) {
        bytes[packet].fill(0xff);
    }
    std::fs::write(&path, bytes).unwrap();
    let error = refused(&path);
    assert!(
        matches!(error, MediaError::NothingDecoded { unit: "sample", .. }),
        "{error}"
    );
}

#[test]
fn groups_follow_one_another() {
    let folder = TempDir::new().unwrap();
    let piece = |name, first: usize, samples| {
        let coding = Coding { file: name, ..WAV };
        coding
            .write(folder.path(), samples, move |i, _| noise(first + i, 0))
            .unwrap()
    };
    let broken = folder.path().join("broken.wav");
    std::fs::write(&broken, b"RIFF....WAVEnothing").unwrap();
    let files = [
        piece("1.wav", 0, 300_000),
        broken,
        piece("2.wav", 300_000, 1_001),
        piece("3.wav", 301_001, 400_000),
    ];
    let groups = files.map(|file| FragmentGroup::of(vec![file]));
    let source = MediaSource::Fragments(groups.to_vec());
    let (mut reader, _) = AudioReader::open(&source, Allowed::Music).unwrap();
    for position in [0, 299_000, 690_000, 300_500, 100, 650_000, 0] {
        let out = read(&mut reader, position as i64, 12_000);
        for (i, sample) in out.iter().enumerate() {
            let expected = if position + i < 701_001 {
                noise(position + i, 0)
            } else {
                0.0
            };
            assert_eq!(sample[0], expected, "sample {}", position + i);
        }
    }
    assert_eq!(reader.damage().groups(), 1);
}

#[test]
fn timestamps_that_start_anew_follow_what_came_before() {
    let folder = TempDir::new().unwrap();
    let Some(path) = OPUS.write(folder.path(), 96_000, noise) else {
        return;
    };
    let once = std::fs::read(&path).unwrap();
    std::fs::write(&path, [once.clone(), once].concat()).unwrap();
    let out = read(&mut open(&path).0, 0, 192_000);
    let sound = out.iter().rposition(|s| s[0].abs() > 0.01).unwrap();
    assert!((191_000..192_000).contains(&sound), "{sound}");
}
