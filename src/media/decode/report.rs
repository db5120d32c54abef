//! What a decoder is asked, what it chose and what it did, as data.

use std::time::Duration;

/// Whether the decoding is to be done by hardware.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum HardwareChoice {
    /// The first of the platform's usual kinds that works, else software.
    #[default]
    Auto,
    /// Software.
    Off,
    /// This kind by FFmpeg's name (`videotoolbox`, `vaapi`, `cuda`, `d3d11va`, ...), else software.
    Named(String),
}

/// How a track is to be decoded.
#[derive(Clone, Debug)]
pub struct DecodeOptions {
    /// Rate of the grid that lookups are quantised to: `fps` of the track in recording-meta.json. 0 counts as 1.
    pub nominal_fps: u32,
    /// Hardware or software.
    pub hardware: HardwareChoice,
    /// Threads of a software decoder; 0 lets FFmpeg choose (one per core).
    pub threads: u32,
}

/// What decodes a track, and what was tried before.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct DecoderReport {
    /// FFmpeg's name of the decoder, "h264".
    pub decoder: String,
    /// FFmpeg's name of the kind of device; `None` is software.
    pub hardware: Option<String>,
    /// Threads of the decoder.
    pub threads: u32,
    /// Devices that were not used, each with its reason.
    pub failed: Vec<FailedAttempt>,
}

/// A device that is not used.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct FailedAttempt {
    /// FFmpeg's name of the kind of device.
    pub name: String,
    /// Why it is not used.
    pub reason: String,
}

/// What a decoder did.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct DecoderStats {
    /// Frames that came out of the decoder, shown or not.
    pub decoded: u64,
    /// Frames or packets that were damaged; the picture before was shown on in their place.
    pub damaged: u64,
    /// Times that playing forward was left: jumps back, or far ahead.
    pub seeks: u64,
    /// Seconds that the headers promise beyond the last packet: the file was cut off.
    pub missing_seconds: f64,
    /// Time spent in [`VideoDecoder::picture_at`](super::VideoDecoder::picture_at).
    pub busy: Duration,
}
