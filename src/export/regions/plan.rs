//! Where rectangles are placed so that they hold what changed.

use std::collections::VecDeque;

use crate::media::h264::{MbRect, slice_count};

/// Columns beside a change that are coded too: motion vectors reach into them.
const MARGIN: u32 = 3;
/// Widths and heights of rectangles: few, since opening an encoder costs more than coding some macroblocks that rest. The
/// smallest leaves a pointer room to move on for a while.
const WIDTHS: [u32; 8] = [16, 24, 32, 40, 56, 72, 96, 128];
const HEIGHTS: [u32; 6] = [8, 12, 16, 24, 32, 48];
/// Share of the picture from which on it is coded whole.
const MOST_SHARE: f64 = 0.3;
/// In so many of the pictures that are remembered a change must have been where a rectangle begins. It is coded by itself
/// then, which costs bytes: what soon moves on or came only once is cheaper whole.
const EVIDENCE: usize = 3;

/// The picture that rectangles are placed in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Canvas {
    /// Macroblocks in a row.
    pub columns: u32,
    /// Rows of macroblocks.
    pub rows: u32,
    /// Slices that a picture may have.
    pub slices: u32,
}

/// Why a picture is coded whole of which much changes.
pub(super) const MUCH_CHANGES: &str = "much of the picture changes";

impl Canvas {
    /// Macroblocks that may change in a picture that is not coded whole.
    pub(super) fn most(&self) -> u32 {
        self.part(MOST_SHARE)
    }

    /// `share` of the picture, in macroblocks.
    fn part(&self, share: f64) -> u32 {
        (f64::from(self.columns * self.rows) * share) as u32
    }
}

/// A rectangle of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    /// Where it is.
    pub rect: MbRect,
    /// The one of `live` that it goes on with; `None` where it begins.
    pub live: Option<usize>,
}

/// Places rectangles over `boxes`, which do not overlap. `live` are the places of rectangles that can go on where they
/// are; `before` are the boxes of the last few pictures.
///
/// # Errors
/// With the reason why the picture is better coded whole.
pub(super) fn place(
    boxes: &[MbRect],
    live: &[Option<MbRect>],
    before: &VecDeque<Vec<MbRect>>,
    canvas: Canvas,
) -> Result<Vec<Placement>, &'static str> {
    if boxes.iter().map(|found| found.area()).sum::<u32>() > canvas.most() {
        return Err(MUCH_CHANGES);
    }
    let mut groups: Vec<MbRect> = boxes.to_vec();
    let placed = loop {
        match try_place(&groups, live, canvas) {
            Ok(placed) => break placed,
            // Rectangles with their margins would overlap: they become one.
            Err((a, b)) => {
                let second = groups.swap_remove(b);
                let first = groups.swap_remove(a);
                super::dirty::add(&mut groups, first.hull(second));
            }
        }
    };
    let rects: Vec<MbRect> = placed.iter().map(|placement| placement.rect).collect();
    if rects.iter().map(|rect| rect.area()).sum::<u32>() > canvas.most() {
        return Err(MUCH_CHANGES);
    }
    if slice_count(&rects, canvas.columns, canvas.rows) > canvas.slices {
        return Err("it would take too many slices");
    }
    let lasts = |placement: &Placement| {
        let within = |old: &&Vec<MbRect>| old.iter().any(|old| placement.rect.holds(*old));
        placement.live.is_some() || before.iter().filter(within).count() >= EVIDENCE
    };
    if !placed.iter().all(lasts) {
        return Err("what changes in it may soon move on");
    }
    Ok(placed)
}

/// A placement for each group, or the two groups whose rectangles overlap.
fn try_place(
    groups: &[MbRect],
    live: &[Option<MbRect>],
    canvas: Canvas,
) -> Result<Vec<Placement>, (usize, usize)> {
    let mut placed: Vec<(Placement, usize)> = Vec::new();
    for (index, &group) in groups.iter().enumerate() {
        if placed
            .iter()
            .any(|(placement, _)| core(placement.rect, canvas).holds(group))
        {
            continue;
        }
        let going_on = live.iter().enumerate().find_map(|(slot, rect)| {
            let rect = (*rect)?;
            let free = placed.iter().all(|(other, _)| !other.rect.overlaps(rect));
            (free && core(rect, canvas).holds(group)).then_some(Placement {
                rect,
                live: Some(slot),
            })
        });
        let placement = going_on.unwrap_or_else(|| Placement {
            rect: around(group, canvas),
            live: None,
        });
        if let Some((_, other)) = placed
            .iter()
            .find(|(other, _)| other.rect.overlaps(placement.rect))
        {
            return Err((*other, index));
        }
        placed.push((placement, index));
    }
    Ok(placed.into_iter().map(|(placement, _)| placement).collect())
}

/// The part of a rectangle in which changes may lie: without the columns that are its margin for the time being.
fn core(rect: MbRect, canvas: Canvas) -> MbRect {
    let left = if rect.x == 0 { 0 } else { 1 };
    let right = if rect.right() == canvas.columns { 0 } else { 1 };
    MbRect {
        x: rect.x + left,
        width: rect.width.saturating_sub(left + right).max(1),
        ..rect
    }
}

/// A rectangle around a change, as large as there are encoders for.
fn around(change: MbRect, canvas: Canvas) -> MbRect {
    let side = |start: u32, length: u32, margin: u32, sizes: &[u32], whole: u32| {
        let needed = length + 2 * margin;
        let found = sizes.iter().copied().find(|&size| size >= needed);
        let size = found.unwrap_or(needed).min(whole);
        let middle = start + length / 2;
        (middle.saturating_sub(size / 2).min(whole - size), size)
    };
    let (x, width) = side(change.x, change.width, MARGIN, &WIDTHS, canvas.columns);
    let (y, height) = side(change.y, change.height, 0, &HEIGHTS, canvas.rows);
    let rect = MbRect { x, y, width, height };
    // Rows are slices: the last few decide whether there are too many.
    let exact = MbRect {
        y: change.y,
        height: change.height,
        ..rect
    };
    let fits = slice_count(&[rect], canvas.columns, canvas.rows) <= canvas.slices;
    if fits { rect } else { exact }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CANVAS: Canvas = Canvas {
        columns: 120,
        rows: 68,
        slices: 48,
    };

    const fn rect(x: u32, y: u32, width: u32, height: u32) -> MbRect {
        MbRect { x, y, width, height }
    }

    fn seen(times: usize, change: MbRect) -> VecDeque<Vec<MbRect>> {
        std::iter::repeat_n(vec![change], times).collect()
    }

    #[test]
    fn a_rectangle_goes_on_while_changes_stay_within() {
        let pointer = rect(50, 30, 2, 2);
        assert!(place(&[pointer], &[], &seen(2, pointer), CANVAS).is_err());
        let first = place(&[pointer], &[], &seen(3, pointer), CANVAS).unwrap();
        assert_eq!(first.len(), 1);
        assert_eq!(first[0].live, None);
        let live = [None, Some(first[0].rect)];
        let next = place(&[rect(52, 31, 2, 2)], &live, &seen(1, pointer), CANVAS).unwrap();
        assert_eq!(
            next,
            [Placement {
                rect: first[0].rect,
                live: Some(1)
            }]
        );
        let far = rect(70, 31, 2, 2);
        assert!(place(&[far], &live, &seen(6, pointer), CANVAS).is_err());
        assert_eq!(place(&[far], &live, &seen(3, far), CANVAS).unwrap()[0].live, None);
    }

    #[test]
    fn a_camera_of_23_rows_fits_into_48_slices() {
        let camera = rect(95, 42, 23, 23);
        let placed = place(&[camera], &[], &seen(3, camera), CANVAS).unwrap();
        assert_eq!((placed[0].rect.y, placed[0].rect.height), (42, 23));
        let tall = rect(95, 40, 23, 25);
        assert_eq!(
            place(&[tall], &[], &seen(3, tall), CANVAS),
            Err("it would take too many slices")
        );
    }

    #[test]
    fn what_is_large_is_coded_whole() {
        let wide = rect(0, 0, 120, 30);
        assert_eq!(place(&[wide], &[], &seen(6, wide), CANVAS), Err(MUCH_CHANGES));
    }

    proptest! {
        #[test]
        fn rectangles_hold_every_change_and_do_not_overlap(
            changes in prop::collection::vec((0u32..110, 0u32..60, 1u32..9, 1u32..7), 1..5),
            live in prop::collection::vec(prop::option::of((0u32..90, 0u32..50, 8u32..30, 8u32..18)), 0..4),
        ) {
            let mut boxes = Vec::new();
            for (x, y, width, height) in changes {
                super::super::dirty::add(&mut boxes, rect(x, y, width, height));
            }
            let live: Vec<_> = live.iter().map(|live| live.map(|(x, y, w, h)| rect(x, y, w, h))).collect();
            let Ok(placed) = place(&boxes, &live, &vec![boxes.clone(); EVIDENCE].into(), CANVAS) else { return Ok(()) };
            for (n, placement) in placed.iter().enumerate() {
                let at = placement.rect;
                prop_assert!(at.right() <= 120 && at.bottom() <= 68);
                prop_assert!(placed[..n].iter().all(|other| !other.rect.overlaps(at)));
                if let Some(slot) = placement.live {
                    prop_assert_eq!(live[slot], Some(at));
                }
            }
            for change in boxes {
                prop_assert!(placed.iter().any(|placement| placement.rect.holds(change)));
            }
        }
    }
}
