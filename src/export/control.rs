//! What the stages share while they run: the request to stop, the first failure, progress.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::cancel::Cancel;
use super::error::ExportError;
use super::progress::Phase;
use super::queue::Stopped;
use crate::convert::ConvertError;
use crate::media::MediaError;
use crate::media::encode::EncodeError;
use crate::media::mux::MuxError;
use crate::media::packet_file::PacketFileError;
use crate::render::RenderError;
use crate::sound::SoundError;

/// Shared state of a running export.
#[derive(Debug)]
pub(super) struct Control {
    cancel: Cancel,
    first: u64,
    failed: AtomicBool,
    first_error: Mutex<Option<ExportError>>,
    written: AtomicU64,
    phase: AtomicU8,
}

impl Control {
    /// For a run whose first picture is frame `first` of the output.
    pub(super) fn new(cancel: Cancel, first: u64) -> Self {
        Self {
            cancel,
            first,
            failed: AtomicBool::new(false),
            first_error: Mutex::new(None),
            written: AtomicU64::new(0),
            phase: AtomicU8::new(Phase::Export as u8),
        }
    }

    /// Frame of the output that the first picture of the run is.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Whether the stages should wind up without finishing their work.
    pub(super) fn is_stopping(&self) -> bool {
        self.cancel.is_requested() || self.failed.load(Ordering::Relaxed)
    }

    /// Errs once the stages should wind up.
    pub(super) fn check(&self) -> Result<(), Stopped> {
        if self.is_stopping() { Err(Stopped) } else { Ok(()) }
    }

    /// Notes a failure. Only the first one is the cause; what follows from it is dropped. That nothing was written always
    /// follows from something else, even if it is noted first: a stage's queues close a moment before its failure is noted.
    pub(super) fn fail(&self, error: ExportError) {
        let mut first = self.first_error.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(&*first, None | Some(ExportError::Mux(MuxError::Empty { .. }))) {
            *first = Some(error);
        }
        self.failed.store(true, Ordering::Relaxed);
    }

    /// The cause of a run that was stopped: the first failure, else the request to stop.
    pub(super) fn into_result(self) -> Result<(), ExportError> {
        match self
            .first_error
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
        {
            Some(error) => Err(error),
            None if self.cancel.is_requested() => Err(ExportError::Cancelled),
            None => Ok(()),
        }
    }

    pub(super) fn add_written(&self, frames: u64) {
        self.written.fetch_add(frames, Ordering::Relaxed);
    }

    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(super) fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub(super) fn phase(&self) -> Phase {
        if self.phase.load(Ordering::Relaxed) == Phase::Finish as u8 {
            Phase::Finish
        } else {
            Phase::Export
        }
    }
}

/// Why a stage ended before its input did.
#[derive(Debug)]
pub(super) enum StageEnd {
    /// Somebody else's reason.
    Stopped,
    /// Its own.
    Failed(Box<ExportError>),
}

impl From<Stopped> for StageEnd {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<ExportError> for StageEnd {
    fn from(error: ExportError) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// Lets a stage use `?` on the errors of the rooms below.
macro_rules! stage_errors {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for StageEnd {
            fn from(error: $error) -> Self {
                ExportError::from(error).into()
            }
        })+
    };
}

stage_errors!(
    MediaError,
    RenderError,
    ConvertError,
    EncodeError,
    MuxError,
    PacketFileError,
    SoundError
);
