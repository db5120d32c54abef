//! `capstan export`: flags to settings, signals, progress, the result.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};

use super::Exit;
use super::args::{ExportArgs, Logging};
use super::events::Events;
use super::progress::Display;
use super::terminal::{push_line, say};
use super::{logging, settings, signals};
use crate::confine::Confinement;
use crate::export::{
    self, Cancel, EncoderSetting, ExportError, ExportReport, ExportSettings, Instruments, Observer, Request,
    Span,
};
use crate::output::{Door, OutputError};

/// How long an interrupted export may take to wind up before the process ends without it.
const GRACE: Duration = Duration::from_millis(1500);
/// Endings that name another format than the one that is written. Any other ending may be part of a name.
const OTHER_FORMATS: [&str; 20] = [
    "3gp", "aac", "avi", "flac", "flv", "gif", "jpeg", "jpg", "m4a", "m4v", "mkv", "mov", "mp3", "mpg",
    "ogg", "png", "ts", "wav", "webm", "webp",
];

/// Runs the subcommand.
pub(super) fn run(
    args: ExportArgs,
    logging: &Logging,
    mut door: Door,
    confinement: Option<Confinement>,
) -> anyhow::Result<Exit> {
    let mut events = args.json.then(Events::new);
    let result = prepare(&args, logging, &mut door)
        .map_err(|error| {
            let exit = match error.downcast_ref::<OutputError>() {
                Some(error) if !error.is_usage() => Exit::Failed,
                _ => Exit::Usage,
            };
            (error, exit)
        })
        .and_then(|request| {
            confinement.iter().for_each(logging::note_confinement);
            let cancel = cancel_on_signals();
            let instruments = Instruments {
                trace: args.trace.clone(),
                slow_down: args.slow_down,
            };
            let mut export = |observer: &mut dyn Observer| {
                export::export_with(&request, &instruments, &mut door, &cancel, observer)
            };
            let outcome = match &mut events {
                Some(events) => export(events),
                None => {
                    let mut display = Display::new(logging.quiet);
                    let outcome = export(&mut display);
                    display.clear();
                    outcome
                }
            };
            outcome.map_err(|error| {
                let exit = exit_of(&error);
                (error.into(), exit)
            })
        });
    let result = result.map(|mut report| {
        report
            .warnings
            .extend(confinement.iter().flat_map(Confinement::warnings));
        report.confinement = confinement;
        report
    });
    match (result, events) {
        (Ok(report), Some(mut events)) => {
            events.completed(&report);
            Ok(Exit::Done)
        }
        (Ok(report), None) => {
            if !logging.quiet {
                say(&summary(&report, logging.verbose > 0));
            }
            Ok(Exit::Done)
        }
        (Err((error, exit)), events) => {
            if let Some(mut events) = events {
                events.error(&error, exit.code());
            }
            super::print_error(&error);
            super::hint(&args.recording);
            Ok(exit)
        }
    }
}

/// What is to be exported, once it is clear that everything may be written that is to be written; starts the log.
fn prepare(args: &ExportArgs, logging: &Logging, door: &mut Door) -> anyhow::Result<Request> {
    let target = target(args)?;
    let request = Request {
        recording: args.recording.clone(),
        target: target.path,
        overwrite: logging.overwrite,
        settings: ExportSettings {
            span: args.span.resolve()?,
            ..settings::resolve(&args.settings)?
        },
    };
    export::declare_inputs(&request, door)?;
    if request.settings.encoder != EncoderSetting::None {
        door.claim(&request.target, export::MP4)?;
    }
    if let Some(trace) = &args.trace {
        door.claim(trace, export::TRACE)?;
    }
    logging::start(logging, door)?;
    if target.extended {
        tracing::warn!("the output is an MP4: writing {}", request.target.display());
    }
    Ok(request)
}

pub(super) fn exit_of(error: &ExportError) -> Exit {
    match error {
        ExportError::Cancelled => Exit::Interrupted,
        ExportError::Output(error) if error.is_usage() => Exit::Usage,
        ExportError::InstantSetting { .. } | ExportError::Span(_) => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// The file to write.
pub(super) struct Target {
    pub(super) path: PathBuf,
    /// Whether `.mp4` was added to the name that was given.
    extended: bool,
}

/// The file to write: as named, with `.mp4` added where it is missing (as Cap does), else the recording's name here.
pub(super) fn target(args: &ExportArgs) -> anyhow::Result<Target> {
    let named = args.output.as_ref().or(args.output_flag.as_ref());
    let given = |path: PathBuf| Target {
        path,
        extended: false,
    };
    let Some(named) = named else {
        let recording = args
            .recording
            .canonicalize()
            .unwrap_or_else(|_| args.recording.clone());
        let mut name = recording
            .file_stem()
            .context("give the name of the MP4 to write")?
            .to_owned();
        name.push(".mp4");
        return Ok(given(name.into()));
    };
    let folder = named.is_dir() || named.as_os_str().as_encoded_bytes().ends_with(b"/");
    let Some(name) = named.file_name().filter(|_| !folder) else {
        // The door says what is wrong with it.
        return Ok(given(named.clone()));
    };
    if name.as_encoded_bytes().to_ascii_lowercase().ends_with(b".mp4") {
        return Ok(given(named.clone()));
    }
    if let Some(other) = Path::new(name).extension().and_then(|other| other.to_str())
        && OTHER_FORMATS
            .iter()
            .any(|format| other.eq_ignore_ascii_case(format))
    {
        bail!(
            "{} asks for the format {other}; only mp4 is written",
            named.display()
        );
    }
    let mut with_extension = named.clone().into_os_string();
    with_extension.push(".mp4");
    Ok(Target {
        path: with_extension.into(),
        extended: true,
    })
}

/// The first signal asks the export to stop; should it not do so in time, the process ends all the same, leaving no file
/// behind.
pub(super) fn cancel_on_signals() -> Cancel {
    let cancel = Cancel::new();
    let handle = cancel.clone();
    signals::on_signal(move || {
        if handle.is_requested() {
            return;
        }
        handle.request();
        thread::spawn(|| {
            thread::sleep(GRACE);
            signals::end()
        });
    });
    cancel
}

/// What a person wants to know of a finished export, most wanted first.
fn summary(report: &ExportReport, verbose: bool) -> String {
    let mut text = String::new();
    let mut line = |line: String| push_line(&mut text, &line);
    let paths = &report.paths;
    let made = format!("{}, made in {}", length(report.duration_s), length(report.wall_s));
    match &report.path {
        Some(path) => line(format!("{}  {}, {made}", path.display(), size(report.bytes))),
        None => line(format!("nothing written (--encoder none)  {made}")),
    }
    line(format!(
        "  {} at {} fps; {} frames, {} composed, {} repeated",
        report.size,
        report.settings.frame_rate,
        report.frames,
        report.composed_frames,
        report.frames - report.composed_frames.min(report.frames)
    ));
    if let Span::Frames { first, end } = report.settings.span {
        line(format!("  part of the output: frames {first} to {}", end - 1));
    }
    if let (Some(adapter), Some(pixels)) = (&paths.adapter, &paths.pixel_path) {
        let encoder = paths.encoder.as_deref().unwrap_or("none");
        let rate = paths.rate.map_or_else(String::new, |rate| format!(" at {rate}"));
        line(format!(
            "  adapter {} ({}), pixels by {pixels}, encoder {encoder}{rate}",
            adapter.name, adapter.backend
        ));
    }
    line(format!("  sound: {}", paths.sound));
    if let Some(confinement) = &report.confinement {
        line(format!("  confined: {}", confinement.describe()));
    }
    let software = paths.adapter.as_ref().is_some_and(|adapter| adapter.software);
    let (expected, told): (Vec<_>, Vec<_>) = report
        .fallbacks
        .iter()
        .partition(|fallback| software && !verbose && fallback.is_for_want_of_hardware());
    if !expected.is_empty() {
        line("  software: no GPU encoder or decoder here; `capstan doctor` says why".to_owned());
    }
    for fallback in told {
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

/// Bytes for people.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// Seconds for people.
fn length(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let seconds = seconds.round() as u64;
    match seconds / 3600 {
        0 => format!("{}:{:02} min", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02} h", seconds / 60 % 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_lengths_are_in_the_unit_that_people_use() {
        assert_eq!(
            [size(0), size(556_449), size(1_200_000), size(3_210_000_000)],
            ["0 kB", "556 kB", "1.2 MB", "3.21 GB"]
        );
        let lengths = [1.44, 59.94, 75.2, 3725.0].map(length);
        assert_eq!(lengths, ["1.4 s", "59.9 s", "1:15 min", "1:02:05 h"]);
    }
}
