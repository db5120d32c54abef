//! Composes frames and reads them back. Readback runs behind: while the GPU draws a frame, earlier ones are handed on.

use std::collections::VecDeque;
use std::time::Duration;

use super::Step;
use super::decode::Decoded;
use crate::export::ExportError;
use crate::export::control::{Control, StageEnd};
use crate::export::meter::{Activity, Meter};
use crate::export::queue::{Receiver, Sender};
use crate::render::{Ready, Renderer};

/// Lanes of this stage's meter.
pub(in crate::export) const LANES: &[&str] = &["render", "upload", "readback"];
/// Most steps held back behind a frame in flight.
const LOOK_AHEAD: usize = 8;
/// How long to wait for the converter to give a staging buffer back before looking whether the export was stopped.
const PATIENCE: Duration = Duration::from_millis(100);
const RENDER: usize = 0;
const UPLOAD: usize = 1;
const READBACK: usize = 2;

/// Runs until the input ends; every frame leaves in the order it came.
pub(in crate::export) fn run(
    renderer: &mut Renderer,
    input: &Receiver<Step<Decoded>>,
    output: &Sender<Step<Ready>>,
    meter: &mut Meter,
    control: &Control,
) -> Result<u64, StageEnd> {
    // A new frame is known by its number.
    let mut waiting: VecDeque<Step<u64>> = VecDeque::new();
    let mut composed = 0;
    let mut reader = Reader { output, queued: 0 };
    loop {
        control.check()?;
        // With frames in flight nothing is gained by waiting for more input: the oldest one is read back instead.
        let step = match input.recv_ready(meter) {
            Some(step) => Some(step),
            None if waiting.is_empty() => input.recv(meter),
            None => {
                reader.pass_on(renderer, &mut waiting, meter)?;
                continue;
            }
        };
        match step {
            None => break,
            Some(Step::Repeat) => waiting.push_back(Step::Repeat),
            Some(Step::New(frame)) => {
                while renderer.free() == 0 {
                    if renderer.in_flight() > 0 {
                        reader.pass_on(renderer, &mut waiting, meter)?;
                    } else {
                        meter.enter(Activity::WaitOutput);
                        renderer.wait_free(PATIENCE);
                        control.check()?;
                    }
                }
                submit(renderer, &frame, meter)?;
                composed += 1;
                waiting.push_back(Step::New(frame.index));
            }
        }
        // Repetitions behind a frame in flight must not pile up either.
        while matches!(waiting.front(), Some(Step::Repeat)) || waiting.len() > LOOK_AHEAD {
            reader.pass_on(renderer, &mut waiting, meter)?;
        }
    }
    while !waiting.is_empty() {
        reader.pass_on(renderer, &mut waiting, meter)?;
    }
    tracing::debug!(frames = reader.queued, composed, "composing is done");
    Ok(composed)
}

fn submit(renderer: &mut Renderer, frame: &Decoded, meter: &mut Meter) -> Result<(), StageEnd> {
    meter.begin(RENDER, Some(frame.index));
    let before = renderer.stats();
    renderer
        .submit_areas(&frame.scene, &frame.pictures, &frame.areas)
        .map_err(|e| ExportError::Frame {
            frame: frame.index,
            seconds: frame.scene.time.secs(),
            source: Box::new(e.into()),
        })?;
    let after = renderer.stats();
    meter.shift(UPLOAD, after.upload_time - before.upload_time);
    meter.frame_done(UPLOAD, after.bytes_uploaded - before.bytes_uploaded);
    meter.frame_done(RENDER, 0);
    Ok(())
}

struct Reader<'a> {
    output: &'a Sender<Step<Ready>>,
    queued: u64,
}

impl Reader<'_> {
    /// Hands on the oldest step, waiting for the GPU when it is a frame.
    fn pass_on(
        &mut self,
        renderer: &mut Renderer,
        waiting: &mut VecDeque<Step<u64>>,
        meter: &mut Meter,
    ) -> Result<(), StageEnd> {
        let step = match waiting.pop_front() {
            None => return Ok(()),
            Some(Step::Repeat) => Step::Repeat,
            Some(Step::New(index)) => {
                meter.begin(READBACK, Some(index));
                let ready = renderer.receive_any()?;
                meter.frame_done(READBACK, ready.bytes_read());
                Step::New(ready)
            }
        };
        self.queued += 1;
        self.output.send(meter, step)?;
        Ok(())
    }
}
