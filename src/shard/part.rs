//! What a part is called, and what its file says of it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::ShardError;
use super::plan::ShardPlan;
use crate::export::{AdapterPath, Repeats};
use crate::media::encode::{Packet, TrackFacts};
use crate::media::packet_file::{PacketFileError, PacketFileReader};

/// One of the jobs of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartId {
    /// A run of frames, counted from 0.
    Video(u32),
    /// The sound track.
    Sound,
}

impl PartId {
    /// The name of its file in the folder of the parts.
    pub fn file_name(self) -> String {
        match self {
            Self::Video(number) => format!("part-{number:04}.packets"),
            Self::Sound => "sound.packets".to_owned(),
        }
    }

    /// Its file in this folder.
    pub fn file(self, folder: &Path) -> PathBuf {
        folder.join(self.file_name())
    }
}

impl fmt::Display for PartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Video(number) => write!(f, "{number}"),
            Self::Sound => f.write_str("sound"),
        }
    }
}

impl FromStr for PartId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number) => Ok(Self::Video(number)),
            Err(_) if text == "sound" => Ok(Self::Sound),
            Err(_) => Err("expected the number of a part, from 0 on, or sound".to_owned()),
        }
    }
}

/// What the file of a part says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Label {
    /// Identity of the plan.
    pub plan: String,
    /// Which part.
    pub part: String,
    /// Parameters of the pictures; `None` for sound.
    pub track: Option<TrackFacts>,
    /// What composed the pictures.
    pub adapter: Option<AdapterPath>,
}

/// A part's file that is known to be whole and of this plan.
pub(super) struct Checked {
    /// What it says of itself.
    pub label: Label,
}

/// Why a part's file can't be used, in words; an error when it can't even be looked at.
pub(super) enum Unusable {
    /// There is none.
    Missing,
    /// There is one.
    Wrong(String),
}

/// Reads all of a part's file and checks that it is the part that the plan asks for.
pub(super) fn check(plan: &ShardPlan, part: PartId, folder: &Path) -> Result<Checked, Unusable> {
    let file = part.file(folder);
    if file.symlink_metadata().is_err() {
        return Err(Unusable::Missing);
    }
    read_all(plan, part, &file).map_err(Unusable::Wrong)
}

fn read_all(plan: &ShardPlan, part: PartId, file: &Path) -> Result<Checked, String> {
    let text = |error: PacketFileError| crate::causes::one_line(&error);
    let mut reader = PacketFileReader::<Label>::open(file).map_err(text)?;
    let label = reader.label().clone();
    let name = file.display();
    if label.plan != plan.id {
        return Err(format!(
            "{name} belongs to another plan: another recording, other settings or other parts"
        ));
    }
    if label.part != part.to_string() {
        return Err(format!("{name} holds part {} of the plan", label.part));
    }
    let mut times = Vec::new();
    while let Some(packet) = reader.read().map_err(text)? {
        times.push(packet.pts().unwrap_or(0));
        if times.len() == 1 && part != PartId::Sound && !packet.is_key() {
            return Err(format!("{name} does not begin with a key frame"));
        }
    }
    if let PartId::Video(number) = part {
        let planned = plan.part(number).map_err(|error| error.to_string())?;
        let frames = planned.end - planned.first;
        if label.track.as_ref() != Some(&plan.track) {
            return Err(format!("{name} holds another stream than the plan says"));
        }
        let gaps = plan.settings.repeats == Repeats::Skip;
        tile(times, frames, gaps).map_err(|what| format!("{name} holds {what}"))?;
    }
    Ok(Checked { label })
}

/// Whether pictures lie one after the other from frame 0 to the last, each once; with `gaps`, some last longer than a frame.
fn tile(mut times: Vec<i64>, frames: u64, gaps: bool) -> Result<(), String> {
    times.sort_unstable();
    let mut next = 0;
    for pts in times {
        if pts != next && (!gaps || pts < next || next == 0) {
            return Err(format!("frame {pts} where {next} should come"));
        }
        next = pts + 1;
    }
    let whole = if gaps {
        (1..=frames).contains(&next.unsigned_abs())
    } else {
        next.unsigned_abs() == frames
    };
    if whole {
        Ok(())
    } else {
        Err(format!("{next} frames in the place of {frames}"))
    }
}

/// The packets of a part that was checked, moved to its place in the output.
pub(super) struct PartPackets {
    reader: PacketFileReader<Label>,
    offset: i64,
}

impl PartPackets {
    /// Opens the file of a part whose first frame is frame `offset` of the output.
    pub(super) fn open(part: PartId, folder: &Path, offset: u64) -> Result<Self, ShardError> {
        Ok(Self {
            reader: PacketFileReader::open(&part.file(folder))?,
            offset: offset.cast_signed(),
        })
    }

    /// The next packet; `None` behind the last.
    pub(super) fn next(&mut self) -> Result<Option<Packet>, ShardError> {
        let Some(mut packet) = self.reader.read()? else {
            return Ok(None);
        };
        let (pts, dts) = (packet.pts().unwrap_or(0), packet.dts().unwrap_or(0));
        let duration = packet.duration();
        packet.set_timing(pts + self.offset, dts + self.offset, duration);
        Ok(Some(packet))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_by_number() {
        assert_eq!("12".parse(), Ok(PartId::Video(12)));
        assert_eq!("sound".parse(), Ok(PartId::Sound));
        for text in ["", "-1", "x", "Sound", "1.0"] {
            assert!(text.parse::<PartId>().is_err(), "{text}");
        }
        assert_eq!(PartId::Video(7).file_name(), "part-0007.packets");
        assert_eq!(PartId::Video(7).to_string(), "7");
        assert_eq!(PartId::Sound.to_string(), "sound");
    }

    #[test]
    fn a_gap_an_overlap_and_a_lack_are_told() {
        for gaps in [false, true] {
            assert!(tile(vec![0, 2, 1], 3, gaps).is_ok());
            assert!(tile(vec![0, 1, 1], 3, gaps).is_err());
            assert!(tile(vec![0, 1, 2, 3], 3, gaps).is_err());
            assert!(tile(vec![-1, 0], 1, gaps).is_err());
            assert!(tile(vec![1, 2], 3, gaps).is_err());
            assert!(tile(vec![], 1, gaps).is_err());
            assert_eq!(tile(vec![0, 2], 3, gaps).is_ok(), gaps);
            assert_eq!(tile(vec![0, 1], 3, gaps).is_ok(), gaps);
        }
    }
}
