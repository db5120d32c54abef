//! The pipeline: plan -> stages -> file; progress, stage report. The only place where the rooms below meet.

mod cancel;
mod changes;
mod coder;
mod control;
mod conversion;
mod encoder;
mod error;
mod frames;
mod histogram;
mod instant;
mod instruments;
mod meter;
mod open;
mod output;
mod pipeline;
mod pixel_path;
mod plan;
mod progress;
mod queue;
mod report;
mod settings;
mod sound_plan;
mod sources;
mod stage;
mod stills;
mod surfaces;
mod trace;

use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use cancel::Cancel;
pub use error::ExportError;
pub use frames::frames;
pub use instruments::Instruments;
pub use meter::StageReport;
pub use plan::{Plan, SegmentMedia, plan};
pub use progress::{Observer, Phase, Progress, Unobserved};
pub use report::{AdapterPath, DecoderPath, ExportReport, Fallback, Paths, SamplingPath};
pub use settings::{EncoderSetting, ExportSettings, PixelPathSetting, Rate, Repeats, SamplingSetting};
pub use stills::stills;
pub use trace::{TraceArgs, TraceEvent, TraceFile};

use crate::cap::{self, Opened};
use output::OutputFile;
use plan::Destination;

/// What to export, where to, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// The `.cap` folder.
    pub recording: PathBuf,
    /// The MP4 to write.
    pub target: PathBuf,
    /// Whether an existing file may be replaced.
    pub overwrite: bool,
    /// How.
    pub settings: ExportSettings,
}

/// Exports a recording.
///
/// The result appears under its name only when it is complete; the recording is only read.
///
/// # Errors
/// With the cause of whatever stopped it first. Nothing is left under the target's name then.
pub fn export(
    request: &Request,
    cancel: &Cancel,
    observer: &mut dyn Observer,
) -> Result<ExportReport, ExportError> {
    export_with(request, Instruments::default(), cancel, observer).map(|(report, _)| report)
}

/// Exports a recording with instruments; a trace comes back when it was asked for. An instant recording, which is copied, has
/// no stages to trace.
///
/// # Errors
/// As [`export`].
pub fn export_with(
    request: &Request,
    instruments: Instruments,
    cancel: &Cancel,
    observer: &mut dyn Observer,
) -> Result<(ExportReport, Option<TraceFile>), ExportError> {
    let begun = Instant::now();
    observer.progress(&Progress {
        phase: Phase::Prepare,
        frames: 0,
        total: 0,
        elapsed: Duration::ZERO,
        fps: 0.0,
        speed: 0.0,
        left: None,
    });
    let output = match request.settings.encoder {
        EncoderSetting::None => None,
        _ => Some(OutputFile::create(
            &request.target,
            request.overwrite,
            &request.recording,
        )?),
    };
    cancel.set_partial(output.as_ref().map(|output| output.partial().to_owned()));
    let result = match cap::open(&request.recording, &plan::open_options(&request.settings))? {
        Opened::Studio(recording) => {
            let destination = output.map_or(Destination::Nowhere, Destination::File);
            plan::run(
                *recording,
                request,
                destination,
                instruments,
                cancel,
                begun,
                observer,
            )
        }
        Opened::Instant(recording) => {
            instant::run(recording, request, output, cancel, begun).map(|report| (report, None))
        }
    };
    cancel.set_partial(None);
    result
}
