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
/// Bytes that begin like pages, and are none, that are read of a file. One in which every few bytes look like that would be
/// read thousands of times over.
const MOST_WASTED: usize = 128 << 20;
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
    // How much of the buffer was looked at.
    let mut at = 0;
    let mut wasted = 0;
    // Place of what is looked at, and where the last whole page ended.
    let (mut start, mut good) = (0_u64, 0_u64);
    let mut before: Option<Page> = None;
    // Samples up to the last page, and in it.
    let (mut reached, mut step) = (0_u64, 0_u64);
    let seconds = |granule: u64| (granule != NO_GRANULE).then(|| granule as f64 / f64::from(rate.max(1)));
    loop {
        if buffer.len() - at < LARGEST {
            buffer.drain(..at);
            at = 0;
            let have = buffer.len();
            buffer.resize(4 * LARGEST, 0);
            let read = read_up_to(stream, &mut buffer[have..])?;
            buffer.truncate(have + read);
        }
        let rest = &buffer[at..];
        if rest.is_empty() || wasted > MOST_WASTED {
            break;
        }
        let Some(page) = Page::read(rest) else {
            wasted += Page::length(rest).unwrap_or(0);
            // The next byte at which a page may begin.
            let skip = rest[1..]
                .windows(4)
                .position(|bytes| bytes == CAPTURE)
                .map_or(rest.len().saturating_sub(3).max(1), |at| at + 1);
            at += skip;
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
        at += page.length;
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
    /// Bytes of the page that `bytes` begin with, by its header.
    fn length(bytes: &[u8]) -> Option<usize> {
        let header = bytes.get(..HEADER)?;
        if &header[..4] != CAPTURE || header[4] != 0 {
            return None;
        }
        let table = bytes.get(HEADER..HEADER + usize::from(header[26]))?;
        Some(HEADER + table.len() + table.iter().map(|size| usize::from(*size)).sum::<usize>())
    }

    /// The page that `bytes` begin with, if it is whole and its checksum is right.
    fn read(bytes: &[u8]) -> Option<Self> {
        let length = Self::length(bytes)?;
        let (header, page) = (bytes.get(..HEADER)?, bytes.get(..length)?);
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

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::time::{Duration, Instant};

    use super::*;

    fn page(sequence: u32, content: &[u8]) -> Vec<u8> {
        let mut page = b"OggS\0\0".to_vec();
        page.extend(u64::from(sequence).to_le_bytes());
        page.extend(
            [7_u32, sequence, 0]
                .iter()
                .flat_map(|number| number.to_le_bytes()),
        );
        page.extend([1, u8::try_from(content.len()).unwrap()]);
        page.extend(content);
        let sum = checksum(&page);
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        page
    }

    /// Between two whole pages, 16 MB in which every 32 bytes look like a page of some 20 kB: their checksums are 10 GB.
    #[test]
    fn false_pages_are_not_looked_at_for_ever() {
        let mut false_page = b"OggS\0".to_vec();
        false_page.resize(32, 0xff);
        let bytes = [page(0, b"whole"), false_page.repeat(1 << 19), page(1, b"whole")].concat();
        let begun = Instant::now();
        let holes = find_holes(&mut Cursor::new(&bytes), 48_000).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        assert_eq!((holes.len(), holes[0].start), (1, page(0, b"whole").len() as u64));
    }

    #[test]
    fn damage_and_lost_pages_are_found() {
        let pages: Vec<_> = (0..6).map(|number| page(number, &[7; 200])).collect();
        let length = pages[0].len() as u64;
        let lost = [&pages[..2], &pages[3..]].concat().concat();
        let holes = find_holes(&mut Cursor::new(lost), 48_000).unwrap();
        assert_eq!(
            holes
                .iter()
                .map(|hole| (hole.start, hole.end))
                .collect::<Vec<_>>(),
            [(2 * length, 2 * length)]
        );
        let mut damaged = pages.concat();
        damaged[3 * length as usize + 100] ^= 1;
        let holes = find_holes(&mut Cursor::new(damaged), 48_000).unwrap();
        assert_eq!(
            holes
                .iter()
                .map(|hole| (hole.start, hole.end))
                .collect::<Vec<_>>(),
            [(3 * length, 4 * length)]
        );
    }
}
