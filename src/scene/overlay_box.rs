//! Where the boxes of captions and keys stand (cap-look.md 13 and 14).

use crate::cap::config::OverlayPosition;
use crate::frame::{Rect, Size};

/// Least distance from the left and right edges, share of the frame's width.
pub(crate) const MARGIN: f64 = 0.05;
/// Centre of what stands at the top, share of the frame's height.
const TOP: f64 = 0.08;
/// Centre of what stands at the bottom.
const BOTTOM: f64 = 0.85;
/// Centre of keys above captions.
const ABOVE_CAPTIONS: f64 = 0.75;
/// Keys and captions in one lane keep this distance, output pixels.
const DISTANCE: f64 = 15.0;

/// Where a box stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Spot {
    /// In one of six places.
    Lane(Side, Column),
    /// Centred across, over the captions.
    AboveCaptions,
    /// With its centre there, shares of the frame.
    At(f64, f64),
}

impl Spot {
    /// Where captions stand that ask for `position`; a manual one needs to know where.
    pub(crate) const fn of(position: OverlayPosition) -> Self {
        let (side, column) = match position {
            OverlayPosition::TopLeft => (Side::Top, Column::Left),
            OverlayPosition::TopCenter => (Side::Top, Column::Middle),
            OverlayPosition::TopRight => (Side::Top, Column::Right),
            OverlayPosition::BottomLeft => (Side::Bottom, Column::Left),
            OverlayPosition::BottomRight => (Side::Bottom, Column::Right),
            OverlayPosition::BottomCenter | OverlayPosition::Manual | OverlayPosition::Other => {
                (Side::Bottom, Column::Middle)
            }
        };
        Self::Lane(side, column)
    }

    /// Where keys stand that ask for `position`: over the captions unless it is one of the six places.
    pub(crate) const fn of_keys(position: OverlayPosition) -> Self {
        match position {
            OverlayPosition::Manual | OverlayPosition::Other => Self::AboveCaptions,
            place => Self::of(place),
        }
    }

    /// Where it is when a caption is shown or is not: without one nothing is above it.
    pub(crate) const fn beside(self, caption: bool) -> Self {
        match self {
            Self::AboveCaptions if !caption => Self::Lane(Side::Bottom, Column::Middle),
            spot => spot,
        }
    }
}

/// Top or bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Top.
    Top,
    /// Bottom.
    Bottom,
}

/// Left, middle or right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// At the left margin.
    Left,
    /// Centred.
    Middle,
    /// At the right margin.
    Right,
}

/// A box of `width` by `height` pixels at `spot`, within the frame where it fits.
pub(crate) fn place(spot: Spot, width: f64, height: f64, frame: Size) -> Rect {
    let (frame_width, frame_height) = (f64::from(frame.width), f64::from(frame.height));
    let margin = MARGIN * frame_width;
    let middle = (frame_width - width) / 2.0;
    let (x, center) = match spot {
        Spot::Lane(side, column) => {
            let x = match column {
                Column::Left => margin,
                Column::Middle => middle,
                Column::Right => frame_width - margin - width,
            };
            let center = match side {
                Side::Top => TOP,
                Side::Bottom => BOTTOM,
            };
            (x, center)
        }
        Spot::AboveCaptions => (middle, ABOVE_CAPTIONS),
        Spot::At(x, y) => {
            let x = x.clamp(0.0, 1.0) * frame_width - width / 2.0;
            (within(x, width, frame_width), y.clamp(0.0, 1.0))
        }
    };
    Rect {
        x,
        y: within(center * frame_height - height / 2.0, height, frame_height),
        width,
        height,
    }
}

/// The start nearest to `start` of something `length` long that lies in 0..`room`; 0 where it does not fit.
fn within(start: f64, length: f64, room: f64) -> f64 {
    start.clamp(0.0, (room - length).max(0.0))
}

/// Moves the box of keys out of the way of a caption that stands at the same spot (cap-look.md 14).
pub(crate) fn keep_apart(keys: Rect, caption: &Rect, side: Side, frame: Size) -> Rect {
    let near = keys.y < caption.bottom() + DISTANCE && keys.bottom() > caption.y - DISTANCE;
    if !near {
        return keys;
    }
    let above = caption.y - DISTANCE - keys.height;
    let below = caption.bottom() + DISTANCE;
    let fits_above = above >= 0.0;
    let fits_below = below + keys.height <= f64::from(frame.height);
    let y = match side {
        Side::Bottom if fits_above => above,
        Side::Top if fits_below => below,
        _ if fits_below => below,
        _ if fits_above => above,
        // No room beside it: they overlap where they stand.
        _ => keys.y,
    };
    Rect { y, ..keys }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HD: Size = Size::new(1920, 1080);

    #[test]
    fn boxes_stand_at_the_margins_or_in_the_middle() {
        let at = |side, column| {
            let rect = place(Spot::Lane(side, column), 400.0, 100.0, HD);
            (rect.x, rect.y)
        };
        assert_eq!(at(Side::Top, Column::Left), (96.0, 86.4 - 50.0));
        assert_eq!(at(Side::Top, Column::Middle), (760.0, 86.4 - 50.0));
        assert_eq!(at(Side::Bottom, Column::Right), (1424.0, 868.0));
        let above = place(Spot::AboveCaptions, 400.0, 100.0, HD);
        assert_eq!((above.x, above.y), (760.0, 760.0));
    }

    #[test]
    fn they_stay_within_the_frame() {
        let top = place(Spot::Lane(Side::Top, Column::Middle), 400.0, 300.0, HD);
        assert_eq!(top.y, 0.0);
        let corner = place(Spot::At(1.0, 1.0), 400.0, 100.0, HD);
        assert_eq!((corner.x, corner.y), (1520.0, 980.0));
        let outside = place(Spot::At(-5.0, 0.5), 400.0, 100.0, HD);
        assert_eq!((outside.x, outside.y), (0.0, 490.0));
        let huge = place(Spot::At(0.5, 0.5), 3000.0, 2000.0, HD);
        assert_eq!((huge.x, huge.y), (0.0, 0.0));
    }

    #[test]
    fn keys_make_room_for_captions() {
        let rect = |y, height| Rect {
            x: 0.0,
            y,
            width: 10.0,
            height,
        };
        let moved = |y, caption: Rect, side| keep_apart(rect(y, 50.0), &caption, side, HD).y;
        let caption = rect(868.0, 100.0);
        assert_eq!(moved(893.0, caption, Side::Bottom), 868.0 - 15.0 - 50.0);
        assert_eq!(moved(803.0, caption, Side::Bottom), 803.0, "far enough");
        assert_eq!(moved(803.5, caption, Side::Bottom), 803.0);
        assert_eq!(moved(61.0, rect(30.0, 100.0), Side::Top), 145.0);
        // A caption up to the top leaves no room above it, one down to the bottom none below it.
        assert_eq!(moved(893.0, rect(10.0, 950.0), Side::Bottom), 975.0);
        assert_eq!(moved(61.0, rect(100.0, 975.0), Side::Top), 35.0);
        assert_eq!(moved(61.0, rect(10.0, 1065.0), Side::Top), 61.0, "no room at all");
    }
}
