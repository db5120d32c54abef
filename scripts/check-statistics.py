#!/usr/bin/env python3
"""Computes with scipy what the tests of src/bench/stats expect, and compares the numbers that stand in them.

    pip install scipy
    scripts/check-statistics.py

Every number of the list EXPECTED must occur, digit for digit up to underscores, in the Rust file named beside it.
Exits 1 on the first that does not.
"""

import pathlib
import re
import sys

import numpy as np
from scipy import stats

STATS = pathlib.Path(__file__).resolve().parent.parent / "src/bench/stats"

described = np.array([10.2, 9.9, 10.4, 10.1, 13.9, 10.0, 10.3])
warming = np.array([12.0, 11.2, 10.7, 10.5, 10.4, 10.4, 10.3, 10.2])
base = [10.1, 10.4, 9.8, 10.2, 10.0]
head = [11.2, 11.0, 11.5, 10.9, 11.1]
mixed = ([1.0, 4.0, 6.0, 7.5], [2.0, 3.0, 5.0, 8.0, 9.0, 10.0])
tied = ([1.0, 2.0, 2.0, 3.0, 4.0], [2.0, 3.0, 3.0, 5.0, 6.0, 6.0])


def median_interval(n, confidence=0.95):
    """Ranks between which the bootstrap median of n (odd) distinct values lies: the median of a resample is at most the
    k-th smallest value when more than half the draws are, which is a binomial tail."""
    at_most = [stats.binom.sf(n // 2, n, k / n) for k in range(1, n + 1)]
    tail = (1 - confidence) / 2
    low = next(k + 1 for k, p in enumerate(at_most) if p > tail)
    high = next(k + 1 for k, p in enumerate(at_most) if p >= 1 - tail)
    return low, high


def exact(x, y, alternative):
    return stats.mannwhitneyu(x, y, alternative=alternative, method="exact")


def wilcoxon(differences, method, alternative="two-sided"):
    return stats.wilcoxon(differences, method=method, alternative=alternative)


kendall = stats.kendalltau(np.arange(len(warming)), warming, method="asymptotic")
slope = stats.theilslopes(warming).slope * (len(warming) - 1) / np.median(warming)
spread = stats.median_abs_deviation(described, scale="normal") / np.median(described)
signed = [0.3, -0.1, 0.5, 0.2, -0.4, 0.7, 0.9, -0.05]
ties = [1.0, 1.0, -1.0, 2.0, 3.0, -2.0, 4.0, 0.0]

ten = list(zip(base, head)) + [(10.0, 10.7), (10.3, 11.6), (9.9, 10.8), (10.6, 11.3), (10.2, 11.9)]


def paired(pairs):
    """Hodges-Lehmann estimate and the interval that the signed-rank test does not reject: a bound is the ratio at which the
    exact test's p crosses 0.05, found among the Walsh averages."""
    logs = [np.log(h / b) for b, h in pairs]
    walsh = sorted((x + y) / 2 for i, x in enumerate(logs) for y in logs[: i + 1])
    kept = [w for w in walsh if min_p(logs, w) > 0.05] or walsh
    return np.exp(np.median(walsh)), np.exp(kept[0]), np.exp(kept[-1])


def min_p(logs, shift):
    """Largest two-sided p just beside a shift: at a Walsh average itself there is a tie or a zero."""
    beside = [[x - shift - step for x in logs] for step in (-1e-9, 1e-9)]
    return max(stats.wilcoxon(d, method="exact").pvalue for d in beside)


EXPECTED = [
    ("describe.rs", "mean", described.mean()),
    ("describe.rs", "standard deviation", described.std(ddof=1)),
    ("describe.rs", "median absolute deviation", stats.median_abs_deviation(described)),
    ("describe.rs", "relative spread", spread),
    ("describe.rs", "Kendall's tau", kendall.statistic),
    ("describe.rs", "p of Kendall's tau", kendall.pvalue),
    ("describe.rs", "Theil-Sen change", slope),
    ("ratio.rs", "Mann-Whitney exact", exact(base, head, "two-sided").pvalue),
    ("ratio.rs", "Mann-Whitney exact, one side", exact(base, head, "less").pvalue),
    ("ratio.rs", "Mann-Whitney exact, mixed", exact(*mixed, "two-sided").pvalue),
    ("ratio.rs", "U, mixed", exact(*mixed, "two-sided").statistic),
    ("ratio.rs", "Mann-Whitney, ties", stats.mannwhitneyu(*tied, method="asymptotic").pvalue),
    ("ratio.rs", "U, ties", stats.mannwhitneyu(*tied, method="asymptotic").statistic),
    ("ratio.rs", "Wilcoxon, five pairs", wilcoxon([0.1, 0.2, 0.3, 0.15, 0.05], "exact").pvalue),
    ("ratio.rs", "Wilcoxon, five pairs, one side", wilcoxon([0.1, 0.2, 0.3, 0.15, 0.05], "exact", "greater").pvalue),
    ("ratio.rs", "Wilcoxon, mixed", wilcoxon(signed, "exact").pvalue),
    ("ratio.rs", "W+, mixed", wilcoxon(signed, "exact", "greater").statistic),
    ("ratio.rs", "Wilcoxon, ties", wilcoxon(ties, "asymptotic").pvalue),
    ("ratio.rs", "paired, five", paired(ten[:5])[0]),
    ("ratio.rs", "paired, ten", paired(ten)[0]),
    ("ratio.rs", "paired, ten, low", paired(ten)[1]),
    ("ratio.rs", "paired, ten, high", paired(ten)[2]),
    ("bootstrap.rs", "low rank of 5", float(median_interval(5)[0] + 9)),
    ("bootstrap.rs", "high rank of 5", float(median_interval(5)[1] + 9)),
    ("bootstrap.rs", "low rank of 11", float(median_interval(11)[0])),
    ("bootstrap.rs", "high rank of 11", float(median_interval(11)[1])),
]


def numbers_of(file):
    text = (STATS / file).read_text().replace("_", "")
    return [float(number) for number in re.findall(r"-?\d+\.\d+", text)]


failed = False
for file, name, value in EXPECTED:
    found = any(abs(number - value) <= 1e-12 * max(1.0, abs(value)) for number in numbers_of(file))
    failed |= not found
    print(f"{'ok' if found else 'MISSING':8}{file:14}{name:36}{value!r}")
sys.exit(1 if failed else 0)
