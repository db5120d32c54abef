//! Where on its source picture a card's pixels lie (cap-look.md 5.5).

use crate::frame::{PixelRect, Size, centres_within};
use crate::scene::Card;

/// From output pixels to luma texels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::render) struct Placement {
    /// Luma texels per output pixel; negative in x where the picture is mirrored.
    pub(in crate::render) scale: [f64; 2],
    /// Luma texel position of the output's corner.
    pub(in crate::render) origin: [f64; 2],
    /// Least position that is shown (cap-look.md 5.5).
    pub(in crate::render) low: [f64; 2],
    /// Greatest position that is shown.
    pub(in crate::render) high: [f64; 2],
    /// Pixels and texels coincide: no filtering.
    pub(in crate::render) aligned: bool,
    /// Factor of 5.5; 0 is off.
    pub(in crate::render) sharpening: f64,
}

impl Placement {
    /// For `card`, shown from a picture of `size`, which may be another than its crop counts in (2.6).
    pub(in crate::render) fn of(card: &Card, size: Size) -> Self {
        let crop = card.picture.crop;
        let rect = card.rect;
        let stretch_x = f64::from(size.width) / f64::from(card.picture.size.width.max(1));
        let stretch_y = f64::from(size.height) / f64::from(card.picture.size.height.max(1));
        let ratio = [crop.width / rect.width, crop.height / rect.height];
        let (scale_x, origin_x) = if card.picture.mirrored {
            (-ratio[0], crop.right() + rect.x * ratio[0])
        } else {
            (ratio[0], crop.x - rect.x * ratio[0])
        };
        let scale = [scale_x * stretch_x, ratio[1] * stretch_y];
        let origin = [origin_x * stretch_x, (crop.y - rect.y * ratio[1]) * stretch_y];
        let texel = [stretch_x, stretch_y];
        let aligned =
            (0..2).all(|axis| texel[axis] == 1.0 && scale[axis].abs() == 1.0 && origin[axis].fract() == 0.0);
        // Aligned pixels each show one texel, the crop's outermost too; filtered ones stay a texel inside (5.5).
        let inset = if aligned { 0.5 } else { 1.0 };
        let within = |start: f64, end: f64, stretch: f64| {
            let (low, high) = ((start * stretch + inset), (end * stretch - inset));
            if low <= high {
                (low, high)
            } else {
                ((low + high) / 2.0, (low + high) / 2.0)
            }
        };
        let (low_x, high_x) = within(crop.x, crop.right(), stretch_x);
        let (low_y, high_y) = within(crop.y, crop.bottom(), stretch_y);
        Self {
            scale,
            origin,
            low: [low_x, low_y],
            high: [high_x, high_y],
            aligned,
            sharpening: sharpening(ratio),
        }
    }

    /// The pixels of `area` that show places within the bounds.
    pub(in crate::render) fn within_bounds(&self, area: PixelRect) -> Option<PixelRect> {
        let range = |axis: usize| {
            let at = |texel: f64| (texel - self.origin[axis]) / self.scale[axis];
            let (a, b) = (at(self.low[axis]), at(self.high[axis]));
            (a.min(b), a.max(b))
        };
        let ((left, right), (top, bottom)) = (range(0), range(1));
        // Pixels that lie on a bound but for rounding show the same either way.
        const ROUNDING: f64 = 1e-6;
        centres_within(
            area,
            left - ROUNDING,
            top - ROUNDING,
            right + ROUNDING,
            bottom + ROUNDING,
        )
    }
}

/// Factor of 5.5, by source pixels per output pixel; 0 is off.
fn sharpening(ratio: [f64; 2]) -> f64 {
    let enlarged = (1.0 / ratio[0]).max(1.0 / ratio[1]);
    if ratio[0].max(ratio[1]) > 1.1 {
        (0.3 * ratio[0]).min(0.7)
    } else if enlarged > 1.05 {
        ((enlarged - 1.0) * 0.25).min(0.45)
    } else {
        0.0
    }
}
