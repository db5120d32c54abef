//! What an export tells whoever watches it.

use std::time::Duration;

/// What an export is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Reading the recording, opening devices and encoders.
    Prepare,
    /// Frames pass through the pipeline.
    Export,
    /// The index is written and the file is put in place.
    Finish,
}

impl Phase {
    /// The phase in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Export => "export",
            Self::Finish => "finish",
        }
    }
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// Frames in the file so far.
    pub frames: u64,
    /// Frames there will be; 0 while that is not known.
    pub total: u64,
    /// Time since the export began.
    pub elapsed: Duration,
    /// Output frames per second over the time the pipeline has run.
    pub fps: f64,
    /// Output seconds per second of time.
    pub speed: f64,
    /// Time left at that speed, once a frame is through.
    pub left: Option<Duration>,
}

impl Progress {
    /// Before anything is known.
    pub const NOTHING: Self = Self {
        phase: Phase::Prepare,
        frames: 0,
        total: 0,
        elapsed: Duration::ZERO,
        fps: 0.0,
        speed: 0.0,
        left: None,
    };
}

/// Watches an export. Called from the thread that runs it, about ten times a second and at each change of phase.
pub trait Observer {
    /// Tells how far the export is.
    fn progress(&mut self, progress: &Progress);
}

/// Watches nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn progress(&mut self, _: &Progress) {}
}
