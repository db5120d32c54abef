//! This build against another on the same recording, in turn: base head, head base, base head ... (ABBA). Whatever the machine
//! does meanwhile meets both; the ratios of the pairs decide.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compare::Verdict;
use super::error::BenchError;
use super::resources::Usage;
use super::stats::{ALPHA, PairedRatio, paired_ratio};

/// Pairs below which no test reaches an error probability of 0.05 on one side.
pub const LEAST_PAIRS: u32 = 5;

/// One of the two.
pub trait Contender {
    /// Exports once.
    ///
    /// # Errors
    /// When the export fails.
    fn export(&mut self) -> Result<Usage, BenchError>;
}

/// How many pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pairs {
    /// At least so many.
    pub least: u32,
    /// At most so many.
    pub most: u32,
    /// Between these, until half the width of the interval is at most this part of the ratio.
    pub precision: f64,
    /// Slowdown that is allowed, if any is to fail: the pairs also end, looked at every [`LEAST_PAIRS`] pairs, once the whole
    /// interval lies on one side of it. Looking repeatedly could raise an alarm by chance where the true slowdown is near
    /// what is allowed; equal builds are that much away from one.
    pub fail_above: Option<f64>,
}

impl Pairs {
    /// Whether `done` settle it.
    fn settled(&self, done: &[AgainstPair]) -> bool {
        let count = done.len() as u32;
        let Some(wall) = ratio(done, |usage| usage.wall_s) else {
            return false;
        };
        let precise = wall.ci.half_width() <= self.precision * wall.ratio;
        let one_sided = self.fail_above.is_some_and(|allowed| {
            count.is_multiple_of(LEAST_PAIRS)
                && (wall.ci.high <= 1.0 + allowed || wall.ci.low > 1.0 + allowed)
        });
        count >= self.least && (precise || one_sided)
    }
}

/// Which of the two is next, for whoever watches; pairs count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Neither counts yet.
    Warmup,
    /// The other build.
    Base(u32),
    /// This build.
    Head(u32),
}

/// What the pairs say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Against {
    /// Version of this format: 1.
    pub schema_version: u32,
    /// SHA-256 of the other executable.
    pub base_sha256: String,
    /// SHA-256 of this executable.
    pub head_sha256: String,
    /// Name of the recording.
    pub input: String,
    /// Every pair, in the order they ran.
    pub pairs: Vec<AgainstPair>,
    /// Wall time, head over base.
    pub wall: PairedRatio,
    /// CPU time, head over base; null where it could not be read.
    pub cpu: Option<PairedRatio>,
    /// Largest resident set, head over base.
    pub peak_rss: Option<PairedRatio>,
    /// What the wall times come to.
    pub verdict: Verdict,
    /// Slowdown that was allowed; null when nothing was to fail.
    pub fail_above: Option<f64>,
    /// Whether the slowdown is above what was allowed: the interval's lower bound is, and the test agrees.
    pub regression: bool,
    /// What the pairs leave open, in words; null when they leave nothing open.
    pub open: Option<String>,
}

/// A run of either build, next to each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgainstPair {
    /// The other build.
    pub base: Usage,
    /// This build.
    pub head: Usage,
    /// Whether this build ran first.
    pub head_first: bool,
}

/// Runs both in turn.
///
/// # Errors
/// When an export fails, or fewer than [`LEAST_PAIRS`] pairs are asked for.
pub fn run_pairs(
    base: &mut dyn Contender,
    head: &mut dyn Contender,
    pairs: Pairs,
    watch: &mut dyn FnMut(Turn),
) -> Result<Vec<AgainstPair>, BenchError> {
    if pairs.least < LEAST_PAIRS || pairs.most < pairs.least {
        let reason = format!("at least {LEAST_PAIRS} pairs are needed, and no fewer at most than at least");
        return Err(BenchError::Unsuited {
            what: "a comparison of builds",
            reason,
        });
    }
    watch(Turn::Warmup);
    base.export()?;
    head.export()?;
    let mut done = Vec::new();
    for n in 1..=pairs.most {
        let head_first = n % 2 == 0;
        let mut turn = |of_head: bool| {
            watch(if of_head { Turn::Head(n) } else { Turn::Base(n) });
            if of_head { head.export() } else { base.export() }
        };
        let (first, second) = (turn(head_first)?, turn(!head_first)?);
        let (base, head) = if head_first {
            (second, first)
        } else {
            (first, second)
        };
        done.push(AgainstPair {
            base,
            head,
            head_first,
        });
        if pairs.settled(&done) {
            break;
        }
    }
    Ok(done)
}

fn ratio(pairs: &[AgainstPair], figure: fn(&Usage) -> f64) -> Option<PairedRatio> {
    paired_ratio(
        &pairs
            .iter()
            .map(|pair| (figure(&pair.base), figure(&pair.head)))
            .collect::<Vec<_>>(),
    )
}

/// Who ran, and on what.
#[derive(Clone, Debug)]
pub struct Names {
    /// SHA-256 of the other executable.
    pub base_sha256: String,
    /// SHA-256 of this executable.
    pub head_sha256: String,
    /// Name of the recording.
    pub input: String,
}

/// Judges pairs. The test is one-sided, in the direction that the ratio points to: five pairs can reach 0.05 only so.
///
/// # Errors
/// When the pairs hold no times.
pub fn judge(names: Names, pairs: Vec<AgainstPair>, fail_above: Option<f64>) -> Result<Against, BenchError> {
    let Some(wall) = ratio(&pairs, |usage| usage.wall_s) else {
        let reason = "the pairs hold no wall times".to_owned();
        return Err(BenchError::Unsuited {
            what: "a comparison of builds",
            reason,
        });
    };
    let ci = wall.ci;
    let agrees = wall.test.is_some_and(|test| test.p / 2.0 < ALPHA);
    let verdict = match agrees {
        true if ci.low > 1.0 => Verdict::Slower,
        true if ci.high < 1.0 => Verdict::Faster,
        _ => Verdict::NoDifference,
    };
    let regression = fail_above.is_some_and(|allowed| verdict == Verdict::Slower && ci.low > 1.0 + allowed);
    let open = match fail_above {
        Some(allowed) if !regression && ci.high > 1.0 + allowed => Some(format!(
            "a slowdown of up to {:.1} % can't be ruled out: run more pairs or use a quieter machine",
            (ci.high - 1.0) * 100.0
        )),
        _ => None,
    };
    Ok(Against {
        schema_version: 1,
        base_sha256: names.base_sha256,
        head_sha256: names.head_sha256,
        input: names.input,
        cpu: ratio(&pairs, |usage| usage.user_s + usage.system_s),
        peak_rss: ratio(&pairs, |usage| usage.peak_rss_bytes as f64),
        pairs,
        wall,
        verdict,
        fail_above,
        regression,
        open,
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::super::fixtures::usage;
    use super::*;

    /// Takes a chosen time, and both write to one log.
    struct Fake {
        name: &'static str,
        log: Rc<RefCell<Vec<&'static str>>>,
        random: fastrand::Rng,
        seconds: f64,
        /// Standard deviation of a single run, as a part of its time.
        noise: f64,
    }

    impl Contender for Fake {
        fn export(&mut self) -> Result<Usage, BenchError> {
            self.log.borrow_mut().push(self.name);
            // Times scatter log-normally (a sum of twelve uniform numbers is normal enough), and something else runs now and
            // then: one run in twenty takes up to half as long again.
            let normal = (0..12).map(|_| self.random.f64()).sum::<f64>() - 6.0;
            let disturbed = self.noise > 0.01 && self.random.f64() < 0.05;
            let longer = if disturbed { 0.5 * self.random.f64() } else { 0.0 };
            Ok(usage(self.seconds * (self.noise * normal).exp() * (1.0 + longer)))
        }
    }

    fn names() -> Names {
        Names {
            base_sha256: "0".to_owned(),
            head_sha256: "1".to_owned(),
            input: "a.cap".to_owned(),
        }
    }

    fn contest(slowdown: f64, noise: f64, seed: u64, pairs: Pairs) -> (Against, Vec<&'static str>) {
        let log = Rc::new(RefCell::new(Vec::new()));
        let fake = |name, seconds, seed| Fake {
            name,
            log: Rc::clone(&log),
            random: fastrand::Rng::with_seed(seed),
            seconds,
            noise,
        };
        let (mut base, mut head) = (
            fake("base", 10.0, seed),
            fake("head", 10.0 * slowdown, seed + 1000),
        );
        let done = run_pairs(&mut base, &mut head, pairs, &mut |_| {}).unwrap();
        let log = log.borrow().clone();
        (judge(names(), done, Some(0.05)).unwrap(), log)
    }

    const FIVE: Pairs = Pairs {
        least: 5,
        most: 5,
        precision: 0.02,
        fail_above: Some(0.05),
    };
    const MORE: Pairs = Pairs {
        least: 10,
        most: 40,
        precision: 0.015,
        fail_above: Some(0.05),
    };

    #[test]
    fn the_order_is_abba() {
        let (against, log) = contest(1.0, 0.0, 1, FIVE);
        let warm_up = ["base", "head"];
        let turns = [
            "base", "head", "head", "base", "base", "head", "head", "base", "base", "head",
        ];
        assert_eq!(log, [&warm_up[..], &turns].concat());
        assert_eq!(
            (against.verdict, against.regression, against.open),
            (Verdict::NoDifference, false, None)
        );
    }

    #[test]
    fn five_pairs_catch_a_clear_slowdown() {
        let (against, _) = contest(1.2, 0.01, 7, FIVE);
        assert!(
            against.regression && against.verdict == Verdict::Slower,
            "{:?}",
            against.wall
        );
        assert_eq!(contest(0.8, 0.01, 7, FIVE).0.verdict, Verdict::Faster);
    }

    /// What 10 to 40 pairs can tell, as docs/benchmarking.md states it: contests out of [`CONTESTS`] that ended in an alarm
    /// above 5 %, of equal builds and of one slowed by 10 %, by the scatter of single runs. A shared machine scatters by 2 to
    /// 5 %; above that a slowdown is missed now and then, but never is there a false alarm.
    #[test]
    fn noise_raises_no_alarm_and_ten_per_cent_are_caught() {
        const CONTESTS: u64 = 60;
        for (noise, caught_at_least) in [(0.02, 60), (0.03, 56), (0.05, 48), (0.08, 24)] {
            let alarms = |slowdown| {
                (0..CONTESTS)
                    .filter(|seed| contest(slowdown, noise, 2 * seed, MORE).0.regression)
                    .count()
            };
            let (false_alarms, caught) = (alarms(1.0), alarms(1.1));
            assert_eq!(false_alarms, 0, "noise {noise}");
            assert!(
                caught >= caught_at_least,
                "noise {noise}: {caught} of {CONTESTS} caught"
            );
        }
    }

    #[test]
    fn precise_pairs_end_early() {
        assert_eq!(contest(1.0, 0.0, 3, MORE).0.pairs.len(), 10);
        assert!(contest(1.0, 0.1, 3, MORE).0.pairs.len() > 10);
    }

    #[test]
    fn pairs_end_once_the_interval_lies_on_one_side_of_what_is_allowed() {
        let pairs = |slowdown, fail_above| {
            let pairs = Pairs {
                precision: 0.0,
                fail_above,
                ..MORE
            };
            contest(slowdown, 0.02, 5, pairs).0.pairs.len()
        };
        assert_eq!(pairs(1.0, None), 40);
        assert!(pairs(1.0, Some(0.05)) < 20);
        assert!(pairs(1.2, Some(0.05)) < 20);
        assert!(pairs(1.05, Some(0.05)) > pairs(1.2, Some(0.05)));
    }

    #[test]
    fn four_pairs_are_refused() {
        let fake = || Fake {
            name: "x",
            log: Rc::default(),
            random: fastrand::Rng::with_seed(1),
            seconds: 1.0,
            noise: 0.0,
        };
        let four = Pairs {
            least: 4,
            most: 4,
            precision: 0.1,
            fail_above: None,
        };
        assert!(run_pairs(&mut fake(), &mut fake(), four, &mut |_| {}).is_err());
    }
}
