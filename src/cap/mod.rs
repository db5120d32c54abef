//! The `.cap` folder: what was recorded and how it must look, as plain data (cap-format.md).
//!
//! Parses, validates, migrates in memory; never writes, and knows neither FFmpeg nor wgpu. [`open`] reads a folder; what is
//! wrong with it comes back as a list of [`Problem`]s, each with its file and JSON path. Which fragments can be decoded is
//! judged by their structure, since there is no decoder here.

mod align;
mod annotations;
mod cleanup;
pub mod config;
pub mod events;
mod fragments;
mod images;
mod instant;
mod json;
mod keys;
mod kind;
mod load;
pub mod meta;
mod migrate;
mod needs;
mod newer;
mod paths;
mod pointer;
mod problem;
mod project;
pub mod recording;
mod recover;
#[cfg(test)]
mod testing;
mod tracks;
mod unused;
mod validate;

pub use align::{Alignment, CameraDelay};
pub use keys::KeyPress;
pub use load::{OpenOptions, open};
pub use needs::Needs;
pub use problem::{CapError, Problem, Severity};
pub use recording::{MediaSource, Opened, Recording};
pub use unused::Unused;

/// Longest export, and the furthest any time in a recording may lie from its zero: a day.
const MAX_SECONDS: f64 = 86_400.0;
