//! A file on its way to its name: written beside it, locked while it is, renamed when it is complete.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tempfile::TempPath;

use super::error::OutputError;
use super::folder_of;

/// End of a temporary name.
const SUFFIX: &str = ".partial";
/// Letters and digits before it that make the name unique.
const RANDOM: usize = 6;
/// Longest part of a file's name that its temporary name takes over, bytes: the temporary name must stay below the 143 bytes
/// of encrypted folders.
const STEM: usize = 96;

/// Temporary files of this process, to be removed should it have to end without winding up.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Removes the unfinished files of this process. For a process that is about to end because an export did not stop in time (a
/// stage may be inside a long write or driver call).
///
/// # Errors
/// The first file that exists and can't be removed.
pub fn remove_unfinished() -> Result<(), (PathBuf, io::Error)> {
    let files = std::mem::take(&mut *UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner));
    let mut result = Ok(());
    for file in files {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => result = result.and(Err((file, error))),
            _ => {}
        }
    }
    result
}

/// A file that is being written. Dropped before [`OutputFile::publish`], it leaves nothing behind.
#[derive(Debug)]
pub struct OutputFile {
    target: PathBuf,
    what: &'static str,
    overwrite: bool,
    /// Held open, and locked, so that nobody takes the file for what a killed run left.
    file: File,
    /// `None` for a device, which is written to under its own name.
    partial: Option<Partial>,
}

/// A temporary name that is removed with this value.
#[derive(Debug)]
struct Partial(Option<TempPath>);

impl Partial {
    fn new(path: TempPath) -> Self {
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        unfinished.insert(path.to_path_buf());
        Self(Some(path))
    }

    /// Lets go of the name, which is about to be taken away.
    fn take(&mut self) -> Option<TempPath> {
        let path = self.0.take()?;
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        unfinished.remove(&*path);
        Some(path)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        self.take();
    }
}

impl OutputFile {
    /// Reserves a temporary name beside `target`, after removing what a killed run left there.
    pub(super) fn create(target: &Path, what: &'static str, overwrite: bool) -> Result<Self, OutputError> {
        let failed = |source| OutputError::Io {
            action: "write",
            what,
            path: target.to_owned(),
            source,
        };
        let folder = folder_of(target);
        let stem = stem(target.file_name().unwrap_or_default());
        remove_leftovers(folder, &stem);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&stem).suffix(SUFFIX).rand_bytes(RANDOM);
        // An ordinary file as far as the user's umask allows, not one that is private to the user.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        loop {
            let (file, partial) = builder.tempfile_in(folder).map_err(failed)?.into_parts();
            match file.try_lock() {
                // Between making and locking it, another run may have taken it for a leftover.
                Ok(()) if partial.exists() => {}
                Ok(()) | Err(TryLockError::WouldBlock) => continue,
                // A file system without locks: nobody can take it for a leftover there.
                Err(TryLockError::Error(error)) => tracing::debug!(%error, "the output can't be locked"),
            }
            return Ok(Self {
                target: target.to_owned(),
                what,
                overwrite,
                file,
                partial: Some(Partial::new(partial)),
            });
        }
    }

    /// A device that is written to as it is.
    pub(super) fn device(target: &Path, what: &'static str) -> Result<Self, OutputError> {
        let file = File::options()
            .write(true)
            .open(target)
            .map_err(|source| OutputError::Io {
                action: "write",
                what,
                path: target.to_owned(),
                source,
            })?;
        Ok(Self {
            target: target.to_owned(),
            what,
            overwrite: true,
            file,
            partial: None,
        })
    }

    /// Where to write.
    pub fn partial(&self) -> &Path {
        let partial = self.partial.as_ref().and_then(|partial| partial.0.as_deref());
        partial.unwrap_or(&self.target)
    }

    /// The name that it gets.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Writes the whole of it and gives it its name.
    ///
    /// # Errors
    /// When it can't be written, or as [`publish`](Self::publish).
    pub fn write(mut self, bytes: &[u8]) -> Result<PathBuf, OutputError> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.flush());
        written.map_err(|source| self.failed("write", source))?;
        self.publish()
    }

    /// Makes the finished file durable and gives it its name. Another file that took the name meanwhile is replaced
    /// only when overwriting was asked for.
    ///
    /// # Errors
    /// When the name was taken, or the system refuses.
    pub fn publish(mut self) -> Result<PathBuf, OutputError> {
        if self.partial.is_some() {
            self.file
                .sync_all()
                .map_err(|source| self.failed("write all of", source))?;
        }
        self.rename()?;
        Ok(self.target)
    }

    /// Gives it its name at once, to be written on.
    pub(super) fn into_log(mut self) -> Result<File, OutputError> {
        self.rename()?;
        Ok(self.file)
    }

    fn rename(&mut self) -> Result<(), OutputError> {
        let Some(partial) = self.partial.as_mut().and_then(Partial::take) else {
            return Ok(());
        };
        let renamed = if self.overwrite {
            partial.persist(&self.target)
        } else {
            partial.persist_noclobber(&self.target)
        };
        renamed.map_err(|failure| match failure.error.kind() {
            ErrorKind::AlreadyExists => OutputError::Exists {
                what: self.what,
                path: self.target.clone(),
            },
            _ => self.failed("give its name to", failure.error),
        })
    }

    fn failed(&self, action: &'static str, source: io::Error) -> OutputError {
        OutputError::Io {
            action,
            what: self.what,
            path: self.target.clone(),
            source,
        }
    }
}

/// What the temporary names of a file begin with: its name, hidden; of a long name the beginning and a number made of all of it.
fn stem(name: &OsStr) -> OsString {
    let bytes = name.as_encoded_bytes();
    let mut stem = OsString::from(".");
    match std::str::from_utf8(bytes) {
        Ok(text) if text.len() <= STEM => stem.push(text),
        _ => {
            let text = name.to_string_lossy();
            let end = text.floor_char_boundary(STEM - 17);
            stem.push(&text[..end]);
            stem.push("~");
            for byte in Sha256::digest(bytes).iter().take(8) {
                stem.push(format!("{byte:02x}"));
            }
        }
    }
    stem.push(".");
    stem
}

/// Removes temporary files of the same target that no process holds: their writers were killed. One that can't be removed is
/// left.
fn remove_leftovers(folder: &Path, stem: &OsStr) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let random = name
            .as_encoded_bytes()
            .strip_prefix(stem.as_encoded_bytes())
            .and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
        let ours = random
            .is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric));
        if !ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path();
        // Opened for writing: only then do network file systems lend a lock.
        let Ok(file) = File::options().write(true).open(&path) else {
            continue;
        };
        if file.try_lock().is_ok() {
            match fs::remove_file(&path) {
                Ok(()) => tracing::info!("removed {}, which an export that was killed left", path.display()),
                Err(error) => tracing::warn!(
                    "can't remove {}, which an export that was killed left: {error}",
                    path.display()
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn open(target: &Path, overwrite: bool) -> OutputFile {
        OutputFile::create(target, "the MP4", overwrite).unwrap()
    }

    #[test]
    fn appears_only_when_published() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out.mp4");
        let output = open(&target, false);
        fs::write(output.partial(), b"film").unwrap();
        assert!(!target.exists());
        output.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"film");
        assert_eq!(names(dir.path()), ["out.mp4"]);
    }

    #[test]
    fn abandoned_output_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        drop(open(&dir.path().join("out.mp4"), false));
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn a_file_that_came_later_is_replaced_only_when_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out.mp4");
        let (early, late) = (open(&target, false), open(&target, true));
        fs::write(&target, b"mine").unwrap();
        let error = early.publish().unwrap_err();
        assert!(matches!(error, OutputError::Exists { .. }), "{error}");
        assert!(error.to_string().contains("--overwrite"), "{error}");
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        late.write(b"film").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"film");
        assert_eq!(names(dir.path()), ["out.mp4"]);
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_another_holds_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out.mp4");
        let others = [
            ".out.mp4.abc.partial",
            ".out.mp4.abcd-f.partial",
            ".put.mp4.abcdef.partial",
            "out.mp4.abcdef.partial",
        ];
        for name in others.into_iter().chain([".out.mp4.abcdef.partial"]) {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let held = open(&target, false);
        let second = open(&target, false);
        assert!(held.partial().exists());
        drop((held, second));
        let mut expected = others.to_vec();
        expected.sort_unstable();
        assert_eq!(names(dir.path()), expected);
    }

    #[test]
    fn every_name_that_the_file_system_takes_can_be_written() {
        let dir = tempfile::tempdir().unwrap();
        for length in [1, 92, 93, 240, 251] {
            for letter in ["n", "\u{e9}"] {
                let name = letter.repeat(length / letter.len()) + ".mp4";
                let target = dir.path().join(&name);
                let output = open(&target, true);
                let partial = output.partial().file_name().unwrap().len();
                assert!(partial <= 143, "{partial}");
                output.write(b"film").unwrap();
                assert!(target.is_file(), "{name}");
            }
        }
        let stems: BTreeSet<_> = ["1", "2"]
            .iter()
            .map(|end| stem(("n".repeat(200) + end).as_ref()))
            .collect();
        assert_eq!(stems.len(), 2, "long names are told apart by all of them");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_need_not_be_text() {
        use std::os::unix::ffi::OsStrExt;
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join(OsStr::from_bytes(&[0xff; 250]));
        fs::write(dir.path().join("x"), "").unwrap();
        open(&target, false).write(b"film").unwrap();
        assert!(target.is_file());
    }
}
