//! Round trips: what was encoded is decoded again by FFmpeg and compared with what went in.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ffmpeg_next::{codec, ffi, format, frame, media};

use super::*;
use crate::frame::{Nv12Frame, Size};
use crate::media::ffmpeg;
use crate::media::mux::{Mp4Writer, MuxError};
use crate::time::FrameRate;

/// Says why a test did not run. Only for parts that this FFmpeg was built without.
#[expect(
    clippy::print_stderr,
    reason = "the only way for a test to say that it was skipped"
)]
pub(super) fn skip(why: &str) {
    eprintln!("skipped: {why}");
}

fn fps(fps: u32) -> FrameRate {
    FrameRate::new(fps).expect("not 0")
}

fn has_x264() -> bool {
    let has = super::codec::h264_encoder("libx264").is_some();
    if !has {
        skip("libx264 is not in this FFmpeg");
    }
    has
}

fn x264(size: Size, rate: FrameRate, control: RateControl) -> VideoSettings {
    let mut settings = VideoSettings::new(size, rate, control);
    settings.choice = EncoderChoice::Named("libx264".to_owned());
    settings.threads = Some(2);
    settings
}

/// A gradient, a coloured stripe that moves, and the number in 16 blocks of luma along the top.
fn picture(size: Size, number: u64) -> Arc<Nv12Frame> {
    let mut frame = Nv12Frame::new(size);
    let (width, height) = (size.width as usize, size.height as usize);
    let block = width / 16;
    for y in 0..height {
        let row = &mut frame.y[y * frame.y_stride..][..width];
        for (x, luma) in row.iter_mut().enumerate() {
            *luma = if y < 16 && x / block < 16 {
                if number >> (x / block) & 1 == 1 { 220 } else { 30 }
            } else {
                (40 + x * 120 / width + y * 60 / height) as u8
            };
        }
    }
    let stripe = (number as usize * 4) % (width / 2);
    for y in 0..height / 2 {
        let row = &mut frame.uv[y * frame.uv_stride..][..width];
        for (x, pair) in row.chunks_exact_mut(2).enumerate() {
            pair.copy_from_slice(if x.abs_diff(stripe) < 8 {
                &[90, 170]
            } else {
                &[128, 128]
            });
        }
    }
    Arc::new(frame)
}

/// The number that [`picture`] drew.
fn number_of(frame: &frame::Video) -> u64 {
    let block = frame.width() as usize / 16;
    let row = &frame.data(0)[8 * frame.stride(0)..];
    (0..16)
        .filter(|bit| row[bit * block + block / 2] > 125)
        .map(|bit| 1 << bit)
        .sum()
}

fn encode_all(encoder: &mut VideoEncoder, size: Size, count: u64) -> Vec<Packet> {
    let mut packets = Vec::new();
    for number in 0..count {
        encoder
            .send(&picture(size, number).into(), number as i64, false)
            .expect("encodes");
        while let Some(packet) = encoder.receive().expect("healthy") {
            packets.push(packet);
        }
    }
    encoder.finish().expect("ends");
    while let Some(packet) = encoder.receive().expect("healthy") {
        packets.push(packet);
    }
    packets
}

/// A file, read back.
struct ReadBack {
    video: Vec<frame::Video>,
    /// Presentation times of the video frames in 1/90000 s.
    times: Vec<i64>,
    keys: Vec<usize>,
    samples: Vec<f32>,
    /// Presentation time of the first sample, in samples.
    sound_start: Option<i64>,
    video_seconds: f64,
    audio_seconds: f64,
    frame_rate: f64,
}

fn read_back(path: &Path) -> ReadBack {
    ffmpeg::init();
    let mut input = format::input(path).expect("opens");
    let seconds =
        |stream: &format::stream::Stream<'_>| stream.duration() as f64 * f64::from(stream.time_base());
    let open = |stream: &format::stream::Stream<'_>| {
        let mut context = codec::Context::from_parameters(stream.parameters()).expect("known");
        context.set_time_base(stream.time_base());
        let mut decoder = context.decoder();
        decoder.set_packet_time_base(stream.time_base());
        decoder
    };
    let video = input.streams().best(media::Type::Video).expect("video");
    assert_eq!(f64::from(video.time_base()), 1.0 / 90_000.0);
    let (video_index, video_seconds) = (video.index(), seconds(&video));
    let frame_rate = f64::from(video.avg_frame_rate());
    let mut video = open(&video).video().expect("decodes");
    let audio = input.streams().best(media::Type::Audio);
    let audio_index = audio.as_ref().map(|stream| stream.index());
    let audio_seconds = audio.as_ref().map_or(0.0, seconds);
    let mut audio = audio.map(|stream| open(&stream).audio().expect("decodes"));

    let mut back = ReadBack {
        video: Vec::new(),
        times: Vec::new(),
        keys: Vec::new(),
        samples: Vec::new(),
        sound_start: None,
        video_seconds,
        audio_seconds,
        frame_rate,
    };
    let drain_video = |decoder: &mut ffmpeg_next::decoder::Video, back: &mut ReadBack| {
        loop {
            let mut decoded = frame::Video::empty();
            if decoder.receive_frame(&mut decoded).is_err() {
                return;
            }
            if decoded.is_key() {
                back.keys.push(back.video.len());
            }
            back.times.push(decoded.pts().expect("timed"));
            back.video.push(decoded);
        }
    };
    let drain_audio = |decoder: &mut ffmpeg_next::decoder::Audio, back: &mut ReadBack| {
        let mut decoded = frame::Audio::empty();
        while decoder.receive_frame(&mut decoded).is_ok() {
            if back.sound_start.is_none() {
                back.sound_start = decoded.pts();
            }
            assert_eq!((decoded.rate(), decoded.channels()), (SAMPLE_RATE, 2));
            back.samples.extend_from_slice(decoded.plane::<f32>(0));
        }
    };
    for (stream, packet) in input.packets() {
        if stream.index() == video_index {
            video.send_packet(&packet).expect("decodes");
            drain_video(&mut video, &mut back);
        } else if Some(stream.index()) == audio_index {
            let audio = audio.as_mut().expect("opened");
            audio.send_packet(&packet).expect("decodes");
            drain_audio(audio, &mut back);
        }
    }
    video.send_eof().expect("ends");
    drain_video(&mut video, &mut back);
    if let Some(mut audio) = audio {
        audio.send_eof().expect("ends");
        drain_audio(&mut audio, &mut back);
    }
    back
}

fn temporary(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    (folder, path)
}

fn export_video(settings: &VideoSettings, count: u64, path: &Path) -> crate::media::mux::MuxReport {
    let (mut encoder, _) = open_video(settings).expect("opens");
    let mut writer = Mp4Writer::create(path, &encoder.track(), None).expect("creates");
    for packet in encode_all(&mut encoder, settings.size, count) {
        writer.write_video(packet).expect("writes");
    }
    writer.finish().expect("finishes")
}

#[test]
fn every_picture_comes_back_in_its_place_with_its_tags() {
    if !has_x264() {
        return;
    }
    let (_folder, path) = temporary("a.mp4");
    let size = Size::new(320, 180);
    let settings = x264(size, fps(30), RateControl::bitrate(2_000_000));
    let report = export_video(&settings, 135, &path);
    assert_eq!((report.video_packets, report.audio_packets), (135, 0));
    assert!((report.video_seconds - 4.5).abs() < 1e-9, "{report:?}");
    assert_eq!(report.bytes, fs::metadata(&path).expect("there").len());

    let back = read_back(&path);
    assert_eq!(back.video.len(), 135);
    let times: Vec<i64> = (0..135).map(|number| number * 3000).collect();
    assert_eq!(back.times, times);
    assert_eq!(back.keys, [0, 60, 120]);
    assert_eq!(back.frame_rate, 30.0);
    assert!((back.video_seconds - 4.5).abs() < 1e-6, "{}", back.video_seconds);
    for (number, decoded) in (0..).zip(&back.video) {
        assert_eq!(number_of(decoded), number);
        let planes = self_test::psnr(&picture(size, number), decoded).expect("same size");
        assert!(planes.iter().all(|value| *value > 35.0), "{number}: {planes:?}");
        use ffmpeg_next::color::{Primaries, Range, Space, TransferCharacteristic};
        assert_eq!(decoded.color_space(), Space::BT709);
        assert_eq!(decoded.color_range(), Range::MPEG);
        assert_eq!(decoded.color_primaries(), Primaries::BT709);
        assert_eq!(
            decoded.color_transfer_characteristic(),
            TransferCharacteristic::BT709
        );
    }
}

#[test]
fn the_stream_is_h264_high_and_the_index_lies_in_front() {
    if !has_x264() {
        return;
    }
    let (_folder, path) = temporary("a.mp4");
    export_video(
        &x264(Size::new(320, 180), fps(24), RateControl::bitrate(1_000_000)),
        30,
        &path,
    );
    let input = format::input(&path).expect("opens");
    let parameters = input
        .streams()
        .best(media::Type::Video)
        .expect("video")
        .parameters();
    // SAFETY: plain fields of parameters that are alive.
    let (profile, tag) = unsafe { ((*parameters.as_ptr()).profile, (*parameters.as_ptr()).codec_tag) };
    assert_eq!(profile, 100, "profile_idc of High, ITU-T H.264 A.2.4");
    assert_eq!(tag.to_le_bytes(), *b"avc1");

    let bytes = fs::read(&path).expect("there");
    let at = |kind: &[u8]| bytes.windows(4).position(|window| window == kind).expect("box");
    assert!(at(b"moov") < at(b"mdat"), "faststart");
    let text = String::from_utf8_lossy(&bytes);
    assert!(
        !text.contains("Lavf") && !text.contains("Lavc"),
        "FFmpeg's name in the file"
    );
}

/// x264 writes the settings that it works with into the first picture: the proof that options took effect.
#[test]
fn x264_works_with_the_options_of_the_table() {
    if !has_x264() {
        return;
    }
    let size = Size::new(320, 180);
    let words = |settings: &VideoSettings| {
        let (mut encoder, report) = open_video(settings).expect("opens");
        assert!(report.unknown_options.is_empty(), "{report:?}");
        assert_eq!(report.pixel_format, "nv12");
        let packets = encode_all(&mut encoder, settings.size, 3);
        let text = String::from_utf8_lossy(packets[0].data()).into_owned();
        text.split([' ', '\0']).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut settings = x264(size, fps(60), RateControl::bitrate(2_000_000));
    settings.x264 = X264Options::Cap;
    let list = words(&settings);
    for word in [
        "bframes=0",
        "rc_lookahead=10",
        "aq=1:1.00",
        "ref=2",
        "subme=2",
        "trellis=0",
        "keyint=120",
        "threads=2",
        "bitrate=2000",
    ] {
        assert!(list.iter().any(|it| it == word), "{word} is not in {list:?}");
    }
    settings.x264 = X264Options::Lean;
    let list = words(&settings);
    for word in [
        "subme=1",
        "me=dia",
        "analyse=0x3:0",
        "weightp=0",
        "scenecut=0",
        "rc_lookahead=10",
        "mbtree=1",
        "aq=1:1.00",
        "cabac=1",
    ] {
        assert!(list.iter().any(|it| it == word), "{word} is not in {list:?}");
    }
    settings.rate = RateControl::Quality {
        crf: 18,
        target: 2_000_000,
        max: 3_000_000,
    };
    let list = words(&settings);
    for word in [
        "rc=crf",
        "crf=18.0",
        "vbv_maxrate=3000",
        "vbv_bufsize=3000",
        "subme=1",
    ] {
        assert!(list.iter().any(|it| it == word), "{word} is not in {list:?}");
    }
    settings.max_references = Some(1);
    assert!(words(&settings).iter().any(|it| it == "ref=1"));

    let list = words(&x264(size, fps(60), RateControl::Crf(28)));
    for word in [
        "rc=crf",
        "crf=28.0",
        "keyint=120",
        "bframes=3",
        "subme=8",
        "threads=2",
    ] {
        assert!(list.iter().any(|it| it == word), "{word} is not in {list:?}");
    }
    assert!(
        !list.iter().any(|it| it.starts_with("vbv_")),
        "no cap in CRF mode: {list:?}"
    );
}

/// Preset slow codes B pictures: decoding order differs from display order, and the first decoding time is negative.
#[test]
fn reordered_pictures_start_at_zero_and_keep_their_times() {
    if !has_x264() {
        return;
    }
    let (_folder, path) = temporary("a.mp4");
    let size = Size::new(320, 180);
    let settings = x264(size, fps(60), RateControl::Crf(24));
    let report = export_video(&settings, 61, &path);
    assert!((report.video_seconds - 61.0 / 60.0).abs() < 1e-9, "{report:?}");
    let back = read_back(&path);
    assert_eq!(
        back.times,
        (0..61).map(|number| number * 1500).collect::<Vec<i64>>()
    );
    assert_eq!(
        back.video.iter().map(number_of).collect::<Vec<_>>(),
        (0..61).collect::<Vec<_>>()
    );
    assert!(
        (back.video_seconds - 61.0 / 60.0).abs() < 1e-4,
        "{}",
        back.video_seconds
    );
}

#[test]
fn rates_that_do_not_divide_90000_keep_every_frame_and_the_mean_rate() {
    if !has_x264() {
        return;
    }
    let (_folder, path) = temporary("a.mp4");
    let settings = x264(Size::new(320, 180), fps(7), RateControl::bitrate(500_000));
    export_video(&settings, 40, &path);
    let back = read_back(&path);
    assert_eq!(back.keys, [0, 14, 28]);
    for (number, time) in (0_i64..).zip(&back.times) {
        assert!(
            (time - (number as f64 * 90_000.0 / 7.0).round() as i64).abs() <= 1,
            "{number}: {time}"
        );
    }
    assert!((back.frame_rate - 7.0).abs() < 1e-3, "{}", back.frame_rate);
    assert!(
        (back.video_seconds - 40.0 / 7.0).abs() < 1e-4,
        "{}",
        back.video_seconds
    );
}

#[test]
fn a_key_frame_can_be_forced_and_a_gap_lengthens_the_picture_before_it() {
    if !has_x264() {
        return;
    }
    let (_folder, path) = temporary("a.mp4");
    let size = Size::new(320, 180);
    let settings = x264(size, fps(30), RateControl::bitrate(1_000_000));
    let (mut encoder, _) = open_video(&settings).expect("opens");
    let mut writer = Mp4Writer::create(&path, &encoder.track(), None).expect("creates");
    for (number, pts) in [0_i64, 1, 2, 12, 13].into_iter().enumerate() {
        encoder
            .send(&picture(size, number as u64).into(), pts, pts == 12)
            .expect("encodes");
    }
    encoder.finish().expect("ends");
    while let Some(packet) = encoder.receive().expect("healthy") {
        assert_eq!(
            packet.is_key(),
            matches!(packet.pts(), Some(0 | 12)),
            "{packet:?}"
        );
        writer.write_video(packet).expect("writes");
    }
    writer.finish().expect("finishes");
    let back = read_back(&path);
    assert_eq!(back.times, [0, 3000, 6000, 36_000, 39_000]);
    assert_eq!(back.keys, [0, 3]);
    assert!(
        (back.video_seconds - 14.0 / 30.0).abs() < 1e-6,
        "{}",
        back.video_seconds
    );
}

/// The stages of an export run on threads of their own.
#[test]
fn encoders_and_writer_can_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<VideoEncoder>();
    is_send::<AacEncoder>();
    is_send::<Mp4Writer>();
    is_send::<Packet>();
    is_send::<Track>();
    is_send::<EncoderInput>();
}

#[test]
fn the_encoder_gives_back_every_picture() {
    if !has_x264() {
        return;
    }
    let size = Size::new(320, 180);
    let (mut encoder, _) = open_video(&x264(size, fps(30), RateControl::bitrate(1_000_000))).expect("opens");
    let shared = picture(size, 1);
    for pts in 0..30 {
        encoder
            .send(&Arc::clone(&shared).into(), pts, false)
            .expect("encodes");
    }
    drop(encoder);
    assert_eq!(Arc::strong_count(&shared), 1);
}

#[test]
fn pictures_of_another_size_and_pictures_after_the_end_are_refused() {
    if !has_x264() {
        return;
    }
    let size = Size::new(320, 180);
    let (mut encoder, _) = open_video(&x264(size, fps(30), RateControl::bitrate(1_000_000))).expect("opens");
    let error = encoder
        .send(&picture(Size::new(320, 182), 0).into(), 0, false)
        .expect_err("too high");
    assert!(
        error.to_string().contains("320x182") && error.to_string().contains("320x180"),
        "{error}"
    );
    encoder.send(&picture(size, 0).into(), 0, false).expect("fits");
    encoder.finish().expect("ends");
    encoder.finish().expect("ends twice");
    let error = encoder
        .send(&picture(size, 1).into(), 1, false)
        .expect_err("ended");
    assert!(matches!(error, EncodeError::Finished { .. }));
    assert_eq!(
        encoder.receive().expect("healthy").expect("one picture").pts(),
        Some(0)
    );
    assert!(encoder.receive().expect("healthy").is_none());
}

#[test]
fn odd_sizes_are_refused_before_an_encoder_is_opened() {
    for (width, height) in [(1365, 768), (1366, 767), (0, 0)] {
        let settings = VideoSettings::new(Size::new(width, height), fps(30), RateControl::bitrate(1_000_000));
        let error = open_video(&settings).err().expect("cannot be encoded");
        assert!(matches!(error, EncodeError::Size { .. }), "{error}");
    }
}

/// A click: silence but for one short burst, whose position after the round trip is that of its greatest sample.
#[test]
fn sound_starts_at_zero_ends_with_the_video_and_a_click_stays_in_place() {
    if !has_x264() {
        return;
    }
    for rate in [30, 7, 24] {
        let (_folder, path) = temporary("a.mp4");
        let size = Size::new(320, 180);
        let count = 50_u64;
        let total = (count * 48_000 / u64::from(rate)) as usize;
        let click = total * 2 / 3;
        let mut samples = vec![[0.0_f32; 2]; total];
        for (offset, sample) in samples[click..click + 24].iter_mut().enumerate() {
            *sample = [if offset % 2 == 0 { 0.9 } else { -0.9 }; 2];
        }

        let settings = x264(size, fps(rate), RateControl::bitrate(1_000_000));
        let (mut video, _) = open_video(&settings).expect("opens");
        let mut audio = AacEncoder::open(AAC_BIT_RATE).expect("opens");
        let mut writer = Mp4Writer::create(&path, &video.track(), Some(&audio.track())).expect("creates");
        let mut sent = 0;
        for number in 0..count {
            video
                .send(&picture(size, number).into(), number as i64, false)
                .expect("encodes");
            let until = ((number + 1) * 48_000 / u64::from(rate)) as usize;
            audio.send(&samples[sent..until]).expect("encodes");
            sent = until;
            while let Some(packet) = video.receive().expect("healthy") {
                writer.write_video(packet).expect("writes");
            }
            while let Some(packet) = audio.receive().expect("healthy") {
                writer.write_audio(packet).expect("writes");
            }
        }
        assert_eq!(sent, total);
        video.finish().expect("ends");
        audio.finish().expect("ends");
        while let Some(packet) = video.receive().expect("healthy") {
            writer.write_video(packet).expect("writes");
        }
        while let Some(packet) = audio.receive().expect("healthy") {
            writer.write_audio(packet).expect("writes");
        }
        let report = writer.finish().expect("finishes");
        assert!(
            (report.audio_seconds - total as f64 / 48_000.0).abs() < 1e-9,
            "{report:?}"
        );

        let back = read_back(&path);
        assert_eq!(back.video.len() as u64, count);
        let frame = 1024.0 / 48_000.0;
        assert!((back.audio_seconds - back.video_seconds).abs() < frame, "{rate}");
        assert_eq!(back.sound_start, Some(0), "{rate}");
        // The last AAC frame is padded: a decoder that does not know the length gives up to one frame more.
        assert!(
            (total..total + 1024).contains(&back.samples.len()),
            "{rate}: {} of {total}",
            back.samples.len()
        );
        let loudest = (0..back.samples.len())
            .max_by(|a, b| back.samples[*a].abs().total_cmp(&back.samples[*b].abs()))
            .expect("samples");
        assert!(
            loudest.abs_diff(click) < 240,
            "{rate}: {loudest} instead of {click}: more than 5 ms"
        );
        let onset = back
            .samples
            .iter()
            .position(|sample| sample.abs() > 0.2)
            .expect("a click");
        assert!(onset.abs_diff(click) < 240, "{rate}: {onset} instead of {click}");
    }
}

#[test]
fn the_streams_are_interleaved_in_the_file() {
    if !has_x264() {
        return;
    }
    let (_folder, path) = temporary("a.mp4");
    let size = Size::new(320, 180);
    let (mut video, _) = open_video(&x264(size, fps(30), RateControl::bitrate(1_000_000))).expect("opens");
    let mut audio = AacEncoder::open(AAC_BIT_RATE).expect("opens");
    let mut writer = Mp4Writer::create(&path, &video.track(), Some(&audio.track())).expect("creates");
    for packet in encode_all(&mut video, size, 90) {
        writer.write_video(packet).expect("writes");
    }
    audio.send(&vec![[0.1, 0.1]; 144_000]).expect("encodes");
    audio.finish().expect("ends");
    while let Some(packet) = audio.receive().expect("healthy") {
        writer.write_audio(packet).expect("writes");
    }
    writer.finish().expect("finishes");

    let mut input = format::input(&path).expect("opens");
    let order: Vec<(usize, isize)> = input
        .packets()
        .map(|(stream, packet)| (stream.index(), packet.position()))
        .collect();
    assert!(
        order.is_sorted_by_key(|(_, position)| *position),
        "packets lie in order of time"
    );
    let changes = order.windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
    assert!(changes > 60, "only {changes} changes between the streams");
}

#[test]
fn packets_may_be_replaced_and_inserted_on_their_way() {
    if !has_x264() {
        return;
    }
    let (_folder, path) = temporary("a.mp4");
    let size = Size::new(320, 180);
    let (mut encoder, _) = open_video(&x264(size, fps(30), RateControl::bitrate(1_000_000))).expect("opens");
    let mut track = encoder.track();
    let headers = track.extradata().to_vec();
    assert!(
        headers.starts_with(&[0, 0, 0, 1, 0x67]),
        "SPS first, in Annex B form: {headers:?}"
    );
    track.set_extradata(&headers).expect("small");
    assert_eq!(track.extradata(), headers);
    assert_eq!(track.time_base(), (1, 30));
    let mut writer = Mp4Writer::create(&path, &track, None).expect("creates");
    // Every picture is an IDR picture here, so that repeating its bytes repeats the picture.
    for number in 0..5 {
        encoder
            .send(&picture(size, number).into(), number as i64, true)
            .expect("encodes");
    }
    encoder.finish().expect("ends");
    while let Some(packet) = encoder.receive().expect("healthy") {
        let at = packet.pts().expect("timed") * 2;
        let mut first = packet.with_data(packet.data()).expect("small");
        first.set_timing(at, at, 1);
        let second = Packet::from_bytes(packet.data(), at + 1, at + 1, 1, true).expect("small");
        writer.write_video(first).expect("writes");
        writer.write_video(second).expect("writes");
    }
    writer.finish().expect("finishes");
    let back = read_back(&path);
    assert_eq!(
        back.times,
        (0..10).map(|number| number * 3000).collect::<Vec<i64>>()
    );
    let numbers: Vec<u64> = back.video.iter().map(number_of).collect();
    assert_eq!(numbers, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
}

#[test]
fn a_file_without_a_frame_is_an_error_and_an_unfinished_one_is_dropped_quietly() {
    if !has_x264() {
        return;
    }
    let (_folder, path) = temporary("a.mp4");
    let size = Size::new(320, 180);
    let (mut encoder, _) = open_video(&x264(size, fps(30), RateControl::bitrate(1_000_000))).expect("opens");
    let track = encoder.track();
    let writer = Mp4Writer::create(&path, &track, None).expect("creates");
    let error = writer.finish().expect_err("empty");
    assert!(matches!(error, MuxError::Empty { .. }), "{error}");

    let mut writer = Mp4Writer::create(&path, &track, None).expect("creates");
    for packet in encode_all(&mut encoder, size, 5) {
        writer.write_video(packet).expect("writes");
    }
    let sound = Packet::from_bytes(&[1, 2, 3], 0, 0, 1024, true).expect("small");
    assert!(matches!(
        writer.write_audio(sound),
        Err(MuxError::NoSoundTrack { .. })
    ));
    drop(writer);
}

#[test]
fn what_cannot_be_written_is_reported_with_its_cause() {
    if !has_x264() {
        return;
    }
    let size = Size::new(320, 180);
    let (mut encoder, _) = open_video(&x264(size, fps(30), RateControl::bitrate(8_000_000))).expect("opens");
    let track = encoder.track();
    let (_folder, path) = temporary("no such folder/a.mp4");
    let error = Mp4Writer::create(&path, &track, None).err().expect("no folder");
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains("No such file"), "{cause}");

    // A file that is always full, where the system has one.
    let full = Path::new("/dev/full");
    if !full.exists() {
        return skip("no /dev/full here");
    }
    let packets = encode_all(&mut encoder, size, 60);
    let outcome = Mp4Writer::create(full, &track, None).and_then(|mut writer| {
        for packet in packets {
            writer.write_video(packet)?;
        }
        writer.finish()
    });
    let error = outcome.expect_err("full");
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains("No space left"), "{error}: {cause}");
}

/// Names that FFmpeg would take for a protocol, a pattern or no text at all are still files.
#[test]
fn any_file_name_is_a_file() {
    if !has_x264() {
        return;
    }
    let settings = x264(Size::new(64, 64), fps(30), RateControl::bitrate(200_000));
    for name in ["pipe:1", "http:x.mp4", "%03d.mp4", "a b?c#d.mp4", "ünïcode.mp4"] {
        let (_folder, path) = temporary(name);
        let report = export_video(&settings, 3, &path);
        assert_eq!(fs::metadata(&path).expect(name).len(), report.bytes, "{name}");
    }
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(std::ffi::OsStr::from_bytes(b"\xff.mp4"));
        assert!(export_video(&settings, 3, &path).bytes > 0);
    }
}

/// The tags that a player reads before it decodes anything.
#[test]
fn the_container_carries_the_colour_tags() {
    if !has_x264() {
        return;
    }
    let (_folder, path) = temporary("a.mp4");
    export_video(
        &x264(Size::new(64, 64), fps(30), RateControl::bitrate(200_000)),
        3,
        &path,
    );
    let input = format::input(&path).expect("opens");
    let parameters = input
        .streams()
        .best(media::Type::Video)
        .expect("video")
        .parameters();
    // SAFETY: plain fields of parameters that are alive.
    unsafe {
        let raw = &*parameters.as_ptr();
        assert_eq!(raw.color_space, ffi::AVColorSpace::AVCOL_SPC_BT709);
        assert_eq!(raw.color_primaries, ffi::AVColorPrimaries::AVCOL_PRI_BT709);
        assert_eq!(raw.color_trc, ffi::AVColorTransferCharacteristic::AVCOL_TRC_BT709);
        assert_eq!(raw.color_range, ffi::AVColorRange::AVCOL_RANGE_MPEG);
    }
}
