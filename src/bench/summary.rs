//! From runs to what they come to.

use std::collections::BTreeMap;

use super::baseline::{Better, Metric, StageSummary, Summary};
use super::run::Run;
use super::stats::{describe, median};
use crate::export::StageReport;

/// A figure of a run: name, unit, which way is better, where it is found.
type Figure = (&'static str, &'static str, Better, fn(&Run, f64) -> Option<f64>);

/// The figures of every run. The second argument of each is the number of processors of the machine.
const FIGURES: &[Figure] = &[
    ("wall_s", "s", Better::Lower, |run, _| Some(run.usage.wall_s)),
    ("fps", "fps", Better::Higher, |run, _| Some(run.fps)),
    ("first_frame_s", "s", Better::Lower, |run, _| run.first_frame_s),
    ("cpu_s", "s", Better::Lower, |run, _| {
        Some(run.usage.user_s + run.usage.system_s)
    }),
    ("cpu_percent", "percent", Better::Lower, |run, _| {
        Some(run.usage.cpu_percent)
    }),
    (
        "cpu_percent_of_machine",
        "percent",
        Better::Lower,
        |run, cores| Some(run.usage.cpu_percent / cores),
    ),
    ("cpu_percent_peak", "percent", Better::Lower, |run, _| {
        run.usage.cpu_percent_peak
    }),
    ("gpu_percent", "percent", Better::Lower, |run, _| run.gpu.percent),
    ("peak_rss_bytes", "bytes", Better::Lower, |run, _| {
        Some(run.usage.peak_rss_bytes as f64)
    }),
    ("mean_rss_bytes", "bytes", Better::Lower, |run, _| {
        Some(run.usage.mean_rss_bytes as f64)
    }),
    ("bytes", "bytes", Better::Lower, |run, _| Some(run.bytes as f64)),
];

/// Sums up `runs` on a machine with `cores` processors. `spread_bound` is the relative spread above which a figure is void.
pub(super) fn summarise(runs: &[Run], warmup_wall_s: Vec<f64>, cores: usize, spread_bound: f64) -> Summary {
    let mut metrics = BTreeMap::new();
    for (name, unit, better, figure) in FIGURES {
        let values: Vec<f64> = runs.iter().filter_map(|run| figure(run, cores as f64)).collect();
        add(&mut metrics, name, unit, *better, values, spread_bound);
    }
    let stages = stages(runs);
    for stage in &stages {
        let values = runs.iter().filter_map(|run| {
            run.stages
                .iter()
                .find(|report| report.stage == stage.stage)
                .map(ms_per_frame)
        });
        let name = format!("busy_ms_per_frame.{}", stage.stage);
        add(
            &mut metrics,
            &name,
            "ms",
            Better::Lower,
            values.collect(),
            spread_bound,
        );
    }
    let bounding = bounding_stage(&stages);
    Summary {
        bounding_busy_percent: bounding.map(|stage| busy_percent_of_life(runs, &stage.thread)),
        bounding_stage: bounding.map(|stage| stage.stage.clone()),
        void: metrics
            .get("wall_s")
            .and_then(|wall: &Metric| wall.statistics.void.clone()),
        metrics,
        stages,
        warmup_wall_s,
    }
}

fn add(
    metrics: &mut BTreeMap<String, Metric>,
    name: &str,
    unit: &str,
    better: Better,
    values: Vec<f64>,
    spread_bound: f64,
) {
    if !values.is_empty() {
        let statistics = describe(&values, spread_bound);
        metrics.insert(
            name.to_owned(),
            Metric {
                unit: unit.to_owned(),
                better,
                values,
                statistics,
            },
        );
    }
}

fn ms_per_frame(report: &StageReport) -> f64 {
    report.busy_s * 1e3 / report.frames.max(1) as f64
}

fn stages(runs: &[Run]) -> Vec<StageSummary> {
    let Some(first) = runs.first() else {
        return Vec::new();
    };
    let mut summaries = Vec::new();
    for model in &first.stages {
        let reports: Vec<(&StageReport, f64)> = runs
            .iter()
            .filter_map(|run| {
                let report = run.stages.iter().find(|report| report.stage == model.stage)?;
                Some((report, run.usage.wall_s))
            })
            .collect();
        let middle = |figure: &dyn Fn(&StageReport, f64) -> f64| {
            median(
                &reports
                    .iter()
                    .map(|(report, wall)| figure(report, *wall))
                    .collect::<Vec<_>>(),
            )
        };
        summaries.push(StageSummary {
            stage: model.stage.clone(),
            thread: model.thread.clone(),
            frames: model.frames,
            bytes: model.bytes,
            busy_s: middle(&|report, _| report.busy_s),
            busy_ms_per_frame: middle(&|report, _| ms_per_frame(report)),
            p50_ms: middle(&|report, _| report.p50_ms),
            p95_ms: middle(&|report, _| report.p95_ms),
            max_ms: middle(&|report, _| report.max_ms),
            wait_input_s: middle(&|report, _| report.wait_input_s),
            wait_output_s: middle(&|report, _| report.wait_output_s),
            unaccounted_s: middle(&|report, _| report.unaccounted_s),
            busy_percent: middle(&|report, wall| {
                if wall > 0.0 {
                    report.busy_s / wall * 100.0
                } else {
                    0.0
                }
            }),
        });
    }
    summaries
}

/// The heaviest stage of the thread that is busy for longest.
fn bounding_stage(stages: &[StageSummary]) -> Option<&StageSummary> {
    let mut threads: BTreeMap<&str, f64> = BTreeMap::new();
    for stage in stages {
        *threads.entry(&stage.thread).or_default() += stage.busy_s;
    }
    let (thread, _) = threads.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let of_thread = stages.iter().filter(|stage| stage.thread == thread);
    of_thread.max_by(|a, b| a.busy_s.total_cmp(&b.busy_s))
}

/// Work of a thread over its life, per cent; the median over the runs.
fn busy_percent_of_life(runs: &[Run], thread: &str) -> f64 {
    let percent = |run: &Run| {
        let of_thread = run.stages.iter().filter(|stage| stage.thread == thread);
        let (busy, life) = of_thread.fold((0.0, 0.0), |(busy, life), stage| {
            let rest = stage.wait_input_s + stage.wait_output_s + stage.unaccounted_s;
            (busy + stage.busy_s, life + stage.busy_s + rest)
        });
        if life > 0.0 { busy / life * 100.0 } else { 0.0 }
    };
    median(&runs.iter().map(percent).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    #[test]
    fn figures_of_all_runs_are_gathered_in_order() {
        let summary = summarise(&fixtures::runs(&[10.0, 10.2, 9.9]), vec![12.0], 2, 0.05);
        let wall = &summary.metrics["wall_s"];
        assert_eq!(
            (wall.values.as_slice(), wall.statistics.median),
            (&[10.0, 10.2, 9.9][..], 10.0)
        );
        assert_eq!(summary.metrics["cpu_percent_of_machine"].statistics.median, 75.0);
        assert_eq!(summary.metrics["busy_ms_per_frame.encode"].unit, "ms");
        assert!(!summary.metrics.contains_key("gpu_percent"), "no run knew it");
        assert_eq!((summary.void, summary.warmup_wall_s), (None, vec![12.0]));
    }

    #[test]
    fn the_busiest_thread_bounds_and_its_heaviest_stage_names_it() {
        let summary = summarise(&fixtures::runs(&[10.0]), Vec::new(), 2, 0.05);
        // render 3 s + upload 1 s + readback 3.5 s share a thread that is busier than encode with 6 s.
        assert_eq!(summary.bounding_stage.as_deref(), Some("readback"));
        // 7.5 s of work; 1.6 s of waits and remainder for each of the three.
        let busy = summary.bounding_busy_percent.unwrap();
        assert!((busy - 7.5 / 12.3 * 100.0).abs() < 1e-9, "{busy}");
        let encode = summary
            .stages
            .iter()
            .find(|stage| stage.stage == "encode")
            .unwrap();
        assert!((encode.busy_ms_per_frame - 20.0).abs() < 1e-9 && (encode.busy_percent - 60.0).abs() < 1e-9);
    }

    #[test]
    fn scattered_wall_times_void_the_summary() {
        assert!(
            summarise(&fixtures::runs(&[10.0, 15.0, 20.0, 8.0]), Vec::new(), 2, 0.05)
                .void
                .is_some()
        );
    }
}
