//! Instant recordings are finished videos: they are copied, not rendered (cap-format.md 2.8).

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use super::Request;
use super::cancel::Cancel;
use super::error::ExportError;
use super::report::{ExportReport, Paths, PictureKinds};
use super::settings::{EncoderSetting, ExportSettings, PixelPathSetting, Rate};
use crate::cap::MediaSource;
use crate::cap::recording::InstantRecording;
use crate::frame::Size;
use crate::media::MediaError;
use crate::media::encode::Quality;
use crate::media::input::Allowed;
use crate::media::probe::{picture_rate, probe_audio, probe_video};
use crate::media::remux::copy_streams_named;
use crate::output::OutputFile;
use crate::time::FrameRate;

/// Copies the recording's streams into the target.
pub(super) fn run(
    recording: InstantRecording,
    request: &Request,
    output: Option<OutputFile>,
    cancel: &Cancel,
    begun: Instant,
) -> Result<ExportReport, ExportError> {
    refuse_settings(&request.settings)?;
    let Some(output) = output else {
        return Err(ExportError::InstantSetting {
            setting: "--encoder none",
        });
    };
    let damage = damage_of(&recording)?;
    let copied = copy_streams_named(
        &recording.video,
        recording.audio.as_ref(),
        (output.partial(), output.target()),
        &mut |_| {
            if cancel.is_requested() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
    );
    if cancel.is_requested() {
        return Err(ExportError::Cancelled);
    }
    let copied = copied?;
    let report = copied.file;
    let mut warnings: Vec<String> = recording.warnings.iter().map(ToString::to_string).collect();
    warnings.extend(damage);
    warnings.extend(copied.warnings);
    // What is reported is what was written, not what was asked for.
    let written = Written::look(output.partial())?;
    let path = output.publish()?;
    let wall_s = begun.elapsed().as_secs_f64();
    Ok(ExportReport {
        path: Some(path),
        bytes: report.bytes,
        frames: report.video_packets,
        composed_frames: 0,
        coded_pictures: 0,
        written_pictures: report.video_packets,
        pictures: PictureKinds::default(),
        regions: None,
        size: written.size,
        duration_s: written.seconds,
        wall_s,
        first_frame_s: None,
        fps: report.video_packets as f64 / wall_s,
        settings: ExportSettings {
            frame_rate: written.frame_rate.unwrap_or(request.settings.frame_rate),
            bounds: written.size,
            ..request.settings.clone()
        },
        paths: Paths {
            encoder: Some("copy".to_owned()),
            sound: written.sound,
            ..Paths::default()
        },
        fallbacks: Vec::new(),
        stages: Vec::new(),
        unrendered: Vec::new(),
        warnings,
        confinement: None,
    })
}

/// What of the recording can't be read.
///
/// # Errors
/// When nothing of its video can be.
fn damage_of(recording: &InstantRecording) -> Result<Vec<String>, MediaError> {
    let mut damage = probe_video(&recording.video)?.damage;
    if let Some(audio) = &recording.audio {
        damage.extend(probe_audio(audio, Allowed::Track)?.damage);
    }
    Ok(damage)
}

/// What a finished copy is.
struct Written {
    size: Size,
    seconds: f64,
    frame_rate: Option<FrameRate>,
    sound: String,
}

impl Written {
    fn look(file: &Path) -> Result<Self, MediaError> {
        let source = MediaSource::named(file);
        let video = probe_video(&source)?;
        let sound = match probe_audio(&source, Allowed::Track) {
            Ok(audio) => format!("copy of {}", audio.codec),
            Err(MediaError::NoStream { .. }) => "none: the recording has no sound".to_owned(),
            Err(error) => return Err(error),
        };
        let rate = picture_rate(&source)?.or(video.average_rate);
        Ok(Self {
            size: video.size,
            seconds: video.duration,
            frame_rate: rate.and_then(|rate| FrameRate::new(rate.round() as u32)),
            sound,
        })
    }
}

/// Settings other than the defaults would have to be rendered. Cap refuses them too.
fn refuse_settings(settings: &ExportSettings) -> Result<(), ExportError> {
    let defaults = ExportSettings::default();
    let checks = [
        (settings.frame_rate != defaults.frame_rate, "--fps"),
        (settings.bounds != defaults.bounds, "--resolution"),
        (
            settings.rate != Rate::Quality(Quality::Maximum),
            "--quality, --cap-rate, --bitrate, --crf or --optimize-filesize",
        ),
        (settings.x264 != defaults.x264, "--x264-options"),
        (matches!(settings.encoder, EncoderSetting::Named(_)), "--encoder"),
        (settings.pixel_path != PixelPathSetting::Auto, "--pixel-path"),
        (settings.background.is_some(), "--background"),
        (settings.config.is_some(), "--config"),
        (settings.cap_colors, "--cap-colors"),
        (settings.span != defaults.span, "--from or --to"),
    ];
    match checks.iter().find(|(given, _)| *given) {
        Some((_, setting)) => Err(ExportError::InstantSetting { setting }),
        None => Ok(()),
    }
}
