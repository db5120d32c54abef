//! Parts of an export, made apart and joined later: what an export would run with, a run of its frames as coded packets, and its
//! sound as coded packets.

use std::ops::Range;
use std::time::Instant;

use super::cancel::Cancel;
use super::encoder::Encoder;
use super::error::ExportError;
use super::instruments::Instruments;
use super::open::open_renderer;
use super::pixel_path::open_conversion;
use super::plan::{self, Destination, Plan, plan};
use super::progress::Observer;
use super::report::{ExportReport, Fallback, Paths};
use super::settings::ExportSettings;
use super::{Request, sound_plan};
use crate::cap::{self, Opened, Recording};
use crate::frame::Size;
use crate::media::encode::{AAC_BIT_RATE, AacEncoder, TrackFacts};
use crate::media::packet_file::PacketFileWriter;
use crate::output::OutputFile;
use crate::sound::{samples_after_frame, samples_in_frames};

/// Frames whose sound is mixed at a time.
const FRAMES_A_STEP: u64 = 8;

/// What an export would run with, found out by opening all of it.
pub struct Rehearsal {
    /// The recording, and what is on screen when.
    pub plan: Plan,
    /// Frames of the output that are asked for.
    pub frames: Range<u64>,
    /// Size of the video.
    pub size: Size,
    /// What would run.
    pub paths: Paths,
    /// What was tried first and did not serve.
    pub fallbacks: Vec<Fallback>,
    /// Parameters of the video stream.
    pub track: TrackFacts,
    /// Frames from one key frame to the next.
    pub key_frame_interval: u32,
    /// Whether there is a sound track.
    pub sound: bool,
}

/// Opens everything that an export of `recording` needs, and renders nothing.
///
/// # Errors
/// As [`super::export()`], and for instant recordings, which are not rendered.
pub fn rehearse(recording: &std::path::Path, settings: &ExportSettings) -> Result<Rehearsal, ExportError> {
    let mut plan = plan(studio(recording, settings)?, settings)?;
    let frames = settings
        .span
        .frames(settings.frame_rate, plan.scene.frame_count())?;
    let size = plan.scene.output_size();
    let (mut paths, mut fallbacks) = (Paths::default(), Vec::new());
    let mut warnings = std::mem::take(&mut plan.warnings);
    let mut renderer = open_renderer(&mut plan, settings, size, &mut paths, &mut warnings)?;
    let mut encoder = Encoder::open(settings, size, &mut paths, &mut fallbacks)?;
    let conversion = open_conversion(
        settings,
        size,
        &mut renderer,
        Some(&mut encoder),
        &mut paths,
        &mut fallbacks,
    )?;
    paths.pixel_path = Some(conversion.path().to_string());
    paths.encoder_input = Some(encoder.input().to_owned());
    let opened = sound_plan::open(&plan, settings, frames.end, &mut paths, &mut warnings)?;
    plan.warnings = warnings;
    Ok(Rehearsal {
        frames,
        size,
        track: TrackFacts::of(&encoder.track()),
        key_frame_interval: settings.video(size).key_frame_interval(),
        sound: opened.mixer.is_some(),
        plan,
        paths,
        fallbacks,
    })
}

/// What a part is made with, once everything is open.
#[derive(Debug)]
pub struct Opening<'a> {
    /// What runs.
    pub paths: &'a Paths,
    /// Parameters of its stream.
    pub track: &'a TrackFacts,
}

/// Looks at what a part is going to be made with: gives the label for its file, or says why it must not be made.
pub type Accept<'a> = dyn Fn(&Opening<'_>) -> Result<serde_json::Value, String> + 'a;

/// Renders and encodes the frames that the settings' span names into `output`, a packet file, without sound. Those of `made` that
/// lie around them are encoded too and thrown away. The first picture that is kept refers to none of them.
///
/// # Errors
/// As [`super::export()`], for instant recordings, and when `accept` says so.
pub fn video_part(
    request: &Request,
    output: OutputFile,
    accept: &Accept<'_>,
    made: &Range<u64>,
    cancel: &Cancel,
    observer: &mut dyn Observer,
) -> Result<ExportReport, ExportError> {
    let begun = Instant::now();
    let recording = studio(&request.recording, &request.settings)?;
    plan::run(
        recording,
        request,
        Destination::Part(output, accept, made),
        &Instruments::default(),
        cancel,
        begun,
        observer,
    )
    .map(|(report, _)| report)
}

/// What a sound part holds.
#[derive(Clone, Debug, PartialEq)]
pub struct SoundPart {
    /// Samples at 48 kHz.
    pub samples: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// What was odd.
    pub warnings: Vec<String>,
}

/// Mixes and encodes the sound of the frames that the settings' span names into `output`, a packet file with this label.
///
/// # Errors
/// As [`super::export()`], and for instant recordings.
pub fn sound_part(
    request: &Request,
    output: OutputFile,
    label: &serde_json::Value,
    cancel: &Cancel,
) -> Result<SoundPart, ExportError> {
    let settings = &request.settings;
    let rate = settings.frame_rate;
    let mut plan = plan(studio(&request.recording, settings)?, settings)?;
    let frames = settings.span.frames(rate, plan.scene.frame_count())?;
    let mut warnings = std::mem::take(&mut plan.warnings);
    let mut sound = sound_plan::open(&plan, settings, frames.end, &mut Paths::default(), &mut warnings)?;
    let mut mixer = sound.mixer.take().ok_or(ExportError::NoSound)?;
    let mut encoder = AacEncoder::open(AAC_BIT_RATE)?;
    let mut writer = PacketFileWriter::create(output.partial(), output.target(), label)?;
    let first = samples_in_frames(frames.start, rate);
    let (mut done, mut frame) = (first, frames.start);
    mixer.skip_to(first);
    let mut samples = Vec::new();
    while frame < frames.end {
        if cancel.is_requested() {
            return Err(ExportError::Cancelled);
        }
        frame = (frame + FRAMES_A_STEP).min(frames.end);
        let until = samples_after_frame(frame - 1, rate);
        samples.clear();
        samples.resize((until - done) as usize, [0.0; 2]);
        mixer.fill(&mut samples)?;
        encoder.send(&samples)?;
        done = until;
        drain(&mut encoder, &mut writer)?;
    }
    encoder.finish()?;
    drain(&mut encoder, &mut writer)?;
    let (bytes, _) = writer.finish()?;
    output.publish()?;
    warnings.extend(sound.files.damage());
    Ok(SoundPart {
        samples: done - first,
        bytes,
        warnings,
    })
}

fn drain(encoder: &mut AacEncoder, writer: &mut PacketFileWriter) -> Result<(), ExportError> {
    while let Some(packet) = encoder.receive()? {
        writer.write(&packet)?;
    }
    Ok(())
}

fn studio(recording: &std::path::Path, settings: &ExportSettings) -> Result<Recording, ExportError> {
    match cap::open(recording, &plan::open_options(settings))? {
        Opened::Studio(recording) => Ok(*recording),
        Opened::Instant(_) => Err(ExportError::InstantParts),
    }
}
