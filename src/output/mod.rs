//! The one door that every file the program writes goes through.
//!
//! A [`Door`] knows what a run reads and writes. A file is written only when it lies in no recording, is neither read nor
//! written otherwise in the same run, and does not exist unless overwriting was asked for. Files are compared by what they are
//! and not by how they are named: links are followed, and the file system is asked whether two names are one to it. A file
//! is written beside its target under a temporary name and renamed once it is complete.

mod door;
mod error;
mod identity;
mod partial;

pub use door::Door;
pub use error::OutputError;
pub use partial::{OutputFile, remove_unfinished};

use std::path::Path;

/// The folder that `file` is in.
fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
