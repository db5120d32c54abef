//! The baseline: everything one measurement of one recording found, as JSON. Its schema is docs/baseline.schema.json.
//!
//! It names no user and no place on the machine: inputs are known by their name and hash.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::BenchError;
use super::floor::Floor;
use super::input::Input;
use super::machine::Machine;
use super::quality::Quality;
use super::run::Run;
use super::stats::Statistics;
use super::tool::Tool;
use crate::export::{AdapterPath, ExportSettings, Fallback, Paths};

/// Version of the format. It grows when a field changes its meaning or goes; new fields leave it as it is.
pub const SCHEMA_VERSION: u32 = 2;

/// One measurement of one recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// Version of this format: 2. Up to 1, `floor` was what `own_floor` is now.
    pub schema_version: u32,
    /// The program that was measured.
    pub tool: Tool,
    /// The machine it ran on.
    pub machine: Machine,
    /// The GPU adapter that composed; null where none was needed.
    pub adapter: Option<AdapterPath>,
    /// The recording.
    pub input: Input,
    /// What was asked for.
    pub settings: Settings,
    /// What really ran.
    pub paths: RanPaths,
    /// Every measured run, in the order they ran.
    pub runs: Vec<Run>,
    /// What the runs come to.
    pub summary: Summary,
    /// The same input decoded and encoded by x264 as Cap does, without composing; null unless `--floor` was given.
    pub floor: Option<Floor>,
    /// The same input decoded and encoded with the export's own encoder options, without composing; null unless
    /// `--own-floor` was given.
    pub own_floor: Option<Floor>,
    /// What the output looks like beside what was rendered; null when nothing was written.
    pub quality: Option<Quality>,
}

impl Baseline {
    /// The schema of the format, as it is published.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }

    /// Reads a baseline from a file.
    ///
    /// # Errors
    /// When it can't be read, is no baseline, or is of another version.
    pub fn load(path: &Path) -> Result<Self, BenchError> {
        let text = std::fs::read_to_string(path).map_err(|source| BenchError::Io {
            action: "read the baseline",
            path: path.to_owned(),
            source,
        })?;
        let unreadable = |reason| BenchError::Unreadable {
            path: path.to_owned(),
            kind: "baseline",
            reason,
        };
        // The version first: what follows may look otherwise in another one.
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
        let version = &value["schema_version"];
        if *version != SCHEMA_VERSION {
            return Err(unreadable(format!(
                "its schema_version is {version}, this program reads {SCHEMA_VERSION}"
            )));
        }
        serde_path_to_error::deserialize(value)
            .map_err(|error| unreadable(format!("{}: {}", error.path(), error.inner())))
    }

    /// The median of a metric of the summary, by name.
    pub fn median(&self, metric: &str) -> Option<f64> {
        self.summary
            .metrics
            .get(metric)
            .map(|metric| metric.statistics.median)
    }
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// Settings of the export, resolved.
    pub export: ExportSettings,
    /// Exports before the measured ones, which do not count.
    pub warmup: u32,
    /// Measured exports.
    pub runs: u32,
    /// Whether the floor was measured between the runs.
    pub floor: bool,
    /// Whether the floor with the export's own encoder options was measured between the runs.
    pub own_floor: bool,
    /// Relative spread above which a result is void.
    pub spread_bound: f64,
}

/// What really ran, and what did not serve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RanPaths {
    /// Decoders, adapter, pixel path, encoder with its options, sound.
    #[serde(flatten)]
    pub ran: Paths,
    /// What was tried first and did not serve.
    pub fallbacks: Vec<Fallback>,
    /// Settings of the recording that have no effect.
    pub unrendered: Vec<String>,
    /// What was odd.
    pub warnings: Vec<String>,
    /// Whether every run took these paths; when not, the runs say nothing about one of them.
    pub same_in_all_runs: bool,
}

/// What the runs come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Figures by name: wall_s, fps, cpu_s, cpu_percent, cpu_percent_of_machine, cpu_percent_peak, gpu_percent, peak_rss_bytes,
    /// mean_rss_bytes, first_frame_s, bytes, and busy_ms_per_frame.STAGE. One that no run could tell is absent.
    pub metrics: BTreeMap<String, Metric>,
    /// Stages, in the order of the pipeline; medians over the runs.
    pub stages: Vec<StageSummary>,
    /// The stage that bounds the export: the thread that is busy for the largest share of the wall time.
    pub bounding_stage: Option<String>,
    /// Work of that stage's thread over the thread's life, per cent: how well the pipeline keeps its slowest part busy.
    pub bounding_busy_percent: Option<f64>,
    /// Wall seconds of the exports that warmed up, which count nowhere else.
    pub warmup_wall_s: Vec<f64>,
    /// Why nothing may be concluded from the wall times; null when they are good.
    pub void: Option<String>,
}

/// A figure over all runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metric {
    /// Unit: s, bytes, percent, fps, ms.
    pub unit: String,
    /// Which way is better.
    pub better: Better,
    /// One value a run, in their order.
    pub values: Vec<f64>,
    /// What they come to.
    #[serde(flatten)]
    pub statistics: Statistics,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
}

/// A stage over all runs: medians.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageSummary {
    /// Stage: decode, render, upload, readback, convert, encode, mux or sound.
    pub stage: String,
    /// Stage whose thread this one runs on.
    pub thread: String,
    /// Frames that passed.
    pub frames: u64,
    /// Bytes moved.
    pub bytes: u64,
    /// Seconds of work.
    pub busy_s: f64,
    /// Work over the frames that passed, milliseconds.
    pub busy_ms_per_frame: f64,
    /// Median work for a frame, milliseconds.
    pub p50_ms: f64,
    /// 95th percentile of work for a frame, milliseconds.
    pub p95_ms: f64,
    /// Largest work for a frame, milliseconds.
    pub max_ms: f64,
    /// Seconds spent waiting for the stage before.
    pub wait_input_s: f64,
    /// Seconds spent waiting for room in the queue to the stage after.
    pub wait_output_s: f64,
    /// Seconds that neither work nor waits explain.
    pub unaccounted_s: f64,
    /// Work over wall time, per cent.
    pub busy_percent: f64,
}
