//! From a recording to everything an export needs: media probed, scene built, devices and encoders opened.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use super::cancel::Cancel;
use super::coder::{Coder, RepeatMode};
use super::error::ExportError;
use super::output::OutputFile;
use super::pipeline::{self, FileSink, Parts};
use super::progress::Observer;
use super::report::{AdapterPath, ExportReport, Fallback, Paths};
use super::settings::{EncoderSetting, ExportSettings, PixelPathSetting, Repeats};
use super::sources::VideoSources;
use super::{Request, sound_plan};
use crate::cap::config::BackgroundSource;
use crate::cap::{Alignment, OpenOptions, Recording};
use crate::convert::calibrate::{Cache, calibrate};
use crate::convert::{Candidate, Chain, ConvertSpec, PixelPath};
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

/// Plans, opens and runs the export of a studio recording.
pub(super) fn run(
    recording: Recording,
    request: &Request,
    output: Option<OutputFile>,
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

    let renderer = open_renderer(&mut plan, settings, size, &mut paths, &mut warnings)?;
    let converter = open_converter(settings, size, &renderer, &mut paths)?;
    let sources = VideoSources::new(&plan.recording, settings.decoder.clone(), decoder_threads());

    let sound = sound_plan::open(&plan, &request.settings, total, &mut paths, &mut warnings)?;
    let sink = match &output {
        None => None,
        Some(output) => Some(open_sink(
            settings,
            size,
            output.partial(),
            sound,
            &mut paths,
            &mut fallbacks,
        )?),
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
        converter,
        sink,
    };
    let outcome = pipeline::run(parts, cancel, begun, observer)?;

    let path = output.map(OutputFile::publish).transpose()?;
    let (decoders, decoder_fallbacks, decoder_warnings) = outcome.sources.finish();
    paths.decoders.extend(decoders);
    fallbacks.extend(decoder_fallbacks);
    for switch in outcome.converter.switches() {
        fallbacks.push(Fallback {
            what: format!("pixel path, at frame {}", switch.frame),
            from: switch.from.to_string(),
            to: switch.to.to_string(),
            reason: switch.reason.clone(),
        });
    }
    paths.pixel_path = Some(outcome.converter.path().to_string());
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

fn open_renderer(
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
        format: PackedFormat::Rgba,
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

fn open_converter(
    settings: &ExportSettings,
    size: Size,
    renderer: &Renderer,
    paths: &mut Paths,
) -> Result<Chain, ExportError> {
    let spec = ConvertSpec {
        size,
        source: PackedFormat::Rgba,
        color: if settings.cap_colors {
            YuvColor::BT601_LIMITED
        } else {
            YuvColor::BT709_LIMITED
        },
        threads: 1,
    };
    let ranking = match settings.pixel_path {
        PixelPathSetting::Fixed(path) => vec![path],
        PixelPathSetting::Auto => {
            let candidates: Vec<_> = [PixelPath::Simd, PixelPath::Swscale]
                .map(Candidate::builtin)
                .into();
            let cache = Cache::of_user();
            let driver = &renderer.adapter().driver;
            let calibration = calibrate(&spec, &candidates, driver, cache.as_ref())?;
            let ranking = calibration.ranking();
            paths.calibration = Some(calibration);
            ranking
        }
    };
    let chain = Chain::open(ranking.into_iter().map(Candidate::builtin), &spec)?;
    paths.pixel_path = Some(chain.path().to_string());
    Ok(chain)
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
fn decoder_threads() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(cores.clamp(1, 8)).unwrap_or(1)
}

/// Speed changes by FFmpeg.
pub(super) fn retimers() -> crate::sound::RetimerFactory {
    retime::retimers()
}
