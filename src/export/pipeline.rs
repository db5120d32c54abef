//! Runs the stages on their threads, watches over them, and gathers what they say.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use super::cancel::Cancel;
use super::coder::Coder;
use super::control::{Control, StageEnd};
use super::conversion::Conversion;
use super::error::ExportError;
use super::meter::{Meter, StageReport, StageState};
use super::progress::{Observer, Phase, Progress};
use super::queue;
use super::stage::{compose, convert, decode, encode, mux, sound};
use super::trace::StageLog;
use crate::export::sources::VideoSources;
use crate::media::encode::{AacEncoder, Track};
use crate::media::mux::MuxReport;
use crate::render::Renderer;
use crate::scene::Scene;
use crate::sound::Mixer;
use crate::time::FrameRate;

/// Frames between decoding and composing.
const DECODED_AHEAD: usize = 3;
/// Frames between readback and conversion; each holds one staging buffer of the ring.
const READ_AHEAD: usize = 1;
/// Frames between conversion and encoding.
const CONVERTED_AHEAD: usize = 3;
/// Packets between encoding and writing.
const PACKETS_AHEAD: usize = 64;
/// How often the observer hears.
const TICK: Duration = Duration::from_millis(100);
/// A pipeline that writes no frame for so long is reported, stage by stage.
const STALL: Duration = Duration::from_secs(20);

/// The parts of a run, opened and ready.
pub(super) struct Parts<'a> {
    pub scene: Scene,
    /// Which of its frames are kept.
    pub frames: Range<u64>,
    /// Which of its frames are made: those that are kept, and others around them that the encoder is to know.
    pub made: Range<u64>,
    pub frame_rate: FrameRate,
    pub sources: VideoSources,
    pub renderer: Renderer,
    pub conversion: Conversion,
    /// Whether only what changed is redrawn.
    pub damage: bool,
    /// Whether the stages keep logs for a trace.
    pub traced: bool,
    pub sink: Sink<'a>,
}

/// Where the converted pictures go.
pub(super) enum Sink<'a> {
    /// Encoded into a file.
    File(Box<FileSink>),
    /// To somebody who looks at them.
    Visitor(&'a mut encode::Visitor<'a>),
    /// Nowhere.
    Nothing,
}

/// Where an export that is written goes.
pub(super) struct FileSink {
    pub coder: Coder,
    pub video_track: Track,
    pub sound: Option<(Mixer, AacEncoder)>,
    pub writer: mux::Writer,
}

/// What a run that succeeded says.
pub(super) struct Outcome {
    pub composed: u64,
    pub stages: Vec<StageReport>,
    /// What the stages noted for a trace, where one was asked for.
    pub logs: Vec<StageLog>,
    pub first_frame: Option<Duration>,
    pub mux: Option<MuxReport>,
    pub encoded: encode::Encoded,
    /// Handed back for what they have to tell.
    pub sources: VideoSources,
    pub conversion: Conversion,
}

/// Runs the pipeline to its end.
pub(super) fn run(
    parts: Parts<'_>,
    cancel: &Cancel,
    begun: Instant,
    observer: &mut dyn Observer,
) -> Result<Outcome, ExportError> {
    let Parts {
        scene,
        frames,
        made,
        frame_rate,
        mut sources,
        mut renderer,
        mut conversion,
        damage,
        traced,
        sink,
    } = parts;
    let total = frames.end - frames.start;
    let size = scene.output_size();
    let control = Control::new(cancel.clone(), made.start);
    let first_frame = OnceLock::new();

    let (decoded_in, decoded_out) = queue::bounded("queue to render", DECODED_AHEAD);
    let (read_in, read_out) = queue::bounded("queue to convert", READ_AHEAD);
    let (converted_in, converted_out) = queue::bounded("queue to encode", CONVERTED_AHEAD);

    let (composed, encoded, mux_report, books) = thread::scope(|scope| {
        let mut crew = Crew {
            scope,
            control: &control,
            traced,
            states: Vec::new(),
        };
        let scene = &scene;
        let control = &control;
        let first_frame = &first_frame;

        let decode = {
            let sources = &mut sources;
            let made = made.clone();
            crew.spawn(decode::LANES, move |meter| {
                decode::run((scene, made), sources, damage, &decoded_in, meter, control)
            })?
        };
        let compose = {
            let renderer = &mut renderer;
            crew.spawn(compose::LANES, move |meter| {
                compose::run(renderer, &decoded_out, &read_in, meter, control)
            })?
        };
        let convert = {
            let conversion = &mut conversion;
            crew.spawn(convert::LANES, move |meter| {
                convert::run(conversion, size, &read_out, &converted_in, meter, control)
            })?
        };
        let note_first = move || {
            // Set once: only the first picture calls this.
            let _ = first_frame.set(begun.elapsed());
        };
        let mut threads = Threads {
            encode: None,
            sound: None,
            mux: None,
        };
        match sink {
            Sink::Nothing => {
                threads.encode = Some(crew.spawn(encode::LANES, move |meter| {
                    encode::run(encode::Sink::Nowhere, &converted_out, meter, control, note_first)
                })?);
            }
            Sink::Visitor(visit) => {
                threads.encode = Some(crew.spawn(encode::LANES, move |meter| {
                    let sink = encode::Sink::Visitor(visit);
                    encode::run(sink, &converted_out, meter, control, note_first)
                })?);
            }
            Sink::File(file) => {
                let FileSink {
                    mut coder,
                    video_track,
                    sound,
                    writer,
                } = *file;
                let (packets_in, packets_out) = queue::bounded("queue to mux", PACKETS_AHEAD);
                let place = |frame: u64| (frame - made.start).cast_signed();
                let kept = place(frames.start)..place(frames.end);
                threads.encode = Some(crew.spawn(encode::LANES, move |meter| {
                    let sink = encode::Sink::Coder(&mut coder, packets_in, kept);
                    encode::run(sink, &converted_out, meter, control, note_first)
                })?);
                let mut sound_input = None;
                if let Some((mut mixer, mut aac)) = sound {
                    let (sound_in, sound_out) = queue::bounded("sound queue to mux", PACKETS_AHEAD);
                    sound_input = Some(mux::SoundInput {
                        packets: sound_out,
                        track: aac.track(),
                    });
                    threads.sound = Some(crew.spawn(sound::LANES, move |meter| {
                        sound::run(
                            &mut mixer,
                            &mut aac,
                            (frames, frame_rate),
                            &sound_in,
                            meter,
                            control,
                        )
                    })?);
                }
                threads.mux = Some(crew.spawn(mux::LANES, move |meter| {
                    mux::run(
                        writer,
                        &packets_out,
                        &video_track,
                        sound_input.as_ref(),
                        meter,
                        control,
                    )
                })?);
            }
        }

        let watch = Watch {
            total,
            frame_rate,
            begun,
            control,
            states: &crew.states,
        };
        watch.until(observer, || {
            decode.is_finished()
                && compose.is_finished()
                && convert.is_finished()
                && threads.encode.as_ref().is_none_or(|t| t.is_finished())
                && threads.sound.as_ref().is_none_or(|t| t.is_finished())
                && threads.mux.as_ref().is_none_or(|t| t.is_finished())
        });

        let mut stages = Books::default();
        join(decode, &mut stages);
        let composed = join(compose, &mut stages);
        join(convert, &mut stages);
        let encoded = threads.encode.and_then(|t| join(t, &mut stages));
        threads.sound.map(|t| join(t, &mut stages));
        let mux_report = threads.mux.and_then(|t| join(t, &mut stages));
        Ok::<_, ExportError>((composed, encoded, mux_report, stages))
    })?;
    control.into_result()?;
    Ok(Outcome {
        composed: composed.unwrap_or(0),
        stages: books.reports,
        logs: books.logs,
        first_frame: first_frame.get().copied(),
        mux: mux_report,
        encoded: encoded.unwrap_or_default(),
        sources,
        conversion,
    })
}

type Handle<'scope, T> = thread::ScopedJoinHandle<'scope, (Option<T>, (Vec<StageReport>, Option<StageLog>))>;

/// What the meters of finished stages say.
#[derive(Default)]
struct Books {
    reports: Vec<StageReport>,
    logs: Vec<StageLog>,
}

struct Threads<'scope> {
    encode: Option<Handle<'scope, encode::Encoded>>,
    sound: Option<Handle<'scope, ()>>,
    mux: Option<Handle<'scope, MuxReport>>,
}

/// Starts stages and notes what ends them.
struct Crew<'scope, 'env, 'control> {
    scope: &'scope thread::Scope<'scope, 'env>,
    control: &'control Control,
    traced: bool,
    states: Vec<Arc<StageState>>,
}

impl<'scope, 'control: 'scope> Crew<'scope, '_, 'control> {
    fn spawn<T: Send + 'scope>(
        &mut self,
        lanes: &'static [&'static str],
        stage: impl FnOnce(&mut Meter) -> Result<T, StageEnd> + Send + 'scope,
    ) -> Result<Handle<'scope, T>, ExportError> {
        let control = self.control;
        let mut meter = Meter::new(lanes, self.traced);
        self.states.push(meter.state());
        let name = lanes[0];
        let watcher = thread::current();
        let body = move || {
            // A panic becomes the export's error; the stage's queues close as it unwinds, which ends its neighbours.
            let result = match catch_unwind(AssertUnwindSafe(|| stage(&mut meter))) {
                Ok(Ok(value)) => Some(value),
                Ok(Err(StageEnd::Stopped)) => None,
                Ok(Err(StageEnd::Failed(error))) => {
                    control.fail(*error);
                    None
                }
                Err(panic) => {
                    control.fail(ExportError::Panicked {
                        stage: name,
                        message: panic_message(&*panic),
                    });
                    None
                }
            };
            watcher.unpark();
            (result, meter.finish())
        };
        thread::Builder::new()
            .name(format!("capstan-{name}"))
            .spawn_scoped(self.scope, body)
            .map_err(|source| ExportError::Thread { stage: name, source })
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

fn join<T>(handle: Handle<'_, T>, books: &mut Books) -> Option<T> {
    // The thread's body catches every panic itself, so joining can't fail for a reason that is not reported already.
    let (value, (reports, log)) = handle.join().ok()?;
    books.reports.extend(reports);
    books.logs.extend(log);
    value
}

/// Tells the observer how far the run is, and the log where it hangs.
struct Watch<'a> {
    total: u64,
    frame_rate: FrameRate,
    begun: Instant,
    control: &'a Control,
    states: &'a [Arc<StageState>],
}

impl Watch<'_> {
    fn until(&self, observer: &mut dyn Observer, mut finished: impl FnMut() -> bool) {
        let started = Instant::now();
        let mut last_move = Instant::now();
        let mut last = (0, Phase::Export);
        let mut next_warning = STALL;
        loop {
            let done = finished();
            let now = (self.control.written(), self.control.phase());
            if now != last {
                last = now;
                last_move = Instant::now();
                next_warning = STALL;
            } else if last_move.elapsed() > next_warning {
                next_warning *= 2;
                let states: Vec<_> = self.states.iter().map(|state| state.describe()).collect();
                tracing::warn!(
                    "no frame was written for {:.0} s (frame {} of {}): {}",
                    last_move.elapsed().as_secs_f64(),
                    now.0,
                    self.total,
                    states.join("; ")
                );
            }
            observer.progress(&self.progress(now.0, now.1, started));
            if done {
                return;
            }
            thread::park_timeout(TICK);
        }
    }

    fn progress(&self, frames: u64, phase: Phase, started: Instant) -> Progress {
        let ran = started.elapsed().as_secs_f64().max(1e-3);
        let fps = frames as f64 / ran;
        let left =
            (frames > 0).then(|| Duration::from_secs_f64((self.total.saturating_sub(frames)) as f64 / fps));
        Progress {
            phase,
            frames,
            total: self.total,
            elapsed: self.begun.elapsed(),
            fps,
            speed: fps / f64::from(self.frame_rate.fps()),
            left,
        }
    }
}
