//! What an export draws is where cap-look.md puts it: card, corners, shadow, border, camera, pointer, zoom. Where that
//! document works out numbers (2.7, 9 and 24), they are the expectation.

mod camera;
mod card;
mod pointer;
mod zoom;

use crate::rig::{Clip, Picture, edge, timeline};
use capstan::frame::{PackedFrame, Size};
use capstan::synth::canvas::{Canvas, Rgb};
use serde_json::Value;

const GREY: Rgb = [128; 3];

fn solid(size: Size, color: Rgb) -> PackedFrame {
    Canvas::new(size, color).into_frame()
}

fn one_frame() -> Value {
    timeline(&[Clip::new(0.0, 1.0 / 30.0)])
}

fn assert_at(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found:.3} for {expected:.3}"
    );
}

/// Left, top, right and bottom edge of the one bright thing, measured across its middle (`x`, `y`), looking `reach` pixels
/// to both sides of where they should be.
fn assert_edges(picture: &Picture, expected: [f64; 4], what: &str) {
    const REACH: f64 = 12.0;
    let [left, top, right, bottom] = expected;
    let (x, y) = (((left + right) / 2.0) as usize, ((top + bottom) / 2.0) as usize);
    for (name, expected, vertical) in [
        ("left", left, false),
        ("right", right, false),
        ("top", top, true),
        ("bottom", bottom, true),
    ] {
        let end = if vertical {
            picture.size.height
        } else {
            picture.size.width
        };
        let from = (expected - REACH).max(0.0) as usize;
        let to = ((expected + REACH) as usize).min(end as usize);
        // An edge on the frame's own has nothing beyond it.
        if expected < 1.0 || expected > f64::from(end) - 1.0 {
            continue;
        }
        let levels = if vertical {
            picture.column(x, from, to)
        } else {
            picture.row(y, from, to)
        };
        assert_at(
            from as f64 + edge(&levels),
            expected,
            0.5,
            &format!("{what}: {name} edge"),
        );
    }
}
