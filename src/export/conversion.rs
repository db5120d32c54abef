//! The pixel path of an export: who turns finished frames into what the encoder takes.

use crate::convert::{Chain, ConvertError, PathSwitch, PixelPath};
use crate::frame::Nv12Frame;
use crate::render::Ready;

/// The path in use.
pub(super) enum Conversion {
    /// Frames are read back as packed pixels and converted in memory.
    Memory(Chain),
    /// The renderer converts; planes are read back.
    Gpu,
}

impl Conversion {
    /// The path in use.
    pub(super) fn path(&self) -> PixelPath {
        match self {
            Self::Memory(chain) => chain.path(),
            Self::Gpu => PixelPath::Gpu,
        }
    }

    /// The paths given up so far, oldest first.
    pub(super) fn switches(&self) -> &[PathSwitch] {
        match self {
            Self::Memory(chain) => chain.switches(),
            Self::Gpu => &[],
        }
    }

    /// Brings what a finished frame changed into `target`, which holds the frame before.
    pub(super) fn convert(&mut self, frame: &Ready, target: &mut Nv12Frame) -> Result<(), ConvertError> {
        match (self, frame) {
            (_, Ready::Nv12(planes)) => {
                planes.copy_to(target);
                Ok(())
            }
            (Self::Memory(chain), Ready::Packed(frame)) => {
                for (rect, view) in frame.parts() {
                    chain.convert_rect(frame.index(), view, target, rect.x, rect.y)?;
                }
                Ok(())
            }
            (Self::Gpu, Ready::Packed(_)) => Err(ConvertError::unavailable(
                PixelPath::Gpu,
                "the renderer hands out pixels that it has not converted",
            )),
        }
    }
}
