//! Looks into MP4 files box by box (ISO/IEC 14496-12) and turns their picture.

use std::fs;
use std::ops::Range;
use std::path::Path;

use super::{SynthError, io_error};

/// A clockwise turn that a player applies to the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// 90 degrees clockwise.
    Quarter,
    /// 180 degrees.
    Half,
    /// 270 degrees clockwise.
    ThreeQuarters,
}

impl Rotation {
    /// The matrix of `tkhd`, without the translation, which players ignore: 16.16 fixed point, w as 2.30.
    fn matrix(self) -> [i32; 9] {
        const ONE: i32 = 1 << 16;
        let (a, b, c, d) = match self {
            Self::Quarter => (0, ONE, -ONE, 0),
            Self::Half => (-ONE, 0, 0, -ONE),
            Self::ThreeQuarters => (0, -ONE, ONE, 0),
        };
        [a, b, 0, c, d, 0, 0, 0, 1 << 30]
    }
}

/// Writes a display matrix into the first track of a finished MP4 file.
///
/// # Errors
/// [`SynthError`] when the file cannot be read or written or has no track header.
pub fn rotate(path: &Path, rotation: Rotation) -> Result<(), SynthError> {
    let mut bytes = fs::read(path).map_err(io_error("read", path))?;
    let whole = 0..bytes.len();
    let header = find(&bytes, whole, &[*b"moov", *b"trak", *b"tkhd"]).ok_or_else(|| SynthError::Boxes {
        path: path.into(),
        reason: "it has no track header",
    })?;
    // 14496-12 8.3.2: version 1 has three 64-bit fields where version 0 has 32 bits.
    let offset = if bytes.get(header.start) == Some(&1) {
        52
    } else {
        40
    };
    let matrix = bytes[header]
        .get_mut(offset..offset + 36)
        .ok_or_else(|| SynthError::Boxes {
            path: path.into(),
            reason: "its track header is too short",
        })?;
    for (field, value) in matrix.chunks_exact_mut(4).zip(rotation.matrix()) {
        field.copy_from_slice(&value.to_be_bytes());
    }
    fs::write(path, bytes).map_err(io_error("write", path))
}

/// A box: its type, where it is with its header, where its contents are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mp4Box {
    pub kind: [u8; 4],
    pub whole: Range<usize>,
    pub contents: Range<usize>,
}

/// The boxes that follow one another in `range`, up to the first that does not fit.
pub(super) fn boxes(bytes: &[u8], range: Range<usize>) -> Vec<Mp4Box> {
    let mut found = Vec::new();
    let mut at = range.start;
    while let (Some(short), Some(kind)) = (
        be32(bytes, at),
        bytes.get(at + 4..).and_then(|rest| rest.first_chunk()),
    ) {
        let (size, header_size) = match (short, be64(bytes, at + 8)) {
            (1, Some(long)) => (long as usize, 16),
            _ => (short as usize, 8),
        };
        let kind = *kind;
        let end = at.saturating_add(size);
        if size < header_size || end > range.end {
            break;
        }
        found.push(Mp4Box {
            kind,
            whole: at..end,
            contents: at + header_size..end,
        });
        at = end;
    }
    found
}

/// Contents of the first box at the end of `path` (types from the outside in).
pub(super) fn find(bytes: &[u8], range: Range<usize>, path: &[[u8; 4]]) -> Option<Range<usize>> {
    path.iter().try_fold(range, |range, kind| {
        boxes(bytes, range)
            .into_iter()
            .find(|found| found.kind == *kind)
            .map(|found| found.contents)
    })
}

/// The big-endian number in the four bytes from `at`.
pub(super) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|field| u32::from_be_bytes(*field))
}

/// The big-endian number in the eight bytes from `at`.
pub(super) fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|field| u64::from_be_bytes(*field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_walked_and_a_torn_one_ends_the_walk() {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&[0, 0, 0, 12]);
        bytes.extend_from_slice(b"moov");
        bytes.extend_from_slice(&[1, 2, 3, 4]);
        bytes.extend_from_slice(&[0, 0, 0, 99]);
        bytes.extend_from_slice(b"mdat");
        let found = boxes(&bytes, 0..bytes.len());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].kind, found[0].contents.clone()), (*b"moov", 8..12));
        assert_eq!(find(&bytes, 0..bytes.len(), &[*b"mdat"]), None);
    }
}
