//! Runs exports repeatedly and judges what they cost: runner, statistics, baseline, machine, quality, comparison.

pub mod similarity;
