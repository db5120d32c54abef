//! Reads the groups of a track's files as one run of packets.

use std::path::PathBuf;

use ffmpeg_next::{Error, Packet as RawPacket, Rational, Rescale as _, codec, media};

use super::RemuxError;
use crate::cap::MediaSource;
use crate::causes::one_line;
use crate::media::encode::{Packet, Track};
use crate::media::ffmpeg::{self, MediaError};
use crate::media::input::{self, Allowed, Input};

/// Unit in which groups of fragments are placed one after the other.
const MICROSECONDS: Rational = Rational(1, 1_000_000);
/// Damaged packets in a row after which the rest of a group is given up.
const MOST_DAMAGED: u32 = 64;

/// A packet on the clock of the output.
pub(super) struct Timed {
    pub(super) kind: media::Type,
    pub(super) packet: Packet,
    /// Decoding time.
    pub(super) seconds: f64,
}

/// One stream that is copied.
pub(super) struct Slot {
    pub(super) kind: media::Type,
    /// As the first group has it: what the output says of it.
    pub(super) track: Track,
    /// Its number in the group that is open.
    stream: usize,
    /// Its time base in the group that is open.
    time_base: Rational,
}

/// Reads the groups of a source one after the other.
pub(super) struct Reader {
    groups: std::vec::IntoIter<Vec<PathBuf>>,
    input: Option<Input>,
    first: PathBuf,
    pub(super) slots: Vec<Slot>,
    /// Earliest presentation time of the open group, microseconds.
    pub(super) start: i64,
    /// What is added to the times of the open group, microseconds.
    pub(super) shift: i64,
    /// Where the latest packet of all groups ends on the output's clock, microseconds.
    end: i64,
    pub(super) warnings: Vec<String>,
}

impl Reader {
    pub(super) fn open(
        source: &MediaSource,
        name: &'static str,
        kinds: &[media::Type],
    ) -> Result<Self, RemuxError> {
        let groups: Vec<Vec<PathBuf>> = input::groups(source)
            .into_iter()
            .map(<[PathBuf]>::to_vec)
            .collect();
        let mut reader = Self {
            groups: groups.into_iter(),
            input: None,
            first: PathBuf::new(),
            slots: Vec::new(),
            start: 0,
            shift: 0,
            end: 0,
            warnings: Vec::new(),
        };
        let mut failure = None;
        while let Some(files) = reader.groups.next() {
            let opened = Input::open(&files, Allowed::Track).and_then(|input| {
                let slots = slots(&input, kinds);
                let kind = if kinds[0] == media::Type::Video {
                    "video"
                } else {
                    "audio"
                };
                match slots.first() {
                    Some(slot) if slot.kind == kinds[0] => Ok((input, slots)),
                    _ => Err(MediaError::NoStream {
                        file: input.file().to_owned(),
                        kind,
                    }),
                }
            });
            match opened {
                Ok((input, slots)) => {
                    reader.first = input.file().to_owned();
                    reader.start = start_of(&input, &slots);
                    reader.slots = slots;
                    reader.input = Some(input);
                    return Ok(reader);
                }
                Err(error) => {
                    reader.warn(format!("left out: {}", one_line(&error)));
                    failure.get_or_insert(error);
                }
            }
        }
        Err(match failure {
            Some(source) => RemuxError::Unreadable { track: name, source },
            None => RemuxError::NoFragments { track: name },
        })
    }

    fn warn(&mut self, warning: String) {
        tracing::warn!("{warning}");
        self.warnings.push(warning);
    }

    /// The next packet of any copied stream, on the clock of the output; `None` after the last.
    pub(super) fn read(&mut self) -> Result<Option<Timed>, RemuxError> {
        let mut damaged = 0;
        loop {
            let Some(input) = &mut self.input else {
                return Ok(None);
            };
            ffmpeg::forget_complaints();
            let mut packet = RawPacket::empty();
            match packet.read(input.context()) {
                Ok(()) if packet.is_corrupt() => {
                    let file = input.file().display().to_string();
                    self.warn(format!("a truncated packet at the end of {file} was left out"));
                }
                Ok(()) => {
                    damaged = 0;
                    let found = self.slots.iter().position(|slot| slot.stream == packet.stream());
                    if let Some(slot) = found {
                        return Ok(Some(self.place(slot, packet)));
                    }
                }
                Err(Error::Eof) => self.open_next()?,
                Err(Error::InvalidData) if damaged < MOST_DAMAGED => damaged += 1,
                Err(Error::InvalidData) => {
                    let file = input.file().display().to_string();
                    self.warn(format!("the rest of {file} is damaged and was left out"));
                    self.open_next()?;
                }
                Err(code) => {
                    return Err(RemuxError::Read {
                        file: input.file().to_owned(),
                        source: code.into(),
                    });
                }
            }
        }
    }

    /// Moves a packet from the clock of its group to that of the output.
    fn place(&mut self, slot: usize, mut packet: RawPacket) -> Timed {
        let slot = &self.slots[slot];
        packet.rescale_ts(slot.time_base, slot.track.time_base);
        let shift = self.shift.rescale(MICROSECONDS, slot.track.time_base);
        packet.set_pts(packet.pts().map(|pts| pts.saturating_add(shift)));
        packet.set_dts(packet.dts().map(|dts| dts.saturating_add(shift)));
        let due = packet.dts().or(packet.pts()).unwrap_or(0);
        let shown = packet.pts().unwrap_or(due).saturating_add(packet.duration());
        self.end = self.end.max(shown.rescale(slot.track.time_base, MICROSECONDS));
        Timed {
            kind: slot.kind,
            seconds: due as f64 * f64::from(slot.track.time_base),
            packet: Packet::from_ffmpeg(packet),
        }
    }

    /// Opens the next group that can be opened, and places it behind what was read.
    fn open_next(&mut self) -> Result<(), RemuxError> {
        self.input = None;
        while let Some(files) = self.groups.next() {
            let input = match Input::open(&files, Allowed::Track) {
                Ok(input) => input,
                Err(error) => {
                    self.warn(format!("left out: {}", one_line(&error)));
                    continue;
                }
            };
            let kinds: Vec<media::Type> = self.slots.iter().map(|slot| slot.kind).collect();
            let found = slots(&input, &kinds);
            if found.len() != kinds.len() {
                let file = input.file().display().to_string();
                self.warn(format!(
                    "left out: {file} lacks a stream that the track had before"
                ));
                continue;
            }
            for (slot, found) in self.slots.iter_mut().zip(&found) {
                if let Some(what) = difference(&slot.track, &found.track) {
                    return Err(RemuxError::Mismatch {
                        file: input.file().to_owned(),
                        first: self.first.clone(),
                        what,
                    });
                }
                (slot.stream, slot.time_base) = (found.stream, found.time_base);
            }
            self.start = start_of(&input, &found);
            self.shift = self.end - self.start;
            self.input = Some(input);
            return Ok(());
        }
        Ok(())
    }
}

/// The streams of these kinds, in the order of `kinds`.
fn slots(input: &Input, kinds: &[media::Type]) -> Vec<Slot> {
    let streams = input.context_ref().streams();
    let best = kinds.iter().filter_map(|kind| streams.best(*kind));
    best.map(|stream| {
        let rate = stream.avg_frame_rate();
        let video = stream.parameters().medium() == media::Type::Video;
        Slot {
            kind: stream.parameters().medium(),
            track: Track {
                // A copy: what `parameters` gives would keep the file open.
                parameters: stream.parameters().clone(),
                time_base: stream.time_base(),
                frame_rate: (video && rate.numerator() > 0 && rate.denominator() > 0).then_some(rate),
            },
            stream: stream.index(),
            time_base: stream.time_base(),
        }
    })
    .collect()
}

/// Earliest presentation time of the copied streams, microseconds; 0 where the container does not say.
fn start_of(input: &Input, slots: &[Slot]) -> i64 {
    let streams = slots
        .iter()
        .filter_map(|slot| input.context_ref().stream(slot.stream));
    streams
        .filter(|stream| stream.start_time() != ffmpeg_next::ffi::AV_NOPTS_VALUE)
        .map(|stream| stream.start_time().rescale(stream.time_base(), MICROSECONDS))
        .min()
        .unwrap_or(0)
}

/// What keeps the packets of two streams out of one track.
fn difference(first: &Track, other: &Track) -> Option<&'static str> {
    let facts = |parameters: &codec::Parameters| {
        // SAFETY: plain fields of parameters that are alive.
        unsafe {
            let raw = &*parameters.as_ptr();
            (raw.codec_id, (raw.width, raw.height), raw.sample_rate)
        }
    };
    let (a, b) = (facts(&first.parameters), facts(&other.parameters));
    if a.0 != b.0 {
        Some("the codec")
    } else if a.1 != b.1 {
        Some("the picture size")
    } else if a.2 != b.2 {
        Some("the sample rate")
    } else if first.extradata() != other.extradata() {
        Some("the codec's headers")
    } else {
        None
    }
}
