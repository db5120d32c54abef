//! Opens the files that a run reads: regular files only, and those of a recording only where they were found.
//!
//! A recording's paths are checked once, when it is opened, and used until the export ends. Another program could
//! put a link in the place of a file that was checked. So each opening says where the file may be.

use std::fs::{self, File, ReadDir};
use std::io;
use std::path::Path;

/// Where a file may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a recording. The path was resolved, so it is absolute and no part of it is a symbolic link; if one is now, it was put
    /// there meanwhile and is not followed (on Linux; elsewhere the check at the resolution has to do).
    Recording,
    /// Wherever the path leads: a user named it, or it is a background, which may lie anywhere (cap-format.md 4.3).
    Anywhere,
}

/// Opens a regular file to be read. Anything else, such as a named pipe, is refused without waiting for it.
///
/// # Errors
/// When the system refuses, when it is no regular file, or when it is not in its place.
pub(crate) fn open(path: &Path, place: Place) -> io::Result<File> {
    // Asked first: opening a device may already do something.
    regular(&fs::metadata(path)?)?;
    let file = match place {
        Place::Recording => in_place(path, Kind::File)?,
        Place::Anywhere => options(0).open(path)?,
    };
    // And asked of what was opened, which is what counts.
    regular(&file.metadata()?)?;
    Ok(file)
}

/// Lists a folder of a recording.
///
/// # Errors
/// When the system refuses, or when it is not in its place.
pub(crate) fn list(folder: &Path) -> io::Result<ReadDir> {
    #[cfg(target_os = "linux")]
    {
        let opened = in_place(folder, Kind::Folder)?;
        match fs::read_dir(descriptor(&opened)) {
            // Without /proc. What is listed are names, and each is resolved before it is used.
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::read_dir(folder),
            listed => listed,
        }
    }
    #[cfg(not(target_os = "linux"))]
    fs::read_dir(folder)
}

fn regular(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    #[cfg(target_os = "linux")]
    Folder,
}

/// Opens `path` when no part of it is a symbolic link.
#[cfg(target_os = "linux")]
fn in_place(path: &Path, kind: Kind) -> io::Result<File> {
    use nix::errno::Errno;
    use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2};

    let mut flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
    flags.set(OFlag::O_DIRECTORY, kind == Kind::Folder);
    let how = OpenHow::new()
        .flags(flags)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    loop {
        return match openat2(AT_FDCWD, path, how) {
            Ok(file) => Ok(file.into()),
            Err(Errno::EINTR) => continue,
            Err(Errno::ELOOP) => Err(moved()),
            // Linux before 5.6, and containers that don't know the call.
            Err(Errno::ENOSYS | Errno::EPERM) => {
                let file = options(flags.bits()).open(path)?;
                if fs::read_link(descriptor(&file))? == path {
                    Ok(file)
                } else {
                    Err(moved())
                }
            }
            Err(error) => Err(error.into()),
        };
    }
}

#[cfg(not(target_os = "linux"))]
fn in_place(path: &Path, _kind: Kind) -> io::Result<File> {
    options(0).open(path)
}

/// The name that the system has for an open file.
#[cfg(target_os = "linux")]
fn descriptor(file: &File) -> std::path::PathBuf {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

#[cfg(target_os = "linux")]
fn moved() -> io::Error {
    io::Error::other(
        "a symbolic link was put in its way while the recording was read; nothing may change in it meanwhile",
    )
}

/// To open a file for reading, with `flags` of the system besides.
fn options(flags: i32) -> fs::OpenOptions {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A pipe that took the file's place meanwhile is opened at once, and refused.
        options.custom_flags(flags | libc::O_NONBLOCK);
    }
    #[cfg(not(unix))]
    let _ = flags;
    options
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn text(path: &Path, place: Place) -> Result<String, String> {
        let mut text = String::new();
        let mut file = open(path, place).map_err(|error| error.to_string())?;
        file.read_to_string(&mut text).unwrap();
        Ok(text)
    }

    #[test]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        fs::write(folder.join("a"), "a").unwrap();
        for place in [Place::Recording, Place::Anywhere] {
            assert_eq!(text(&folder.join("a"), place).unwrap(), "a");
            assert!(text(&folder, place).unwrap_err().contains("not a regular file"));
            assert!(open(&folder.join("b"), place).is_err());
            #[cfg(unix)]
            {
                let pipe = folder.join("pipe");
                if !pipe.exists() {
                    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
                    assert!(made.success());
                }
                assert!(text(&pipe, place).unwrap_err().contains("not a regular file"));
            }
        }
    }

    /// A link in the place of a file, or of a folder above it, that was checked.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_was_put_in_the_place_of_a_file_is_not_opened() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        for sub in ["secrets", "a.cap/content"] {
            fs::create_dir_all(folder.join(sub)).unwrap();
        }
        fs::write(folder.join("secrets/b"), "secret").unwrap();
        fs::write(folder.join("a.cap/content/b"), "b").unwrap();
        let checked = folder.join("a.cap/content/b");
        assert_eq!(text(&checked, Place::Recording).unwrap(), "b");
        let names: Vec<_> = list(&folder.join("a.cap/content")).unwrap().collect();
        assert_eq!(names.len(), 1);

        fs::remove_file(&checked).unwrap();
        symlink(folder.join("secrets/b"), &checked).unwrap();
        assert!(
            text(&checked, Place::Recording)
                .unwrap_err()
                .contains("symbolic link")
        );
        assert_eq!(text(&checked, Place::Anywhere).unwrap(), "secret");

        fs::remove_dir_all(folder.join("a.cap/content")).unwrap();
        symlink(folder.join("secrets"), folder.join("a.cap/content")).unwrap();
        assert!(
            text(&checked, Place::Recording)
                .unwrap_err()
                .contains("symbolic link")
        );
        assert!(list(&folder.join("a.cap/content")).is_err());
    }
}
