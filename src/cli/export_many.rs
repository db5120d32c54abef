//! `capstan export A.cap B.cap --output-dir FOLDER`: several recordings, as many at once as the machine carries, one display for
//! all, and a failure of one that does not stop the others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::Exit;
use super::args::{ExportArgs, Logging};
use super::export::{cancel_on_signals, exit_of, size};
use super::progress::Display;
use super::{logging, print_exactly, settings};
use crate::confine::Confinement;
use crate::export::{
    self, Cancel, EncoderSetting, ExportError, ExportReport, ExportSettings, Instruments, Observer, Phase,
    Progress, Request,
};
use crate::output::{Door, OutputError};

/// Processors that one export keeps busy.
const CORES: usize = 4;
/// Memory that one export may take, bytes: what 4K takes.
const MEMORY: u64 = 1 << 30;

/// What a thread that exports tells.
enum News {
    Progress(usize, Progress),
    Done(usize, Result<Box<ExportReport>, ExportError>),
}

/// The recordings that the command line names.
pub(super) fn recordings(args: &ExportArgs) -> Vec<PathBuf> {
    let named = [&args.recording]
        .into_iter()
        .chain(&args.output)
        .chain(&args.more);
    named.cloned().collect()
}

/// Runs the subcommand for several recordings.
pub(super) fn run(
    args: &ExportArgs,
    folder: &Path,
    logging: &Logging,
    mut door: Door,
    confinement: Option<&Confinement>,
) -> anyhow::Result<Exit> {
    let (requests, mut failed) = match prepare(args, folder, logging, &mut door) {
        Ok(prepared) => prepared,
        Err(error) => {
            super::print_error(&error);
            return Ok(match error.downcast_ref::<OutputError>() {
                Some(error) if !error.is_usage() => Exit::Failed,
                _ => Exit::Usage,
            });
        }
    };
    confinement.iter().for_each(|it| logging::note_confinement(it));
    let at_once = args.jobs.map_or_else(|| carried(requests.len()), usize::from);
    tracing::info!(at_once, "{} recordings are exported", requests.len());
    let cancel = cancel_on_signals();
    let mut hall = Hall::new(&requests, args.json, logging.quiet);
    for (request, error) in &failed {
        hall.told_failure(&request.recording, error, Exit::Failed)?;
    }
    export_all(
        &requests,
        at_once.clamp(1, requests.len().max(1)),
        &cancel,
        |news| match news {
            News::Progress(index, progress) => hall.progress(index, progress),
            News::Done(index, Ok(report)) => hall.done(&requests[index], *report, confinement),
            News::Done(index, Err(error)) => {
                let exit = exit_of(&error);
                let error = anyhow::Error::from(error);
                hall.told_failure(&requests[index].recording, &error, exit)?;
                failed.push((requests[index].clone(), error));
                Ok(())
            }
        },
    )?;
    hall.finish(recordings(args).len(), &failed, logging.quiet);
    Ok(match failed.is_empty() {
        _ if cancel.is_requested() => Exit::Interrupted,
        true => Exit::Done,
        false => Exit::Failed,
    })
}

type Prepared = (Vec<Request>, Vec<(Request, anyhow::Error)>);

/// What is to be exported, and what can't be because its file may not be written. That two recordings would make one file is an
/// error of the command line.
fn prepare(args: &ExportArgs, folder: &Path, logging: &Logging, door: &mut Door) -> anyhow::Result<Prepared> {
    let settings = ExportSettings {
        span: args.span.resolve()?,
        ..settings::resolve(&args.settings)?
    };
    let mut requests = Vec::new();
    for recording in recordings(args) {
        let real = recording.canonicalize().unwrap_or_else(|_| recording.clone());
        let mut name = real
            .file_stem()
            .with_context(|| format!("{} has no name to call the MP4 by", recording.display()))?
            .to_owned();
        name.push(".mp4");
        requests.push(Request {
            target: folder.join(name),
            recording,
            overwrite: logging.overwrite,
            settings: settings.clone(),
        });
    }
    let mut names: BTreeMap<&Path, &Path> = BTreeMap::new();
    for request in &requests {
        if let Some(other) = names.insert(&request.target, &request.recording) {
            bail!(
                "{} and {} would both become {}; export one of them under another name",
                other.display(),
                request.recording.display(),
                request.target.display()
            );
        }
    }
    for request in &requests {
        export::declare_inputs(request, door)?;
    }
    door.make_folder(folder, "the folder of the MP4s")?;
    let mut failed = Vec::new();
    let mut possible = Vec::new();
    for request in requests {
        match door.claim(&request.target, export::MP4) {
            Ok(()) => possible.push(request),
            Err(_) if request.settings.encoder == EncoderSetting::None => possible.push(request),
            Err(error @ (OutputError::Exists { .. } | OutputError::Special { .. })) => {
                failed.push((request, error.into()));
            }
            Err(error) => return Err(error.into()),
        }
    }
    logging::start(logging, door)?;
    Ok((possible, failed))
}

/// How many exports this machine carries at once.
fn carried(recordings: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let kinds = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let free = System::new_with_specifics(kinds).map(|system| system.available_memory());
    at_once(recordings, cores, free.ok())
}

/// As many as there are recordings, groups of processors and pieces of free memory; one at least.
fn at_once(recordings: usize, cores: usize, free: Option<u64>) -> usize {
    let memory = free.map_or(usize::MAX, |free| {
        usize::try_from(free / MEMORY).unwrap_or(usize::MAX)
    });
    recordings.min(cores / CORES).min(memory).max(1)
}

/// Exports all, `at_once` at a time, and tells `hear` of it on this thread.
fn export_all(
    requests: &[Request],
    at_once: usize,
    cancel: &Cancel,
    mut hear: impl FnMut(News) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let (tell, news) = mpsc::channel();
    thread::scope(|scope| {
        for number in 0..at_once {
            let (tell, next) = (tell.clone(), &next);
            let work = move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(request) = requests.get(index).filter(|_| !cancel.is_requested()) else {
                        return;
                    };
                    let mut door = Door::new(request.overwrite);
                    let declared = requests
                        .iter()
                        .try_for_each(|other| door.reads_recording(&other.recording));
                    let mut watch = Watch { index, tell: &tell };
                    let outcome = declared.map_err(ExportError::from).and_then(|()| {
                        export::export_with(request, &Instruments::default(), &mut door, cancel, &mut watch)
                    });
                    // Nobody hears only when the display failed, which ends the command.
                    let _ = tell.send(News::Done(index, outcome.map(Box::new)));
                }
            };
            thread::Builder::new()
                .name(format!("capstan-export-{number}"))
                .spawn_scoped(scope, work)
                .context("starting a thread for an export")?;
        }
        drop(tell);
        for news in news {
            if let Err(error) = hear(news) {
                cancel.request();
                return Err(error);
            }
        }
        Ok(())
    })
}

/// Watches one of the exports.
struct Watch<'a> {
    index: usize,
    tell: &'a mpsc::Sender<News>,
}

impl Observer for Watch<'_> {
    fn progress(&mut self, progress: &Progress) {
        // As above.
        let _ = self.tell.send(News::Progress(self.index, *progress));
    }
}

/// Shows all exports together.
struct Hall {
    begun: Instant,
    display: Display,
    json: bool,
    states: Vec<Progress>,
    finished: usize,
    last: Option<(u64, u64)>,
}

impl Hall {
    fn new(requests: &[Request], json: bool, quiet: bool) -> Self {
        Self {
            begun: Instant::now(),
            display: Display::new(quiet || json),
            json,
            states: vec![Progress::NOTHING; requests.len()],
            finished: 0,
            last: None,
        }
    }

    fn progress(&mut self, index: usize, progress: Progress) -> anyhow::Result<()> {
        self.states[index] = progress;
        let all = together(&self.states, self.begun.elapsed());
        self.display.progress(&all);
        if self.json && self.last != Some((all.frames, all.total)) {
            self.last = Some((all.frames, all.total));
            self.event(&json!({
                "type": "Progress", "rendered_count": all.frames, "total_frames": all.total, "phase": all.phase.name(),
                "fps": all.fps, "recordings": self.states.len(), "recordings_done": self.finished,
                "elapsed_s": all.elapsed.as_secs_f64(),
            }))?;
        }
        Ok(())
    }

    fn done(
        &mut self,
        request: &Request,
        mut report: ExportReport,
        confinement: Option<&Confinement>,
    ) -> anyhow::Result<()> {
        self.finished += 1;
        report
            .warnings
            .extend(confinement.iter().flat_map(|it| it.warnings()));
        report.confinement = confinement.cloned();
        if self.json {
            return self.event(&json!({
                "type": "Completed", "recording": request.recording.to_string_lossy(),
                "path": report.path.as_ref().map(|path| path.to_string_lossy()), "report": report,
            }));
        }
        self.display.line(&format!(
            "{}  {}, {:.1} s of video in {:.1} s",
            request.target.display(),
            size(report.bytes),
            report.duration_s,
            report.wall_s
        ));
        Ok(())
    }

    fn told_failure(&mut self, recording: &Path, error: &anyhow::Error, exit: Exit) -> anyhow::Result<()> {
        self.finished += 1;
        self.display.line(&format!(
            "{}  failed: {}",
            recording.display(),
            super::one_line(error)
        ));
        if self.json {
            let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
            return self.event(&json!({
                "type": "Error", "recording": recording.to_string_lossy(), "error": error.to_string(),
                "causes": causes, "exit_code": exit.code(),
            }));
        }
        Ok(())
    }

    fn event(&self, event: &Value) -> anyhow::Result<()> {
        print_exactly(&format!("{event}\n"))
    }

    /// The summary.
    fn finish(&self, recordings: usize, failed: &[(Request, anyhow::Error)], quiet: bool) {
        self.display.clear();
        let succeeded = self.finished - failed.len();
        let mut text = String::new();
        if !quiet || !failed.is_empty() {
            let seconds = self.begun.elapsed().as_secs_f64();
            let line = format!("{succeeded} of {recordings} recordings exported in {seconds:.1} s");
            super::terminal::push_line(&mut text, &line);
        }
        for (request, error) in failed {
            let line = format!(
                "  failed: {}: {}",
                request.recording.display(),
                super::one_line(error)
            );
            super::terminal::push_line(&mut text, &line);
        }
        super::terminal::say(&text);
    }
}

/// Several exports as one.
fn together(states: &[Progress], elapsed: Duration) -> Progress {
    let frames = states.iter().map(|state| state.frames).sum();
    let total: u64 = states.iter().map(|state| state.total).sum();
    let fps = frames as f64 / elapsed.as_secs_f64().max(1e-3);
    let begun = states.iter().any(|state| state.frames > 0);
    Progress {
        phase: if begun { Phase::Export } else { Phase::Prepare },
        frames,
        total,
        elapsed,
        fps,
        speed: states.iter().map(|state| state.speed).sum(),
        left: (begun && states.iter().all(|state| state.total > 0))
            .then(|| Duration::from_secs_f64(total.saturating_sub(frames) as f64 / fps.max(1e-3))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_at_once_as_cores_and_memory_carry() {
        assert_eq!(at_once(10, 2, Some(64 << 30)), 1);
        assert_eq!(at_once(10, 16, Some(64 << 30)), 4);
        assert_eq!(at_once(3, 64, Some(64 << 30)), 3);
        assert_eq!(at_once(10, 64, Some(2 << 30)), 2);
        assert_eq!(at_once(10, 64, Some(0)), 1);
        assert_eq!(at_once(10, 64, None), 10);
    }

    #[test]
    fn what_is_left_is_known_once_all_have_begun() {
        let state = |frames, total| Progress {
            phase: Phase::Export,
            frames,
            total,
            elapsed: Duration::ZERO,
            fps: 0.0,
            speed: 1.0,
            left: None,
        };
        let all = together(&[state(50, 100), state(0, 0)], Duration::from_secs(1));
        assert_eq!((all.frames, all.total, all.left), (50, 100, None));
        let all = together(&[state(50, 100), state(50, 200)], Duration::from_secs(1));
        assert_eq!(
            (all.frames, all.total, all.left),
            (100, 300, Some(Duration::from_secs(2)))
        );
    }
}
