//! `capstan export`: flags to settings, signals, progress, the result.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::Context;

use super::Exit;
use super::args::{ExportArgs, Logging};
use super::events::Events;
use super::progress::{Display, say};
use super::settings;
use crate::export::{self, Cancel, ExportError, ExportReport, Instruments, Request, TraceFile};

/// How long an interrupted export may take to wind up before the process ends without it.
const GRACE: Duration = Duration::from_millis(1500);

/// Runs the subcommand.
pub(super) fn run(args: ExportArgs, logging: &Logging) -> anyhow::Result<Exit> {
    let mut events = args.json.then(Events::new);
    let result = settings::resolve(&args.settings)
        .map_err(|error| (error, Exit::Usage))
        .and_then(|settings| {
            let target = target(&args).map_err(|error| (error, Exit::Usage))?;
            let cancel = cancel_on_signals().map_err(|error| (error, Exit::Failed))?;
            let request = Request {
                recording: args.recording,
                target,
                overwrite: args.overwrite,
                settings,
            };
            let instruments = Instruments {
                trace: args.trace.is_some(),
                slow_down: args.slow_down,
            };
            let outcome = match &mut events {
                Some(events) => export::export_with(&request, instruments, &cancel, events),
                None => {
                    let mut display = Display::new(logging.quiet);
                    let outcome = export::export_with(&request, instruments, &cancel, &mut display);
                    display.clear();
                    outcome
                }
            };
            let (report, trace) = outcome.map_err(|error| {
                let exit = exit_of(&error);
                (error.into(), exit)
            })?;
            if let Some(file) = &args.trace {
                write_trace(file, trace).map_err(|error| (error, Exit::Failed))?;
            }
            Ok(report)
        });
    match (result, events) {
        (Ok(report), Some(mut events)) => {
            events.completed(&report);
            Ok(Exit::Done)
        }
        (Ok(report), None) => {
            if !logging.quiet {
                say(&summary(&report));
            }
            Ok(Exit::Done)
        }
        (Err((error, exit)), events) => {
            if let Some(mut events) = events {
                events.error(&error, exit.code());
            }
            super::print_error(&error);
            Ok(exit)
        }
    }
}

fn write_trace(file: &Path, trace: Option<TraceFile>) -> anyhow::Result<()> {
    let trace = trace.context("an instant recording is copied: there are no stages to trace")?;
    let failed = || format!("can't write the trace {}", file.display());
    let mut writer = BufWriter::new(File::create(file).with_context(failed)?);
    serde_json::to_writer(&mut writer, &trace).with_context(failed)?;
    writer.flush().with_context(failed)
}

fn exit_of(error: &ExportError) -> Exit {
    match error {
        ExportError::Cancelled => Exit::Interrupted,
        ExportError::Exists { .. }
        | ExportError::TargetIsFolder { .. }
        | ExportError::InsideRecording { .. }
        | ExportError::InstantSetting { .. } => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// The file to write: as named, with `.mp4` added where it is missing (as Cap does), else the recording's name here.
fn target(args: &ExportArgs) -> anyhow::Result<PathBuf> {
    let named = args.output.as_ref().or(args.output_flag.as_ref());
    let Some(named) = named else {
        let recording = args
            .recording
            .canonicalize()
            .unwrap_or_else(|_| args.recording.clone());
        let stem = recording
            .file_stem()
            .context("give the name of the MP4 to write")?;
        return Ok(Path::new(stem).with_extension("mp4"));
    };
    if named
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("mp4"))
    {
        return Ok(named.clone());
    }
    let mut with_extension = named.clone().into_os_string();
    with_extension.push(".mp4");
    tracing::warn!(
        "the output is an MP4: writing {}",
        Path::new(&with_extension).display()
    );
    Ok(with_extension.into())
}

/// The first SIGINT or SIGTERM asks the export to stop; should it not do so in time, the process ends all the same,
/// leaving no file behind.
fn cancel_on_signals() -> anyhow::Result<Cancel> {
    let cancel = Cancel::new();
    let handle = cancel.clone();
    ctrlc::set_handler(move || {
        if handle.is_requested() {
            return;
        }
        handle.request();
        let handle = handle.clone();
        thread::spawn(move || {
            thread::sleep(GRACE);
            if let Err(error) = handle.abandon() {
                say(&format!("can't remove the unfinished file: {error}\n"));
            }
            std::process::exit(i32::from(Exit::Interrupted.code()));
        });
    })
    .context("can't watch for SIGINT and SIGTERM")?;
    Ok(cancel)
}

/// What a person wants to know of a finished export, in a few lines.
fn summary(report: &ExportReport) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    let paths = &report.paths;
    match &report.path {
        Some(path) => line(format!("{}  {:.1} MB", path.display(), report.bytes as f64 / 1e6)),
        None => line("nothing written (--encoder none)".to_owned()),
    }
    line(format!(
        "  {} frames, {}, {} fps, {:.2} s; {} composed, {} repeated",
        report.frames,
        report.size,
        report.settings.frame_rate,
        report.duration_s,
        report.composed_frames,
        report.frames - report.composed_frames.min(report.frames)
    ));
    line(format!("  {:.2} s, {:.1} fps", report.wall_s, report.fps));
    if let (Some(adapter), Some(pixels)) = (&paths.adapter, &paths.pixel_path) {
        let encoder = paths.encoder.as_deref().unwrap_or("none");
        line(format!(
            "  adapter {} ({}), pixels by {pixels}, encoder {encoder}",
            adapter.name, adapter.backend
        ));
    }
    line(format!("  sound: {}", paths.sound));
    for fallback in &report.fallbacks {
        line(format!(
            "  fell back: {} {} -> {}: {}",
            fallback.what, fallback.from, fallback.to, fallback.reason
        ));
    }
    for unrendered in &report.unrendered {
        line(format!(
            "  not rendered: {}: {}",
            unrendered.setting, unrendered.instead
        ));
    }
    text
}
