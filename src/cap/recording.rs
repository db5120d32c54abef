//! A `.cap` folder opened: files resolved, configuration migrated, problems collected.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::config::ProjectConfig;
use super::events::PointerEvents;
use super::meta::{AudioTrack, CursorImage, DisplayNotch, StudioMeta, VideoTrack};

/// Where the bytes of one track are. Every path was checked to lie inside the recording (music and tracks alike).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaSource {
    /// One file.
    File(PathBuf),
    /// Fragments that were never joined (cap-format.md 3).
    Fragments(Vec<FragmentGroup>),
}

/// A run of fragments with one init segment, or one self-contained file each (cap-format.md 3.5).
///
/// With an init segment the bytes `init + pieces…` are one fragmented MP4. Without, every piece is a group of its own.
/// Groups follow one another: each group's timestamps are shifted to follow the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FragmentGroup {
    /// Files whose bytes, one after the other, are one MP4.
    pub files: Vec<PathBuf>,
}

/// A studio recording, ready to be planned.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The folder.
    pub root: PathBuf,
    /// Human title.
    pub name: String,
    /// Pause/resume cycles, never empty.
    pub segments: Vec<Segment>,
    /// Pointer images by id; `file` is `None` where it can't be used (a warning says why).
    pub cursors: BTreeMap<String, CursorArt>,
    /// Configuration, defaults filled in and migrated.
    pub config: ProjectConfig,
    /// Notch of the first segment.
    pub notch: Option<DisplayNotch>,
    /// The 2024 single-segment form.
    pub legacy: bool,
    /// What is odd but does not prevent an export.
    pub warnings: Vec<String>,
}

/// Files and events of one pause/resume cycle.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Screen.
    pub display: Track<VideoTrack>,
    /// Webcam.
    pub camera: Option<Track<VideoTrack>>,
    /// Microphone.
    pub mic: Option<Track<AudioTrack>>,
    /// Computer sound.
    pub system_audio: Option<Track<AudioTrack>>,
    /// Pointer events, cleaned up (cap-format.md 5.4); empty where there are none.
    pub pointer: PointerEvents,
}

/// A track's description with its bytes.
#[derive(Clone, Debug)]
pub struct Track<M> {
    /// From the meta file.
    pub meta: M,
    /// Where its bytes are.
    pub source: MediaSource,
}

/// A pointer image.
#[derive(Clone, Debug)]
pub struct CursorArt {
    /// From the meta file.
    pub image: CursorImage,
    /// The PNG.
    pub file: PathBuf,
}

/// What the folder turned out to be.
#[derive(Clone, Debug)]
pub enum Opened {
    /// A studio recording.
    Studio(Box<Recording>),
    /// An instant recording: a finished video to be copied (cap-format.md 2.8).
    Instant(InstantRecording),
}

/// An instant recording.
#[derive(Clone, Debug)]
pub struct InstantRecording {
    /// Human title.
    pub name: String,
    /// Finished video, or the fragments to join.
    pub video: MediaSource,
    /// Sound fragments to be muxed beside `video`, where there are some.
    pub audio: Option<MediaSource>,
    /// What is odd but does not prevent an export.
    pub warnings: Vec<String>,
}

// Loading lives in the files beside this one.
#[expect(unused, reason = "placeholder until loading is written")]
fn unused(_: StudioMeta) {}
