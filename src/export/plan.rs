//! From a recording to everything an export needs: media probed, scene built, devices and encoders opened.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::cancel::Cancel;
use super::coder::{Coder, RepeatMode};
use super::conversion::Conversion;
use super::error::ExportError;
use super::output::OutputFile;
use super::pipeline::{self, FileSink, Parts, Sink};
use super::progress::Observer;
use super::report::{AdapterPath, ExportReport, Fallback, Paths};
use super::settings::{EncoderSetting, ExportSettings, PixelPathSetting, Repeats};
use super::sources::VideoSources;
use super::stage::encode::Visitor;
use super::{Request, sound_plan};
use crate::cap::config::BackgroundSource;
use crate::cap::{Alignment, OpenOptions, Recording};
use crate::convert::calibrate::{Cache, calibrate};
use crate::convert::{Candidate, Chain, ConvertError, ConvertSpec, Gpu, PixelPath, ReadbackCost, Timing};
use crate::frame::{PackedFormat, PackedFrame, Size, YuvColor};
use crate::media::encode::{
    AAC_BIT_RATE, AacEncoder, AttemptOutcome, EncoderChoice, EncoderReport, VideoSettings, open_video,
    try_still_pictures,
};
use crate::media::input::{Allowed, name_of};
use crate::media::mux::Mp4Writer;
use crate::media::probe::{AudioInfo, VideoInfo, probe_audio, probe_video};
use crate::media::retime;
use crate::media::still::{ImageLimits, load_image};
use crate::render::{Backdrop, ColorPolicy, Device, RenderSpec, Renderer};
use crate::scene::{
    Facts, Scene, SceneSettings, SegmentClock, SegmentFacts, Unrendered, VideoFacts, unrendered,
};
use crate::sound::Mixer;

/// Staging buffers of the readback ring: one drawn to, one read, one queued, one being converted.
const RING: usize = 4;
/// Byte order of the renderer's pixels: what VideoToolbox takes without a swizzle; the other paths take either.
const PACKED: PackedFormat = if cfg!(target_os = "macos") {
    PackedFormat::Bgra
} else {
    PackedFormat::Rgba
};

/// A recording with everything that can be known of its export before a device is opened.
#[derive(Debug)]
pub struct Plan {
    /// The recording.
    pub recording: Recording,
    /// What probing its tracks found, one entry a segment.
    pub media: Vec<SegmentMedia>,
    /// How its tracks line up, one entry a segment.
    pub alignments: Vec<Alignment>,
    /// What is on screen when.
    pub scene: Scene,
    /// Settings that have no effect yet.
    pub unrendered: Vec<Unrendered>,
    /// What is odd.
    pub warnings: Vec<String>,
    pointer_art: BTreeMap<String, PackedFrame>,
}

/// What probing a segment's tracks found.
#[derive(Clone, Debug, serde::Serialize)]
pub struct SegmentMedia {
    /// Screen.
    pub display: VideoInfo,
    /// Webcam.
    pub camera: Option<VideoInfo>,
    /// Microphone.
    pub mic: Option<AudioInfo>,
    /// Computer sound.
    pub system_audio: Option<AudioInfo>,
}

/// How the recording is to be opened for these settings.
pub(super) fn open_options(settings: &ExportSettings) -> OpenOptions {
    OpenOptions {
        config_override: settings.config.clone(),
    }
}

/// Probes the tracks of `recording` and works out what is on screen when.
///
/// # Errors
/// When a track can't be read or the configuration makes no sense.
pub fn plan(mut recording: Recording, settings: &ExportSettings) -> Result<Plan, ExportError> {
    let mut warnings: Vec<String> = recording.warnings.iter().map(ToString::to_string).collect();
    let mut media = Vec::new();
    let mut alignments = Vec::new();
    let mut facts = Facts { segments: Vec::new() };
    for (index, segment) in recording.segments.iter().enumerate() {
        let probed = SegmentMedia {
            display: probe_video(&segment.display.source)?,
            camera: segment
                .camera
                .as_ref()
                .map(|track| probe_video(&track.source))
                .transpose()?,
            mic: segment
                .mic
                .as_ref()
                .map(|track| probe_audio(&track.source, Allowed::Track))
                .transpose()?,
            system_audio: segment
                .system_audio
                .as_ref()
                .map(|track| probe_audio(&track.source, Allowed::Track))
                .transpose()?,
        };
        let alignment = Alignment::new(segment, index, &recording.config.clips, settings.camera_delay);
        let video = |info: &VideoInfo| VideoFacts {
            size: info.size,
            duration: info.duration,
        };
        facts.segments.push(SegmentFacts {
            display: video(&probed.display),
            camera: probed.camera.as_ref().map(video),
            mic_duration: probed.mic.as_ref().map(|info| info.duration),
            clock: SegmentClock {
                display_offset: alignment.display,
                camera_offset: alignment.camera,
                event_offset: alignment.latest_start.unwrap_or(0.0),
            },
        });
        media.push(probed);
        alignments.push(alignment);
    }
    if recording.recovered {
        // Nobody wrote down the nominal rate of a screen that was put together from its fragments.
        for (segment, probed) in recording.segments.iter_mut().zip(&media) {
            let rate = probed.display.average_rate.unwrap_or(0.0).round();
            if (1.0..=1000.0).contains(&rate) {
                segment.display.meta.fps = rate as u32;
            }
        }
    }
    let pointer_art = load_pointer_art(&recording, &mut warnings);
    let sizes = pointer_art
        .iter()
        .map(|(id, art)| (id.clone(), art.size))
        .collect();
    let scene_settings = SceneSettings {
        frame_rate: settings.frame_rate,
        bounds: settings.bounds,
    };
    let scene = Scene::new(&recording, &facts, &sizes, scene_settings)?;
    if scene.frame_count() == 0
        && let Some((segment, probed)) = recording.segments.iter().zip(&media).next()
    {
        return Err(ExportError::NoFrames {
            seconds: scene.duration(),
            file: name_of(&segment.display.source).to_owned(),
            screen: probed.display.duration,
        });
    }
    warnings.extend(scene.warnings().iter().cloned());
    let unrendered = unrendered(&recording);
    Ok(Plan {
        recording,
        media,
        alignments,
        scene,
        unrendered,
        warnings,
        pointer_art,
    })
}

/// The recorded pointer images. One that can't be read is not drawn, and said so: a recording without one of its pointer
/// shapes is still worth exporting.
fn load_pointer_art(recording: &Recording, warnings: &mut Vec<String>) -> BTreeMap<String, PackedFrame> {
    let mut art = BTreeMap::new();
    if recording.config.cursor.hide {
        return art;
    }
    for (id, cursor) in &recording.cursors {
        match load_image(&cursor.file, &ImageLimits::POINTER) {
            Ok(image) => {
                art.insert(id.clone(), image);
            }
            Err(error) => warnings.push(format!("pointer {id} is not drawn: {}", chain(&error))),
        }
    }
    art
}

/// An error with its causes in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

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
                Err(error) => reason = chain(&error),
            }
        }
    }
    warnings.push(format!(
        "the background image {stored:?} can't be used ({reason}); white is painted instead: name an image with --background"
    ));
    Ok(Backdrop::WHITE)
}

/// What becomes of the frames.
pub(super) enum Destination<'a> {
    /// They are encoded into this file.
    File(OutputFile),
    /// Somebody looks at them.
    Visitor(&'a mut Visitor<'a>),
    /// They are dropped.
    Nowhere,
}

/// Plans, opens and runs the export of a studio recording.
pub(super) fn run(
    recording: Recording,
    request: &Request,
    destination: Destination<'_>,
    cancel: &Cancel,
    begun: Instant,
    observer: &mut dyn Observer,
) -> Result<ExportReport, ExportError> {
    let settings = &request.settings;
    let mut plan = plan(recording, settings)?;
    let mut warnings = std::mem::take(&mut plan.warnings);
    for unrendered in &plan.unrendered {
        tracing::warn!("{} is not rendered: {}", unrendered.setting, unrendered.instead);
    }
    let size = plan.scene.output_size();
    let total = plan.scene.frame_count();
    let mut paths = Paths::default();
    let mut fallbacks = Vec::new();

    let mut renderer = open_renderer(&mut plan, settings, size, &mut paths, &mut warnings)?;
    let conversion = open_conversion(settings, size, &mut renderer, &mut paths, &mut fallbacks)?;
    paths.pixel_path = Some(conversion.path().to_string());
    let sources = VideoSources::new(&plan.recording, settings.decoder.clone(), decoder_threads());

    let sound = sound_plan::open(&plan, &request.settings, total, &mut paths, &mut warnings)?;
    let (sink, output) = match destination {
        Destination::Nowhere => (Sink::Nothing, None),
        Destination::Visitor(visit) => (Sink::Visitor(visit), None),
        Destination::File(output) => {
            let partial = output.partial();
            let sink = open_sink(settings, size, partial, sound, &mut paths, &mut fallbacks)?;
            (Sink::File(Box::new(sink)), Some(output))
        }
    };
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    tracing::info!(
        frames = total,
        %size,
        adapter = %renderer.adapter().name,
        pixel_path = paths.pixel_path,
        encoder = paths.encoder,
        "export begins"
    );
    let Plan {
        scene, unrendered, ..
    } = plan;
    let duration_s = total as f64 / f64::from(settings.frame_rate.fps());
    let parts = Parts {
        scene,
        frame_rate: settings.frame_rate,
        sources,
        renderer,
        conversion,
        damage: settings.damage,
        sink,
    };
    let outcome = pipeline::run(parts, cancel, begun, observer)?;

    let path = output.map(OutputFile::publish).transpose()?;
    let (decoders, decoder_fallbacks, decoder_warnings) = outcome.sources.finish();
    paths.decoders.extend(decoders);
    fallbacks.extend(decoder_fallbacks);
    for switch in outcome.conversion.switches() {
        fallbacks.push(Fallback {
            what: format!("pixel path, at frame {}", switch.frame),
            from: switch.from.to_string(),
            to: switch.to.to_string(),
            reason: switch.reason.clone(),
        });
    }
    paths.pixel_path = Some(outcome.conversion.path().to_string());
    for warning in &decoder_warnings {
        tracing::warn!("{warning}");
    }
    warnings.extend(decoder_warnings);
    let wall_s = begun.elapsed().as_secs_f64();
    Ok(ExportReport {
        path,
        bytes: outcome.mux.as_ref().map_or(0, |mux| mux.bytes),
        frames: total,
        composed_frames: outcome.composed,
        coded_pictures: outcome.pictures.coded,
        written_pictures: outcome.pictures.written,
        size,
        duration_s,
        wall_s,
        first_frame_s: outcome.first_frame.map(|first| first.as_secs_f64()),
        fps: total as f64 / wall_s,
        settings: settings.clone(),
        paths,
        fallbacks,
        stages: outcome.stages,
        unrendered,
        warnings,
    })
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

fn open_sink(
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

/// Speed changes by FFmpeg.
pub(super) fn retimers() -> crate::sound::RetimerFactory {
    retime::retimers()
}
