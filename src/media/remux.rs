//! Joins the streams of a finished or interrupted recording into one MP4 without encoding (cap-format.md 2.8, 3.5).

mod reader;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ffmpeg_next::media;

use self::reader::{Reader, Timed};
use crate::cap::MediaSource;
use crate::media::ffmpeg::{FfmpegError, MediaError};
use crate::media::input;
use crate::media::mux::{Mp4Writer, MuxError, MuxReport};

/// Why streams could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum RemuxError {
    /// Not one file or group of fragments of a track could be opened.
    #[error("cannot copy the {track}: nothing of it can be read; restore its files from a copy")]
    Unreadable {
        /// "video" or "sound".
        track: &'static str,
        /// What the first attempt met.
        source: MediaError,
    },
    /// A track without any file.
    #[error("cannot copy the {track}: its folder holds no usable fragments; restore its files from a copy")]
    NoFragments {
        /// "video" or "sound".
        track: &'static str,
    },
    /// A later group of fragments is coded otherwise than the first, so one track cannot hold both.
    #[error(
        "cannot join {file} to {first} without encoding: {what} differs; take one of them out of the folder, and export what is left"
    )]
    Mismatch {
        /// First file of the later group.
        file: PathBuf,
        /// First file of the track.
        first: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// A file could not be read to its end.
    #[error("cannot read {file} while copying it; restore it from a copy")]
    Read {
        /// First file of the group.
        file: PathBuf,
        /// FFmpeg's reason.
        source: FfmpegError,
    },
    /// The MP4 could not be written.
    #[error(transparent)]
    Mux(#[from] MuxError),
    /// The caller asked to stop.
    #[error("copying to {path} was stopped")]
    Stopped {
        /// The unfinished file.
        path: PathBuf,
    },
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct CopyReport {
    /// The file.
    #[serde(flatten)]
    pub file: MuxReport,
    /// Damaged or unreadable parts that were left out.
    pub warnings: Vec<String>,
}

/// Copies the video of `video` and the sound of `audio` to an MP4 at `path`; without `audio`, the sound that lies beside
/// the video, if any.
///
/// Groups of fragments follow one another in time. A group that cannot be opened, and damaged packets, are left out
/// with a warning. `progress` is told the seconds copied so far and may stop the copy.
///
/// # Errors
/// When nothing of a track can be read, groups do not fit together, the file cannot be written, or `progress` says so.
pub fn copy_streams(
    video: &MediaSource,
    audio: Option<&MediaSource>,
    path: &Path,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<CopyReport, RemuxError> {
    copy_streams_named(video, audio, (path, path), progress)
}

/// The same to a file under a temporary name, the first of the two; errors speak of the second, which it is going to have.
///
/// # Errors
/// As [`copy_streams`].
pub fn copy_streams_named(
    video: &MediaSource,
    audio: Option<&MediaSource>,
    (path, name): (&Path, &Path),
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<CopyReport, RemuxError> {
    let mut readers = match audio {
        None => vec![Reader::open(
            video,
            "video",
            &[media::Type::Video, media::Type::Audio],
        )?],
        Some(audio) => vec![
            Reader::open(video, "video", &[media::Type::Video])?,
            Reader::open(audio, "sound", &[media::Type::Audio])?,
        ],
    };
    let start = readers
        .iter()
        .map(|reader| reader.start)
        .min()
        .unwrap_or(0)
        .max(0);
    for reader in &mut readers {
        reader.shift = -start;
    }
    let track = |kind| {
        let slots = readers.iter().flat_map(|reader| &reader.slots);
        slots
            .filter(|slot| slot.kind == kind)
            .map(|slot| &slot.track)
            .next()
    };
    let Some(video_track) = track(media::Type::Video) else {
        return Err(RemuxError::Unreadable {
            track: "video",
            source: MediaError::NoStream {
                file: input::name_of(video).to_owned(),
                kind: "video",
            },
        });
    };
    let mut writer = Mp4Writer::create_named(path, name, video_track, track(media::Type::Audio))?;

    let mut next: Vec<Option<Timed>> = Vec::new();
    for reader in &mut readers {
        next.push(reader.read()?);
    }
    loop {
        // The reader whose packet is due first.
        let due = (0..next.len())
            .filter_map(|index| Some((index, next[index].as_ref()?.seconds)))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let Some((index, seconds)) = due else {
            break;
        };
        let following = readers[index].read()?;
        if let Some(packet) = std::mem::replace(&mut next[index], following) {
            match packet.kind {
                media::Type::Video => writer.write_video(packet.packet)?,
                _ => writer.write_audio(packet.packet)?,
            }
        }
        if progress(seconds).is_break() {
            return Err(RemuxError::Stopped {
                path: name.to_owned(),
            });
        }
    }
    let warnings = readers.into_iter().flat_map(|reader| reader.warnings).collect();
    let file = writer.finish().map_err(|error| match error {
        // The fault is in what was read, not in what was written.
        MuxError::Empty { .. } => RemuxError::Unreadable {
            track: "video",
            source: MediaError::NothingDecoded {
                file: input::name_of(video).to_owned(),
                unit: "picture",
                last: None,
            },
        },
        error => error.into(),
    })?;
    Ok(CopyReport { file, warnings })
}
