//! Encodes pictures; packets leave for the muxer in the encoder's order.

use std::ops::Range;

use super::convert::Picture;
use crate::convert::{ConvertError, PixelPath};
use crate::export::coder::{Coder, PictureCounts};
use crate::export::control::{Control, StageEnd};
use crate::export::meter::Meter;
use crate::export::queue::{Receiver, Sender};
use crate::export::regions::RegionReport;
use crate::frame::Nv12Frame;
use crate::media::encode::Packet;

/// Lanes of this stage's meter.
pub(in crate::export) const LANES: &[&str] = &["encode"];

/// Sees every picture, with the number of its frame.
pub(in crate::export) type Visitor<'a> = dyn FnMut(u64, &Nv12Frame) + Send + 'a;

/// Where pictures end.
pub(in crate::export) enum Sink<'a> {
    /// Encoded, then handed to the muxer where they lie in this range, counted from the first that comes.
    Coder(&'a mut Coder, Sender<Packet>, Range<i64>),
    /// Shown to a visitor with their numbers.
    Visitor(&'a mut Visitor<'a>),
    /// Dropped: `--encoder none`.
    Nowhere,
}

/// What was encoded.
#[derive(Clone, Debug, Default)]
pub(in crate::export) struct Encoded {
    /// Pictures by kind.
    pub pictures: PictureCounts,
    /// What became of region pictures, where there could be any.
    pub regions: Option<RegionReport>,
}

/// Runs until the input ends, then flushes the encoder. `first` is called when the first picture is through.
pub(in crate::export) fn run(
    mut sink: Sink<'_>,
    input: &Receiver<Picture>,
    meter: &mut Meter,
    control: &Control,
    first: impl FnOnce(),
) -> Result<Encoded, StageEnd> {
    let mut first = Some(first);
    for frame in control.first().. {
        let Some(picture) = input.recv(meter) else { break };
        control.check()?;
        meter.begin(0, Some(frame));
        let mut bytes = 0;
        match &mut sink {
            Sink::Coder(coder, packets, kept) => {
                let coded = coder.counts().coded;
                coder.picture(picture, &mut pass((packets, kept), meter, &mut bytes))?;
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
        Sink::Coder(coder, packets, kept) => {
            coder.finish(&mut pass((packets, kept), meter, &mut 0))?;
            Ok(Encoded {
                pictures: coder.counts(),
                regions: coder.region_report(),
            })
        }
        Sink::Visitor(_) | Sink::Nowhere => Ok(Encoded::default()),
    }
}

fn pass<'a>(
    (packets, kept): (&'a Sender<Packet>, &'a Range<i64>),
    meter: &'a mut Meter,
    bytes: &'a mut u64,
) -> impl FnMut(Packet) -> Result<(), StageEnd> + 'a {
    move |mut packet| {
        if let (Some(pts), Some(dts)) = (packet.pts(), packet.dts()) {
            if !kept.contains(&pts) {
                return Ok(());
            }
            let duration = packet.duration();
            packet.set_timing(pts - kept.start, dts - kept.start, duration);
        }
        *bytes += packet.data().len() as u64;
        packets.send(meter, packet)?;
        Ok(())
    }
}
