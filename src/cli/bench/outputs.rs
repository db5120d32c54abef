//! Where results go.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

/// Prints JSON, or writes it to `file`.
pub(super) fn json<T: Serialize>(file: Option<&Path>, value: &T) -> anyhow::Result<()> {
    match file {
        // One line each, so that several can be told apart.
        None => super::super::print(&format!("{}\n", serde_json::to_string(value)?)),
        Some(file) => write(
            file,
            format!("{}\n", serde_json::to_string_pretty(value)?).as_bytes(),
        ),
    }
}

/// Writes a file, all or nothing.
pub(super) fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let failed = || format!("can't write {}", file.display());
    let mut builder = tempfile::Builder::new();
    // Readable by whom the user's mask lets read, as any other result.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let partial = builder.tempfile_in(folder).with_context(failed)?;
    fs::write(partial.path(), bytes).with_context(failed)?;
    partial.persist(file).with_context(failed)?;
    Ok(())
}

/// The file for one of several recordings: `out.json` becomes `out.demo.json` for `demo.cap`.
pub(super) fn file_for(file: &Path, recording: &Path, several: bool) -> PathBuf {
    if !several {
        return file.to_owned();
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = recording.file_stem().unwrap_or_default().to_string_lossy();
    let extension = file
        .extension()
        .map(|extension| format!(".{}", extension.to_string_lossy()))
        .unwrap_or_default();
    file.with_file_name(format!("{stem}.{name}{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_recordings_get_a_file_each() {
        let name = |several| file_for(Path::new("a/out.json"), Path::new("/x/demo.cap"), several);
        assert_eq!(
            (name(false), name(true)),
            ("a/out.json".into(), "a/out.demo.json".into())
        );
    }

    #[test]
    fn files_are_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.json");
        json(Some(&file), &[1, 2]).unwrap();
        json(Some(&file), &[3]).unwrap();
        assert_eq!(
            serde_json::from_slice::<Vec<u32>>(&fs::read(&file).unwrap()).unwrap(),
            [3]
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write(Path::new("/no/such/folder/x"), b"").is_err());
    }
}
