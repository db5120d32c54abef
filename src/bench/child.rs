//! The rig that measures for real: every export and every floor is a fresh process of an executable.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;

use super::against::Contender;
use super::error::BenchError;
use super::floor::{FloorKind, FloorReport, FloorRun};
use super::gpu_use::{GpuSource, GpuUse, GpuWatch};
use super::machine::Load;
use super::privacy::Scrub;
use super::quality::{self, Pair, Quality, Tracks};
use super::resources::{Finished, Usage, measure};
use super::runner::{ExportRun, Rig};
use crate::export::{
    self, Cancel, EncoderSetting, ExportReport, ExportSettings, Repeats, Request, TraceFile,
};

/// Name of the hidden subcommand that runs a floor.
pub const FLOOR_COMMAND: &str = "bench-floor";
/// End of a child's standard error that goes into an error.
const SAID: usize = 2_000;

/// What is exported by which executable, and how.
#[derive(Clone, Debug)]
pub struct Target {
    /// The executable.
    pub executable: PathBuf,
    /// The recording.
    pub recording: PathBuf,
    /// Flags of the export.
    pub flags: Vec<OsString>,
    /// What the flags resolve to.
    pub settings: ExportSettings,
}

/// Starts processes and measures them.
pub struct ChildRig {
    target: Target,
    folder: TempDir,
    stop: Arc<AtomicBool>,
    gpu: Result<GpuSource, String>,
    scrub: Scrub,
    begun: Instant,
    begun_unix_us: f64,
    /// Traces of the exports so far, where they are wanted.
    traces: Option<Vec<TraceFile>>,
    pairs: Vec<Pair>,
    /// Whether the encoder declined still pictures, so that the export set it up without them.
    declined_still_pictures: bool,
}

impl ChildRig {
    /// A rig for `target`. Once `stop` is set, what runs is killed.
    ///
    /// # Errors
    /// When there is no place for the outputs.
    pub fn new(target: Target, stop: Arc<AtomicBool>) -> Result<Self, BenchError> {
        let folder = tempfile::Builder::new()
            .prefix("capstan-bench-")
            .tempdir()
            .map_err(|source| BenchError::Io {
                action: "make a folder for outputs in",
                path: std::env::temp_dir(),
                source,
            })?;
        let mut scrub = Scrub::of_user();
        scrub.add(folder.path(), "<outputs>");
        let name = target
            .recording
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        scrub.add(&target.recording, &name);
        let gpu = GpuSource::find();
        Ok(Self {
            target,
            folder,
            stop,
            gpu,
            scrub,
            begun: Instant::now(),
            begun_unix_us: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs_f64()
                * 1e6,
            traces: None,
            pairs: Vec::new(),
            declined_still_pictures: false,
        })
    }

    /// Has every export from here on traced.
    pub fn trace(&mut self) {
        self.traces = Some(Vec::new());
    }

    /// The frames that the quality was judged by, and the traces of all exports in their order; times count from the begin
    /// of the measurement.
    pub fn into_parts(self) -> (Vec<Pair>, Vec<TraceFile>) {
        (self.pairs, self.traces.unwrap_or_default())
    }

    fn trace_file(&self) -> PathBuf {
        self.folder.path().join("trace.json")
    }

    /// Keeps the trace of the export that started at `started_at_s`.
    fn keep_trace(&mut self, started_at_s: f64, usage: &Usage) -> Result<(), BenchError> {
        let file = self.trace_file();
        let Some(traces) = &mut self.traces else {
            return Ok(());
        };
        let text = fs::read(&file).map_err(|source| BenchError::Io {
            action: "read the trace",
            path: file,
            source,
        })?;
        let mut trace: TraceFile = serde_json::from_slice(&text).map_err(|error| BenchError::NoResult {
            what: "the trace of an export",
            reason: error.to_string(),
        })?;
        let shift_us = trace.epoch_unix_us - self.begun_unix_us;
        let pid = traces.len() as u32 + 1;
        trace.place(pid, shift_us);
        for point in &usage.memory {
            trace.resident_set(pid, (started_at_s + point.at_s) * 1e6, point.rss_bytes);
        }
        trace.epoch_unix_us = self.begun_unix_us;
        traces.push(trace);
        Ok(())
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("export.mp4")
    }

    fn command(&self, subcommand: &str, output: &Path) -> Command {
        let mut command = Command::new(&self.target.executable);
        command
            .arg(subcommand)
            .args(&self.target.flags)
            .arg(&self.target.recording)
            .arg(output);
        command
    }

    fn run(&self, what: &'static str, command: &mut Command) -> Result<Finished, BenchError> {
        let spawn = |source| BenchError::Spawn {
            program: self.target.executable.clone(),
            source,
        };
        let finished = measure(command, &self.stop).map_err(spawn)?;
        if self.stop.load(Ordering::Relaxed) {
            return Err(BenchError::Interrupted);
        }
        if finished.status.success() {
            return Ok(finished);
        }
        let said = String::from_utf8_lossy(&finished.stderr);
        let said = said.trim();
        let from = said.char_indices().rev().nth(SAID).map_or(0, |(at, _)| at);
        Err(BenchError::Child {
            what,
            status: finished.status.to_string(),
            said: said[from..].to_owned(),
        })
    }

    fn watch_gpu(&self) -> Result<GpuWatch, GpuUse> {
        let source = self.gpu.as_ref().map_err(GpuUse::unknown)?;
        GpuWatch::start(source).map_err(|error| GpuUse::unknown(format!("the GPU can't be watched: {error}")))
    }

    fn sized(&self) -> bool {
        self.target.settings.encoder != EncoderSetting::None
    }
}

impl Rig for ChildRig {
    fn export(&mut self) -> Result<ExportRun, BenchError> {
        let output = self.output();
        let mut command = self.command("export", &output);
        command.args(["--json", "--overwrite"]);
        if self.traces.is_some() {
            command.arg("--trace").arg(self.trace_file());
        }
        let (started_at_s, load_before) = (
            self.begun.elapsed().as_secs_f64(),
            Load::at_present().map(|load| load.one),
        );
        let watch = self.watch_gpu();
        let finished = self.run("an export", &mut command);
        // The watch is ended before anything else, also after a failure.
        let mut gpu = watch.map_or_else(|unknown| unknown, GpuWatch::finish);
        let finished = finished?;
        self.keep_trace(started_at_s, &finished.usage)?;
        let mut report = completed(&finished.stdout)?;
        self.scrub.json(&mut report);
        let report: ExportReport = typed("an export", report)?;
        self.declined_still_pictures = self.target.settings.repeats == Repeats::StillPictures
            && report.paths.repeats == Some(Repeats::Encode);
        if report
            .paths
            .adapter
            .as_ref()
            .is_some_and(|adapter| adapter.software)
        {
            gpu = GpuUse::unknown("the adapter computes on the CPU; its work is part of the CPU time");
        }
        Ok(ExportRun {
            started_at_s,
            load_before,
            usage: finished.usage,
            gpu,
            report,
        })
    }

    fn check(&mut self, run: &ExportRun) -> Result<(), BenchError> {
        if !self.sized() {
            return Ok(());
        }
        let report = &run.report;
        let sound = run_has_sound(report);
        // An instant recording is copied with its own rate, which the settings don't know.
        if report.stages.is_empty() {
            return Tracks::of(&self.output(), sound).map(drop);
        }
        Tracks::of(&self.output(), sound)?.check(
            report.frames,
            report.written_pictures,
            report.size,
            report.settings.frame_rate,
        )
    }

    fn floor(&mut self, kind: FloorKind) -> Result<FloorRun, BenchError> {
        let output = self.folder.path().join("floor.mp4");
        let mut command = self.command(FLOOR_COMMAND, &output);
        if kind == FloorKind::Own {
            command.arg("--own");
            if self.declined_still_pictures {
                // It has the encoder that the export ended up with, without repeating the trial that was declined.
                command.arg("--like-declined");
            }
        }
        let started_at_s = self.begun.elapsed().as_secs_f64();
        let finished = self.run("a floor", &mut command)?;
        let report: FloorReport =
            serde_json::from_slice(&finished.stdout).map_err(|error| BenchError::NoResult {
                what: "a floor",
                reason: error.to_string(),
            })?;
        fs::remove_file(&output).map_err(|source| BenchError::Io {
            action: "remove",
            path: output,
            source,
        })?;
        Ok(FloorRun {
            started_at_s,
            usage: finished.usage,
            report,
        })
    }

    fn quality(&mut self, run: &ExportRun) -> Result<Option<Quality>, BenchError> {
        let report = &run.report;
        if !self.sized() || report.stages.is_empty() {
            return Ok(None);
        }
        let settings = &self.target.settings;
        let request = Request {
            recording: self.target.recording.clone(),
            target: self.output(),
            overwrite: true,
            settings: settings.clone(),
        };
        let rendered = export::stills(&request, &quality::sample_frames(report.frames), &Cancel::new())?;
        let tracks = Tracks::of(&self.output(), run_has_sound(report))?;
        let (quality, pairs) = quality::judge(
            &self.output(),
            rendered,
            &tracks,
            report.frames,
            settings.frame_rate,
        )?;
        self.pairs = pairs;
        Ok(Some(quality))
    }
}

/// One of two builds that run in turn. Its exports need to tell nothing but that they succeeded: another build may report
/// otherwise.
pub struct ChildContender(ChildRig);

impl ChildContender {
    /// A contender that exports `target`.
    ///
    /// # Errors
    /// When there is no place for the outputs.
    pub fn new(target: Target, stop: Arc<AtomicBool>) -> Result<Self, BenchError> {
        Ok(Self(ChildRig::new(target, stop)?))
    }
}

impl Contender for ChildContender {
    fn export(&mut self) -> Result<Usage, BenchError> {
        let output = self.0.output();
        let mut command = self.0.command("export", &output);
        command.args(["--json", "--overwrite"]);
        let finished = self.0.run("an export", &mut command)?;
        completed(&finished.stdout)?;
        if self.0.sized() && !output.is_file() {
            return Err(BenchError::Output {
                reason: "there is none, although the export succeeded".to_owned(),
            });
        }
        Ok(finished.usage)
    }
}

/// Whether the export wrote a sound track: it has a stage that makes one.
fn run_has_sound(report: &ExportReport) -> bool {
    report.stages.iter().any(|stage| stage.stage == "sound")
}

/// The report of the Completed event among the events that an export printed.
pub(super) fn completed(events: &[u8]) -> Result<Value, BenchError> {
    let no_result = |reason: String| BenchError::NoResult {
        what: "an export",
        reason,
    };
    for line in events
        .split(|byte| *byte == b'\n')
        .rev()
        .filter(|line| !line.is_empty())
    {
        let mut event: Value = serde_json::from_slice(line).map_err(|error| no_result(error.to_string()))?;
        if event["type"] == "Completed" {
            return Ok(event["report"].take());
        }
    }
    Err(no_result("there is no Completed event".to_owned()))
}

fn typed<T: DeserializeOwned>(what: &'static str, value: Value) -> Result<T, BenchError> {
    serde_path_to_error::deserialize(value).map_err(|error| BenchError::NoResult {
        what,
        reason: format!("{}: {}", error.path(), error.inner()),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    #[test]
    fn the_completed_event_is_found_among_the_others() {
        let events = br#"{"type":"Progress","rendered_count":1,"total_frames":2}
{"type":"Completed","path":"a.mp4","report":{"frames":2}}
"#;
        assert_eq!(completed(events).unwrap()["frames"], 2);
        assert!(completed(b"{\"type\":\"Progress\"}\n").is_err());
        assert!(completed(b"Segmentation fault\n").is_err());
    }

    /// A shell script stands in for the program: it prints a report as an export does.
    #[cfg(unix)]
    #[test]
    fn a_child_is_run_and_its_report_read() {
        let folder = tempfile::tempdir().unwrap();
        let (script, mut report) = (folder.path().join("program"), fixtures::report());
        report.path = Some(folder.path().join("out.mp4"));
        report.warnings = vec![format!(
            "can't read {}/a.cap/cursor.json",
            folder.path().display()
        )];
        let event = serde_json::json!({"type": "Completed", "path": report.path, "report": report});
        let text = format!(
            "#!/bin/sh\n[ \"$1\" = export ] || {{ echo broken >&2; exit 7; }}\ncat <<'END'\n{event}\nEND\n"
        );
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let target = Target {
            executable: script,
            recording: folder.path().join("a.cap"),
            flags: vec!["--encoder".into(), "none".into()],
            settings: ExportSettings {
                encoder: EncoderSetting::None,
                ..ExportSettings::default()
            },
        };
        let mut rig = ChildRig::new(target, Arc::default()).unwrap();
        let run = rig.export().unwrap();
        assert_eq!(run.report.path, Some("out.mp4".into()));
        assert_eq!(run.report.warnings, ["can't read a.cap/cursor.json"]);
        rig.check(&run).unwrap();
        let error = rig.floor(FloorKind::Pinned).unwrap_err().to_string();
        assert!(error.contains('7') && error.contains("broken"), "{error}");
    }
}
