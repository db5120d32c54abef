//! Durations in a fixed amount of memory: logarithmic buckets, 2.2 % wide.

use std::time::Duration;

/// Buckets per doubling; 2^(1/32) - 1 is 2.2 %.
const PER_OCTAVE: f64 = 32.0;
/// From 1 µs over 34 doublings, to about 4.8 hours.
const BUCKETS: usize = 34 * PER_OCTAVE as usize;

/// Counts durations by size.
#[derive(Debug)]
pub(super) struct Histogram {
    counts: Vec<u32>,
    total: u64,
    max: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; BUCKETS],
            total: 0,
            max: Duration::ZERO,
        }
    }
}

impl Histogram {
    /// Counts one duration; below 1 µs it counts as 1 µs.
    pub(super) fn record(&mut self, duration: Duration) {
        let us = (duration.as_secs_f64() * 1e6).max(1.0);
        let bucket = ((us.log2() * PER_OCTAVE) as usize).min(BUCKETS - 1);
        self.counts[bucket] += 1;
        self.total += 1;
        self.max = self.max.max(duration);
    }

    /// The duration in milliseconds below which the share `q` (0..=1) lies, within one bucket's width; 0 when empty.
    pub(super) fn quantile_ms(&self, q: f64) -> f64 {
        let rank = (q * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, &count) in self.counts.iter().enumerate() {
            seen += u64::from(count);
            if seen >= rank {
                let middle_us = ((bucket as f64 + 0.5) / PER_OCTAVE).exp2();
                return (middle_us / 1e3).min(self.max_ms());
            }
        }
        0.0
    }

    /// The largest duration in milliseconds.
    pub(super) fn max_ms(&self) -> f64 {
        self.max.as_secs_f64() * 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_within_a_bucket() {
        let mut histogram = Histogram::default();
        for ms in 1..=1000 {
            histogram.record(Duration::from_millis(ms));
        }
        assert!((histogram.quantile_ms(0.5) / 500.0 - 1.0).abs() < 0.03);
        assert!((histogram.quantile_ms(0.95) / 950.0 - 1.0).abs() < 0.03);
        assert_eq!(histogram.max_ms(), 1000.0);
    }

    #[test]
    fn extremes_and_emptiness() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.quantile_ms(0.5), histogram.max_ms()), (0.0, 0.0));
        histogram.record(Duration::ZERO);
        histogram.record(Duration::from_secs(1_000_000));
        assert_eq!(histogram.max_ms(), 1e9);
        assert!(histogram.quantile_ms(0.5) <= 0.0011);
    }
}
