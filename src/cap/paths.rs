//! Paths as a recording stores them: normalised (cap-format.md 1) and kept inside the recording's folder.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::problem::CapError;

/// Folders that a stored path may start in.
const KNOWN_FOLDERS: [&str; 3] = ["content/", "screenshots/", "output/"];

/// A path of `recording-meta.json` with the traces of old Windows versions removed (cap-format.md 1): from the first known
/// folder on, with `/` between the parts; any other path as it is.
pub(super) fn normalise(stored: &str) -> String {
    let working = stored.replace('\\', "/");
    if KNOWN_FOLDERS.iter().any(|folder| working.starts_with(folder)) {
        return working;
    }
    match KNOWN_FOLDERS.iter().find_map(|folder| working.find(folder)) {
        Some(start) => working[start..].to_owned(),
        None => stored.to_owned(),
    }
}

/// Why a stored path can't be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum PathFault {
    /// By `..`, by being absolute, or through a symbolic link.
    #[error(
        "{0:?} leaves the recording's folder; only files inside it are read: copy the file into the folder and name it relative to that"
    )]
    Leaves(String),
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
    pub(super) fn resolve(&self, stored: &str) -> Result<PathBuf, PathFault> {
        let leaves = || PathFault::Leaves(stored.to_owned());
        let relative = self.relative(stored).ok_or_else(leaves)?;
        let found =
            std::fs::canonicalize(self.canonical.join(relative)).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                    PathFault::Missing(stored.to_owned())
                }
                _ => PathFault::Unreachable(stored.to_owned(), error),
            })?;
        if found.starts_with(&self.canonical) {
            Ok(found)
        } else {
            Err(leaves())
        }
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
        let bytes = stored.as_bytes();
        let drive = bytes.len() > 1 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
        if drive || stored.starts_with('\\') {
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

/// Where the image of a background may be, most likely first (cap-format.md 4.3).
///
/// The text is a path on the machine that recorded, or looks like a URL. A relative one is looked for in the recording,
/// then in the working directory, as Cap does. Unlike tracks these files may lie anywhere: they are only ever decoded as
/// images.
pub(super) fn background_image_candidates(root: &Path, stored: &str) -> Vec<PathBuf> {
    let path = stored
        .replace("asset://localhost/", "/")
        .replace("asset://", "")
        .replace("localhost//", "/");
    if path.is_empty() {
        return Vec::new();
    }
    let path = PathBuf::from(path);
    if path.is_absolute() {
        vec![path]
    } else {
        vec![root.join(&path), path]
    }
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
        assert!(matches!(root.file(""), Err(PathFault::NotAFile(_))));
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
