//! Decodes what an export would decode and encodes the screen's pictures as they are, one for every output frame.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use super::error::BenchError;
use super::floor::FloorReport;
use crate::cap::{self, OpenOptions, Opened, Recording};
use crate::export::{self, ExportError, ExportSettings, Plan};
use crate::frame::{Nv12Frame, Size, YuvPicture};
use crate::media::decode::{DecodeOptions, HardwareChoice, VideoDecoder};
use crate::media::encode::{EncoderInput, VideoEncoder, open_video};
use crate::media::mux::Mp4Writer;
use crate::media::nv12::ToNv12;
use crate::scene::{PictureRequest, SourceId, Track};

/// Pictures between decoding and encoding.
const AHEAD: usize = 4;

/// Transcodes the recording in `root` to `target` with the encoder settings of an export with `settings`.
///
/// Times follow the timeline, so cuts and speed changes cost the same decoding as in the export. Sound is left out.
///
/// # Errors
/// When the recording can't be read, decoded or encoded, or is an instant recording, which is copied anyway.
pub fn transcode(root: &Path, settings: &ExportSettings, target: &Path) -> Result<FloorReport, BenchError> {
    let options = OpenOptions {
        config_override: settings.config.clone(),
    };
    let recording = match cap::open(root, &options).map_err(ExportError::from)? {
        Opened::Studio(recording) => *recording,
        Opened::Instant(_) => {
            let reason = "an instant recording is copied, neither decoded nor encoded".to_owned();
            return Err(BenchError::Unsuited {
                what: "the floor",
                reason,
            });
        }
    };
    let plan = export::plan(recording, settings)?;
    let size = plan.scene.output_size();
    let (encoder, report) = open_video(&settings.video(size))?;
    let writer = Mp4Writer::create(target, &encoder.track(), None)?;

    let (sender, receiver) = mpsc::sync_channel(AHEAD);
    let (encoded, decoded) = thread::scope(|scope| {
        let encoding = scope.spawn(move || encode(encoder, writer, &receiver));
        let decoded = decode(&plan, settings.decoder.clone(), size, sender);
        (
            encoding
                .join()
                .map_err(|_| BenchError::Panicked { what: "encoding" }),
            decoded,
        )
    });
    // When encoding fails decoding only finds its queue closed: the cause is the encoder's.
    let (frames, bytes, encode_busy) = encoded??;
    let decoded = decoded?;
    Ok(FloorReport {
        frames,
        bytes,
        decoders: decoded.decoders,
        encoder: report.name,
        encoder_options: report.options,
        size,
        scaled_from: decoded.screen.filter(|screen| *screen != size),
        decode_busy_s: decoded.busy.as_secs_f64(),
        encode_busy_s: encode_busy.as_secs_f64(),
    })
}

struct Decoded {
    busy: Duration,
    decoders: Vec<String>,
    screen: Option<Size>,
}

fn decode(
    plan: &Plan,
    hardware: HardwareChoice,
    size: Size,
    output: SyncSender<Arc<Nv12Frame>>,
) -> Result<Decoded, BenchError> {
    let mut tracks = Tracks {
        recording: &plan.recording,
        hardware,
        open: BTreeMap::new(),
        names: BTreeMap::new(),
    };
    let mut to_nv12 = ToNv12::new(size);
    let mut last: Option<(YuvPicture, Arc<Nv12Frame>)> = None;
    let mut busy = Duration::ZERO;
    let mut screen = None;
    for index in 0..plan.scene.frame_count() {
        let begun = Instant::now();
        let mut shown: Option<YuvPicture> = None;
        if let Some(scene) = plan.scene.frame(index) {
            tracks.keep_only(scene.pictures().iter().map(|request| request.source.segment));
            for request in scene.pictures() {
                let picture = tracks.picture(request)?;
                if request.source.track == Track::Display || shown.is_none() {
                    shown = Some(picture);
                }
            }
        }
        let frame = match (shown, &last) {
            (None, Some((_, frame))) => Arc::clone(frame),
            (Some(picture), Some((before, frame))) if picture.same_as(before) => Arc::clone(frame),
            (None, None) => return Err(ExportError::NothingShown.into()),
            (Some(picture), _) => {
                screen.get_or_insert(picture.size);
                let mut frame = Nv12Frame::new(size);
                to_nv12
                    .convert(&picture, &mut frame)
                    .map_err(|source| BenchError::Ffmpeg {
                        action: "scale a picture",
                        source,
                    })?;
                let frame = Arc::new(frame);
                last = Some((picture, Arc::clone(&frame)));
                frame
            }
        };
        busy += begun.elapsed();
        if output.send(frame).is_err() {
            break;
        }
    }
    Ok(Decoded {
        busy,
        decoders: tracks.names.into_values().collect(),
        screen,
    })
}

fn encode(
    mut encoder: VideoEncoder,
    mut writer: Mp4Writer,
    input: &Receiver<Arc<Nv12Frame>>,
) -> Result<(u64, u64, Duration), BenchError> {
    let mut frames = 0;
    let mut busy = Duration::ZERO;
    while let Ok(frame) = input.recv() {
        let begun = Instant::now();
        encoder.send(&EncoderInput::Nv12(frame), frames, false)?;
        frames += 1;
        while let Some(packet) = encoder.receive()? {
            writer.write_video(packet)?;
        }
        busy += begun.elapsed();
    }
    let begun = Instant::now();
    encoder.finish()?;
    while let Some(packet) = encoder.receive()? {
        writer.write_video(packet)?;
    }
    let report = writer.finish()?;
    Ok((frames.cast_unsigned(), report.bytes, busy + begun.elapsed()))
}

/// Decoders of the tracks, opened when first needed.
struct Tracks<'a> {
    recording: &'a Recording,
    hardware: HardwareChoice,
    open: BTreeMap<SourceId, VideoDecoder>,
    names: BTreeMap<SourceId, String>,
}

impl Tracks<'_> {
    /// Closes the decoders of other segments than these.
    fn keep_only(&mut self, segments: impl Iterator<Item = usize>) {
        let segments: Vec<usize> = segments.collect();
        if !segments.is_empty() {
            self.open.retain(|source, _| segments.contains(&source.segment));
        }
    }

    fn picture(&mut self, request: PictureRequest) -> Result<YuvPicture, BenchError> {
        let key = request.source;
        if let Some(decoder) = self.open.get_mut(&key) {
            return Ok(decoder.picture_at(request.time)?);
        }
        let segment = &self.recording.segments[request.source.segment];
        let track = match request.source.track {
            Track::Display => Some(&segment.display),
            Track::Camera => segment.camera.as_ref(),
        };
        let Some(track) = track else {
            return Err(ExportError::NothingShown.into());
        };
        let options = DecodeOptions {
            nominal_fps: track.meta.nominal_fps(),
            hardware: self.hardware.clone(),
            threads: 0,
        };
        let (mut decoder, report) = VideoDecoder::open(&track.source, &options)?;
        let picture = decoder.picture_at(request.time)?;
        self.names.insert(
            key,
            report.hardware.map_or(report.decoder.clone(), |device| {
                format!("{} by {device}", report.decoder)
            }),
        );
        self.open.insert(key, decoder);
        Ok(picture)
    }
}
