//! Rectangles of macroblocks, and the slices of a picture in which some of them are coded and everything else is skipped.

use crate::frame::PixelRect;

/// A rectangle of macroblocks, 16 luma pixels each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MbRect {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Macroblocks in a row, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
}

impl MbRect {
    /// The x behind the last macroblock of a row.
    pub const fn right(self) -> u32 {
        self.x + self.width
    }

    /// The y behind the last row.
    pub const fn bottom(self) -> u32 {
        self.y + self.height
    }

    /// Number of macroblocks.
    pub const fn area(self) -> u32 {
        self.width * self.height
    }

    /// Whether both hold a macroblock.
    pub fn overlaps(self, other: Self) -> bool {
        self.counted().intersect(other.counted()).is_some()
    }

    /// Whether all of `other` is within.
    pub const fn holds(self, other: Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }

    /// The smallest one that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        let PixelRect { x, y, width, height } = self.counted().hull(other.counted());
        Self { x, y, width, height }
    }

    /// The same numbers, for what rectangles of pixels and of macroblocks have in common.
    const fn counted(self) -> PixelRect {
        let Self { x, y, width, height } = self;
        PixelRect { x, y, width, height }
    }
}

/// One slice: macroblocks from `first` on in the order of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub first: u32,
    pub count: u32,
    /// Rectangle and row that are coded; `None` where everything is skipped.
    pub coded: Option<(usize, u32)>,
}

/// The slices of a picture of `columns` by `rows` macroblocks in which the rows that `coded` lists (rectangle, row) are
/// coded. The rectangles must not overlap.
pub(super) fn spans(rects: &[MbRect], coded: &[(usize, u32)], columns: u32, rows: u32) -> Vec<Span> {
    let mut starts: Vec<Span> = coded
        .iter()
        .map(|&(index, row)| {
            let rect = rects[index];
            Span {
                first: (rect.y + row) * columns + rect.x,
                count: rect.width,
                coded: Some((index, row)),
            }
        })
        .collect();
    starts.sort_by_key(|span| span.first);
    let mut all = Vec::with_capacity(2 * starts.len() + 1);
    let mut at = 0;
    let skipped = |first: u32, count: u32| Span {
        first,
        count,
        coded: None,
    };
    for span in starts {
        if span.first > at {
            all.push(skipped(at, span.first - at));
        }
        at = span.first + span.count;
        all.push(span);
    }
    if at < columns * rows {
        all.push(skipped(at, columns * rows - at));
    }
    all
}

/// Every row of every rectangle.
pub(super) fn all_rows(rects: &[MbRect]) -> Vec<(usize, u32)> {
    let rows = |(index, rect): (usize, &MbRect)| (0..rect.height).map(move |row| (index, row));
    rects.iter().enumerate().flat_map(rows).collect()
}

/// Slices of a picture of `columns` by `rows` macroblocks in which these rectangles are coded, one slice a row, and
/// everything between them is skipped.
pub fn slice_count(rects: &[MbRect], columns: u32, rows: u32) -> u32 {
    spans(rects, &all_rows(rects), columns, rows).len() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn rect(x: u32, y: u32, width: u32, height: u32) -> MbRect {
        MbRect { x, y, width, height }
    }

    #[test]
    fn rows_and_what_is_between_them_are_counted() {
        // Inside: above, between 3 rows, below.
        assert_eq!(slice_count(&[rect(2, 2, 3, 3)], 10, 10), 3 + 4);
        // In the bottom right corner there is nothing behind the last row.
        assert_eq!(slice_count(&[rect(7, 7, 3, 3)], 10, 10), 3 + 3);
        // Over the whole width nothing is between the rows either.
        assert_eq!(slice_count(&[rect(0, 0, 10, 10)], 10, 10), 10);
        // Side by side: left gap, middle gap; the right gap is one with the next row's left gap.
        assert_eq!(slice_count(&[rect(1, 4, 2, 2), rect(6, 4, 2, 2)], 10, 10), 4 + 5);
    }

    proptest! {
        #[test]
        fn slices_cover_the_picture_once_and_in_order(
            cuts in (1u32..9, 1u32..9), sizes in prop::collection::vec((0u32..4, 0u32..4, 1u32..5, 1u32..5), 4),
        ) {
            // One rectangle a quarter, so that they do not overlap.
            let (columns, rows) = (20, 18);
            let rects: Vec<MbRect> = sizes.iter().enumerate().map(|(n, &(x, y, width, height))| {
                rect(n as u32 % 2 * 10 + x % cuts.0, n as u32 / 2 * 9 + y % cuts.1, width, height)
            }).collect();
            let spans = spans(&rects, &all_rows(&rects), columns, rows);
            let mut at = 0;
            for span in &spans {
                prop_assert_eq!(span.first, at);
                at += span.count;
                for n in span.first..at {
                    let inside = rects.iter().position(|r| r.holds(rect(n % columns, n / columns, 1, 1)));
                    prop_assert_eq!(inside, span.coded.map(|(index, _)| index));
                }
            }
            prop_assert_eq!(at, columns * rows);
        }
    }
}
