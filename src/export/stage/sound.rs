//! Mixes the sound of each output frame and encodes it.

use std::ops::Range;

use crate::export::control::{Control, StageEnd};
use crate::export::meter::Meter;
use crate::export::queue::Sender;
use crate::media::encode::{AacEncoder, Packet};
use crate::sound::{Mixer, samples_after_frame, samples_in_frames};
use crate::time::FrameRate;

/// Lanes of this stage's meter.
pub(in crate::export) const LANES: &[&str] = &["sound"];

/// Frames mixed at a time: packets are 1,024 samples long, so finer steps gain nothing.
const FRAMES_A_STEP: u64 = 8;

/// Runs through the sound of these output frames.
pub(in crate::export) fn run(
    mixer: &mut Mixer,
    encoder: &mut AacEncoder,
    (frames, frame_rate): (Range<u64>, FrameRate),
    output: &Sender<Packet>,
    meter: &mut Meter,
    control: &Control,
) -> Result<(), StageEnd> {
    let mut samples = Vec::new();
    let mut done = samples_in_frames(frames.start, frame_rate);
    mixer.skip_to(done);
    let mut frame = frames.start;
    while frame < frames.end {
        control.check()?;
        meter.begin(0, Some(frame));
        frame = (frame + FRAMES_A_STEP).min(frames.end);
        let until = samples_after_frame(frame - 1, frame_rate);
        samples.clear();
        samples.resize((until - done) as usize, [0.0; 2]);
        mixer.fill(&mut samples)?;
        encoder.send(&samples)?;
        done = until;
        let bytes = drain(encoder, output, meter)?;
        meter.frame_done(0, bytes);
    }
    meter.begin(0, None);
    encoder.finish()?;
    drain(encoder, output, meter)?;
    Ok(())
}

fn drain(encoder: &mut AacEncoder, output: &Sender<Packet>, meter: &mut Meter) -> Result<u64, StageEnd> {
    let mut bytes = 0;
    while let Some(packet) = encoder.receive()? {
        bytes += packet.data().len() as u64;
        output.send(meter, packet)?;
    }
    Ok(bytes)
}
