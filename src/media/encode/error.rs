//! What can go wrong while encoding.

use crate::frame::Size;
use crate::media::ffmpeg::FfmpegError;

/// Why an encoder could not be opened or failed while running.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// 4:2:0 H.264 has no half chroma sample at the edge.
    #[error(
        "cannot encode {size} pictures: H.264 with 4:2:0 chroma needs an even width and height of at least 2; choose another --resolution"
    )]
    Size {
        /// What was asked for.
        size: Size,
    },
    /// A bit rate or CRF value outside what an encoder can take.
    #[error("cannot encode with {what}: {why}")]
    Rate {
        /// The setting, with its value.
        what: String,
        /// The allowed range.
        why: &'static str,
    },
    /// `--encoder NAME` names no H.264 encoder of this FFmpeg.
    #[error("this FFmpeg has no H.264 encoder named {name:?}; it has: {known}")]
    UnknownEncoder {
        /// The name asked for.
        name: String,
        /// The names it knows, separated by commas.
        known: String,
    },
    /// An encoder that cannot do what the settings ask.
    #[error("encoder {name} {why}")]
    Unsuited {
        /// FFmpeg's name of the encoder.
        name: String,
        /// What it cannot do.
        why: String,
    },
    /// No encoder of the platform's list could be used.
    #[error(
        "no H.264 encoder could be opened: {attempts}; `capstan doctor` lists the encoders, --encoder NAME selects one"
    )]
    NoEncoder {
        /// Each name with its reason, separated by semicolons.
        attempts: String,
    },
    /// An option that this FFmpeg knows refused the value.
    #[error("encoder {name} refused option {key}={value}")]
    Option {
        /// FFmpeg's name of the encoder.
        name: String,
        /// The option.
        key: String,
        /// The value.
        value: String,
        /// FFmpeg's reason.
        source: FfmpegError,
    },
    /// The encoder did not open.
    #[error("encoder {name}: {doing} failed for {what}")]
    Open {
        /// FFmpeg's name of the encoder.
        name: String,
        /// Size and rate, or the sound format.
        what: String,
        /// The step that failed.
        doing: &'static str,
        /// FFmpeg's reason.
        source: FfmpegError,
    },
    /// The encoder opened, but what it made does not decode to what went in.
    #[error("encoder {name} failed its self-test: {why}")]
    SelfTest {
        /// FFmpeg's name of the encoder.
        name: String,
        /// What was wrong with its output.
        why: String,
    },
    /// A picture that is not what the encoder was opened for, or whose planes are shorter than it says.
    #[error("picture {pts} cannot be encoded: {why}")]
    Picture {
        /// Its position.
        pts: i64,
        /// What is wrong with it.
        why: String,
    },
    /// The encoder failed on a picture or a run of samples.
    #[error("encoder {name} failed while {doing}")]
    Run {
        /// FFmpeg's name of the encoder.
        name: String,
        /// The step, with the position.
        doing: String,
        /// FFmpeg's reason.
        source: FfmpegError,
    },
    /// Fewer packets came out than pictures went in.
    #[error("the video encoder gave fewer packets than it was given pictures")]
    MissingPacket,
    /// FFmpeg could not allocate.
    #[error("out of memory while {doing}")]
    OutOfMemory {
        /// The step.
        doing: &'static str,
    },
    /// Something was sent after the end was announced.
    #[error("encoder {name} was given more input after its end was announced")]
    Finished {
        /// FFmpeg's name of the encoder.
        name: String,
    },
}
