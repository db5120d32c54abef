//! The camera overlay: its place, its mirror image, its size while zoomed, its shadow.

use capstan::frame::{PackedFrame, Size};
use capstan::synth::canvas::{Area, Canvas, Rgb};
use serde_json::{Value, json};

use super::{GREY, assert_at, assert_edges, one_frame, solid};
use crate::rig::{
    self, BLACK, CAMERA, Clip, DISPLAY, Recording, WHITE, edge, plain, set, settings, timeline,
};

/// A picture with this left half and that right half.
fn halves(size: Size, left: Rgb, right: Rgb) -> PackedFrame {
    let mut canvas = Canvas::new(size, left);
    let half = size.width as i32 / 2;
    canvas.fill(Area::new(half, 0, half, size.height as i32), right);
    canvas.into_frame()
}

/// A black screen with a camera that is grey on the left and white on the right.
fn with_camera(config: &mut Value, clips: &Value) -> Recording {
    let recording = Recording::new();
    recording.still(DISPLAY, &solid(Size::new(320, 180), BLACK), 0.5);
    recording.still(CAMERA, &halves(Size::new(640, 480), GREY, WHITE), 0.5);
    recording.meta(&json!([{
        "display": { "path": DISPLAY, "fps": 30 },
        "camera": { "path": CAMERA, "fps": 30 },
    }]));
    *config = plain(clips);
    set(config, "/camera", json!({ "shadow": 0 }));
    recording
}

/// The example of cap-look.md 9, and its mirror image.
#[test]
fn the_camera_lies_in_its_corner() {
    if !rig::can_compose() {
        return;
    }
    for mirror in [false, true] {
        let mut config = Value::Null;
        let recording = with_camera(&mut config, &one_frame());
        set(&mut config, "/camera/mirror", json!(mirror));
        recording.config(&config);
        let picture = recording.export(settings(30, Size::new(1920, 1080))).picture(0);
        let what = format!("camera, mirror {mirror}");
        // The step in its middle is in the way of the top and bottom edges: they are measured beside it.
        let row = |from: usize, to: usize| from as f64 + edge(&picture.row(843, from, to));
        let column = |from: usize, to: usize| from as f64 + edge(&picture.column(1690, from, to));
        assert_at(row(1484, 1508), 1496.0, 0.5, &format!("{what}: left"));
        assert_at(row(1858, 1882), 1870.0, 0.5, &format!("{what}: right"));
        assert_at(column(644, 668), 656.0, 0.5, &format!("{what}: top"));
        assert_at(column(1018, 1042), 1030.0, 0.5, &format!("{what}: bottom"));
        assert_at(row(1660, 1706), 1683.0, 0.5, &format!("{what}: middle"));
        let (left, right) = (picture.level(1540, 843), picture.level(1826, 843));
        assert_eq!(
            left > right,
            mirror,
            "{what}: {left:.2} left and {right:.2} right"
        );
        // A full superellipse: the corners of the square are the background's.
        assert!(
            picture.level(1500, 660) < 0.02 && picture.level(1866, 1026) < 0.02,
            "{what}: corners"
        );
    }
}

/// The camera of cap-look.md 24 at full zoom: side 276.8, snapped to whole pixels.
#[test]
fn the_camera_shrinks_while_zoomed() {
    if !rig::can_compose() {
        return;
    }
    let mut config = Value::Null;
    let mut clips = timeline(&[Clip::new(0.0, 2.0 / 30.0)]);
    clips["zoomSegments"] = json!([{
        "start": 0.0, "end": 1.0, "amount": 2.0, "mode": { "manual": { "x": 0.5, "y": 0.5 } },
        "instantAnimation": true,
    }]);
    let recording = with_camera(&mut config, &clips);
    set(&mut config, "/camera/rounding", json!(0));
    recording.config(&config);
    let picture = recording.export(settings(30, Size::new(1920, 1080))).picture(1);
    let what = "camera while zoomed";
    assert_edges(&picture, [1593.0, 753.0, 1870.0, 1030.0], what);
}

/// cap-look.md 5.3 with the camera's defaults (cap-format.md 4.5): a camera of 374 x 374 has m = 187.
#[test]
fn the_camera_has_a_shadow_of_its_own() {
    if !rig::can_compose() {
        return;
    }
    let recording = Recording::new();
    recording.still(DISPLAY, &solid(Size::new(320, 180), WHITE), 0.5);
    recording.still(CAMERA, &solid(Size::new(640, 480), GREY), 0.5);
    recording.meta(&json!([{
        "display": { "path": DISPLAY, "fps": 30 },
        "camera": { "path": CAMERA, "fps": 30 },
    }]));
    let mut config = plain(&one_frame());
    let smoothstep = |u: f64| u * u * (3.0 - 2.0 * u);
    // Strength, and what the three numbers are then: missing is the default, null another (cap-format.md 4.2).
    for (camera, strength, size, opacity, blur) in [
        (json!({ "rounding": 0 }), 0.625, 0.339, 0.442, 0.105),
        (
            json!({ "rounding": 0, "shadow": 100, "advancedShadow": null }),
            1.0,
            0.5,
            0.18,
            0.5,
        ),
    ] {
        set(&mut config, "/camera", camera);
        recording.config(&config);
        let picture = recording.export(settings(30, Size::new(1920, 1080))).picture(0);
        let (reach, fade) = (strength * size * 187.0, strength * blur * 187.0);
        let alpha = |distance: f64| {
            let u = (reach + fade - distance) / (reach + 2.0 * fade);
            strength * opacity * smoothstep(u.clamp(0.0, 1.0))
        };
        // Its left edge is 1496, its top edge 656; the rows whose centres lie half a pixel to both sides of a distance.
        for distance in [10usize, 20, 30, 45, 60] {
            let expected = alpha(distance as f64);
            let row = |y: usize| picture.row(y, 1663, 1703).iter().sum::<f64>() / 40.0;
            let above = 1.0 - (row(656 - distance) + row(656 - distance - 1)) / 2.0;
            assert_at(
                above,
                expected,
                2.0 / 255.0,
                &format!("{distance} px above the camera"),
            );
            let column = |x: usize| picture.column(x, 823, 863).iter().sum::<f64>() / 40.0;
            let left = 1.0 - (column(1496 - distance) + column(1496 - distance - 1)) / 2.0;
            assert_at(
                left,
                expected,
                2.0 / 255.0,
                &format!("{distance} px left of the camera"),
            );
        }
    }
}
