//! Still pictures in finished files: every frame of an export is the coded picture it repeats, bit for bit, played through
//! or sought, in FFmpeg, in OpenH264 and in Chromium.
//!
//! The committed recordings are exported here. `CAPSTAN_FILMS=a.mp4:b.mp4` names further exports to check the same way
//! (`scripts/check-still-pictures.sh` makes them of recordings).

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::browser;
use crate::common::{self, Export};
use capstan::media::h264::StillPictures;
use ffmpeg_next as ffmpeg;
use serde_json::{Value, json};

pub(crate) const SEEKS: usize = 50;

/// A coded or repeated picture of a film.
#[derive(Clone)]
pub(crate) struct Picture {
    /// Annex B, without parameter sets.
    pub(crate) data: Vec<u8>,
    /// In output frames from the start.
    pub(crate) at: i64,
    pub(crate) key: bool,
    pub(crate) copy: bool,
}

/// An MP4's video.
struct Film {
    /// Annex B parameter sets.
    sets: Vec<u8>,
    frame_num_bits: u32,
    pictures: Vec<Picture>,
    frames_per_second: ffmpeg::Rational,
}

pub(crate) fn annex_b(out: &mut Vec<u8>, unit: &[u8]) {
    out.extend_from_slice(&[0, 0, 0, 1]);
    out.extend_from_slice(unit);
}

/// A unit's payload without emulation prevention, as bits.
struct Bits {
    bytes: Vec<u8>,
    at: usize,
}

impl Bits {
    fn of(unit: &[u8]) -> Self {
        let mut bytes: Vec<u8> = Vec::new();
        let mut zeros = 0;
        for &byte in &unit[1..] {
            if zeros == 2 && byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if byte == 0 { (zeros + 1).min(2) } else { 0 };
            bytes.push(byte);
        }
        Self { bytes, at: 0 }
    }

    fn bit(&mut self) -> u32 {
        let bit = self.bytes[self.at / 8] >> (7 - self.at % 8) & 1;
        self.at += 1;
        u32::from(bit)
    }

    fn bits(&mut self, count: u32) -> u32 {
        (0..count).fold(0, |value, _| value << 1 | self.bit())
    }

    /// ue(v), H.264 9.1.
    fn golomb(&mut self) -> u32 {
        let zeros = std::iter::repeat_with(|| self.bit())
            .take_while(|&bit| bit == 0)
            .count() as u32;
        (1 << zeros) - 1 + self.bits(zeros)
    }

    /// The unit again, with emulation prevention.
    fn unit(&self, header: u8) -> Vec<u8> {
        let mut unit = vec![header];
        let mut zeros = 0;
        for &byte in &self.bytes {
            if zeros == 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }
}

/// log2 of MaxFrameNum (H.264 7.3.2.1.1).
fn frame_num_bits(sps: &[u8]) -> u32 {
    let mut bits = Bits::of(sps);
    let profile = bits.bits(8);
    bits.bits(16);
    bits.golomb();
    if profile >= 100 {
        let [chroma, luma_depth, chroma_depth] = [bits.golomb(), bits.golomb(), bits.golomb()];
        assert_eq!([chroma, luma_depth, chroma_depth], [1, 0, 0]);
        assert_eq!(bits.bits(2), 0, "neither bypass nor scaling matrices");
    }
    bits.golomb() + 4
}

/// Units of a sample with four-byte lengths (ISO/IEC 14496-15 5.3).
pub(crate) fn units(mut sample: &[u8]) -> Vec<&[u8]> {
    let mut units = Vec::new();
    while let Some((length, rest)) = sample.split_first_chunk::<4>() {
        let (unit, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        units.push(unit);
        sample = rest;
    }
    units
}

impl Film {
    fn read(path: &Path) -> Self {
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
        let pps = &record[pps_at + 3..pps_at + 3 + length(pps_at + 1)];
        let mut sets = Vec::new();
        annex_b(&mut sets, sps);
        annex_b(&mut sets, pps);

        let mut next = StillPictures::new(&sets).unwrap();
        let ticks = f64::from(time_base) * f64::from(frames_per_second);
        let mut pictures = Vec::new();
        for (stream, packet) in input.packets() {
            if stream.index() != number {
                continue;
            }
            let mut data = Vec::new();
            for unit in units(packet.data().unwrap()) {
                annex_b(&mut data, unit);
            }
            // A copy has nothing of its own: it is known beforehand to the last byte.
            let copy = next.clone().repeat().is_ok_and(|copy| copy == data);
            next.coded(&data).unwrap();
            let at = (packet.pts().unwrap() as f64 * ticks).round() as i64;
            pictures.push(Picture {
                data,
                at,
                key: packet.is_key(),
                copy,
            });
        }
        Self {
            frame_num_bits: frame_num_bits(sps),
            sets,
            pictures,
            frames_per_second,
        }
    }

    /// What the encoder made: without the copies, and frame_num as if there had been none.
    fn coded(&self) -> Vec<Picture> {
        let mut copies = 0;
        let mut coded = Vec::new();
        for picture in &self.pictures {
            copies = match (picture.key, picture.copy) {
                (true, _) => 0,
                (_, true) => copies + 1,
                _ => copies,
            };
            if picture.copy {
                continue;
            }
            let mut data = Vec::new();
            let starts = picture
                .data
                .windows(4)
                .enumerate()
                .filter(|(_, window)| *window == [0, 0, 0, 1]);
            let starts: Vec<usize> = starts.map(|(at, _)| at).chain([picture.data.len()]).collect();
            for bounds in starts.windows(2) {
                let unit = &picture.data[bounds[0] + 4..bounds[1]];
                if unit[0] & 31 != 1 {
                    annex_b(&mut data, unit);
                    continue;
                }
                // slice_header(): first_mb_in_slice, slice_type, pic_parameter_set_id, frame_num.
                let mut bits = Bits::of(unit);
                (0..3).for_each(|_| {
                    bits.golomb();
                });
                let at = bits.at;
                let frame_num = bits.bits(self.frame_num_bits).wrapping_sub(copies);
                for bit in 0..self.frame_num_bits {
                    let (byte, shift) = ((at + bit as usize) / 8, 7 - (at + bit as usize) % 8);
                    let value = (frame_num >> (self.frame_num_bits - 1 - bit) & 1) as u8;
                    bits.bytes[byte] = bits.bytes[byte] & !(1 << shift) | value << shift;
                }
                annex_b(&mut data, &bits.unit(unit[0]));
            }
            coded.push(Picture {
                data,
                ..picture.clone()
            });
        }
        coded
    }

    /// Digest of every frame: of the coded picture it shows.
    fn expected(&self) -> Vec<u64> {
        let coded = decode_ffmpeg(&self.sets, &self.coded());
        assert_eq!(
            coded.len(),
            self.pictures.iter().filter(|picture| !picture.copy).count()
        );
        let mut shown = coded.into_iter();
        let mut current = 0;
        let show = |picture: &Picture| {
            if !picture.copy {
                current = shown.next().unwrap();
            }
            current
        };
        self.pictures.iter().map(show).collect()
    }

    /// The coded pictures alone as an MP4, each lasting as long as its copies do in this film.
    fn write_coded(&self, source: &Path, target: &Path) {
        let input = ffmpeg::format::input(source).unwrap();
        let parameters = input
            .streams()
            .best(ffmpeg::media::Type::Video)
            .unwrap()
            .parameters();
        let mut output = ffmpeg::format::output(target).unwrap();
        let mut stream = output
            .add_stream(ffmpeg::encoder::find(ffmpeg::codec::Id::None))
            .unwrap();
        stream.set_parameters(parameters);
        let frame = self.frames_per_second.invert();
        stream.set_time_base(frame);
        output.write_header().unwrap();
        let time_base = output.stream(0).unwrap().time_base();
        let coded = self.coded();
        let ends = coded
            .iter()
            .skip(1)
            .map(|picture| picture.at)
            .chain([self.pictures.len() as i64]);
        for (picture, end) in coded.iter().zip(ends) {
            let mut packet = ffmpeg::Packet::copy(&picture.data);
            packet.set_pts(Some(picture.at));
            packet.set_dts(Some(picture.at));
            packet.set_duration(end - picture.at);
            packet.rescale_ts(frame, time_base);
            if picture.key {
                packet.set_flags(ffmpeg::packet::Flags::KEY);
            }
            packet.set_stream(0);
            packet.write_interleaved(&mut output).unwrap();
        }
        output.write_trailer().unwrap();
    }
}

/// A number for a picture's visible samples, which a page can compute too: `DIGEST` of `tests/region_films.rs`.
fn digest<'a>(planes: impl IntoIterator<Item = (&'a [u8], usize, u32, u32)>) -> u64 {
    let mut digest = 0x811c_9dc5_u32;
    for (data, stride, width, height) in planes {
        for row in data.chunks(stride).take(height as usize) {
            for word in row[..width as usize].chunks(4) {
                let mut bytes = [0; 4];
                bytes[..word.len()].copy_from_slice(word);
                digest = (digest ^ u32::from_le_bytes(bytes))
                    .rotate_left(5)
                    .wrapping_mul(0x0100_0193);
            }
        }
    }
    u64::from(digest)
}

fn digest_ffmpeg(frame: &ffmpeg::frame::Video) -> u64 {
    assert!(!frame.is_corrupt());
    digest((0..3).map(|n| {
        (
            frame.data(n),
            frame.stride(n),
            frame.plane_width(n),
            frame.plane_height(n),
        )
    }))
}

fn with_sets(sets: &[u8], picture: &Picture, first: bool) -> Vec<u8> {
    if first {
        [sets, &picture.data].concat()
    } else {
        picture.data.clone()
    }
}

pub(crate) fn decode_ffmpeg(sets: &[u8], pictures: &[Picture]) -> Vec<u64> {
    let codec = ffmpeg::decoder::find(ffmpeg::codec::Id::H264).unwrap();
    let context = ffmpeg::codec::context::Context::new_with_codec(codec);
    let mut decoder = context.decoder().video().unwrap();
    let mut digests = Vec::new();
    let mut drain = |decoder: &mut ffmpeg::decoder::Video| {
        let mut frame = ffmpeg::frame::Video::empty();
        while decoder.receive_frame(&mut frame).is_ok() {
            digests.push(digest_ffmpeg(&frame));
        }
    };
    for (n, picture) in pictures.iter().enumerate() {
        let mut packet = ffmpeg::Packet::copy(&with_sets(sets, picture, n == 0));
        packet.set_pts(Some(picture.at));
        decoder.send_packet(&packet).unwrap();
        drain(&mut decoder);
    }
    decoder.send_eof().unwrap();
    drain(&mut decoder);
    digests
}

pub(crate) fn decode_openh264(sets: &[u8], pictures: &[Picture]) -> Vec<u64> {
    use openh264::formats::YUVSource;
    let of = |yuv: &openh264::decoder::DecodedYUV<'_>| {
        let ((width, height), (y, u, v)) = (yuv.dimensions(), yuv.strides());
        let (width, height) = (width as u32, height as u32);
        digest([
            (yuv.y(), y, width, height),
            (yuv.u(), u, width / 2, height / 2),
            (yuv.v(), v, width / 2, height / 2),
        ])
    };
    let mut decoder = openh264::decoder::Decoder::new().unwrap();
    let mut digests = Vec::new();
    for (n, picture) in pictures.iter().enumerate() {
        if let Some(yuv) = decoder.decode(&with_sets(sets, picture, n == 0)).unwrap() {
            digests.push(of(&yuv));
        }
    }
    for yuv in decoder.flush_remaining().unwrap() {
        digests.push(of(&yuv));
    }
    digests
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
                return digest_ffmpeg(&frame);
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

/// Whether two films show the same at the times asked for.
const COMPARE: &str = r"run(async () => {
  const films = [await load('/0.mp4'), await load('/1.mp4')];
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [films[0].videoWidth, films[0].videoHeight];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const picture = async (film, time) => {
    await show(film, time);
    context.drawImage(film, 0, 0);
    return new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  };
  const different = [];
  let colors = new Set();
  for (const time of query) {
    const [left, right] = [await picture(films[0], time), await picture(films[1], time)];
    if (left.some((pixel, at) => pixel !== right[at])) different.push(time);
    for (let at = 0; at < left.length; at += 97) colors.add(left[at]);
  }
  await report({ compared: query.length, different, colors: colors.size });
})";

/// Returns how many of the film's frames are copies.
fn check(path: &Path, seeks_in_chromium: usize) -> usize {
    let name = path.display();
    let film = Film::read(path);
    let frames = film.pictures.len();
    assert!(
        film.pictures
            .iter()
            .enumerate()
            .all(|(n, picture)| picture.at == n as i64)
    );
    let copies = film.pictures.iter().filter(|picture| picture.copy).count();
    let expected = film.expected();
    assert!(
        decode_ffmpeg(&film.sets, &film.pictures) == expected,
        "{name}: FFmpeg"
    );
    assert!(
        decode_openh264(&film.sets, &film.pictures) == expected,
        "{name}: OpenH264"
    );

    let mut random = fastrand::Rng::with_seed(264);
    for _ in 0..SEEKS {
        let at = random.usize(..frames);
        let found = sought_by_ffmpeg(path, at as i64, film.frames_per_second);
        assert_eq!(found, expected[at], "{name}: FFmpeg after seeking to frame {at}");
        let key = (0..=at).rev().find(|&n| film.pictures[n].key).unwrap();
        let found = decode_openh264(&film.sets, &film.pictures[key..=at]);
        assert_eq!(
            found,
            expected[key..=at],
            "{name}: OpenH264 after seeking to frame {at}"
        );
    }

    if seeks_in_chromium > 0
        && let Some(chromium) = browser::chromium()
    {
        let folder = tempfile::tempdir().unwrap();
        let coded = folder.path().join("coded.mp4");
        film.write_coded(path, &coded);
        // In the middle of frames: a player may round a time between two of them either way.
        let middle = |at: usize| (at as f64 + 0.5) / f64::from(film.frames_per_second);
        let times: Vec<f64> = (0..seeks_in_chromium)
            .map(|_| middle(random.usize(..frames)))
            .collect();
        let report = browser::open(chromium, COMPARE, &[path, &coded], &json!(times));
        assert_eq!(report["different"], json!([]), "{name}: Chromium");
        assert_eq!(report["compared"], times.len());
        assert!(
            report["colors"].as_u64().unwrap() > 8,
            "{name}: Chromium shows {report}"
        );
    }
    copies
}

/// A fixture as it is, where the pointer keeps moving, and without pointer and zooms, where most frames are repeats.
fn check_fixture(name: &str, frames_per_second: &str) {
    let recording = common::fixture(name);
    let folder = tempfile::tempdir().unwrap();
    let config =
        fs::read_to_string(recording.join("project-config.json")).unwrap_or_else(|_| "{}".to_owned());
    let mut config: Value = serde_json::from_str(&config).unwrap();
    config["cursor"]["hide"] = json!(true);
    if let Some(timeline) = config["timeline"].as_object_mut() {
        timeline.insert("zoomSegments".to_owned(), json!([]));
    }
    let resting = folder.path().join("resting.json");
    fs::write(&resting, config.to_string()).unwrap();

    let flags = ["--fps", frames_per_second, "--resolution", "640x360"];
    for (flags, seeks_in_chromium) in [
        (flags.to_vec(), 0),
        (
            [&flags[..], &["--config", resting.to_str().unwrap()]].concat(),
            SEEKS,
        ),
    ] {
        let export = Export::done(&recording, &flags);
        let report = export.report();
        assert_eq!(
            report["paths"]["repeats"], "still_pictures",
            "{:#}",
            report["fallbacks"]
        );
        let copies = check(&export.path(), seeks_in_chromium) as u64;
        let (written, coded) = (
            report["written_pictures"].as_u64(),
            report["coded_pictures"].as_u64(),
        );
        assert_eq!(copies, written.unwrap() - coded.unwrap());
        assert!(copies > 0 || seeks_in_chromium == 0, "{report:#}");
    }
}

#[test]
fn desk() {
    check_fixture("desk", "60");
}

#[test]
fn cuts() {
    check_fixture("cuts", "60");
}

#[test]
fn portrait() {
    check_fixture("portrait", "120");
}

#[test]
fn legacy() {
    check_fixture("legacy", "60");
}

#[test]
fn fragments() {
    check_fixture("fragments", "60");
}

#[test]
fn films_named_by_the_environment() {
    let Some(films) = std::env::var_os("CAPSTAN_FILMS") else {
        return;
    };
    for film in std::env::split_paths(&films) {
        let copies = check(&film, SEEKS);
        writeln!(
            std::io::stderr(),
            "{}: {copies} copies, all bit-exact",
            film.display()
        )
        .unwrap();
    }
}
