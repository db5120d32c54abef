//! Composes frames and reads them back. Readback runs behind: while the GPU draws a frame, earlier ones are handed on.

use std::collections::VecDeque;
use std::time::Duration;

use super::Step;
use super::decode::Decoded;
use crate::causes::one_line;
use crate::export::ExportError;
use crate::export::control::{Control, StageEnd};
use crate::export::meter::{Activity, Meter};
use crate::export::queue::{Receiver, Sender};
use crate::render::{Ready, RenderError, Renderer};

/// Lanes of this stage's meter.
pub(in crate::export) const LANES: &[&str] = &["render", "upload", "readback"];
/// Most steps held back behind a frame in flight.
const LOOK_AHEAD: usize = 8;
/// How long to wait for the converter to give a staging buffer back before looking whether the export was stopped.
const PATIENCE: Duration = Duration::from_millis(100);
const RENDER: usize = 0;
const UPLOAD: usize = 1;
const READBACK: usize = 2;

/// A frame in memory.
#[derive(Debug)]
pub(in crate::export) struct Composed {
    /// The frame.
    pub frame: Ready,
    /// Why the renderer converts no longer, with the first frame that it hands out as pixels instead of planes.
    pub gave_up: Option<String>,
}

/// Runs until the input ends; every frame leaves in the order it came.
pub(in crate::export) fn run(
    renderer: &mut Renderer,
    input: &Receiver<Step<Decoded>>,
    output: &Sender<Step<Composed>>,
    meter: &mut Meter,
    control: &Control,
) -> Result<u64, StageEnd> {
    let mut composer = Composer::new(renderer, output);
    loop {
        control.check()?;
        // With frames in flight nothing is gained by waiting for more input: the oldest one is read back instead.
        let step = match input.recv_ready(meter) {
            Some(step) => Some(step),
            None if composer.waiting.is_empty() => input.recv(meter),
            None => {
                composer.pass_on(meter)?;
                continue;
            }
        };
        match step {
            None => break,
            Some(step) => composer.take(step, meter, control)?,
        }
    }
    composer.finish(meter)
}

/// A frame that was submitted and not read back.
struct InFlight {
    index: u64,
    /// While the renderer converts: what is drawn again when it gives that up.
    again: Option<Decoded>,
}

/// The renderer with the steps behind it that have not left yet.
pub(super) struct Composer<'a> {
    pub(super) renderer: &'a mut Renderer,
    output: &'a Sender<Step<Composed>>,
    /// Frames in flight and the repetitions between them.
    waiting: VecDeque<Step<InFlight>>,
    /// Not told yet with a frame.
    gave_up: Option<String>,
    composed: u64,
    queued: u64,
}

impl<'a> Composer<'a> {
    pub(super) fn new(renderer: &'a mut Renderer, output: &'a Sender<Step<Composed>>) -> Self {
        Self {
            renderer,
            output,
            waiting: VecDeque::new(),
            gave_up: None,
            composed: 0,
            queued: 0,
        }
    }

    /// Takes the next step; hands on earlier ones where that makes room.
    pub(super) fn take(
        &mut self,
        step: Step<Decoded>,
        meter: &mut Meter,
        control: &Control,
    ) -> Result<(), StageEnd> {
        match step {
            Step::Repeat => self.waiting.push_back(Step::Repeat),
            Step::New(frame) => {
                while self.renderer.free() == 0 {
                    if self.renderer.in_flight() > 0 {
                        self.pass_on(meter)?;
                    } else {
                        meter.enter(Activity::WaitOutput);
                        self.renderer.wait_free(PATIENCE);
                        control.check()?;
                    }
                }
                self.compose(frame, meter)?;
            }
        }
        // Repetitions behind a frame in flight must not pile up either.
        while matches!(self.waiting.front(), Some(Step::Repeat)) || self.waiting.len() > LOOK_AHEAD {
            self.pass_on(meter)?;
        }
        Ok(())
    }

    /// Hands on what is left; the number of frames that were composed.
    pub(super) fn finish(mut self, meter: &mut Meter) -> Result<u64, StageEnd> {
        while !self.waiting.is_empty() {
            self.pass_on(meter)?;
        }
        tracing::debug!(
            frames = self.queued,
            composed = self.composed,
            "composing is done"
        );
        Ok(self.composed)
    }

    fn compose(&mut self, frame: Decoded, meter: &mut Meter) -> Result<(), StageEnd> {
        match submit(self.renderer, &frame, meter) {
            Ok(()) => {}
            Err(error) if self.renderer.converts() => {
                // The frames before it may be well. If not, reading them gives up, and this is the next in line.
                while self.renderer.converts() && !self.waiting.is_empty() {
                    self.pass_on(meter)?;
                }
                if self.renderer.converts() {
                    self.give_up(&error, meter)?;
                }
                submit(self.renderer, &frame, meter).map_err(|error| drawing(&frame, error))?;
            }
            Err(error) => return Err(drawing(&frame, error).into()),
        }
        self.composed += 1;
        let index = frame.index;
        let again = self.renderer.converts().then_some(frame);
        self.waiting.push_back(Step::New(InFlight { index, again }));
        Ok(())
    }

    /// Hands on the oldest step, waiting for the GPU when it is a frame.
    pub(super) fn pass_on(&mut self, meter: &mut Meter) -> Result<(), StageEnd> {
        let step = match self.waiting.pop_front() {
            None => return Ok(()),
            Some(Step::Repeat) => Step::Repeat,
            Some(Step::New(InFlight { index, again })) => {
                meter.begin(READBACK, Some(index));
                let frame = match (self.renderer.receive_any(), again) {
                    (Err(error), Some(frame)) if self.renderer.converts() => {
                        let again = Some(frame);
                        self.waiting.push_front(Step::New(InFlight { index, again }));
                        self.give_up(&error, meter)?;
                        self.waiting.pop_front();
                        meter.begin(READBACK, Some(index));
                        self.renderer.receive_any()?
                    }
                    (received, _) => received?,
                };
                meter.frame_done(READBACK, frame.bytes_read());
                let gave_up = self.gave_up.take();
                Step::New(Composed { frame, gave_up })
            }
        };
        self.queued += 1;
        self.output.send(meter, step)?;
        Ok(())
    }

    /// Goes on without converting: what is still to be handed on is drawn again and read back as pixels. Where the device
    /// is at fault and not the conversion, drawing fails too and the export with it.
    fn give_up(&mut self, error: &RenderError, meter: &mut Meter) -> Result<(), StageEnd> {
        self.gave_up = Some(one_line(error));
        self.renderer.read_back_packed();
        for step in &mut self.waiting {
            if let Step::New(in_flight) = step
                && let Some(frame) = in_flight.again.take()
            {
                submit(self.renderer, &frame, meter).map_err(|error| drawing(&frame, error))?;
            }
        }
        Ok(())
    }
}

fn submit(renderer: &mut Renderer, frame: &Decoded, meter: &mut Meter) -> Result<(), RenderError> {
    meter.begin(RENDER, Some(frame.index));
    let before = renderer.stats();
    renderer.submit_damage(&frame.scene, &frame.pictures, &frame.damage)?;
    let after = renderer.stats();
    meter.shift(UPLOAD, after.upload_time - before.upload_time);
    meter.frame_done(UPLOAD, after.bytes_uploaded - before.bytes_uploaded);
    meter.frame_done(RENDER, 0);
    Ok(())
}

fn drawing(frame: &Decoded, error: RenderError) -> ExportError {
    ExportError::Frame {
        frame: frame.index,
        seconds: frame.scene.time.secs(),
        source: Box::new(error.into()),
    }
}
