//! Writes packets of video and sound in step, so that neither piles up in memory.

use crate::export::control::{Control, StageEnd};
use crate::export::meter::Meter;
use crate::export::progress::Phase;
use crate::export::queue::Receiver;
use crate::media::encode::Packet;
use crate::media::encode::Track;
use crate::media::mux::{Mp4Writer, MuxReport};

/// Lanes of this stage's meter.
pub(in crate::export) const LANES: &[&str] = &["mux"];

/// Sound is written until it is this far ahead of the video, seconds.
const SOUND_LEAD: f64 = 0.5;

/// Sound on its way, with its track's unit of time.
pub(in crate::export) struct SoundInput {
    pub packets: Receiver<Packet>,
    pub track: Track,
}

/// Runs until both inputs end, then writes the index.
pub(in crate::export) fn run(
    mut writer: Mp4Writer,
    video: &Receiver<Packet>,
    video_track: &Track,
    sound: Option<&SoundInput>,
    meter: &mut Meter,
    control: &Control,
) -> Result<MuxReport, StageEnd> {
    let mut sound_until = 0.0;
    while let Some(packet) = video.recv(meter) {
        control.check()?;
        let number = packet.pts().map(i64::cast_unsigned);
        meter.begin(0, number.map(|number| number.saturating_add(control.first())));
        while let Some(sound) = sound
            && sound_until < seconds(&packet, video_track) + SOUND_LEAD
        {
            match sound.packets.recv(meter) {
                Some(packet) => {
                    sound_until = seconds(&packet, &sound.track);
                    writer.write_audio(packet)?;
                }
                None => sound_until = f64::INFINITY,
            }
        }
        let bytes = packet.data().len() as u64;
        let frames = packet.duration().max(1);
        writer.write_video(packet)?;
        control.add_written(frames as u64);
        meter.frame_done(0, bytes);
    }
    meter.begin(0, None);
    while let Some(packet) = sound.and_then(|sound| sound.packets.recv(meter)) {
        writer.write_audio(packet)?;
    }
    control.check()?;
    control.set_phase(Phase::Finish);
    Ok(writer.finish()?)
}

/// When a packet is shown or heard, seconds.
fn seconds(packet: &Packet, track: &Track) -> f64 {
    let (numerator, denominator) = track.time_base();
    packet.pts().unwrap_or(0) as f64 * f64::from(numerator) / f64::from(denominator)
}
