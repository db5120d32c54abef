//! One set of measurements: location, spread, outliers, trend.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bootstrap::{self, Interval};
use super::test::normal_two_sided;

/// Modified z-score above which a measurement counts as an outlier (Iglewicz and Hoaglin 1993).
const OUTLIER: f64 = 3.5;
/// Scales a median absolute deviation to the standard deviation of a normal distribution: its upper quartile.
const NORMAL_QUARTILE: f64 = 0.674_489_750_196_081_7;
/// The same for a mean absolute deviation, which stands in where the median one is 0.
const NORMAL_MEAN_DEVIATION: f64 = 0.797_884_560_802_865_4;
/// Measurements below which a trend can't be told from chance.
const TREND_FROM: usize = 5;
/// Error probability below which a trend is reported.
const TREND_ALPHA: f64 = 0.05;
/// Change over all measurements, relative to the median, below which a trend does not matter.
const TREND_MATTERS: f64 = 0.02;

/// What a set of measurements comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Statistics {
    /// Number of measurements.
    pub n: usize,
    /// Middle one.
    pub median: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation, unbiased variance (n - 1); 0 for one measurement.
    pub sd: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Median absolute deviation from the median, not scaled.
    pub mad: f64,
    /// 95 % percentile bootstrap interval of the median.
    pub median_ci: Interval,
    /// Spread that voids: scaled median absolute deviation over the median; 0 when the median is.
    pub relative_spread: f64,
    /// Indices of measurements whose modified z-score is above 3.5. They are counted all the same.
    pub outliers: Vec<usize>,
    /// Measurements that fall or rise as the series goes on: caches still warming, or a machine heating up.
    pub trend: Option<Trend>,
    /// Why nothing may be concluded from these measurements; null when they are good.
    pub void: Option<String>,
}

/// A series that moves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trend {
    /// Kendall's tau-b between order and value: -1 falls always, 1 rises always.
    pub tau: f64,
    /// Two-sided error probability.
    pub p: f64,
    /// Theil-Sen slope over the whole series, relative to the median.
    pub relative_change: f64,
}

/// Describes `values` in the order they were measured. They are void when they scatter by more than `spread_bound`
/// (relative, for instance 0.05), or when there are none.
pub fn describe(values: &[f64], spread_bound: f64) -> Statistics {
    let n = values.len();
    let middle = median(values);
    let mean = if n == 0 {
        0.0
    } else {
        values.iter().sum::<f64>() / n as f64
    };
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n.saturating_sub(1).max(1) as f64;
    let deviations: Vec<f64> = values.iter().map(|v| (v - middle).abs()).collect();
    let mad = median(&deviations);
    let relative_spread = if middle == 0.0 {
        0.0
    } else {
        mad / NORMAL_QUARTILE / middle.abs()
    };
    let median_ci = bootstrap::interval(n, |drawn, _| median(&pick(values, drawn)));
    let void = if n == 0 {
        Some("nothing was measured".to_owned())
    } else if relative_spread > spread_bound {
        Some(format!(
            "the measurements scatter by {:.1} % (scaled median absolute deviation), more than the {:.1} % allowed: \
             measure on a quieter machine, or more often",
            relative_spread * 100.0,
            spread_bound * 100.0
        ))
    } else {
        None
    };
    Statistics {
        n,
        median: middle,
        mean,
        sd: variance.sqrt(),
        min: values.iter().copied().reduce(f64::min).unwrap_or(0.0),
        max: values.iter().copied().reduce(f64::max).unwrap_or(0.0),
        mad,
        median_ci: median_ci.unwrap_or(Interval { low: 0.0, high: 0.0 }),
        relative_spread,
        outliers: outliers(&deviations, mad),
        trend: trend(values, middle),
        void,
    }
}

/// The middle value, or the mean of the two; 0 when there is none.
pub fn median(values: &[f64]) -> f64 {
    let mut ascending = values.to_vec();
    ascending.sort_unstable_by(f64::total_cmp);
    match (ascending.len(), ascending.len() / 2) {
        (0, _) => 0.0,
        (n, half) if n % 2 == 1 => ascending[half],
        (_, half) => (ascending[half - 1] + ascending[half]) / 2.0,
    }
}

pub(super) fn pick(values: &[f64], indices: &[usize]) -> Vec<f64> {
    indices.iter().map(|&index| values[index]).collect()
}

fn outliers(deviations: &[f64], mad: f64) -> Vec<usize> {
    let scale = if mad > 0.0 {
        mad / NORMAL_QUARTILE
    } else {
        deviations.iter().sum::<f64>() / deviations.len().max(1) as f64 / NORMAL_MEAN_DEVIATION
    };
    let is_outlier = |&(_, deviation): &(usize, &f64)| scale > 0.0 && deviation / scale > OUTLIER;
    deviations
        .iter()
        .enumerate()
        .filter(is_outlier)
        .map(|(index, _)| index)
        .collect()
}

/// Kendall's tau-b of value against order, with the normal approximation of its error probability
/// (Kendall 1970, Rank Correlation Methods, chapter 5), and the Theil-Sen slope.
fn trend(values: &[f64], middle: f64) -> Option<Trend> {
    let n = values.len();
    if n < TREND_FROM || middle == 0.0 {
        return None;
    }
    let mut score = 0i64;
    let mut slopes = Vec::with_capacity(n * (n - 1) / 2);
    for later in 1..n {
        for earlier in 0..later {
            let rise = values[later] - values[earlier];
            score += i64::from(rise > 0.0) - i64::from(rise < 0.0);
            slopes.push(rise / (later - earlier) as f64);
        }
    }
    let pairs = (n * (n - 1) / 2) as f64;
    let ties = super::test::tie_sizes(values);
    let tied_pairs: f64 = ties.iter().map(|&t| t * (t - 1.0) / 2.0).sum();
    if tied_pairs >= pairs {
        return None;
    }
    let count = n as f64;
    let tied: f64 = ties.iter().map(|&t| t * (t - 1.0) * (2.0 * t + 5.0)).sum();
    let variance = (count * (count - 1.0) * (2.0 * count + 5.0) - tied) / 18.0;
    let trend = Trend {
        tau: score as f64 / (pairs * (pairs - tied_pairs)).sqrt(),
        p: normal_two_sided(score as f64 / variance.sqrt()),
        relative_change: median(&slopes) * (count - 1.0) / middle.abs(),
    };
    (trend.p < TREND_ALPHA && trend.relative_change.abs() > TREND_MATTERS).then_some(trend)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * b.abs().max(1.0)
    }

    /// check-statistics.py, "describe".
    #[test]
    fn location_and_spread() {
        let s = describe(&[10.2, 9.9, 10.4, 10.1, 13.9, 10.0, 10.3], 0.05);
        assert!(
            close(s.median, 10.2) && close(s.mean, 10.685_714_285_714_286),
            "{s:?}"
        );
        assert!(close(s.sd, 1.427_618_729_946_913_6) && close(s.mad, 0.2), "{s:?}");
        assert!(close(s.relative_spread, 0.029_070_631_735_403_86), "{s:?}");
        assert_eq!((s.min, s.max, s.outliers, s.void), (9.9, 13.9, vec![4], None));
    }

    #[test]
    fn a_wide_spread_voids_with_its_reason() {
        let s = describe(&[10.0, 14.0, 8.0, 12.0, 16.0], 0.05);
        let reason = s.void.unwrap();
        assert!(reason.contains("24.7 %") && reason.contains("5.0 %"), "{reason}");
        assert!(describe(&[], 0.05).void.is_some());
    }

    /// check-statistics.py, "trend" (scipy.stats.kendalltau, asymptotic; scipy.stats.theilslopes).
    #[test]
    fn a_series_that_warms_up_is_flagged() {
        let warming = [12.0, 11.2, 10.7, 10.5, 10.4, 10.4, 10.3, 10.2];
        let trend = describe(&warming, 0.05).trend.unwrap();
        assert!(close(trend.tau, -0.981_980_506_061_965_8), "{trend:?}");
        assert!(close(trend.p, 0.000_761_989_639_530_423_8), "{trend:?}");
        assert!(
            close(trend.relative_change, -0.106_060_606_060_605_88),
            "{trend:?}"
        );
        assert_eq!(describe(&[10.0, 10.1, 9.9, 10.05, 9.95], 0.05).trend, None);
        assert_eq!(describe(&[10.0; 8], 0.05).trend, None);
    }

    #[test]
    fn without_median_deviation_the_mean_one_finds_outliers() {
        let values = [5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 9.0];
        assert_eq!(describe(&values, 0.05).outliers, [7]);
        assert_eq!(describe(&[5.0; 4], 0.05).outliers, [0usize; 0]);
    }
}
