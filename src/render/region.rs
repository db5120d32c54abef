//! Arithmetic of whole-pixel rectangles: which pixels a draw touches and which of them something opaque hides.

use crate::frame::PixelRect;

/// The pixels that both hold; `None` when there are none.
pub(super) fn intersect(a: PixelRect, b: PixelRect) -> Option<PixelRect> {
    let x = a.x.max(b.x);
    let y = a.y.max(b.y);
    let right = (a.x + a.width).min(b.x + b.width);
    let bottom = (a.y + a.height).min(b.y + b.height);
    (x < right && y < bottom).then(|| PixelRect {
        x,
        y,
        width: right - x,
        height: bottom - y,
    })
}

/// The pixels of `rects` that `hole` does not hold, as disjoint rectangles when `rects` are disjoint.
fn subtract(rects: &[PixelRect], hole: PixelRect) -> Vec<PixelRect> {
    let mut rest = Vec::with_capacity(rects.len() + 3);
    for &rect in rects {
        let Some(cut) = intersect(rect, hole) else {
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
pub(super) fn subtract_all(mut rects: Vec<PixelRect>, holes: &[PixelRect]) -> Vec<PixelRect> {
    for &hole in holes {
        rects = subtract(&rects, hole);
    }
    rects
}

/// The pixels of `area` whose centres lie in `left..=right` by `top..=bottom`; `None` when there are none.
pub(super) fn centres_within(
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
