//! Converts what changed to NV12, in pooled pictures that hold the rest already. A repetition is the picture before, shared, not copied.

use std::sync::Arc;

use super::Step;
use super::pool::Pool;
use crate::export::control::{Control, StageEnd};
use crate::export::conversion::Conversion;
use crate::export::meter::Meter;
use crate::export::queue::{Receiver, Sender};
use crate::frame::{Nv12Frame, Size};
use crate::render::Ready;

/// Lanes of this stage's meter.
pub(in crate::export) const LANES: &[&str] = &["convert"];

/// A picture for the encoder.
#[derive(Debug)]
pub(in crate::export) struct Picture {
    /// The pixels.
    pub nv12: Arc<Nv12Frame>,
    /// Whether it is the picture before once more.
    pub repeats: bool,
}

/// Runs until the input ends.
pub(in crate::export) fn run(
    conversion: &mut Conversion,
    size: Size,
    input: &Receiver<Step<Ready>>,
    output: &Sender<Picture>,
    meter: &mut Meter,
    control: &Control,
) -> Result<(), StageEnd> {
    let mut pool = Pool::new(size);
    for frame in 0.. {
        let Some(step) = input.recv(meter) else { break };
        control.check()?;
        meter.begin(0, Some(frame));
        let picture = match (step, pool.latest()) {
            (Step::Repeat, Some(nv12)) => {
                meter.repeated();
                Picture { nv12, repeats: true }
            }
            // The first frame of an export is never a repetition: the decode stage sees to that.
            (Step::Repeat, None) => continue,
            (Step::New(frame), latest) => {
                // Held no longer, so that its picture may be written again.
                drop(latest);
                let areas = frame.areas();
                let nv12 = pool.next(areas, |target| conversion.convert(&frame, target))?;
                meter.frame_done(0, areas.pixels() * 3 / 2);
                Picture { nv12, repeats: false }
            }
        };
        output.send(meter, picture)?;
    }
    Ok(())
}
