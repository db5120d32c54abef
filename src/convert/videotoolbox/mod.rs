//! The macOS paths: `videotoolbox`, which converts by a VTPixelTransferSession, and `bgra`, which does not convert.
//!
//! ```text
//! pixels (BGRA)  --wrap or copy-->  32BGRA buffer  --transfer-->  420v buffer  --planes-->  Nv12Frame
//!                                         |                            `--surface-->  h264_videotoolbox
//!                                         `--surface (bgra)-->  h264_videotoolbox
//! ```
//!
//! Ownership: a [`PixelBuffer`] is one reference to a CVPixelBuffer, a pool or session one reference to theirs; each
//! is given up when dropped. A surface handed to the encoder is the encoder's to drop; its pool may die before it.
//! Frames are wrapped without a copy only for the length of a transfer, since they are borrowed.
//!
//! Apple documents that a transfer removes the destination's attachments and sets its own
//! (VTPixelTransferSession.h): the source carries primaries and transfer function, the session the destination's
//! matrix, primaries and transfer function.
//!
//! The stand-in that the tests run this against on other systems is described in `sys`.

mod converter;
mod pixel_buffer;
mod session;
mod status;
mod surfaces;
mod sys;
mod trial;

pub use converter::VideoToolbox;
pub use pixel_buffer::PixelBuffer;
pub use surfaces::{SurfaceChain, SurfaceConverter, open_surfaces};
pub use trial::{TrialPictures, surface_candidate};

#[cfg(all(test, not(target_os = "macos")))]
pub(crate) mod testing;
#[cfg(all(test, not(target_os = "macos")))]
mod tests;
