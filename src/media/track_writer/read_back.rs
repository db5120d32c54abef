//! Decodes what was written, for tests: the plainest use of FFmpeg, independent of [`crate::media::decode`].

use std::path::Path;

use ffmpeg_next::util::color;
use ffmpeg_next::{Packet, codec, format, frame, media};

use crate::frame::Size;
use crate::media::ffmpeg::read_packet;

/// A decoded picture.
pub(crate) struct Picture {
    /// Presentation time in the stream's time base, and that time base's ticks per second.
    pub pts: i64,
    pub ticks: i64,
    pub format: format::Pixel,
    pub space: color::Space,
    pub range: color::Range,
    pub size: Size,
    /// Bytes of each plane, rows without padding.
    pub planes: Vec<Vec<u8>>,
}

/// All pictures of the first video stream, and the container's duration in seconds.
pub(crate) fn video(path: &Path) -> (Vec<Picture>, f64) {
    ffmpeg_next::init().unwrap();
    let mut input = format::input(path).unwrap();
    let duration = input.duration() as f64 / 1e6;
    let stream = input.streams().best(media::Type::Video).unwrap();
    let (index, ticks) = (stream.index(), i64::from(stream.time_base().denominator()));
    let context = codec::Context::from_parameters(stream.parameters()).unwrap();
    let mut decoder = context.decoder().video().unwrap();
    let mut pictures = Vec::new();
    let mut take = |decoder: &mut ffmpeg_next::decoder::Video| {
        let mut frame = frame::Video::empty();
        while decoder.receive_frame(&mut frame).is_ok() {
            let bytes = if format!("{:?}", frame.format()).contains("10LE") {
                2
            } else {
                1
            };
            let planes = (0..frame.planes()).map(|plane| {
                let width = frame.plane_width(plane) as usize * bytes;
                let rows = frame.data(plane).chunks(frame.stride(plane));
                rows.flat_map(|row| row[..width].to_vec()).collect()
            });
            pictures.push(Picture {
                pts: frame.pts().unwrap(),
                ticks,
                format: frame.format(),
                space: frame.color_space(),
                range: frame.color_range(),
                size: Size::new(frame.width(), frame.height()),
                planes: planes.collect(),
            });
        }
    };
    let mut packet = Packet::empty();
    while read_packet(&mut input, &mut packet).is_ok() {
        if packet.stream() == index {
            decoder.send_packet(&packet).unwrap();
            take(&mut decoder);
        }
    }
    decoder.send_eof().unwrap();
    take(&mut decoder);
    (pictures, duration)
}

/// Samples of the first channel of the first audio stream, their rate and the number of channels.
pub(crate) fn first_channel(path: &Path) -> (Vec<f32>, u32, u16) {
    ffmpeg_next::init().unwrap();
    let mut input = format::input(path).unwrap();
    let stream = input.streams().best(media::Type::Audio).unwrap();
    let index = stream.index();
    let context = codec::Context::from_parameters(stream.parameters()).unwrap();
    let mut decoder = context.decoder().audio().unwrap();
    let mut samples = Vec::new();
    let mut channels = 0;
    let mut take = |decoder: &mut ffmpeg_next::decoder::Audio| {
        let mut frame = frame::Audio::empty();
        while decoder.receive_frame(&mut frame).is_ok() {
            channels = frame.channels();
            let step = if frame.is_planar() {
                1
            } else {
                usize::from(channels)
            };
            let count = frame.samples() * step;
            let all: &[f32] = bytemuck::cast_slice(&frame.data(0)[..count * 4]);
            samples.extend(all.iter().step_by(step));
        }
    };
    let mut packet = Packet::empty();
    while read_packet(&mut input, &mut packet).is_ok() {
        // The end of a torn file.
        if packet.stream() == index && !packet.is_corrupt() {
            decoder.send_packet(&packet).unwrap();
            take(&mut decoder);
        }
    }
    decoder.send_eof().unwrap();
    take(&mut decoder);
    (samples, decoder.rate(), channels)
}
