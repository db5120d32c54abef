//! A bitmap in a rectangle: image overlays, rasterised texts.

use super::{Bitmap, EDGE, LayerKind, finite};
use crate::frame::{Extent, Rect};

/// A premultiplied picture in a rectangle, source-over.
#[derive(Clone, Debug, PartialEq)]
pub struct Sprite {
    /// What it shows, stretched to the rectangle. Filtered bilinearly, clamped at its edges; where bitmap and rectangle are
    /// of one size and the rectangle lies on whole pixels, every pixel is one of the bitmap's.
    pub bitmap: Bitmap,
    /// Where, unrotated, output pixels. May hang over the frame.
    pub rect: Rect,
    /// Radians, clockwise about the middle of the rectangle.
    pub rotation: f64,
    /// Flipped horizontally and vertically, before it is turned.
    pub flip: [bool; 2],
    /// 0..=1.
    pub opacity: f64,
    /// Radius of its circular corners, output pixels.
    pub corner_radius: f64,
    /// Width of the soft edge inside the rectangle, output pixels; 0 draws the pixels whose centres lie inside, whole.
    pub feather: f64,
    /// Pixels whose centres lie outside are not drawn; `None` draws all.
    pub clip: Option<Rect>,
}

impl Sprite {
    /// `bitmap` at `rect`, upright and opaque, with hard edges.
    pub fn new(bitmap: Bitmap, rect: Rect) -> Self {
        Self {
            bitmap,
            rect,
            rotation: 0.0,
            flip: [false; 2],
            opacity: 1.0,
            corner_radius: 0.0,
            feather: 0.0,
            clip: None,
        }
    }

    /// Whether any pixel of it can be seen.
    pub fn is_drawn(&self) -> bool {
        self.opacity > 0.0 && self.rect.width > 0.0 && self.rect.height > 0.0
    }

    /// The smallest upright rectangle around the turned one, within the clip.
    pub fn bounds(&self) -> Option<Extent> {
        let rect = self.rect;
        let (sin, cos) = self.rotation.sin_cos();
        let (half_x, half_y) = (rect.width / 2.0, rect.height / 2.0);
        let (x, y) = (rect.x + half_x, rect.y + half_y);
        let reach_x = (half_x * cos).abs() + (half_y * sin).abs();
        let reach_y = (half_x * sin).abs() + (half_y * cos).abs();
        let turned = Extent {
            left: x - reach_x,
            top: y - reach_y,
            right: x + reach_x,
            bottom: y + reach_y,
        };
        match self.clip {
            Some(clip) => turned.within(Extent::from(clip)),
            None => Some(turned),
        }
    }
}

impl LayerKind for Sprite {
    fn extent(&self) -> Option<Extent> {
        let bounds = self.bounds().filter(|_| self.is_drawn())?;
        Some(bounds.grown(EDGE))
    }

    fn looks_like(&self, other: &Self) -> bool {
        self == other
    }

    fn check(&self) -> Result<(), &'static str> {
        let own = finite(&[self.rotation, self.opacity, self.corner_radius, self.feather]);
        if own && self.rect.is_finite() && self.clip.is_none_or(|clip| clip.is_finite()) {
            Ok(())
        } else {
            Err("a picture's geometry")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Size;

    #[test]
    fn a_turned_one_reaches_to_its_corners() {
        let bitmap = Bitmap::new(Size::new(1, 1), vec![255; 4]).unwrap();
        let rect = Rect {
            x: 10.0,
            y: 20.0,
            width: 30.0,
            height: 10.0,
        };
        let mut sprite = Sprite::new(bitmap, rect);
        assert_eq!(sprite.bounds(), Some(Extent::from(rect)));
        sprite.rotation = std::f64::consts::FRAC_PI_2;
        // A quarter turn about (25, 25).
        let bounds = sprite.bounds().unwrap();
        for (found, expected) in [
            (bounds.left, 20.0),
            (bounds.right, 30.0),
            (bounds.top, 10.0),
            (bounds.bottom, 40.0),
        ] {
            assert!((found - expected).abs() < 1e-9);
        }
        sprite.opacity = 0.0;
        assert_eq!(sprite.extent(), None);
    }
}
