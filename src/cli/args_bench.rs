//! The command line of `capstan bench`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::SettingsArgs;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct BenchArgs {
    #[command(subcommand)]
    pub(super) command: Option<BenchCommand>,
    #[command(flatten)]
    pub(super) measure: MeasureArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum BenchCommand {
    /// Compare two baselines; exit with 1 on a regression, with 2 when they are unlike
    Compare(CompareArgs),
    /// Print the JSON Schema of baselines
    Schema,
}

/// What is measured, how often, and where the result goes.
#[derive(Clone, Debug, Args)]
pub(super) struct MeasureArgs {
    /// Recordings (.cap folders) or presets of `capstan synth` [default: reference-1667]
    #[arg(value_name = "RECORDING|PRESET")]
    pub(super) workloads: Vec<String>,
    /// Measure all the presets that are made to be measured
    #[arg(long, conflicts_with = "workloads")]
    pub(super) matrix: bool,
    /// Measured exports
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) runs: u32,
    /// Exports before them that do not count
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(super) warmup: u32,
    /// Also measure, between the runs, decoding the same input and encoding it without composing: by x264 with Cap's options
    /// at Cap's bit rate, whatever the export encodes with
    #[arg(long)]
    pub(super) floor: bool,
    /// Also measure the same with the export's own encoder options
    #[arg(long)]
    pub(super) own_floor: bool,
    /// Measure what each part of the look costs: the background alone, then with card, pointer, camera, zoom, blur and
    /// overlays added one at a time; exit with 1 when a part makes the export faster, which voids the result
    #[arg(long, conflicts_with_all = ["matrix", "floor", "own_floor", "against", "contact_sheet", "criteria", "trace", "html"])]
    pub(super) layers: bool,
    /// Scatter of the wall times above which a result is void
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = parse_percent)]
    pub(super) spread_bound: f64,
    /// Print the result as JSON, or write it to FILE (of several recordings, each to a file named after it). The name of a
    /// recording or preset here is measured
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub(super) json: Option<Option<PathBuf>>,
    /// Write the result as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Write rendered and encoded frames side by side as a PNG
    #[arg(long, value_name = "FILE")]
    pub(super) contact_sheet: Option<PathBuf>,
    /// Write a trace of all exports, for ui.perfetto.dev or chrome://tracing; tracing itself takes some time
    #[arg(long, value_name = "FILE")]
    pub(super) trace: Option<PathBuf>,
    /// Check criteria, those of the project's brief or of a file; exit with 1 when one fails
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub(super) criteria: Option<Option<PathBuf>>,
    /// Baseline that criteria on size compare with
    #[arg(long, value_name = "FILE", requires = "criteria")]
    pub(super) baseline: Option<PathBuf>,
    /// Executable to measure in the place of this one
    #[arg(long, value_name = "FILE")]
    pub(super) executable: Option<PathBuf>,
    /// Another build of capstan: both run in turn on the same recording, and the ratios of the pairs decide
    #[arg(long, value_name = "FILE", conflicts_with_all = ["matrix", "floor", "own_floor", "contact_sheet", "criteria", "trace"])]
    pub(super) against: Option<PathBuf>,
    /// Pairs at least
    #[arg(long, requires = "against", default_value_t = 10, value_parser = clap::value_parser!(u32).range(5..=1000))]
    pub(super) pairs: u32,
    /// Pairs at most: more than at least are run until the ratio is known to within --precision
    #[arg(long, requires = "against", default_value_t = 40, value_parser = clap::value_parser!(u32).range(5..=1000))]
    pub(super) max_pairs: u32,
    /// Half the width of the ratio's interval at which no more pairs are run
    #[arg(long, requires = "against", value_name = "PERCENT", default_value = "1.5%", value_parser = parse_percent)]
    pub(super) precision: f64,
    /// Exit with 1 when the slowdown is certainly above this
    #[arg(long, requires = "against", value_name = "PERCENT", value_parser = parse_percent)]
    pub(super) fail_above: Option<f64>,
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
}

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// The baseline that is compared with
    #[arg(value_name = "BASE.json")]
    pub(super) base: PathBuf,
    /// The baseline that is judged
    #[arg(value_name = "HEAD.json")]
    pub(super) head: PathBuf,
    /// Exit with 1 when a deciding figure is certainly worse by more than this
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    pub(super) fail_above: Option<f64>,
    /// Figures that decide
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        default_value = "wall_s",
        requires = "fail_above"
    )]
    pub(super) metric: Vec<String>,
    /// Compare although this field differs, e.g. machine.cpu
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    pub(super) allow: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Write the comparison as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
}

/// What `capstan bench` runs to measure the floor.
#[derive(Debug, Args)]
pub(super) struct FloorArgs {
    /// The recording: a .cap folder
    pub(super) recording: PathBuf,
    /// The MP4 to write
    pub(super) output: PathBuf,
    /// Encode with the export's own options instead of Cap's
    #[arg(long)]
    pub(super) own: bool,
    /// Set the encoder up as an export whose still pictures it declined
    #[arg(long, requires = "own")]
    pub(super) like_declined: bool,
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
}

/// A percentage as a part of 1.
pub(super) fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    let percent: f64 = number
        .parse()
        .map_err(|_| "expected a percentage, e.g. 5%".to_owned())?;
    if (0.0..=1000.0).contains(&percent) {
        Ok(percent / 100.0)
    } else {
        Err("expected 0% to 1000%".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages() {
        assert_eq!(
            (parse_percent("5%"), parse_percent("12.5")),
            (Ok(0.05), Ok(0.125))
        );
        assert!(
            parse_percent("-1%").is_err() && parse_percent("NaN").is_err() && parse_percent("%").is_err()
        );
    }
}
