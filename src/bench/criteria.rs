//! Named criteria: what a result must reach. Each one passes, fails, or can't be measured here, with the reason.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::baseline::Baseline;
use super::error::BenchError;
use super::floor::Floor;

/// The criteria of the project's brief.
const BRIEF: &str = include_str!("../../criteria/brief.json");

/// A list of criteria.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Criteria {
    /// Name of the list.
    pub name: String,
    /// What is to be reached.
    pub criteria: Vec<Criterion>,
}

/// Something to be reached. Bounds that are given must all hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Name for people.
    pub name: String,
    /// A metric of the summary (its median counts), or lost_frames, audio_minus_video_s, ssim_min, psnr_min_db, floor_ratio,
    /// own_floor_ratio, or bytes_over_baseline, which needs a baseline to compare with.
    pub metric: String,
    /// Smallest value that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// Largest value that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Bound that the value must stay below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// Frames of the output that the criterion speaks of; results of another length can't be measured by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_for_frames: Option<u64>,
}

/// What became of a criterion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// Its metric.
    pub metric: String,
    /// The bounds in words.
    pub bound: String,
    /// The value; null when there is none.
    pub value: Option<f64>,
    /// Pass, fail or not measurable here.
    pub outcome: Outcome,
    /// Why it is not measurable.
    pub reason: Option<String>,
}

impl Checked {
    /// The value in words: whole numbers without a fraction, "-" where there is none.
    pub fn value_words(&self) -> String {
        match self.value {
            None => "-".to_owned(),
            Some(value) if value.fract() == 0.0 => format!("{value:.0}"),
            Some(value) => format!("{value:.4}"),
        }
    }
}

/// Whether a criterion is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is.
    Pass,
    /// It is not.
    Fail,
    /// Nothing here tells.
    NotMeasurable,
}

impl Outcome {
    /// The outcome in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotMeasurable => "not measurable here",
        }
    }
}

impl Criteria {
    /// The criteria of the project's brief.
    ///
    /// # Errors
    /// Never for the file that is built in; a test reads it.
    pub fn brief() -> Result<Self, BenchError> {
        Self::parse(Path::new("criteria/brief.json"), BRIEF)
    }

    /// Reads a file of criteria.
    ///
    /// # Errors
    /// When it can't be read or makes no sense.
    pub fn load(path: &Path) -> Result<Self, BenchError> {
        let text = std::fs::read_to_string(path).map_err(|source| BenchError::Io {
            action: "read the criteria in",
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, BenchError> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let criteria: Self = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let reason = format!("{}: {}", error.path(), error.inner());
            BenchError::Unreadable {
                path: path.to_owned(),
                kind: "file of criteria",
                reason,
            }
        })?;
        let unbound = criteria
            .criteria
            .iter()
            .find(|c| c.at_least.is_none() && c.at_most.is_none() && c.below.is_none());
        match unbound {
            Some(criterion) => {
                let reason = format!(
                    "{:?} gives no bound: at_least, at_most or below is needed",
                    criterion.name
                );
                Err(BenchError::Unreadable {
                    path: path.to_owned(),
                    kind: "file of criteria",
                    reason,
                })
            }
            None => Ok(criteria),
        }
    }

    /// Checks a result. `base` is the baseline that sizes are compared with.
    pub fn check(&self, result: &Baseline, base: Option<&Baseline>) -> Vec<Checked> {
        self.criteria
            .iter()
            .map(|criterion| criterion.check(result, base))
            .collect()
    }
}

impl Criterion {
    fn check(&self, result: &Baseline, base: Option<&Baseline>) -> Checked {
        let value = match self.only_for_frames {
            Some(frames) if frames != result.input.frames => Err(format!(
                "it speaks of {frames} frames; this output has {}",
                result.input.frames
            )),
            _ => value_of(&self.metric, result, base),
        };
        let (value, outcome, reason) = match value {
            Ok(value) => (
                Some(value),
                if self.holds(value) {
                    Outcome::Pass
                } else {
                    Outcome::Fail
                },
                None,
            ),
            Err(reason) => (None, Outcome::NotMeasurable, Some(reason)),
        };
        Checked {
            name: self.name.clone(),
            metric: self.metric.clone(),
            bound: self.bound(),
            value,
            outcome,
            reason,
        }
    }

    fn holds(&self, value: f64) -> bool {
        self.at_least.is_none_or(|bound| value >= bound)
            && self.at_most.is_none_or(|bound| value <= bound)
            && self.below.is_none_or(|bound| value < bound)
    }

    fn bound(&self) -> String {
        let bounds = [
            ("at least", self.at_least),
            ("at most", self.at_most),
            ("below", self.below),
        ];
        let words: Vec<String> = bounds
            .iter()
            .filter_map(|(word, bound)| bound.map(|bound| format!("{word} {bound}")))
            .collect();
        words.join(", ")
    }
}

fn value_of(metric: &str, result: &Baseline, base: Option<&Baseline>) -> Result<f64, String> {
    if let Some(found) = result.summary.metrics.get(metric) {
        return match &found.statistics.void {
            Some(why) => Err(format!("the result is void: {why}")),
            None => Ok(found.statistics.median),
        };
    }
    let quality = result
        .quality
        .as_ref()
        .ok_or_else(|| "the output was not judged".to_owned());
    match metric {
        "lost_frames" => {
            quality.map(|quality| quality.frames_expected as f64 - quality.frames_in_file as f64)
        }
        "ssim_min" => quality.map(|quality| quality.ssim_min),
        "psnr_min_db" => quality.map(|quality| quality.psnr_min_db),
        "audio_minus_video_s" => quality?
            .audio_minus_video_s
            .ok_or_else(|| "the output has no sound".to_owned()),
        "floor_ratio" => ratio_over(&result.floor, "--floor"),
        "own_floor_ratio" => ratio_over(&result.own_floor, "--own-floor"),
        "bytes_over_baseline" => {
            let base = base.ok_or_else(|| "no baseline was given to compare with (--baseline)".to_owned())?;
            if base.input.sha256 != result.input.sha256 {
                return Err("the baseline is of another recording".to_owned());
            }
            match (result.median("bytes"), base.median("bytes")) {
                (Some(bytes), Some(of_base)) if of_base > 0.0 => Ok(bytes / of_base),
                _ => Err("nothing was written".to_owned()),
            }
        }
        "gpu_percent" => {
            let reason = result.runs.first().and_then(|run| run.gpu.reason.clone());
            Err(reason.unwrap_or_else(|| "no run told it".to_owned()))
        }
        _ => Err(format!("the result has no metric {metric}")),
    }
}

/// Export time over a floor that `flag` asks for.
fn ratio_over(floor: &Option<Floor>, flag: &str) -> Result<f64, String> {
    let ratio = floor.as_ref().and_then(|floor| floor.ratio.as_ref());
    let missing = || format!("the floor was not measured ({flag})");
    ratio.map(|ratio| ratio.ratio).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    fn outcome(checked: &[Checked], name: &str) -> Outcome {
        checked
            .iter()
            .find(|checked| checked.name.starts_with(name))
            .unwrap()
            .outcome
    }

    #[test]
    fn the_brief_is_checked_against_a_result() {
        let brief = Criteria::brief().unwrap();
        assert_eq!(brief.criteria.len(), 10);
        // 300 frames in 5.5 s are 54.5 fps: above the target, below the stretch.
        let mut result = fixtures::baseline(&[5.5, 5.5, 5.5]);
        result.machine.cores = 2;
        let checked = brief.check(&result, None);
        assert_eq!(outcome(&checked, "export speed, target"), Outcome::Pass);
        assert_eq!(outcome(&checked, "export speed, stretch"), Outcome::Fail);
        assert_eq!(outcome(&checked, "1,667 frames"), Outcome::NotMeasurable);
        assert_eq!(outcome(&checked, "convert below"), Outcome::Pass);
        assert_eq!(outcome(&checked, "peak memory"), Outcome::Pass);
        assert_eq!(outcome(&checked, "GPU"), Outcome::NotMeasurable);
        let gpu = checked
            .iter()
            .find(|checked| checked.metric == "gpu_percent")
            .unwrap();
        assert_eq!(gpu.reason.as_deref(), Some("the adapter computes on the CPU"));
        assert_eq!(outcome(&checked, "size within"), Outcome::NotMeasurable);
        assert_eq!(
            outcome(&brief.check(&result, Some(&result)), "size within"),
            Outcome::Pass
        );
    }

    #[test]
    fn bounds_are_closed_except_below() {
        let criterion = |at_least, at_most, below| Criterion {
            name: "x".to_owned(),
            metric: "fps".to_owned(),
            at_least,
            at_most,
            below,
            only_for_frames: None,
        };
        assert!(
            criterion(Some(1.0), Some(2.0), None).holds(1.0)
                && criterion(Some(1.0), Some(2.0), None).holds(2.0)
        );
        assert!(!criterion(None, None, Some(5.0)).holds(5.0));
        assert_eq!(
            criterion(Some(0.9), Some(1.1), None).bound(),
            "at least 0.9, at most 1.1"
        );
    }

    #[test]
    fn nonsense_is_refused_with_its_place() {
        let error = |text: &str| {
            Criteria::parse(Path::new("c.json"), text)
                .unwrap_err()
                .to_string()
        };
        assert!(error(r#"{"name":"x","criteria":[{"name":"a","metric":"fps"}]}"#).contains("no bound"));
        assert!(
            error(r#"{"name":"x","criteria":[{"name":"a","metric":"fps","at_leest":1}]}"#)
                .contains("criteria[0]")
        );
    }

    #[test]
    fn void_figures_meet_nothing() {
        let result = fixtures::baseline(&[5.0, 9.0, 14.0, 3.0]);
        let checked = Criteria::brief().unwrap().check(&result, None);
        assert_eq!(outcome(&checked, "export speed, target"), Outcome::NotMeasurable);
    }
}
