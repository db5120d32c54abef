//! One recording measured, from its first look to the baseline.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::baseline::{Baseline, RanPaths, SCHEMA_VERSION, Settings};
use super::child::{ChildRig, Target};
use super::error::BenchError;
use super::floor::{Floor, FloorKind};
use super::input::Input;
use super::machine::{Load, Machine};
use super::quality::Pair;
use super::run::Run;
use super::runner::{ExportRun, Order, Series, Step, measure};
use super::summary::summarise;
use super::tool::Tool;
use crate::export::TraceFile;

/// What is measured, and how often.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// Executable, recording and settings.
    pub target: Target,
    /// Warm-ups, runs, floor.
    pub order: Order,
    /// Relative spread above which a result is void.
    pub spread_bound: f64,
    /// Whether every export is traced, which takes some time of its own.
    pub trace: bool,
}

/// What a measurement gives.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Everything that was found.
    pub baseline: Baseline,
    /// The frames that the quality was judged by, for a contact sheet.
    pub pairs: Vec<Pair>,
    /// One trace with a process for every export, where one was asked for.
    pub trace: Option<TraceFile>,
}

/// Measures a recording. `watch` hears of every step; once `stop` is set, what runs is killed.
///
/// # Errors
/// When the recording can't be read or an export or its output is not right.
pub fn measure_recording(
    measurement: &Measurement,
    stop: &Arc<AtomicBool>,
    watch: &mut dyn FnMut(Step),
) -> Result<Measured, BenchError> {
    let Measurement {
        target,
        order,
        spread_bound,
        trace,
    } = measurement;
    let tool = tool_of(&target.executable)?;
    let mut machine = Machine::of_this();
    let input = Input::of(&target.recording, &target.settings)?;
    let mut rig = ChildRig::new(target.clone(), Arc::clone(stop))?;
    if *trace {
        rig.trace();
    }
    let series = measure(&mut rig, order, watch)?;
    machine.load_after = Load::at_present();

    let Series {
        warmup,
        runs: exports,
        floors,
        quality,
    } = series;
    let Some(first) = exports.first() else {
        return Err(BenchError::Unsuited {
            what: "a measurement",
            reason: "at least one run is needed".to_owned(),
        });
    };
    let report = &first.report;
    let paths = RanPaths {
        ran: report.paths.clone(),
        fallbacks: report.fallbacks.clone(),
        unrendered: report
            .unrendered
            .iter()
            .map(|unrendered| unrendered.setting.clone())
            .collect(),
        warnings: report.warnings.clone(),
        same_in_all_runs: exports.iter().all(|run| same_paths(run, first)),
    };
    let settings = Settings {
        export: report.settings.clone(),
        warmup: order.warmup,
        runs: order.runs,
        floor: order.floors.contains(&FloorKind::Pinned),
        own_floor: order.floors.contains(&FloorKind::Own),
        spread_bound: *spread_bound,
    };
    let runs: Vec<Run> = exports.iter().cloned().map(Run::new).collect();
    let warmup_wall_s = warmup.iter().map(|run| run.usage.wall_s).collect();
    let summary = summarise(&runs, warmup_wall_s, machine.cores, *spread_bound);
    let (mut floor, mut own_floor) = (None, None);
    for (kind, floors) in floors {
        let place = match kind {
            FloorKind::Pinned => &mut floor,
            FloorKind::Own => &mut own_floor,
        };
        *place = Some(Floor::new(
            kind,
            floors,
            &runs,
            paths.ran.encoder.as_deref(),
            &paths.ran.encoder_options,
            *spread_bound,
        ));
    }
    let baseline = Baseline {
        schema_version: SCHEMA_VERSION,
        tool,
        machine,
        adapter: paths.ran.adapter.clone(),
        input,
        settings,
        paths,
        runs,
        summary,
        floor,
        own_floor,
        quality,
    };
    let (pairs, traces) = rig.into_parts();
    Ok(Measured {
        baseline,
        pairs,
        trace: trace.then(|| join_traces(traces, order.warmup)),
    })
}

/// One trace of all: the first `warmup` exports warmed up, the others were measured.
fn join_traces(traces: Vec<TraceFile>, warmup: u32) -> TraceFile {
    let mut all = TraceFile::default();
    for (pid, trace) in (1u32..).zip(traces) {
        all.display_time_unit = trace.display_time_unit;
        all.epoch_unix_us = trace.epoch_unix_us;
        all.trace_events.extend(trace.trace_events);
        let name = match pid.checked_sub(warmup) {
            None | Some(0) => format!("warm-up {pid}"),
            Some(run) => format!("run {run}"),
        };
        all.name_process(pid, &name);
    }
    all
}

fn tool_of(executable: &Path) -> Result<Tool, BenchError> {
    Tool::of_this(executable).map_err(|source| BenchError::Io {
        action: "read the executable",
        path: executable.to_owned(),
        source,
    })
}

/// Whether two runs took the same way. Calibration timings differ every time; the way that they led to counts.
fn same_paths(a: &ExportRun, b: &ExportRun) -> bool {
    let (x, y) = (&a.report.paths, &b.report.paths);
    x.decoders == y.decoders
        && x.adapter == y.adapter
        && x.pixel_path == y.pixel_path
        && x.encoder == y.encoder
        && x.encoder_options == y.encoder_options
        && x.repeats == y.repeats
}

impl Run {
    /// What is kept of an export.
    pub fn new(run: ExportRun) -> Self {
        let ExportRun {
            started_at_s,
            load_before,
            usage,
            gpu,
            report,
        } = run;
        // A stage's thread lives as long as its work and waits take; the pipeline as long as the longest.
        let alive = report
            .stages
            .iter()
            .map(|s| s.busy_s + s.wait_input_s + s.wait_output_s + s.unaccounted_s);
        let mut threads = std::collections::BTreeMap::<&str, f64>::new();
        for (stage, alive) in report.stages.iter().zip(alive) {
            *threads.entry(&stage.thread).or_default() += alive;
        }
        let pipeline_s = threads.into_values().fold(0.0, f64::max);
        Self {
            started_at_s,
            load_before,
            fps: report.frames as f64 / usage.wall_s,
            outside_stages_s: (usage.wall_s - pipeline_s).max(0.0),
            usage,
            gpu,
            export_s: report.wall_s,
            first_frame_s: report.first_frame_s,
            frames: report.frames,
            composed_frames: report.composed_frames,
            coded_pictures: report.coded_pictures,
            written_pictures: report.written_pictures,
            bytes: report.bytes,
            stages: report.stages,
        }
    }
}
