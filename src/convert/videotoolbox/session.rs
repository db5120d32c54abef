//! VTPixelTransferSession, owned.

use std::ptr::{self, NonNull};

use super::pixel_buffer::PixelBuffer;
use super::status::{Failure, video_toolbox};
use super::sys::{self, Constant, Property, VideoToolbox};
use crate::convert::{ConvertError, PixelPath};
use crate::frame::YuvMatrix;

/// `matrix` as CoreVideo calls it, where capstan writes it.
pub(super) fn matrix_name(matrix: YuvMatrix) -> Option<Constant> {
    match matrix {
        YuvMatrix::Bt709 => Some(Constant::Matrix709),
        YuvMatrix::Bt601 => Some(Constant::Matrix601),
        YuvMatrix::Bt2020 => None,
    }
}

/// A session that makes 4:2:0 of BGRA, kept for the length of an export; invalidated and released when dropped.
pub(super) struct Session {
    raw: NonNull<std::ffi::c_void>,
    framework: VideoToolbox,
}

// SAFETY: a session has no thread affinity; it is used through `&mut` only.
unsafe impl Send for Session {}

impl Session {
    /// A session whose output has `matrix`, BT.709 primaries and transfer, and chroma averaged over 2x2 pixels.
    pub(super) fn new(matrix: YuvMatrix) -> Result<Self, ConvertError> {
        let path = PixelPath::VideoToolbox;
        let matrix = matrix_name(matrix)
            .ok_or_else(|| ConvertError::unavailable(path, "only BT.709 and BT.601 are transferred to"))?;
        let framework = VideoToolbox::load().map_err(|missing| ConvertError::unavailable(path, missing))?;
        Self::open(framework, matrix).map_err(|failure| failure.of(path))
    }

    fn open(framework: VideoToolbox, matrix: Constant) -> Result<Self, Failure> {
        const FUNCTION: &str = "VTPixelTransferSessionCreate";
        const DOING: &str = "opening a pixel transfer session";
        let mut raw = ptr::null_mut();
        video_toolbox(framework.VTPixelTransferSessionCreate(&mut raw), FUNCTION, DOING)?;
        let raw = NonNull::new(raw).ok_or_else(|| Failure::nothing(FUNCTION, DOING))?;
        let session = Self { raw, framework };
        // A transfer replaces the destination's attachments: what the output is must be said here, not there. Source
        // and destination agree in primaries and transfer function, so that no colour matching comes into it.
        session.set(Property::DestinationMatrix(matrix), "choosing the YCbCr matrix")?;
        session.set(
            Property::DestinationPrimaries(Constant::Primaries709),
            "choosing the primaries",
        )?;
        session.set(
            Property::DestinationTransfer(Constant::Transfer709),
            "choosing the transfer function",
        )?;
        session.set(
            Property::AverageDownsampling,
            "choosing how chroma is downsampled",
        )?;
        Ok(session)
    }

    fn set(&self, property: Property, doing: &'static str) -> Result<(), Failure> {
        // SAFETY: the session is valid.
        let status = unsafe { self.framework.VTSessionSetProperty(self.raw.as_ptr(), property) };
        video_toolbox(status, "VTSessionSetProperty", doing)
    }

    /// Converts the pixels of `source` into `destination`, which has the same size. Done when it returns.
    pub(super) fn transfer(
        &mut self,
        source: &PixelBuffer,
        destination: &mut PixelBuffer,
    ) -> Result<(), Failure> {
        // SAFETY: session and buffers are valid; the destination is borrowed mutably, so no lock on it is alive.
        let status = unsafe {
            self.framework.VTPixelTransferSessionTransferImage(
                self.raw.as_ptr(),
                source.as_ptr().as_ptr(),
                destination.as_ptr().as_ptr(),
            )
        };
        video_toolbox(
            status,
            "VTPixelTransferSessionTransferImage",
            "converting to 4:2:0",
        )
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the session is valid and the reference ours; it is not used again. Invalidating it first tears it
        // down whoever else retains it, as VTPixelTransferSession.h asks.
        unsafe {
            self.framework.VTPixelTransferSessionInvalidate(self.raw.as_ptr());
            sys::CFRelease(self.raw.as_ptr());
        }
    }
}
