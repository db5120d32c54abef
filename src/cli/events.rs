//! Newline-delimited JSON events, compatible with those of Cap's command line (cap-look.md 23).

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::export::{ExportReport, Observer, Progress};

/// One event.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
enum Event<'a> {
    /// How far the export is.
    Progress {
        rendered_count: u64,
        total_frames: u64,
        phase: &'static str,
        fps: f64,
        speed: f64,
        elapsed_s: f64,
        left_s: Option<f64>,
    },
    /// It is done.
    Completed {
        #[serde(serialize_with = "crate::lossy::optional_path::serialize")]
        path: Option<&'a Path>,
        report: &'a ExportReport,
    },
    /// It failed: the message, then what caused it, outermost first.
    Error {
        error: String,
        causes: Vec<String>,
        exit_code: u8,
    },
}

/// Writes events to standard output. A reader that has gone is no error: the export goes on without it.
pub(super) struct Events {
    gone: bool,
    last: Option<(u64, &'static str)>,
}

impl Events {
    pub(super) const fn new() -> Self {
        Self {
            gone: false,
            last: None,
        }
    }

    pub(super) fn completed(&mut self, report: &ExportReport) {
        self.write(&Event::Completed {
            path: report.path.as_deref(),
            report,
        });
    }

    pub(super) fn error(&mut self, error: &anyhow::Error, exit_code: u8) {
        let causes = error.chain().skip(1).map(ToString::to_string).collect();
        self.write(&Event::Error {
            error: error.to_string(),
            causes,
            exit_code,
        });
    }

    fn write(&mut self, event: &Event<'_>) {
        if self.gone {
            return;
        }
        // Made whole before it is written: an event is never cut off in the middle.
        let line = serde_json::to_vec(event).map_err(io::Error::from);
        let written = line.and_then(|mut line| {
            line.push(b'\n');
            let mut out = io::stdout().lock();
            out.write_all(&line).and_then(|()| out.flush())
        });
        if let Err(error) = written {
            self.gone = true;
            if error.kind() == io::ErrorKind::BrokenPipe {
                tracing::info!("nobody reads the JSON events any more; the export goes on");
            } else {
                tracing::warn!(
                    "the JSON events can't be written any more ({error}); the export goes on without them: check what \
                     standard output leads to"
                );
            }
        }
    }
}

impl Observer for Events {
    fn progress(&mut self, progress: &Progress) {
        let now = (progress.frames, progress.phase.name());
        if self.last == Some(now) {
            return;
        }
        self.last = Some(now);
        self.write(&Event::Progress {
            rendered_count: progress.frames,
            total_frames: progress.total,
            phase: progress.phase.name(),
            fps: progress.fps,
            speed: progress.speed,
            elapsed_s: progress.elapsed.as_secs_f64(),
            left_s: progress.left.map(|left| left.as_secs_f64()),
        });
    }
}
