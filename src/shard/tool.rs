//! The program that plans, makes and joins: parts of different builds are not mixed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::media::ffmpeg;

/// A build of the program with the libraries that decide what its files are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Version.
    pub version: String,
    /// Commit; null for a build outside a git checkout.
    pub commit: Option<String>,
    /// Release of FFmpeg that it runs with.
    pub ffmpeg: String,
}

impl Tool {
    /// This one.
    pub fn of_this() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: option_env!("CAPSTAN_COMMIT").map(str::to_owned),
            ffmpeg: ffmpeg::versions().release,
        }
    }
}

impl std::fmt::Display for Tool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "capstan {}", self.version)?;
        if let Some(commit) = &self.commit {
            write!(f, " ({})", commit.get(..12).unwrap_or(commit))?;
        }
        write!(f, " with FFmpeg {}", self.ffmpeg)
    }
}
