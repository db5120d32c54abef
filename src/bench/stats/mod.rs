//! Statistics of repeated measurements: what is typical, how sure that is, and whether two sets differ.
//!
//! Plain numbers in, plain numbers out. `scripts/check-statistics.py` computes the expectations of the tests here with
//! scipy.

mod bootstrap;
mod describe;
mod ratio;
mod test;

pub use bootstrap::{CONFIDENCE, Interval};
pub use describe::{Statistics, Trend, describe, median};
pub use ratio::{PairedRatio, Ratio, paired_ratio, ratio_of_medians};
pub use test::{Comparison, mann_whitney, wilcoxon};

/// Error probability below which a test is taken to agree.
pub const ALPHA: f64 = 0.05;
