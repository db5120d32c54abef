//! Mixing, gains, speed: plain maths on samples.
//!
//! Everything is 48 kHz float. Where samples come from is a [`SampleSource`], how they change speed a [`Retimer`]: both
//! are injected, so that the maths are tested with made-up samples and FFmpeg stays in `media`. A [`SoundPlan`] says
//! what is heard when, a [`Mixer`] renders it front to back.

mod clock;
mod gain;
mod improve;
mod levels;
mod mixer;
mod onset;
mod plan;
mod retimed;

pub use clock::{SAMPLE_RATE, samples_after_frame, samples_at, samples_in_frames};
pub use improve::{Improved, Improvement};
pub use levels::{HOP, LevelMeter, WINDOW};
pub use mixer::Mixer;
pub(crate) use onset::Onsets;
pub use plan::{ClipSound, MusicSound, SegmentSound, SoundPlan, TrackSound};
pub use retimed::{Retime, Retimer, RetimerFactory};

/// One moment of stereo sound: left, right, nominally -1..=1.
pub type Stereo = [f32; 2];

/// What an injected part of the sound chain fails with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How many channels a source has, which decides its gain (cap-look.md 21.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// One channel.
    Mono,
    /// Two channels.
    Stereo,
}

/// 48 kHz sound that can be read from any position.
pub trait SampleSource: Send {
    /// Channels of the source.
    fn channels(&self) -> Channels;

    /// Writes the samples from `position` on; sample 0 is the first one of the source. Before it and after the last
    /// one there is silence. A mono source writes its value to both sides.
    ///
    /// # Errors
    /// When the source can no longer be read.
    fn read(&mut self, position: i64, out: &mut [Stereo]) -> Result<(), BoxError>;
}

/// Why sound could not be mixed.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// The plan contradicts itself or its sources.
    #[error("the plan of the sound does not hold together: {0}")]
    Plan(String),
    /// A source failed.
    #[error("reading sound at {seconds:.3} s of its file failed, for output time {at:.3} s")]
    Read {
        /// Position in the file, seconds.
        seconds: f64,
        /// Position in the output, seconds.
        at: f64,
        /// What the source says.
        source: BoxError,
    },
    /// A retimer failed.
    #[error("playing sound at speed {speed} failed at output time {at:.3} s")]
    Retime {
        /// Speed of the clip.
        speed: f64,
        /// Position in the output, seconds.
        at: f64,
        /// What the retimer says.
        source: BoxError,
    },
}
