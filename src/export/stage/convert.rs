//! Makes pictures for the encoder: converts what changed to NV12, in pooled pictures that hold the rest already, or hands
//! frames on as surfaces. A repetition is the picture before, shared, not copied.

use super::Step;
use super::compose::Composed;
use super::pool::Pool;
use crate::export::control::{Control, StageEnd};
use crate::export::conversion::Conversion;
use crate::export::meter::Meter;
use crate::export::queue::{Receiver, Sender};
use crate::frame::{Areas, Size};
use crate::media::encode::EncoderInput;

/// Lanes of this stage's meter.
pub(in crate::export) const LANES: &[&str] = &["convert"];

/// A picture for the encoder.
#[derive(Debug)]
pub(in crate::export) struct Picture {
    /// The pixels.
    pub input: EncoderInput,
    /// Whether it is the picture before once more.
    pub repeats: bool,
    /// Where it may differ from the picture before.
    pub areas: Areas,
}

/// Runs until the input ends.
pub(in crate::export) fn run(
    conversion: &mut Conversion,
    size: Size,
    input: &Receiver<Step<Composed>>,
    output: &Sender<Picture>,
    meter: &mut Meter,
    control: &Control,
) -> Result<(), StageEnd> {
    let mut pool = Pool::new(size);
    let mut latest: Option<EncoderInput> = None;
    let mut number = control.first();
    while let Some(step) = input.recv(meter) {
        control.check()?;
        meter.begin(0, Some(number));
        let repeats = matches!(step, Step::Repeat);
        let mut changed = Areas::none(size);
        if repeats {
            meter.repeated();
        }
        if let Step::New(Composed { frame, gave_up }) = step {
            if let Some(reason) = gave_up {
                conversion.leave_gpu(number, &reason)?;
            }
            // Held no longer, so that its memory may be written again.
            drop(latest.take());
            let areas = frame.areas();
            latest = Some(conversion.picture(number, &frame, &mut pool)?);
            meter.frame_done(0, areas.pixels() * 3 / 2);
            changed.clone_from(areas);
        }
        number += 1;
        // The first frame of an export is never a repetition: the decode stage sees to that.
        if let Some(input) = latest.clone() {
            let areas = changed;
            output.send(
                meter,
                Picture {
                    input,
                    repeats,
                    areas,
                },
            )?;
        }
    }
    Ok(())
}
