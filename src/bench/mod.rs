//! Runs exports repeatedly and judges what they cost: runner, statistics, baseline, machine, quality, comparison.

pub mod gpu_use;
pub mod machine;
mod privacy;
pub mod resources;
pub mod stats;
mod tool;
