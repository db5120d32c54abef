//! Why a file is not written.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a file is not written. `what` is what the file is to be, such as "the trace".
#[derive(Debug, Error)]
pub enum OutputError {
    /// It exists, and overwriting was not asked for.
    #[error("{} exists; give {what} another name, or --overwrite to replace the file", path.display())]
    Exists {
        /// What the file is to be.
        what: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The name is that of a folder.
    #[error("{} is a folder; name a file for {what}, such as {}", path.display(), path.join(example).display())]
    Folder {
        /// What the file is to be.
        what: &'static str,
        /// The folder.
        path: PathBuf,
        /// A name for a file in it.
        example: PathBuf,
    },
    /// It lies in a recording.
    #[error("{} lies inside the recording {}, which is never written to; choose a place outside for {what}", path.display(), recording.display())]
    InsideRecording {
        /// What the file is to be.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The folder of the recording.
        recording: PathBuf,
    },
    /// The same run reads it.
    #[error("{} can't become {what}: it is {input}, which is read; give {what} another name", path.display())]
    Input {
        /// What the file is to be.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What it is read as.
        input: &'static str,
    },
    /// The same run writes it otherwise.
    #[error("{} can't become both {other} and {what}; give each a name of its own", path.display())]
    Twice {
        /// What the file is to be.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What it is to be as well.
        other: &'static str,
    },
    /// It exists, and is a device or the like.
    #[error("{} is no ordinary file and is not replaced; give {what} another name", path.display())]
    Special {
        /// What the file is to be.
        what: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("can't {action} {what} {}: {source}; check that its folder is there, has room and may be written to, or name another", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// What the file is to be.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl OutputError {
    /// Whether another command line would help, rather than another disk.
    pub const fn is_usage(&self) -> bool {
        !matches!(self, Self::Io { .. })
    }
}
