//! Damage between the boxes of an MP4: found before FFmpeg meets it, and covered so that what lies behind can be read.
//!
//! A demuxer that meets zeros, or any other bytes that are no box, takes them for the end of the file, silently. So the
//! boxes are walked here first. Where one is no box, the next `moof` (or other box of the top level) that makes sense is
//! looked for, and the bytes up to it are shown to FFmpeg as a `free` box (ISO/IEC 14496-12, 8.1.2), which it skips.

use std::io::{self, Read, Seek, SeekFrom};

use super::chain::{FoundBox, box_at, read_up_to};
use super::fragment::{Fragment, Timing};

/// Boxes of the top level that are looked for behind damage: those whose content can be checked.
const RESUME: [&[u8; 4]; 2] = [b"moof", b"moov"];
/// What an MP4 or a piece of one begins with.
const BEGINNINGS: [&[u8; 4]; 8] = [
    b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide",
];
/// A `moof` larger than this is not believed.
const LARGEST_FRAGMENT: u64 = 16 << 20;
/// Most holes that are covered; a file with more is beyond help.
const MOST_HOLES: usize = 1000;
/// Most boxes of a file.
const MOST_BOXES: usize = 1 << 21;
/// Bytes of boxes that look like a beginning behind damage, and are none, that are read of a file. One in which every few bytes
/// look like that would be read thousands of times over.
const MOST_WASTED: u64 = 128 << 20;
/// The header of a box.
const HEADER: u64 = 8;

/// Bytes that are shown in the place of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    pub(super) at: u64,
    pub(super) bytes: [u8; HEADER as usize],
}

/// A stretch of a stream that can't be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hole {
    pub(super) start: u64,
    pub(super) end: u64,
    /// Seconds where the last fragment before ends, and the first behind begins, as far as they are known.
    pub(super) from: Option<f64>,
    pub(super) to: Option<f64>,
}

/// Walks the boxes of `stream`, an MP4, and finds the damage between them. Leaves the position at 0.
pub(super) fn find_holes(stream: &mut (impl Read + Seek)) -> io::Result<Vec<Hole>> {
    let length = stream.seek(SeekFrom::End(0))?;
    let mut holes: Vec<Hole> = Vec::new();
    let mut timing = Timing::default();
    let (mut position, mut reached) = (0, None);
    let mut wasted = 0;
    let begins = box_at(stream, 0, length)?.is_some_and(|first| BEGINNINGS.contains(&&first.kind));
    if !begins {
        stream.seek(SeekFrom::Start(0))?;
        return Ok(holes);
    }
    for _ in 0..MOST_BOXES {
        let Some(found) = sound_box(stream, position, length, &mut timing)? else {
            if position >= length || position == 0 || holes.len() == MOST_HOLES {
                break;
            }
            let end = resume(stream, position, length, &mut timing, &mut wasted)?;
            // A few bytes behind the last box are harmless.
            if end - position < HEADER && end == length {
                break;
            }
            holes.push(Hole {
                start: position,
                end,
                from: reached,
                to: None,
            });
            position = end;
            continue;
        };
        if let Some(fragment) = found.1 {
            if let Some(hole) = holes.last_mut().filter(|hole| hole.to.is_none()) {
                hole.to = fragment.start;
            }
            reached = fragment.end.or(reached);
        }
        position = found.0.end;
    }
    stream.seek(SeekFrom::Start(0))?;
    Ok(holes)
}

/// What hides a hole.
pub(super) fn cover(hole: &Hole) -> Option<Patch> {
    let size = u32::try_from(hole.end - hole.start)
        .ok()
        .filter(|size| u64::from(*size) >= HEADER)?;
    let [a, b, c, d] = size.to_be_bytes();
    Some(Patch {
        at: hole.start,
        bytes: [a, b, c, d, b'f', b'r', b'e', b'e'],
    })
}

/// The box at `position` if there is one that makes sense, with what a fragment says.
fn sound_box(
    stream: &mut (impl Read + Seek),
    position: u64,
    length: u64,
    timing: &mut Timing,
) -> io::Result<Option<(FoundBox, Option<Fragment>)>> {
    let Some(found) = box_at(stream, position, length)? else {
        return Ok(None);
    };
    match &found.kind {
        b"moov" => {
            timing.read(&content(stream, &found)?);
            Ok(Some((found, None)))
        }
        b"moof" => {
            let fragment = Fragment::read(&content(stream, &found)?, timing);
            Ok(fragment.map(|fragment| (found, Some(fragment))))
        }
        _ => Ok(Some((found, None))),
    }
}

/// The content of a box, as far as it is believed.
fn content(stream: &mut (impl Read + Seek), found: &FoundBox) -> io::Result<Vec<u8>> {
    let bytes = (found.end - found.content).min(LARGEST_FRAGMENT) as usize;
    let mut content = vec![0; bytes];
    stream.seek(SeekFrom::Start(found.content))?;
    let have = read_up_to(stream, &mut content)?;
    content.truncate(have);
    Ok(content)
}

/// Where the next box begins that makes sense, behind `from`; the end where there is none. `wasted` counts the bytes that were
/// read in vain.
fn resume(
    stream: &mut (impl Read + Seek),
    from: u64,
    length: u64,
    timing: &mut Timing,
    wasted: &mut u64,
) -> io::Result<u64> {
    let mut buffer = vec![0; 64 * 1024];
    // A box has to begin behind `from`: what is there is damaged.
    let mut start = from + 1;
    while start + HEADER <= length {
        stream.seek(SeekFrom::Start(start))?;
        let have = read_up_to(stream, &mut buffer)?;
        let candidates = buffer[..have]
            .windows(HEADER as usize)
            .enumerate()
            .filter(|(_, header)| RESUME.iter().any(|kind| header[4..] == kind[..]))
            .map(|(at, _)| start + at as u64);
        for candidate in candidates.collect::<Vec<_>>() {
            if *wasted > MOST_WASTED {
                return Ok(length);
            }
            *wasted += match box_at(stream, candidate, length)? {
                Some(found) => (found.end - candidate).min(LARGEST_FRAGMENT),
                None => HEADER,
            };
            if sound_box(stream, candidate, length, timing)?.is_some() {
                return Ok(candidate);
            }
        }
        if have < buffer.len() {
            break;
        }
        start += have as u64 - (HEADER - 1);
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Counts what is read.
    struct Counted {
        inner: Cursor<Vec<u8>>,
        read: u64,
    }

    impl Read for Counted {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let have = self.inner.read(buffer)?;
            self.read += have as u64;
            Ok(have)
        }
    }

    impl Seek for Counted {
        fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
            self.inner.seek(target)
        }
    }

    /// 8 MB behind damage in which every eight bytes say that a fragment of 2 MB begins: read in turn, they are a terabyte.
    #[test]
    fn false_beginnings_are_not_looked_at_for_ever() {
        let mut bytes = [&[0, 0, 0, 16][..], b"ftypisom\0\0\0\0", &[0; 16]].concat();
        bytes.extend(b"\0\x20\0\0moof".repeat(1 << 20));
        let length = bytes.len() as u64;
        let mut stream = Counted {
            inner: Cursor::new(bytes),
            read: 0,
        };
        let holes = find_holes(&mut stream).unwrap();
        assert_eq!(holes.last().unwrap().end, length);
        assert!(
            stream.read < 2 * MOST_WASTED + 4 * length,
            "{} bytes were read",
            stream.read
        );
    }

    #[test]
    fn a_fragment_behind_a_few_false_beginnings_is_found() {
        let boxed = |kind: &[u8; 4], content: &[u8]| {
            let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
            [&size[..], kind, content].concat()
        };
        let traf = boxed(b"traf", &boxed(b"tfhd", &[0; 8]));
        let moof = boxed(b"moof", &[boxed(b"mfhd", &[0; 8]), traf].concat());
        let damage = b"\0\x20\0\0moof".repeat(100);
        let bytes = [boxed(b"ftyp", b"isom"), vec![0; 16], damage, moof.clone()].concat();
        let holes = find_holes(&mut Cursor::new(bytes.clone())).unwrap();
        assert_eq!(holes.len(), 1);
        assert_eq!(
            (holes[0].start, holes[0].end),
            (12, (bytes.len() - moof.len()) as u64)
        );
    }
}
