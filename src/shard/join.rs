//! Makes an MP4 of the parts, without encoding.

use std::path::{Path, PathBuf};

use super::check::{self, JoinedFacts};
use super::error::ShardError;
use super::part::{self, Checked, PartId, PartPackets, Unusable};
use super::plan::ShardPlan;
use super::retry;
use super::run::same_tool;
use crate::export::{Cancel, ExportError};
use crate::media::decoding_order::DecodingOrder;
use crate::media::encode::{AAC_BIT_RATE, AacEncoder, Packet, SAMPLE_RATE};
use crate::media::h264::{idr_pic_id, with_idr_pic_id};
use crate::media::mux::{Mp4Writer, MuxReport};
use crate::output::OutputFile;

/// Sound is written until it is this far ahead of the video, seconds.
const SOUND_LEAD: f64 = 0.5;

/// What was joined.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinReport {
    /// The MP4.
    pub path: PathBuf,
    /// What was written.
    pub file: MuxReport,
    /// What the finished file was found to be.
    pub facts: JoinedFacts,
    /// What is odd.
    pub warnings: Vec<String>,
}

/// Joins the parts in `folder` into `output`, checks the result and gives it its name.
///
/// # Errors
/// When a part is missing, damaged or of another plan, naming all of these; when the file can't be written, or is not what it
/// should be.
pub fn join(
    plan: &ShardPlan,
    folder: &Path,
    output: OutputFile,
    cancel: &Cancel,
) -> Result<JoinReport, ShardError> {
    same_tool(plan)?;
    let parts = all(plan, folder)?;
    let warnings = adapters(&parts);
    let video = plan.track.track()?;
    let sound = plan.sound.map(|_| AacEncoder::open(AAC_BIT_RATE)).transpose()?;
    let sound_track = sound.as_ref().map(AacEncoder::track);
    let mut writer =
        Mp4Writer::create_named(output.partial(), output.target(), &video, sound_track.as_ref())?;
    let mut sound = match plan.sound {
        Some(_) => Some(PartPackets::open(PartId::Sound, folder, 0)?),
        None => None,
    };
    let mut sound_until = f64::NEG_INFINITY;
    let mut border = Border::new(plan);
    let mut times = Vec::new();
    let mut order = DecodingOrder::new(plan.track.video_delay);
    for planned in &plan.parts {
        let part = PartId::Video(planned.part);
        let mut packets = PartPackets::open(part, folder, planned.first - plan.first)?;
        let mut first = true;
        while let Some(packet) = packets.next()? {
            if cancel.is_requested() {
                return Err(ExportError::Cancelled.into());
            }
            let packet = border.place(packet, (part, first))?;
            first = false;
            let pts = packet.pts().unwrap_or(0);
            let until = pts as f64 / f64::from(plan.settings.frame_rate.fps()) + SOUND_LEAD;
            while let Some(sound) = sound.as_mut().filter(|_| sound_until < until) {
                match sound.next()? {
                    Some(packet) => {
                        sound_until = packet.pts().unwrap_or(0) as f64 / f64::from(SAMPLE_RATE);
                        writer.write_audio(packet)?;
                    }
                    None => sound_until = f64::INFINITY,
                }
            }
            times.push(pts);
            if let Some(packet) = order.push(packet) {
                writer.write_video(packet)?;
            }
        }
    }
    for packet in order.finish(plan.frames().cast_signed()) {
        writer.write_video(packet)?;
    }
    if let Some(mut sound) = sound {
        while let Some(packet) = sound.next()? {
            writer.write_audio(packet)?;
        }
    }
    let file = writer.finish()?;
    let facts = check::look(plan, output.partial(), times)?;
    let path = output.publish()?;
    Ok(JoinReport {
        path,
        file,
        facts,
        warnings,
    })
}

/// All parts, each whole and of this plan.
fn all(plan: &ShardPlan, folder: &Path) -> Result<Vec<(PartId, Checked)>, ShardError> {
    let jobs = plan.jobs();
    let (mut found, mut missing, mut reasons) = (Vec::new(), Vec::new(), String::new());
    for &job in &jobs {
        match part::check(plan, job, folder) {
            Ok(checked) => found.push((job, checked)),
            Err(Unusable::Missing) => missing.push(job),
            Err(Unusable::Wrong(why)) => {
                missing.push(job);
                reasons.push_str(&why);
                reasons.push_str(". ");
            }
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
    Err(ShardError::Parts {
        missing: missing.len(),
        parts: jobs.len(),
        list: names.join(", "),
        reasons,
        retry: retry::array(&missing, u32::try_from(plan.parts.len()).unwrap_or(u32::MAX)),
    })
}

/// Says where parts were composed by different adapters, whose last bits may differ.
fn adapters(parts: &[(PartId, Checked)]) -> Vec<String> {
    let mut names: Vec<String> = parts
        .iter()
        .filter_map(|(_, part)| part.label.adapter.as_ref())
        .map(|adapter| format!("{} ({})", adapter.name, adapter.driver))
        .collect();
    names.sort();
    names.dedup();
    if names.len() < 2 {
        return Vec::new();
    }
    vec![format!(
        "the parts were composed by {} different adapters, whose pixels may differ in the last bit: {}",
        names.len(),
        names.join("; ")
    )]
}

/// Puts the packets of one part behind those of the one before.
struct Border {
    parameter_sets: Vec<u8>,
    /// idr_pic_id of the last packet, where it is an IDR picture.
    last_idr: Option<u32>,
}

impl Border {
    fn new(plan: &ShardPlan) -> Self {
        Self {
            parameter_sets: plan.track.sets().unwrap_or_default(),
            last_idr: None,
        }
    }

    /// A packet of a part as it stands in the joined stream; `first` says that it is the first of its part.
    fn place(&mut self, packet: Packet, (part, first): (PartId, bool)) -> Result<Packet, ShardError> {
        if !packet.is_key() {
            self.last_idr = None;
            return Ok(packet);
        }
        // A stream that is not understood is left as it is: decoders find pictures by their packets.
        let number = idr_pic_id(&self.parameter_sets, packet.data()).unwrap_or(None);
        let clashes = first && number.is_some() && self.last_idr == number;
        self.last_idr = number;
        if !clashes {
            return Ok(packet);
        }
        // Different from the one before, and from the one that encoders which alternate would write next.
        let other = match number {
            Some(0 | 1) => 2,
            Some(number) => number - 2,
            None => 0,
        };
        let bytes = with_idr_pic_id(&self.parameter_sets, packet.data(), other).map_err(|reason| {
            ShardError::Stream {
                part: part.to_string(),
                reason,
            }
        })?;
        self.last_idr = Some(other);
        Ok(packet.with_data(&bytes)?)
    }
}
