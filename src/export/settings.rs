//! Resolved settings of an export: what flags, settings JSON and defaults come to.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::span::Span;
use crate::cap::CameraDelay;
use crate::convert::PixelPath;
use crate::frame::Size;
use crate::media::decode::HardwareChoice;
use crate::media::encode::{EncoderChoice, Quality, RateControl, VideoSettings, X264Options};
use crate::render::Sampling;
use crate::time::FrameRate;

/// Everything an export needs to know beside the recording and the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExportSettings {
    /// Constant rate of the output.
    pub frame_rate: FrameRate,
    /// Box the output is fitted into, pixels (cap-look.md 2.2).
    pub bounds: Size,
    /// Size of the video stream.
    pub rate: Rate,
    /// Options of x264.
    #[serde(default)]
    pub x264: X264Options,
    /// Which encoder.
    pub encoder: EncoderSetting,
    /// Hardware decoding.
    pub decoder: HardwareChoice,
    /// How rendered pixels reach the encoder.
    pub pixel_path: PixelPathSetting,
    /// What becomes of frames that equal the one before.
    pub repeats: Repeats,
    /// Whether pictures of which little changes are coded in rectangles.
    #[serde(default)]
    pub region_pictures: RegionPictures,
    /// Whether only what changed is redrawn, read back and converted. The frames are the same either way.
    pub damage: bool,
    /// Part of the name of the GPU adapter; the best one when none is given.
    pub adapter: Option<String>,
    /// Who filters the source pictures.
    #[serde(default)]
    pub sampling: SamplingSetting,
    /// Cap's BT.601 maths, luma cut off, with BT.709 tags instead of true BT.709 (cap-look.md 20), and times in single precision where
    /// they choose a source picture (3.4).
    pub cap_colors: bool,
    /// Whether a recorded camera offset that the editor computed counts once or, as in Cap, twice (cap-format.md 6.2).
    pub camera_delay: CameraDelay,
    /// What becomes of zooms that move nothing by more than 1/16 of a pixel.
    #[serde(default)]
    pub zoom_tails: ZoomTails,
    /// Image that replaces the configured background.
    #[serde(default, with = "crate::lossy::optional_path")]
    #[schemars(with = "Option<PathBuf>")]
    pub background: Option<PathBuf>,
    /// Configuration that replaces the recording's project-config.json.
    #[serde(default, with = "crate::lossy::optional_path")]
    #[schemars(with = "Option<PathBuf>")]
    pub config: Option<PathBuf>,
    /// Whether nothing outside the recording is opened but what these settings and the target name.
    #[serde(default)]
    pub confined: bool,
    /// Threads of a software encoder; one for each processor where it is null.
    #[serde(default)]
    pub encoder_threads: Option<usize>,
    /// Which of the output's frames are made.
    #[serde(default)]
    pub span: Span,
}

impl ExportSettings {
    /// What the encoder of pictures of `size` is opened with.
    pub fn video(&self, size: Size) -> VideoSettings {
        let mut video = VideoSettings::new(size, self.frame_rate, self.rate.control(size, self.frame_rate));
        video.x264 = self.x264;
        video.choice = match &self.encoder {
            EncoderSetting::Named(name) => EncoderChoice::Named(name.clone()),
            EncoderSetting::Auto | EncoderSetting::None => EncoderChoice::Auto,
        };
        video.threads = self.encoder_threads;
        if self.repeats != Repeats::Encode {
            // Copies of a picture take its place among the references, so there must be one only. Where repetitions are
            // left out instead, the pictures are the same ones and cost the same.
            video.max_references = Some(1);
        }
        video
    }
}

impl Default for ExportSettings {
    /// The defaults of Cap's command line (cap-look.md 22.1).
    fn default() -> Self {
        Self {
            frame_rate: FrameRate::SIXTY,
            bounds: Size::new(1920, 1080),
            rate: Rate::Quality(Quality::Maximum),
            x264: X264Options::Lean,
            encoder: EncoderSetting::Auto,
            decoder: HardwareChoice::Auto,
            pixel_path: PixelPathSetting::Auto,
            repeats: Repeats::StillPictures,
            region_pictures: RegionPictures::default(),
            damage: true,
            adapter: None,
            sampling: SamplingSetting::Auto,
            cap_colors: false,
            camera_delay: CameraDelay::CountedOnce,
            zoom_tails: ZoomTails::Held,
            background: None,
            config: None,
            confined: false,
            encoder_threads: None,
            span: Span::Whole,
        }
    }
}

/// Size of the video stream.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// A preset's quality: as many bits as that takes, within 1.5 times its bit rate. Encoders without a rate factor take the
    /// bit rate.
    Quality(Quality),
    /// A preset's bit rate: Cap's bits per pixel.
    CapBitrate(Quality),
    /// Bits per pixel of the caller's.
    BitsPerPixel(f64),
    /// Average bits per second.
    Bitrate(u64),
    /// Constant quality, 0..=51, lower is better.
    Crf(u8),
}

impl Rate {
    /// What the encoder is told for pictures of `size` at `frame_rate` (cap-look.md 22.1).
    pub fn control(self, size: Size, frame_rate: FrameRate) -> RateControl {
        match self {
            Self::Quality(quality) => RateControl::preset(size, frame_rate, quality),
            Self::CapBitrate(quality) => {
                RateControl::bits_per_pixel(size, frame_rate, quality.bits_per_pixel())
            }
            Self::BitsPerPixel(bpp) => RateControl::bits_per_pixel(size, frame_rate, bpp),
            Self::Bitrate(target) => RateControl::bitrate(target),
            Self::Crf(crf) => RateControl::Crf(crf),
        }
    }
}

/// Which encoder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EncoderSetting {
    /// The first of the platform's list that proves itself (cap-look.md 22.3).
    Auto,
    /// This one or an error.
    Named(String),
    /// None: frames are converted and dropped, nothing is written. For measuring.
    None,
}

/// What becomes of a frame that equals the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repeats {
    /// It is written as an all-skip picture that costs no encoding, where the encoder's stream allows that.
    StillPictures,
    /// It is encoded again.
    Encode,
    /// It is not written: the picture before lasts longer (variable frame rate).
    Skip,
}

/// What becomes of frames in which a zoom moves nothing by more than 1/16 of a pixel, as springs do before they rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ZoomTails {
    /// They show the zoom of another frame, so that nothing has to be drawn.
    #[default]
    Held,
    /// They are drawn as Cap draws them.
    Exact,
}

/// Whether the encoder is shown only what changed, where that is little ([`crate::media::h264::RegionStream`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegionPictures {
    /// Where encoder and settings allow it.
    Auto,
    /// It is, or there is an error.
    On,
    /// It is not.
    #[default]
    Off,
}

/// Who filters the source pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SamplingSetting {
    /// The processor where the adapter computes on it too, otherwise the adapter.
    #[default]
    Auto,
    /// This one.
    Fixed(Sampling),
}

/// How rendered pixels reach the encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PixelPathSetting {
    /// The fastest path that proves itself on this machine.
    Auto,
    /// This one or an error.
    Fixed(PixelPath),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pictures_of_both_frame_rate_modes_are_coded_alike() {
        let references = |repeats| {
            let settings = ExportSettings {
                repeats,
                ..ExportSettings::default()
            };
            settings.video(settings.bounds).max_references
        };
        assert_eq!(references(Repeats::StillPictures), Some(1));
        assert_eq!(references(Repeats::Skip), references(Repeats::StillPictures));
        assert_eq!(references(Repeats::Encode), None);
    }
}
