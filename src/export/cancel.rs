//! A request to stop that every stage looks at.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A request to stop. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    requested: AtomicBool,
    partial: Mutex<Option<PathBuf>>,
}

impl Cancel {
    /// Nobody has asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the export to stop as soon as it can.
    pub fn request(&self) {
        self.0.requested.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has asked.
    pub fn is_requested(&self) -> bool {
        self.0.requested.load(Ordering::Relaxed)
    }

    /// Tells which unfinished file to remove should the process have to end without waiting for the export.
    pub(super) fn set_partial(&self, partial: Option<PathBuf>) {
        *self.0.partial.lock().unwrap_or_else(PoisonError::into_inner) = partial;
    }

    /// Removes the unfinished file. For a process that is about to end because the export did not stop in time (a stage
    /// may be inside a long write or driver call).
    ///
    /// # Errors
    /// When the file exists and can't be removed.
    pub fn abandon(&self) -> std::io::Result<()> {
        match self
            .0
            .partial
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            Some(path) => match std::fs::remove_file(path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e),
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }
}
