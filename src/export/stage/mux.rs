//! Writes packets of video and sound in step, so that neither piles up in memory.

use crate::export::ExportError;
use crate::export::control::{Control, StageEnd};
use crate::export::meter::Meter;
use crate::export::progress::Phase;
use crate::export::queue::Receiver;
use crate::media::encode::Packet;
use crate::media::encode::Track;
use crate::media::mux::{Mp4Writer, MuxReport};
use crate::media::packet_file::PacketFileWriter;

/// Lanes of this stage's meter.
pub(in crate::export) const LANES: &[&str] = &["mux"];

/// Sound is written until it is this far ahead of the video, seconds.
const SOUND_LEAD: f64 = 0.5;

/// Sound on its way, with its track's unit of time.
pub(in crate::export) struct SoundInput {
    pub packets: Receiver<Packet>,
    pub track: Track,
}

/// Where packets end.
pub(in crate::export) enum Writer {
    /// In an MP4.
    Mp4(Mp4Writer),
    /// As they are, in a packet file; `frames` of video so far.
    Packets { writer: PacketFileWriter, frames: i64 },
}

impl Writer {
    fn write_video(&mut self, packet: Packet) -> Result<(), StageEnd> {
        match self {
            Self::Mp4(writer) => Ok(writer.write_video(packet)?),
            Self::Packets { writer, frames } => {
                *frames += packet.duration().max(1);
                Ok(writer.write(&packet)?)
            }
        }
    }

    fn write_audio(&mut self, packet: Packet) -> Result<(), StageEnd> {
        match self {
            Self::Mp4(writer) => Ok(writer.write_audio(packet)?),
            Self::Packets { .. } => Err(ExportError::NoSound.into()),
        }
    }

    fn finish(self, track: &Track) -> Result<MuxReport, StageEnd> {
        match self {
            Self::Mp4(writer) => Ok(writer.finish()?),
            Self::Packets { writer, frames } => {
                let (bytes, video_packets) = writer.finish()?;
                let (numerator, denominator) = track.time_base();
                Ok(MuxReport {
                    bytes,
                    video_packets,
                    video_seconds: frames as f64 * f64::from(numerator) / f64::from(denominator),
                    audio_packets: 0,
                    audio_seconds: 0.0,
                })
            }
        }
    }
}

/// Runs until both inputs end, then writes the index.
pub(in crate::export) fn run(
    mut writer: Writer,
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
    writer.finish(video_track)
}

/// When a packet is shown or heard, seconds.
fn seconds(packet: &Packet, track: &Track) -> f64 {
    let (numerator, denominator) = track.time_base();
    packet.pts().unwrap_or(0) as f64 * f64::from(numerator) / f64::from(denominator)
}
