//! The pointer (cap-look.md 8).

use super::{EDGE, LayerKind, finite};
use crate::frame::{Extent, Rect};

/// Which art a pointer is drawn with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PointerArt {
    /// The recorded image of this id.
    Recorded(String),
    /// The disc of cap-look.md 8.8.
    Circle,
}

/// The pointer.
#[derive(Clone, Debug, PartialEq)]
pub struct Pointer {
    /// What is drawn.
    pub art: PointerArt,
    /// Unrotated sprite, zoom applied (cap-look.md 8.3).
    pub rect: Rect,
    /// Counter-clockwise radians about the sprite's top left corner, in unit-square coordinates before scaling (8.6).
    pub rotation: f64,
    /// 0..=1 (8.5).
    pub opacity: f64,
    /// Drawn only inside this rectangle, with a 1 px feather (8.9).
    pub clip: Rect,
}

impl Pointer {
    /// Whether any pixel of it can be seen.
    pub fn is_drawn(&self) -> bool {
        self.opacity > 0.0 && self.rect.width > 0.0 && self.rect.height > 0.0
    }

    /// The smallest upright rectangle around the turned sprite (8.6).
    pub fn turned(&self) -> Extent {
        let rect = self.rect;
        let (sin, cos) = self.rotation.sin_cos();
        // Turned in the unit square, then scaled; y points down, so a counter-clockwise turn lifts the right end.
        let corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)];
        let x = corners.map(|(u, v)| rect.x + rect.width * (u * cos + v * sin));
        let y = corners.map(|(u, v)| rect.y + rect.height * (v * cos - u * sin));
        let low = |of: [f64; 4]| of.into_iter().fold(f64::INFINITY, f64::min);
        let high = |of: [f64; 4]| of.into_iter().fold(f64::NEG_INFINITY, f64::max);
        Extent {
            left: low(x),
            top: low(y),
            right: high(x),
            bottom: high(y),
        }
    }
}

impl LayerKind for Pointer {
    /// The turned sprite within its clip (8.9).
    fn extent(&self) -> Option<Extent> {
        if !self.is_drawn() {
            return None;
        }
        self.turned()
            .grown(EDGE)
            .within(Extent::from(self.clip).grown(EDGE))
    }

    fn looks_like(&self, other: &Self) -> bool {
        self == other
    }

    fn check(&self) -> Result<(), &'static str> {
        let own = finite(&[self.rotation, self.opacity]);
        if own && self.rect.is_finite() && self.clip.is_finite() {
            Ok(())
        } else {
            Err("the pointer's geometry")
        }
    }
}
