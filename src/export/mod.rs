//! The pipeline: plan -> stages -> file; progress, stage report. The only place where the rooms below meet.

mod cancel;
mod changes;
mod coder;
mod control;
mod conversion;
mod decoded;
mod encoder;
mod error;
mod frames;
mod histogram;
mod images;
mod instant;
mod instruments;
mod levels;
mod meter;
mod open;
mod part;
mod pipeline;
mod pixel_path;
mod plan;
mod probing;
mod progress;
mod queue;
mod recorded;
mod regions;
mod report;
mod settings;
mod sound_files;
mod sound_plan;
mod sources;
mod span;
mod stage;
mod stills;
mod surfaces;
mod trace;

use std::path::PathBuf;
use std::time::Instant;

pub use cancel::Cancel;
pub use decoded::{decode_all, decode_all_instant};
pub use error::ExportError;
pub use frames::frames;
pub use instruments::Instruments;
pub use meter::StageReport;
pub use part::{Accept, Opening, Rehearsal, SoundPart, rehearse, sound_part, video_part};
pub use plan::{Plan, SegmentMedia, plan};
pub use progress::{Observer, Phase, Progress, Unobserved};
pub use regions::RegionReport;
pub use report::{
    AdapterPath, DecoderPath, ExportReport, Fallback, ImprovedMicrophone, Paths, PictureKinds, SamplingPath,
};
pub use settings::{
    EncoderSetting, ExportSettings, PixelPathSetting, Rate, RegionPictures, Repeats, SamplingSetting,
    ZoomTails,
};
pub use span::{Margin, Span, SpanError};
pub use stills::stills;
pub use trace::{TraceArgs, TraceEvent, TraceFile};

use crate::cap::config::BackgroundSource;
use crate::cap::{self, Opened, Recording};
use crate::output::{Door, OutputError};
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
    let mut door = Door::new(request.overwrite);
    export_with(request, &Instruments::default(), &mut door, cancel, observer)
}

/// What an export writes.
pub const MP4: &str = "the MP4";
/// What an export writes beside it when it is asked to.
pub const TRACE: &str = "the trace";

/// Exports a recording with instruments, writing what it writes through `door`. An instant recording, which is copied, has
/// no stages to trace.
///
/// # Errors
/// As [`export()`].
pub fn export_with(
    request: &Request,
    instruments: &Instruments,
    door: &mut Door,
    cancel: &Cancel,
    observer: &mut dyn Observer,
) -> Result<ExportReport, ExportError> {
    let begun = Instant::now();
    observer.progress(&Progress::NOTHING);
    let settings = &request.settings;
    declare_inputs(request, door)?;
    let output = match settings.encoder {
        EncoderSetting::None => None,
        _ => Some(door.open(&request.target, MP4)?),
    };
    // Opened before the work: a trace that can't be written costs no export.
    let trace_file = instruments.trace.as_deref();
    let trace_file = trace_file.map(|file| door.open(file, TRACE)).transpose()?;
    match cap::open(&request.recording, &plan::open_options(settings))? {
        Opened::Studio(recording) => {
            declare_background(&recording, settings, door)?;
            let destination = output.map_or(Destination::Nowhere, Destination::File);
            let (mut report, trace) = plan::run(
                *recording,
                request,
                destination,
                instruments,
                cancel,
                begun,
                observer,
            )?;
            if let Some((file, trace)) = trace_file.zip(trace) {
                let written = serde_json::to_vec(&trace).map_err(anyhow::Error::from);
                if let Err(error) = written.and_then(|bytes| Ok(file.write(&bytes)?)) {
                    let warning = error.to_string();
                    tracing::warn!("{warning}");
                    report.warnings.push(warning);
                }
            }
            Ok(report)
        }
        Opened::Instant(_) if trace_file.is_some() => Err(ExportError::InstantSetting { setting: "--trace" }),
        Opened::Instant(recording) => instant::run(recording, request, output, cancel, begun),
    }
}

/// Tells `door` what an export reads.
///
/// # Errors
/// When it is to be written as well.
pub fn declare_inputs(request: &Request, door: &mut Door) -> Result<(), OutputError> {
    door.reads_recording(&request.recording)?;
    for (file, what) in [
        (&request.settings.background, "the background image"),
        (&request.settings.config, "the configuration"),
    ] {
        if let Some(file) = file {
            door.reads(file, what)?;
        }
    }
    Ok(())
}

/// Tells `door` of the background images that the recording names, which may lie anywhere.
fn declare_background(
    recording: &Recording,
    settings: &ExportSettings,
    door: &mut Door,
) -> Result<(), OutputError> {
    for background in recording.config.backgrounds() {
        let (BackgroundSource::Wallpaper { path } | BackgroundSource::Image { path }) = &background.source
        else {
            continue;
        };
        let stored = path.as_deref().unwrap_or_default();
        for file in recording.background_image_candidates(stored, settings.confined) {
            if file.exists() {
                door.reads(&file, "the background image")?;
            }
        }
    }
    Ok(())
}
