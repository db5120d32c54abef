//! `capstan bench`: measures exports, compares results.

mod compare;
mod floor;
mod layers;
mod measure;
mod outputs;
mod table;
mod versus;
mod workload;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::args::{Logging, SettingsArgs};
use super::args_bench::{BenchArgs, BenchCommand, MeasureArgs};
use super::{Exit, logging, settings, signals};
use crate::bench::BenchError;
use crate::bench::baseline::Baseline;
use crate::cap::{self, OpenOptions};
use crate::export::ExportSettings;
use crate::output::Door;
use outputs::Outputs;
use workload::Workload;

pub(super) use floor::run as run_floor;

/// Runs the subcommand. `matches` are its arguments as given.
pub(super) fn run(
    args: &BenchArgs,
    matches: &ArgMatches,
    logging: &Logging,
    door: Door,
) -> anyhow::Result<Exit> {
    let outcome = match &args.command {
        Some(BenchCommand::Compare(compare)) => return compare::run(compare, logging, door),
        Some(BenchCommand::Schema) => {
            let mut door = door;
            logging::start(logging, &mut door)?;
            super::print_exactly(&format!(
                "{}\n",
                serde_json::to_string_pretty(&Baseline::schema())?
            ))?;
            return Ok(Exit::Done);
        }
        None => {
            let settings = match settings::resolve(&args.measure.settings) {
                Ok(settings) => settings,
                Err(error) => {
                    super::print_error(&error);
                    return Ok(Exit::Usage);
                }
            };
            let args = told_apart(&args.measure);
            let mut setup = Setup::new(&args, settings, matches, logging.clone(), door)?;
            match &args.against {
                Some(base) => versus::run(&args, base, &mut setup),
                None if args.layers => layers::run(&args, &mut setup),
                None => measure::run(&args, &mut setup),
            }
        }
    };
    match outcome {
        Err(error) if matches!(error.downcast_ref(), Some(BenchError::Interrupted)) => {
            super::print_error(&error);
            Ok(Exit::Interrupted)
        }
        outcome => outcome,
    }
}

/// `--json demo.cap` and `--criteria demo.cap` mean a recording to measure, and the flag without a value.
fn told_apart(args: &MeasureArgs) -> MeasureArgs {
    let mut args = args.clone();
    for value in [&mut args.json, &mut args.criteria].into_iter().flatten() {
        if let Some(name) = value.take_if(|name| workload::is_one(name)) {
            args.workloads.push(name.to_string_lossy().into_owned());
        }
    }
    args
}

/// What all kinds of measurement need.
struct Setup {
    executable: PathBuf,
    flags: Vec<OsString>,
    settings: ExportSettings,
    stop: Arc<AtomicBool>,
    quiet: bool,
    logging: Logging,
    door: Door,
}

impl Setup {
    fn new(
        args: &MeasureArgs,
        settings: ExportSettings,
        matches: &ArgMatches,
        logging: Logging,
        mut door: Door,
    ) -> anyhow::Result<Self> {
        let executable = match &args.executable {
            Some(executable) => executable
                .canonicalize()
                .with_context(|| format!("there is no executable {}", executable.display()))?,
            None => std::env::current_exe().context("finding this program's own file")?,
        };
        door.reads(&executable, "the program that is measured")?;
        for (file, what) in [
            (args.against.as_ref(), "the other build"),
            (args.baseline.as_ref(), "a baseline"),
            (args.criteria.as_ref().and_then(Option::as_ref), "the criteria"),
            (settings.background.as_ref(), "the background image"),
            (settings.config.as_ref(), "the configuration"),
        ] {
            if let Some(file) = file {
                door.reads(file, what)?;
            }
        }
        let stop = Arc::new(AtomicBool::new(false));
        let on_signal = Arc::clone(&stop);
        signals::on_signal(move || on_signal.store(true, Ordering::Relaxed));
        Ok(Self {
            executable,
            flags: export_flags(matches),
            settings,
            stop,
            quiet: logging.quiet,
            logging,
            door,
        })
    }

    /// Opens all recordings, so that one that can't be exported is found before the first is measured.
    fn look_at(&self, workloads: &[Workload]) -> anyhow::Result<()> {
        let options = OpenOptions {
            config_override: self.settings.config.clone(),
        };
        for workload in workloads {
            cap::open(&workload.folder, &options)?;
        }
        Ok(())
    }

    /// Opens all files that results go to, a set for each recording, and starts the log.
    fn open_outputs(&mut self, args: &MeasureArgs, workloads: &[Workload]) -> anyhow::Result<Vec<Outputs>> {
        for workload in workloads {
            self.door.reads_recording(&workload.folder)?;
        }
        let several = workloads.len() > 1;
        let outputs = workloads
            .iter()
            .map(|workload| Outputs::open(&mut self.door, args, &workload.folder, several))
            .collect::<Result<_, _>>()?;
        logging::start(&self.logging, &mut self.door)?;
        Ok(outputs)
    }
}

/// The flags among `matches` that an export takes, as they were given: children get the same ones.
fn export_flags(matches: &ArgMatches) -> Vec<OsString> {
    let settings = SettingsArgs::augment_args(clap::Command::new("settings"));
    let mut flags = Vec::new();
    for argument in settings.get_arguments() {
        let id = argument.get_id().as_str();
        let Some(long) = argument.get_long() else { continue };
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        if argument.get_action().takes_values() {
            for value in matches.get_raw(id).into_iter().flatten() {
                let mut flag = OsString::from(format!("--{long}="));
                flag.push(value);
                flags.push(flag);
            }
        } else {
            flags.push(format!("--{long}").into());
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::super::args::{Cli, Command};
    use super::*;
    use clap::{CommandFactory, FromArgMatches, Parser};

    #[test]
    fn children_get_the_flags_that_were_given() {
        let given = [
            "--fps",
            "30",
            "--cap-colors",
            "--quality=web",
            "--resolution",
            "1280x720",
            "--encoder",
            "libx264",
        ];
        let line = ["capstan", "bench", "a.cap", "--runs", "3", "--json"]
            .iter()
            .chain(&given);
        let matches = Cli::command().get_matches_from(line);
        let bench = matches.subcommand_matches("bench").unwrap();
        let flags = export_flags(bench);
        let Command::Bench(args) = Cli::from_arg_matches(&matches).unwrap().command else {
            panic!("bench")
        };
        let export = ["capstan".into(), "export".into(), "a.cap".into()]
            .into_iter()
            .chain(flags);
        let Command::Export(again) = Cli::parse_from(export).command else {
            panic!("export")
        };
        let resolved = settings::resolve(&args.measure.settings).unwrap();
        assert_eq!(resolved, settings::resolve(&again.settings).unwrap());
        assert_eq!(resolved.frame_rate.fps(), 30);
        assert!(resolved.cap_colors);
    }

    #[test]
    fn comparing_and_measuring_do_not_mix() {
        let parse = |line: &[&str]| Cli::try_parse_from(["capstan", "bench"].iter().chain(line)).is_ok();
        assert!(parse(&["compare", "a.json", "b.json", "--fail-above", "5%"]));
        assert!(parse(&["a.cap", "--against", "old", "--fail-above", "5%"]));
        assert!(
            !parse(&["a.cap", "--against", "old", "--pairs", "4"]),
            "four pairs decide nothing"
        );
        assert!(
            !parse(&["a.cap", "--fail-above", "5%"]),
            "nothing to compare with"
        );
        assert!(!parse(&["compare", "a.json"]));
    }
}
