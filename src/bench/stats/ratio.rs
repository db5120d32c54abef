//! How many times as much: head over base, with its interval.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bootstrap::{self, CONFIDENCE, Interval};
use super::describe::{median, pick};
use super::test::{Comparison, walsh_tail, wilcoxon};

/// Head over base.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ratio {
    /// The ratio: 1.1 is 10 % more than the base.
    pub ratio: f64,
    /// 95 % percentile bootstrap interval.
    pub ci: Interval,
}

/// Head over base of measurements that were taken in pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PairedRatio {
    /// The ratio that the pairs point to: the median of the geometric means of every two of them, each with itself included
    /// (Hodges and Lehmann's estimate, taken of logarithms).
    pub ratio: f64,
    /// 95 % interval: the ratios that Wilcoxon's test does not reject; the whole range where the pairs are too few for it.
    pub ci: Interval,
    /// Ratio of every pair, in the order they ran.
    pub pairs: Vec<f64>,
    /// Wilcoxon's signed-rank test of the logarithms of the pairs' ratios; null when all pairs are equal.
    pub test: Option<Comparison>,
}

/// Median of `head` over median of `base`; the interval resamples both. `None` when one is empty or the base is not
/// positive.
pub fn ratio_of_medians(base: &[f64], head: &[f64]) -> Option<Ratio> {
    let all_positive = base.iter().all(|v| *v > 0.0);
    if head.is_empty() || base.is_empty() || !all_positive {
        return None;
    }
    let ci = bootstrap::interval(head.len(), |drawn, random| {
        let drawn_base: Vec<f64> = (0..base.len())
            .map(|_| base[random.usize(0..base.len())])
            .collect();
        median(&pick(head, drawn)) / median(&drawn_base)
    })?;
    Some(Ratio {
        ratio: median(head) / median(base),
        ci,
    })
}

/// Ratios of the pairs `(base, head)`. `None` when there is no pair or a value is not positive.
pub fn paired_ratio(pairs: &[(f64, f64)]) -> Option<PairedRatio> {
    if pairs.is_empty() || pairs.iter().any(|(base, head)| !(*base > 0.0 && *head > 0.0)) {
        return None;
    }
    let ratios: Vec<f64> = pairs.iter().map(|(base, head)| head / base).collect();
    let logs: Vec<f64> = ratios.iter().map(|ratio| ratio.ln()).collect();
    let mut walsh: Vec<f64> = (0..logs.len())
        .flat_map(|i| logs[..=i].iter().map(move |other| (i, other)))
        .map(|(i, other)| (logs[i] + other) / 2.0)
        .collect();
    walsh.sort_unstable_by(f64::total_cmp);
    let tail = walsh_tail(logs.len(), 1.0 - CONFIDENCE)
        .saturating_sub(1)
        .min((walsh.len() - 1) / 2);
    let ci = Interval {
        low: walsh[tail].exp(),
        high: walsh[walsh.len() - 1 - tail].exp(),
    };
    Some(PairedRatio {
        ratio: median(&walsh).exp(),
        ci,
        test: wilcoxon(&logs),
        pairs: ratios,
    })
}

#[cfg(test)]
mod tests {
    use super::super::mann_whitney;
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * b.abs().max(1e-3)
    }

    const BASE: [f64; 5] = [10.1, 10.4, 9.8, 10.2, 10.0];
    const HEAD: [f64; 5] = [11.2, 11.0, 11.5, 10.9, 11.1];
    const MORE: [(f64, f64); 5] = [
        (10.0, 10.7),
        (10.3, 11.6),
        (9.9, 10.8),
        (10.6, 11.3),
        (10.2, 11.9),
    ];

    /// check-statistics.py, "mann_whitney".
    #[test]
    fn exact_mann_whitney() {
        let apart = mann_whitney(&BASE, &HEAD).unwrap();
        assert!(apart.exact && apart.statistic == 0.0);
        assert!(
            close(apart.p, 0.007_936_507_936_507_936) && close(apart.p_larger, 0.003_968_253_968_253_968)
        );
        let mixed = mann_whitney(&[1.0, 4.0, 6.0, 7.5], &[2.0, 3.0, 5.0, 8.0, 9.0, 10.0]).unwrap();
        assert!(mixed.exact && mixed.statistic == 8.0, "{mixed:?}");
        assert!(close(mixed.p, 0.476_190_476_190_476_16), "{mixed:?}");
        // Three against three can never reach 0.05.
        assert!(close(mann_whitney(&BASE[..3], &HEAD[..3]).unwrap().p, 0.1));
    }

    /// check-statistics.py, "mann_whitney_ties" (method asymptotic, continuity correction).
    #[test]
    fn tied_mann_whitney() {
        let tied = mann_whitney(&[1.0, 2.0, 2.0, 3.0, 4.0], &[2.0, 3.0, 3.0, 5.0, 6.0, 6.0]).unwrap();
        assert!(!tied.exact && tied.statistic == 6.0, "{tied:?}");
        assert!(close(tied.p, 0.113_049_978_856_322_9), "{tied:?}");
        assert_eq!(mann_whitney(&[1.0; 4], &[1.0; 4]).unwrap().p, 1.0);
        assert!(mann_whitney(&[], &[1.0]).is_none());
    }

    /// check-statistics.py, "wilcoxon".
    #[test]
    fn signed_ranks() {
        let five = wilcoxon(&[0.1, 0.2, 0.3, 0.15, 0.05]).unwrap();
        assert!(five.exact && close(five.p, 0.0625) && close(five.p_larger, 0.03125));
        let mixed = wilcoxon(&[0.3, -0.1, 0.5, 0.2, -0.4, 0.7, 0.9, -0.05]).unwrap();
        assert!(
            mixed.exact && mixed.statistic == 28.0 && close(mixed.p, 0.195_312_5),
            "{mixed:?}"
        );
        let tied = wilcoxon(&[1.0, 1.0, -1.0, 2.0, 3.0, -2.0, 4.0, 0.0]).unwrap();
        assert!(!tied.exact && close(tied.p, 0.200_825_122_695_145_52), "{tied:?}");
        assert!(wilcoxon(&[0.0, 0.0]).is_none());
    }

    #[test]
    fn ratios_and_their_intervals() {
        let ratio = ratio_of_medians(&BASE, &HEAD).unwrap();
        assert!(close(ratio.ratio, 11.1 / 10.1));
        assert!(
            ratio.ci.low > 1.04
                && ratio.ci.low < ratio.ratio
                && ratio.ratio < ratio.ci.high
                && ratio.ci.high < 1.18
        );
        let pairs: Vec<(f64, f64)> = BASE.iter().copied().zip(HEAD).collect();
        let paired = paired_ratio(&pairs).unwrap();
        // check-statistics.py, "paired": five pairs are too few for 95 %, so the interval is the range.
        assert!(close(paired.ratio, 1.108_910_891_089_108_8), "{paired:?}");
        assert!(
            close(paired.ci.low, 11.0 / 10.4) && close(paired.ci.high, 11.5 / 9.8),
            "{paired:?}"
        );
        let ten: Vec<(f64, f64)> = pairs.iter().copied().chain(MORE).collect();
        let ten = paired_ratio(&ten).unwrap();
        assert!(close(ten.ratio, 1.099_873_161_822_403), "{ten:?}");
        assert!(close(ten.ci.low, 1.069_313_505_268_225_7), "{ten:?}");
        assert!(close(ten.ci.high, 1.137_422_249_183_342_6), "{ten:?}");
        assert!(ratio_of_medians(&[], &HEAD).is_none() && ratio_of_medians(&[0.0], &HEAD).is_none());
        assert!(paired_ratio(&[(1.0, 0.0)]).is_none() && paired_ratio(&[]).is_none());
    }
}
