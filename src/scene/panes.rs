//! Split screen and floating cards: panes, crops and rounding (cap-look.md 10.3); the camera that fills the frame (10.4).

use super::easing::lerp;
use crate::frame::{Rect, Size};

/// Gap between and around floating cards, fraction of the frame's shorter side.
const GAP: f64 = 0.05;
/// Radius of the corners of floating cards and of cards beside a text, fraction of the frame's shorter side.
const RADIUS: f64 = 0.028;
/// The camera's part of floating cards side by side, and of stacked ones.
const CAMERA_WIDTH: f64 = 0.30;
const CAMERA_HEIGHT: f64 = 0.40;

/// Where screen and camera stand in a split layout of frames of `output`: halves at 0, floating cards at 1.
pub(crate) fn panes(output: Size, floating: f64) -> [Rect; 2] {
    let (width, height) = (f64::from(output.width), f64::from(output.height));
    let gap = GAP * width.min(height);
    let beside = width >= height;
    // Along the axis that is divided and across it.
    let (long, across) = if beside { (width, height) } else { (height, width) };
    let share = if beside { CAMERA_WIDTH } else { CAMERA_HEIGHT };
    let usable = (long - 3.0 * gap).max(0.0);
    let card = (across - 2.0 * gap).max(0.0);
    let camera = usable * share;
    let place = |along: f64, length: f64, inset: f64, breadth: f64| {
        if beside {
            Rect {
                x: along,
                y: inset,
                width: length,
                height: breadth,
            }
        } else {
            Rect {
                x: inset,
                y: along,
                width: breadth,
                height: length,
            }
        }
    };
    let halves = [
        place(0.0, long / 2.0, 0.0, across),
        place(long / 2.0, long / 2.0, 0.0, across),
    ];
    let cards = [
        place(gap, usable - camera, gap, card),
        place(long - gap - camera, camera, gap, card),
    ];
    [
        between(&halves[0], &cards[0], floating),
        between(&halves[1], &cards[1], floating),
    ]
}

/// `a` at 0, `b` at 1, edge by edge.
pub(crate) fn between(a: &Rect, b: &Rect, t: f64) -> Rect {
    Rect {
        x: lerp(a.x, b.x, t),
        y: lerp(a.y, b.y, t),
        width: lerp(a.width, b.width, t),
        height: lerp(a.height, b.height, t),
    }
}

/// The corner radius of panes and of cards beside a text, output pixels.
pub(crate) fn pane_radius(output: Size) -> f64 {
    RADIUS * f64::from(output.width.min(output.height))
}

/// The largest part of `region` with the aspect `aspect`, `zoom` times tighter, about `focus` (fractions of the region) as far
/// as it can be without leaving the region.
pub(crate) fn fitted(region: &Rect, aspect: f64, zoom: f64, focus: [f64; 2]) -> Rect {
    let (width, height) = if region.width / region.height > aspect {
        (region.height * aspect, region.height)
    } else {
        (region.width, region.width / aspect)
    };
    // Less than 1 would show what lies beyond the region.
    let zoom = zoom.max(1.0);
    let (width, height) = (width / zoom, height / zoom);
    let along = |start: f64, whole: f64, part: f64, focus: f64| {
        start + (whole * focus - part / 2.0).clamp(0.0, (whole - part).max(0.0))
    };
    Rect {
        x: along(region.x, region.width, width, focus[0]),
        y: along(region.y, region.height, height, focus[1]),
        width,
        height,
    }
}

/// `rect` less `by` on every side; no side becomes shorter than 1.
pub(crate) fn inset(rect: &Rect, by: f64) -> Rect {
    let along = |start: f64, length: f64| {
        let left = (length - 2.0 * by).max(1.0);
        (start + (length - left) / 2.0, left)
    };
    let ((x, width), (y, height)) = (along(rect.x, rect.width), along(rect.y, rect.height));
    Rect { x, y, width, height }
}

/// `rect` with its edges on whole pixels of a frame of `output`, at least one pixel apart.
pub(crate) fn snapped(rect: &Rect, output: Size) -> Rect {
    let along = |start: f64, length: f64, side: u32| {
        let side = f64::from(side);
        let near = start.round().clamp(0.0, side - 1.0);
        let far = (start + length).round().clamp(near + 1.0, side);
        (near, far - near)
    };
    let (x, width) = along(rect.x, rect.width, output.width);
    let (y, height) = along(rect.y, rect.height, output.height);
    Rect { x, y, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HD: Size = Size::new(1920, 1080);

    fn edges(rect: Rect) -> [f64; 4] {
        [rect.x, rect.y, rect.right(), rect.bottom()]
    }

    fn close(a: [f64; 4], b: [f64; 4]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9)
    }

    #[test]
    fn halves_and_cards_side_by_side() {
        let [screen, camera] = panes(HD, 0.0);
        assert_eq!(edges(screen), [0.0, 0.0, 960.0, 1080.0]);
        assert_eq!(edges(camera), [960.0, 0.0, 1920.0, 1080.0]);
        // G = 54; 1920 - 162 = 1758, the camera has 527.4 of it.
        let [screen, camera] = panes(HD, 1.0);
        assert!(close(edges(screen), [54.0, 54.0, 1284.6, 1026.0]));
        assert!(close(edges(camera), [1338.6, 54.0, 1866.0, 1026.0]));
        let [screen, _] = panes(HD, 0.5);
        assert!(close(edges(screen), [27.0, 27.0, 1122.3, 1053.0]));
    }

    #[test]
    fn halves_and_cards_one_above_the_other() {
        let tall = Size::new(608, 1080);
        let [screen, camera] = panes(tall, 0.0);
        assert_eq!(edges(screen), [0.0, 0.0, 608.0, 540.0]);
        assert_eq!(edges(camera), [0.0, 540.0, 608.0, 1080.0]);
        // G = 30.4; 1080 - 91.2 = 988.8, the camera has 395.52 of it.
        let [screen, camera] = panes(tall, 1.0);
        assert!(close(edges(screen), [30.4, 30.4, 577.6, 623.68]));
        assert!(close(edges(camera), [30.4, 654.08, 577.6, 1049.6]));
    }

    #[test]
    fn crops_keep_the_aspect_of_their_rectangle() {
        let screen = Rect {
            x: 0.0,
            y: 0.0,
            width: 1920.0,
            height: 1080.0,
        };
        // A half of the frame: 8 : 9.
        let whole = fitted(&screen, 960.0 / 1080.0, 1.0, [0.5; 2]);
        assert!(close(edges(whole), [480.0, 0.0, 1440.0, 1080.0]));
        // 1.5 times tighter: 640x720 about (576, 756), which its lower edge keeps at 720.
        let tight = fitted(&screen, 960.0 / 1080.0, 1.5, [0.3, 0.7]);
        assert!(close(edges(tight), [256.0, 360.0, 896.0, 1080.0]));
        let wide = fitted(&screen, 4.0, 1.0, [0.5, 0.0]);
        assert!(close(edges(wide), [0.0, 0.0, 1920.0, 480.0]));
        assert_eq!(fitted(&screen, 16.0 / 9.0, 0.01, [1.0; 2]), screen);
    }

    #[test]
    fn radius_and_inset() {
        assert!((pane_radius(HD) - 30.24).abs() < 1e-9);
        let rect = |x, y, width, height| Rect { x, y, width, height };
        assert_eq!(
            inset(&rect(10.0, 20.0, 30.0, 4.0), 2.0),
            rect(12.0, 21.5, 26.0, 1.0)
        );
    }

    #[test]
    fn whole_pixels_within_the_frame() {
        let grown = Rect {
            x: -96.0,
            y: -54.0,
            width: 2112.0,
            height: 1188.0,
        };
        assert_eq!(edges(snapped(&grown, HD)), [0.0, 0.0, 1920.0, 1080.0]);
        let part = Rect {
            x: 10.4,
            y: 10.5,
            width: 20.0,
            height: 0.1,
        };
        assert_eq!(edges(snapped(&part, HD)), [10.0, 11.0, 30.0, 12.0]);
    }

    proptest! {
        #[test]
        fn crops_stay_inside_and_have_the_aspect(
            aspect in 0.2..5.0f64, zoom in 0.01..50.0f64, focus in (0.0..=1.0f64, 0.0..=1.0f64),
            region in (0.0..500.0f64, 0.0..500.0f64, 10.0..4000.0f64, 10.0..4000.0f64),
        ) {
            let region = Rect { x: region.0, y: region.1, width: region.2, height: region.3 };
            let crop = fitted(&region, aspect, zoom, [focus.0, focus.1]);
            prop_assert!((crop.width / crop.height / aspect - 1.0).abs() < 1e-9);
            prop_assert!(crop.x >= region.x - 1e-9 && crop.right() <= region.right() + 1e-9);
            prop_assert!(crop.y >= region.y - 1e-9 && crop.bottom() <= region.bottom() + 1e-9);
        }
    }
}
