//! Whether a recording is the one that a plan was made for.
//!
//! An hour of recording is a gigabyte, and every part asks. So large files are told by their length and by samples that lie all
//! over them, and the small ones, which decide how all of it looks, by all of their bytes.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::ShardError;

/// Files up to this many bytes are read as a whole.
const WHOLE: u64 = 4 << 20;
/// Bytes of each sample of a larger one.
const SAMPLE: u64 = 16 << 10;
/// Samples of a larger file: the first at its start, the last at its end.
const SAMPLES: u64 = 128;
/// Deepest folder that is looked into.
const DEEPEST: usize = 16;

/// SHA-256 over the names, lengths and contents of a recording's files, and of these others.
///
/// # Errors
/// When a file can't be read.
pub(super) fn fingerprint(recording: &Path, others: &[PathBuf]) -> Result<String, ShardError> {
    let mut files = Vec::new();
    list(recording, PathBuf::new(), DEEPEST, &mut files)?;
    files.sort();
    let mut hash = Sha256::new();
    for relative in &files {
        // Separators differ from system to system, their order in a name does not.
        let name: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        add(&mut hash, &name.join("/"), &recording.join(relative))?;
    }
    for (number, file) in others.iter().enumerate() {
        add(&mut hash, &format!("beside the recording: {number}"), file)?;
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn list(root: &Path, relative: PathBuf, deepest: usize, files: &mut Vec<PathBuf>) -> Result<(), ShardError> {
    let folder = root.join(&relative);
    let failed = |source| ShardError::Read {
        path: folder.clone(),
        source,
    };
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = relative.join(entry.file_name());
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() && deepest > 0 {
            list(root, name, deepest - 1, files)?;
        } else if kind.is_file() || kind.is_symlink() {
            files.push(name);
        }
    }
    Ok(())
}

fn add(hash: &mut Sha256, name: &str, path: &Path) -> Result<(), ShardError> {
    let read = |hash: &mut Sha256| -> io::Result<()> {
        // Where a link leads is none of the recording's business unless it is a file.
        let metadata = match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut file = File::open(path)?;
        let length = metadata.len();
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
        hash.update(length.to_le_bytes());
        let mut buffer = Vec::new();
        for (from, size) in samples(length) {
            file.seek(SeekFrom::Start(from))?;
            buffer.clear();
            (&mut file).take(size).read_to_end(&mut buffer)?;
            hash.update(&buffer);
        }
        Ok(())
    };
    read(hash).map_err(|source| ShardError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Where samples of a file lie, and how long they are.
fn samples(length: u64) -> Vec<(u64, u64)> {
    if length <= WHOLE {
        return vec![(0, length)];
    }
    let last = length - SAMPLE;
    let place = |number| u128::from(last) * u128::from(number) / u128::from(SAMPLES - 1);
    (0..SAMPLES)
        .map(|number| (u64::try_from(place(number)).unwrap_or(last), SAMPLE))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_reach_from_the_start_to_the_end() {
        assert_eq!(samples(0), [(0, 0)]);
        assert_eq!(samples(WHOLE), [(0, WHOLE)]);
        let found = samples(1 << 40);
        assert_eq!(found.len() as u64, SAMPLES);
        assert_eq!(found[0], (0, SAMPLE));
        assert_eq!(found.last(), Some(&((1 << 40) - SAMPLE, SAMPLE)));
        assert!(found.windows(2).all(|pair| pair[0].0 + SAMPLE <= pair[1].0));
        assert!(
            samples(WHOLE + 1)
                .iter()
                .all(|(from, size)| from + size <= WHOLE + 1)
        );
    }

    #[test]
    fn names_and_bytes_count_and_places_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, files: &[(&str, &str)]| {
            let root = folder.path().join(name);
            fs::create_dir_all(root.join("content")).unwrap();
            for (file, text) in files {
                fs::write(root.join(file), text).unwrap();
            }
            fingerprint(&root, &[]).unwrap()
        };
        let one = make("a.cap", &[("meta.json", "1"), ("content/x", "22")]);
        assert_eq!(make("b.cap", &[("content/x", "22"), ("meta.json", "1")]), one);
        assert_ne!(make("c.cap", &[("meta.json", "2"), ("content/x", "22")]), one);
        assert_ne!(make("d.cap", &[("meta.json", "1"), ("content/y", "22")]), one);
        assert_ne!(make("e.cap", &[("meta.json", "1")]), one);
        let image = folder.path().join("image.png");
        fs::write(&image, "image").unwrap();
        assert_ne!(fingerprint(&folder.path().join("a.cap"), &[image]).unwrap(), one);
        assert!(fingerprint(&folder.path().join("none"), &[]).is_err());
    }
}
