//! Instant recordings are finished videos: they are copied, not rendered (cap-format.md 2.8).

use std::ops::ControlFlow;
use std::time::Instant;

use super::Request;
use super::cancel::Cancel;
use super::error::ExportError;
use super::report::{ExportReport, Paths};
use super::settings::{EncoderSetting, ExportSettings, PixelPathSetting, Rate};
use crate::cap::recording::InstantRecording;
use crate::media::encode::Quality;
use crate::media::probe::probe_video;
use crate::media::remux::copy_streams_named;
use crate::output::OutputFile;

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
    let info = probe_video(&recording.video)?;
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
    warnings.extend(copied.warnings);
    let path = output.publish()?;
    let wall_s = begun.elapsed().as_secs_f64();
    Ok(ExportReport {
        path: Some(path),
        bytes: report.bytes,
        frames: report.video_packets,
        composed_frames: 0,
        coded_pictures: 0,
        written_pictures: report.video_packets,
        size: info.size,
        duration_s: report.video_seconds,
        wall_s,
        first_frame_s: None,
        fps: report.video_packets as f64 / wall_s,
        settings: request.settings.clone(),
        paths: Paths {
            encoder: Some("copy".to_owned()),
            sound: "copy".to_owned(),
            ..Paths::default()
        },
        fallbacks: Vec::new(),
        stages: Vec::new(),
        unrendered: Vec::new(),
        warnings,
    })
}

/// Settings other than the defaults would have to be rendered. Cap refuses them too.
fn refuse_settings(settings: &ExportSettings) -> Result<(), ExportError> {
    let defaults = ExportSettings::default();
    let checks = [
        (settings.frame_rate != defaults.frame_rate, "--fps"),
        (settings.bounds != defaults.bounds, "--resolution"),
        (
            settings.rate != Rate::Quality(Quality::Maximum),
            "--quality, --bitrate, --crf or --optimize-filesize",
        ),
        (matches!(settings.encoder, EncoderSetting::Named(_)), "--encoder"),
        (settings.pixel_path != PixelPathSetting::Auto, "--pixel-path"),
        (settings.background.is_some(), "--background"),
        (settings.config.is_some(), "--config"),
        (settings.cap_colors, "--cap-colors"),
    ];
    match checks.iter().find(|(given, _)| *given) {
        Some((_, setting)) => Err(ExportError::InstantSetting { setting }),
        None => Ok(()),
    }
}
