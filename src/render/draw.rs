//! A planned draw: which pixels, from which textures, by what means.

use super::pipeline::PipelineKey;
use crate::frame::PixelRect;
use crate::scene::{PointerArt, Track};

/// Which textures a draw reads.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Textures {
    Backdrop,
    Planes(Track),
    /// What the processor sampled for the card of this layer.
    Sheet(usize),
    /// None, by a pipeline that shares its layout with others.
    Blank,
    Converted {
        track: Track,
        /// Whether the details are read too.
        details: bool,
    },
    Art(PointerArt),
}

/// How pixels come into the target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Means {
    /// Through a pipeline, in the order of the draws.
    Pipeline(PipelineKey),
    /// As they are, before anything is drawn: nothing below them is drawn.
    Copy,
}

/// Rectangles of one frame that are drawn alike. What a pixel becomes does not depend on the rectangles, so they may
/// be cut to any area that has to be redrawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draw {
    pub(super) means: Means,
    pub(super) textures: Textures,
    /// Offset in the frame's uniform buffer.
    pub(super) uniforms: u32,
    pub(super) rects: Vec<PixelRect>,
}
