//! Darkening of a frame: fades through black (cap-look.md 19) and the surroundings of a highlight (12).

use super::{LayerKind, finite};
use crate::frame::{Extent, Rect};

/// Black over everything but a rectangle: a colour below becomes colour x (1 - strength).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shade {
    /// What stays as it is, output pixels; `None` darkens every pixel. Pixels whose centres lie inside are untouched.
    pub spared: Option<Rect>,
    /// 0..=1.
    pub strength: f64,
}

impl LayerKind for Shade {
    fn extent(&self) -> Option<Extent> {
        (self.strength > 0.0).then_some(Extent::EVERYTHING)
    }

    fn looks_like(&self, other: &Self) -> bool {
        self == other
    }

    fn check(&self) -> Result<(), &'static str> {
        let spared = self.spared.is_none_or(|rect| rect.is_finite());
        if spared && finite(&[self.strength]) {
            Ok(())
        } else {
            Err("a shade's numbers")
        }
    }
}
