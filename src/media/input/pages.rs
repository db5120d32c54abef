//! Damage in an Ogg file: pages whose checksum is wrong, bytes between pages, pages that are missing (RFC 3533, 6).

use std::io::{self, Read, Seek, SeekFrom};

use super::chain::read_up_to;
use super::repair::Hole;

/// What every page begins with.
const CAPTURE: &[u8; 4] = b"OggS";
/// Bytes of a page's header without its table of segments.
const HEADER: usize = 27;
/// Largest page: header, table and 255 segments of 255 bytes.
const LARGEST: usize = HEADER + 255 + 255 * 255;
/// A granule position that says nothing.
const NO_GRANULE: u64 = u64::MAX;
/// Most holes that are told.
const MOST_HOLES: usize = 1000;

/// A page that is whole.
struct Page {
    length: usize,
    serial: u32,
    sequence: u32,
    granule: u64,
}

/// Reads all pages of `stream`, whose granule positions count samples of `rate` a second.
pub(super) fn find_holes(stream: &mut (impl Read + Seek), rate: u32) -> io::Result<Vec<Hole>> {
    let length = stream.seek(SeekFrom::End(0))?;
    stream.seek(SeekFrom::Start(0))?;
    let mut holes = Vec::new();
    let mut buffer = Vec::new();
    // Place of the buffer's first byte, and where the last whole page ended.
    let (mut start, mut good) = (0_u64, 0_u64);
    let mut before: Option<Page> = None;
    // Samples up to the last page, and in it.
    let (mut reached, mut step) = (0_u64, 0_u64);
    let seconds = |granule: u64| (granule != NO_GRANULE).then(|| granule as f64 / f64::from(rate.max(1)));
    loop {
        if buffer.len() < LARGEST {
            let have = buffer.len();
            buffer.resize(4 * LARGEST, 0);
            let read = read_up_to(stream, &mut buffer[have..])?;
            buffer.truncate(have + read);
        }
        if buffer.is_empty() {
            break;
        }
        let Some(page) = Page::read(&buffer) else {
            // The next byte at which a page may begin.
            let skip = buffer[1..]
                .windows(4)
                .position(|bytes| bytes == CAPTURE)
                .map_or(buffer.len().saturating_sub(3).max(1), |at| at + 1);
            buffer.drain(..skip);
            start += skip as u64;
            continue;
        };
        let missing = before.as_ref().is_some_and(|before| {
            before.serial == page.serial && page.sequence != before.sequence.wrapping_add(1)
        });
        if (start > good || missing) && holes.len() < MOST_HOLES {
            holes.push(Hole {
                start: good,
                end: start,
                from: before.as_ref().and_then(|before| seconds(before.granule)),
                // A page says where it ends; it begins about a page's length before.
                to: seconds(page.granule.saturating_sub(step).max(reached)),
            });
        } else if page.granule != NO_GRANULE {
            step = page.granule.saturating_sub(reached);
        }
        if page.granule != NO_GRANULE {
            reached = page.granule;
        }
        buffer.drain(..page.length);
        start += page.length as u64;
        good = start;
        before = Some(page);
    }
    if good < length && before.is_some() && holes.len() < MOST_HOLES {
        holes.push(Hole {
            start: good,
            end: length,
            from: before.and_then(|before| seconds(before.granule)),
            to: None,
        });
    }
    Ok(holes)
}

impl Page {
    /// The page that `bytes` begins with, if it is whole and its checksum is right.
    fn read(bytes: &[u8]) -> Option<Self> {
        let header = bytes.get(..HEADER)?;
        if &header[..4] != CAPTURE || header[4] != 0 {
            return None;
        }
        let table = bytes.get(HEADER..HEADER + usize::from(header[26]))?;
        let length = HEADER + table.len() + table.iter().map(|size| usize::from(*size)).sum::<usize>();
        let page = bytes.get(..length)?;
        let number = |at: usize| header.get(at..)?.first_chunk().copied().map(u32::from_le_bytes);
        if checksum(page) != number(22)? {
            return None;
        }
        Some(Self {
            length,
            serial: number(14)?,
            sequence: number(18)?,
            granule: u64::from(number(6)?) | u64::from(number(10)?) << 32,
        })
    }
}

/// The checksum of a page, its own field counted as 0: polynomial 0x04C11DB7, most significant bit first, from 0.
fn checksum(page: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    let mut sum = 0_u32;
    for (at, byte) in page.iter().enumerate() {
        let byte = if (22..26).contains(&at) { 0 } else { *byte };
        sum = sum << 8 ^ TABLE[((sum >> 24) as u8 ^ byte) as usize];
    }
    sum
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut value = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            value = value << 1 ^ if value >> 31 == 1 { 0x04C1_1DB7 } else { 0 };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
}
