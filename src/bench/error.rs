//! Everything that can end a measurement.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::export::ExportError;
use crate::media::encode::EncodeError;
use crate::media::ffmpeg::{FfmpegError, MediaError};
use crate::media::mux::MuxError;

/// Why a measurement did not come about.
#[derive(Debug, Error)]
pub enum BenchError {
    /// A file or folder.
    #[error("can't {action} {}: {source}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The recording can't be exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A media file can't be read.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// Encoding failed.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// Writing the MP4 failed.
    #[error(transparent)]
    Mux(#[from] MuxError),
    /// FFmpeg failed.
    #[error("can't {action}: {source}")]
    Ffmpeg {
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        source: FfmpegError,
    },
    /// A child process could not be run.
    #[error("can't run {}: {source}", program.display())]
    Spawn {
        /// The executable.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A child process ended with a failure.
    #[error("{what} ended with {status}: {said}")]
    Child {
        /// Which run.
        what: &'static str,
        /// How it ended.
        status: String,
        /// The end of what it wrote to standard error.
        said: String,
    },
    /// A child process did not tell its result.
    #[error("{what} printed no result that can be read: {reason}")]
    NoResult {
        /// Which run.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// An export wrote something else than it said.
    #[error("the output is wrong: {reason}")]
    Output {
        /// What is wrong with it.
        reason: String,
    },
    /// A thread panicked: a defect of this program.
    #[error("the {what} thread stopped on a defect of this program; please report it with the log")]
    Panicked {
        /// Which.
        what: &'static str,
    },
    /// The recording can't be measured that way.
    #[error("{what}: {reason}")]
    Unsuited {
        /// What was asked for.
        what: &'static str,
        /// Why it can't be.
        reason: String,
    },
    /// A baseline or a file of criteria can't be read.
    #[error("{} is no {kind}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What was expected.
        kind: &'static str,
        /// What is wrong and where.
        reason: String,
    },
    /// Somebody asked for the end.
    #[error("interrupted; nothing was written")]
    Interrupted,
}
