//! Where a source picture differs from the one shown before. Encoders repeat pictures, and most of a screen rests.

use std::ops::Range;

use crate::frame::{Areas, PixelRect, PlaneView, Size, YuvLayout, YuvPicture};

/// Luma pixels that are told apart together. A multiple of every chroma subsampling in use.
const BLOCK: Size = Size::new(64, 32);

/// The blocks in which `after` differs from `before`; `None` when the two are not of one shape and colour, and everything
/// may differ.
pub(super) fn changed(before: &YuvPicture, after: &YuvPicture) -> Option<Areas> {
    let alike = before.size == after.size && before.layout == after.layout && before.color == after.color;
    if !alike {
        return None;
    }
    let size = after.size;
    let mut areas = Areas::none(size);
    if before.same_as(after) {
        return Some(areas);
    }
    let planes: Vec<_> = (0..after.plane_count())
        .map(|index| {
            let grid = Grid::of(after.layout, size, index)?;
            Some((before.plane(index), after.plane(index), grid))
        })
        .collect::<Option<_>>()?;
    let columns = size.width.div_ceil(BLOCK.width) as usize;
    for row in 0..size.height.div_ceil(BLOCK.height) {
        let mut marks = vec![false; columns];
        for (before, after, grid) in &planes {
            grid.mark(*before, *after, row as usize, &mut marks)?;
        }
        for run in runs(&marks) {
            areas.add(PixelRect {
                x: run.start as u32 * BLOCK.width,
                y: row * BLOCK.height,
                width: (run.end - run.start) as u32 * BLOCK.width,
                height: BLOCK.height,
            });
        }
    }
    Some(areas)
}

/// Ranges of marked blocks.
fn runs(marks: &[bool]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + marks[from..].iter().position(|&mark| mark)?;
        let length = marks[start..].iter().position(|&mark| !mark);
        let end = length.map_or(marks.len(), |length| start + length);
        from = end;
        Some(start..end)
    })
}

/// How blocks lie in one plane.
struct Grid {
    block_bytes: usize,
    block_rows: usize,
    row_bytes: usize,
    rows: usize,
}

impl Grid {
    /// `None` for a subsampling that blocks do not divide into.
    fn of(layout: YuvLayout, size: Size, plane: usize) -> Option<Self> {
        let (shift_x, shift_y, sample) = match layout {
            _ if plane == 0 => (0, 0, 1),
            YuvLayout::Planar { shift_x, shift_y } => (shift_x, shift_y, 1),
            YuvLayout::SemiPlanar420 => (1, 1, 2),
        };
        let divides = BLOCK.width.trailing_zeros() >= u32::from(shift_x)
            && BLOCK.height.trailing_zeros() >= u32::from(shift_y);
        divides.then(|| Self {
            block_bytes: (BLOCK.width >> shift_x) as usize * sample,
            block_rows: (BLOCK.height >> shift_y) as usize,
            row_bytes: size.width.div_ceil(1 << shift_x) as usize * sample,
            rows: size.height.div_ceil(1 << shift_y) as usize,
        })
    }

    /// Marks the blocks of block row `row` that differ; `None` when a plane is too short to tell.
    fn mark(
        &self,
        before: PlaneView<'_>,
        after: PlaneView<'_>,
        row: usize,
        marks: &mut [bool],
    ) -> Option<()> {
        let first = row * self.block_rows;
        for y in first..(first + self.block_rows).min(self.rows) {
            if marks.iter().all(|&mark| mark) {
                break;
            }
            let line = |plane: PlaneView<'_>| {
                let start = y * plane.stride;
                start..start + self.row_bytes
            };
            let (old, new) = (before.data.get(line(before))?, after.data.get(line(after))?);
            if old == new {
                continue;
            }
            let blocks = old.chunks(self.block_bytes).zip(new.chunks(self.block_bytes));
            for (mark, (old, new)) in marks.iter_mut().zip(blocks) {
                *mark = *mark || old != new;
            }
        }
        Some(())
    }
}

/// The picture that a track showed last, and what was found out about the one that came after it.
#[derive(Debug)]
pub(super) struct Shown {
    picture: YuvPicture,
    compared: Option<(YuvPicture, Option<Areas>)>,
}

impl Shown {
    pub(super) fn new(picture: YuvPicture) -> Self {
        Self {
            picture,
            compared: None,
        }
    }

    pub(super) fn picture(&self) -> &YuvPicture {
        &self.picture
    }

    /// As [`changed`]; a picture is compared once, however many frames ask for it.
    pub(super) fn changed(&mut self, picture: &YuvPicture) -> Option<Areas> {
        if let Some((compared, areas)) = &self.compared
            && compared.same_as(picture)
        {
            return areas.clone();
        }
        let areas = changed(&self.picture, picture);
        self.compared = Some((picture.clone(), areas.clone()));
        areas
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{PlaneStorage, YuvColor};
    use std::sync::Arc;

    #[derive(Clone)]
    struct Planes(Vec<(Vec<u8>, usize)>);

    impl PlaneStorage for Planes {
        fn plane(&self, index: usize) -> PlaneView<'_> {
            let (data, stride) = &self.0[index];
            PlaneView {
                data,
                stride: *stride,
            }
        }
    }

    const SIZE: Size = Size::new(201, 99);
    const I420: YuvLayout = YuvLayout::Planar {
        shift_x: 1,
        shift_y: 1,
    };

    fn planes() -> Planes {
        Planes(vec![
            (vec![16; 208 * 99], 208),
            (vec![128; 112 * 50], 112),
            (vec![128; 112 * 50], 112),
        ])
    }

    fn picture(planes: Planes, layout: YuvLayout) -> YuvPicture {
        YuvPicture::new(SIZE, layout, YuvColor::BT709_LIMITED, Arc::new(planes))
    }

    fn touched(plane: usize, x: usize, y: usize) -> Option<Areas> {
        let mut after = planes();
        let stride = after.0[plane].1;
        after.0[plane].0[y * stride + x] += 1;
        changed(&picture(planes(), I420), &picture(after, I420))
    }

    fn rect(x: u32, y: u32, width: u32, height: u32) -> PixelRect {
        PixelRect { x, y, width, height }
    }

    #[test]
    fn equal_content_is_no_change_and_padding_is_no_content() {
        let (before, mut after) = (picture(planes(), I420), planes());
        assert!(changed(&before, &picture(after.clone(), I420)).is_some_and(|areas| areas.is_empty()));
        after.0[0].0[205] = 7;
        after.0[2].0[49 * 112 + 101] = 7;
        assert!(changed(&before, &picture(after, I420)).is_some_and(|areas| areas.is_empty()));
    }

    #[test]
    fn a_changed_sample_changes_its_block() {
        assert_eq!(touched(0, 64, 31).unwrap().rects(), [rect(64, 0, 64, 32)]);
        assert_eq!(touched(0, 200, 98).unwrap().rects(), [rect(192, 96, 9, 3)]);
        // Chroma sample (32, 16) is that of the luma pixels from (64, 32) on.
        assert_eq!(touched(1, 32, 16).unwrap().rects(), [rect(64, 32, 64, 32)]);
        assert_eq!(touched(2, 100, 49).unwrap().rects(), [rect(192, 96, 9, 3)]);
    }

    #[test]
    fn interleaved_chroma_counts_two_bytes_a_sample() {
        let nv12 = Planes(vec![(vec![16; 208 * 99], 208), (vec![128; 208 * 50], 208)]);
        let mut after = nv12.clone();
        after.0[1].0[16 * 208 + 64] = 1;
        let layout = YuvLayout::SemiPlanar420;
        let areas = changed(&picture(nv12, layout), &picture(after, layout)).unwrap();
        assert_eq!(areas.rects(), [rect(64, 32, 64, 32)]);
    }

    #[test]
    fn pictures_of_another_shape_and_short_ones_are_all_new() {
        let before = picture(planes(), I420);
        let other = YuvPicture::new(SIZE, I420, YuvColor::BT601_LIMITED, Arc::new(planes()));
        assert_eq!(changed(&before, &other), None);
        let mut short = planes();
        short.0[1].0.truncate(100);
        assert_eq!(changed(&before, &picture(short, I420)), None);
    }
}
