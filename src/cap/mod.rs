//! The `.cap` folder: what was recorded and how it must look, as plain data (cap-format.md).
//!
//! Parses, validates, migrates in memory; never writes, and knows neither FFmpeg nor wgpu.

pub mod config;
pub mod events;
pub mod meta;
pub mod recording;

pub use recording::{MediaSource, Recording};
