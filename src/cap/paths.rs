//! Paths as a recording stores them: normalised (cap-format.md 1) and kept inside the recording's folder.

use std::io;
use std::path::{Component, Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

use super::problem::CapError;
use crate::reading;

/// Most entries of a folder looked through for a name.
const MAX_LISTED: usize = 100_000;

/// Folders that a stored path may start in.
const KNOWN_FOLDERS: [&str; 3] = ["content/", "screenshots/", "output/"];

/// A stored path with the traces of old Windows versions and of other machines removed (cap-format.md 1): from the first
/// known folder on, with `/` between the parts; an absolute one without such a folder from behind the recording's own folder
/// on, if that has its usual ending, or from `assets/` on; any other path as it is.
pub(super) fn normalise(stored: &str) -> String {
    let working = stored.replace('\\', "/");
    if KNOWN_FOLDERS.iter().any(|folder| working.starts_with(folder)) {
        return working;
    }
    if let Some(start) = KNOWN_FOLDERS.iter().find_map(|folder| working.find(folder)) {
        return working[start..].to_owned();
    }
    if working.starts_with('/') || has_drive(&working) {
        if let Some((_, inside)) = working.split_once(".cap/") {
            return inside.to_owned();
        }
        if let Some(start) = working.find("/assets/") {
            return working[start + 1..].to_owned();
        }
    }
    stored.to_owned()
}

fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// Why a stored path can't be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum PathFault {
    /// By `..`, by being absolute, or through a symbolic link.
    #[error(
        "{0:?} leaves the recording's folder; only files inside it are read: copy the file into the folder and name it relative to that"
    )]
    Leaves(String),
    /// No name, or that of the recording itself.
    #[error("{0:?} names no file: it is the recording's own folder")]
    Blank(String),
    /// Nothing there.
    #[error("{0:?} does not exist in the recording")]
    Missing(String),
    /// Nothing in it.
    #[error("{0:?} is empty (0 bytes)")]
    Empty(String),
    /// A folder, a pipe or a device.
    #[error("{0:?} is not a regular file")]
    NotAFile(String),
    /// The system refused.
    #[error("{0:?} cannot be reached: {1}")]
    Unreachable(String, io::Error),
}

/// The folder of a recording, which nothing is read outside of.
#[derive(Clone, Debug)]
pub(super) struct Root {
    given: PathBuf,
    canonical: PathBuf,
}

impl Root {
    /// The folder at `path`.
    pub(super) fn open(path: &Path) -> Result<Self, CapError> {
        let unreachable = |source| CapError::Unreachable {
            path: path.to_path_buf(),
            source,
        };
        let canonical = std::fs::canonicalize(path).map_err(unreachable)?;
        if !std::fs::metadata(&canonical).map_err(unreachable)?.is_dir() {
            return Err(CapError::NotAFolder {
                path: path.to_path_buf(),
            });
        }
        Ok(Self {
            given: path.to_path_buf(),
            canonical,
        })
    }

    /// As the caller named it.
    pub(super) fn given(&self) -> &Path {
        &self.given
    }

    /// Absolute, without symbolic links.
    pub(super) fn canonical(&self) -> &Path {
        &self.canonical
    }

    /// What `stored` names: an existing file or folder inside the root, absolute and without symbolic links.
    ///
    /// The one rule for every path in a recording: as it is written; else normalised (see [`normalise`]); else with
    /// backslashes taken for separators. Letters with accents may be composed in the one place and decomposed in the other.
    pub(super) fn resolve(&self, stored: &str) -> Result<PathBuf, PathFault> {
        let as_written = self.resolve_exactly(stored, stored);
        let Err(PathFault::Missing(_) | PathFault::Leaves(_)) = as_written else {
            return as_written;
        };
        let others = [normalise(stored), stored.replace('\\', "/")];
        others
            .iter()
            .filter(|other| *other != stored)
            .find_map(|other| self.resolve_exactly(stored, other).ok())
            .map_or(as_written, Ok)
    }

    /// What `path` names, a form of the path `stored`.
    fn resolve_exactly(&self, stored: &str, path: &str) -> Result<PathBuf, PathFault> {
        let leaves = || PathFault::Leaves(stored.to_owned());
        let relative = self.relative(path).ok_or_else(leaves)?;
        let found = std::fs::canonicalize(self.canonical.join(relative))
            .or_else(|error| match error.kind() {
                io::ErrorKind::NotFound if !path.is_ascii() => {
                    std::fs::canonicalize(self.by_equal_letters(relative).ok_or(error)?)
                }
                _ => Err(error),
            })
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                    PathFault::Missing(stored.to_owned())
                }
                _ => PathFault::Unreachable(stored.to_owned(), error),
            })?;
        if found == self.canonical {
            Err(PathFault::Blank(stored.to_owned()))
        } else if found.starts_with(&self.canonical) {
            Ok(found)
        } else {
            Err(leaves())
        }
    }

    /// The path below the root whose names are those of `relative` with their accents composed or decomposed otherwise:
    /// macOS wrote decomposed names, most other programs write composed ones.
    fn by_equal_letters(&self, relative: &Path) -> Option<PathBuf> {
        let mut path = self.canonical.clone();
        for component in relative.components() {
            let Component::Normal(name) = component else {
                path.push(component);
                continue;
            };
            let exact = path.join(name);
            if exact.symlink_metadata().is_ok() {
                path = exact;
                continue;
            }
            let wanted: String = name.to_str()?.nfc().collect();
            // Nothing outside is listed, not even through a link.
            let folder = std::fs::canonicalize(&path).ok()?;
            if !folder.starts_with(&self.canonical) {
                return None;
            }
            let mut entries = reading::list(&folder)
                .ok()?
                .take(MAX_LISTED)
                .filter_map(Result::ok);
            let found = entries.find(|entry| {
                entry
                    .file_name()
                    .to_str()
                    .is_some_and(|name| name.nfc().eq(wanted.chars()))
            })?;
            path = folder.join(found.file_name());
        }
        Some(path)
    }

    /// As [`Self::resolve`], for a regular file that holds something.
    pub(super) fn file(&self, stored: &str) -> Result<PathBuf, PathFault> {
        let path = self.resolve(stored)?;
        let metadata =
            std::fs::metadata(&path).map_err(|error| PathFault::Unreachable(stored.to_owned(), error))?;
        if !metadata.is_file() {
            Err(PathFault::NotAFile(stored.to_owned()))
        } else if metadata.len() == 0 {
            Err(PathFault::Empty(stored.to_owned()))
        } else {
            Ok(path)
        }
    }

    /// `stored` relative to the root, when its text alone doesn't lead out of it.
    fn relative<'a>(&self, stored: &'a str) -> Option<&'a Path> {
        if has_drive(stored) || stored.starts_with('\\') {
            return None;
        }
        let path = Path::new(stored);
        let path = [&self.canonical, &self.given]
            .iter()
            .filter(|root| root.is_absolute())
            .find_map(|root| path.strip_prefix(root).ok())
            .unwrap_or(path);
        let mut depth = 0_usize;
        for component in path.components() {
            match component {
                Component::Normal(_) => depth += 1,
                Component::CurDir => {}
                Component::ParentDir => depth = depth.checked_sub(1)?,
                Component::RootDir | Component::Prefix(_) => return None,
            }
        }
        Some(path)
    }
}

/// The image of a background when nothing outside the recording may be opened: only if it is in the recording.
pub(super) fn background_image_inside(root: &Path, stored: &str) -> Option<PathBuf> {
    Root {
        given: root.to_path_buf(),
        canonical: root.to_path_buf(),
    }
    .file(&background_path(stored))
    .ok()
}

/// A background's path without what URLs put before it.
fn background_path(stored: &str) -> String {
    stored
        .replace("asset://localhost/", "/")
        .replace("asset://", "")
        .replace("localhost//", "/")
}

/// Where the image of a background may be, most likely first (cap-format.md 4.3).
///
/// The text is a path on the machine that recorded, or looks like a URL. A relative one is looked for in the recording,
/// then in the working directory, as Cap does. Unlike tracks these files may lie anywhere: they are only ever decoded as
/// images.
pub(super) fn background_image_candidates(root: &Path, stored: &str) -> Vec<PathBuf> {
    let path = background_path(stored);
    if path.is_empty() {
        return Vec::new();
    }
    let root = Root {
        given: root.to_path_buf(),
        canonical: root.to_path_buf(),
    };
    let inside = root.resolve(&path).ok();
    let path = PathBuf::from(path);
    let mut candidates = if path.is_absolute() {
        vec![path]
    } else {
        vec![root.canonical.join(&path), path]
    };
    // In the recording by its other forms; where it is there as written it is among them already.
    candidates.extend(
        inside
            .filter(|inside| !candidates.contains(inside))
            .into_iter()
            .collect::<Vec<_>>(),
    );
    candidates
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn windows_paths_are_normalised() {
        // The four rules of cap-format.md 1, in order.
        for (stored, normalised) in [
            (
                r"content\segments\segment-0\display.mp4",
                "content/segments/segment-0/display.mp4",
            ),
            ("content/display.mp4", "content/display.mp4"),
            (r"C:\Users\me\a.cap\content\display.mp4", "content/display.mp4"),
            (
                "/Users/me/a.cap/screenshots/display.jpg",
                "screenshots/display.jpg",
            ),
            // `content/` is looked for before `output/`, wherever it stands.
            ("/output/a.cap/content/display.mp4", "content/display.mp4"),
            (r"D:\output\a.mp4", "output/a.mp4"),
            ("cursor.json", "cursor.json"),
            (r"C:\cursor.json", r"C:\cursor.json"),
            // Not in the specification: a file of the recording's own on another machine.
            ("/Users/me/One.cap/music/a.mp3", "music/a.mp3"),
            (r"D:\rec\assets\audio\a.mp3", "assets/audio/a.mp3"),
            ("../a.cap/x.mp3", "../a.cap/x.mp3"),
        ] {
            assert_eq!(normalise(stored), normalised, "{stored}");
        }
    }

    /// A recording with a neighbour, and links from the one to the other.
    fn folders() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        let recording = folder.path().join("a.cap");
        std::fs::create_dir_all(recording.join("content/deep")).unwrap();
        std::fs::write(recording.join("content/a.mp4"), b"a").unwrap();
        std::fs::write(recording.join("content/empty.mp4"), b"").unwrap();
        std::fs::write(folder.path().join("secret"), b"s").unwrap();
        std::fs::create_dir(folder.path().join("a.cap-neighbour")).unwrap();
        std::fs::write(folder.path().join("a.cap-neighbour/b"), b"s").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink(folder.path().join("secret"), recording.join("content/link")).unwrap();
            symlink("../..", recording.join("content/up")).unwrap();
            symlink("a.mp4", recording.join("content/inner")).unwrap();
            symlink("loop", recording.join("content/loop")).unwrap();
        }
        let root = Root::open(&recording).unwrap();
        (folder, root)
    }

    #[test]
    fn only_files_inside_are_found() {
        let (folder, root) = folders();
        let inside = root.canonical().join("content/a.mp4");
        assert_eq!(root.file("content/a.mp4").unwrap(), inside);
        assert_eq!(root.file("./content/deep/../a.mp4").unwrap(), inside);
        assert_eq!(root.file(&inside.to_string_lossy()).unwrap(), inside);
        assert!(matches!(root.file("content/b.mp4"), Err(PathFault::Missing(_))));
        assert!(matches!(root.file("content/a.mp4/b"), Err(PathFault::Missing(_))));
        assert!(matches!(root.file("content/empty.mp4"), Err(PathFault::Empty(_))));
        assert!(matches!(root.file("content/deep"), Err(PathFault::NotAFile(_))));
        for blank in ["", ".", "content/..", "./"] {
            assert!(matches!(root.file(blank), Err(PathFault::Blank(_))), "{blank:?}");
        }
        assert!(matches!(
            root.file("content/a\0.mp4"),
            Err(PathFault::Unreachable(..))
        ));
        let secret = folder.path().join("secret");
        for outside in [
            "../secret",
            "content/../../secret",
            "content/deep/../../../a.cap-neighbour/b",
            "/etc/passwd",
            r"C:\secret",
            "C:/secret",
            r"\\server\share\secret",
            &secret.to_string_lossy(),
        ] {
            assert!(
                matches!(root.file(outside), Err(PathFault::Leaves(_))),
                "{outside}"
            );
        }
    }

    #[test]
    fn every_form_of_a_name_is_found() {
        let (_folder, root) = folders();
        let audio = root.canonical().join("assets/audio");
        std::fs::create_dir_all(&audio).unwrap();
        for (on_disk, stored) in [
            ("a.mp3", r"assets\audio\a.mp3"),
            ("a.mp3", r".\assets\audio/a.mp3"),
            ("a.mp3", "/Users/someone/recordings/One.cap/assets/audio/a.mp3"),
            ("a.mp3", r"C:\Users\someone\One.cap\assets\audio\a.mp3"),
            // Decomposed on the disk and composed in the file, and the other way round.
            ("U\u{308}ber.mp3", "assets/audio/\u{dc}ber.mp3"),
            ("cafe\u{301}.mp3", r"assets\audio\café.mp3"),
            ("\u{e9}t\u{e9}.mp3", "assets/audio/e\u{301}te\u{301}.mp3"),
        ] {
            std::fs::write(audio.join(on_disk), b"m").unwrap();
            assert_eq!(root.file(stored).unwrap(), audio.join(on_disk), "{stored}");
        }
        assert!(matches!(
            root.file("assets/audio/\u{d6}l.mp3"),
            Err(PathFault::Missing(_))
        ));
        assert!(matches!(root.file("../\u{d6}l.mp3"), Err(PathFault::Leaves(_))));
        assert!(matches!(
            root.file(r"C:\Users\someone\Music\a.mp3"),
            Err(PathFault::Leaves(_))
        ));
    }

    #[cfg(unix)]
    #[test]
    fn a_name_with_a_backslash_is_found_as_it_is() {
        let (_folder, root) = folders();
        let odd = root.canonical().join(r"odd\name.mp3");
        std::fs::write(&odd, b"m").unwrap();
        assert_eq!(root.file(r"odd\name.mp3").unwrap(), odd);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_only_inside() {
        let (_folder, root) = folders();
        assert_eq!(
            root.file("content/inner").unwrap(),
            root.canonical().join("content/a.mp4")
        );
        for outside in [
            "content/link",
            "content/up/secret",
            "content/up/a.cap-neighbour/b",
            "content/up",
        ] {
            assert!(
                matches!(root.file(outside), Err(PathFault::Leaves(_))),
                "{outside}"
            );
        }
        assert!(matches!(
            root.file("content/loop"),
            Err(PathFault::Unreachable(..))
        ));
    }

    #[test]
    fn a_confined_background_is_in_the_recording_or_nowhere() {
        let (folder, root) = folders();
        let inside = |stored: &str| background_image_inside(root.canonical(), stored);
        let image = root.canonical().join("content/a.mp4");
        let absolute = image.to_str().unwrap();
        for stored in [
            "content/a.mp4",
            absolute,
            &format!("asset://localhost/{absolute}"),
            r"content\a.mp4",
        ] {
            assert_eq!(inside(stored).as_ref(), Some(&image), "{stored}");
        }
        let secret = folder.path().join("secret");
        for stored in [
            "../secret",
            "content/../../secret",
            secret.to_str().unwrap(),
            "",
            "gone.png",
        ] {
            assert_eq!(inside(stored), None, "{stored}");
        }
        // Cap's way finds it.
        assert_eq!(
            background_image_candidates(root.canonical(), secret.to_str().unwrap()),
            [secret]
        );
        #[cfg(unix)]
        for stored in ["content/link", "content/up/secret"] {
            assert_eq!(inside(stored), None, "{stored}");
        }
    }

    #[test]
    fn background_texts_are_cleaned() {
        let root = Path::new("/r.cap");
        for (stored, paths) in [
            ("/a/b.jpg", vec!["/a/b.jpg"]),
            ("asset://localhost//a/b.jpg", vec!["//a/b.jpg"]),
            ("asset://localhost/a/b.jpg", vec!["/a/b.jpg"]),
            ("asset:///a/b.jpg", vec!["/a/b.jpg"]),
            ("localhost//a/b.jpg", vec!["/a/b.jpg"]),
            ("assets/b.jpg", vec!["/r.cap/assets/b.jpg", "assets/b.jpg"]),
            ("", vec![]),
        ] {
            let paths: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
            assert_eq!(background_image_candidates(root, stored), paths, "{stored}");
        }
    }

    #[test]
    fn no_text_leads_outside() {
        let (_folder, root) = folders();
        let part = prop::sample::select(vec![
            "..",
            ".",
            "",
            "content",
            "up",
            "link",
            "secret",
            "a.cap",
            "a.cap-neighbour",
            "b",
            "a.mp4",
            "deep",
            "inner",
        ]);
        proptest!(|(parts in prop::collection::vec(part, 0..8), absolute in any::<bool>(), any in any::<String>())| {
            let text = parts.join("/");
            let text = if absolute { format!("{}/{text}", root.canonical().display()) } else { text };
            for text in [normalise(&text), text, normalise(&any), any] {
                if let Ok(path) = root.resolve(&text) {
                    prop_assert!(path.starts_with(root.canonical()));
                    prop_assert_eq!(std::fs::canonicalize(&path).unwrap(), path);
                }
            }
        });
    }
}
