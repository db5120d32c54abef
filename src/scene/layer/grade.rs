//! A colour grade (cap-look.md 17): a property of the layers that it covers.

use super::finite;
use crate::frame::Rect;

/// What becomes of the colours of a layer, in the order of the fields. Straight R'G'B', 0..=1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grade {
    /// Factors of R, G and B: exposure, temperature and tint.
    pub balance: [f64; 3],
    /// Factor of the distance from mid-grey.
    pub contrast: f64,
    /// Factor of the distance from the luma.
    pub saturation: f64,
    /// -1..=1: blue shadows and orange highlights, or the reverse.
    pub split_tone: f64,
    /// 0..=1: how far everything is drawn towards a dark grey.
    pub fade: f64,
    /// Darker corners.
    pub vignette: Option<Vignette>,
    /// Noise.
    pub grain: Option<Grain>,
}

/// Darker corners.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vignette {
    /// 0..=1.
    pub strength: f64,
    /// In the middle of what, output pixels.
    pub within: Rect,
}

/// Noise that changes from frame to frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grain {
    /// 0..=1.
    pub strength: f64,
    /// Number of the frame, modulo 600.
    pub seed: u32,
}

impl Grade {
    /// Refuses numbers that can't be reckoned with.
    ///
    /// # Errors
    /// With what they belong to.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let own = finite(&[self.contrast, self.saturation, self.split_tone, self.fade]);
        let vignette = self
            .vignette
            .is_none_or(|vignette| vignette.strength.is_finite() && vignette.within.is_finite());
        let grain = self.grain.is_none_or(|grain| grain.strength.is_finite());
        if own && vignette && grain && finite(&self.balance) {
            Ok(())
        } else {
            Err("a colour grade")
        }
    }
}
