//! From pictures to packets: what is new is encoded, what repeats is encoded again, written as a still picture, or left
//! out so that the picture before lasts longer.

use std::collections::VecDeque;

use super::control::StageEnd;
use super::error::ExportError;
use super::regions::{RegionReport, Regions, Verdict};
use super::settings::Repeats;
use super::stage::convert::Picture;
use crate::media::decoding_order::DecodingOrder;
use crate::media::encode::{EncodeError, Packet, VideoEncoder};
use crate::media::h264::{Declined, Part, StillPictures};

/// How a coder treats repetitions.
#[derive(Debug)]
pub(super) enum RepeatMode {
    Encode,
    /// Still pictures. Among region pictures, which have a stream of their own, it is that one which writes them.
    Still(Option<Box<StillPictures>>),
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

/// A picture whose packet, or the end of its repetitions, is still to come.
#[derive(Debug)]
struct Run {
    pts: i64,
    key: bool,
    /// The time that the encoder of whole pictures was told, where it has it.
    told: i64,
    repeats: i64,
    /// Its rectangles, where it is a region picture; otherwise the encoder of whole pictures has it.
    parts: Option<Vec<Part>>,
}

/// How many pictures went which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PictureCounts {
    /// Encoded, whole or in rectangles.
    pub coded: u64,
    /// Of which only rectangles were encoded.
    pub region: u64,
    /// Written as copies.
    pub still: u64,
    /// In the file.
    pub written: u64,
}

/// An encoder with the treatment of repetitions around it. One time unit is one output frame.
pub(super) struct Coder {
    encoder: VideoEncoder,
    mode: RepeatMode,
    /// Codes pictures in rectangles.
    regions: Option<Box<Regions>>,
    /// Frames from one key frame to the next at most.
    key_interval: i64,
    /// Frames that are key frames whatever comes before them.
    forced: Vec<i64>,
    /// Decoding times where pictures last longer; otherwise the encoder's are kept.
    order: Option<DecodingOrder>,
    /// Frames taken so far: the pts of the next one.
    frames: i64,
    last_key: i64,
    /// The frame of the last picture that is no copy.
    last_coded: i64,
    /// The time that the encoder of whole pictures was told for its last one: that of the film without its region pictures.
    whole_time: i64,
    /// Pictures given to the encoder, from the one whose packet is due next on.
    runs: VecDeque<Run>,
    /// Packets that came out while the repetitions of their picture may still grow.
    packets: VecDeque<Packet>,
    counts: PictureCounts,
}

impl Coder {
    pub(super) fn new(
        encoder: VideoEncoder,
        mode: RepeatMode,
        regions: Option<Box<Regions>>,
        key_interval: u32,
    ) -> Self {
        let order = matches!(mode, RepeatMode::Skip).then(|| DecodingOrder::new(encoder.reordered_by()));
        Self {
            encoder,
            mode,
            regions,
            key_interval: i64::from(key_interval.max(1)),
            forced: Vec::new(),
            order,
            frames: 0,
            last_key: 0,
            last_coded: 0,
            whole_time: 0,
            runs: VecDeque::new(),
            packets: VecDeque::new(),
            counts: PictureCounts::default(),
        }
    }

    /// Makes frame `number` a key frame that refers to nothing before it, whatever it shows.
    pub(super) fn force_key(&mut self, number: i64) {
        self.forced.push(number);
    }

    pub(super) fn counts(&self) -> PictureCounts {
        self.counts
    }

    /// What became of pictures that could have been coded in rectangles.
    pub(super) fn region_report(&self) -> Option<RegionReport> {
        self.regions.as_ref().map(|regions| regions.report().clone())
    }

    /// Takes the next output frame; packets that are ready go to `out`.
    pub(super) fn picture(
        &mut self,
        picture: Picture,
        out: &mut dyn FnMut(Packet) -> Result<(), StageEnd>,
    ) -> Result<(), StageEnd> {
        let pts = self.frames;
        self.frames += 1;
        // The encoder counts only the pictures it is given, and x264 moves key frames to cuts of the content. So key frames by time
        // are asked for: parts of an export begin with them. In stillness at constant rate one is coded too, so that seeking never
        // has far to go.
        let key_due = pts / self.key_interval > self.last_key / self.key_interval;
        let forced = self.forced.contains(&pts);
        let key_due = forced || key_due;
        let repeats = picture.repeats && !forced && !matches!(self.mode, RepeatMode::Encode);
        let key_in_stillness = key_due && matches!(self.mode, RepeatMode::Still(_));
        if repeats
            && !key_in_stillness
            && let Some(run) = self.runs.back_mut()
        {
            run.repeats += 1;
            return self.drain(out);
        }
        let key = key_due || pts == 0;
        let verdict = match &mut self.regions {
            Some(regions) => regions.judge(&picture, pts, key),
            None => Verdict::Whole,
        };
        let parts = match (verdict, self.runs.back_mut()) {
            (Verdict::Equal, Some(run)) => {
                run.repeats += 1;
                return self.drain(out);
            }
            (Verdict::Region(parts), _) => Some(parts),
            (Verdict::Equal | Verdict::Whole, _) => None,
        };
        if key_due {
            self.last_key = pts;
        }
        if parts.is_none() {
            // To x264 a picture that lasts longer is worth more bits. A whole picture before a run of region pictures lasts no
            // longer than others.
            self.whole_time += pts - self.last_coded;
            self.encoder.send(&picture.input, self.whole_time, key_due)?;
        }
        self.last_coded = pts;
        self.runs.push_back(Run {
            pts,
            key,
            told: self.whole_time,
            repeats: 0,
            parts,
        });
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
        self.settle(0, out)?;
        if let Some(order) = &mut self.order {
            for packet in order.finish(self.frames) {
                out(packet)?;
            }
        }
        Ok(())
    }

    fn drain(&mut self, out: &mut dyn FnMut(Packet) -> Result<(), StageEnd>) -> Result<(), StageEnd> {
        self.collect()?;
        // The last picture may be repeated yet; everything before it is settled.
        self.settle(usize::from(!matches!(self.mode, RepeatMode::Encode)), out)
    }

    /// Writes the pictures that are there, in the order in which they are coded, up to the first that is still in the encoder or
    /// one of the last `open`.
    fn settle(
        &mut self,
        open: usize,
        out: &mut dyn FnMut(Packet) -> Result<(), StageEnd>,
    ) -> Result<(), StageEnd> {
        while let Some(oldest) = self.runs.front() {
            let due = match self.packets.front() {
                _ if oldest.parts.is_some() => 0,
                // A picture that others refer to may be coded before one that is shown earlier.
                Some(packet) => self
                    .runs
                    .iter()
                    .position(|run| run.parts.is_none() && packet.pts() == Some(run.told))
                    .ok_or_else(|| ExportError::from(EncodeError::MissingPacket))?,
                None => break,
            };
            if due + open >= self.runs.len() {
                break;
            }
            if let Some(run) = self.runs.remove(due) {
                self.write(run, out)?;
            }
        }
        Ok(())
    }

    fn collect(&mut self) -> Result<(), StageEnd> {
        while let Some(packet) = self.encoder.receive()? {
            self.packets.push_back(packet);
        }
        Ok(())
    }

    /// Writes a picture and its repetitions.
    fn write(
        &mut self,
        run: Run,
        out: &mut dyn FnMut(Packet) -> Result<(), StageEnd>,
    ) -> Result<(), StageEnd> {
        let Run {
            pts,
            key,
            repeats,
            parts,
            told: _,
        } = run;
        self.counts.written += 1;
        let packet = match (&mut self.regions, parts) {
            (Some(regions), Some(parts)) => {
                self.counts.region += 1;
                let declined = |reason| ExportError::RegionPictures { frame: pts, reason };
                let picture = regions.stream().region(&parts).map_err(declined)?;
                Packet::from_bytes(&picture, pts, pts, 1, false)?
            }
            (Some(regions), None) => {
                let declined = |reason| ExportError::RegionPictures { frame: pts, reason };
                let packet = due(&mut self.packets)?;
                let picture = regions.stream().whole(packet.data(), key).map_err(declined)?;
                let mut packet = packet.with_data(&picture)?;
                packet.set_timing(pts, pts, 1);
                packet
            }
            (None, _) => due(&mut self.packets)?,
        };
        match &mut self.mode {
            RepeatMode::Encode => out(packet),
            RepeatMode::Skip => self.write_longer(packet, repeats, out),
            RepeatMode::Still(_) => self.write_copies(packet, repeats, out),
        }
    }

    /// Writes a picture that lasts over its repetitions.
    fn write_longer(
        &mut self,
        mut packet: Packet,
        repeats: i64,
        out: &mut dyn FnMut(Packet) -> Result<(), StageEnd>,
    ) -> Result<(), StageEnd> {
        let pts = packet.pts().unwrap_or(0);
        packet.set_timing(pts, packet.dts().unwrap_or(pts), repeats + 1);
        let ready = match &mut self.order {
            Some(order) => order.push(packet),
            None => Some(packet),
        };
        ready.map_or(Ok(()), out)
    }

    /// Writes a picture and copies of it.
    fn write_copies(
        &mut self,
        mut packet: Packet,
        repeats: i64,
        out: &mut dyn FnMut(Packet) -> Result<(), StageEnd>,
    ) -> Result<(), StageEnd> {
        let pts = packet.pts().unwrap_or(0);
        let declined = |reason| ExportError::StillPictures { frame: pts, reason };
        if let RepeatMode::Still(Some(still)) = &mut self.mode
            && let Some(renumbered) = still.coded(packet.data()).map_err(declined)?
        {
            packet = packet.with_data(&renumbered)?;
        }
        packet.set_timing(pts, pts, 1);
        out(packet)?;
        for pts in pts + 1..=pts + repeats {
            let copy = match (&mut self.mode, &mut self.regions) {
                (RepeatMode::Still(Some(still)), _) => still.repeat(),
                (_, Some(regions)) => regions.stream().still(),
                (_, None) => Err(Declined::Unsupported("nothing is there to write copies")),
            };
            let copy = copy.map_err(declined)?;
            self.counts.written += 1;
            self.counts.still += 1;
            out(Packet::from_bytes(&copy, pts, pts, 1, false)?)?;
        }
        Ok(())
    }
}

/// The packet of the oldest picture that the encoder of whole pictures was given.
fn due(packets: &mut VecDeque<Packet>) -> Result<Packet, StageEnd> {
    packets
        .pop_front()
        .ok_or_else(|| ExportError::from(EncodeError::MissingPacket).into())
}
