//! Rectangles: of whole pixels, of numbers, and as edges that may be infinite; all their arithmetic.

use super::Size;

/// A rectangle of whole pixels, `x..x + width` by `y..y + height`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PixelRect {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Pixels per row; 0 makes the rectangle empty.
    pub width: u32,
    /// Rows; 0 makes the rectangle empty.
    pub height: u32,
}

impl PixelRect {
    /// The whole of a picture of `size`.
    pub const fn full(size: Size) -> Self {
        Self {
            x: 0,
            y: 0,
            width: size.width,
            height: size.height,
        }
    }

    /// Whether the rectangle holds no pixel.
    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// The x behind the last pixel of a row.
    pub const fn right(self) -> u32 {
        self.x + self.width
    }

    /// The y behind the last row.
    pub const fn bottom(self) -> u32 {
        self.y + self.height
    }

    /// Number of pixels.
    pub const fn area(self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// The pixels that both hold; `None` when there are none.
    pub fn intersect(self, other: Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let right = self.right().min(other.right());
        let bottom = self.bottom().min(other.bottom());
        (x < right && y < bottom).then(|| Self {
            x,
            y,
            width: right - x,
            height: bottom - y,
        })
    }

    /// The smallest rectangle that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            width: self.right().max(other.right()) - x,
            height: self.bottom().max(other.bottom()) - y,
        }
    }
}

/// A rectangle in output pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Rect {
    /// The x of the right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// The y of the bottom edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// Whether every number is one to reckon with.
    pub fn is_finite(&self) -> bool {
        [self.x, self.y, self.width, self.height]
            .iter()
            .all(|number| number.is_finite())
    }
}

/// Left, top, right and bottom in output pixels, not rounded; edges may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Left edge.
    pub left: f64,
    /// Top edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Bottom edge.
    pub bottom: f64,
}

impl Extent {
    /// Every pixel of any picture.
    pub const EVERYTHING: Self = Self {
        left: f64::NEG_INFINITY,
        top: f64::NEG_INFINITY,
        right: f64::INFINITY,
        bottom: f64::INFINITY,
    };

    /// Moved outwards by `by` pixels on every side.
    pub fn grown(self, by: f64) -> Self {
        Self {
            left: self.left - by,
            top: self.top - by,
            right: self.right + by,
            bottom: self.bottom + by,
        }
    }

    /// The smallest one that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// The common part; `None` when there is none.
    pub fn within(self, other: Self) -> Option<Self> {
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

impl From<PixelRect> for Extent {
    fn from(rect: PixelRect) -> Self {
        Self {
            left: f64::from(rect.x),
            top: f64::from(rect.y),
            right: f64::from(rect.right()),
            bottom: f64::from(rect.bottom()),
        }
    }
}

impl From<Rect> for Extent {
    fn from(rect: Rect) -> Self {
        Self {
            left: rect.x,
            top: rect.y,
            right: rect.right(),
            bottom: rect.bottom(),
        }
    }
}

/// The pixels of `rects` that `hole` does not hold, as disjoint rectangles when `rects` are disjoint.
fn subtract(rects: &[PixelRect], hole: PixelRect) -> Vec<PixelRect> {
    let mut rest = Vec::with_capacity(rects.len() + 3);
    for &rect in rects {
        let Some(cut) = rect.intersect(hole) else {
            rest.push(rect);
            continue;
        };
        let pieces = [
            // Above and below over the full width, then what is left beside the hole.
            PixelRect {
                height: cut.y - rect.y,
                ..rect
            },
            PixelRect {
                y: cut.y + cut.height,
                height: rect.y + rect.height - (cut.y + cut.height),
                ..rect
            },
            PixelRect {
                y: cut.y,
                height: cut.height,
                width: cut.x - rect.x,
                ..rect
            },
            PixelRect {
                x: cut.x + cut.width,
                y: cut.y,
                width: rect.x + rect.width - (cut.x + cut.width),
                height: cut.height,
            },
        ];
        rest.extend(pieces.into_iter().filter(|piece| !piece.is_empty()));
    }
    rest
}

/// The pixels of `rects` that none of `holes` holds.
pub(crate) fn subtract_all(mut rects: Vec<PixelRect>, holes: &[PixelRect]) -> Vec<PixelRect> {
    for &hole in holes {
        rects = subtract(&rects, hole);
    }
    rects
}

/// The pixels of `area` whose centres lie in `left..=right` by `top..=bottom`; `None` when there are none.
pub(crate) fn centres_within(
    area: PixelRect,
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
) -> Option<PixelRect> {
    let (x, width) = span(area.x, area.width, left, right)?;
    let (y, height) = span(area.y, area.height, top, bottom)?;
    Some(PixelRect { x, y, width, height })
}

/// The pixels of `start..start + length` whose centres lie in `from..=to`, as start and length.
fn span(start: u32, length: u32, from: f64, to: f64) -> Option<(u32, u32)> {
    let first = (from - 0.5).ceil().max(f64::from(start));
    let end = ((to - 0.5).floor() + 1.0).min(f64::from(start + length));
    (first < end).then_some((first as u32, (end - first) as u32))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rect() -> impl Strategy<Value = PixelRect> {
        (0u32..20, 0u32..20, 1u32..15, 1u32..15).prop_map(|(x, y, width, height)| PixelRect {
            x,
            y,
            width,
            height,
        })
    }

    fn holds(rect: PixelRect, x: u32, y: u32) -> bool {
        (rect.x..rect.x + rect.width).contains(&x) && (rect.y..rect.y + rect.height).contains(&y)
    }

    proptest! {
        #[test]
        fn subtraction_partitions_the_pixels(rect in rect(), holes in prop::collection::vec(rect(), 0..5)) {
            let rest = subtract_all(vec![rect], &holes);
            for y in 0..40 {
                for x in 0..40 {
                    let expected = holds(rect, x, y) && !holes.iter().any(|&hole| holds(hole, x, y));
                    let times = rest.iter().filter(|&&piece| holds(piece, x, y)).count();
                    prop_assert_eq!(times, usize::from(expected));
                }
            }
        }
    }

    #[test]
    fn centres_decide_which_pixels_are_within() {
        let area = PixelRect {
            x: 0,
            y: 0,
            width: 10,
            height: 10,
        };
        let found = centres_within(area, 0.5, 1.6, 3.49, 4.5);
        assert_eq!(
            found,
            Some(PixelRect {
                x: 0,
                y: 2,
                width: 3,
                height: 3
            })
        );
        assert_eq!(centres_within(area, 0.6, 0.0, 1.4, 5.0), None);
        assert_eq!(centres_within(area, -1e30, -1e30, 1e30, 1e30), Some(area));
    }
}
