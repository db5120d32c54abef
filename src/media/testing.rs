//! Makes small videos for tests: every frame carries its number in blocks of luma.

use std::fs;
use std::path::{Path, PathBuf};

use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Dictionary, Packet, Rational, codec, color, encoder, format, frame};

use crate::frame::YuvPicture;

/// Blocks across the top of a frame, one a bit, the lowest first.
const BITS: u32 = 16;
/// Code values of a 0 and a 1.
const DARK: u16 = 40;
const BRIGHT: u16 = 200;

/// A video to be made.
#[derive(Clone, Debug)]
pub(crate) struct Clip {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) format: Pixel,
    pub(crate) encoder: &'static str,
    pub(crate) time_base: (i32, i32),
    /// Presentation times in the time base, one a frame.
    pub(crate) pts: Vec<i64>,
    /// The number drawn into the first frame; the others count up.
    pub(crate) first_number: u32,
    pub(crate) gop: u32,
    pub(crate) b_frames: usize,
    pub(crate) space: color::Space,
    pub(crate) range: color::Range,
    /// Options of the muxer.
    pub(crate) muxer: Vec<(&'static str, &'static str)>,
    /// Further options of the encoder.
    pub(crate) options: Vec<(&'static str, &'static str)>,
}

impl Default for Clip {
    fn default() -> Self {
        Self {
            width: 128,
            height: 64,
            format: Pixel::YUV420P,
            encoder: "libx264",
            time_base: (1, 30),
            pts: (0..40).collect(),
            first_number: 0,
            gop: 10,
            b_frames: 0,
            space: color::Space::BT709,
            range: color::Range::MPEG,
            muxer: Vec::new(),
            options: vec![
                ("preset", "ultrafast"),
                ("crf", "10"),
                ("x264-params", "b-adapt=0:scenecut=0"),
            ],
        }
    }
}

impl Clip {
    /// The times in seconds after the first, from the definition.
    pub(crate) fn seconds(&self) -> Vec<f64> {
        let first = self.pts[0];
        let (num, den) = self.time_base;
        self.pts
            .iter()
            .map(|pts| (pts - first) as f64 * f64::from(num) / f64::from(den))
            .collect()
    }

    /// Encodes the clip into `folder`.
    pub(crate) fn write(&self, folder: &Path, name: &str) -> PathBuf {
        self.write_frames(folder, name, |number| self.draw(number))
    }

    /// Encodes frames of one packed RGB colour.
    pub(crate) fn write_rgb(&self, folder: &Path, name: &str, rgb: [u8; 3]) -> PathBuf {
        self.write_frames(folder, name, |_| {
            let mut frame = frame::Video::new(Pixel::RGB24, self.width, self.height);
            frame.data_mut(0).as_chunks_mut().0.fill(rgb);
            frame
        })
    }

    fn write_frames(&self, folder: &Path, name: &str, draw: impl Fn(u32) -> frame::Video) -> PathBuf {
        crate::media::ffmpeg::init();
        let path = folder.join(name);
        let codec = encoder::find_by_name(self.encoder).expect("the encoder exists");
        let mut video = codec::Context::new_with_codec(codec)
            .encoder()
            .video()
            .expect("a video encoder");
        let base = Rational::new(self.time_base.0, self.time_base.1);
        video.set_width(self.width);
        video.set_height(self.height);
        video.set_format(self.format);
        video.set_time_base(base);
        video.set_gop(self.gop);
        video.set_max_b_frames(self.b_frames);
        video.set_colorspace(self.space);
        video.set_color_range(self.range);
        video.set_flags(codec::Flags::GLOBAL_HEADER);
        let mut options = Dictionary::new();
        for (key, value) in &self.options {
            options.set(key, value);
        }
        let mut video = video.open_as_with(codec, options).expect("the encoder opens");
        let mut output = format::output(&path).expect("the file opens");
        let mut stream = output.add_stream(codec).expect("a stream");
        stream.set_time_base(base);
        stream.set_parameters(&video);
        let mut options = Dictionary::new();
        for (key, value) in &self.muxer {
            options.set(key, value);
        }
        drop(output.write_header_with(options).expect("a header"));
        let stream_base = output.stream(0).expect("the stream").time_base();
        let mut drain = |video: &mut encoder::Video| {
            let mut packet = Packet::empty();
            while video.receive_packet(&mut packet).is_ok() {
                packet.set_stream(0);
                // Until the next frame; the edit list would cut off a last frame that lasts no time.
                let next = self
                    .pts
                    .iter()
                    .find(|pts| packet.pts().is_some_and(|own| **pts > own));
                packet.set_duration(next.map_or(1, |next| next - packet.pts().unwrap_or(*next)));
                packet.rescale_ts(base, stream_base);
                packet
                    .write_interleaved(&mut output)
                    .expect("a packet is written");
            }
        };
        for (index, pts) in self.pts.iter().enumerate() {
            let mut frame = draw(self.first_number + index as u32);
            frame.set_pts(Some(*pts));
            video.send_frame(&frame).expect("a frame is taken");
            drain(&mut video);
        }
        video.send_eof().expect("the end is taken");
        drain(&mut video);
        output.write_trailer().expect("a trailer");
        path
    }

    /// A frame with `number` in the blocks of its upper half, a level that follows the number in its lower half, and a
    /// constant tint.
    fn draw(&self, number: u32) -> frame::Video {
        let mut frame = frame::Video::new(self.format, self.width, self.height);
        frame.set_color_range(self.range);
        frame.set_color_space(self.space);
        let wide = frame
            .format()
            .descriptor()
            .expect("a format")
            .name()
            .contains("10");
        let deep = |value: u16| if wide { value << 2 } else { value };
        for plane in 0..frame.planes() {
            let (width, height) = (frame.plane_width(plane), frame.plane_height(plane));
            let stride = frame.stride(plane);
            let data = frame.data_mut(plane);
            for y in 0..height {
                for x in 0..width {
                    let value = match plane {
                        0 if y < height / 2 => {
                            let bit = x * BITS / width;
                            if number >> bit & 1 == 1 { BRIGHT } else { DARK }
                        }
                        0 => 60 + (number % 16) as u16 * 8,
                        1 => 90,
                        _ => 170,
                    };
                    let at = y as usize * stride;
                    if wide {
                        let at = at + x as usize * 2;
                        data[at..at + 2].copy_from_slice(&deep(value).to_ne_bytes());
                    } else {
                        data[at + x as usize] = value as u8;
                    }
                }
            }
        }
        frame
    }
}

/// The number in a picture that is shown as it was drawn.
pub(crate) fn number_in(picture: &YuvPicture) -> u32 {
    number_by(picture, picture.size.width, picture.size.height, |x, y| (x, y))
}

/// The number in a picture that was turned: `place` says where the pixel drawn at (x, y) of a `width` by `height` frame
/// is shown.
pub(crate) fn number_by(
    picture: &YuvPicture,
    width: u32,
    height: u32,
    place: impl Fn(u32, u32) -> (u32, u32),
) -> u32 {
    let plane = picture.plane(0);
    let limit = (DARK + BRIGHT) / 2;
    (0..BITS)
        .map(|bit| {
            let (x, y) = place((bit * 2 + 1) * width / (BITS * 2), height / 4);
            let value = plane.data[y as usize * plane.stride + x as usize];
            u32::from(u16::from(value) > limit) << bit
        })
        .sum()
}

/// The top-level boxes of an MP4: type, start, length.
pub(crate) fn boxes(bytes: &[u8]) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at + 8 <= bytes.len() {
        let length = u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
        found.push((
            String::from_utf8_lossy(&bytes[at + 4..at + 8]).into_owned(),
            at,
            length,
        ));
        at += length.max(8);
    }
    found
}

/// Splits a fragmented MP4 into `init.mp4` and `segment_NNN.m4s` (cap-format.md 3.2) in `folder`; returns the paths in
/// order.
pub(crate) fn split_fragments(file: &Path, folder: &Path) -> Vec<PathBuf> {
    let bytes = fs::read(file).expect("the file is read");
    let starts: Vec<usize> = boxes(&bytes)
        .iter()
        .filter(|(kind, ..)| kind == "moof")
        .map(|(_, at, _)| *at)
        .collect();
    let mut cuts = vec![0];
    cuts.extend(starts);
    cuts.push(bytes.len());
    fs::create_dir_all(folder).expect("a folder");
    cuts.windows(2)
        .enumerate()
        .map(|(index, cut)| {
            let name = if index == 0 {
                "init.mp4".into()
            } else {
                format!("segment_{index:03}.m4s")
            };
            let path = folder.join(name);
            fs::write(&path, &bytes[cut[0]..cut[1]]).expect("a piece is written");
            path
        })
        .collect()
}

/// Where `needle` first occurs.
pub(crate) fn position_of(bytes: &[u8], needle: &[u8]) -> usize {
    bytes
        .windows(needle.len())
        .position(|window| window == needle)
        .expect("it occurs")
}

/// Puts a display matrix (ISO/IEC 14496-12, 8.3.2) into the track header: `turn` is its a, b, c, d as whole numbers.
pub(crate) fn set_matrix(file: &Path, [a, b, c, d]: [i32; 4]) {
    let mut bytes = fs::read(file).expect("the file is read");
    // After the type: version and flags 4, times, track, reserved and duration 20, reserved 8, layer to volume 8.
    let at = position_of(&bytes, b"tkhd") + 4 + 40;
    let values = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30];
    for (index, value) in values.iter().enumerate() {
        bytes[at + index * 4..at + index * 4 + 4].copy_from_slice(&value.to_be_bytes());
    }
    fs::write(file, bytes).expect("the file is written");
}
