//! Opens what draws: background, device and renderer, noting what was chosen and why.

use super::error::ExportError;
use super::images::background_images;
use super::plan::Plan;
use super::report::{AdapterPath, Paths, SamplingPath};
use super::settings::{ExportSettings, SamplingSetting};
use crate::frame::{PackedFormat, Size};
use crate::render::{ColorPolicy, Device, RenderSpec, Renderer, Sampling};

/// Staging buffers of the readback ring: one drawn to, one read, one queued, one being converted.
const RING: usize = 4;
/// The same where the adapter computes on the CPU: reading is no wait there, and every frame in flight costs its memory twice.
const SOFTWARE_RING: usize = 2;
/// Byte order of the renderer's pixels: what VideoToolbox takes without a swizzle; the other paths take either.
pub(super) const PACKED: PackedFormat = if cfg!(target_os = "macos") {
    PackedFormat::Bgra
} else {
    PackedFormat::Rgba
};

fn sampling(setting: SamplingSetting, software: bool) -> SamplingPath {
    let (by, reason) = match (setting, software) {
        (SamplingSetting::Fixed(by), _) => (by, "asked for"),
        (SamplingSetting::Auto, true) => (Sampling::Processor, "the adapter computes on the CPU"),
        (SamplingSetting::Auto, false) => (Sampling::Adapter, "the adapter is a GPU"),
    };
    SamplingPath {
        by,
        reason: reason.to_owned(),
    }
}

pub(super) fn open_renderer(
    plan: &mut Plan,
    settings: &ExportSettings,
    size: Size,
    paths: &mut Paths,
    warnings: &mut Vec<String>,
) -> Result<Renderer, ExportError> {
    let background_images = background_images(
        &plan.recording,
        settings,
        &plan.budget,
        &mut plan.claims,
        warnings,
    )?;
    let device = Device::open(settings.adapter.as_deref())?;
    let report = device.report();
    paths.adapter = Some(AdapterPath {
        name: report.name.clone(),
        backend: report.backend.clone(),
        driver: format!("{} {}", report.driver, report.driver_info)
            .trim()
            .to_owned(),
        software: report.software,
    });
    let sampling = sampling(settings.sampling, report.software);
    tracing::info!(by = %sampling.by, reason = sampling.reason, "source pictures are filtered");
    let spec = RenderSpec {
        size,
        format: PACKED,
        background_images,
        pointer_art: std::mem::take(&mut plan.pointer_art),
        colors: if settings.cap_colors {
            ColorPolicy::Cap601
        } else {
            ColorPolicy::ByTags
        },
        sampling: sampling.by,
        ring: if report.software { SOFTWARE_RING } else { RING },
    };
    paths.sampling = Some(sampling);
    Ok(Renderer::new(device, spec)?)
}

/// Threads for a software decoder: decoding shares the cores with composing and encoding.
pub(super) fn decoder_threads() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(cores.clamp(1, 8)).unwrap_or(1)
}
