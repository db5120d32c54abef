//! Confidence intervals by resampling (Efron and Tibshirani 1993, chapter 13: the percentile interval).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Resamples drawn for an interval.
const RESAMPLES: usize = 10_000;
/// Seed of the generator: the same measurements give the same interval.
const SEED: u64 = 0x00ca_9574_a4be_9c11;
/// Share of intervals that cover what they estimate.
pub const CONFIDENCE: f64 = 0.95;

/// Bounds that cover the estimated quantity with probability [`CONFIDENCE`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Interval {
    /// Half the width.
    pub fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

/// The percentile interval of `estimate` over resamples of `0..count` drawn with replacement; `estimate` gets the drawn
/// indices. `None` when there is nothing to draw from.
pub(super) fn interval(
    count: usize,
    mut estimate: impl FnMut(&[usize], &mut fastrand::Rng) -> f64,
) -> Option<Interval> {
    if count == 0 {
        return None;
    }
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut drawn = vec![0; count];
    let mut estimates: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            drawn.fill_with(|| random.usize(0..count));
            estimate(&drawn, &mut random)
        })
        .collect();
    estimates.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - CONFIDENCE) / 2.0;
    Some(Interval {
        low: quantile(&estimates, tail),
        high: quantile(&estimates, 1.0 - tail),
    })
}

/// The quantile `q` of ascending values, interpolated linearly between neighbours (Hyndman and Fan's type 7).
fn quantile(ascending: &[f64], q: f64) -> f64 {
    let position = q * (ascending.len() - 1) as f64;
    let (below, part) = (position.floor() as usize, position.fract());
    let above = (below + 1).min(ascending.len() - 1);
    ascending[below] + part * (ascending[above] - ascending[below])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::stats::median;

    fn of_median(values: &[f64]) -> Interval {
        interval(values.len(), |drawn, _| {
            median(&drawn.iter().map(|&i| values[i]).collect::<Vec<_>>())
        })
        .unwrap()
    }

    /// The bootstrap distribution of a median of an odd number of values is known: the k-th smallest of n values is it
    /// with the probability that binomial tails give (check-statistics.py, "median_intervals").
    #[test]
    fn the_median_of_few_values_has_the_exact_interval() {
        let five = [10.0, 11.0, 12.0, 13.0, 14.0];
        assert_eq!(
            of_median(&five),
            Interval {
                low: 10.0,
                high: 14.0
            }
        );
        let eleven: Vec<f64> = (1..=11).map(f64::from).collect();
        assert_eq!(of_median(&eleven), Interval { low: 3.0, high: 9.0 });
    }

    #[test]
    fn equal_measurements_give_equal_intervals() {
        let values = [3.1, 2.9, 3.0, 3.3, 2.8, 3.05];
        assert_eq!(of_median(&values), of_median(&values));
        assert!(interval(0, |_, _| 0.0).is_none());
    }
}
