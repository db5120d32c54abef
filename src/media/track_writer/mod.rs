//! Writes the tracks of made recordings: variable frame rate H.264 or HEVC, Opus, AAC, MP3.
//!
//! The encoder of an export lives in [`crate::media::encode`]; this one serves [`crate::synth`], which needs what an
//! export never writes: arbitrary presentation times, full range, 4:4:4, ten bits, odd sizes, fragments.

mod audio;
mod mux;
mod video;

#[cfg(test)]
pub(crate) mod read_back;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;

pub use audio::{AudioCodec, AudioSpec, AudioTrackWriter};
pub use mux::mux;
pub use video::{BitDepth, ChromaSampling, Effort, VideoCodec, VideoSpec, VideoTrackWriter};

use crate::frame::Size;

/// Why a track could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TrackError {
    /// The linked FFmpeg lacks an encoder.
    #[error(
        "cannot write {path}: this FFmpeg has no encoder {encoder}; install an FFmpeg that was built with it \
         (scripts/install-deps.sh does)"
    )]
    MissingEncoder {
        /// FFmpeg's name of the encoder.
        encoder: &'static str,
        /// File that was to be written.
        path: PathBuf,
    },
    /// FFmpeg only takes UTF-8 paths without NUL.
    #[error("cannot write {path:?}: the path is not UTF-8; choose another folder")]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// 4:2:0 needs even sides.
    #[error(
        "cannot write {path}: {size} has an odd side, which 4:2:0 cannot store; use 4:4:4 or an even size"
    )]
    OddSize {
        /// File that was to be written.
        path: PathBuf,
        /// Requested size.
        size: Size,
    },
    /// A picture of another size than the track's.
    #[error("cannot write {path}: a picture of {found} does not fit a track of {expected}")]
    PictureSize {
        /// File that was being written.
        path: PathBuf,
        /// Size of the track.
        expected: Size,
        /// Size of the picture.
        found: Size,
    },
    /// Presentation times must rise by at least one tick of 1/90000 s.
    #[error(
        "cannot write {path}: a picture at {time} s does not follow the one at {previous} s; times must rise"
    )]
    NotLater {
        /// File that was being written.
        path: PathBuf,
        /// Time of the picture (or the end of the track), seconds.
        time: f64,
        /// Time of the picture before it, seconds.
        previous: f64,
    },
    /// A track without a picture.
    #[error("cannot finish {path}: no picture was written")]
    Empty {
        /// File that was being written.
        path: PathBuf,
    },
    /// RGB could not be converted to Y'CbCr.
    #[error("cannot write {path}: converting a picture to Y'CbCr failed: {reason}")]
    Convert {
        /// File that was being written.
        path: PathBuf,
        /// The converter's words.
        reason: String,
    },
    /// A stream that should be there is not.
    #[error("cannot join {path}: it has no {kind} stream")]
    NoStream {
        /// File that was read.
        path: PathBuf,
        /// `video` or `audio`.
        kind: &'static str,
    },
    /// FFmpeg refused.
    #[error("cannot write {path}: {action} failed: {source}")]
    Ffmpeg {
        /// What was being done.
        action: &'static str,
        /// File that was being written or read.
        path: PathBuf,
        /// FFmpeg's reason.
        source: ffmpeg::Error,
    },
}

/// Turns FFmpeg's errors into ours, with what was being done and on which file.
fn failed<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(ffmpeg::Error) -> TrackError + use<'a> {
    move |source| TrackError::Ffmpeg {
        action,
        path: path.into(),
        source,
    }
}

/// Opens `path` for writing with the muxer `format`, after checking that the path can be handed to FFmpeg.
fn open_output(path: &Path, format: &str) -> Result<ffmpeg::format::context::Output, TrackError> {
    check_path(path)?;
    crate::media::ffmpeg::init();
    ffmpeg::format::output_as(path, format).map_err(failed("opening the file", path))
}

/// The bindings panic on such paths.
fn check_path(path: &Path) -> Result<(), TrackError> {
    match path.to_str() {
        Some(text) if !text.contains('\0') => Ok(()),
        _ => Err(TrackError::Path { path: path.into() }),
    }
}
