//! Encodes pictures; packets leave for the muxer in the encoder's order.

use super::convert::Picture;
use crate::convert::{ConvertError, PixelPath};
use crate::export::coder::{Coder, PictureCounts};
use crate::export::control::{Control, StageEnd};
use crate::export::meter::Meter;
use crate::export::queue::{Receiver, Sender};
use crate::frame::Nv12Frame;
use crate::media::encode::Packet;

/// Lanes of this stage's meter.
pub(in crate::export) const LANES: &[&str] = &["encode"];

/// Sees every picture, with the number of its frame.
pub(in crate::export) type Visitor<'a> = dyn FnMut(u64, &Nv12Frame) + Send + 'a;

/// Where pictures end.
pub(in crate::export) enum Sink<'a> {
    /// Encoded, then handed to the muxer.
    Coder(&'a mut Coder, Sender<Packet>),
    /// Shown to a visitor with their numbers.
    Visitor(&'a mut Visitor<'a>),
    /// Dropped: `--encoder none`.
    Nowhere,
}

/// Runs until the input ends, then flushes the encoder. `first` is called when the first picture is through.
pub(in crate::export) fn run(
    mut sink: Sink<'_>,
    input: &Receiver<Picture>,
    meter: &mut Meter,
    control: &Control,
    first: impl FnOnce(),
) -> Result<PictureCounts, StageEnd> {
    let mut first = Some(first);
    for frame in control.first().. {
        let Some(picture) = input.recv(meter) else { break };
        control.check()?;
        meter.begin(0, Some(frame));
        let mut bytes = 0;
        match &mut sink {
            Sink::Coder(coder, packets) => {
                let coded = coder.counts().coded;
                coder.picture(picture, &mut pass(packets, meter, &mut bytes))?;
                if coder.counts().coded == coded {
                    meter.repeated();
                }
            }
            Sink::Visitor(visit) => {
                let planes = picture.input.planes().ok_or_else(|| {
                    let reason = "surfaces are for an encoder, and these frames go to who looks at planes";
                    ConvertError::unavailable(PixelPath::VideoToolbox, reason)
                })?;
                visit(frame, planes);
                control.add_written(1);
            }
            Sink::Nowhere => control.add_written(1),
        }
        meter.frame_done(0, bytes);
        if let Some(first) = first.take() {
            first();
        }
    }
    control.check()?;
    meter.begin(0, None);
    match &mut sink {
        Sink::Coder(coder, packets) => {
            coder.finish(&mut pass(packets, meter, &mut 0))?;
            Ok(coder.counts())
        }
        Sink::Visitor(_) | Sink::Nowhere => Ok(PictureCounts::default()),
    }
}

fn pass<'a>(
    packets: &'a Sender<Packet>,
    meter: &'a mut Meter,
    bytes: &'a mut u64,
) -> impl FnMut(Packet) -> Result<(), StageEnd> + 'a {
    move |packet| {
        *bytes += packet.data().len() as u64;
        packets.send(meter, packet)?;
        Ok(())
    }
}
