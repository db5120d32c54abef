//! The pointer (cap-look.md 8).

use super::{EDGE, Grade, LayerKind, finite};
use crate::art::pointer::Shape as PointerShape;
use crate::frame::{Extent, Rect};

/// Which art a pointer is drawn with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PointerArt {
    /// The recorded image of this id.
    Recorded(String),
    /// The disc of cap-look.md 8.8.
    Circle,
    /// This project's own art of a shape.
    Own(PointerShape),
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
    /// Motion blur: the movement since the frame before, in widths and heights of the unrotated sprite, with which it turns (8.7).
    pub smear: Option<[f64; 2]>,
    /// Grade of its colours.
    pub grade: Option<Grade>,
}

impl Pointer {
    /// Whether any pixel of it can be seen.
    pub fn is_drawn(&self) -> bool {
        self.opacity > 0.0 && self.rect.width > 0.0 && self.rect.height > 0.0
    }

    /// An upright rectangle around the turned sprite and its smear (8.6, 8.7).
    pub fn turned(&self) -> Extent {
        let rect = self.rect;
        let (sin, cos) = self.rotation.sin_cos();
        // The copies trail behind the movement.
        let [back_x, back_y] = self.smear.unwrap_or([0.0; 2]);
        let (left, right) = ((-back_x).min(0.0), 1.0 + (-back_x).max(0.0));
        let (top, bottom) = ((-back_y).min(0.0), 1.0 + (-back_y).max(0.0));
        // Turned in the unit square, then scaled; y points down, so a counter-clockwise turn lifts the right end.
        let corners = [(left, top), (right, top), (left, bottom), (right, bottom)];
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
        self.grade.map_or(Ok(()), |grade| grade.check())?;
        let own = finite(&[self.rotation, self.opacity]) && finite(&self.smear.unwrap_or_default());
        if own && self.rect.is_finite() && self.clip.is_finite() {
            Ok(())
        } else {
            Err("the pointer's geometry")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(rotation: f64, smear: Option<[f64; 2]>) -> Pointer {
        Pointer {
            art: PointerArt::Circle,
            rect: Rect {
                x: 100.0,
                y: 50.0,
                width: 10.0,
                height: 20.0,
            },
            rotation,
            opacity: 1.0,
            clip: Rect::default(),
            smear,
            grade: None,
        }
    }

    fn close(found: Extent, expected: [f64; 4]) -> bool {
        let found = [found.left, found.top, found.right, found.bottom];
        found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9)
    }

    #[test]
    fn turning_is_about_the_top_left_corner() {
        assert!(close(pointer(0.0, None).turned(), [100.0, 50.0, 110.0, 70.0]));
        // A quarter turn counter-clockwise: the right edge points up, the bottom edge right, both scaled afterwards.
        let quarter = std::f64::consts::FRAC_PI_2;
        assert!(close(pointer(quarter, None).turned(), [100.0, 30.0, 110.0, 50.0]));
    }

    #[test]
    fn a_trail_lies_behind_and_turns_too() {
        // Two sprites to the right, half of one up: the trail is 20 pixels to the left and 10 down.
        assert!(close(
            pointer(0.0, Some([2.0, -0.5])).turned(),
            [80.0, 50.0, 110.0, 80.0]
        ));
        // Turned, what was left is below: 2 x 20 pixels; what was below is right: 0.5 x 10.
        let quarter = std::f64::consts::FRAC_PI_2;
        assert!(close(
            pointer(quarter, Some([2.0, -0.5])).turned(),
            [100.0, 30.0, 115.0, 90.0]
        ));
    }
}
