//! Small recordings written into temporary folders, for the tests of this room.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::paths::Root;
use super::problem::{Problem, Problems};

/// A recording in a temporary folder, removed with it.
pub(super) struct Folder {
    holder: tempfile::TempDir,
}

impl Folder {
    pub(super) fn new() -> Self {
        let holder = tempfile::tempdir().unwrap();
        std::fs::create_dir(holder.path().join("take.cap")).unwrap();
        Self { holder }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.holder.path().join("take.cap")
    }

    /// The folder around the recording.
    pub(super) fn outside(&self) -> &Path {
        self.holder.path()
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    pub(super) fn json(&self, name: &str, content: &Value) -> &Self {
        self.write(name, content.to_string())
    }

    pub(super) fn root(&self) -> Root {
        Root::open(&self.path()).unwrap()
    }
}

/// A box of that kind with `content` bytes inside.
pub(super) fn mp4_box(kind: &[u8; 4], content: usize) -> Vec<u8> {
    let mut bytes = Vec::from(u32::try_from(content + 8).unwrap().to_be_bytes());
    bytes.extend(kind);
    bytes.resize(content + 8, 0);
    bytes
}

/// The structure of an MP4 that decodes on its own.
pub(super) fn whole_mp4() -> Vec<u8> {
    [mp4_box(b"ftyp", 16), mp4_box(b"moov", 200), mp4_box(b"mdat", 600)].concat()
}

/// The structure of an init segment.
pub(super) fn init_mp4() -> Vec<u8> {
    [mp4_box(b"ftyp", 16), mp4_box(b"moov", 200)].concat()
}

/// The structure of a piece that needs an init segment.
pub(super) fn piece_m4s() -> Vec<u8> {
    [mp4_box(b"styp", 16), mp4_box(b"moof", 60), mp4_box(b"mdat", 200)].concat()
}

/// Every problem, errors first, as one line each: severity, file, JSON path, message.
pub(super) fn lines(problems: Problems) -> Vec<String> {
    problems.into_all().iter().map(line).collect()
}

pub(super) fn line(problem: &Problem) -> String {
    format!("{:?} {problem}", problem.severity)
}
