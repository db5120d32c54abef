//! A few disjoint rectangles of a picture.

use super::{Extent, PixelRect, Size};

/// More rectangles than this cost more to draw one by one than the pixels between them.
const MOST: usize = 8;
/// Pixels that two rectangles may gain by becoming one: what the overhead of a rectangle is worth.
const WORTH_MERGING: u64 = 4096;
/// Percent of the picture from which on all of it is taken: what is left out of a frame has to be carried over from the one
/// before, row by row.
const NEARLY_ALL: u64 = 85;

/// Pixels of a picture as a few rectangles that do not overlap. Their edges are even or the picture's own, so that a 4:2:0
/// chroma sample belongs to one of them only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Areas {
    size: Size,
    rects: Vec<PixelRect>,
}

impl Areas {
    /// No pixel of a picture of `size`.
    pub const fn none(size: Size) -> Self {
        Self {
            size,
            rects: Vec::new(),
        }
    }

    /// All of a picture of `size`.
    pub fn whole(size: Size) -> Self {
        Self {
            size,
            rects: vec![PixelRect::full(size)],
        }
    }

    /// These rectangles as they are, which must not overlap: to draw in pieces that `add` would not make.
    #[cfg(test)]
    pub(crate) fn exactly(size: Size, rects: Vec<PixelRect>) -> Self {
        Self { size, rects }
    }

    /// Size of the picture.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// The rectangles.
    pub fn rects(&self) -> &[PixelRect] {
        &self.rects
    }

    /// Whether there is no pixel.
    pub fn is_empty(&self) -> bool {
        self.rects.is_empty()
    }

    /// Whether every pixel is among them.
    pub fn is_whole(&self) -> bool {
        self.rects == [PixelRect::full(self.size)]
    }

    /// Number of pixels.
    pub fn pixels(&self) -> u64 {
        self.rects.iter().copied().map(PixelRect::area).sum()
    }

    /// Adds the pixels of `rect` that the picture has, and maybe some around them.
    pub fn add(&mut self, rect: PixelRect) {
        let Some(rect) = self.fitted(rect) else {
            return;
        };
        self.absorb(rect);
        while self.rects.len() > MOST {
            self.merge_closest();
        }
        if self.pixels() * 100 > self.size.area() * NEARLY_ALL {
            self.rects = vec![PixelRect::full(self.size)];
        }
    }

    /// Adds the pixels of `other`, which are of a picture of the same size.
    pub fn add_all(&mut self, other: &Self) {
        for &rect in &other.rects {
            self.add(rect);
        }
    }

    /// Adds the pixels that `extent` touches.
    pub fn add_extent(&mut self, extent: &Extent) {
        // `max` and `min` return the other number for one that is none: the picture's own edge.
        let low = |edge: f64, side: u32| edge.floor().max(0.0).min(f64::from(side)) as u32;
        let high = |edge: f64, side: u32| edge.ceil().min(f64::from(side)).max(0.0) as u32;
        let (x, y) = (
            low(extent.left, self.size.width),
            low(extent.top, self.size.height),
        );
        self.add(PixelRect {
            x,
            y,
            width: high(extent.right, self.size.width).saturating_sub(x),
            height: high(extent.bottom, self.size.height).saturating_sub(y),
        });
    }

    /// `rect` within the picture, its edges moved outwards to even ones.
    fn fitted(&self, rect: PixelRect) -> Option<PixelRect> {
        let side = |start: u32, length: u32, whole: u32| {
            let low = start.min(whole) & !1;
            let end = start.saturating_add(length).min(whole);
            (length > 0 && end > low)
                .then(|| (low, end.next_multiple_of(2).min(whole) - low))
                .filter(|_| start < whole)
        };
        let (x, width) = side(rect.x, rect.width, self.size.width)?;
        let (y, height) = side(rect.y, rect.height, self.size.height)?;
        Some(PixelRect { x, y, width, height })
    }

    /// Adds a fitted rectangle, grown over those that it overlaps or nearly touches.
    fn absorb(&mut self, mut rect: PixelRect) {
        while let Some(near) = self.rects.iter().position(|&other| joins(rect, other)) {
            rect = rect.hull(self.rects.swap_remove(near));
        }
        self.rects.push(rect);
    }

    /// Makes one of the two rectangles whose hull adds the fewest pixels.
    fn merge_closest(&mut self) {
        let pairs = (1..self.rects.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let closest = pairs.min_by_key(|&(a, b)| gain(self.rects[a], self.rects[b]));
        if let Some((a, b)) = closest {
            let second = self.rects.swap_remove(b);
            let first = self.rects.swap_remove(a);
            self.absorb(first.hull(second));
        }
    }
}

/// Pixels of the hull beyond the two; nothing where they overlap by more.
fn gain(a: PixelRect, b: PixelRect) -> u64 {
    a.hull(b).area().saturating_sub(a.area() + b.area())
}

fn joins(a: PixelRect, b: PixelRect) -> bool {
    a.intersect(b).is_some() || gain(a, b) <= WORTH_MERGING
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rect() -> impl Strategy<Value = PixelRect> {
        (0u32..700, 0u32..500, 0u32..200, 0u32..150).prop_map(|(x, y, width, height)| PixelRect {
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
        fn areas_hold_what_was_added_once_and_end_evenly(
            rects in prop::collection::vec(rect(), 0..30),
            size in (500u32..640, 300u32..480),
        ) {
            let size = Size::new(size.0, size.1);
            let mut areas = Areas::none(size);
            for &rect in &rects {
                areas.add(rect);
            }
            prop_assert!(areas.rects().len() <= MOST);
            for rect in areas.rects() {
                let (right, bottom) = (rect.x + rect.width, rect.y + rect.height);
                prop_assert!(rect.x % 2 == 0 && rect.y % 2 == 0 && !rect.is_empty());
                prop_assert!(right % 2 == 0 || right == size.width);
                prop_assert!(bottom % 2 == 0 || bottom == size.height);
                prop_assert!(right <= size.width && bottom <= size.height);
            }
            for y in (0..size.height).step_by(7) {
                for x in (0..size.width).step_by(5) {
                    let times = areas.rects().iter().filter(|&&area| holds(area, x, y)).count();
                    prop_assert!(times <= 1);
                    prop_assert!(times == 1 || !rects.iter().any(|&rect| holds(rect, x, y)));
                }
            }
        }
    }

    #[test]
    fn most_of_the_picture_is_all_of_it() {
        let size = Size::new(100, 100);
        let mut areas = Areas::none(size);
        areas.add(PixelRect {
            x: 0,
            y: 0,
            width: 100,
            height: 84,
        });
        assert!(!areas.is_whole());
        areas.add(PixelRect {
            x: 0,
            y: 83,
            width: 100,
            height: 3,
        });
        assert!(areas.is_whole());
        assert_eq!(areas, Areas::whole(size));
    }

    #[test]
    fn distant_rectangles_stay_apart() {
        let mut areas = Areas::none(Size::new(1920, 1080));
        for (x, y) in [(10, 10), (1001, 701)] {
            areas.add(PixelRect {
                x,
                y,
                width: 33,
                height: 33,
            });
        }
        assert_eq!(areas.pixels(), 34 * 34 * 2);
    }
}
