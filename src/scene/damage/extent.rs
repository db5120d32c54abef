//! How far a layer, or a part of the picture it shows, reaches on the output.

use crate::frame::{PixelRect, Size};
use crate::scene::frame::{Card, Pointer};

/// Antialiasing reaches 1.36 output pixels beyond a card's edge (cap-look.md 5.2), the pointer's feather half of one (8.9);
/// the rest is for rounding.
const EDGE: f64 = 2.5;
/// Texels beside its own that an output pixel may depend on: the bilinear filter's, the sharpening's neighbour (5.5), and
/// one for rounding.
const FOOTPRINT: f64 = 3.0;
/// Filtered pixels show no place closer than this to the crop's edge, texels (5.5).
const INSET: f64 = 1.0;

/// Left, top, right and bottom in output pixels, not rounded; edges may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extent {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Extent {
    fn grown(self, by: f64) -> Self {
        Self {
            left: self.left - by,
            top: self.top - by,
            right: self.right + by,
            bottom: self.bottom + by,
        }
    }

    /// The common part; `None` when there is none.
    fn within(self, other: Self) -> Option<Self> {
        let common = Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        };
        let nothing = common.left >= common.right || common.top >= common.bottom;
        (!nothing).then_some(common)
    }
}

impl From<crate::scene::Rect> for Extent {
    fn from(rect: crate::scene::Rect) -> Self {
        Self {
            left: rect.x,
            top: rect.y,
            right: rect.right(),
            bottom: rect.bottom(),
        }
    }
}

/// Where a card draws: picture, border and shadow.
pub(super) fn card_extent(card: &Card) -> Option<Extent> {
    let border = card.border.map_or(0.0, |border| border.width.max(0.0));
    let shadow = card.shadow.map_or(0.0, |shadow| shadow.reach().max(0.0));
    drawn(card).then(|| Extent::from(card.rect).grown(border.max(shadow) + EDGE))
}

/// Where a card shows `rect` of its source picture, which is of `size`; `None` when nowhere.
pub(super) fn shown_extent(card: &Card, size: Size, rect: PixelRect) -> Option<Extent> {
    if !drawn(card) {
        return None;
    }
    let picture = &card.picture;
    let (crop, at) = (picture.crop, card.rect);
    // A picture of another size than the crop counts in is stretched to it (2.6).
    let stretch = |side: u32, counted: u32| f64::from(side) / f64::from(counted.max(1));
    let (left, right) = along(
        (rect.x, rect.x + rect.width),
        (crop.x, crop.right()),
        stretch(size.width, picture.size.width),
        (at.x, at.right()),
        picture.mirrored,
    );
    let (top, bottom) = along(
        (rect.y, rect.y + rect.height),
        (crop.y, crop.bottom()),
        stretch(size.height, picture.size.height),
        (at.y, at.bottom()),
        false,
    );
    let shown = Extent {
        left,
        top,
        right,
        bottom,
    };
    shown.grown(1.0).within(Extent::from(at).grown(EDGE))
}

/// Where output coordinates depend on the texels `start..end` along one axis. Beyond the place that shows the crop's
/// outermost texels, pixels go on showing those.
fn along(
    (start, end): (u32, u32),
    (crop_start, crop_end): (f64, f64),
    stretch: f64,
    (out_start, out_end): (f64, f64),
    mirrored: bool,
) -> (f64, f64) {
    let (start, end) = (f64::from(start) - FOOTPRINT, f64::from(end) + FOOTPRINT);
    let scale = (out_end - out_start) / (crop_end - crop_start);
    let map = |texel: f64| {
        let from_start = (texel / stretch - crop_start) * scale;
        if mirrored {
            out_end - from_start
        } else {
            out_start + from_start
        }
    };
    let first = (start > crop_start * stretch + INSET).then(|| map(start));
    let last = (end < crop_end * stretch - INSET).then(|| map(end));
    let (low, high) = if mirrored { (last, first) } else { (first, last) };
    (low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY))
}

/// Where a pointer draws: its turned sprite (8.6) within its clip (8.9).
pub(super) fn pointer_extent(pointer: &Pointer) -> Option<Extent> {
    let rect = pointer.rect;
    let seen = pointer.opacity > 0.0 && rect.width > 0.0 && rect.height > 0.0;
    if !seen {
        return None;
    }
    let (sin, cos) = pointer.rotation.sin_cos();
    let corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)];
    let x = corners.map(|(u, v)| rect.x + rect.width * (u * cos + v * sin));
    let y = corners.map(|(u, v)| rect.y + rect.height * (v * cos - u * sin));
    let low = |of: [f64; 4]| of.into_iter().fold(f64::INFINITY, f64::min);
    let high = |of: [f64; 4]| of.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let sprite = Extent {
        left: low(x),
        top: low(y),
        right: high(x),
        bottom: high(y),
    };
    sprite.grown(EDGE).within(Extent::from(pointer.clip).grown(EDGE))
}

fn drawn(card: &Card) -> bool {
    let shadow = card.shadow.is_some_and(|shadow| shadow.alpha > 0.0);
    let border = card.border.is_some_and(|border| border.opacity > 0.0);
    let sized = card.rect.width > 0.0 && card.rect.height > 0.0;
    let shows = card.picture.crop.width > 0.0 && card.picture.crop.height > 0.0;
    (card.opacity > 0.0 || shadow || border) && sized && shows
}
