//! Which macroblocks of a picture differ from the picture before, as a few boxes.

use std::ops::Range;

use crate::frame::{Areas, Nv12Frame};
use crate::media::h264::MbRect;

/// Pixels along a macroblock's side.
const MB: usize = 16;
/// Boxes at most. Each costs an encoder.
const MOST_BOXES: usize = 4;
/// Macroblocks that two boxes may gain by becoming one.
const WORTH_MERGING: u32 = 24;

/// Boxes around the macroblocks in which `after` differs from `before`, which it does within `areas` only. They do not
/// overlap; none means that the pictures are equal. `None` where more than `most` macroblocks differ.
pub(super) fn boxes(before: &Nv12Frame, after: &Nv12Frame, areas: &Areas, most: u32) -> Option<Vec<MbRect>> {
    let columns = after.size.width.div_ceil(MB as u32) as usize;
    let rows = after.size.height.div_ceil(MB as u32) as usize;
    let mut found = Vec::new();
    let mut marks = vec![false; columns];
    let mut marked = 0;
    for row in 0..rows {
        marks.fill(false);
        let lines = row * MB..(row * MB + MB).min(after.size.height as usize);
        for area in areas.rects() {
            let top = lines.start.max(area.y as usize);
            let bottom = lines.end.min(area.bottom() as usize);
            if top < bottom {
                let across = area.x as usize..area.right() as usize;
                mark(before, after, across, top..bottom, &mut marks);
            }
        }
        marked += marks.iter().filter(|mark| **mark).count();
        if marked > most as usize {
            return None;
        }
        for run in runs(&marks) {
            add(
                &mut found,
                MbRect {
                    x: run.start as u32,
                    y: row as u32,
                    width: run.len() as u32,
                    height: 1,
                },
            );
        }
    }
    while found.len() > MOST_BOXES {
        merge_closest(&mut found);
    }
    Some(found)
}

/// Marks the columns of macroblocks that differ between `across` and between the luma rows `down`.
fn mark(before: &Nv12Frame, after: &Nv12Frame, across: Range<usize>, down: Range<usize>, marks: &mut [bool]) {
    let planes = [
        (&before.y, before.y_stride, &after.y, after.y_stride, down.clone()),
        (
            &before.uv,
            before.uv_stride,
            &after.uv,
            after.uv_stride,
            down.start / 2..down.end.div_ceil(2),
        ),
    ];
    // A row of interleaved chroma has as many bytes as one of luma, and a macroblock as many of both.
    for (old, old_stride, new, new_stride, rows) in planes {
        let end = across.end.next_multiple_of(2).min(old_stride).min(new_stride);
        for row in rows {
            let old = &old[row * old_stride..][across.start..end];
            let new = &new[row * new_stride..][across.start..end];
            if old == new {
                continue;
            }
            let mut at = across.start;
            while at < end {
                let next = (at / MB * MB + MB).min(end);
                let piece = at - across.start..next - across.start;
                let mark = &mut marks[at / MB];
                *mark = *mark || old[piece.clone()] != new[piece];
                at = next;
            }
        }
    }
}

/// Ranges of marked columns.
fn runs(marks: &[bool]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in marks.iter().enumerate().filter(|(_, mark)| **mark) {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// Adds a box, grown over those that it overlaps or nearly touches.
pub(super) fn add(boxes: &mut Vec<MbRect>, mut new: MbRect) {
    let joins = |a: MbRect, b: MbRect| a.overlaps(b) || gain(a, b) <= WORTH_MERGING;
    while let Some(near) = boxes.iter().position(|&other| joins(new, other)) {
        new = new.hull(boxes.swap_remove(near));
    }
    boxes.push(new);
}

fn merge_closest(boxes: &mut Vec<MbRect>) {
    let pairs = (1..boxes.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
    if let Some((a, b)) = pairs.min_by_key(|&(a, b)| gain(boxes[a], boxes[b])) {
        let second = boxes.swap_remove(b);
        let first = boxes.swap_remove(a);
        add(boxes, first.hull(second));
    }
}

/// Macroblocks of the hull beyond the two.
fn gain(a: MbRect, b: MbRect) -> u32 {
    a.hull(b).area().saturating_sub(a.area() + b.area())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{PixelRect, Size};
    use proptest::prelude::*;

    const SIZE: Size = Size::new(330, 202);

    proptest! {
        #[test]
        fn every_change_lies_in_one_box(
            pixels in prop::collection::vec((0u32..330, 0u32..202, any::<bool>()), 0..12),
            wide: bool,
        ) {
            let before = Nv12Frame::new(SIZE);
            let mut after = before.clone();
            let mut areas = Areas::none(SIZE);
            for &(x, y, luma) in &pixels {
                if luma {
                    after.y[y as usize * after.y_stride + x as usize] = 9;
                } else {
                    after.uv[y as usize / 2 * after.uv_stride + x as usize] = 9;
                }
                areas.add(PixelRect { x, y, width: 1, height: 1 });
            }
            if wide {
                areas = Areas::whole(SIZE);
            }
            let count = pixels.iter().map(|(x, y, _)| (x / 16, y / 16)).collect::<std::collections::BTreeSet<_>>().len();
            if let Some(less) = count.checked_sub(1) {
                prop_assert!(boxes(&before, &after, &areas, less as u32).is_none());
            }
            let boxes = boxes(&before, &after, &areas, count as u32).unwrap();
            prop_assert!(boxes.len() <= MOST_BOXES);
            prop_assert_eq!(boxes.is_empty(), pixels.is_empty());
            for (n, a) in boxes.iter().enumerate() {
                prop_assert!(a.right() <= 21 && a.bottom() <= 13);
                prop_assert!(boxes[..n].iter().all(|b| !a.overlaps(*b)));
            }
            for (x, y, _) in pixels {
                let at = MbRect { x: x / 16, y: y / 16, width: 1, height: 1 };
                prop_assert_eq!(boxes.iter().filter(|found| found.holds(at)).count(), 1);
            }
        }
    }

    #[test]
    fn boxes_are_tight_and_equal_pictures_have_none() {
        let before = Nv12Frame::new(SIZE);
        let mut after = before.clone();
        let found = boxes(&before, &after, &Areas::whole(SIZE), 0);
        assert_eq!(found, Some(Vec::new()));
        after.y[100 * after.y_stride + 47] = 1;
        after.y[100 * after.y_stride + 48] = 1;
        let expected = MbRect {
            x: 2,
            y: 6,
            width: 2,
            height: 1,
        };
        let found = boxes(&before, &after, &Areas::whole(SIZE), 2);
        assert_eq!(found, Some(vec![expected]));
    }
}
