//! The command line of `capstan shard`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::SettingsArgs;
use super::span::SpanArgs;
use crate::shard::PartId;

#[derive(Debug, Args)]
#[command(after_help = "Example, on one machine:\n  \
    capstan shard plan talk.cap --parts 4 -o plan.json\n  \
    for k in 0 1 2 3 sound; do capstan shard run plan.json --part $k -o parts/; done\n  \
    capstan shard join plan.json parts/ -o talk.mp4\n\
Engines that run the parts elsewhere: deploy/ and docs/distributed.md.")]
pub(super) struct ShardArgs {
    #[command(subcommand)]
    pub(super) command: ShardCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ShardCommand {
    /// Divide an export into parts
    Plan(Box<ShardPlanArgs>),
    /// Make one part, unless it is there already
    Run(ShardRunArgs),
    /// Join the parts into an MP4, without encoding
    Join(ShardJoinArgs),
    /// Print the JSON Schema of plans
    Schema,
}

#[derive(Debug, Args)]
pub(super) struct ShardPlanArgs {
    /// The recording: a .cap folder
    #[arg(value_name = "RECORDING")]
    pub(super) recording: PathBuf,
    /// Most parts; fewer come out where the output has fewer key frames
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) parts: u32,
    /// The plan to write
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: PathBuf,
    /// Threads of a software encoder, the same for every part [default: the processors of this machine]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=128))]
    pub(super) encoder_threads: Option<u16>,
    /// Print what was planned as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) span: SpanArgs,
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
}

#[derive(Debug, Args)]
pub(super) struct ShardRunArgs {
    /// The plan
    #[arg(value_name = "PLAN")]
    pub(super) plan: PathBuf,
    /// Which part: its number from 0 on, or `sound`; the number behind the last part is the sound too [default: what
    /// HQ_TASK_ID, JOB_COMPLETION_INDEX or SLURM_ARRAY_TASK_ID says]
    #[arg(long, value_name = "K")]
    pub(super) part: Option<PartId>,
    /// The folder of the parts; made where it is not there
    #[arg(long, short, value_name = "FOLDER")]
    pub(super) output: PathBuf,
    /// The recording, where it lies elsewhere than on the machine that made the plan
    #[arg(long, value_name = "FOLDER")]
    pub(super) recording: Option<PathBuf>,
    /// Refuse a plan that was made without --confined; one that was made with it is run so in any case
    #[arg(long)]
    pub(super) confined: bool,
    /// Print what was made as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ShardJoinArgs {
    /// The plan
    #[arg(value_name = "PLAN")]
    pub(super) plan: PathBuf,
    /// The folder of the parts
    #[arg(value_name = "PARTS")]
    pub(super) parts: PathBuf,
    /// The MP4 to write
    #[arg(long, short, value_name = "OUTPUT")]
    pub(super) output: PathBuf,
    /// Print what was joined as JSON
    #[arg(long)]
    pub(super) json: bool,
}
