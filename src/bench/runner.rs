//! The order of a measurement: warm-up, then the runs with the floor between them, every output checked, quality last.

use std::fmt;

use super::error::BenchError;
use super::floor::{FloorKind, FloorRun};
use super::gpu_use::GpuUse;
use super::quality::Quality;
use super::resources::Usage;
use crate::export::ExportReport;

/// How often what is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Exports that do not count.
    pub warmup: u32,
    /// Exports that do.
    pub runs: u32,
    /// Floors that are measured between the runs.
    pub floors: Vec<FloorKind>,
}

/// An export that ran.
#[derive(Clone, Debug)]
pub struct ExportRun {
    /// Seconds after the begin of the measurement.
    pub started_at_s: f64,
    /// Load over the minute before.
    pub load_before: Option<f64>,
    /// What the process cost.
    pub usage: Usage,
    /// Use of the GPU meanwhile.
    pub gpu: GpuUse,
    /// What the export says.
    pub report: ExportReport,
}

/// Runs what is measured. The real one starts processes.
pub trait Rig {
    /// Exports once.
    ///
    /// # Errors
    /// When the export fails.
    fn export(&mut self) -> Result<ExportRun, BenchError>;

    /// Checks the output of the export that ran last.
    ///
    /// # Errors
    /// When it is not what the export said.
    fn check(&mut self, run: &ExportRun) -> Result<(), BenchError>;

    /// Decodes and encodes the same input once, without composing.
    ///
    /// # Errors
    /// When that fails.
    fn floor(&mut self, kind: FloorKind) -> Result<FloorRun, BenchError>;

    /// Judges the last output.
    ///
    /// # Errors
    /// When it can't be decoded or its frames can't be rendered again.
    fn quality(&mut self, run: &ExportRun) -> Result<Option<Quality>, BenchError>;
}

/// What is done next; numbers count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An export that does not count.
    Warmup(u32),
    /// A floor that does not count.
    WarmupFloor(FloorKind),
    /// A measured export.
    Run(u32),
    /// A measured floor.
    Floor(FloorKind, u32),
    /// The check of the output before.
    Check,
    /// The judgement of the last output.
    Quality,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Warmup(n) => write!(f, "warm-up {n}"),
            Self::WarmupFloor(kind) => write!(f, "warm-up {}", kind.name()),
            Self::Run(n) => write!(f, "run {n}"),
            Self::Floor(kind, n) => write!(f, "{} {n}", kind.name()),
            Self::Check => write!(f, "check"),
            Self::Quality => write!(f, "quality"),
        }
    }
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Exports that warmed up.
    pub warmup: Vec<ExportRun>,
    /// Measured exports.
    pub runs: Vec<ExportRun>,
    /// Floors of each kind, one a run.
    pub floors: Vec<(FloorKind, Vec<FloorRun>)>,
    /// Judgement of the last output.
    pub quality: Option<Quality>,
}

/// Measures in `order`; `watch` hears of every step before it is taken.
///
/// Runs and floors are interleaved, so that a change of the machine's mood meets both, and swap places from pair to pair, so
/// that neither is always the second.
///
/// # Errors
/// With the first failure: a series with a failed run would mislead.
pub fn measure(rig: &mut dyn Rig, order: &Order, watch: &mut dyn FnMut(Step)) -> Result<Series, BenchError> {
    let mut watch = |step: Step| {
        tracing::debug!("{step}");
        watch(step);
    };
    let mut series = Series {
        floors: order.floors.iter().map(|&kind| (kind, Vec::new())).collect(),
        ..Series::default()
    };
    for n in 1..=order.warmup {
        watch(Step::Warmup(n));
        series.warmup.push(checked_export(rig, &mut watch)?);
    }
    if order.warmup > 0 {
        for &kind in &order.floors {
            watch(Step::WarmupFloor(kind));
            rig.floor(kind)?;
        }
    }
    for n in 1..=order.runs {
        let floor_first = n % 2 == 0;
        if floor_first {
            floors(rig, &mut series, n, &mut watch)?;
        }
        watch(Step::Run(n));
        series.runs.push(checked_export(rig, &mut watch)?);
        if !floor_first {
            floors(rig, &mut series, n, &mut watch)?;
        }
    }
    if let Some(last) = series.runs.last() {
        watch(Step::Quality);
        series.quality = rig.quality(last)?;
    }
    Ok(series)
}

/// One floor of each kind.
fn floors(
    rig: &mut dyn Rig,
    series: &mut Series,
    n: u32,
    watch: &mut dyn FnMut(Step),
) -> Result<(), BenchError> {
    for (kind, runs) in &mut series.floors {
        watch(Step::Floor(*kind, n));
        runs.push(rig.floor(*kind)?);
    }
    Ok(())
}

fn checked_export(rig: &mut dyn Rig, watch: &mut dyn FnMut(Step)) -> Result<ExportRun, BenchError> {
    let run = rig.export()?;
    watch(Step::Check);
    rig.check(&run)?;
    Ok(run)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    /// Writes down what it is told to do.
    #[derive(Default)]
    struct Logger {
        log: Vec<&'static str>,
        fail_check: bool,
    }

    impl Rig for Logger {
        fn export(&mut self) -> Result<ExportRun, BenchError> {
            self.log.push("export");
            Ok(fixtures::export_run(1.0))
        }

        fn check(&mut self, _: &ExportRun) -> Result<(), BenchError> {
            self.log.push("check");
            if self.fail_check {
                Err(BenchError::Output {
                    reason: "a frame is missing".to_owned(),
                })
            } else {
                Ok(())
            }
        }

        fn floor(&mut self, kind: FloorKind) -> Result<FloorRun, BenchError> {
            self.log.push(kind.name());
            Ok(fixtures::floor_run(0.5))
        }

        fn quality(&mut self, _: &ExportRun) -> Result<Option<Quality>, BenchError> {
            self.log.push("quality");
            Ok(None)
        }
    }

    #[test]
    fn warm_up_runs_floor_checks() {
        let mut rig = Logger::default();
        let mut steps = Vec::new();
        let order = Order {
            warmup: 1,
            runs: 3,
            floors: vec![FloorKind::Pinned, FloorKind::Own],
        };
        let series = measure(&mut rig, &order, &mut |step| steps.push(step.to_string())).unwrap();
        let did = [
            "export",
            "check",
            "floor",
            "own floor", // warm-up
            "export",
            "check",
            "floor",
            "own floor", // pair 1
            "floor",
            "own floor",
            "export",
            "check", // pair 2, the other way round
            "export",
            "check",
            "floor",
            "own floor", // pair 3
            "quality",
        ];
        assert_eq!(rig.log, did);
        let said = [
            "warm-up 1",
            "check",
            "warm-up floor",
            "warm-up own floor",
            "run 1",
            "check",
            "floor 1",
            "own floor 1",
            "floor 2",
            "own floor 2",
            "run 2",
            "check",
            "run 3",
            "check",
            "floor 3",
            "own floor 3",
            "quality",
        ];
        assert_eq!(steps, said);
        let floors: Vec<_> = series
            .floors
            .iter()
            .map(|(kind, runs)| (*kind, runs.len()))
            .collect();
        assert_eq!((series.warmup.len(), series.runs.len()), (1, 3));
        assert_eq!(floors, [(FloorKind::Pinned, 3), (FloorKind::Own, 3)]);
    }

    #[test]
    fn without_floor_only_exports_run() {
        let mut rig = Logger::default();
        measure(
            &mut rig,
            &Order {
                warmup: 0,
                runs: 2,
                floors: Vec::new(),
            },
            &mut |_| {},
        )
        .unwrap();
        assert_eq!(rig.log, ["export", "check", "export", "check", "quality"]);
    }

    #[test]
    fn a_wrong_output_ends_the_measurement() {
        let mut rig = Logger {
            fail_check: true,
            ..Logger::default()
        };
        let order = Order {
            warmup: 1,
            runs: 3,
            floors: vec![FloorKind::Pinned, FloorKind::Own],
        };
        assert!(measure(&mut rig, &order, &mut |_| {}).is_err());
        assert_eq!(rig.log, ["export", "check"]);
    }
}
