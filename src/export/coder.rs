//! From pictures to packets: what is new is encoded, what repeats is encoded again, written as a still picture, or left
//! out so that the picture before lasts longer.

use std::collections::VecDeque;

use super::control::StageEnd;
use super::error::ExportError;
use super::settings::Repeats;
use super::stage::convert::Picture;
use crate::media::encode::{Packet, VideoEncoder};
use crate::media::h264::StillPictures;

/// How a coder treats repetitions.
#[derive(Debug)]
pub(super) enum RepeatMode {
    Encode,
    Still(Box<StillPictures>),
    Skip,
}

impl RepeatMode {
    /// The setting that this mode fulfils.
    pub(super) fn setting(&self) -> Repeats {
        match self {
            Self::Encode => Repeats::Encode,
            Self::Still(_) => Repeats::StillPictures,
            Self::Skip => Repeats::Skip,
        }
    }
}

/// A coded picture whose packet, or the end of its repetitions, is still to come.
#[derive(Debug)]
struct Run {
    repeats: i64,
}

/// How many pictures went which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PictureCounts {
    /// Encoded.
    pub coded: u64,
    /// In the file.
    pub written: u64,
}

/// An encoder with the treatment of repetitions around it. One time unit is one output frame.
pub(super) struct Coder {
    encoder: VideoEncoder,
    mode: RepeatMode,
    /// Frames from one key frame to the next at most.
    key_interval: i64,
    /// The frame that is a key frame whatever comes before it.
    forced: Option<i64>,
    /// Frames taken so far: the pts of the next one.
    frames: i64,
    last_key: i64,
    /// Pictures given to the encoder, from the one whose packet is due next on.
    runs: VecDeque<Run>,
    /// Packets that came out while the repetitions of their picture may still grow.
    packets: VecDeque<Packet>,
    counts: PictureCounts,
}

impl Coder {
    pub(super) fn new(encoder: VideoEncoder, mode: RepeatMode, key_interval: u32) -> Self {
        Self {
            encoder,
            mode,
            key_interval: i64::from(key_interval),
            forced: None,
            frames: 0,
            last_key: 0,
            runs: VecDeque::new(),
            packets: VecDeque::new(),
            counts: PictureCounts::default(),
        }
    }

    /// Makes frame `number` a key frame that refers to nothing before it, whatever it shows.
    pub(super) fn force_key(&mut self, number: i64) {
        self.forced = Some(number);
    }

    pub(super) fn counts(&self) -> PictureCounts {
        self.counts
    }

    /// Takes the next output frame; packets that are ready go to `out`.
    pub(super) fn picture(
        &mut self,
        picture: Picture,
        out: &mut dyn FnMut(Packet) -> Result<(), StageEnd>,
    ) -> Result<(), StageEnd> {
        let pts = self.frames;
        self.frames += 1;
        // The encoder counts only the pictures it is given, so key frames by time are asked for. In stillness at constant
        // rate one is coded too, so that seeking never has far to go.
        let key_due = pts - self.last_key >= self.key_interval;
        let forced = self.forced == Some(pts);
        let key_due = forced || key_due && !matches!(self.mode, RepeatMode::Encode);
        let repeats = picture.repeats && !forced && !matches!(self.mode, RepeatMode::Encode);
        let key_in_stillness = key_due && matches!(self.mode, RepeatMode::Still(_));
        if repeats
            && !key_in_stillness
            && let Some(run) = self.runs.back_mut()
        {
            run.repeats += 1;
            return self.drain(out);
        }
        if key_due {
            self.last_key = pts;
        }
        self.encoder.send(&picture.input, pts, key_due)?;
        self.runs.push_back(Run { repeats: 0 });
        self.counts.coded += 1;
        self.drain(out)
    }

    /// Ends the stream.
    pub(super) fn finish(
        &mut self,
        out: &mut dyn FnMut(Packet) -> Result<(), StageEnd>,
    ) -> Result<(), StageEnd> {
        self.encoder.finish()?;
        self.collect()?;
        while let Some(packet) = self.packets.pop_front() {
            self.write(packet, out)?;
        }
        Ok(())
    }

    fn drain(&mut self, out: &mut dyn FnMut(Packet) -> Result<(), StageEnd>) -> Result<(), StageEnd> {
        self.collect()?;
        // The last picture given to the encoder may be repeated yet; everything before it is settled.
        while self.runs.len() > 1 || matches!(self.mode, RepeatMode::Encode) {
            let Some(packet) = self.packets.pop_front() else {
                break;
            };
            self.write(packet, out)?;
        }
        Ok(())
    }

    fn collect(&mut self) -> Result<(), StageEnd> {
        while let Some(packet) = self.encoder.receive()? {
            self.packets.push_back(packet);
        }
        Ok(())
    }

    /// Writes a coded picture and its repetitions.
    fn write(
        &mut self,
        mut packet: Packet,
        out: &mut dyn FnMut(Packet) -> Result<(), StageEnd>,
    ) -> Result<(), StageEnd> {
        let repeats = self.runs.pop_front().map_or(0, |run| run.repeats);
        self.counts.written += 1;
        match &mut self.mode {
            RepeatMode::Encode => out(packet),
            RepeatMode::Skip => {
                let pts = packet.pts().unwrap_or(0);
                packet.set_timing(pts, packet.dts().unwrap_or(pts), repeats + 1);
                out(packet)
            }
            RepeatMode::Still(still) => {
                let pts = packet.pts().unwrap_or(0);
                let declined = |reason| ExportError::StillPictures { frame: pts, reason };
                if let Some(renumbered) = still.coded(packet.data()).map_err(declined)? {
                    packet = packet.with_data(&renumbered)?;
                }
                packet.set_timing(pts, pts, 1);
                out(packet)?;
                for pts in pts + 1..=pts + repeats {
                    let copy = still.repeat().map_err(declined)?;
                    self.counts.written += 1;
                    out(Packet::from_bytes(&copy, pts, pts, 1, false)?)?;
                }
                Ok(())
            }
        }
    }
}
