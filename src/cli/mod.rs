//! One file a subcommand; the only place that prints to people.

mod args;
mod args_bench;
mod bench;
mod doctor;
mod events;
mod export;
mod inspect;
mod logging;
mod progress;
mod settings;
mod shell;
mod similarity;
mod synth;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, FromArgMatches};

use args::{Cli, Command};

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
    let mut text = format!("error: {error}\n");
    for cause in causes(error) {
        text.push_str(&format!("  because: {cause}\n"));
    }
    progress::say(&text);
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

/// Prints to standard output. A reader that has seen enough is no error.
fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("writing to standard output")
        }
        _ => Ok(()),
    }
}

/// Parses the command line and runs it. clap itself ends the process on `--help` and, with code 2, on bad usage.
///
/// # Errors
/// When something failed that the command has not told the user about yet.
pub fn run() -> anyhow::Result<Exit> {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    logging::start(&cli.logging)?;
    match cli.command {
        Command::Export(args) => export::run(*args, &cli.logging),
        Command::Bench(args) => {
            let given = matches
                .subcommand_matches("bench")
                .context("reading the command line of bench")?;
            bench::run(&args, given, &cli.logging)
        }
        Command::BenchFloor(args) => bench::run_floor(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Synth(args) => synth::run(&args),
        Command::Similarity(args) => similarity::run(&args),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man => shell::man(),
    }
}

/// The command line as clap knows it.
fn command() -> clap::Command {
    Cli::command()
}
