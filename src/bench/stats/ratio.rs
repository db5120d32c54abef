//! How many times as much: head over base, with its interval.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bootstrap::{self, Interval};
use super::describe::{median, pick};
use super::test::{Comparison, wilcoxon};

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
    /// Median of the pairs' ratios, and its interval over resampled pairs.
    #[serde(flatten)]
    pub ratio: Ratio,
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
    if pairs.iter().any(|(base, head)| !(*base > 0.0 && *head > 0.0)) {
        return None;
    }
    let ratios: Vec<f64> = pairs.iter().map(|(base, head)| head / base).collect();
    let ci = bootstrap::interval(ratios.len(), |drawn, _| median(&pick(&ratios, drawn)))?;
    let logs: Vec<f64> = ratios.iter().map(|ratio| ratio.ln()).collect();
    Some(PairedRatio {
        ratio: Ratio {
            ratio: median(&ratios),
            ci,
        },
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
        assert!(close(paired.ratio.ratio, 11.2 / 10.1), "{paired:?}");
        assert!(
            close(paired.ratio.ci.low, 11.0 / 10.4) && close(paired.ratio.ci.high, 11.5 / 9.8),
            "{paired:?}"
        );
        assert!(ratio_of_medians(&[], &HEAD).is_none() && ratio_of_medians(&[0.0], &HEAD).is_none());
        assert!(paired_ratio(&[(1.0, 0.0)]).is_none() && paired_ratio(&[]).is_none());
    }
}
