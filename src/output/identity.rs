//! What a file is, whatever it is called.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Name of the file that makes a folder a recording.
const META_FILE: &str = "recording-meta.json";
/// Most entries of a recording that are looked at for a second name of a file.
const MAX_ENTRIES: usize = 100_000;

/// A file or folder, whatever it is called: equal for all names and links of one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg(unix)]
pub(super) struct FileId(u64, u64);

/// A file or folder, whatever it is called: equal for all names and symbolic links of one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg(not(unix))]
pub(super) struct FileId(PathBuf);

impl FileId {
    /// What `path` names, through links; `None` where there is nothing.
    #[cfg(unix)]
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self::of_metadata(&metadata))
    }

    /// The same from what the system says of an open file.
    #[cfg(unix)]
    pub(super) fn of_metadata(metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(metadata.dev(), metadata.ino())
    }

    /// What `path` names, through links; `None` where there is nothing.
    #[cfg(not(unix))]
    pub(super) fn of(path: &Path) -> Option<Self> {
        path.canonicalize().ok().map(Self)
    }
}

/// The recording that `folder` is or lies in: a folder above it that is one of `known`, or that holds a recording's
/// description.
pub(super) fn recording_around(folder: &Path, known: &[PathBuf]) -> Option<PathBuf> {
    let known: Vec<_> = known.iter().filter_map(|path| FileId::of(path)).collect();
    let folder = folder.canonicalize().ok()?;
    let found = folder.ancestors().find(|above| {
        let is_known = || FileId::of(above).is_some_and(|id| known.contains(&id));
        above.join(META_FILE).is_file() || is_known()
    });
    found.map(Path::to_owned)
}

/// Whether a file below `folder` is the file `id` under another name.
pub(super) fn holds(folder: &Path, id: &FileId) -> bool {
    let mut folders = vec![folder.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            seen += 1;
            if seen > MAX_ENTRIES {
                return false;
            }
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if FileId::of(&entry.path()).as_ref() == Some(id) {
                return true;
            }
        }
    }
    false
}

/// Whether a file may have other names that are no symbolic links.
pub(super) fn has_other_names(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).is_ok_and(|metadata| metadata.nlink() > 1)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Whether two names are one to the file system of `folder`, which may ignore case or the form of accents. It is asked: no
/// table knows what every file system does.
pub(super) fn same_name(folder: &Path, one: &OsStr, other: &OsStr) -> bool {
    if one == other {
        return true;
    }
    if one.is_ascii() && other.is_ascii() && !one.eq_ignore_ascii_case(other) {
        return false;
    }
    let probe = tempfile::Builder::new().prefix(".capstan-").tempdir_in(folder);
    // Where nothing can be tried nothing can be written either, which the attempt to do so will tell.
    probe.is_ok_and(|probe| {
        File::create_new(probe.path().join(one)).is_ok() && probe.path().join(other).exists()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_system_decides_which_names_are_one() {
        let folder = tempfile::tempdir().unwrap();
        let same = |a: &str, b: &str| same_name(folder.path(), a.as_ref(), b.as_ref());
        assert!(same("a.mp4", "a.mp4"));
        assert!(!same("a.mp4", "b.mp4"));
        fs::write(folder.path().join("Case"), "").unwrap();
        let ignores_case = folder.path().join("cASE").exists();
        assert_eq!(same("a.mp4", "A.mp4"), ignores_case);
        fs::remove_file(folder.path().join("Case")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
    }

    #[test]
    fn a_recording_is_found_above_by_what_it_holds_or_by_being_named() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a.cap/content/deep");
        fs::create_dir_all(&deep).unwrap();
        assert_eq!(recording_around(&deep, &[]), None);
        let root = folder.path().join("a.cap");
        let canonical = root.canonicalize().unwrap();
        assert_eq!(
            recording_around(&deep, std::slice::from_ref(&root)),
            Some(canonical.clone())
        );
        fs::write(root.join(META_FILE), "{}").unwrap();
        assert_eq!(recording_around(&deep, &[]), Some(canonical));
        assert_eq!(recording_around(folder.path(), &[root]), None);
    }
}
