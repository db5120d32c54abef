//! `capstan shard`: an export in parts that are made anywhere and joined.

use std::env;

use anyhow::{Context, bail};
use serde_json::json;

use super::Exit;
use super::args::Logging;
use super::args_shard::{ShardArgs, ShardCommand, ShardJoinArgs, ShardPlanArgs, ShardRunArgs};
use super::export::{cancel_on_signals, exit_of};
use super::progress::Display;
use super::terminal::{push_line, say};
use super::{logging, print_exactly, settings};
use crate::confine::Confinement;
use crate::export::{self, ExportSettings};
use crate::output::{Door, OutputError};
use crate::shard::{self, JoinReport, MadePlan, PartId, PartRequest, PlanRequest, ShardError, ShardPlan};

/// What the door calls the plan.
const PLAN: &str = "the plan";
/// Variables in which engines say which job of an array it is, the innermost engine first.
const INDICES: [&str; 3] = ["HQ_TASK_ID", "JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID"];

/// Runs the subcommand.
pub(super) fn run(
    args: ShardArgs,
    logging: &Logging,
    door: Door,
    confinement: Option<&Confinement>,
) -> anyhow::Result<Exit> {
    let outcome = match args.command {
        ShardCommand::Plan(args) => plan(&args, logging, door, confinement),
        ShardCommand::Run(args) => run_part(&args, logging, door, confinement),
        ShardCommand::Join(args) => join(&args, logging, door, confinement),
        ShardCommand::Schema => {
            let schema = schemars::schema_for!(ShardPlan);
            print_exactly(&format!("{}\n", serde_json::to_string_pretty(&schema)?))?;
            return Ok(Exit::Done);
        }
    };
    match outcome {
        Ok(()) => Ok(Exit::Done),
        Err(error) => {
            let exit = match error.downcast_ref::<ShardError>() {
                Some(ShardError::Export(error)) => exit_of(error),
                Some(ShardError::NoPart { .. } | ShardError::NoEncoder | ShardError::Name { .. }) => {
                    Exit::Usage
                }
                Some(ShardError::Output(error)) if error.is_usage() => Exit::Usage,
                Some(_) => Exit::Failed,
                None => match error.downcast_ref::<OutputError>() {
                    Some(error) if !error.is_usage() => Exit::Failed,
                    // Told before anything was done.
                    _ => Exit::Usage,
                },
            };
            super::print_error(&error);
            Ok(exit)
        }
    }
}

fn plan(
    args: &ShardPlanArgs,
    logging: &Logging,
    mut door: Door,
    confinement: Option<&Confinement>,
) -> anyhow::Result<()> {
    let request = PlanRequest {
        recording: args.recording.clone(),
        settings: ExportSettings {
            span: args.span.resolve()?,
            encoder_threads: args.encoder_threads.map(usize::from),
            ..settings::resolve(&args.settings)?
        },
        parts: args.parts,
    };
    let inputs = export::Request {
        recording: request.recording.clone(),
        target: args.output.clone(),
        overwrite: logging.overwrite,
        settings: request.settings.clone(),
    };
    export::declare_inputs(&inputs, &mut door)?;
    let output = door.open(&args.output, PLAN)?;
    logging::start(logging, &mut door)?;
    confinement.into_iter().for_each(logging::note_confinement);
    let MadePlan {
        plan,
        warnings,
        fallbacks,
    } = shard::plan(&request)?;
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    output.write(&plan.to_bytes()?).map_err(ShardError::from)?;
    if args.json {
        let report = json!({
            "plan": args.output.to_string_lossy(), "id": plan.id, "frames": plan.frames(),
            "requested_parts": plan.requested_parts, "parts": plan.parts, "sound": plan.sound,
            "jobs": plan.jobs().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "warnings": warnings, "fallbacks": fallbacks, "unrendered": plan.unrendered, "confinement": confinement,
        });
        print_exactly(&format!("{report}\n"))?;
    }
    if !logging.quiet {
        say(&planned(&plan, &args.output.display().to_string()));
    }
    Ok(())
}

fn planned(plan: &ShardPlan, file: &str) -> String {
    let mut text = String::new();
    let mut line = |line: String| push_line(&mut text, &line);
    let sound = if plan.sound.is_some() {
        " and sound"
    } else {
        ", no sound"
    };
    line(format!(
        "{file}  {} parts of {} frames{sound}",
        plan.parts.len(),
        plan.frames()
    ));
    if (plan.parts.len() as u64) < u64::from(plan.requested_parts) {
        line(format!(
            "  {} were asked for: the output has no more key frames, one every {} frames",
            plan.requested_parts, plan.key_frame_interval
        ));
    }
    let total: f64 = plan.parts.iter().map(|part| part.cost).sum();
    let longest = plan.parts.iter().map(|part| part.cost).fold(0.0, f64::max);
    if longest > 0.0 {
        line(format!(
            "  at most {:.1} times as fast: the costliest part is {:.0} % of all",
            total / longest,
            100.0 * longest / total
        ));
    }
    let options: Vec<String> = plan
        .encoder_options
        .iter()
        .map(|option| format!("{}={}", option.key, option.value))
        .collect();
    line(format!("  {} {}", plan.encoder, options.join(" ")));
    line(format!(
        "  next: capstan shard run {file} --part K -o parts/, K from 0 to {}{}",
        plan.parts.len() - 1,
        if plan.sound.is_some() { ", and sound" } else { "" }
    ));
    text
}

fn run_part(
    args: &ShardRunArgs,
    logging: &Logging,
    mut door: Door,
    confinement: Option<&Confinement>,
) -> anyhow::Result<()> {
    let part = match args.part {
        Some(part) => part,
        None => from_engine(|name| env::var(name).ok())?,
    };
    let plan = ShardPlan::read(&args.plan)?;
    if args.confined && !plan.settings.confined {
        // Its frames may show what lies outside the recording.
        return Err(ShardError::NotConfined.into());
    }
    door.reads(&args.plan, PLAN)?;
    logging::start(logging, &mut door)?;
    confinement.into_iter().for_each(logging::note_confinement);
    let cancel = cancel_on_signals();
    let request = PartRequest {
        part,
        folder: args.output.clone(),
        recording: args.recording.clone(),
    };
    let mut display = Display::new(logging.quiet);
    let made = shard::run(&plan, &request, &cancel, &mut display);
    display.clear();
    let mut made = made?;
    if let Some(export) = &mut made.export {
        export.confinement = confinement.cloned();
    }
    if args.json {
        let report = json!({
            "part": made.part.to_string(), "file": made.file.to_string_lossy(), "kept": made.kept,
            "warnings": made.warnings, "report": made.export, "confinement": confinement,
        });
        print_exactly(&format!("{report}\n"))?;
    }
    if !logging.quiet {
        let file = made.file.display();
        let text = match (&made.export, made.kept) {
            (_, true) => format!("{file}  done already\n"),
            (Some(export), _) => format!(
                "{file}  part {} done: {} frames in {:.1} s, {} composed\n",
                made.part, export.frames, export.wall_s, export.composed_frames
            ),
            (None, _) => format!("{file}  sound done\n"),
        };
        say(&text);
    }
    Ok(())
}

/// The part that an engine's variables name.
fn from_engine(variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<PartId> {
    let Some((name, value)) = INDICES.iter().find_map(|name| Some((*name, variable(name)?))) else {
        bail!(
            "which part is to be made? Give --part K, or run under an engine that sets one of {}",
            INDICES.join(", ")
        );
    };
    let number = value
        .parse()
        .with_context(|| format!("{name} is {value:?}: expected the number of a part; or give --part K"))?;
    tracing::info!("{name} asks for part {number}");
    Ok(PartId::Video(number))
}

fn join(
    args: &ShardJoinArgs,
    logging: &Logging,
    mut door: Door,
    confinement: Option<&Confinement>,
) -> anyhow::Result<()> {
    let plan = ShardPlan::read(&args.plan)?;
    door.reads(&args.plan, PLAN)?;
    door.reads_recording(plan.recording.as_ref())?;
    for job in plan.jobs() {
        door.reads(&job.file(&args.parts), "a part")?;
    }
    door.claim(&args.output, export::MP4)?;
    logging::start(logging, &mut door)?;
    confinement.into_iter().for_each(logging::note_confinement);
    let cancel = cancel_on_signals();
    let output = door.open(&args.output, export::MP4)?;
    let joined = shard::join(&plan, &args.parts, output, &cancel)?;
    for warning in &joined.warnings {
        tracing::warn!("{warning}");
    }
    if args.json {
        let report = json!({
            "path": joined.path.to_string_lossy(), "frames": joined.facts.frames, "pictures": joined.facts.pictures,
            "parts": plan.parts.len(), "borders_decoded": joined.facts.borders, "file": joined.file,
            "warnings": joined.warnings, "confinement": confinement,
        });
        print_exactly(&format!("{report}\n"))?;
    }
    if !logging.quiet {
        say(&told(&plan, &joined));
    }
    Ok(())
}

fn told(plan: &ShardPlan, joined: &JoinReport) -> String {
    format!(
        "{}  {:.1} MB, {} parts joined: {} frames in order, {} borders decode, {} packets of sound\n",
        joined.path.display(),
        joined.file.bytes as f64 / 1e6,
        plan.parts.len(),
        joined.facts.frames,
        joined.facts.borders,
        joined.file.audio_packets
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_say_which_part_it_is() {
        let of = |set: &[(&str, &str)]| {
            from_engine(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[("SLURM_ARRAY_TASK_ID", "3")]).unwrap(), PartId::Video(3));
        assert_eq!(of(&[("JOB_COMPLETION_INDEX", "0")]).unwrap(), PartId::Video(0));
        // A worker of HyperQueue inside a job of Slurm.
        assert_eq!(
            of(&[("SLURM_ARRAY_TASK_ID", "3"), ("HQ_TASK_ID", "7")]).unwrap(),
            PartId::Video(7)
        );
        let error = of(&[]).unwrap_err().to_string();
        assert!(
            error.contains("--part K") && error.contains("SLURM_ARRAY_TASK_ID"),
            "{error}"
        );
        assert!(of(&[("HQ_TASK_ID", "x")]).is_err());
    }
}
