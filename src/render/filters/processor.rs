//! The filters that the processor applies to a surface in memory.

use super::focus::{bokeh, gaussian};
use super::mask::processor as mask;
use super::stripes::Pixels;
use crate::frame::{PixelRect, Size};
use crate::scene::{FocusBlur, Mask};

/// A filter that the processor applies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::render) enum Filtering {
    /// The focus blur of the 3D camera, of either kind.
    Focus(FocusBlur),
    /// A mask that blurs.
    Blur {
        /// Where.
        mask: Mask,
        /// Output pixels.
        radius: f64,
        /// Of the surface.
        size: Size,
    },
}

impl Filtering {
    /// Of the surface.
    pub(in crate::render) fn size(&self) -> Size {
        match self {
            Self::Focus(blur) => blur.size,
            Self::Blur { size, .. } => *size,
        }
    }

    /// How far from a pixel others lie that it depends on.
    pub(in crate::render) fn reach(&self) -> u32 {
        match self {
            Self::Focus(blur) if blur.bokeh => bokeh::reach(blur),
            Self::Focus(blur) => blur.strength.min(blur.longest()).ceil() as u32,
            Self::Blur { radius, .. } => mask::reach(*radius),
        }
    }

    /// `parts` of a surface, which do not overlap, filtered. `below` holds them and all that lies within the [`reach`](Self::reach)
    /// of them, up to the surface's edges. Pieces come in any order, with their rows behind each other.
    pub(in crate::render) fn apply(
        &self,
        below: Pixels<'_>,
        parts: &[PixelRect],
    ) -> Vec<(PixelRect, Vec<u8>)> {
        match self {
            Self::Focus(blur) if blur.bokeh => bokeh::bokeh(blur, below, parts),
            Self::Focus(blur) => gaussian::gaussian(blur, below, parts),
            Self::Blur { mask, radius, size } => mask::blur((mask, *radius), *size, below, parts),
        }
    }
}
