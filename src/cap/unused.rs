//! Files of a recording that no export reads: named by `capstan inspect`, so that nobody looks for their effect.

use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::meta::{AudioTrack, StudioMeta};
use super::paths::Root;
use super::problem::printable;
use super::recording::{MediaSource, Track};
use super::tracks::Found;

/// The recorder's log.
const LOG: &str = "recording-logs.log";

/// A file that is there and not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unused {
    /// Relative to the recording.
    #[serde(serialize_with = "crate::lossy::path::serialize")]
    #[schemars(with = "PathBuf")]
    pub file: PathBuf,
    /// What it holds, and why an export does without.
    pub why: &'static str,
}

impl fmt::Display for Unused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", printable(&self.file.to_string_lossy()), self.why)
    }
}

/// Key events and the recorder's log, where they are.
///
/// With `keys_read` an export makes key segments of the events itself.
pub(super) fn find(root: &Root, meta: &StudioMeta, segments: &[Found], keys_read: bool) -> Vec<Unused> {
    let mut unused: Vec<Unused> = segments
        .iter()
        .filter(|_| !keys_read)
        .filter_map(|found| key_events(root, meta, found))
        .map(|file| Unused {
            file,
            why: "key events: what is drawn of them are the key segments of the configuration, which an editor makes",
        })
        .collect();
    if root.file(LOG).is_ok() {
        let tracks = segments.iter().flat_map(|found| {
            let segment = &found.segment;
            segment.mic.iter().chain(&segment.system_audio)
        });
        unused.push(Unused {
            file: LOG.into(),
            why: if tracks.into_iter().any(repair_is_unknown) {
                "the recorder's log: a delay of the sound that only it tells of is not made up for"
            } else {
                "the recorder's log: recording-meta.json says all that an export needs"
            },
        });
    }
    unused
}

/// The key events of a segment: as the meta file names them, else beside the screen (cap-format.md 2.4).
pub(super) fn key_events(root: &Root, meta: &StudioMeta, found: &Found) -> Option<PathBuf> {
    let named = meta
        .segments
        .get(&found.number)
        .and_then(|segment| segment.keyboard.clone());
    let there = |path: &PathBuf| path.to_str().is_some_and(|path| root.file(path).is_ok());
    if let Some(named) = named {
        return Some(PathBuf::from(named)).filter(there);
    }
    let (first, levels) = match &found.segment.display.source {
        MediaSource::File(file) => (file.as_path(), 1),
        // The pieces lie in a folder of their own beside it.
        MediaSource::Fragments(groups) => (groups.first()?.files.first()?.as_path(), 2),
    };
    let folder = first.ancestors().nth(levels)?;
    let folder: &Path = folder.strip_prefix(root.canonical()).ok()?;
    ["keyboard.bin", "keyboard.json"]
        .map(|name| folder.join(name))
        .into_iter()
        .find(there)
}

/// Whether Cap would look into the log for how much of the track's beginning was trimmed (cap-format.md 6.5).
fn repair_is_unknown(track: &Track<AudioTrack>) -> bool {
    track
        .meta
        .gap_summary
        .is_none_or(|gaps| gaps.total_overlap_trimmed_ms > 0 && gaps.startup_overlap_trimmed_ms == 0)
}
