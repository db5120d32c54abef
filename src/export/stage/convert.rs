//! Converts frames to NV12 in pooled buffers. A repetition is the picture before, shared, not copied.

use std::sync::Arc;

use super::Step;
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
    let mut pool = Pool {
        size,
        pictures: Vec::new(),
    };
    let mut last: Option<Arc<Nv12Frame>> = None;
    while let Some(step) = input.recv(meter) {
        control.check()?;
        let picture = match (step, &last) {
            (Step::Repeat, Some(last)) => Picture {
                nv12: Arc::clone(last),
                repeats: true,
            },
            // The first frame of an export is never a repetition: the decode stage sees to that.
            (Step::Repeat, None) => continue,
            (Step::New(frame), _) => {
                let mut nv12 = pool.take();
                // The pool hands out pictures nobody else holds.
                if let Some(target) = Arc::get_mut(&mut nv12) {
                    conversion.convert(&frame, target)?;
                }
                meter.frame_done(0, (nv12.y.len() + nv12.uv.len()) as u64);
                pool.give(&nv12);
                last = Some(Arc::clone(&nv12));
                Picture { nv12, repeats: false }
            }
        };
        output.send(meter, picture)?;
    }
    Ok(())
}

/// Pictures that are written again once every other holder has let go of them.
struct Pool {
    size: Size,
    pictures: Vec<Arc<Nv12Frame>>,
}

impl Pool {
    fn take(&mut self) -> Arc<Nv12Frame> {
        let free = self
            .pictures
            .iter()
            .position(|picture| Arc::strong_count(picture) == 1);
        match free {
            Some(index) => self.pictures.swap_remove(index),
            None => Arc::new(Nv12Frame::new(self.size)),
        }
    }

    fn give(&mut self, picture: &Arc<Nv12Frame>) {
        self.pictures.push(Arc::clone(picture));
    }
}
