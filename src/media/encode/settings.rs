//! What an export asks of the video encoder.

use crate::frame::Size;
use crate::media::encode::{EncodeError, RateControl};
use crate::time::FrameRate;

/// Which encoder is to be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EncoderChoice {
    /// The first of the platform's list that works (cap-look.md 22.3).
    #[default]
    Auto,
    /// This one of FFmpeg's H.264 encoders, or an error: nothing else is tried.
    Named(String),
}

/// How thoroughly x264 searches where it is not told a rate factor alone.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum X264Options {
    /// Cap's options with a cheaper search: whole macroblocks, a small search pattern, no weights, no hunt for cuts.
    #[default]
    Lean,
    /// Cap's options (cap-look.md 22.4).
    Cap,
}

/// Which part of the pictures an encoder sees (see [`crate::media::h264::RegionStream`]). Anything but
/// [`Part::Everything`] is for libx264.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// All of all pictures.
    #[default]
    Everything,
    /// The pictures of which much changes, whole.
    WholePictures,
    /// A rectangle of the others.
    Rectangle,
}

/// Everything that decides what the video stream will be.
#[derive(Clone, Debug)]
pub struct VideoSettings {
    /// Picture size, both sides even.
    pub size: Size,
    /// Constant rate of the output; the encoder's time base is one frame.
    pub frame_rate: FrameRate,
    /// Bits.
    pub rate: RateControl,
    /// Options of x264, unless `rate` is a rate factor alone.
    pub x264: X264Options,
    /// Encoder.
    pub choice: EncoderChoice,
    /// Threads of a software encoder; `None` takes one for each processor that this process may use.
    pub threads: Option<usize>,
    /// Upper bound on the pictures a P picture may refer to; `None` leaves what cap-look.md 22.4 gives. With 1, a
    /// picture only ever depends on the one before it, which is what inserting repetitions between coded
    /// pictures needs.
    pub max_references: Option<u8>,
    /// Which part of the pictures it sees.
    pub part: Part,
    /// Pictures come as surfaces of this format; only h264_videotoolbox takes them, named as the choice.
    #[cfg(any(target_os = "macos", test))]
    pub surfaces: Option<crate::media::encode::SurfaceFormat>,
}

impl VideoSettings {
    /// Settings for the encoder of choice with default threads.
    pub fn new(size: Size, frame_rate: FrameRate, rate: RateControl) -> Self {
        Self {
            size,
            frame_rate,
            rate,
            x264: X264Options::default(),
            choice: EncoderChoice::Auto,
            threads: None,
            max_references: None,
            part: Part::Everything,
            #[cfg(any(target_os = "macos", test))]
            surfaces: None,
        }
    }

    /// Frames from one key frame to the next: two seconds' worth (cap-look.md 22.2).
    pub const fn key_frame_interval(&self) -> u32 {
        self.frame_rate.fps().saturating_mul(2)
    }

    /// Refuses what no H.264 encoder can do, before one is opened.
    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        let Size { width, height } = self.size;
        if width == 0 || height == 0 || width % 2 == 1 || height % 2 == 1 {
            return Err(EncodeError::Size { size: self.size });
        }
        self.rate.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(width: u32, height: u32, fps: u32) -> VideoSettings {
        let rate = FrameRate::new(fps).expect("not 0");
        VideoSettings::new(Size::new(width, height), rate, RateControl::Crf(24))
    }

    #[test]
    fn key_frames_are_two_seconds_apart() {
        assert_eq!(settings(2, 2, 60).key_frame_interval(), 120);
        assert_eq!(settings(2, 2, 7).key_frame_interval(), 14);
        assert_eq!(settings(2, 2, u32::MAX).key_frame_interval(), u32::MAX);
    }

    #[test]
    fn odd_and_empty_sizes_are_refused_with_the_size_in_the_text() {
        for (width, height) in [(1365, 768), (1366, 767), (0, 2), (2, 0)] {
            let error = settings(width, height, 30).check().expect_err("not encodable");
            let text = error.to_string();
            assert!(text.contains(&format!("{width}x{height}")), "{text}");
            assert!(text.contains("even"), "{text}");
        }
        assert!(settings(1366, 768, 30).check().is_ok());
    }
}
