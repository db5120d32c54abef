//! `capstan bench-floor`, what `bench --floor` runs: prints what it did as JSON.

use super::super::{Exit, args_bench::FloorArgs, settings};
use crate::bench::transcode;

/// Runs the subcommand.
pub(in crate::cli) fn run(args: &FloorArgs) -> anyhow::Result<Exit> {
    let settings = settings::resolve(&args.settings)?;
    let report = transcode(&args.recording, &settings, &args.output)?;
    super::super::print(&format!("{}\n", serde_json::to_string(&report)?))?;
    Ok(Exit::Done)
}
