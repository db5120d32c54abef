//! Two baselines side by side: like with like only, every figure with its interval, its test and a verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::baseline::{Baseline, Better, Metric};
use super::floor::Floor;
use super::stats::{ALPHA, Comparison, Ratio, mann_whitney, ratio_of_medians};

/// A field in which two baselines must agree to be compared, and does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unlike {
    /// Path of the field in the baseline.
    pub field: String,
    /// Its value in the base.
    pub base: String,
    /// Its value in the head.
    pub head: String,
}

/// What the comparison of a figure comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The head is better: faster, smaller.
    Faster,
    /// The head is worse: slower, larger.
    Slower,
    /// The measurements show no difference; a small one may be there all the same.
    NoDifference,
    /// The measurements allow no verdict.
    Void,
}

impl Verdict {
    /// The verdict in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::NoDifference => "no difference shown",
            Self::Void => "void",
        }
    }
}

/// A figure of both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// Name of the figure, as in the summary; floor_ratio and own_floor_ratio are the export time over the floors.
    pub metric: String,
    /// Unit.
    pub unit: String,
    /// Which way is better.
    pub better: Better,
    /// Median of the base.
    pub base: f64,
    /// Median of the head.
    pub head: f64,
    /// Head over base, with its 95 % bootstrap interval; null when a value is 0.
    pub ratio: Option<Ratio>,
    /// Mann and Whitney's U test of the single runs.
    pub test: Option<Comparison>,
    /// What that comes to.
    pub verdict: Verdict,
    /// Why a verdict is void.
    pub reason: Option<String>,
}

/// Two baselines compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Commit or version of the base.
    pub base: String,
    /// Commit or version of the head.
    pub head: String,
    /// Differences that do not forbid the comparison but may explain it.
    pub notes: Vec<Unlike>,
    /// Figures that both have.
    pub metrics: Vec<Compared>,
    /// Figures, among those that decide, that got worse by more than was allowed; empty when none was to decide.
    pub regressions: Vec<String>,
}

/// What decides whether a comparison fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Relative worsening that is allowed: 0.05 is 5 %.
    pub fail_above: f64,
    /// Names of the figures that decide.
    pub metrics: Vec<String>,
}

/// Compares `head` with `base`, although they differ in the fields of `allowed`.
///
/// # Errors
/// With the fields that make them unlike.
pub fn compare(
    base: &Baseline,
    head: &Baseline,
    allowed: &[String],
    gate: Option<&Gate>,
) -> Result<Report, Vec<Unlike>> {
    let mut unlike = unlike(base, head);
    unlike.retain(|field| !allowed.contains(&field.field));
    if !unlike.is_empty() {
        return Err(unlike);
    }
    let mut metrics = Vec::new();
    for (name, of_base) in &base.summary.metrics {
        if let Some(of_head) = head.summary.metrics.get(name) {
            metrics.push(compare_metric(name, of_base, of_head));
        }
    }
    for (name, of_base, of_head) in [
        ("floor_ratio", &base.floor, &head.floor),
        ("own_floor_ratio", &base.own_floor, &head.own_floor),
    ] {
        let ratios = |floor: &Option<Floor>| floor_ratios(floor.as_ref()?, base.settings.spread_bound);
        if let (Some(of_base), Some(of_head)) = (ratios(of_base), ratios(of_head)) {
            metrics.push(compare_metric(name, &of_base, &of_head));
        }
    }
    let regressions = gate.map_or_else(Vec::new, |gate| {
        let decides = |compared: &&Compared| gate.metrics.contains(&compared.metric);
        let fails = |compared: &&Compared| compared.regressed(gate.fail_above);
        metrics
            .iter()
            .filter(decides)
            .filter(fails)
            .map(|compared| compared.metric.clone())
            .collect()
    });
    Ok(Report {
        base: name_of(base),
        head: name_of(head),
        notes: notes(base, head),
        metrics,
        regressions,
    })
}

impl Compared {
    /// Whether it is worse by more than `allowed`: the lower bound of the worsening lies above it and the test agrees.
    pub fn regressed(&self, allowed: f64) -> bool {
        let agrees = self.test.is_some_and(|test| test.p < ALPHA);
        let worsening = self.ratio.map(|ratio| match self.better {
            Better::Lower => ratio.ci.low,
            Better::Higher => 1.0 / ratio.ci.high,
        });
        self.verdict == Verdict::Slower && agrees && worsening.is_some_and(|lowest| lowest > 1.0 + allowed)
    }
}

fn compare_metric(name: &str, base: &Metric, head: &Metric) -> Compared {
    let ratio = ratio_of_medians(&base.values, &head.values);
    let test = mann_whitney(&base.values, &head.values);
    let voided = |side: &str, metric: &Metric| {
        metric
            .statistics
            .void
            .as_ref()
            .map(|why| format!("{side}: {why}"))
    };
    let reason = voided("base", base).or_else(|| voided("head", head));
    let verdict = match (&reason, ratio, test) {
        (Some(_), _, _) | (_, None, _) | (_, _, None) => Verdict::Void,
        (None, Some(ratio), Some(test)) => {
            let (lower, higher) = (ratio.ci.high < 1.0, ratio.ci.low > 1.0);
            match (test.p < ALPHA, base.better) {
                (true, Better::Lower) if lower => Verdict::Faster,
                (true, Better::Higher) if higher => Verdict::Faster,
                (true, _) if lower || higher => Verdict::Slower,
                _ => Verdict::NoDifference,
            }
        }
    };
    let reason =
        reason.or_else(|| (verdict == Verdict::Void).then(|| "a ratio over 0 says nothing".to_owned()));
    Compared {
        metric: name.to_owned(),
        unit: base.unit.clone(),
        better: base.better,
        base: base.statistics.median,
        head: head.statistics.median,
        ratio,
        test,
        verdict,
        reason,
    }
}

fn floor_ratios(floor: &Floor, spread_bound: f64) -> Option<Metric> {
    let pairs = floor.ratio.as_ref()?.pairs.clone();
    let statistics = super::stats::describe(&pairs, spread_bound);
    Some(Metric {
        unit: "times".to_owned(),
        better: Better::Lower,
        values: pairs,
        statistics,
    })
}

/// What it was built from.
fn name_of(baseline: &Baseline) -> String {
    let tool = &baseline.tool;
    match (&tool.commit, tool.modified) {
        (Some(commit), Some(true)) => format!("{} with changes", commit.get(..12).unwrap_or(commit)),
        (Some(commit), _) => commit.get(..12).unwrap_or(commit).to_owned(),
        (None, _) => format!("{} {}", tool.name, tool.version),
    }
}

/// Collects fields that differ.
struct Differences(Vec<Unlike>);

impl Differences {
    fn check<T: PartialEq + Serialize>(&mut self, field: &str, base: &T, head: &T) {
        if base != head {
            let text = |value: &T| match serde_json::to_value(value) {
                Ok(Value::String(text)) => text,
                Ok(value) => value.to_string(),
                Err(error) => error.to_string(),
            };
            self.0.push(Unlike {
                field: field.to_owned(),
                base: text(base),
                head: text(head),
            });
        }
    }
}

/// Fields that must agree.
fn unlike(base: &Baseline, head: &Baseline) -> Vec<Unlike> {
    let mut differences = Differences(Vec::new());
    let mut check = |field: &str, values: (&Value, &Value)| differences.check(field, values.0, values.1);
    let value = |value: Result<Value, serde_json::Error>| value.unwrap_or(Value::Null);
    let both = (
        value(serde_json::to_value(base)),
        value(serde_json::to_value(head)),
    );
    let fields = [
        "schema_version",
        "input.sha256",
        "tool.profile",
        "tool.target",
        "machine.cpu",
        "machine.cores",
        "machine.os",
        "adapter.name",
        "adapter.software",
        "paths.encoder",
    ];
    for field in fields {
        let pointer = format!("/{}", field.replace('.', "/"));
        let at = |side: &'_ Value| side.pointer(&pointer).cloned().unwrap_or(Value::Null);
        check(field, (&at(&both.0), &at(&both.1)));
    }
    let settings = |side: &Value| {
        side["settings"]["export"]
            .as_object()
            .cloned()
            .unwrap_or_default()
    };
    let (of_base, of_head) = (settings(&both.0), settings(&both.1));
    for key in of_base
        .keys()
        .chain(of_head.keys().filter(|key| !of_base.contains_key(*key)))
    {
        let at = |side: &serde_json::Map<String, Value>| side.get(key).cloned().unwrap_or(Value::Null);
        check(&format!("settings.export.{key}"), (&at(&of_base), &at(&of_head)));
    }
    differences.0
}

/// Fields that may differ and explain something.
fn notes(base: &Baseline, head: &Baseline) -> Vec<Unlike> {
    let mut notes = Differences(Vec::new());
    notes.check("machine.kernel", &base.machine.kernel, &head.machine.kernel);
    notes.check(
        "machine.memory_bytes",
        &base.machine.memory_bytes,
        &head.machine.memory_bytes,
    );
    notes.check("machine.power", &base.machine.power, &head.machine.power);
    notes.check(
        "machine.cpu_governor",
        &base.machine.cpu_governor,
        &head.machine.cpu_governor,
    );
    let driver = |side: &Baseline| side.adapter.as_ref().map(|adapter| adapter.driver.clone());
    notes.check("adapter.driver", &driver(base), &driver(head));
    notes.check(
        "tool.ffmpeg.release",
        &base.tool.ffmpeg.release,
        &head.tool.ffmpeg.release,
    );
    notes.check(
        "paths.pixel_path",
        &base.paths.ran.pixel_path,
        &head.paths.ran.pixel_path,
    );
    notes.check("paths.repeats", &base.paths.ran.repeats, &head.paths.ran.repeats);
    notes.check(
        "paths.encoder_options",
        &base.paths.ran.encoder_options,
        &head.paths.ran.encoder_options,
    );
    notes.check(
        "paths.decoders",
        &base.paths.ran.decoders,
        &head.paths.ran.decoders,
    );
    notes.0
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::baseline;
    use super::*;

    const BASE: [f64; 5] = [10.0, 10.1, 9.9, 10.05, 9.95];

    fn verdict_of(report: &Report, metric: &str) -> Verdict {
        report
            .metrics
            .iter()
            .find(|compared| compared.metric == metric)
            .unwrap()
            .verdict
    }

    fn gate(fail_above: f64) -> Gate {
        Gate {
            fail_above,
            metrics: vec!["wall_s".to_owned()],
        }
    }

    #[test]
    fn a_slower_head_is_slower_in_every_unit() {
        let head = BASE.map(|wall| wall * 1.12);
        let report = compare(&baseline(&BASE), &baseline(&head), &[], Some(&gate(0.05))).unwrap();
        assert_eq!(verdict_of(&report, "wall_s"), Verdict::Slower);
        assert_eq!(
            verdict_of(&report, "fps"),
            Verdict::Slower,
            "fewer frames a second are slower"
        );
        assert_eq!(verdict_of(&report, "bytes"), Verdict::NoDifference);
        assert_eq!(report.regressions, ["wall_s"]);
        let faster = compare(&baseline(&head), &baseline(&BASE), &[], Some(&gate(0.05))).unwrap();
        assert_eq!(
            (verdict_of(&faster, "wall_s"), verdict_of(&faster, "fps")),
            (Verdict::Faster, Verdict::Faster)
        );
        assert!(faster.regressions.is_empty());
    }

    #[test]
    fn a_slowdown_below_the_bound_is_named_but_does_not_fail() {
        let head = BASE.map(|wall| wall * 1.04);
        let report = compare(&baseline(&BASE), &baseline(&head), &[], Some(&gate(0.05))).unwrap();
        assert_eq!(
            (verdict_of(&report, "wall_s"), report.regressions.len()),
            (Verdict::Slower, 0)
        );
    }

    #[test]
    fn too_few_runs_never_fail() {
        // Three against three can't reach p < 0.05.
        let head = [12.0, 12.1, 11.9];
        let report = compare(&baseline(&BASE[..3]), &baseline(&head), &[], Some(&gate(0.05))).unwrap();
        assert_eq!(
            (verdict_of(&report, "wall_s"), report.regressions.len()),
            (Verdict::NoDifference, 0)
        );
    }

    #[test]
    fn scattered_runs_are_void_whatever_they_say() {
        let report = compare(
            &baseline(&BASE),
            &baseline(&[20.0, 30.0, 15.0, 40.0, 25.0]),
            &[],
            Some(&gate(0.05)),
        );
        let report = report.unwrap();
        let wall = report
            .metrics
            .iter()
            .find(|compared| compared.metric == "wall_s")
            .unwrap();
        assert_eq!(wall.verdict, Verdict::Void);
        assert!(wall.reason.as_ref().unwrap().starts_with("head: ") && report.regressions.is_empty());
    }

    #[test]
    fn unlike_things_are_refused_by_field() {
        let base = baseline(&BASE);
        let mut head = base.clone();
        head.machine.cpu = "another".to_owned();
        head.input.sha256 = "11".repeat(32);
        head.settings.export.cap_colors = true;
        let fields = |allowed: &[String]| -> Vec<String> {
            compare(&base, &head, allowed, None)
                .unwrap_err()
                .into_iter()
                .map(|unlike| unlike.field)
                .collect()
        };
        assert_eq!(
            fields(&[]),
            ["input.sha256", "machine.cpu", "settings.export.cap_colors"]
        );
        let allowed = ["machine.cpu".to_owned(), "settings.export.cap_colors".to_owned()];
        assert_eq!(fields(&allowed), ["input.sha256"]);
    }

    #[test]
    fn what_may_explain_is_noted() {
        let base = baseline(&BASE);
        let mut head = base.clone();
        head.machine.kernel = "6.99".to_owned();
        let report = compare(&base, &head, &[], None).unwrap();
        assert_eq!(report.notes.len(), 1);
        assert_eq!(
            (report.notes[0].field.as_str(), report.notes[0].head.as_str()),
            ("machine.kernel", "6.99")
        );
    }
}
