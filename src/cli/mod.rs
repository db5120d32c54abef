//! One file a subcommand; the only place that prints to people.

mod args;
mod args_bench;
mod args_shard;
mod bench;
mod confinement;
mod doctor;
mod environment;
mod events;
mod export;
mod export_many;
mod inspect;
mod logging;
mod nearest;
mod progress;
mod settings;
mod shard;
mod shell;
mod signals;
mod similarity;
mod span;
mod synth;
mod terminal;

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use args::{Cli, Command};
pub use environment::prepare_environment;
use terminal::{print, print_exactly};

use crate::confine::Confinement;
use crate::output::{Door, OutputError};

/// How a command ended. The numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0.
    Done,
    /// 1: it failed, or the recording can't be exported (`inspect`).
    Failed,
    /// 2: the command line makes no sense.
    Usage,
    /// 130: SIGINT or SIGTERM.
    Interrupted,
}

impl Exit {
    /// The exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Prints an error with everything that led to it.
pub fn print_error(error: &anyhow::Error) {
    let mut text = String::new();
    terminal::push_line(&mut text, &format!("error: {error}"));
    for cause in causes(error) {
        terminal::push_line(&mut text, &format!("  because: {cause}"));
    }
    terminal::say(&text);
}

/// Says which recording may be meant where `missing` is not there.
fn hint(missing: &Path) {
    if let Some(like) = nearest::recording_like(missing) {
        let mut text = String::new();
        terminal::push_line(&mut text, &format!("  did you mean {}?", like.display()));
        terminal::say(&text);
    }
}

/// An error with everything that led to it in one line.
fn one_line(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in causes(error) {
        text.push_str(&format!(": {cause}"));
    }
    text
}

/// What led to an error. Causes whose text an error further out already holds are left out.
fn causes(error: &anyhow::Error) -> Vec<String> {
    let mut said = error.to_string();
    let mut causes = Vec::new();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !said.contains(&cause) {
            said.clone_from(&cause);
            causes.push(cause);
        }
    }
    causes
}

/// Parses the command line and runs it.
///
/// # Errors
/// When something failed that the command has not told the user about yet.
pub fn run() -> anyhow::Result<Exit> {
    // Signals wait for what comes before the first thread.
    let held = signals::hold()?;
    let parsed = Cli::command()
        .try_get_matches()
        .and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return parting(&error),
    };
    let confinement = confinement::enter(&cli);
    signals::watch()?;
    drop(held);
    match dispatch(cli, &matches, confinement) {
        Err(error) if is_usage(&error) => {
            print_error(&error);
            Ok(Exit::Usage)
        }
        outcome => outcome,
    }
}

/// Prints what clap answers in the place of a command: help, the version, or what is wrong.
fn parting(error: &clap::Error) -> anyhow::Result<Exit> {
    let text = error.render().to_string();
    if error.use_stderr() {
        // clap's own colours are only worth it where they are all that controls the terminal.
        match terminal::lines(&text) {
            Cow::Borrowed(_) => error.print().context("writing to standard error")?,
            Cow::Owned(safe) => terminal::say(&safe),
        }
        return Ok(Exit::Usage);
    }
    match error.print() {
        Err(failure) if failure.kind() != io::ErrorKind::BrokenPipe => {
            Err(failure).context("writing to standard output")
        }
        _ => Ok(Exit::Done),
    }
}

/// Runs the command. Each starts the log once it has told the door what it reads and writes: the log is a file as others are.
fn dispatch(cli: Cli, matches: &ArgMatches, confinement: Option<Confinement>) -> anyhow::Result<Exit> {
    let logging = &cli.logging;
    let mut door = Door::new(logging.overwrite);
    let start = |mut door: Door| logging::start(logging, &mut door);
    match cli.command {
        Command::Export(args) => match &args.output_dir {
            Some(folder) => export_many::run(&args, folder, logging, door, confinement.as_ref()),
            None => export::run(*args, logging, door, confinement),
        },
        Command::Shard(args) => shard::run(args, logging, door, confinement.as_ref()),
        Command::Bench(args) => {
            let given = matches
                .subcommand_matches("bench")
                .context("reading the command line of bench")?;
            bench::run(&args, given, logging, door)
        }
        Command::BenchFloor(args) => bench::run_floor(&args, logging, door, confinement.as_ref()),
        Command::Inspect(args) => {
            if let Some(recording) = &args.recording {
                door.reads_recording(recording)?;
            }
            start(door)?;
            inspect::run(&args, confinement)
        }
        Command::Synth(args) => {
            if let Some(folder) = &args.folder {
                door.makes_recording(folder)?;
            }
            start(door)?;
            synth::run(&args)
        }
        Command::Similarity(args) => {
            for video in [&args.video, &args.reference] {
                door.reads(video, "a video to compare")?;
            }
            start(door)?;
            similarity::run(&args)
        }
        Command::Doctor(args) => {
            start(door)?;
            doctor::run(&args)
        }
        Command::Completions { shell } => {
            start(door)?;
            shell::completions(shell)
        }
        Command::Man => {
            start(door)?;
            shell::man()
        }
    }
}

/// Whether another command line would help.
fn is_usage(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(OutputError::is_usage)
}

/// The command line as clap knows it.
fn command() -> clap::Command {
    Cli::command()
}
