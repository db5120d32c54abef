//! `capstan bench-floor`, what `bench --floor` runs: prints what it did as JSON.

use super::super::{Exit, args_bench::FloorArgs, settings};
use crate::bench::transcode;
use crate::export::Repeats;

/// Runs the subcommand.
pub(in crate::cli) fn run(args: &FloorArgs) -> anyhow::Result<Exit> {
    let mut settings = settings::resolve(&args.settings)?;
    if args.like_declined {
        settings.repeats = Repeats::Encode;
    }
    let report = transcode(&args.recording, &settings, &args.output)?;
    super::super::print(&format!("{}\n", serde_json::to_string(&report)?))?;
    Ok(Exit::Done)
}
