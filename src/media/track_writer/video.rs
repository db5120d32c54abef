//! Video tracks with chosen presentation times.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;
use ffmpeg_next::util::color;
use ffmpeg_next::{Dictionary, Packet, Rational, codec, encoder, format, frame, picture};
use yuv::{BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvStandardMatrix};

use super::{TrackError, failed, open_output};
use crate::frame::{PackedFormat, PackedView, Size, YuvColor, YuvMatrix, YuvRange};
use crate::time::MediaTime;

/// Ticks per second of a written track's time base: what screen recorders use, fine enough for any frame rate.
const TICKS: i64 = 90_000;

/// Video codec of a written track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoCodec {
    /// H.264 by libx264.
    H264,
    /// HEVC by libx265.
    Hevc,
}

/// Chroma resolution of a written track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChromaSampling {
    /// Half in both directions; needs even sides.
    Yuv420,
    /// Full.
    Yuv444,
}

/// Bits per sample of a written track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitDepth {
    /// 8 bits.
    Eight,
    /// 10 bits. The pictures have 8, so only every fourth code value occurs.
    Ten,
}

/// How hard the encoder tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Quick to write (`veryfast`).
    Fast,
    /// Small files (`slow`).
    Small,
}

/// What a video track is written as.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoSpec {
    /// Picture size.
    pub size: Size,
    /// Nominal pictures per second: what the level of the stream is chosen for. Times need not keep to it.
    pub fps: u32,
    /// Codec.
    pub codec: VideoCodec,
    /// Chroma resolution.
    pub sampling: ChromaSampling,
    /// Bits per sample.
    pub depth: BitDepth,
    /// Matrix and range of the samples.
    pub color: YuvColor,
    /// Whether the stream says what `color` is.
    pub tagged: bool,
    /// Constant rate factor, 0..=51, lower is better.
    pub crf: u8,
    /// How hard the encoder tries.
    pub effort: Effort,
    /// Whether B-frames may be used; hardware screen encoders write none. The length that FFmpeg 7 reads from an MP4 file
    /// with B-frames falls short by the reordering delay (up to two pictures), however long the last picture lasts.
    pub b_frames: bool,
    /// Seconds between forced key frames.
    pub key_interval: f64,
    /// Fragmented MP4, a fragment for every key frame, instead of a progressive one.
    pub fragmented: bool,
}

impl VideoSpec {
    /// What Cap's recorder writes (cap-format.md 7): H.264 4:2:0, 8 bits, BT.709 limited range and tagged so, a key frame
    /// every 2 s, nominally 30 pictures per second.
    pub const fn new(size: Size) -> Self {
        Self {
            size,
            fps: 30,
            codec: VideoCodec::H264,
            sampling: ChromaSampling::Yuv420,
            depth: BitDepth::Eight,
            color: YuvColor::BT709_LIMITED,
            tagged: true,
            crf: 20,
            effort: Effort::Fast,
            b_frames: false,
            key_interval: 2.0,
            fragmented: false,
        }
    }

    fn encoder_name(&self) -> &'static str {
        match self.codec {
            VideoCodec::H264 => "libx264",
            VideoCodec::Hevc => "libx265",
        }
    }

    fn pixel_format(&self) -> format::Pixel {
        match (self.sampling, self.depth) {
            (ChromaSampling::Yuv420, BitDepth::Eight) => format::Pixel::YUV420P,
            (ChromaSampling::Yuv420, BitDepth::Ten) => format::Pixel::YUV420P10LE,
            (ChromaSampling::Yuv444, BitDepth::Eight) => format::Pixel::YUV444P,
            (ChromaSampling::Yuv444, BitDepth::Ten) => format::Pixel::YUV444P10LE,
        }
    }

    fn chroma_size(&self) -> Size {
        match self.sampling {
            ChromaSampling::Yuv420 => self.size.chroma_420(),
            ChromaSampling::Yuv444 => self.size,
        }
    }

    fn color_space(&self) -> color::Space {
        match self.color.matrix {
            YuvMatrix::Bt601 => color::Space::SMPTE170M,
            YuvMatrix::Bt709 => color::Space::BT709,
            YuvMatrix::Bt2020 => color::Space::BT2020NCL,
        }
    }

    fn color_range(&self) -> color::Range {
        match self.color.range {
            YuvRange::Limited => color::Range::MPEG,
            YuvRange::Full => color::Range::JPEG,
        }
    }

    fn encoder_options(&self) -> Dictionary<'static> {
        let mut options = Dictionary::new();
        options.set("crf", &self.crf.to_string());
        options.set(
            "preset",
            match self.effort {
                Effort::Fast => "veryfast",
                Effort::Small => "slow",
            },
        );
        options.set("forced-idr", "1");
        match self.codec {
            // Key frames come when they are forced, so that fragments have the length that was asked for.
            VideoCodec::H264 => options.set("sc_threshold", "0"),
            VideoCodec::Hevc => options.set("x265-params", "scenecut=0:log-level=error"),
        }
        options
    }
}

/// 8-bit planes without row padding.
struct Planes {
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

/// Writes one video track into an MP4 file.
///
/// A picture lasts until the next one: whoever has nothing new to show writes nothing, as a screen recorder does.
pub struct VideoTrackWriter {
    path: PathBuf,
    spec: VideoSpec,
    output: format::context::Output,
    encoder: encoder::video::Encoder,
    stream_time_base: Rational,
    planes: Planes,
    last: Option<i64>,
    next_key: i64,
    /// By presentation time, both in ticks; a duration is known once the next picture came.
    durations: BTreeMap<i64, i64>,
    /// Encoded and in decoding order, waiting for its duration.
    waiting: VecDeque<Packet>,
}

impl VideoTrackWriter {
    /// Opens `path` and the encoder.
    ///
    /// # Errors
    /// [`TrackError`] when the encoder is missing or refuses, the size does not suit the sampling, or the file cannot
    /// be made.
    pub fn create(path: &Path, spec: &VideoSpec) -> Result<Self, TrackError> {
        if spec.sampling == ChromaSampling::Yuv420
            && !(spec.size.width.is_multiple_of(2) && spec.size.height.is_multiple_of(2))
        {
            return Err(TrackError::OddSize {
                path: path.into(),
                size: spec.size,
            });
        }
        let mut output = open_output(path, "mp4")?;
        let name = spec.encoder_name();
        let found = encoder::find_by_name(name).ok_or_else(|| TrackError::MissingEncoder {
            encoder: name,
            path: path.into(),
        })?;
        let mut video = codec::Context::new_with_codec(found)
            .encoder()
            .video()
            .map_err(failed("preparing the encoder", path))?;
        let time_base = Rational::new(1, TICKS as i32);
        video.set_width(spec.size.width);
        video.set_height(spec.size.height);
        video.set_format(spec.pixel_format());
        video.set_time_base(time_base);
        video.set_frame_rate(Some(Rational::new(spec.fps as i32, 1)));
        // Key frames are forced by time; the encoder's own interval counts pictures.
        video.set_gop(i32::MAX as u32);
        video.set_max_b_frames(if spec.b_frames { 2 } else { 0 });
        // The encoder converts nothing: full range must be declared to it even when the tags are withheld.
        video.set_color_range(if spec.tagged {
            spec.color_range()
        } else {
            color::Range::Unspecified
        });
        if spec.tagged {
            video.set_colorspace(spec.color_space());
            video.set_color_primaries(color::Primaries::BT709);
            video.set_color_transfer_characteristic(color::TransferCharacteristic::BT709);
        }
        video.set_flags(codec::Flags::GLOBAL_HEADER);
        let encoder = video
            .open_with(spec.encoder_options())
            .map_err(failed("opening the encoder", path))?;

        let mut stream = output
            .add_stream(found)
            .map_err(failed("adding a stream", path))?;
        stream.set_time_base(time_base);
        stream.set_parameters(&encoder);
        let mut options = Dictionary::new();
        options.set("fflags", "+bitexact");
        options.set("video_track_timescale", &TICKS.to_string());
        if spec.fragmented {
            options.set("movflags", "frag_keyframe+empty_moov+default_base_moof");
        }
        output
            .write_header_with(options)
            .map_err(failed("writing the header", path))?;
        let stream_time_base = output.stream(0).map_or(time_base, |stream| stream.time_base());
        let chroma = spec.chroma_size().area() as usize;
        Ok(Self {
            path: path.into(),
            spec: spec.clone(),
            output,
            encoder,
            stream_time_base,
            planes: Planes {
                y: vec![0; spec.size.area() as usize],
                u: vec![0; chroma],
                v: vec![0; chroma],
            },
            last: None,
            next_key: 0,
            durations: BTreeMap::new(),
            waiting: VecDeque::new(),
        })
    }

    /// Adds a picture that is shown from `time` (rounded to 1/90000 s) on. Alpha is ignored.
    ///
    /// # Errors
    /// [`TrackError`] when the time does not follow the last one, the picture has another size, or encoding or writing
    /// fails.
    pub fn write(&mut self, picture: PackedView<'_>, time: MediaTime) -> Result<(), TrackError> {
        if picture.size != self.spec.size {
            return Err(TrackError::PictureSize {
                path: self.path.clone(),
                expected: self.spec.size,
                found: picture.size,
            });
        }
        let pts = self.close_last(time)?;
        self.convert(picture)?;
        let mut frame = frame::Video::new(
            self.spec.pixel_format(),
            self.spec.size.width,
            self.spec.size.height,
        );
        self.fill(&mut frame);
        frame.set_pts(Some(pts));
        if self.spec.tagged {
            frame.set_color_space(self.spec.color_space());
            frame.set_color_range(self.spec.color_range());
        }
        if pts >= self.next_key {
            frame.set_kind(picture::Type::I);
            let interval = ((self.spec.key_interval * TICKS as f64) as i64).max(1);
            self.next_key = (pts / interval + 1) * interval;
        }
        self.encoder
            .send_frame(&frame)
            .map_err(failed("encoding a picture", &self.path))?;
        self.last = Some(pts);
        self.drain()
    }

    /// Ends the track: the last picture lasts until `end`.
    ///
    /// # Errors
    /// [`TrackError`] when no picture was written, `end` does not follow the last one, or writing fails.
    pub fn finish(mut self, end: MediaTime) -> Result<(), TrackError> {
        if self.last.is_none() {
            return Err(TrackError::Empty { path: self.path });
        }
        self.close_last(end)?;
        self.encoder
            .send_eof()
            .map_err(failed("ending the encoder", &self.path))?;
        self.drain()?;
        self.output
            .write_trailer()
            .map_err(failed("writing the index", &self.path))
    }

    /// Notes how long the last picture lasted, now that something follows it at `time`, which is returned in ticks.
    fn close_last(&mut self, time: MediaTime) -> Result<i64, TrackError> {
        let pts = (time.secs() * TICKS as f64).round() as i64;
        if let Some(last) = self.last {
            if pts <= last {
                return Err(TrackError::NotLater {
                    path: self.path.clone(),
                    time: time.secs(),
                    previous: last as f64 / TICKS as f64,
                });
            }
            self.durations.insert(last, pts - last);
        }
        Ok(pts)
    }

    fn drain(&mut self) -> Result<(), TrackError> {
        loop {
            let mut packet = Packet::empty();
            match self.encoder.receive_packet(&mut packet) {
                Ok(()) => self.waiting.push_back(packet),
                Err(
                    ffmpeg::Error::Eof
                    | ffmpeg::Error::Other {
                        errno: ffmpeg::error::EAGAIN,
                    },
                ) => break,
                Err(source) => return Err(failed("encoding a picture", &self.path)(source)),
            }
        }
        while let Some(packet) = self.waiting.front() {
            let Some(duration) = packet.pts().and_then(|pts| self.durations.remove(&pts)) else {
                break;
            };
            let Some(mut packet) = self.waiting.pop_front() else {
                break;
            };
            packet.set_stream(0);
            packet.set_duration(duration);
            packet.rescale_ts(Rational::new(1, TICKS as i32), self.stream_time_base);
            packet
                .write_interleaved(&mut self.output)
                .map_err(failed("writing a packet", &self.path))?;
        }
        Ok(())
    }

    fn convert(&mut self, picture: PackedView<'_>) -> Result<(), TrackError> {
        let convert = match (self.spec.sampling, picture.format) {
            (ChromaSampling::Yuv420, PackedFormat::Rgba) => yuv::rgba_to_yuv420,
            (ChromaSampling::Yuv420, PackedFormat::Bgra) => yuv::bgra_to_yuv420,
            (ChromaSampling::Yuv444, PackedFormat::Rgba) => yuv::rgba_to_yuv444,
            (ChromaSampling::Yuv444, PackedFormat::Bgra) => yuv::bgra_to_yuv444,
        };
        let chroma_width = self.spec.chroma_size().width;
        let mut planar = YuvPlanarImageMut {
            y_plane: BufferStoreMut::Borrowed(&mut self.planes.y),
            y_stride: self.spec.size.width,
            u_plane: BufferStoreMut::Borrowed(&mut self.planes.u),
            u_stride: chroma_width,
            v_plane: BufferStoreMut::Borrowed(&mut self.planes.v),
            v_stride: chroma_width,
            width: self.spec.size.width,
            height: self.spec.size.height,
        };
        let range = match self.spec.color.range {
            YuvRange::Limited => yuv::YuvRange::Limited,
            YuvRange::Full => yuv::YuvRange::Full,
        };
        let matrix = match self.spec.color.matrix {
            YuvMatrix::Bt601 => YuvStandardMatrix::Bt601,
            YuvMatrix::Bt709 => YuvStandardMatrix::Bt709,
            YuvMatrix::Bt2020 => YuvStandardMatrix::Bt2020,
        };
        let stride = picture.stride as u32;
        convert(
            &mut planar,
            picture.data,
            stride,
            range,
            matrix,
            YuvConversionMode::Balanced,
        )
        .map_err(|error| TrackError::Convert {
            path: self.path.clone(),
            reason: error.to_string(),
        })
    }

    fn fill(&self, frame: &mut frame::Video) {
        let chroma_width = self.spec.chroma_size().width as usize;
        let luma_width = self.spec.size.width as usize;
        let sources = [
            (&self.planes.y, luma_width),
            (&self.planes.u, chroma_width),
            (&self.planes.v, chroma_width),
        ];
        for (index, (source, width)) in sources.into_iter().enumerate() {
            let stride = frame.stride(index);
            let rows = frame.data_mut(index).chunks_mut(stride);
            for (target, source) in rows.zip(source.chunks_exact(width)) {
                match self.spec.depth {
                    BitDepth::Eight => target[..width].copy_from_slice(source),
                    BitDepth::Ten => {
                        for (pair, &code) in target.chunks_exact_mut(2).zip(source) {
                            let wide = widen(code, self.spec.color.range, index > 0);
                            pair.copy_from_slice(&wide.to_le_bytes());
                        }
                    }
                }
            }
        }
    }
}

/// The 10-bit code value of an 8-bit one (ITU-T H.273 8.3: limited range scales by 4, full range by 1023/255 around the
/// middle 128 -> 512 for chroma).
fn widen(code: u8, range: YuvRange, chroma: bool) -> u16 {
    match (range, chroma) {
        (YuvRange::Limited, _) => u16::from(code) * 4,
        (YuvRange::Full, false) => ((u32::from(code) * 1023 + 127) / 255) as u16,
        (YuvRange::Full, true) => ((f64::from(code) - 128.0) * 1023.0 / 255.0 + 512.0).round() as u16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_bit_codes_keep_black_white_and_grey() {
        assert_eq!(widen(16, YuvRange::Limited, false), 64);
        assert_eq!(widen(235, YuvRange::Limited, false), 940);
        assert_eq!(widen(0, YuvRange::Full, false), 0);
        assert_eq!(widen(255, YuvRange::Full, false), 1023);
        assert_eq!(widen(128, YuvRange::Full, true), 512);
        assert_eq!(widen(128, YuvRange::Limited, true), 512);
    }
}
