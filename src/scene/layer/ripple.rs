//! A ring that spreads from a press of the pointer (cap-additions.md).

use super::{EDGE, LayerKind, finite};
use crate::frame::{Extent, Rect};

/// How far beyond its largest radius a ring is seen, radii: half of its width at the end.
const BEYOND: f64 = 0.16;

/// A ring and what it fills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ripple {
    /// Where it was pressed, output pixels.
    pub centre: [f64; 2],
    /// R: the radius it grows to, output pixels.
    pub radius: f64,
    /// t: 0 at the press, 1 at the end.
    pub age: f64,
    /// R, G, B, 0..=1.
    pub color: [f64; 3],
    /// 0..=1.
    pub strength: f64,
    /// Drawn only inside this rectangle, with a 1 px feather, as the pointer is.
    pub clip: Rect,
}

impl Ripple {
    /// Whether any pixel of it can be seen.
    pub fn is_drawn(&self) -> bool {
        self.strength > 0.0 && self.radius > 0.0 && (0.0..1.0).contains(&self.age)
    }

    /// Beyond this distance from the centre nothing is seen, output pixels.
    pub fn reach(&self) -> f64 {
        self.radius * (1.0 + BEYOND)
    }
}

impl LayerKind for Ripple {
    fn extent(&self) -> Option<Extent> {
        if !self.is_drawn() {
            return None;
        }
        let [x, y] = self.centre;
        let point = Extent {
            left: x,
            top: y,
            right: x,
            bottom: y,
        };
        point
            .grown(self.reach() + EDGE)
            .within(Extent::from(self.clip).grown(EDGE))
    }

    fn looks_like(&self, other: &Self) -> bool {
        self == other
    }

    fn check(&self) -> Result<(), &'static str> {
        let own = finite(&self.centre) && finite(&self.color) && self.clip.is_finite();
        if own && finite(&[self.radius, self.age, self.strength]) {
            Ok(())
        } else {
            Err("a ripple's numbers")
        }
    }
}
