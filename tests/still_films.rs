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
use crate::films::{Film, Picture, SEEKS, annex_b, decode_ffmpeg, decode_openh264, sought_by_ffmpeg};
use capstan::media::h264::StillPictures;
use ffmpeg_next as ffmpeg;
use serde_json::{Value, json};

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

/// A film whose copies are known as such.
fn read(path: &Path) -> Film {
    let mut film = Film::read(path);
    let mut next = StillPictures::new(&film.sets).unwrap();
    for picture in &mut film.pictures {
        // A copy has nothing of its own: it is known beforehand to the last byte.
        picture.copy = next.clone().repeat().is_ok_and(|copy| copy == picture.data);
        next.coded(&picture.data).unwrap();
    }
    film
}

impl Film {
    /// What the encoder made: without the copies, and frame_num as if there had been none.
    fn coded(&self) -> Vec<Picture> {
        let frame_num_bits = frame_num_bits(&self.sets[4..]);
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
                let frame_num = bits.bits(frame_num_bits).wrapping_sub(copies);
                for bit in 0..frame_num_bits {
                    let (byte, shift) = ((at + bit as usize) / 8, 7 - (at + bit as usize) % 8);
                    let value = (frame_num >> (frame_num_bits - 1 - bit) & 1) as u8;
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
    let film = read(path);
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
