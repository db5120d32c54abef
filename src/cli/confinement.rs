//! `--confined`: what a command reads and writes, and the walls around it.

use std::fs;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::args::{Cli, Command, SettingsArgs};
use super::args_shard::ShardCommand;
use super::{environment, export, export_many};
use crate::confine::{self, Bounds, Confinement};
use crate::shard::ShardPlan;

/// Confines this process when the command asks for it. To be called before the first thread starts and before anything of
/// the recording is read.
pub(super) fn enter(cli: &Cli) -> Option<Confinement> {
    let mut bounds = bounds(cli)?;
    let cache = cache();
    if confine::is_alone() {
        // SAFETY: the process has no other thread.
        unsafe { environment::confine(cache.as_deref()) };
    }
    bounds.writes.extend(cache);
    Some(confine::enter(&bounds))
}

/// What the command names, when it is to be confined.
fn bounds(cli: &Cli) -> Option<Bounds> {
    let mut bounds = Bounds::default();
    match &cli.command {
        Command::Export(args) if args.settings.confined => {
            match &args.output_dir {
                Some(folder) => {
                    bounds.reads.extend(export_many::recordings(args));
                    bounds.writes.push(existing(folder));
                }
                None => {
                    bounds.reads.push(args.recording.clone());
                    // One that makes no sense is told of later.
                    bounds
                        .writes
                        .extend(export::target(args).ok().map(|target| written(&target.path)));
                }
            }
            bounds.reads.extend(named(&args.settings));
            bounds.writes.extend(args.trace.as_deref().map(written));
        }
        Command::BenchFloor(args) if args.settings.confined => {
            bounds.reads.push(args.recording.clone());
            bounds.reads.extend(named(&args.settings));
            bounds.writes.push(written(&args.output));
        }
        Command::Shard(args) => bounds = of_shard(&args.command)?,
        Command::Inspect(args) if args.confined => bounds.reads.extend(args.recording.clone()),
        _ => return None,
    }
    bounds.writes.extend(cli.logging.log_file.as_deref().map(written));
    Some(bounds)
}

/// What a command of `capstan shard` names. A plan that was made with `--confined` is run and joined so.
fn of_shard(command: &ShardCommand) -> Option<Bounds> {
    let mut bounds = Bounds::default();
    match command {
        ShardCommand::Plan(args) if args.settings.confined => {
            bounds.reads.push(args.recording.clone());
            bounds.reads.extend(named(&args.settings));
            bounds.writes.push(written(&args.output));
        }
        ShardCommand::Run(args) => {
            // One that can't be read is told of later.
            let plan = ShardPlan::read(&args.plan).ok();
            if !args.confined && !plan.as_ref().is_some_and(|plan| plan.settings.confined) {
                return None;
            }
            bounds.reads.push(args.plan.clone());
            if let Some(plan) = plan {
                let recording = args.recording.clone();
                bounds
                    .reads
                    .push(recording.unwrap_or_else(|| PathBuf::from(plan.recording)));
                bounds.reads.extend(plan.settings.background);
                bounds.reads.extend(plan.settings.config);
            }
            bounds.writes.push(existing(&args.output));
        }
        ShardCommand::Join(args) => {
            let plan = ShardPlan::read(&args.plan).ok()?;
            if !plan.settings.confined {
                return None;
            }
            bounds.reads.extend([args.plan.clone(), args.parts.clone()]);
            bounds.writes.push(written(&args.output));
        }
        ShardCommand::Plan(_) | ShardCommand::Schema => return None,
    }
    Some(bounds)
}

fn named(settings: &SettingsArgs) -> impl Iterator<Item = PathBuf> {
    settings.background.iter().chain(&settings.config).cloned()
}

/// What must be written to for `file` to be made: its folder, where it is written beside its name; a device itself.
fn written(file: &Path) -> PathBuf {
    if fs::metadata(file).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return file.to_owned();
    }
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A folder that is made where it is not there: then the nearest one around it must be written to.
fn existing(folder: &Path) -> PathBuf {
    let around = folder.ancestors().find(|around| around.is_dir());
    around.map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// The folder for what is kept from one run to the next: of this program alone, so that nothing that a recording brought about
/// is found by another.
fn cache() -> Option<PathBuf> {
    let folder = etcetera::choose_base_strategy().ok()?.cache_dir().join("capstan");
    fs::create_dir_all(&folder).ok()?;
    Some(folder)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn of(line: &[&str]) -> Option<Bounds> {
        bounds(&Cli::try_parse_from(["capstan"].iter().chain(line)).unwrap())
    }

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn a_command_may_reach_what_it_names() {
        assert_eq!(of(&["export", "a.cap", "out/a.mp4"]), None);
        assert_eq!(of(&["inspect", "a.cap"]), None);
        let line = "export --confined a.cap /o/a --background wall.png --config c.json --trace t/t.json --log-file log";
        let found = of(&line.split(' ').collect::<Vec<_>>()).unwrap();
        assert_eq!(found.reads, paths(&["a.cap", "wall.png", "c.json"]));
        assert_eq!(found.writes, paths(&["/o", "t", "."]));
        let found = of(&["inspect", "a.cap", "--confined"]).unwrap();
        assert_eq!((found.reads, found.writes), (paths(&["a.cap"]), paths(&[])));
        let found = of(&["bench-floor", "a.cap", "b/a.mp4", "--confined"]).unwrap();
        assert_eq!((found.reads, found.writes), (paths(&["a.cap"]), paths(&["b"])));
        assert_eq!(
            of(&["shard", "plan", "a.cap", "--parts", "2", "-o", "p/plan.json"]),
            None
        );
        let line = "shard plan --confined a.cap --config c.json --parts 2 -o p/plan.json";
        let found = of(&line.split(' ').collect::<Vec<_>>()).unwrap();
        assert_eq!(
            (found.reads, found.writes),
            (paths(&["a.cap", "c.json"]), paths(&["p"]))
        );
        assert_eq!(of(&["shard", "run", "/nowhere/plan.json", "-o", "/parts"]), None);
        let found = of(&["shard", "run", "--confined", "/nowhere/plan.json", "-o", "/parts"]).unwrap();
        assert_eq!(
            (found.reads, found.writes),
            (paths(&["/nowhere/plan.json"]), paths(&["/"]))
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_not_its_folder() {
        let found = of(&[
            "export",
            "--confined",
            "a.cap",
            "/dev/null.mp4",
            "--trace",
            "/dev/null",
        ])
        .unwrap();
        assert_eq!(found.writes, paths(&["/dev", "/dev/null"]));
    }
}
