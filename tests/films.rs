//! The video of finished MP4 files, taken apart and decoded.

use std::path::Path;

use crate::decoders::{self, Plane, planes};
use ffmpeg_next as ffmpeg;

/// Frames that are sought in each film.
pub(crate) const SEEKS: usize = 50;

/// A picture of a film.
#[derive(Clone)]
pub(crate) struct Picture {
    /// Annex B, without parameter sets.
    pub(crate) data: Vec<u8>,
    /// In output frames from the start.
    pub(crate) at: i64,
    pub(crate) key: bool,
    /// Known to be a still picture.
    pub(crate) copy: bool,
}

impl AsRef<[u8]> for Picture {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

/// An MP4's video.
pub(crate) struct Film {
    /// Annex B parameter sets, the sequence's first.
    pub(crate) sets: Vec<u8>,
    pub(crate) pictures: Vec<Picture>,
    pub(crate) frames_per_second: ffmpeg::Rational,
}

pub(crate) fn annex_b(out: &mut Vec<u8>, unit: &[u8]) {
    out.extend_from_slice(&[0, 0, 0, 1]);
    out.extend_from_slice(unit);
}

/// Units of a sample with four-byte lengths (ISO/IEC 14496-15 5.3).
fn units(mut sample: &[u8]) -> Vec<&[u8]> {
    let mut units = Vec::new();
    while let Some((length, rest)) = sample.split_first_chunk::<4>() {
        let (unit, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        units.push(unit);
        sample = rest;
    }
    units
}

impl Film {
    /// Whether pictures are coded in another order than they are shown.
    pub(crate) fn is_reordered(&self) -> bool {
        self.pictures.windows(2).any(|pair| pair[0].at > pair[1].at)
    }

    pub(crate) fn read(path: &Path) -> Self {
        ffmpeg::init().unwrap();
        ffmpeg::log::set_level(ffmpeg::log::Level::Error);
        let mut input = ffmpeg::format::input(path).unwrap();
        let stream = input.streams().best(ffmpeg::media::Type::Video).unwrap();
        let (number, time_base, frames_per_second) = (stream.index(), stream.time_base(), stream.rate());
        let parameters = stream.parameters();
        // SAFETY: the parameters live as long as the input; extradata has the size that stands beside it.
        let record = unsafe {
            let parameters = parameters.as_ptr();
            std::slice::from_raw_parts((*parameters).extradata, (*parameters).extradata_size as usize)
                .to_vec()
        };
        // AVCDecoderConfigurationRecord, ISO/IEC 14496-15 5.3.3: one parameter set of each kind.
        assert_eq!((record[4] & 3, record[5] & 31), (3, 1));
        let length = |at: usize| usize::from(u16::from_be_bytes([record[at], record[at + 1]]));
        let sps = &record[8..8 + length(6)];
        let pps_at = 8 + sps.len();
        assert_eq!(record[pps_at], 1);
        let mut sets = Vec::new();
        annex_b(&mut sets, sps);
        annex_b(&mut sets, &record[pps_at + 3..pps_at + 3 + length(pps_at + 1)]);
        let ticks = f64::from(time_base) * f64::from(frames_per_second);
        let of_video = input.packets().filter(|(stream, _)| stream.index() == number);
        let pictures = of_video.map(|(_, packet)| {
            let mut data = Vec::new();
            for unit in units(packet.data().unwrap()) {
                annex_b(&mut data, unit);
            }
            Picture {
                data,
                at: (packet.pts().unwrap() as f64 * ticks).round() as i64,
                key: packet.is_key(),
                copy: false,
            }
        });
        Self {
            sets,
            pictures: pictures.collect(),
            frames_per_second,
        }
    }
}

/// A number for a picture's visible samples, which a page can compute too: `DIGEST` of `tests/film_decoders.rs`.
fn digest(planes: [Plane<'_>; 3]) -> u64 {
    let mut digest = 0x811c_9dc5_u32;
    for row in planes.iter().flat_map(Plane::rows) {
        for word in row.chunks(4) {
            let mut bytes = [0; 4];
            bytes[..word.len()].copy_from_slice(word);
            digest = (digest ^ u32::from_le_bytes(bytes))
                .rotate_left(5)
                .wrapping_mul(0x0100_0193);
        }
    }
    u64::from(digest)
}

/// Digests of the pictures as FFmpeg decodes them.
pub(crate) fn decode_ffmpeg(sets: &[u8], pictures: &[Picture]) -> Vec<u64> {
    decoders::ffmpeg(sets, pictures, digest)
}

/// Digests of the pictures as OpenH264 decodes them.
pub(crate) fn decode_openh264(sets: &[u8], pictures: &[Picture]) -> Vec<u64> {
    decoders::openh264(sets, pictures, digest)
}

/// The frame that FFmpeg shows when a player seeks to frame `at` of the file.
pub(crate) fn sought_by_ffmpeg(path: &Path, at: i64, frames_per_second: ffmpeg::Rational) -> u64 {
    let mut input = ffmpeg::format::input(path).unwrap();
    let stream = input.streams().best(ffmpeg::media::Type::Video).unwrap();
    let (number, time_base) = (stream.index(), stream.time_base());
    let context = ffmpeg::codec::context::Context::from_parameters(stream.parameters()).unwrap();
    let mut decoder = context.decoder().video().unwrap();
    let seconds = at as f64 / f64::from(frames_per_second);
    let time = (seconds * f64::from(ffmpeg::ffi::AV_TIME_BASE)).round() as i64;
    input.seek(time, ..time + 1).unwrap();
    let target = (seconds / f64::from(time_base)).round() as i64;
    let mut frame = ffmpeg::frame::Video::empty();
    let mut packets = input.packets().filter(|(stream, _)| stream.index() == number);
    loop {
        while decoder.receive_frame(&mut frame).is_ok() {
            if frame.pts() == Some(target) {
                return digest(planes(&frame));
            }
        }
        match packets.next() {
            Some((_, packet)) => decoder.send_packet(&packet).unwrap(),
            None => decoder
                .send_eof()
                .expect("the frame that was sought is in the file"),
        }
    }
}
