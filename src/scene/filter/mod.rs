//! What rewrites the paint below it, one file a kind.

mod focus;
mod mask;

pub use focus::{FocusBlur, FocusShape};
pub use mask::{Mask, MaskEffect};

use crate::frame::{Areas, Extent};

/// Something that reads all that lies below it and rewrites a part of that.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Hides a rectangle (cap-look.md 12).
    Mask(Mask),
    /// Blurs what is out of focus (cap-look.md 18.3).
    FocusBlur(FocusBlur),
}

impl Filter {
    /// Where it rewrites, output pixels; `None` when nowhere.
    pub fn extent(&self) -> Option<Extent> {
        match self {
            Self::Mask(mask) => mask.extent(),
            Self::FocusBlur(blur) => blur.extent(),
        }
    }

    /// How far a changed pixel below spreads, output pixels.
    pub fn reach(&self) -> f64 {
        match self {
            Self::Mask(mask) => mask.reach(),
            Self::FocusBlur(blur) => blur.reach(),
        }
    }

    /// Refuses numbers that can't be reckoned with.
    ///
    /// # Errors
    /// With what they belong to.
    pub fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Mask(mask) => mask.check(),
            Self::FocusBlur(blur) => blur.check(),
        }
    }

    /// What changes above it where `below` changed below it.
    pub(crate) fn spread(&self, below: &Areas) -> Areas {
        let mut areas = below.clone();
        let Some(extent) = self.extent() else { return areas };
        for rect in below.rects() {
            if let Some(reached) = Extent::from(*rect).grown(self.reach()).within(extent) {
                areas.add_extent(&reached);
            }
        }
        areas
    }
}
