//! Shows how far an export is: a bar on a terminal, plain lines elsewhere, nothing when quiet.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal::{self, say};
use crate::export::{Observer, Phase, Progress};

/// The bar on screen, so that log lines can be printed above it.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Set once the log file could not be written.
static LOG_FAILED: Once = Once::new();

/// How often a plain line is printed.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows progress on standard error.
pub(super) enum Display {
    /// A bar that is redrawn in place.
    Bar(ProgressBar),
    /// A line now and then.
    Lines {
        /// When the last one was printed.
        last: Option<Instant>,
        /// Phase it told of.
        phase: Option<Phase>,
    },
    /// Nothing.
    Quiet,
}

impl Display {
    /// A display that suits standard error.
    pub(super) fn new(quiet: bool) -> Self {
        if quiet {
            Self::Quiet
        } else if io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            // A template that does not parse is a defect that the test below finds; the default bar still works.
            let style =
                ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style.progress_chars("=> "));
            *BAR.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
            Self::Bar(bar)
        } else {
            Self::Lines {
                last: None,
                phase: None,
            }
        }
    }

    /// Prints a line, above the bar where there is one.
    pub(super) fn line(&self, line: &str) {
        let print = || say(&format!("{}\n", terminal::one_line(line)));
        match self {
            Self::Quiet => {}
            Self::Bar(bar) => bar.suspend(print),
            Self::Lines { .. } => print(),
        }
    }

    /// Takes the bar off the screen.
    pub(super) fn clear(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
            *BAR.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

const TEMPLATE: &str = "{prefix:8} [{bar:30}] {pos}/{len} frames  {msg}";

impl Observer for Display {
    fn progress(&mut self, progress: &Progress) {
        match self {
            Self::Quiet => {}
            Self::Bar(bar) => {
                bar.set_prefix(progress.phase.name());
                bar.set_length(progress.total);
                bar.set_position(progress.frames);
                bar.set_message(numbers(progress));
            }
            Self::Lines { last, phase } => {
                let due = last.is_none_or(|last| last.elapsed() >= LINE_EVERY);
                if due || *phase != Some(progress.phase) {
                    *last = Some(Instant::now());
                    *phase = Some(progress.phase);
                    let line = format!(
                        "{}: {}/{} frames  {}\n",
                        progress.phase.name(),
                        progress.frames,
                        progress.total,
                        numbers(progress)
                    );
                    say(&line);
                }
            }
        }
    }
}

/// Frames per second, speed and time left, as far as they are known.
fn numbers(progress: &Progress) -> String {
    let Some(left) = progress.left else {
        return String::new();
    };
    let seconds = left.as_secs();
    format!(
        "{:.0} fps  {:.2}x  {}:{:02} left",
        progress.fps,
        progress.speed,
        seconds / 60,
        seconds % 60
    )
}

/// Writes log lines above the bar, in colour where it is a terminal.
pub(super) fn log_writer() -> LogWriter<'static> {
    LogWriter {
        event: Vec::new(),
        file: None,
    }
}

/// Writes log lines to `file`.
pub(super) fn log_file_writer(file: &File) -> LogWriter<'_> {
    LogWriter {
        event: Vec::new(),
        file: Some(file),
    }
}

/// Gathers one log event and prints it whole, as one line.
pub(super) struct LogWriter<'a> {
    event: Vec<u8>,
    file: Option<&'a File>,
}

impl Write for LogWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.event.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogWriter<'_> {
    fn drop(&mut self) {
        let event = String::from_utf8_lossy(&self.event);
        let event = terminal::one_line(event.trim_end());
        if let Some(mut file) = self.file {
            let written = file.write_all(format!("{event}\n").as_bytes());
            if let Err(error) = written {
                LOG_FAILED.call_once(|| {
                    say(&format!(
                        "warning: the log file can't be written, lines are lost: {error}\n"
                    ));
                });
            }
            return;
        }
        let print = || terminal::say_event(&event);
        let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_template_parses() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }

    #[test]
    fn numbers_wait_for_the_first_frame() {
        let mut progress = Progress {
            phase: Phase::Export,
            frames: 0,
            total: 100,
            elapsed: Duration::ZERO,
            fps: 0.0,
            speed: 0.0,
            left: None,
        };
        assert_eq!(numbers(&progress), "");
        (progress.fps, progress.speed, progress.left) = (59.6, 1.987, Some(Duration::from_secs(75)));
        assert_eq!(numbers(&progress), "60 fps  1.99x  1:15 left");
    }
}
