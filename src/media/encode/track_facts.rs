//! What a muxer has to know of an H.264 stream as plain data, so that a stream can be muxed elsewhere than it was encoded.

use std::ffi::{CStr, CString};

use ffmpeg_next::{Rational, codec, ffi};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EncodeError, Track};

/// The parameters of an H.264 stream. Numbers are those of ITU-T H.273 and H.264, names those of FFmpeg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrackFacts {
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
    /// FFmpeg's name of the arrangement of samples, `yuv420p`.
    pub pixel_format: String,
    /// Seconds of a packet's unit of time, as a fraction.
    pub time_base: (i32, i32),
    /// Frames per second, as a fraction.
    pub frame_rate: (i32, i32),
    /// Bits per second that the encoder was told; 0 where it was not.
    pub bit_rate: i64,
    /// profile_idc with FFmpeg's marks.
    pub profile: i32,
    /// level_idc.
    pub level: i32,
    /// Pictures that are held back for reordering.
    pub video_delay: i32,
    /// Range, primaries, transfer and matrix of the colours, place of the chroma samples, order of fields.
    pub colors: [i32; 6],
    /// Shape of a pixel; 0 over 1 where nothing is said.
    pub pixel_aspect: (i32, i32),
    /// SPS and PPS as the encoder gave them, in hexadecimal digits.
    pub parameter_sets: String,
}

impl TrackFacts {
    /// Those of a video track.
    pub fn of(track: &Track) -> Self {
        // SAFETY: the parameters live as long as the track; plain fields are read.
        let raw = unsafe { &*track.parameters.as_ptr() };
        let rate = track.frame_rate.unwrap_or(Rational(0, 1));
        Self {
            width: raw.width,
            height: raw.height,
            pixel_format: pixel_format_name(raw.format),
            time_base: track.time_base(),
            frame_rate: (rate.numerator(), rate.denominator()),
            bit_rate: raw.bit_rate,
            profile: raw.profile,
            level: raw.level,
            video_delay: raw.video_delay,
            colors: [
                raw.color_range as i32,
                raw.color_primaries as i32,
                raw.color_trc as i32,
                raw.color_space as i32,
                raw.chroma_location as i32,
                raw.field_order as i32,
            ],
            pixel_aspect: (raw.sample_aspect_ratio.num, raw.sample_aspect_ratio.den),
            parameter_sets: hex(track.extradata()),
        }
    }

    /// SPS and PPS as bytes; `None` where the text is no hexadecimal number.
    pub fn sets(&self) -> Option<Vec<u8>> {
        unhex(&self.parameter_sets)
    }

    /// A track of these parameters. Every one was an encoder's.
    ///
    /// # Errors
    /// When they can't be stored.
    pub fn track(&self) -> Result<Track, EncodeError> {
        let oom = || EncodeError::OutOfMemory {
            doing: "describing a stream",
        };
        let mut parameters = codec::Parameters::new();
        let format = CString::new(self.pixel_format.as_str()).map_err(|_| oom())?;
        // SAFETY: the parameters are ours; plain fields are set. The enumerations hold any number: FFmpeg's muxers compare
        // them and write them down. The name is NUL-terminated.
        unsafe {
            let raw = parameters.as_mut_ptr();
            if raw.is_null() {
                return Err(oom());
            }
            (*raw).codec_type = ffi::AVMediaType::AVMEDIA_TYPE_VIDEO;
            (*raw).codec_id = ffi::AVCodecID::AV_CODEC_ID_H264;
            (*raw).width = self.width;
            (*raw).height = self.height;
            (*raw).format = ffi::av_get_pix_fmt(format.as_ptr()) as i32;
            (*raw).bit_rate = self.bit_rate;
            (*raw).profile = self.profile;
            (*raw).level = self.level;
            (*raw).video_delay = self.video_delay;
            (*raw).sample_aspect_ratio = ffi::AVRational {
                num: self.pixel_aspect.0,
                den: self.pixel_aspect.1,
            };
            let [range, primaries, transfer, matrix, location, order] = self.colors;
            // Written as numbers: an enumeration of Rust must not hold one that it does not name.
            (&raw mut (*raw).color_range).cast::<i32>().write(range);
            (&raw mut (*raw).color_primaries).cast::<i32>().write(primaries);
            (&raw mut (*raw).color_trc).cast::<i32>().write(transfer);
            (&raw mut (*raw).color_space).cast::<i32>().write(matrix);
            (&raw mut (*raw).chroma_location).cast::<i32>().write(location);
            (&raw mut (*raw).field_order).cast::<i32>().write(order);
        }
        let mut track = Track {
            parameters,
            time_base: Rational(self.time_base.0, self.time_base.1),
            frame_rate: Some(Rational(self.frame_rate.0, self.frame_rate.1)),
        };
        track.set_extradata(&self.sets().ok_or_else(oom)?)?;
        Ok(track)
    }
}

fn pixel_format_name(format: i32) -> String {
    // SAFETY: the format was set by FFmpeg; the name is static or null.
    unsafe {
        let name = ffi::av_get_pix_fmt_name(std::mem::transmute::<i32, ffi::AVPixelFormat>(format));
        if name.is_null() {
            return String::new();
        }
        CStr::from_ptr(name).to_string_lossy().into_owned()
    }
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() % 2 == 1 {
        return None;
    }
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Size;
    use crate::media::encode::tests::skip;
    use crate::media::encode::{RateControl, VideoSettings, open_video};
    use crate::time::FrameRate;

    #[test]
    fn a_track_is_made_again_of_its_facts() {
        let settings = VideoSettings::new(
            Size::new(128, 96),
            FrameRate::new(30).expect("not 0"),
            RateControl::bitrate(1_000_000),
        );
        let Ok((encoder, _)) = open_video(&settings) else {
            return skip("no encoder in this FFmpeg");
        };
        let track = encoder.track();
        let facts = TrackFacts::of(&track);
        assert_eq!((facts.width, facts.height), (128, 96));
        let json = serde_json::to_string(&facts).expect("plain");
        let read: TrackFacts = serde_json::from_str(&json).expect("what was written");
        let again = read.track().expect("small");
        assert_eq!(TrackFacts::of(&again), facts);
        assert_eq!(again.extradata(), track.extradata());
        assert_eq!(unhex("0g"), None);
        assert_eq!(unhex("abc"), None);
    }
}
