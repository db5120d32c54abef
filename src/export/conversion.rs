//! The pixel path of an export: who turns finished frames into what the encoder takes, and who goes on where it fails.

#[cfg(any(target_os = "macos", test))]
use crate::convert::SurfaceChain;
use crate::convert::{Candidate, Chain, ConvertError, ConvertSpec, PathSwitch, PixelPath};
use crate::frame::Nv12Frame;
use crate::media::encode::EncoderInput;
use crate::render::Ready;

use super::stage::pool::Pool;

/// The path in use, and those given up for it.
pub(super) struct Conversion {
    via: Via,
    /// Given up before the chain in use was opened.
    earlier: Vec<PathSwitch>,
}

enum Via {
    /// Frames are read back as packed pixels and converted in memory.
    Memory(Chain),
    /// The renderer converts; planes are read back.
    Gpu {
        spec: ConvertSpec,
        /// What converts in memory when the renderer gives up.
        reserve: Vec<Candidate>,
    },
    /// Frames are read back as packed pixels, whole, and become CVPixelBuffers for the encoder.
    #[cfg(any(target_os = "macos", test))]
    Surfaces(SurfaceChain),
}

impl Conversion {
    /// Conversion in memory.
    pub(super) fn memory(chain: Chain) -> Self {
        Self::new(Via::Memory(chain))
    }

    /// Conversion by the renderer, which was told so; `reserve` for when it gives that up.
    pub(super) fn gpu(spec: ConvertSpec, reserve: Vec<Candidate>) -> Self {
        Self::new(Via::Gpu { spec, reserve })
    }

    /// Surfaces for an encoder that was opened for them, from a renderer that was told to read back whole frames.
    #[cfg(any(target_os = "macos", test))]
    pub(super) fn surfaces(chain: SurfaceChain) -> Self {
        Self::new(Via::Surfaces(chain))
    }

    fn new(via: Via) -> Self {
        let earlier = Vec::new();
        Self { via, earlier }
    }

    /// The path in use.
    pub(super) fn path(&self) -> PixelPath {
        match &self.via {
            Via::Memory(chain) => chain.path(),
            Via::Gpu { .. } => PixelPath::Gpu,
            #[cfg(any(target_os = "macos", test))]
            Via::Surfaces(chain) => chain.path(),
        }
    }

    /// The paths given up so far, oldest first.
    pub(super) fn switches(&self) -> Vec<PathSwitch> {
        let mut switches = self.earlier.clone();
        match &self.via {
            Via::Memory(chain) => switches.extend_from_slice(chain.switches()),
            Via::Gpu { .. } => {}
            #[cfg(any(target_os = "macos", test))]
            Via::Surfaces(chain) => switches.extend(chain.switches()),
        }
        switches
    }

    /// Takes note that the renderer converts no longer: from output frame `frame` on it hands out pixels.
    ///
    /// # Errors
    /// When no path in memory opens.
    pub(super) fn leave_gpu(&mut self, frame: u64, reason: &str) -> Result<(), ConvertError> {
        let Via::Gpu { spec, reserve } = &mut self.via else {
            return Ok(());
        };
        let chain = Chain::open(std::mem::take(reserve), spec)?;
        let (from, to) = (PixelPath::Gpu, chain.path());
        tracing::warn!(frame, %from, %to, reason, "pixel path failed, switching");
        self.earlier.push(PathSwitch {
            frame,
            from,
            to,
            reason: reason.to_owned(),
        });
        self.via = Via::Memory(chain);
        Ok(())
    }

    /// Output frame `number` for the encoder: in planes of `pool`, which holds the frame before, or as a surface.
    ///
    /// # Errors
    /// When no path is left that converts it.
    pub(super) fn picture(
        &mut self,
        number: u64,
        frame: &Ready,
        pool: &mut Pool,
    ) -> Result<EncoderInput, ConvertError> {
        #[cfg(any(target_os = "macos", test))]
        if let Via::Surfaces(chain) = &mut self.via {
            return surface(chain, number, frame);
        }
        let planes = pool.next(frame.areas(), |target| self.convert(number, frame, target))?;
        Ok(planes.into())
    }

    /// Brings what output frame `number` changed into `target`, which holds the frame before.
    ///
    /// # Errors
    /// When no path is left that converts it, or the path makes no planes.
    pub(super) fn convert(
        &mut self,
        number: u64,
        frame: &Ready,
        target: &mut Nv12Frame,
    ) -> Result<(), ConvertError> {
        match (&mut self.via, frame) {
            (_, Ready::Nv12(planes)) => {
                planes.copy_to(target);
                Ok(())
            }
            (Via::Memory(chain), Ready::Packed(frame)) => frame
                .parts()
                .try_for_each(|(rect, view)| chain.convert_rect(number, view, target, rect.x, rect.y)),
            (Via::Gpu { .. }, Ready::Packed(_)) => Err(ConvertError::unavailable(
                PixelPath::Gpu,
                "the renderer hands out pixels that it has not converted",
            )),
            #[cfg(any(target_os = "macos", test))]
            (Via::Surfaces(chain), Ready::Packed(_)) => Err(ConvertError::unavailable(
                chain.path(),
                "it was opened to make surfaces, not planes",
            )),
        }
    }
}

/// Output frame `number` as a surface.
#[cfg(any(target_os = "macos", test))]
fn surface(chain: &mut SurfaceChain, number: u64, frame: &Ready) -> Result<EncoderInput, ConvertError> {
    let whole = match frame {
        Ready::Packed(frame) if frame.areas().is_whole() => frame.view(),
        Ready::Packed(_) | Ready::Nv12(_) => {
            let reason = "the renderer hands out less than whole frames of pixels";
            return Err(ConvertError::unavailable(chain.path(), reason));
        }
    };
    chain.surface(number, whole).map(EncoderInput::Surface)
}
