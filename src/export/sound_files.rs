//! The sound files of an export: each is opened when it is heard, a few stay open, and pieces of one file share what was
//! decoded of it.
//!
//! A recording may name any number of files, or one file any number of times. What they cost together is bounded: readers by
//! number, decoded samples by a claim on the recording's budget.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::budget::{Budget, Claim, OverBudget};
use crate::cap::MediaSource;
use crate::media::MediaError;
use crate::media::audio::{AudioDamage, AudioReader, AudioReport};
use crate::media::input::{Allowed, name_of};
use crate::sound::{BoxError, Channels, SampleSource, Stereo};

/// Readers kept open; of more, the one that rested longest is closed.
const OPEN: usize = 16;
/// Samples that are decoded and kept together.
const CHUNK: i64 = 8192;
/// Chunks kept: 32 MB.
const CHUNKS: usize = 512;

/// The files.
pub(super) struct SoundFiles(Arc<Mutex<Shelf>>);

struct Shelf {
    files: Vec<File>,
    known: HashMap<(MediaSource, Allowed), usize>,
    chunks: HashMap<(usize, i64), Chunk>,
    clock: u64,
    _claim: Claim,
}

struct File {
    source: MediaSource,
    allowed: Allowed,
    channels: Channels,
    reader: Option<AudioReader>,
    /// What each of its readers found damaged; a file that was closed in between is opened anew.
    damage: Vec<Arc<AudioDamage>>,
    used: u64,
}

struct Chunk {
    samples: Box<[Stereo]>,
    used: u64,
}

impl SoundFiles {
    /// No file yet.
    ///
    /// # Errors
    /// When the recording has claimed so much that no samples can be kept.
    pub(super) fn new(budget: &Budget) -> Result<Self, OverBudget> {
        let bytes = CHUNKS * CHUNK as usize * size_of::<Stereo>();
        Ok(Self(Arc::new(Mutex::new(Shelf {
            files: Vec::new(),
            known: HashMap::new(),
            chunks: HashMap::new(),
            clock: 0,
            _claim: budget.claim(bytes as u64)?,
        }))))
    }

    /// A source that reads a file, which is opened to see that it can be. The report is there for a file that was not asked
    /// for before.
    ///
    /// # Errors
    /// As [`AudioReader::open`].
    pub(super) fn source(
        &self,
        source: &MediaSource,
        allowed: Allowed,
    ) -> Result<(Box<dyn SampleSource>, Option<AudioReport>), MediaError> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (source.clone(), allowed);
        let (file, report) = match shelf.known.get(&key) {
            Some(&file) => (file, None),
            None => {
                shelf.make_room();
                let (reader, report) = AudioReader::open(source, allowed)?;
                shelf.clock += 1;
                let used = shelf.clock;
                shelf.files.push(File {
                    source: source.clone(),
                    allowed,
                    channels: report.channels,
                    damage: vec![reader.damage()],
                    reader: Some(reader),
                    used,
                });
                let file = shelf.files.len() - 1;
                shelf.known.insert(key, file);
                (file, Some(report))
            }
        };
        let piece = Piece {
            channels: shelf.files[file].channels,
            shelf: Arc::clone(&self.0),
            file,
        };
        Ok((Box::new(piece), report))
    }

    /// What was found damaged in what was heard so far, a sentence for each file and kind of damage. It was logged when it was
    /// found.
    pub(super) fn damage(&self) -> Vec<String> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.files.iter().flat_map(File::damage).collect()
    }
}

impl File {
    fn damage(&self) -> Vec<String> {
        // Readers of one file find the same damage, as far as they came.
        let most =
            |of: fn(&AudioDamage) -> u64| self.damage.iter().map(|damage| of(damage)).max().unwrap_or(0);
        let missing = self
            .damage
            .iter()
            .map(|damage| damage.missing_seconds())
            .fold(0.0, f64::max);
        let (packets, groups) = (most(AudioDamage::packets), most(AudioDamage::groups));
        let file = name_of(&self.source).display();
        let mut found = Vec::new();
        if packets > 0 {
            found.push(format!(
                "{file}: {packets} packets of the sound could not be decoded; they are silent"
            ));
        }
        if groups > 0 {
            found.push(format!(
                "{file}: {groups} pieces of the sound could not be read; they are left out"
            ));
        }
        if missing > 0.0 {
            found.push(format!(
                "{file}: the sound ends {missing:.3} s before its headers say; the rest is silent"
            ));
        }
        found
    }
}

impl Shelf {
    /// Closes the reader that rested longest when as many are open as may be.
    fn make_room(&mut self) {
        let open = || self.files.iter().filter(|file| file.reader.is_some());
        if open().count() < OPEN {
            return;
        }
        let longest = self.files.iter_mut().filter(|file| file.reader.is_some());
        if let Some(file) = longest.min_by_key(|file| file.used) {
            file.reader = None;
        }
    }

    /// Chunk number `at` of a file.
    fn chunk(&mut self, file: usize, at: i64) -> Result<&[Stereo], MediaError> {
        self.clock += 1;
        let used = self.clock;
        if !self.chunks.contains_key(&(file, at)) {
            let mut samples = self
                .emptied()
                .unwrap_or_else(|| vec![[0.0; 2]; CHUNK as usize].into());
            if self.files[file].reader.is_none() {
                self.make_room();
                let File { source, allowed, .. } = &self.files[file];
                let (reader, _) = AudioReader::open(source, *allowed)?;
                self.files[file].damage.push(reader.damage());
                self.files[file].reader = Some(reader);
            }
            self.files[file].used = used;
            if let Some(reader) = &mut self.files[file].reader {
                reader.read_at(at.saturating_mul(CHUNK), &mut samples)?;
            }
            self.chunks.insert((file, at), Chunk { samples, used });
        }
        let chunk = self.chunks.get_mut(&(file, at));
        Ok(chunk.map_or(&[], |chunk| {
            chunk.used = used;
            &chunk.samples
        }))
    }

    /// The memory of the chunk that rested longest, once there are as many as may be.
    fn emptied(&mut self) -> Option<Box<[Stereo]>> {
        if self.chunks.len() < CHUNKS {
            return None;
        }
        let (&longest, _) = self.chunks.iter().min_by_key(|(_, chunk)| chunk.used)?;
        self.chunks.remove(&longest).map(|chunk| chunk.samples)
    }
}

/// A file as one source of the mixer.
struct Piece {
    shelf: Arc<Mutex<Shelf>>,
    file: usize,
    channels: Channels,
}

impl SampleSource for Piece {
    fn channels(&self) -> Channels {
        self.channels
    }

    fn read(&mut self, mut position: i64, mut out: &mut [Stereo]) -> Result<(), BoxError> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        while !out.is_empty() {
            let within = position.rem_euclid(CHUNK) as usize;
            let chunk = &shelf.chunk(self.file, position.div_euclid(CHUNK))?[within..];
            let length = chunk.len().min(out.len());
            out[..length].copy_from_slice(&chunk[..length]);
            position = position.saturating_add(length as i64);
            out = &mut out[length..];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// A WAV file of 48 kHz stereo in which sample `n` is `value(n)` of 32768.
    fn wav(folder: &Path, name: &str, samples: u32, value: impl Fn(u32) -> i16) -> MediaSource {
        let mut bytes = Vec::new();
        let data = samples * 4;
        bytes.extend_from_slice(b"RIFF");
        bytes.extend_from_slice(&(36 + data).to_le_bytes());
        bytes.extend_from_slice(b"WAVEfmt ");
        bytes.extend_from_slice(&16u32.to_le_bytes());
        for field in [1u16, 2] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        for field in [48_000u32, 192_000] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        for field in [4u16, 16] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(b"data");
        bytes.extend_from_slice(&data.to_le_bytes());
        for n in 0..samples {
            let sample = value(n).to_le_bytes();
            bytes.extend_from_slice(&sample);
            bytes.extend_from_slice(&sample);
        }
        let path: PathBuf = folder.join(name);
        fs::write(&path, bytes).unwrap();
        MediaSource::File(path)
    }

    fn sample(file: usize, n: i64) -> i16 {
        (n * 31 + file as i64 * 1000).rem_euclid(20_000) as i16
    }

    #[test]
    fn many_files_at_once_keep_few_open_and_read_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let files = SoundFiles::new(&Budget::default()).unwrap();
        let mut sources: Vec<_> = (0..3 * OPEN)
            .map(|file| {
                let source = wav(folder.path(), &format!("{file}.wav"), 50_000, |n| {
                    sample(file, i64::from(n))
                });
                let (piece, report) = files.source(&source, Allowed::Music).unwrap();
                assert!(report.is_some());
                let (_, again) = files.source(&source, Allowed::Music).unwrap();
                assert!(again.is_none(), "known already");
                piece
            })
            .collect();
        let mut out = vec![[9.0; 2]; 5000];
        for position in [-2500, 0, 5000, 12_345, 40_000, 47_500, 90_000] {
            for (file, source) in sources.iter_mut().enumerate() {
                source.read(position, &mut out).unwrap();
                for (found, at) in out.iter().zip(position..) {
                    let inside = (0..50_000).contains(&at);
                    let expected = if inside {
                        f32::from(sample(file, at)) / 32768.0
                    } else {
                        0.0
                    };
                    assert!(
                        (found[0] - expected).abs() < 1e-4,
                        "file {file} at {at}: {found:?} {expected}"
                    );
                }
            }
        }
        let shelf = files.0.lock().unwrap();
        assert_eq!(shelf.files.len(), 3 * OPEN);
        assert_eq!(
            shelf.files.iter().filter(|file| file.reader.is_some()).count(),
            OPEN
        );
        assert!(shelf.chunks.len() <= CHUNKS);
    }

    #[test]
    fn samples_that_are_kept_are_bounded_and_claimed() {
        let folder = tempfile::tempdir().unwrap();
        let budget = Budget::new(CHUNKS as u64 * CHUNK as u64 * 8);
        let files = SoundFiles::new(&budget).unwrap();
        assert!(budget.claim(1).is_err());
        let samples = (CHUNKS as u32 + 5) * CHUNK as u32;
        let source = wav(folder.path(), "long.wav", samples, |n| sample(0, i64::from(n)));
        let (mut piece, _) = files.source(&source, Allowed::Music).unwrap();
        let mut out = vec![[0.0; 2]; CHUNK as usize];
        for chunk in (0..CHUNKS as i64 + 5).chain([0]) {
            piece.read(chunk * CHUNK, &mut out).unwrap();
            let expected = f32::from(sample(0, chunk * CHUNK)) / 32768.0;
            assert!((out[0][0] - expected).abs() < 1e-4, "{chunk}");
        }
        assert_eq!(files.0.lock().unwrap().chunks.len(), CHUNKS);
        drop((files, piece));
        assert!(budget.claim(1).is_ok());
    }
}
