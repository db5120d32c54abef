//! Files read as one: `init + pieces` of a fragmented track are one MP4 (cap-format.md 3.5) without being joined on disk.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::edit::{self, TrackFacts};
use super::repair::Patch;
use crate::media::ffmpeg::MediaError;
use crate::reading::{self, Place};

/// Files read as one stream of bytes.
///
/// One file is open at a time, however many pieces there are: an hour of two-second fragments is 1,800 files, more than
/// a process may hold open.
pub(super) struct Chain {
    parts: Vec<Part>,
    length: u64,
    position: u64,
    open: Option<(usize, File)>,
    /// In order of their place.
    patches: Vec<Patch>,
}

struct Part {
    path: PathBuf,
    start: u64,
    length: u64,
}

impl Chain {
    /// Looks at every file; none stays open.
    ///
    /// # Errors
    /// When one is missing, can't be read, or is no regular file.
    pub(super) fn open(files: &[PathBuf]) -> Result<Self, MediaError> {
        let mut parts = Vec::with_capacity(files.len());
        let mut length = 0_u64;
        for path in files {
            let error = |source| MediaError::Io {
                action: "open",
                file: path.clone(),
                source,
            };
            // Opened here already so that a missing permission is reported with its file.
            let metadata = reading::open(path, Place::Recording)
                .and_then(|file| file.metadata())
                .map_err(error)?;
            parts.push(Part {
                path: path.clone(),
                start: length,
                length: metadata.len(),
            });
            length = length.saturating_add(metadata.len());
        }
        Ok(Self {
            parts,
            length,
            position: 0,
            open: None,
            patches: Vec::new(),
        })
    }

    /// Bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Shows these bytes, in order of their place, instead of those of the files.
    pub(super) fn patch(&mut self, patches: Vec<Patch>) {
        self.patches = patches;
    }

    /// The file that holds the byte at `position`, and where in it.
    pub(super) fn place(&self, position: u64) -> Option<(&Path, u64)> {
        let part = &self.parts[self.part_at(position)?];
        Some((&part.path, position - part.start))
    }

    /// Index of the part that holds the byte at `position`.
    fn part_at(&self, position: u64) -> Option<usize> {
        let index = self
            .parts
            .partition_point(|part| part.start + part.length <= position);
        (index < self.parts.len()).then_some(index)
    }
}

impl Read for Chain {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(index) = self.part_at(self.position) else {
            return Ok(0);
        };
        let part = &self.parts[index];
        let offset = self.position - part.start;
        if self.open.as_ref().is_none_or(|(open, _)| *open != index) {
            self.open = Some((index, reading::open(&part.path, Place::Recording)?));
        }
        let Some((_, file)) = &mut self.open else {
            return Ok(0);
        };
        // Never beyond the length that was seen at the start: a file that grows meanwhile would shift its successors.
        let wanted =
            usize::try_from(part.length - offset).map_or(buffer.len(), |rest| rest.min(buffer.len()));
        file.seek(SeekFrom::Start(offset))?;
        let count = file.read(&mut buffer[..wanted])?;
        let (from, to) = (self.position, self.position + count as u64);
        let first = self
            .patches
            .partition_point(|patch| patch.at + patch.bytes.len() as u64 <= from);
        for patch in self.patches[first..].iter().take_while(|patch| patch.at < to) {
            for (at, byte) in (patch.at..)
                .zip(patch.bytes)
                .filter(|(at, _)| (from..to).contains(at))
            {
                buffer[(at - from) as usize] = byte;
            }
        }
        self.position = to;
        Ok(count)
    }
}

impl Seek for Chain {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let position = match target {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
        };
        self.position = position
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a position before the first byte"))?;
        Ok(self.position)
    }
}

/// What the top level of an MP4 says before FFmpeg looks at it. All unset for anything that is no MP4.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Mp4Facts {
    /// Whether there is a `moof` box.
    pub(super) fragmented: bool,
    /// The movie header's duration, seconds: that of the longest track, edits and reordering included.
    pub(super) seconds: Option<f64>,
    /// Ticks of a second of the movie's own times.
    pub(super) movie_scale: u32,
    /// What the tracks say.
    pub(super) tracks: Vec<TrackFacts>,
}

/// More boxes than this before the first `moof` are not a recording.
const MOST_BOXES: u32 = 64;

/// Looks through the top level of an MP4 (ISO/IEC 14496-12, 4.2: size, type, content), and into `moov` for its header.
/// Leaves the position at 0.
pub(super) fn mp4_facts(stream: &mut (impl Read + Seek)) -> io::Result<Mp4Facts> {
    let end = stream.seek(SeekFrom::End(0))?;
    let mut facts = Mp4Facts::default();
    let mut position = 0;
    for _ in 0..MOST_BOXES {
        let Some(found) = box_at(stream, position, end)? else {
            break;
        };
        match &found.kind {
            b"moof" => {
                facts.fragmented = true;
                break;
            }
            b"moov" => {
                (facts.movie_scale, facts.seconds) = movie_seconds(stream, &found)?.unwrap_or_default();
                facts.tracks = edit::tracks(stream, &found)?;
            }
            _ => {}
        }
        position = found.end;
    }
    stream.seek(SeekFrom::Start(0))?;
    Ok(facts)
}

/// A box: its type, and where its content starts and ends.
pub(super) struct FoundBox {
    pub(super) kind: [u8; 4],
    pub(super) content: u64,
    pub(super) end: u64,
}

/// The box at `position`; `None` where there is none. One that is longer than what is around it ends where that ends, at
/// `limit`.
pub(super) fn box_at(
    stream: &mut (impl Read + Seek),
    position: u64,
    limit: u64,
) -> io::Result<Option<FoundBox>> {
    if position >= limit {
        return Ok(None);
    }
    stream.seek(SeekFrom::Start(position))?;
    let mut header = [0; 16];
    let have = read_up_to(stream, &mut header)?;
    if have < 8 {
        return Ok(None);
    }
    let [a, b, c, d, kind @ ..] = *header.first_chunk::<8>().unwrap_or(&[0; 8]);
    let (size, length) = match u32::from_be_bytes([a, b, c, d]) {
        1 if have == 16 => (u64::from_be_bytes(*header.last_chunk().unwrap_or(&[0; 8])), 16),
        // To the end.
        0 => (limit - position, 8),
        size => (u64::from(size), 8),
    };
    // The header itself has to lie within the limit: there may be more of the stream behind it.
    if size < length
        || position.saturating_add(length) > limit
        || !kind.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
    {
        return Ok(None);
    }
    Ok(Some(FoundBox {
        kind,
        content: position + length,
        end: position.saturating_add(size).min(limit),
    }))
}

/// Ticks of a second and duration in the movie header of `moov` (14496-12, 8.2.2); no duration where it says nothing, as in
/// a fragmented file.
fn movie_seconds(stream: &mut (impl Read + Seek), moov: &FoundBox) -> io::Result<Option<(u32, Option<f64>)>> {
    let mut position = moov.content;
    for _ in 0..MOST_BOXES {
        let Some(found) = box_at(stream, position, moov.end)? else {
            break;
        };
        if &found.kind != b"mvhd" {
            position = found.end;
            continue;
        }
        // Version 1, flags 3; creation and modification; ticks of a second 4; duration. In version 1 all times have 8 bytes.
        let mut content = [0; 32];
        stream.seek(SeekFrom::Start(found.content))?;
        let length = (found.end - found.content).min(32) as usize;
        if read_up_to(stream, &mut content[..length])? < length {
            break;
        }
        let number = |at: usize, bytes: usize| {
            content[at..at + bytes]
                .iter()
                .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let (ticks_of_a_second, ticks, unknown) = match (content[0], length) {
            (0, 20..) => (number(12, 4), number(16, 4), u64::from(u32::MAX)),
            (1, 32) => (number(20, 4), number(24, 8), u64::MAX),
            _ => break,
        };
        let known = ticks_of_a_second > 0 && ticks > 0 && ticks != unknown;
        let seconds = known.then(|| ticks as f64 / ticks_of_a_second as f64);
        return Ok(Some((u32::try_from(ticks_of_a_second).unwrap_or(0), seconds)));
    }
    Ok(None)
}

/// Reads until `buffer` is full or the stream ends.
pub(super) fn read_up_to(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut have = 0;
    while have < buffer.len() {
        match stream.read(&mut buffer[have..]) {
            Ok(0) => break,
            Ok(count) => have += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(have)
}
