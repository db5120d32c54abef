//! Remembers calibrations in the user's cache directory, one small JSON file for all.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::Calibration;
use crate::convert::{Candidate, ConvertSpec, swscale};

/// Raised whenever an entry's meaning changes; files of another version are measured anew.
const VERSION: u32 = 1;
/// Entries kept; beyond that the file starts afresh.
const MAX_ENTRIES: usize = 256;
/// A file larger than this is not ours.
const MAX_BYTES: u64 = 4 << 20;

/// The file that calibrations are remembered in. A file that is missing, damaged or of another version counts as
/// empty and is replaced by the next calibration.
#[derive(Clone, Debug)]
pub struct Cache {
    path: PathBuf,
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Contents {
    version: u32,
    entries: BTreeMap<String, Calibration>,
}

impl Cache {
    /// The file at `path`, which need not exist.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// `capstan/pixel-paths.json` in the user's cache directory; `None` where the user has none.
    pub fn of_user() -> Option<Self> {
        let directory = etcetera::choose_base_strategy().ok()?.cache_dir();
        Some(Self::at(directory.join("capstan").join("pixel-paths.json")))
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The calibration remembered under `key`, marked as cached.
    pub(super) fn get(&self, key: &str) -> Option<Calibration> {
        let mut found = self.read().entries.remove(key)?;
        found.cached = true;
        Some(found)
    }

    /// Remembers `calibration` under `key`. The file is replaced as a whole: a reader sees the old or the new one.
    pub(super) fn put(&self, key: &str, calibration: &Calibration) -> io::Result<()> {
        let mut contents = self.read();
        if contents.entries.len() >= MAX_ENTRIES {
            contents.entries.clear();
        }
        contents.version = VERSION;
        contents.entries.insert(key.to_owned(), calibration.clone());
        let directory = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(directory)?;
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(&serde_json::to_vec_pretty(&contents)?)?;
        file.persist(&self.path)?;
        Ok(())
    }

    fn read(&self) -> Contents {
        match self.try_read() {
            Ok(contents) if contents.version == VERSION => contents,
            Ok(_) => Contents::default(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Contents::default(),
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "damaged calibration cache ignored");
                Contents::default()
            }
        }
    }

    fn try_read(&self) -> io::Result<Contents> {
        if std::fs::metadata(&self.path)?.len() > MAX_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the file is too large",
            ));
        }
        Ok(serde_json::from_slice(&std::fs::read(&self.path)?)?)
    }
}

/// Everything that decides the outcome: program, machine, driver, libraries, picture and the paths asked for.
pub(super) fn key(spec: &ConvertSpec, candidates: &[Candidate], driver: &str) -> String {
    // A system that cannot tell its processor is still one machine to its user's cache.
    let system = sysinfo::System::new_with_specifics(
        sysinfo::RefreshKind::nothing().with_cpu(sysinfo::CpuRefreshKind::nothing()),
    );
    let cpus = system.as_ref().map_or(&[][..], sysinfo::System::cpus);
    let paths: Vec<_> = candidates.iter().map(|candidate| candidate.path.name()).collect();
    format!(
        "capstan {} | {} {} {} | {} x{} | {driver} | swscale {} | {} {:?} {:?} {:?} threads {} | {}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        sysinfo::System::os_version().unwrap_or_default(),
        cpus.first().map_or("", |cpu| cpu.brand()),
        cpus.len(),
        swscale::library_version(),
        spec.size,
        spec.source,
        spec.color.matrix,
        spec.color.range,
        spec.threads,
        paths.join(" "),
    )
}
