//! What can go wrong between pixels and planes.

use super::PixelPath;
use crate::frame::{PackedFormat, Size};

/// Why a picture was not converted, or a path not opened.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The path cannot be used here at all; another one can.
    #[error("pixel path {path} is not available: {reason}")]
    Unavailable {
        /// The path asked for.
        path: PixelPath,
        /// What it lacks.
        reason: String,
    },
    /// The pixels have another byte order than the converter was opened for.
    #[error("pixel path {path} was opened for {expected:?} pixels but got {found:?}")]
    Format {
        /// The path in use.
        path: PixelPath,
        /// What it was opened for.
        expected: PackedFormat,
        /// What came in.
        found: PackedFormat,
    },
    /// Sizes, offsets, strides or buffer lengths contradict each other.
    #[error(
        "pixel path {path} cannot convert {source_size} pixels at ({x}, {y}) of a {target_size} picture: {what}"
    )]
    Geometry {
        /// The path in use.
        path: PixelPath,
        /// Size of the rectangle.
        source_size: Size,
        /// Size of the picture.
        target_size: Size,
        /// Left edge of the rectangle.
        x: u32,
        /// Top edge of the rectangle.
        y: u32,
        /// The rule that is broken.
        what: String,
    },
    /// A function of the path's library failed.
    #[error("pixel path {path}: {function} failed while {doing}: {status}")]
    Call {
        /// The path in use.
        path: PixelPath,
        /// The function, by its name in the library's documentation.
        function: &'static str,
        /// What it was called for.
        doing: &'static str,
        /// The error's name and number.
        status: String,
    },
    /// No path is both available and right; the log names what each lacks.
    #[error("no pixel path is left to convert with: none of those asked for is available and right here")]
    NoCandidate,
    /// Every path of a chain has failed.
    #[error("frame {frame}: no pixel path is left after {path} failed")]
    Exhausted {
        /// The frame that could not be converted, counted from 0.
        frame: u64,
        /// The last path of the chain.
        path: PixelPath,
        /// Why that one failed.
        source: Box<ConvertError>,
    },
}

impl ConvertError {
    /// A path that cannot be used, and why.
    pub(crate) fn unavailable(path: PixelPath, reason: impl Into<String>) -> Self {
        Self::Unavailable {
            path,
            reason: reason.into(),
        }
    }
}
