//! Do two sets differ? Rank tests: no distribution is assumed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Pairs of measurements (n1 times n2) up to which the exact distribution of U is computed.
const EXACT_PRODUCT: usize = 2_500;
/// Pairs up to which the exact distribution of W is computed.
const EXACT_PAIRS: usize = 50;

/// The standard normal distribution's 97.5 % quantile.
const NORMAL_975: f64 = 1.959_963_984_540_054;

/// The outcome of a test whose null hypothesis is that nothing differs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// U of the first sample (Mann-Whitney), or W+, the rank sum of positive differences (Wilcoxon).
    pub statistic: f64,
    /// Probability of a difference at least as large in either direction.
    pub p: f64,
    /// Probability of values at least as large in the second sample (of differences at least as positive).
    pub p_larger: f64,
    /// Whether the distribution is exact; else it is the normal approximation with correction for ties.
    pub exact: bool,
}

/// Mann and Whitney's U test of `head` against `base` (Mann and Whitney 1947). The statistic is U of `base`: the pairs in
/// which its value is the larger one, ties counting half. `None` when one is empty.
///
/// Exact without ties and up to 2,500 pairs of values, else the normal approximation with tie and continuity correction.
pub fn mann_whitney(base: &[f64], head: &[f64]) -> Option<Comparison> {
    let (n1, n2) = (base.len(), head.len());
    if n1 == 0 || n2 == 0 {
        return None;
    }
    let joined: Vec<f64> = base.iter().chain(head).copied().collect();
    let ranks = ranks(&joined);
    let product = (n1 * n2) as f64;
    let u_base = ranks[..n1].iter().sum::<f64>() - (n1 * (n1 + 1)) as f64 / 2.0;
    let u_head = product - u_base;
    let ties = tie_sizes(&joined);
    if ties.is_empty() && n1 * n2 <= EXACT_PRODUCT {
        let counts = u_distribution(n1, n2);
        let at_least = |u: f64| share_from(&counts, u);
        return Some(Comparison {
            statistic: u_base,
            p: (2.0 * at_least(u_base.max(u_head))).min(1.0),
            p_larger: at_least(u_head),
            exact: true,
        });
    }
    let n = (n1 + n2) as f64;
    let tied: f64 = ties.iter().map(|t| t * t * t - t).sum();
    let sd = (product / 12.0 * (n + 1.0 - tied / (n * (n - 1.0)))).sqrt();
    let z = |u: f64| {
        if sd > 0.0 {
            (u - product / 2.0 - 0.5) / sd
        } else {
            f64::NEG_INFINITY
        }
    };
    Some(Comparison {
        statistic: u_base,
        p: (2.0 * normal_above(z(u_base.max(u_head)))).min(1.0),
        p_larger: normal_above(z(u_head)),
        exact: false,
    })
}

/// Wilcoxon's signed-rank test of differences against 0 (Wilcoxon 1945). Differences of 0 are dropped; `None` when none is
/// left.
///
/// Exact up to 50 differences without ties, else the normal approximation with tie correction.
pub fn wilcoxon(differences: &[f64]) -> Option<Comparison> {
    let differences: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let n = differences.len();
    if n == 0 {
        return None;
    }
    let sizes: Vec<f64> = differences.iter().map(|d| d.abs()).collect();
    let ranks = ranks(&sizes);
    let positive: f64 = differences
        .iter()
        .zip(&ranks)
        .filter(|(d, _)| **d > 0.0)
        .map(|(_, rank)| rank)
        .sum();
    let count = n as f64;
    let all = count * (count + 1.0) / 2.0;
    let ties = tie_sizes(&sizes);
    let (at_least, exact): (Box<dyn Fn(f64) -> f64>, bool) = if ties.is_empty() && n <= EXACT_PAIRS {
        let counts = w_distribution(n);
        (Box::new(move |w| share_from(&counts, w)), true)
    } else {
        let tied: f64 = ties.iter().map(|t| t * t * t - t).sum();
        let sd = ((count * (count + 1.0) * (2.0 * count + 1.0) - tied / 2.0) / 24.0).sqrt();
        (Box::new(move |w| normal_above((w - all / 2.0) / sd)), false)
    };
    Some(Comparison {
        statistic: positive,
        p: (2.0 * at_least(positive.max(all - positive))).min(1.0),
        p_larger: at_least(positive),
        exact,
    })
}

/// Ranks from 1, ties sharing their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    for group in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let first = order.iter().position(|index| *index == group[0]).unwrap_or(0);
        let rank = first as f64 + (group.len() as f64 + 1.0) / 2.0;
        for &index in group {
            ranks[index] = rank;
        }
    }
    ranks
}

/// Sizes of the groups of equal values, groups of one left out.
pub(super) fn tie_sizes(values: &[f64]) -> Vec<f64> {
    let mut ascending = values.to_vec();
    ascending.sort_unstable_by(f64::total_cmp);
    ascending
        .chunk_by(|a, b| a == b)
        .filter(|group| group.len() > 1)
        .map(|group| group.len() as f64)
        .collect()
}

/// How many of the arrangements of `n1` and `n2` values give each U: the coefficients of the Gaussian binomial.
fn u_distribution(n1: usize, n2: usize) -> Vec<f64> {
    let top = n1 * n2;
    let mut counts = vec![0.0; top + 1];
    counts[0] = 1.0;
    for i in 1..=n1 {
        // Multiply by (1 - q^(n2 + i)), then divide by (1 - q^i).
        for u in (n2 + i..=top).rev() {
            counts[u] -= counts[u - n2 - i];
        }
        for u in i..=top {
            counts[u] += counts[u - i];
        }
    }
    counts
}

/// How many of the smallest and of the largest of the n (n + 1) / 2 Walsh averages lie outside the interval that Wilcoxon's test
/// does not reject with error probability `alpha` (Hollander and Wolfe 1999, section 3.3).
pub(super) fn walsh_tail(n: usize, alpha: f64) -> usize {
    if n <= EXACT_PAIRS {
        let counts = w_distribution(n);
        let all: f64 = counts.iter().sum();
        let mut below = 0.0;
        // So many that even the next sum of ranks is too unlikely on one side.
        counts
            .iter()
            .take_while(|count| {
                below += *count;
                below / all <= alpha / 2.0
            })
            .count()
    } else {
        let count = n as f64;
        let sd = (count * (count + 1.0) * (2.0 * count + 1.0) / 24.0).sqrt();
        (count * (count + 1.0) / 4.0 - NORMAL_975 * sd).floor().max(0.0) as usize
    }
}

/// How many of the 2^n signs of the ranks 1..=n give each sum of positive ranks.
fn w_distribution(n: usize) -> Vec<f64> {
    let mut counts = vec![0.0; n * (n + 1) / 2 + 1];
    counts[0] = 1.0;
    for rank in 1..=n {
        for sum in (rank..counts.len()).rev() {
            counts[sum] += counts[sum - rank];
        }
    }
    counts
}

fn share_from(counts: &[f64], from: f64) -> f64 {
    let from = from.ceil() as usize;
    counts.iter().skip(from).sum::<f64>() / counts.iter().sum::<f64>()
}

/// Probability that a standard normal variable is above `z`.
fn normal_above(z: f64) -> f64 {
    libm::erfc(z / std::f64::consts::SQRT_2) / 2.0
}

/// Probability that a standard normal variable is at least as far from 0 as `z`.
pub(super) fn normal_two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() / std::f64::consts::SQRT_2)
}
