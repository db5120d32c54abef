//! Files read as one: `init + pieces` of a fragmented track are one MP4 (cap-format.md 3.5) without being joined on disk.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use crate::media::ffmpeg::MediaError;

/// Files read as one stream of bytes.
///
/// One file is open at a time, however many pieces there are: an hour of two-second fragments is 1,800 files, more than
/// a process may hold open.
pub(super) struct Chain {
    parts: Vec<Part>,
    length: u64,
    position: u64,
    open: Option<(usize, File)>,
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
            // Looked at before it is opened: opening a named pipe would wait for a writer.
            if !path.metadata().map_err(error)?.is_file() {
                return Err(error(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "not a regular file",
                )));
            }
            // Opened here already so that a missing permission is reported with its file.
            let metadata = File::open(path).and_then(|file| file.metadata()).map_err(error)?;
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
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
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
            self.open = Some((index, File::open(&part.path)?));
        }
        let Some((_, file)) = &mut self.open else {
            return Ok(0);
        };
        // Never beyond the length that was seen at the start: a file that grows meanwhile would shift its successors.
        let wanted =
            usize::try_from(part.length - offset).map_or(buffer.len(), |rest| rest.min(buffer.len()));
        file.seek(SeekFrom::Start(offset))?;
        let count = file.read(&mut buffer[..wanted])?;
        self.position += count as u64;
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

/// Whether the top level of an MP4 has a `moof` box (ISO/IEC 14496-12, 4.2: size, type, content). Leaves the position
/// at 0. Anything that is no MP4 simply has none.
pub(super) fn is_fragmented_mp4(stream: &mut (impl Read + Seek)) -> io::Result<bool> {
    let end = stream.seek(SeekFrom::End(0))?;
    let mut position = 0;
    let mut fragmented = false;
    // More top-level boxes than this before the first `moof` are not a recording.
    for _ in 0..64 {
        stream.seek(SeekFrom::Start(position))?;
        let mut header = [0; 16];
        let have = read_up_to(stream, &mut header)?;
        if have < 8 {
            break;
        }
        let kind = [header[4], header[5], header[6], header[7]];
        if &kind == b"moof" {
            fragmented = true;
            break;
        }
        let size = match u32::from_be_bytes([header[0], header[1], header[2], header[3]]) {
            1 if have == 16 => {
                let mut large = [0; 8];
                large.copy_from_slice(&header[8..]);
                u64::from_be_bytes(large)
            }
            size => u64::from(size),
        };
        // 0 means "to the end"; below 8 is no box.
        if size < 8 || !kind.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
            break;
        }
        position = match position.checked_add(size) {
            Some(next) if next < end => next,
            _ => break,
        };
    }
    stream.seek(SeekFrom::Start(0))?;
    Ok(fragmented)
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
