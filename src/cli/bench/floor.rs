//! `capstan bench-floor`, what `bench --floor` runs: prints what it did as JSON.

use super::super::args::Logging;
use super::super::{Exit, args_bench::FloorArgs, logging, settings};
use crate::bench::floor::FloorKind;
use crate::bench::transcode;
use crate::confine::Confinement;
use crate::export::{self, Repeats};
use crate::output::Door;

/// Runs the subcommand.
pub(in crate::cli) fn run(
    args: &FloorArgs,
    logging: &Logging,
    mut door: Door,
    confinement: Option<&Confinement>,
) -> anyhow::Result<Exit> {
    let kind = if args.own {
        FloorKind::Own
    } else {
        FloorKind::Pinned
    };
    let mut settings = kind.settings(&settings::resolve(&args.settings)?);
    if args.like_declined {
        settings.repeats = Repeats::Encode;
    }
    door.reads_recording(&args.recording)?;
    let output = door.open(&args.output, export::MP4)?;
    logging::start(logging, &mut door)?;
    confinement.into_iter().for_each(logging::note_confinement);
    let report = transcode(&args.recording, &settings, output.partial())?;
    output.publish()?;
    super::super::print_exactly(&format!("{}\n", serde_json::to_string(&report)?))?;
    Ok(Exit::Done)
}
