//! Makes recordings: screens that behave like screens, as `.cap` folders for tests, fixtures and benchmarks.
//!
//! [`write()`] makes a whole recording from a [`Preset`]: text is typed, pages scroll, windows come to the front, nothing
//! happens for seconds, a pointer travels and clicks, somebody sits before the camera and beeps sound at known times. The
//! same preset gives the same pictures, sounds and JSON every time; only the encoders may differ between machines.
//!
//! The parts serve tests on their own: [`tracks`] writes counter videos at chosen presentation times, colour charts and
//! beeps, [`barcode`] reads a frame's number back, [`folder`] lays out the JSON files.
//!
//! # Times to rely on
//! Every preset beeps the same way (see [`sound`]): the microphone at 0.5 s, 1.5 s, 2.5 s …, the system sound at 1 s, 2 s,
//! 3 s … after the start of its own track.

pub mod barcode;
mod camera;
pub mod canvas;
mod content;
pub mod folder;
pub mod fragments;
mod large;
pub mod mp4;
mod noise;
mod plan;
mod pointer;
mod preset;
mod screen;
mod script;
mod small;
pub mod sound;
#[cfg(test)]
mod tests;
pub mod tracks;
mod writer;

use std::path::PathBuf;

pub use preset::{FORMS, PRESETS, Preset, PresetInfo, preset};
pub use writer::{Progress, write};

use crate::media::track_writer::TrackError;

/// Why a recording could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// No preset of that name or form.
    #[error("there is no preset {name:?}: {reason}; known are {known}")]
    UnknownPreset {
        /// What was asked for.
        name: String,
        /// What is wrong with it.
        reason: String,
        /// Names and forms that are understood.
        known: String,
    },
    /// The target exists.
    #[error(
        "cannot write a recording to {path}: it already exists and is not an empty folder; remove it first"
    )]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// A file or folder could not be made or read.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A track could not be written.
    #[error(transparent)]
    Track(#[from] TrackError),
    /// A pointer image could not be written.
    #[error("cannot write {path}: {source}")]
    Image {
        /// The PNG.
        path: PathBuf,
        /// The encoder's reason.
        source: image::ImageError,
    },
    /// A written file is not the MP4 that was expected.
    #[error("cannot take {path} apart: {reason}")]
    Boxes {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: &'static str,
    },
}

/// Turns an I/O error into ours, with what was being done and on which path.
fn io_error<'a>(
    action: &'static str,
    path: &'a std::path::Path,
) -> impl FnOnce(std::io::Error) -> SynthError + use<'a> {
    move |source| SynthError::Io {
        action,
        path: path.into(),
        source,
    }
}
