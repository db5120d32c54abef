//! What a finished export tells: what ran, what it fell back from, where the time went.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::meter::StageReport;
use super::regions::RegionReport;
use super::settings::ExportSettings;
use crate::confine::Confinement;
use crate::convert::PathSwitch;
use crate::frame::Size;
use crate::scene::Unrendered;

/// The result of an export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExportReport {
    /// The file; `None` when nothing was to be written (`--encoder none`).
    #[serde(default, with = "crate::lossy::optional_path")]
    #[schemars(with = "Option<PathBuf>")]
    pub path: Option<PathBuf>,
    /// Its size in bytes.
    pub bytes: u64,
    /// Frames in the video.
    pub frames: u64,
    /// Frames that were composed; the others repeat the one before.
    pub composed_frames: u64,
    /// Pictures the encoder coded.
    pub coded_pictures: u64,
    /// Pictures in the file: fewer than `frames` only at variable frame rate.
    pub written_pictures: u64,
    /// How the pictures in the file came about; all 0 for a copy of an instant recording.
    #[serde(default)]
    pub pictures: PictureKinds,
    /// What became of region pictures; `None` where there could be none.
    #[serde(default)]
    pub regions: Option<RegionReport>,
    /// Picture size in pixels.
    pub size: Size,
    /// Length of the video in seconds.
    pub duration_s: f64,
    /// Seconds from the start of the export to its end.
    pub wall_s: f64,
    /// Seconds until the first frame was encoded.
    pub first_frame_s: Option<f64>,
    /// Output frames per second of wall time.
    pub fps: f64,
    /// Settings as resolved.
    pub settings: ExportSettings,
    /// What really ran.
    pub paths: Paths,
    /// What was tried first and did not serve, with the reason.
    pub fallbacks: Vec<Fallback>,
    /// Where the time went.
    pub stages: Vec<StageReport>,
    /// Settings of the recording that have no effect yet.
    pub unrendered: Vec<Unrendered>,
    /// What was odd.
    pub warnings: Vec<String>,
    /// What the kernel kept the export from; `None` without `--confined`.
    #[serde(default)]
    pub confinement: Option<Confinement>,
}

/// How many pictures of the file came about in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PictureKinds {
    /// Coded whole.
    pub whole: u64,
    /// Coded in rectangles; the rest repeats the picture before.
    pub region: u64,
    /// Copies of the picture before, which cost no encoding.
    pub still: u64,
}

/// What really ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Paths {
    /// Decoders, one a track that was decoded.
    pub decoders: Vec<DecoderPath>,
    /// GPU adapter.
    pub adapter: Option<AdapterPath>,
    /// Who filtered the source pictures, and why.
    #[serde(default)]
    pub sampling: Option<SamplingPath>,
    /// Pixel path: swscale, simd, gpu, videotoolbox or bgra.
    pub pixel_path: Option<String>,
    /// How the pixel path was chosen.
    pub calibration: Option<crate::convert::calibrate::Calibration>,
    /// Encoder name.
    pub encoder: Option<String>,
    /// FFmpeg's name of the pixel format that the encoder is given: videotoolbox where it takes surfaces without a copy.
    pub encoder_input: Option<String>,
    /// How the encoder was told to spend bits.
    #[serde(default)]
    pub rate: Option<crate::media::encode::RanRate>,
    /// Encoder options as set.
    pub encoder_options: Vec<crate::media::encode::OptionSet>,
    /// What became of frames that equal the one before.
    pub repeats: Option<super::settings::Repeats>,
    /// Sound: encoder, or why there is none.
    pub sound: String,
    /// What `audio.improve` made of the microphones that are heard.
    #[serde(default)]
    pub improved_microphones: Vec<ImprovedMicrophone>,
}

/// A microphone with less noise, at the level of speech.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImprovedMicrophone {
    /// Index of the recording segment.
    pub segment: usize,
    /// What was measured and done.
    #[serde(flatten)]
    pub improvement: crate::sound::Improvement,
}

impl std::fmt::Display for ImprovedMicrophone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let made = &self.improvement;
        write!(
            f,
            "microphone of segment {}: {:.0} % without noise, gain {:+.1} dB and {:+.1} dB, by {:.1} s of speech",
            self.segment,
            made.wet * 100.0,
            made.gain_db,
            made.make_up_db,
            made.speech_secs
        )
    }
}

/// A decoder that ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecoderPath {
    /// Recording segment.
    pub segment: usize,
    /// display, camera, mic, system_audio or music.
    pub track: String,
    /// FFmpeg decoder.
    pub decoder: String,
    /// Hardware device; `None` is software.
    pub hardware: Option<String>,
}

impl DecoderPath {
    /// Whether it is that of a track.
    pub(super) fn is(&self, segment: usize, track: &str) -> bool {
        self.segment == segment && self.track == track
    }
}

/// The GPU adapter that ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AdapterPath {
    /// Name.
    pub name: String,
    /// Vulkan, Metal, DX12 or GL.
    pub backend: String,
    /// Driver and its version.
    pub driver: String,
    /// Whether it computes on the CPU.
    pub software: bool,
}

/// Who filtered the source pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SamplingPath {
    /// Adapter or processor.
    pub by: crate::render::Sampling,
    /// Why.
    pub reason: String,
}

/// Something that was tried first and did not serve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fallback {
    /// Part of the pipeline: decoder, encoder, pixel path (with the output frame where it happened in the middle of an
    /// export), source picture.
    pub what: String,
    /// What was tried.
    pub from: String,
    /// What ran instead.
    pub to: String,
    /// Why.
    pub reason: String,
}

impl Fallback {
    /// Whether software does what a GPU was asked for first, as it is to be on a machine without one.
    pub fn is_for_want_of_hardware(&self) -> bool {
        let (encoder, decoder) = (self.what == "encoder", self.what.starts_with("decoder "));
        (encoder && self.to.starts_with("lib")) || (decoder && self.to == "software")
    }
}

impl From<PathSwitch> for Fallback {
    fn from(switch: PathSwitch) -> Self {
        Self {
            what: format!("pixel path, at frame {}", switch.frame),
            from: switch.from.to_string(),
            to: switch.to.to_string(),
            reason: switch.reason,
        }
    }
}
