//! Everything that can end an export, root cause first.

use std::path::PathBuf;

use thiserror::Error;

use super::span::SpanError;
use crate::budget::OverBudget;
use crate::cap::CapError;
use crate::convert::ConvertError;
use crate::media::MediaError;
use crate::media::encode::EncodeError;
use crate::media::mux::MuxError;
use crate::media::packet_file::PacketFileError;
use crate::media::remux::RemuxError;
use crate::output::OutputError;
use crate::render::RenderError;
use crate::scene::SceneError;
use crate::sound::SoundError;

/// Why an export did not happen.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The recording can't be read.
    #[error(transparent)]
    Recording(#[from] CapError),
    /// The configuration can't be turned into frames.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// A media file can't be read.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// Composing failed.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// No path turned pixels into NV12.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// The path that was asked for can't be used.
    #[error("{reason}; leave --pixel-path out, and the fastest path that works here is taken")]
    PixelPath {
        /// What it lacks.
        reason: ConvertError,
    },
    /// Encoding failed.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// Writing the MP4 failed.
    #[error(transparent)]
    Mux(#[from] MuxError),
    /// Copying an instant recording failed.
    #[error(transparent)]
    Remux(#[from] RemuxError),
    /// Mixing the sound failed.
    #[error(transparent)]
    Sound(#[from] SoundError),
    /// The levels that waveforms show can't be measured.
    #[error("measuring the levels of {track}, which a waveform shows: {source}")]
    Levels {
        /// Which track of which segment.
        track: String,
        /// Why.
        source: crate::sound::BoxError,
    },
    /// The timeline shows nothing.
    #[error("the timeline shows no picture at its start; check timeline.segments in project-config.json")]
    NothingShown,
    /// The timeline has no length.
    #[error(
        "there is nothing to export: the timeline lasts {seconds} s and the screen's track {} {screen} s; check timeline.segments in project-config.json, or whether the track is damaged",
        file.display()
    )]
    NoFrames {
        /// Length of the timeline.
        seconds: f64,
        /// The first segment's screen.
        file: PathBuf,
        /// Its length in seconds.
        screen: f64,
    },
    /// The recording claims more memory than it may.
    #[error("the sound can't be decoded: {0}; name fewer or smaller images")]
    Memory(#[from] OverBudget),
    /// The encoder's stream stopped meeting the conditions for still pictures.
    #[error(
        "frame {frame} can't be followed by still pictures: {reason}; export again with --still-pictures off"
    )]
    StillPictures {
        /// Output frame.
        frame: i64,
        /// What in the stream speaks against it.
        reason: crate::media::h264::Declined,
    },
    /// Region pictures were asked for and can't be made.
    #[error(
        "region pictures can't be made: {reason}; with --region-pictures auto the pictures are coded whole then"
    )]
    NoRegionPictures {
        /// What speaks against them.
        reason: String,
    },
    /// The encoder's stream stopped meeting the conditions for region pictures.
    #[error(
        "frame {frame} can't stand beside region pictures: {reason}; export again with --region-pictures off"
    )]
    RegionPictures {
        /// Output frame.
        frame: i64,
        /// What in the stream speaks against it.
        reason: crate::media::h264::Declined,
    },
    /// A frame could not be composed.
    #[error("composing frame {frame} (at {seconds:.3} s of the output): {source}")]
    Frame {
        /// Output frame.
        frame: u64,
        /// Its time.
        seconds: f64,
        /// Why.
        source: Box<ExportError>,
    },
    /// A part of an export would not fit to the others.
    #[error("the part is not made: {reason}")]
    Part {
        /// What differs from the plan.
        reason: String,
    },
    /// The coded packets of a part can't be written.
    #[error(transparent)]
    Packets(#[from] PacketFileError),
    /// A recording without a sound track has no sound to make.
    #[error("the export has no sound track: the recording is muted and has no music")]
    NoSound,
    /// Instant recordings can't be divided.
    #[error(
        "an instant recording is copied, not rendered, so there is nothing to divide; `capstan export` copies it in one go"
    )]
    InstantParts,
    /// A file can't be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The part of the output that is asked for can't be made.
    #[error(transparent)]
    Span(#[from] SpanError),
    /// A setting that an instant recording can't honour: it is copied, not rendered.
    #[error("an instant recording is copied as it is, so {setting} can't be applied; leave it out")]
    InstantSetting {
        /// The flag.
        setting: &'static str,
    },
    /// A stage's thread could not be started.
    #[error("can't start the thread of the {stage} stage: {source}")]
    Thread {
        /// The stage.
        stage: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A stage's thread panicked: a defect of this program.
    #[error(
        "the {stage} stage stopped on a defect of this program ({message}); please report it with the log"
    )]
    Panicked {
        /// The stage.
        stage: &'static str,
        /// The panic's message.
        message: String,
    },
    /// Somebody asked for the end.
    #[error("interrupted; nothing was written")]
    Cancelled,
}
