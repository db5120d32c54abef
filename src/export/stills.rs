//! Single frames as the encoder would get them, for looking at what encoding does to them.

use std::time::Instant;

use super::Request;
use super::cancel::Cancel;
use super::error::ExportError;
use super::open;
use super::pixel_path;
use super::plan::{self, plan};
use super::report::Paths;
use super::sources::VideoSources;
use crate::cap::{self, Opened};
use crate::frame::Nv12Frame;
use crate::render::Pictures;

/// Composes and converts the output frames of these numbers, which must ascend; nothing is encoded or written.
///
/// # Errors
/// As [`super::export()`], and for instant recordings, which are not rendered.
pub fn stills(
    request: &Request,
    frames: &[u64],
    cancel: &Cancel,
) -> Result<Vec<(u64, Nv12Frame)>, ExportError> {
    let settings = &request.settings;
    let recording = match cap::open(&request.recording, &plan::open_options(settings))? {
        Opened::Studio(recording) => *recording,
        Opened::Instant(_) => {
            return Err(ExportError::InstantSetting {
                setting: "rendering of single frames",
            });
        }
    };
    let begun = Instant::now();
    let mut plan = plan(recording, settings)?;
    let size = plan.scene.output_size();
    let (mut paths, mut warnings) = (Paths::default(), Vec::new());
    let mut renderer = open::open_renderer(&mut plan, settings, size, &mut paths, &mut warnings)?;
    let mut conversion =
        pixel_path::open_conversion(settings, size, &mut renderer, None, &mut paths, &mut Vec::new())?;
    let mut sources = VideoSources::new(&plan.recording, settings, open::decoder_threads());
    let mut stills = Vec::with_capacity(frames.len());
    for &index in frames {
        if cancel.is_requested() {
            return Err(ExportError::Cancelled);
        }
        // Rounding can leave the very last moment outside every clip; the frame before it stays on screen.
        let shown = plan
            .scene
            .frame(index)
            .or_else(|| plan.scene.frame(index.checked_sub(1)?));
        let Some(scene) = shown else {
            return Err(ExportError::NothingShown);
        };
        let mut pictures = Pictures::new();
        for request in scene.pictures() {
            pictures.insert(request.source, sources.picture(request)?);
        }
        renderer.submit(&scene, &pictures)?;
        let mut nv12 = Nv12Frame::new(size);
        conversion.convert(index, &renderer.receive_any()?, &mut nv12)?;
        stills.push((index, nv12));
    }
    tracing::debug!(
        "{} frames were rendered in {:.2} s",
        stills.len(),
        begun.elapsed().as_secs_f64()
    );
    Ok(stills)
}
