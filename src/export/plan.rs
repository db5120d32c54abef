//! From a recording to everything an export needs: media probed, scene built, the run put together.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::cancel::Cancel;
use super::encoder::Encoder;
use super::error::ExportError;
use super::images::{PointerArt, load_overlay_images, load_pointer_art, withheld_backgrounds};
use super::instruments::Instruments;
use super::open::{decoder_threads, open_renderer};
use super::part::{Accept, Opening};
use super::pipeline::{self, Parts, Sink};
use super::pixel_path::open_conversion;
use super::progress::Observer;
use super::report::{ExportReport, Fallback, Paths, PictureKinds};
use super::settings::{ExportSettings, ZoomTails};
use super::sound_plan::OpenedSound;
use super::sources::VideoSources;
use super::span::Span;
use super::stage::encode::Visitor;
use super::trace::{self, TraceFile};
use super::{Request, levels, probing, recorded, sound_plan};
use crate::budget::{Budget, Claim};
use crate::cap::config::BackgroundSource;
use crate::cap::{Alignment, OpenOptions, Recording};
use crate::media::encode::TrackFacts;
use crate::media::input::name_of;
use crate::media::probe::{AudioInfo, VideoInfo};
use crate::output::OutputFile;
use crate::scene::{
    Facts, Scene, SceneSettings, SegmentClock, SegmentFacts, TextSettings, Unrendered, VideoFacts, oddities,
    unrendered,
};
use crate::text::Fonts;

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
    pub(super) pointer_art: PointerArt,
    /// What the recording may claim of the memory.
    pub(super) budget: Budget,
    /// What its images claim.
    pub(super) claims: Vec<Claim>,
}

/// What probing a segment's tracks found.
#[derive(Clone, Debug, serde::Serialize, schemars::JsonSchema)]
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
    if let Some(file) = &settings.background {
        // Takes the place of whatever the recording names.
        let source = BackgroundSource::Image {
            path: Some(file.to_string_lossy().into_owned()),
        };
        // A style keeps a colour or a gradient: those need no file.
        let list = recording.config.timeline.iter_mut();
        for style in list.flat_map(|timeline| &mut timeline.style_segments) {
            if let Some(background) = &mut style.overrides.background
                && let BackgroundSource::Image { .. } | BackgroundSource::Wallpaper { .. } = background.source
            {
                background.source = source.clone();
            }
        }
        recording.config.background.source = source;
    }
    let mut warnings: Vec<String> = recording.warnings.iter().map(ToString::to_string).collect();
    let mut alignments = Vec::new();
    let mut facts = Facts { segments: Vec::new() };
    let media = probing::probe(&mut recording, &mut warnings)?;
    for (index, (segment, probed)) in recording.segments.iter().zip(&media).enumerate() {
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
        alignments.push(alignment);
    }
    recorded::find_nominal_rates(&mut recording, &mut warnings)?;
    recorded::note_media(&media, &mut warnings);
    let (budget, mut claims) = (Budget::default(), Vec::new());
    let pointer_art = load_pointer_art(&recording, &budget, &mut claims, &mut warnings);
    let sizes = pointer_art
        .iter()
        .map(|(id, art)| (id.clone(), art.size))
        .collect();
    let scene_settings = SceneSettings {
        frame_rate: settings.frame_rate,
        bounds: settings.bounds,
        hold_zoom_tails: settings.zoom_tails == ZoomTails::Held,
    };
    let texts = TextSettings {
        typesetter: Arc::new(Fonts::system()),
        linear_colors: settings.cap_colors,
    };
    let mut scene = Scene::new(&recording, &facts, &sizes, scene_settings, &texts)?;
    scene.set_overlay_images(load_overlay_images(
        &recording,
        &budget,
        &mut claims,
        &mut warnings,
    ));
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
    warnings.extend(oddities(&recording, &facts, scene.timeline()));
    let mut unrendered = unrendered(&recording);
    unrendered.extend(withheld_backgrounds(&recording, settings));
    Ok(Plan {
        recording,
        media,
        alignments,
        scene,
        unrendered,
        warnings,
        pointer_art,
        budget,
        claims,
    })
}

/// Most warnings that are told; of more, the number is.
const MAX_WARNINGS: usize = 100;

/// Counts warnings instead of telling them where there are too many to be read.
fn cap_warnings(warnings: &mut Vec<String>) {
    let more = warnings.len().saturating_sub(MAX_WARNINGS);
    if more > 0 {
        warnings.truncate(MAX_WARNINGS);
        warnings.push(format!("{more} more warnings are not listed"));
    }
}

/// What becomes of the frames.
pub(super) enum Destination<'a> {
    /// They are encoded into this file.
    File(OutputFile),
    /// They are encoded into this packet file, once what they are made with is accepted. All of the range are encoded, and those
    /// around them are thrown away.
    Part(OutputFile, &'a Accept<'a>, &'a Range<u64>),
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
    instruments: &Instruments,
    cancel: &Cancel,
    begun: Instant,
    observer: &mut dyn Observer,
) -> Result<(ExportReport, Option<TraceFile>), ExportError> {
    let settings = &request.settings;
    let mut plan = plan(recording, settings)?;
    let mut warnings = std::mem::take(&mut plan.warnings);
    for unrendered in &plan.unrendered {
        tracing::warn!("{} is not rendered: {}", unrendered.setting, unrendered.instead);
    }
    let size = plan.scene.output_size();
    let frames = settings
        .span
        .frames(settings.frame_rate, plan.scene.frame_count())?;
    let total = frames.end - frames.start;
    let mut paths = Paths::default();
    let mut fallbacks = Vec::new();

    let mut renderer = open_renderer(&mut plan, settings, size, &mut paths, &mut warnings)?;
    let mut encoder = match destination {
        Destination::File(_) | Destination::Part(..) => {
            Some(Encoder::open(settings, size, &mut paths, &mut fallbacks)?)
        }
        Destination::Visitor(_) | Destination::Nowhere => None,
    };
    let conversion = open_conversion(
        settings,
        size,
        &mut renderer,
        encoder.as_mut(),
        &mut paths,
        &mut fallbacks,
    )?;
    paths.pixel_path = Some(conversion.path().to_string());
    let sources = VideoSources::new(&plan.recording, settings, decoder_threads());

    let made = match destination {
        Destination::Part(_, _, made) => {
            frames.start.min(made.start)..frames.end.max(made.end.min(plan.scene.frame_count()))
        }
        _ => frames.clone(),
    };
    let label = match (&destination, &encoder) {
        (Destination::Part(_, accept, _), Some(encoder)) => {
            paths.encoder_input = Some(encoder.input().to_owned());
            let track = TrackFacts::of(&encoder.track());
            let opening = Opening {
                paths: &paths,
                track: &track,
            };
            accept(&opening).map_err(|reason| ExportError::Part { reason })?
        }
        _ => serde_json::Value::Null,
    };
    levels::measure(&mut plan, &made, cancel, &mut warnings)?;
    let mut sound = match destination {
        Destination::Part(..) => {
            "in a part of its own".clone_into(&mut paths.sound);
            OpenedSound::none(&plan)?
        }
        _ => sound_plan::open(&plan, settings, frames.end, &mut paths, &mut warnings)?,
    };
    let (sink, output) = match (destination, encoder) {
        (Destination::File(output), Some(encoder)) => {
            paths.encoder_input = Some(encoder.input().to_owned());
            let sink = encoder.into_sink(&output, sound.mixer.take())?;
            (Sink::File(Box::new(sink)), Some(output))
        }
        (Destination::Part(output, ..), Some(encoder)) => {
            let mut sink = encoder.into_part_sink(&output, &label)?;
            // Where the whole export has key frames too; what is kept refers to nothing else.
            for border in [frames.start, frames.end] {
                sink.coder.force_key((border - made.start).cast_signed());
            }
            (Sink::File(Box::new(sink)), Some(output))
        }
        (Destination::Visitor(visit), _) => (Sink::Visitor(visit), None),
        (Destination::File(_) | Destination::Part(..) | Destination::Nowhere, _) => (Sink::Nothing, None),
    };
    cap_warnings(&mut warnings);
    // Those of the recording were printed when it was opened.
    for warning in warnings.iter().skip(plan.recording.warnings.len()) {
        tracing::warn!("{warning}");
    }
    tracing::info!(
        frames = total,
        %size,
        adapter = %renderer.adapter().name,
        pixel_path = paths.pixel_path,
        encoder = paths.encoder,
        rate = paths.rate.map(|rate| rate.to_string()),
        "export begins"
    );
    let Plan {
        scene, unrendered, ..
    } = plan;
    let duration_s = total as f64 / f64::from(settings.frame_rate.fps());
    let span = Span::of(&frames, scene.frame_count());
    let parts = Parts {
        scene,
        frames,
        made,
        frame_rate: settings.frame_rate,
        sources,
        renderer,
        conversion,
        damage: settings.damage,
        traced: instruments.trace.is_some(),
        sink,
    };
    let stages_from = Instant::now();
    let outcome = pipeline::run(parts, cancel, begun, observer)?;
    let stages_to = Instant::now();
    instruments.slow_down(begun);

    let path = output.map(OutputFile::publish).transpose()?;
    let (decoders, decoder_fallbacks, decoder_warnings) = outcome.sources.finish();
    paths.decoders.extend(decoders);
    fallbacks.extend(decoder_fallbacks);
    fallbacks.extend(outcome.conversion.switches().into_iter().map(Fallback::from));
    paths.pixel_path = Some(outcome.conversion.path().to_string());
    for warning in &decoder_warnings {
        tracing::warn!("{warning}");
    }
    warnings.extend(decoder_warnings);
    // Those of the sound were printed when they were found.
    warnings.extend(sound.files.damage());
    paths.improved_microphones = sound.improved();
    for mic in &paths.improved_microphones {
        tracing::info!("{mic}");
    }
    cap_warnings(&mut warnings);
    let wall_s = begun.elapsed().as_secs_f64();
    let trace = instruments
        .trace
        .is_some()
        .then(|| trace::gather(outcome.logs, begun, stages_from, stages_to));
    let pictures = outcome.encoded.pictures;
    let report = ExportReport {
        path,
        bytes: outcome.mux.as_ref().map_or(0, |mux| mux.bytes),
        frames: total,
        composed_frames: outcome.composed,
        coded_pictures: pictures.coded,
        written_pictures: outcome
            .mux
            .as_ref()
            .map_or(pictures.written, |mux| mux.video_packets),
        pictures: PictureKinds {
            whole: pictures.coded - pictures.region,
            region: pictures.region,
            still: pictures.still,
        },
        regions: outcome.encoded.regions,
        size,
        duration_s,
        wall_s,
        first_frame_s: outcome.first_frame.map(|first| first.as_secs_f64()),
        fps: total as f64 / wall_s,
        settings: ExportSettings {
            span,
            ..settings.clone()
        },
        paths,
        fallbacks,
        stages: outcome.stages,
        unrendered,
        warnings,
        confinement: None,
    };
    Ok((report, trace))
}
