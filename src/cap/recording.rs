//! A `.cap` folder opened: files resolved, configuration migrated, problems collected.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::config::{MusicSegment, ProjectConfig};
use super::events::PointerEvents;
use super::keys::KeyPress;
use super::meta::{AudioTrack, CursorImage, DisplayNotch, VideoTrack};
use super::needs::Needs;
use super::paths;
use super::problem::Problem;
use super::unused::Unused;

/// Where the bytes of one track are. Every path was checked to lie inside the recording (music and tracks alike), and is absolute
/// and without symbolic links: they are opened in their places and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MediaSource {
    /// One file.
    File(PathBuf),
    /// Fragments that were never joined (cap-format.md 3).
    Fragments(Vec<FragmentGroup>),
}

impl MediaSource {
    /// A file that a user names, wherever it is. Links on the way to it are followed here and now.
    pub fn named(file: &Path) -> Self {
        // One that can't be reached is told of with its name when it is opened.
        Self::File(file.canonicalize().unwrap_or_else(|_| file.to_owned()))
    }
}

/// A run of fragments with one init segment, or one self-contained file each (cap-format.md 3.5).
///
/// With an init segment the bytes `init + pieces…` are one fragmented MP4. Without, every piece is a group of its own.
/// Groups follow one another: each group's timestamps are shifted to follow the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FragmentGroup {
    /// Files whose bytes, one after the other, are one MP4.
    pub files: Vec<PathBuf>,
    /// How long its manifest says that it lasts, where it says so of every piece.
    pub stated: Option<Duration>,
    /// How long the pieces between the group before and this one would have lasted, which are not there: by the manifest.
    pub lost_before: Duration,
}

impl FragmentGroup {
    /// These files, of which no manifest says anything.
    pub fn of(files: Vec<PathBuf>) -> Self {
        Self {
            files,
            ..Self::default()
        }
    }
}

/// A studio recording, ready to be planned.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The folder, absolute and without symbolic links, as are all files below.
    pub root: PathBuf,
    /// Human title.
    pub name: String,
    /// Pause/resume cycles, never empty.
    pub segments: Vec<Segment>,
    /// Pointer images by id; one whose file can't be used is absent, and a warning says why.
    pub cursors: BTreeMap<String, CursorArt>,
    /// Configuration: defaults filled in, migrated, every number in its domain. Its clips speak of `segments` by index, and
    /// its music is what `music` holds.
    pub config: ProjectConfig,
    /// Music that is heard, with its files.
    pub music: Vec<Music>,
    /// The files of the pictures that image segments show, by the path they name; one that is not there is left out.
    pub overlay_images: BTreeMap<String, PathBuf>,
    /// Notch of the first segment.
    pub notch: Option<DisplayNotch>,
    /// The 2024 single-segment form.
    pub legacy: bool,
    /// The recorder did not finish it: the segments were put together from their folders (cap-format.md 3.5). The rate of a
    /// video track is `None` where neither the meta file nor a manifest states it.
    pub recovered: bool,
    /// What is odd but does not prevent an export.
    pub warnings: Vec<Problem>,
    /// Files that an export does not read.
    pub unused: Vec<Unused>,
}

impl Recording {
    /// What of it an export reads.
    pub fn needs(&self) -> Needs {
        Needs::of(&self.config)
    }

    /// Takes out a segment that no clip shows; those after it move up, and the configuration speaks of them by their new
    /// numbers.
    pub fn leave_out(&mut self, segment: usize) {
        self.segments.remove(segment);
        let moves_up = |number: &u32| usize::try_from(*number).is_ok_and(|number| number > segment);
        let clips = self
            .config
            .timeline
            .iter_mut()
            .flat_map(|timeline| &mut timeline.segments);
        for number in clips
            .map(|clip| &mut clip.recording_segment)
            .filter(|number| moves_up(number))
        {
            *number -= 1;
        }
        self.config
            .clips
            .retain(|clip| usize::try_from(clip.index) != Ok(segment));
        for number in self
            .config
            .clips
            .iter_mut()
            .map(|clip| &mut clip.index)
            .filter(|number| moves_up(number))
        {
            *number -= 1;
        }
    }

    /// Where the image of a background may be, most likely first; empty for an empty text (cap-format.md 4.3). They may lie
    /// outside the recording and must only ever be decoded as images. When `confined`, none that lies outside is among them,
    /// and none that does is looked at.
    pub fn background_image_candidates(&self, stored: &str, confined: bool) -> Vec<PathBuf> {
        if confined {
            return paths::background_image_inside(&self.root, stored)
                .into_iter()
                .collect();
        }
        paths::background_image_candidates(&self.root, stored)
    }
}

/// A piece of music that is heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Music {
    /// When and how loud.
    pub segment: MusicSegment,
    /// The sound file.
    pub file: PathBuf,
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
    /// Start times, where written down, of tracks that were recorded, can't be read and are not needed: they still count
    /// for the zero of the clip clock.
    pub unread_starts: Vec<Option<f64>>,
    /// Pointer events, cleaned up (cap-format.md 5.4); empty where there are none.
    pub pointer: PointerEvents,
    /// Keys, in time order, where the configuration leaves it to the exporter to make key segments of them (cap-format.md 5.7).
    pub keys: Vec<KeyPress>,
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
    pub warnings: Vec<Problem>,
}
