//! The target file: written beside it under a temporary name, synced, then renamed.

use std::fs::File;
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::error::ExportError;

/// A file on its way to `target`. Dropped before [`OutputFile::publish`], it leaves nothing behind.
#[derive(Debug)]
pub(super) struct OutputFile {
    target: PathBuf,
    partial: TempPath,
    overwrite: bool,
}

impl OutputFile {
    /// Reserves a temporary name in the target's folder.
    ///
    /// # Errors
    /// When the target exists and `overwrite` is off, lies inside `recording`, or its folder can't be written.
    pub(super) fn create(target: &Path, overwrite: bool, recording: &Path) -> Result<Self, ExportError> {
        let folder = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let at = |source| ExportError::Output {
            path: target.to_owned(),
            action: "write beside",
            source,
        };
        let real_folder = folder.canonicalize().map_err(at)?;
        if let Ok(real_recording) = recording.canonicalize()
            && real_folder.starts_with(&real_recording)
        {
            return Err(ExportError::InsideRecording {
                path: target.to_owned(),
            });
        }
        if target.is_dir() {
            return Err(ExportError::TargetIsFolder {
                path: target.to_owned(),
            });
        }
        if !overwrite && target.symlink_metadata().is_ok() {
            return Err(ExportError::Exists {
                path: target.to_owned(),
            });
        }
        let stem = target
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let mut builder = tempfile::Builder::new();
        let prefix = format!(".{stem}.");
        builder.prefix(&prefix).suffix(".partial");
        // An ordinary file as far as the user's umask allows, not one that is private to the user.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let partial = builder.tempfile_in(folder).map_err(at)?.into_temp_path();
        Ok(Self {
            target: target.to_owned(),
            partial,
            overwrite,
        })
    }

    /// Where to write.
    pub(super) fn partial(&self) -> &Path {
        &self.partial
    }

    /// Makes the finished file durable and gives it its name. Another file that took the name meanwhile is replaced
    /// only when overwriting was asked for.
    pub(super) fn publish(self) -> Result<PathBuf, ExportError> {
        let failed = |action, source| ExportError::Output {
            path: self.target.clone(),
            action,
            source,
        };
        let file = File::open(&self.partial).map_err(|e| failed("sync", e))?;
        file.sync_all().map_err(|e| failed("sync", e))?;
        drop(file);
        let Self {
            target,
            partial,
            overwrite,
        } = self;
        let renamed = if overwrite {
            partial.persist(&target)
        } else {
            partial.persist_noclobber(&target)
        };
        renamed.map_err(|e| ExportError::Output {
            path: target.clone(),
            action: "rename to",
            source: e.error,
        })?;
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn appears_only_when_published() {
        let dir = tempfile::tempdir().unwrap();
        let recording = tempfile::tempdir().unwrap();
        let target = dir.path().join("out.mp4");
        let output = OutputFile::create(&target, false, recording.path()).unwrap();
        fs::write(output.partial(), b"film").unwrap();
        assert!(!target.exists());
        output.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"film");
        assert_eq!(names(dir.path()), ["out.mp4"]);
    }

    #[test]
    fn abandoned_output_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let recording = tempfile::tempdir().unwrap();
        drop(OutputFile::create(&dir.path().join("out.mp4"), false, recording.path()).unwrap());
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn an_existing_file_needs_overwrite_even_when_it_came_later() {
        let dir = tempfile::tempdir().unwrap();
        let recording = tempfile::tempdir().unwrap();
        let target = dir.path().join("out.mp4");
        let early = OutputFile::create(&target, false, recording.path()).unwrap();
        fs::write(&target, b"mine").unwrap();
        assert!(matches!(
            OutputFile::create(&target, false, recording.path()),
            Err(ExportError::Exists { .. })
        ));
        assert!(early.publish().is_err());
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        let late = OutputFile::create(&target, true, recording.path()).unwrap();
        fs::write(late.partial(), b"film").unwrap();
        late.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"film");
        assert_eq!(names(dir.path()), ["out.mp4"]);
    }

    #[test]
    fn never_writes_into_the_recording() {
        let recording = tempfile::tempdir().unwrap();
        let inside = recording.path().join("content");
        fs::create_dir(&inside).unwrap();
        assert!(matches!(
            OutputFile::create(&inside.join("out.mp4"), true, recording.path()),
            Err(ExportError::InsideRecording { .. })
        ));
    }
}
