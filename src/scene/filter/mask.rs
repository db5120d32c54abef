//! Sensitive masks: a rectangle that is made unreadable (cap-look.md 12).

use crate::frame::{Extent, Rect};
use crate::scene::layer::{EDGE, finite};

/// A rectangle that is made unreadable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mask {
    /// Where, output pixels.
    pub rect: Rect,
    /// Width of the soft edge inside the rectangle, in fractions of the output's width and height: x and y count alike
    /// (cap-look.md 12). 0 covers every pixel that the rectangle touches, whole.
    pub softness: f64,
    /// How.
    pub effect: MaskEffect,
}

/// How a mask makes things unreadable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaskEffect {
    /// Cells of one colour, anchored at the frame's origin: that of the pixel at the cell's centre.
    Pixelate {
        /// Side of a cell, output pixels, at least 1.
        cell: f64,
    },
    /// A separable gaussian of 25 taps from -radius to radius, sigma a third of the radius.
    Blur {
        /// Output pixels, above 0.
        radius: f64,
    },
}

impl Mask {
    /// Where it rewrites, output pixels.
    pub(super) fn extent(&self) -> Option<Extent> {
        (self.rect.width > 0.0 && self.rect.height > 0.0).then(|| Extent::from(self.rect).grown(EDGE))
    }

    /// A pixel depends on others of its cell, or within the radius; one more for the bilinear taps.
    pub(super) fn reach(&self) -> f64 {
        match self.effect {
            MaskEffect::Pixelate { cell } => cell + 1.0,
            MaskEffect::Blur { radius } => radius + 1.0,
        }
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        let effect = match self.effect {
            MaskEffect::Pixelate { cell } => cell.is_finite() && cell >= 1.0,
            MaskEffect::Blur { radius } => radius.is_finite() && radius > 0.0,
        };
        if effect && self.rect.is_finite() && finite(&[self.softness]) {
            Ok(())
        } else {
            Err("a mask's numbers")
        }
    }
}
