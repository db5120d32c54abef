//! What the structure of a media file says about it, without decoding: the top-level boxes of an MP4 (ISO/IEC 14496-12,
//! 4.2) and the signatures of Ogg and MP3.
//!
//! Cap probes by decoding. This room knows no decoder and asks for the structure that decoding needs; a file that has it
//! and still does not decode is found when the media are opened.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;

use crate::reading::{self, Place};

/// Boxes looked at before a file counts as damaged. A fragment has about four, a second of fragmented sound about 50.
const MAX_BOXES: usize = 1 << 20;

/// A box at the top level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TopBox {
    kind: [u8; 4],
    /// Bytes of content that are in the file.
    content: u64,
    /// Whether the file holds all of it.
    whole: bool,
}

/// Where a walk over the boxes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Exactly at the end of the file.
    Exact,
    /// In a box that goes on beyond the end of the file, or where the visitor had seen enough.
    Cut,
    /// At something that is no box.
    Malformed,
}

/// Visits the top-level boxes in order, at most until one reaches beyond the end of the file.
fn walk<F: Read + Seek>(file: &mut F, mut visit: impl FnMut(TopBox) -> ControlFlow<()>) -> io::Result<End> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut start = 0_u64;
    for _ in 0..MAX_BOXES {
        if start == length {
            return Ok(End::Exact);
        }
        let mut header = [0; 16];
        let available = usize::try_from(length - start)
            .unwrap_or(usize::MAX)
            .min(header.len());
        if available < 8 {
            return Ok(End::Cut);
        }
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut header[..available])?;
        let [s0, s1, s2, s3, k0, k1, k2, k3, large @ ..] = header;
        let (head, size) = match u32::from_be_bytes([s0, s1, s2, s3]) {
            0 => (8, length - start),
            1 if available == header.len() => (16, u64::from_be_bytes(large)),
            1 => return Ok(End::Cut),
            size => (8, u64::from(size)),
        };
        // A box of zeros, or of anything else that is no name, is damage.
        let named = [k0, k1, k2, k3]
            .iter()
            .all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        if size < head || !named {
            return Ok(End::Malformed);
        }
        let present = size.min(length - start);
        let whole = present == size;
        let top = TopBox {
            kind: [k0, k1, k2, k3],
            content: present - head.min(present),
            whole,
        };
        if visit(top).is_break() || !whole {
            return Ok(End::Cut);
        }
        start += size;
    }
    Ok(End::Malformed)
}

/// How a piece of a fragmented MP4 ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceState {
    /// The boxes end where the file ends, the last two being `moof` and `mdat`.
    Complete,
    /// The media data after some `moof` are cut short.
    CutShort,
    /// Somewhere the boxes end in something else, but there are some of a fragment before or behind.
    Damaged,
    /// No piece of a fragmented MP4.
    Unusable,
}

/// State of the piece at `path` (cap-format.md 3.5, "structurally complete").
pub(super) fn piece_state(path: &Path) -> io::Result<PieceState> {
    piece_state_of(&mut reading::open(path, Place::Recording)?)
}

fn piece_state_of<F: Read + Seek>(file: &mut F) -> io::Result<PieceState> {
    let mut last = [None, None];
    let mut media = false;
    let end = walk(file, |top| {
        last = [last[1], Some(top)];
        media |=
            last[0].is_some_and(|before| &before.kind == b"moof") && &top.kind == b"mdat" && top.content > 0;
        ControlFlow::Continue(())
    })?;
    let kinds = last.map(|top| top.map(|top| top.kind));
    Ok(
        if end == End::Exact && kinds == [Some(*b"moof"), Some(*b"mdat")] {
            PieceState::Complete
        } else if media && end != End::Malformed {
            PieceState::CutShort
        } else if end == End::Malformed && (media || holds_fragment(file)?) {
            PieceState::Damaged
        } else {
            PieceState::Unusable
        },
    )
}

/// Whether the header of a `moof` box occurs anywhere.
fn holds_fragment<F: Read + Seek>(file: &mut F) -> io::Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    let mut buffer = vec![0; 64 * 1024];
    let mut kept = 0;
    loop {
        let read = file.read(&mut buffer[kept..])?;
        let have = kept + read;
        // A size that has room for the two boxes that every `moof` holds, and the name.
        let starts = |header: &[u8]| matches!(header, [a, b, c, d, b'm', b'o', b'o', b'f'] if u32::from_be_bytes([*a, *b, *c, *d]) >= 32);
        if buffer[..have].windows(8).any(starts) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        // A name may lie across two reads.
        kept = have.min(7);
        buffer.copy_within(have - kept..have, 0);
    }
}

/// Whether the file at `path` has what decoding it on its own needs: an MP4 a whole `moov` and media data, an Ogg or MP3
/// its signature and more than a header.
pub(in crate::cap) fn decodes_alone(path: &Path) -> io::Result<bool> {
    decodes_alone_of(&mut reading::open(path, Place::Recording)?)
}

fn decodes_alone_of<F: Read + Seek>(file: &mut F) -> io::Result<bool> {
    let mut signature = Vec::new();
    file.by_ref().take(12).read_to_end(&mut signature)?;
    let stream = match &signature[..] {
        [b'O', b'g', b'g', b'S', ..] | [b'I', b'D', b'3', ..] => true,
        // Eleven bits set: the sync word of MPEG audio.
        [0xff, second, ..] => second & 0xe0 == 0xe0,
        _ => false,
    };
    if stream {
        // An Ogg page header with one packet takes 28 bytes, an MP3 frame header 4, an ID3 header 10.
        return Ok(file.seek(SeekFrom::End(0))? > 64);
    }
    let (mut header, mut media) = (false, false);
    walk(file, |top| {
        header |= &top.kind == b"moov" && top.whole && top.content > 0;
        media |= &top.kind == b"mdat" && top.content > 0;
        if header && media {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(header && media)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::cap::testing::mp4_box;

    fn state(bytes: &[u8]) -> PieceState {
        piece_state_of(&mut Cursor::new(bytes)).unwrap()
    }

    fn alone(bytes: &[u8]) -> bool {
        decodes_alone_of(&mut Cursor::new(bytes)).unwrap()
    }

    fn joined(boxes: &[(&[u8; 4], usize)]) -> Vec<u8> {
        boxes
            .iter()
            .flat_map(|(kind, content)| mp4_box(kind, *content))
            .collect()
    }

    #[test]
    fn a_piece_ends_in_moof_and_mdat() {
        assert_eq!(
            state(&joined(&[
                (b"styp", 8),
                (b"sidx", 20),
                (b"moof", 40),
                (b"mdat", 100)
            ])),
            PieceState::Complete
        );
        assert_eq!(
            state(&joined(&[
                (b"moof", 40),
                (b"mdat", 9),
                (b"moof", 40),
                (b"mdat", 9)
            ])),
            PieceState::Complete
        );
        assert_eq!(
            state(&joined(&[(b"moof", 40), (b"mdat", 9), (b"moof", 40)])),
            PieceState::CutShort
        );
        assert_eq!(
            state(&joined(&[(b"moof", 40), (b"free", 9), (b"mdat", 9)])),
            PieceState::Unusable
        );
        assert_eq!(state(b""), PieceState::Unusable);
    }

    #[test]
    fn a_piece_cut_anywhere_is_not_complete() {
        let bytes = joined(&[(b"styp", 8), (b"moof", 40), (b"mdat", 100)]);
        let media = 16 + 48 + 8;
        for length in 0..bytes.len() {
            let expected = if length > media {
                PieceState::CutShort
            } else {
                PieceState::Unusable
            };
            assert_eq!(state(&bytes[..length]), expected, "{length}");
        }
        let trailing = [&bytes[..], b"1234567"].concat();
        assert_eq!(state(&trailing), PieceState::CutShort);
    }

    #[test]
    fn sizes_of_64_bits_and_to_the_end_are_understood() {
        let mut large = Vec::from(*b"\0\0\0\x01mdat");
        large.extend(20_u64.to_be_bytes());
        large.extend([0; 4]);
        assert_eq!(
            state(&[mp4_box(b"moof", 4), large].concat()),
            PieceState::Complete
        );
        let open = [&mp4_box(b"moof", 4)[..], b"\0\0\0\0mdat1234"].concat();
        assert_eq!(state(&open), PieceState::Complete);
        // A size smaller than its own header, and one that overflows.
        assert_eq!(state(b"\0\0\0\x07moof"), PieceState::Unusable);
        let huge = [&b"\0\0\0\x01moof"[..], &u64::MAX.to_be_bytes()].concat();
        assert_eq!(state(&huge), PieceState::Unusable);
    }

    #[test]
    fn alone_needs_a_header_and_media() {
        assert!(alone(&joined(&[(b"ftyp", 8), (b"moov", 40), (b"mdat", 100)])));
        assert!(alone(&joined(&[(b"ftyp", 8), (b"mdat", 100), (b"moov", 40)])));
        let fragmented = joined(&[(b"ftyp", 8), (b"moov", 40), (b"moof", 20), (b"mdat", 100)]);
        assert!(alone(&fragmented));
        assert!(
            alone(&fragmented[..fragmented.len() - 50]),
            "truncated, but decodable up to there"
        );
        assert!(!alone(&joined(&[(b"ftyp", 8), (b"moov", 40)])), "an init segment");
        assert!(!alone(&joined(&[(b"moof", 8), (b"mdat", 40)])), "a piece");
        let unfinished = joined(&[(b"ftyp", 8), (b"mdat", 100), (b"moov", 40)]);
        assert!(!alone(&unfinished[..unfinished.len() - 1]), "its index is cut");
        assert!(!alone(b""));
    }

    #[test]
    fn streams_are_known_by_signature() {
        let with = |signature: &[u8]| [signature, &[0; 100]].concat();
        assert!(alone(&with(b"OggS")) && alone(&with(b"ID3")) && alone(&with(&[0xff, 0xfb])));
        assert!(!alone(b"OggS") && !alone(&with(&[0xff, 0x00])) && !alone(&with(b"Oggs")));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            state(&bytes);
            alone(&bytes);
        }
    }
}
