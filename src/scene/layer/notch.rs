//! The notch of a screen (cap-look.md 16).

use super::{EDGE, LayerKind, finite};
use crate::frame::{Extent, Rect};

/// A black shape that hangs from the top of the recorded screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Notch {
    /// Where all of it lies, output pixels, crop and zoom applied.
    pub rect: Rect,
    /// The part of the frame that shows the screen; what lies outside is cut off.
    pub clip: Rect,
    /// 0..=1.
    pub opacity: f64,
}

impl Notch {
    /// Radius of the concave fillets at the top: 0.075 of its height.
    pub fn fillet(&self) -> f64 {
        (0.075 * self.rect.height).min(self.rect.width / 4.0)
    }

    /// Radius of the lower corners: a quarter of its height.
    pub fn corner_radius(&self) -> f64 {
        let body = self.rect.width - 2.0 * self.fillet();
        (0.25 * self.rect.height).min(body / 2.0)
    }

    /// The part that is seen.
    pub fn shown(&self) -> Option<Extent> {
        let drawn = self.opacity > 0.0 && self.rect.width > 0.0 && self.rect.height > 0.0;
        Extent::from(self.rect)
            .within(Extent::from(self.clip))
            .filter(|_| drawn)
    }
}

impl LayerKind for Notch {
    fn extent(&self) -> Option<Extent> {
        self.shown().map(|shown| shown.grown(EDGE))
    }

    fn looks_like(&self, other: &Self) -> bool {
        self == other
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.rect.is_finite() && self.clip.is_finite() && finite(&[self.opacity]) {
            Ok(())
        } else {
            Err("the notch's geometry")
        }
    }
}
