//! The floor: what decoding the same input and encoding every output frame costs, with the same libraries and nothing in
//! between. Export time over the floor is the figure that travels between machines.
//!
//! There are two. The pinned floor encodes with x264 as Cap does (cap-look.md 22.4) at Cap's bit rate, whatever the export
//! encodes with, so that it stays the same when the export's encoder gets faster. The own floor encodes with the export's
//! options: what lies above it is not the encoder's choice of options.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::resources::Usage;
use super::run::Run;
use super::stats::{PairedRatio, Statistics, describe, paired_ratio};
use crate::export::{EncoderSetting, ExportSettings, Rate, Repeats};
use crate::frame::Size;
use crate::media::encode::{OptionSet, X264Options};

/// The encoder of the pinned floor, in FFmpeg's name.
const PINNED_ENCODER: &str = "libx264";

/// How a floor encodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FloorKind {
    /// With libx264 and Cap's options of cap-look.md 22.4, at Cap's bit rate.
    Pinned,
    /// With the encoder, the options and the rate of the export.
    Own,
}

impl FloorKind {
    /// What results and messages call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pinned => "floor",
            Self::Own => "own floor",
        }
    }

    /// What a floor of this kind is made with, beside an export with `export`.
    pub fn settings(self, export: &ExportSettings) -> ExportSettings {
        match self {
            Self::Own => export.clone(),
            Self::Pinned => ExportSettings {
                encoder: EncoderSetting::Named(PINNED_ENCODER.to_owned()),
                rate: match export.rate {
                    Rate::Quality(quality) => Rate::CapBitrate(quality),
                    other => other,
                },
                x264: X264Options::Cap,
                // Every frame is encoded, so that Cap's two reference pictures need not become one.
                repeats: Repeats::Encode,
                ..export.clone()
            },
        }
    }
}

/// The floor beside the runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Floor {
    /// How it encodes.
    pub kind: FloorKind,
    /// Every floor, in the order they ran; each was run next to the run of the same index.
    pub runs: Vec<FloorRun>,
    /// Wall seconds of the process.
    pub wall_s: Statistics,
    /// CPU seconds, user and system.
    pub cpu_s: Statistics,
    /// Largest resident set, bytes.
    pub peak_rss_bytes: Statistics,
    /// Wall time of the export over that of the floor, by pairs.
    pub ratio: Option<PairedRatio>,
    /// CPU time of the export over that of the floor, by pairs.
    pub cpu_ratio: Option<PairedRatio>,
    /// Whether the export's encoder ran with the very same options. When not, the ratio compares two encodings: for the pinned
    /// floor that is the rule, for the own floor it should not be.
    pub same_encoder_options: bool,
}

/// One floor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FloorRun {
    /// Seconds after the begin of the measurement.
    pub started_at_s: f64,
    /// The process as a whole.
    #[serde(flatten)]
    pub usage: Usage,
    /// What it did.
    #[serde(flatten)]
    pub report: FloorReport,
}

/// What a floor did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FloorReport {
    /// Frames encoded: every output frame.
    pub frames: u64,
    /// Size of the video stream, bytes.
    pub bytes: u64,
    /// Decoders that ran, by track.
    pub decoders: Vec<String>,
    /// Encoder.
    pub encoder: String,
    /// Its options as set.
    pub encoder_options: Vec<OptionSet>,
    /// Size of the output.
    pub size: Size,
    /// Size of the screen's pictures where it is another one: they were scaled by swscale.
    pub scaled_from: Option<Size>,
    /// Seconds of the decoding thread's work (decoding, and scaling or interleaving to NV12).
    pub decode_busy_s: f64,
    /// Seconds of the encoding thread's work (encoding and writing).
    pub encode_busy_s: f64,
}

impl Floor {
    /// The floor beside `runs`. `encoder` and `options` are what the export encoded with.
    pub fn new(
        kind: FloorKind,
        floors: Vec<FloorRun>,
        runs: &[Run],
        encoder: Option<&str>,
        options: &[OptionSet],
        spread_bound: f64,
    ) -> Self {
        let figure = |figure: fn(&Usage) -> f64| {
            let values: Vec<f64> = floors.iter().map(|floor| figure(&floor.usage)).collect();
            describe(&values, spread_bound)
        };
        let ratio = |figure: fn(&Usage) -> f64| {
            let pairs: Vec<(f64, f64)> = floors
                .iter()
                .zip(runs)
                .map(|(floor, run)| (figure(&floor.usage), figure(&run.usage)))
                .collect();
            paired_ratio(&pairs)
        };
        let wall = |usage: &Usage| usage.wall_s;
        let cpu = |usage: &Usage| usage.user_s + usage.system_s;
        let same = |floor: &FloorRun| {
            Some(floor.report.encoder.as_str()) == encoder && floor.report.encoder_options == options
        };
        Self {
            kind,
            wall_s: figure(wall),
            cpu_s: figure(cpu),
            peak_rss_bytes: figure(|usage| usage.peak_rss_bytes as f64),
            ratio: ratio(wall),
            cpu_ratio: ratio(cpu),
            same_encoder_options: floors.iter().all(same),
            runs: floors,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;
    use crate::media::encode::{EncoderChoice, Quality};

    #[test]
    fn the_ratio_is_taken_by_pairs() {
        let floors = [5.0, 4.0, 8.0].map(fixtures::floor_run).to_vec();
        let floor = Floor::new(
            FloorKind::Pinned,
            floors,
            &fixtures::runs(&[10.0, 8.4, 15.2]),
            Some("libx264"),
            &[],
            0.05,
        );
        let ratio = floor.ratio.unwrap();
        let expected = [2.0, 2.1, 1.9];
        assert!(
            ratio
                .pairs
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-12),
            "{ratio:?}"
        );
        assert!((ratio.ratio - (2.0f64 * 3.99f64.sqrt()).sqrt()).abs() < 1e-12 && floor.wall_s.median == 5.0);
        assert!(floor.wall_s.void.is_some() && floor.same_encoder_options);
    }

    #[test]
    fn another_encoding_is_named() {
        let floors = vec![fixtures::floor_run(5.0)];
        let runs = fixtures::runs(&[10.0]);
        let floor = Floor::new(FloorKind::Own, floors, &runs, Some("h264_nvenc"), &[], 0.05);
        assert!(!floor.same_encoder_options);
    }

    #[test]
    fn the_pinned_floor_is_the_same_whatever_the_export_encodes_with() {
        let export = ExportSettings::default();
        let pinned = FloorKind::Pinned.settings(&export);
        let named = ExportSettings {
            encoder: EncoderSetting::Named("h264_nvenc".to_owned()),
            repeats: Repeats::Skip,
            rate: Rate::CapBitrate(Quality::Maximum),
            x264: X264Options::Cap,
            ..export.clone()
        };
        assert_eq!(FloorKind::Pinned.settings(&named), pinned);
        let video = pinned.video(export.bounds);
        assert_eq!(
            (video.choice, video.max_references),
            (EncoderChoice::Named("libx264".to_owned()), None)
        );
        assert_eq!(FloorKind::Own.settings(&named), named);
    }
}
