//! `recording-meta.json`: what was recorded (cap-format.md 2).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::config::Xy;

/// The whole file, its kind decided (cap-format.md 2.2).
#[derive(Clone, Debug, PartialEq)]
pub struct RecordingMeta {
    /// Human title.
    pub pretty_name: String,
    /// OS of the recorder, as written.
    pub platform: Option<String>,
    /// Studio or instant.
    pub kind: RecordingKind,
}

/// Kind of a recording.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordingKind {
    /// Separate tracks and a project configuration.
    Studio(StudioMeta),
    /// One finished video.
    Instant(InstantMeta),
}

/// A studio recording; the legacy single-segment form is one segment with `legacy` set.
#[derive(Clone, Debug, PartialEq)]
pub struct StudioMeta {
    /// Pause/resume cycles by their place in the file, which is what clips call them; without those that are malformed and
    /// that no clip shows.
    pub segments: BTreeMap<u32, SegmentMeta>,
    /// Pointer images by id.
    pub cursors: BTreeMap<String, CursorImage>,
    /// State of the recording.
    pub status: StudioStatus,
    /// The 2024 form: all tracks start together, no pointer images.
    pub legacy: bool,
}

/// State of a studio recording (cap-format.md 2.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StudioStatus {
    /// Ready.
    Complete,
    /// The recorder runs or crashed.
    InProgress,
    /// Stopped; tracks are still fragments.
    NeedsRemux,
    /// Unusable, with the recorder's reason.
    Failed(String),
}

/// An instant recording (cap-format.md 2.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstantMeta {
    /// `recording` as written: true while it runs, false when incomplete.
    InProgress(bool),
    /// The recorder's reason.
    Failed(String),
    /// Finished.
    Complete {
        /// Nominal rate.
        fps: u32,
    },
}

/// One pause/resume cycle (cap-format.md 2.4).
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SegmentMeta {
    /// Screen.
    pub display: VideoTrack,
    /// Webcam.
    #[serde(default)]
    pub camera: Option<VideoTrack>,
    /// Microphone.
    #[serde(default, alias = "audio")]
    pub mic: Option<AudioTrack>,
    /// Computer sound.
    #[serde(default)]
    pub system_audio: Option<AudioTrack>,
    /// Path of the pointer events.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Path of the key events.
    #[serde(default)]
    pub keyboard: Option<String>,
    /// macOS notch.
    #[serde(default)]
    pub display_notch: Option<DisplayNotch>,
}

/// Notch as fractions of the captured frame.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct DisplayNotch {
    /// Left edge, fraction of the width.
    pub x: f64,
    /// Fraction of the width.
    pub width: f64,
    /// Fraction of the height.
    pub height: f64,
}

/// Screen or camera (cap-format.md 2.3).
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct VideoTrack {
    /// Relative to the folder; a directory while fragments are not joined.
    pub path: String,
    /// Nominal rate, frames per second, that quantises lookups: as written, or what takes its place (30 in a finished
    /// recording, the manifest's in a recovered one). `None` where nothing states it; the pictures' spacing tells it then.
    #[serde(default)]
    pub fps: Option<u32>,
    /// Seconds from the segment epoch to the first sample.
    #[serde(default)]
    pub start_time: Option<f64>,
}

impl VideoTrack {
    /// Rate of a track of which nothing says it (cap-format.md 2.3).
    pub const DEFAULT_FPS: u32 = 30;

    /// The nominal rate.
    pub fn nominal_fps(&self) -> u32 {
        self.fps.unwrap_or(Self::DEFAULT_FPS)
    }
}

/// Microphone or system sound (cap-format.md 2.3).
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct AudioTrack {
    /// Relative to the folder.
    pub path: String,
    /// Seconds from the segment epoch to the first sample.
    #[serde(default)]
    pub start_time: Option<f64>,
    /// Drift repair numbers.
    #[serde(default)]
    pub gap_summary: Option<GapSummary>,
}

/// Drift repair numbers (cap-format.md 6.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the names are the keys of cap-format.md 2.3")]
pub struct GapSummary {
    pub total_overlap_trimmed_ms: u32,
    #[serde(default)]
    pub startup_overlap_trimmed_ms: u32,
    pub overlap_dropped_frames: u32,
    pub startup_overlap_drops: u32,
}

/// A pointer image (cap-format.md 2.6).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CursorImage {
    /// Relative to the folder; PNG.
    pub image_path: String,
    /// Fraction of the image, (0, 0) top left.
    pub hotspot: Xy,
    /// `<OS>|<Name>`; unknown names count as none.
    #[serde(default)]
    pub shape: Option<String>,
}
