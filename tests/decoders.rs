//! Two independent H.264 decoders, for tests of streams. Unit tests of the library include this file too.

use ffmpeg_next as ffmpeg;
use openh264::decoder::{DecodeOptions, Flush};
use openh264::formats::YUVSource;

/// A plane of a decoded picture.
pub(crate) struct Plane<'a> {
    data: &'a [u8],
    stride: usize,
    width: usize,
    height: usize,
}

impl<'a> Plane<'a> {
    /// Its rows without padding.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &'a [u8]> {
        let width = self.width;
        let rows = self.data.chunks(self.stride).take(self.height);
        rows.map(move |row| &row[..width])
    }
}

/// The samples of luma, U and V.
pub(crate) fn samples(planes: [Plane<'_>; 3]) -> [Vec<u8>; 3] {
    planes.map(|plane| plane.rows().flatten().copied().collect())
}

/// The planes of a picture that FFmpeg decoded.
pub(crate) fn planes(frame: &ffmpeg::frame::Video) -> [Plane<'_>; 3] {
    assert!(!frame.is_corrupt());
    [0, 1, 2].map(|plane| Plane {
        data: frame.data(plane),
        stride: frame.stride(plane),
        width: frame.plane_width(plane) as usize,
        height: frame.plane_height(plane) as usize,
    })
}

/// The packets of a stream, the first with the parameter sets before it.
fn packets(sets: &[u8], pictures: &[impl AsRef<[u8]>]) -> impl Iterator<Item = Vec<u8>> {
    let sets = move |n| if n == 0 { sets } else { &[] };
    let pictures = pictures.iter().enumerate();
    pictures.map(move |(n, picture)| [sets(n), picture.as_ref()].concat())
}

/// What `keep` makes of every picture (Annex B) that FFmpeg decodes.
pub(crate) fn ffmpeg<T>(
    sets: &[u8],
    pictures: &[impl AsRef<[u8]>],
    keep: impl Fn([Plane<'_>; 3]) -> T,
) -> Vec<T> {
    let codec = ffmpeg::decoder::find(ffmpeg::codec::Id::H264).unwrap();
    let context = ffmpeg::codec::context::Context::new_with_codec(codec);
    let mut decoder = context.decoder().video().unwrap();
    let mut kept = Vec::new();
    let mut drain = |decoder: &mut ffmpeg::decoder::Video| {
        let mut frame = ffmpeg::frame::Video::empty();
        while decoder.receive_frame(&mut frame).is_ok() {
            kept.push(keep(planes(&frame)));
        }
    };
    for (n, packet) in packets(sets, pictures).enumerate() {
        let mut packet = ffmpeg::Packet::copy(&packet);
        packet.set_pts(Some(n as i64));
        decoder.send_packet(&packet).unwrap();
        drain(&mut decoder);
    }
    decoder.send_eof().unwrap();
    drain(&mut decoder);
    kept
}

/// The same by OpenH264.
pub(crate) fn openh264<T>(
    sets: &[u8],
    pictures: &[impl AsRef<[u8]>],
    keep: impl Fn([Plane<'_>; 3]) -> T,
) -> Vec<T> {
    let keep = |yuv: &openh264::decoder::DecodedYUV<'_>| {
        let ((width, height), (y, u, v)) = (yuv.dimensions(), yuv.strides());
        let plane = |data, stride, shift: u32| Plane {
            data,
            stride,
            width: width >> shift,
            height: height >> shift,
        };
        keep([plane(yuv.y(), y, 0), plane(yuv.u(), u, 1), plane(yuv.v(), v, 1)])
    };
    let mut decoder = openh264::decoder::Decoder::new().unwrap();
    let mut kept = Vec::new();
    // Pictures that wait for one that is shown before them must not be asked for.
    let options = DecodeOptions::new().flush_after_decode(Flush::NoFlush);
    for packet in packets(sets, pictures) {
        let shown = decoder.decode_with_options(&packet, options.clone()).unwrap();
        kept.extend(shown.as_ref().map(keep));
    }
    kept.extend(decoder.flush_remaining().unwrap().iter().map(keep));
    kept
}
