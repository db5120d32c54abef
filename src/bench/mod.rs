//! Runs exports repeatedly and judges what they cost: runner, statistics, baseline, machine, quality, comparison.
//!
//! [`measure_recording`] is the way in: it runs exports as child processes ([`child`]) in a fixed order ([`runner`]) and makes
//! a [`baseline::Baseline`] of what they tell. [`compare`] and [`against`] judge two of them.

pub mod against;
pub mod baseline;
pub mod child;
pub mod compare;
pub mod contact_sheet;
pub mod criteria;
mod error;
#[cfg(test)]
mod fixtures;
pub mod floor;
pub mod gpu_use;
pub mod html;
pub mod input;
pub mod layers;
pub mod machine;
mod measurement;
mod privacy;
pub mod quality;
pub mod resources;
pub mod run;
pub mod runner;
pub mod similarity;
pub mod stats;
mod summary;
pub mod tool;
mod transcode;

pub use error::BenchError;
pub use measurement::{Measured, Measurement, measure_recording};
pub use transcode::transcode;
