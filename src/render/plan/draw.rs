//! A planned draw: which pixels, from which textures, by what means.

use std::sync::Arc;

use super::key::PipelineKey;
use crate::frame::PixelRect;
use crate::scene::typeset::Raster;
use crate::scene::{Background, Bitmap, LayerId, PointerArt, SourceId, SurfaceId};

/// Which textures a draw reads.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::render) enum Textures {
    /// None, by a pipeline that binds none.
    Nothing,
    /// A prepared canvas.
    Canvas(Background),
    /// A source picture as luma and chroma.
    Planes(SourceId),
    /// What the processor sampled for the card of this layer.
    Sheet(LayerId),
    /// None, by a pipeline that shares its layout with those that read a picture.
    Blank,
    /// A source picture as R'G'B'.
    Converted {
        /// Which.
        source: SourceId,
        /// Whether the details are read too.
        details: bool,
    },
    /// A picture of glyphs.
    Glyphs {
        raster: Arc<Raster>,
        /// Those with colours of their own, not the coverage of the others.
        own_colors: bool,
    },
    /// A pointer's art.
    Art(PointerArt),
    /// Another surface.
    Surface(SurfaceId),
    /// A bitmap of the scene's.
    Bitmap(Bitmap),
}

/// How pixels come onto a surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::render) enum Means {
    /// Through a pipeline, in the order of the draws.
    Pipeline(PipelineKey),
    /// As they are, before anything is drawn: nothing below them is drawn.
    Copy,
    /// From the processor, which applies the filter of this number to the surface below, also before anything is drawn.
    Processor(usize),
}

/// Rectangles of one surface that are drawn alike. What a pixel becomes does not depend on the rectangles, so they may
/// be cut to any area that has to be redrawn.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::render) struct Draw {
    pub(in crate::render) means: Means,
    pub(in crate::render) textures: Textures,
    /// Offset in the frame's uniform buffer.
    pub(in crate::render) uniforms: u32,
    pub(in crate::render) rects: Vec<PixelRect>,
}
