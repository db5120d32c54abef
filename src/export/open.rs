//! Opens what an export runs on: background, renderer, pixel path, encoder and file, noting what was chosen and why.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::coder::{Coder, RepeatMode};
use super::conversion::Conversion;
use super::error::ExportError;
use super::pipeline::FileSink;
use super::plan::Plan;
use super::report::{AdapterPath, Fallback, Paths};
use super::settings::{EncoderSetting, ExportSettings, PixelPathSetting, Repeats};
use crate::cap::config::BackgroundSource;
use crate::causes::one_line;
use crate::convert::calibrate::{Cache, calibrate};
use crate::convert::{Candidate, Chain, ConvertError, ConvertSpec, Gpu, PixelPath, ReadbackCost, Timing};
use crate::frame::{PackedFormat, Size, YuvColor};
use crate::media::encode::{
    AAC_BIT_RATE, AacEncoder, AttemptOutcome, EncoderChoice, EncoderReport, VideoSettings, open_video,
    try_still_pictures,
};
use crate::media::mux::Mp4Writer;
use crate::media::still::{ImageLimits, load_image};
use crate::render::{Backdrop, ColorPolicy, Device, RenderSpec, Renderer};
use crate::sound::Mixer;

/// Staging buffers of the readback ring: one drawn to, one read, one queued, one being converted.
const RING: usize = 4;
/// Byte order of the renderer's pixels: what VideoToolbox takes without a swizzle; the other paths take either.
const PACKED: PackedFormat = if cfg!(target_os = "macos") {
    PackedFormat::Bgra
} else {
    PackedFormat::Rgba
};

/// What lies behind everything. A configured image that is not there becomes white, as in Cap, but not in silence.
fn backdrop(
    plan: &Plan,
    settings: &ExportSettings,
    warnings: &mut Vec<String>,
) -> Result<Backdrop, ExportError> {
    if let Some(file) = &settings.background {
        return Ok(Backdrop::Image(load_image(file, &ImageLimits::BACKGROUND)?));
    }
    let source = &plan.recording.config.background.source;
    if let Some(backdrop) = Backdrop::of(source) {
        return Ok(backdrop);
    }
    let (BackgroundSource::Wallpaper { path } | BackgroundSource::Image { path }) = source else {
        return Ok(Backdrop::WHITE);
    };
    let stored = path.as_deref().unwrap_or_default();
    let mut reason = "no such file".to_owned();
    for candidate in plan.recording.background_image_candidates(stored) {
        if candidate.exists() {
            match load_image(&candidate, &ImageLimits::BACKGROUND) {
                Ok(image) => return Ok(Backdrop::Image(image)),
                Err(error) => reason = one_line(&error),
            }
        }
    }
    warnings.push(format!(
        "the background image {stored:?} can't be used ({reason}); white is painted instead: name an image with --background"
    ));
    Ok(Backdrop::WHITE)
}

pub(super) fn open_renderer(
    plan: &mut Plan,
    settings: &ExportSettings,
    size: Size,
    paths: &mut Paths,
    warnings: &mut Vec<String>,
) -> Result<Renderer, ExportError> {
    let background = backdrop(plan, settings, warnings)?;
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
    let spec = RenderSpec {
        size,
        format: PACKED,
        background,
        pointer_art: std::mem::take(&mut plan.pointer_art),
        colors: if settings.cap_colors {
            ColorPolicy::Cap601
        } else {
            ColorPolicy::ByTags
        },
        ring: RING,
    };
    Ok(Renderer::new(device, spec)?)
}

pub(super) fn open_conversion(
    settings: &ExportSettings,
    size: Size,
    renderer: &mut Renderer,
    paths: &mut Paths,
    fallbacks: &mut Vec<Fallback>,
) -> Result<Conversion, ExportError> {
    let spec = ConvertSpec {
        size,
        source: PACKED,
        color: if settings.cap_colors {
            YuvColor::BT601_LIMITED
        } else {
            YuvColor::BT709_LIMITED
        },
        threads: 1,
    };
    let mut ranking = match settings.pixel_path {
        PixelPathSetting::Fixed(PixelPath::Gpu) => {
            renderer
                .read_back_nv12(spec.color)
                .map_err(|error| ConvertError::unavailable(PixelPath::Gpu, error.to_string()))
                .map_err(|reason| ExportError::PixelPath { reason })?;
            return Ok(Conversion::Gpu);
        }
        PixelPathSetting::Fixed(path) => {
            // Opened once more by the chain, which would hide the reason behind "no path is left".
            crate::convert::open(path, &spec).map_err(|reason| ExportError::PixelPath { reason })?;
            vec![path]
        }
        PixelPathSetting::Auto => {
            let cache = Cache::of_user();
            let adapter = renderer.adapter();
            let driver = format!("{} {} {}", adapter.name, adapter.driver, adapter.driver_info);
            let calibration = calibrate(&spec, &candidates(renderer), &driver, cache.as_ref())?;
            let ranking = calibration.ranking();
            paths.calibration = Some(calibration);
            ranking
        }
    };
    if ranking.first() == Some(&PixelPath::Gpu) {
        match renderer.read_back_nv12(spec.color) {
            Ok(()) => return Ok(Conversion::Gpu),
            Err(error) => {
                ranking.remove(0);
                let next = ranking.first().copied().unwrap_or(PixelPath::Swscale);
                let reason = error.to_string();
                tracing::warn!(from = %PixelPath::Gpu, to = %next, reason, "pixel path failed, switching");
                fallbacks.push(Fallback {
                    what: "pixel path".to_owned(),
                    from: PixelPath::Gpu.to_string(),
                    to: next.to_string(),
                    reason,
                });
            }
        }
    }
    // Frames that are read back as pixels are converted in memory from there on.
    ranking.retain(|path| *path != PixelPath::Gpu);
    let chain = Chain::open(ranking.into_iter().map(Candidate::builtin), &spec)?;
    Ok(Conversion::Memory(chain))
}

/// The paths that `auto` chooses from, each timed from the renderer's target to planes in memory.
///
/// On a software adapter the GPU's path is left out: its shader would run on the same cores as the conversion in memory,
/// an order of magnitude slower (docs/pixel-paths.md), and compiling it to find that out takes a second.
fn candidates(renderer: &Renderer) -> Vec<Candidate> {
    if renderer.adapter().software {
        tracing::info!("pixel path gpu is not tried: the adapter computes on the CPU");
        return vec![
            Candidate::builtin(PixelPath::Simd),
            Candidate::builtin(PixelPath::Swscale),
        ];
    }
    // Measured once for all candidates: noise between them would decide otherwise.
    let cost = OnceLock::new();
    let device = renderer.device().clone();
    let measured = Arc::new(move |spec: &ConvertSpec| {
        if let Some(cost) = cost.get() {
            return Ok(*cost);
        }
        let measured = ReadbackCost::measure(device.clone(), spec)?;
        Ok::<_, ConvertError>(*cost.get_or_init(|| measured))
    });
    let device = renderer.device().clone();
    let gpu = Candidate {
        path: PixelPath::Gpu,
        open: Arc::new(move |spec| Ok(Box::new(Gpu::new(device.clone(), spec)?))),
        timing: Timing::Whole({
            let measured = Arc::clone(&measured);
            Arc::new(move |spec| Ok(measured(spec)?.planes_ms))
        }),
    };
    let in_memory = [PixelPath::Simd, PixelPath::Swscale, PixelPath::VideoToolbox];
    let in_memory = in_memory
        .into_iter()
        .filter(|path| *path != PixelPath::VideoToolbox || cfg!(target_os = "macos"));
    let in_memory = in_memory.map(|path| Candidate {
        timing: Timing::ConversionAnd({
            let measured = Arc::clone(&measured);
            Arc::new(move |spec| {
                // Alike for all paths in memory, and without it the GPU path has no time to be compared with.
                Ok(measured(spec).map_or_else(
                    |error| {
                        tracing::warn!(%error, "readback could not be timed");
                        0.0
                    },
                    |cost| cost.packed_ms,
                ))
            })
        }),
        ..Candidate::builtin(path)
    });
    in_memory.chain([gpu]).collect()
}

pub(super) fn open_sink(
    settings: &ExportSettings,
    size: Size,
    partial: &Path,
    sound: Option<Mixer>,
    paths: &mut Paths,
    fallbacks: &mut Vec<Fallback>,
) -> Result<FileSink, ExportError> {
    let mut video = VideoSettings::new(
        size,
        settings.frame_rate,
        settings.rate.control(size, settings.frame_rate),
    );
    video.choice = match &settings.encoder {
        EncoderSetting::Named(name) => EncoderChoice::Named(name.clone()),
        EncoderSetting::Auto | EncoderSetting::None => EncoderChoice::Auto,
    };
    if settings.repeats == Repeats::StillPictures {
        // Copies of a picture take its place among the references, so there must be one only.
        video.max_references = Some(1);
    }
    let (mut encoder, mut report) = open_video(&video)?;
    let mode = match settings.repeats {
        Repeats::Encode => RepeatMode::Encode,
        Repeats::Skip => RepeatMode::Skip,
        Repeats::StillPictures => match try_still_pictures(&report.name, &video) {
            Ok(still) => RepeatMode::Still(Box::new(still)),
            Err(error) => {
                fallbacks.push(Fallback {
                    what: "repeated frames".to_owned(),
                    from: "still pictures".to_owned(),
                    to: "encoded again".to_owned(),
                    reason: error.to_string(),
                });
                video.max_references = None;
                (encoder, report) = open_video(&video)?;
                RepeatMode::Encode
            }
        },
    };
    note_encoder(&report, paths, fallbacks);
    paths.repeats = Some(mode.setting());
    let sound = match sound {
        Some(mixer) => Some((mixer, AacEncoder::open(AAC_BIT_RATE)?)),
        None => None,
    };
    let audio_track = sound.as_ref().map(|(_, aac)| aac.track());
    let video_track = encoder.track();
    let writer = Mp4Writer::create(partial, &video_track, audio_track.as_ref())?;
    let coder = Coder::new(encoder, mode, video.key_frame_interval());
    Ok(FileSink {
        coder,
        video_track,
        sound,
        writer,
    })
}

fn note_encoder(report: &EncoderReport, paths: &mut Paths, fallbacks: &mut Vec<Fallback>) {
    paths.encoder = Some(report.name.clone());
    paths.encoder_options = report.options.clone();
    for attempt in report
        .attempts
        .iter()
        .filter(|attempt| attempt.outcome != AttemptOutcome::Chosen)
    {
        fallbacks.push(Fallback {
            what: "encoder".to_owned(),
            from: attempt.name.clone(),
            to: report.name.clone(),
            reason: attempt.reason.clone(),
        });
    }
}

/// Threads for a software decoder: decoding shares the cores with composing and encoding.
pub(super) fn decoder_threads() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(cores.clamp(1, 8)).unwrap_or(1)
}
