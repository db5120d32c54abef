//! Coded packets in a file, exactly as an encoder gave them, to be muxed later and elsewhere.
//!
//! The file is a line with the name of the format, a length and a label in JSON, the packets, and at the end their number and a
//! SHA-256 of everything before it. So a file that was cut off or changed is told from a whole one.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::encode::{EncodeError, Packet};

/// First bytes of every file.
const MAGIC: &[u8] = b"capstan packets 1\n";
/// Longest label, bytes.
const LONGEST_LABEL: u32 = 1 << 20;
/// Longest packet, bytes: more than any picture of 16384 x 16384 takes.
const LONGEST_PACKET: u32 = 1 << 30;

/// Why a packet file can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum PacketFileError {
    /// The system refuses.
    #[error("cannot {action} {path}; check that its folder is there and has room")]
    Io {
        /// "read" or "write".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what a writer finished.
    #[error("{path} {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// No memory for a packet.
    #[error(transparent)]
    Packet(#[from] EncodeError),
}

/// Writes a file. One that is not finished is not valid.
pub struct PacketFileWriter {
    out: BufWriter<File>,
    hash: Sha256,
    packets: u64,
    bytes: u64,
    name: PathBuf,
}

impl PacketFileWriter {
    /// Opens `path` for writing and begins it with a label. Errors speak of `name`.
    ///
    /// # Errors
    /// When it can't be written to.
    pub fn create(path: &Path, name: &Path, label: &impl Serialize) -> Result<Self, PacketFileError> {
        let failed = |source| PacketFileError::Io {
            action: "write",
            path: name.to_owned(),
            source,
        };
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .map_err(failed)?;
        let mut writer = Self {
            out: BufWriter::with_capacity(1 << 16, file),
            hash: Sha256::new(),
            packets: 0,
            bytes: 0,
            name: name.to_owned(),
        };
        let label = serde_json::to_vec(label).map_err(|error| failed(error.into()))?;
        writer.put(MAGIC)?;
        writer.put(&(label.len() as u32).to_le_bytes())?;
        writer.put(&label)?;
        Ok(writer)
    }

    /// Appends a packet.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&mut self, packet: &Packet) -> Result<(), PacketFileError> {
        let data = packet.data();
        let pts = packet.pts().unwrap_or(0);
        let mut head = [0; 30];
        head[0] = 1;
        head[1..9].copy_from_slice(&pts.to_le_bytes());
        head[9..17].copy_from_slice(&packet.dts().unwrap_or(pts).to_le_bytes());
        head[17..25].copy_from_slice(&packet.duration().to_le_bytes());
        head[25] = u8::from(packet.is_key());
        head[26..30].copy_from_slice(&(data.len() as u32).to_le_bytes());
        self.put(&head)?;
        self.put(data)?;
        self.packets += 1;
        Ok(())
    }

    /// Completes the file and says how many bytes and packets it holds.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn finish(mut self) -> Result<(u64, u64), PacketFileError> {
        self.put(&[0])?;
        self.put(&self.packets.to_le_bytes())?;
        let digest = self.hash.clone().finalize();
        let written = self.out.write_all(&digest).and_then(|()| self.out.flush());
        written.map_err(|source| self.failed(source))?;
        Ok((self.bytes + digest.len() as u64, self.packets))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), PacketFileError> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> PacketFileError {
        PacketFileError::Io {
            action: "write",
            path: self.name.clone(),
            source,
        }
    }
}

/// Reads a file from its beginning.
pub struct PacketFileReader<L> {
    input: BufReader<File>,
    hash: Sha256,
    path: PathBuf,
    label: L,
    packets: u64,
    ended: bool,
}

impl<L: DeserializeOwned> PacketFileReader<L> {
    /// Opens a file and reads its label.
    ///
    /// # Errors
    /// When it can't be read, or is no such file.
    pub fn open(path: &Path) -> Result<Self, PacketFileError> {
        let file = File::open(path).map_err(|source| PacketFileError::Io {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        let mut reader = PacketFileReader {
            input: BufReader::with_capacity(1 << 16, file),
            hash: Sha256::new(),
            path: path.to_owned(),
            label: (),
            packets: 0,
            ended: false,
        };
        let mut magic = [0; MAGIC.len()];
        reader.take(&mut magic)?;
        if magic != MAGIC {
            return Err(reader.damaged("is no packet file of this version"));
        }
        let length = reader.length(LONGEST_LABEL)?;
        let mut label = vec![0; length];
        reader.take(&mut label)?;
        let label = serde_json::from_slice(&label)
            .map_err(|_| reader.damaged("has a label that this version does not understand"))?;
        Ok(Self {
            input: reader.input,
            hash: reader.hash,
            path: reader.path,
            label,
            packets: 0,
            ended: false,
        })
    }
}

impl<L> PacketFileReader<L> {
    /// What the writer wrote on it.
    pub fn label(&self) -> &L {
        &self.label
    }

    /// The next packet; `None` at the end of a file that is whole.
    ///
    /// # Errors
    /// When the file is damaged, or can't be read.
    pub fn read(&mut self) -> Result<Option<Packet>, PacketFileError> {
        if self.ended {
            return Ok(None);
        }
        let mut kind = [0];
        self.take(&mut kind)?;
        match kind[0] {
            0 => self.check_end().map(|()| None),
            1 => self.packet().map(Some),
            _ => Err(self.damaged("is damaged: it holds something else than packets")),
        }
    }

    fn packet(&mut self) -> Result<Packet, PacketFileError> {
        let mut head = [0; 25];
        self.take(&mut head)?;
        let number = |at: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&head[at..at + 8]);
            i64::from_le_bytes(eight)
        };
        let (pts, dts, duration, key) = (number(0), number(8), number(16), head[24] == 1);
        let length = self.length(LONGEST_PACKET)?;
        // Grows as bytes come: a damaged length asks for no memory.
        let mut data = Vec::new();
        let read = (&mut self.input).take(length as u64).read_to_end(&mut data);
        read.map_err(|source| self.failed(source))?;
        if data.len() < length {
            return Err(self.damaged("is cut off"));
        }
        self.hash.update(&data);
        self.packets += 1;
        Ok(Packet::from_bytes(&data, pts, dts, duration, key)?)
    }

    fn check_end(&mut self) -> Result<(), PacketFileError> {
        let mut count = [0; 8];
        self.take(&mut count)?;
        let expected = self.hash.clone().finalize();
        let mut digest = [0; 32];
        self.take(&mut digest)?;
        if digest[..] != expected[..] || u64::from_le_bytes(count) != self.packets {
            return Err(self.damaged("is damaged: its bytes are not those that were written"));
        }
        if self.input.read(&mut [0]).map_err(|source| self.failed(source))? > 0 {
            return Err(self.damaged("is damaged: something follows its end"));
        }
        self.ended = true;
        Ok(())
    }

    fn length(&mut self, most: u32) -> Result<usize, PacketFileError> {
        let mut four = [0; 4];
        self.take(&mut four)?;
        let length = u32::from_le_bytes(four);
        if length > most {
            return Err(self.damaged("is damaged: a length in it is impossible"));
        }
        Ok(length as usize)
    }

    fn take(&mut self, bytes: &mut [u8]) -> Result<(), PacketFileError> {
        self.input
            .read_exact(bytes)
            .map_err(|source| match source.kind() {
                ErrorKind::UnexpectedEof => self.damaged("is cut off"),
                _ => self.failed(source),
            })?;
        self.hash.update(bytes);
        Ok(())
    }

    fn damaged(&self, what: &'static str) -> PacketFileError {
        PacketFileError::Damaged {
            path: self.path.clone(),
            what,
        }
    }

    fn failed(&self, source: io::Error) -> PacketFileError {
        PacketFileError::Io {
            action: "read",
            path: self.path.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write(path: &Path) -> Vec<u8> {
        let mut writer = PacketFileWriter::create(path, path, &"a label").unwrap();
        for n in 0..3 {
            let data = vec![n as u8; 100 * n as usize];
            writer
                .write(&Packet::from_bytes(&data, n, n - 2, 1, n == 0).unwrap())
                .unwrap();
        }
        let (bytes, packets) = writer.finish().unwrap();
        let written = fs::read(path).unwrap();
        assert_eq!((bytes, packets), (written.len() as u64, 3));
        written
    }

    fn read(path: &Path) -> Result<Vec<Packet>, PacketFileError> {
        let mut reader = PacketFileReader::<String>::open(path)?;
        assert_eq!(reader.label(), "a label");
        let mut packets = Vec::new();
        while let Some(packet) = reader.read()? {
            packets.push(packet);
        }
        assert!(reader.read()?.is_none());
        Ok(packets)
    }

    #[test]
    fn packets_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path);
        let packets = read(&path).unwrap();
        assert_eq!(packets.len(), 3);
        for (n, packet) in (0..).zip(&packets) {
            assert_eq!(
                (packet.pts(), packet.dts(), packet.duration()),
                (Some(n), Some(n - 2), 1)
            );
            assert_eq!((packet.is_key(), packet.data().len()), (n == 0, 100 * n as usize));
        }
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let whole = write(&path);
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(
                matches!(read(&path), Err(PacketFileError::Damaged { .. })),
                "{length}"
            );
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x40;
            fs::write(&path, &changed).unwrap();
            let found = std::panic::catch_unwind(|| read(&path).is_err());
            // A label that still is JSON is another one: that is what the assertion in `read` says.
            assert!(found.unwrap_or(true), "{at}");
        }
        fs::write(&path, [&whole[..], &[0]].concat()).unwrap();
        assert!(read(&path).is_err());
    }
}
