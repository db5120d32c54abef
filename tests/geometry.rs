//! What an export draws is where cap-look.md puts it: card, corners, shadow, border, camera, pointer, zoom. Where that
//! document works out numbers (2.7, 9 and 24), they are the expectation.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must fail")]

mod rig;

use capstan::frame::{PackedFrame, Size};
use capstan::synth::canvas::{Area, Canvas, Rgb};
use rig::{
    BLACK, CAMERA, Clip, DISPLAY, POINTER, Picture, Recording, WHITE, edge, plain, set, settings, timeline,
};
use serde_json::{Value, json};

const GREY: Rgb = [128; 3];

fn solid(size: Size, color: Rgb) -> PackedFrame {
    Canvas::new(size, color).into_frame()
}

/// A picture with this left half and that right half.
fn halves(size: Size, left: Rgb, right: Rgb) -> PackedFrame {
    let mut canvas = Canvas::new(size, left);
    let half = size.width as i32 / 2;
    canvas.fill(Area::new(half, 0, half, size.height as i32), right);
    canvas.into_frame()
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

/// One frame of a white screen on black.
fn card(screen: Size, bounds: Size, change: impl FnOnce(&mut Value)) -> Picture {
    let recording = Recording::of_picture(&solid(screen, WHITE), 0.5);
    let mut config = plain(&one_frame());
    change(&mut config);
    recording.config(&config);
    recording.export(settings(30, bounds)).picture(0)
}

/// The worked examples of cap-look.md 2.7.
#[test]
fn the_card_lies_where_padding_and_aspect_put_it() {
    if !rig::can_compose() {
        return;
    }
    let full_hd = Size::new(1920, 1080);
    type Example = (Size, f64, Option<&'static str>, Size, Size, [f64; 2], [f64; 2]);
    let examples: [Example; 5] = [
        (full_hd, 0.0, None, full_hd, full_hd, [0.0, 0.0], [1920.0, 1080.0]),
        (
            full_hd,
            10.0,
            None,
            full_hd,
            full_hd,
            [71.097, 39.992],
            [1777.805, 1000.015],
        ),
        (
            Size::new(2560, 1600),
            10.0,
            None,
            full_hd,
            Size::new(1728, 1080),
            [64.0, 40.0],
            [1600.0, 1000.0],
        ),
        (
            full_hd,
            20.0,
            Some("square"),
            full_hd,
            Size::new(1080, 1080),
            [74.456, 278.132],
            [931.088, 523.737],
        ),
        (
            full_hd,
            10.0,
            Some("vertical"),
            full_hd,
            Size::new(608, 1080),
            [22.490, 381.651],
            [563.020, 316.698],
        ),
    ];
    for (screen, padding, aspect, bounds, output, offset, size) in examples {
        let picture = card(screen, bounds, |config| {
            set(config, "/background/padding", json!(padding));
            set(config, "/aspectRatio", json!(aspect));
        });
        let what = format!("{screen}, padding {padding}, {aspect:?}");
        assert_eq!(picture.size, output, "{what}");
        let edges = [offset[0], offset[1], offset[0] + size[0], offset[1] + size[1]];
        assert_edges(&picture, edges, &what);
    }
}

/// The last example of cap-look.md 2.7; the crop's left half is white, its right half grey, what is outside is black.
#[test]
fn a_crop_fills_the_card() {
    if !rig::can_compose() {
        return;
    }
    let mut screen = Canvas::new(Size::new(1600, 900), BLACK);
    screen.fill(Area::new(300, 200, 500, 500), WHITE);
    screen.fill(Area::new(800, 200, 500, 500), GREY);
    let recording = Recording::of_picture(&screen.into_frame(), 0.5);
    let mut config = plain(&one_frame());
    set(&mut config, "/background/padding", json!(25));
    let crop = json!({ "position": { "x": 300, "y": 200 }, "size": { "x": 1000, "y": 500 } });
    set(&mut config, "/background/crop", crop);
    recording.config(&config);
    let picture = recording.export(settings(30, Size::new(1280, 720))).picture(0);
    assert_eq!(picture.size, Size::new(1280, 640));
    assert_edges(&picture, [106.667, 53.333, 1173.333, 586.667], "crop");
    let middle = 600.0 + edge(&picture.row(320, 600, 680));
    assert_at(middle, 640.0, 0.5, "middle of the crop");
}

/// cap-look.md 2.4: the card moves by (dx - 0.5) W, (dy - 0.5) H and keeps its size.
#[test]
fn a_display_position_moves_the_card() {
    if !rig::can_compose() {
        return;
    }
    let size = Size::new(640, 360);
    let picture = card(size, size, |config| {
        set(config, "/background/padding", json!(100));
        set(
            config,
            "/background/displayPosition",
            json!({ "x": 0.4, "y": 0.6 }),
        );
    });
    // padding 100 is 0.4 of the screen on each side: base 1152 x 648, o = 640 / 1152.
    let (width, height) = (640.0 / 1.8, 360.0 / 1.8);
    let (left, top) = (640.0 * 0.4 / 1.8 - 64.0, 360.0 * 0.4 / 1.8 + 36.0);
    assert_edges(
        &picture,
        [left, top, left + width, top + height],
        "display position",
    );
}

/// cap-look.md 5.1: both corner curves by points on both sides of them and by the area that they leave.
#[test]
fn corners_follow_their_curve() {
    if !rig::can_compose() {
        return;
    }
    // Padding 25 of 640 x 360 is 64 x 36; rounding 50 is half of half the shorter side.
    let (left, top, rho) = (64.0, 36.0, 90.0);
    // Quarter of a unit disc; quarter of the superellipse |x|^4 + |y|^4 <= 1: gamma(5/4)^2 / gamma(3/2).
    for (kind, exponent, quarter) in [
        ("rounded", 2.0, std::f64::consts::FRAC_PI_4),
        ("squircle", 4.0, 0.927_037),
    ] {
        let picture = card(Size::new(640, 360), Size::new(768, 432), |config| {
            set(config, "/background/padding", json!(25));
            set(config, "/background/rounding", json!(50));
            set(config, "/background/roundingType", json!(kind));
        });
        assert_eq!(picture.size, Size::new(768, 432));
        for step in 1..18 {
            let angle = f64::from(step * 5).to_radians();
            // The point of the curve at this angle, seen from the corner's centre towards the frame's corner.
            let norm = (angle.cos().powf(exponent) + angle.sin().powf(exponent)).powf(1.0 / exponent);
            for (distance, bright) in [(-3.0, true), (3.0, false)] {
                let radius = rho / norm + distance;
                let x = left + rho - radius * angle.cos();
                let y = top + rho - radius * angle.sin();
                let level = picture.level(x.floor() as usize, y.floor() as usize);
                assert!(
                    if bright { level > 0.95 } else { level < 0.05 },
                    "{kind}: {level:.2} at {x:.1}, {y:.1}, {distance} px from the curve at {angle:.2}"
                );
            }
        }
        let mut area = 0.0;
        for y in 30..126 {
            area += picture.row(y, 58, 154).iter().sum::<f64>();
        }
        // The curve is about 1.6 radii long; a third of a pixel off along it would be 48 square pixels.
        assert_at(
            area,
            quarter * rho * rho,
            48.0,
            &format!("{kind}: area of the corner"),
        );
    }
}

/// The shadow of cap-look.md 24: defaults, card 1600 x 900, alpha at 10, 20, 40 and 60 px.
#[test]
fn the_shadow_is_as_dark_as_it_should_be() {
    if !rig::can_compose() {
        return;
    }
    // Padding 25 around 1600 x 900 makes 1920 x 1080 with the card at (160, 90).
    let recording = Recording::of_picture(&solid(Size::new(1600, 900), WHITE), 0.5);
    let mut config = plain(&one_frame());
    set(&mut config, "/background/source/value", json!(WHITE));
    set(&mut config, "/background/padding", json!(25));
    config["background"].as_object_mut().unwrap().remove("shadow");
    recording.config(&config);
    let picture = recording.export(settings(30, Size::new(1920, 1080))).picture(0);
    for (distance, alpha) in [(10, 0.3866), (20, 0.2901), (40, 0.0949), (60, 0.0)] {
        // The rows whose centres lie half a pixel to both sides of that distance.
        let at = |row: usize| picture.row(row, 940, 980).iter().sum::<f64>() / 40.0;
        let above = 1.0 - (at(90 - distance) + at(90 - distance - 1)) / 2.0;
        assert_at(
            above,
            alpha,
            2.0 / 255.0,
            &format!("shadow {distance} px above the card"),
        );
        let below = 1.0 - (at(990 + distance) + at(990 + distance - 1)) / 2.0;
        assert_at(
            below,
            alpha,
            2.0 / 255.0,
            &format!("shadow {distance} px below the card"),
        );
        let column = |x: usize| picture.column(x, 520, 560).iter().sum::<f64>() / 40.0;
        let left = 1.0 - (column(160 - distance) + column(160 - distance - 1)) / 2.0;
        assert_at(
            left,
            alpha,
            2.0 / 255.0,
            &format!("shadow {distance} px left of the card"),
        );
    }
}

/// cap-look.md 5.4: outside the card, in output pixels, at its opacity.
#[test]
fn a_border_surrounds_the_card() {
    if !rig::can_compose() {
        return;
    }
    for (opacity, darkness) in [(100, 1.0), (50, 0.5)] {
        let recording = Recording::of_picture(&solid(Size::new(640, 360), WHITE), 0.5);
        let mut config = plain(&one_frame());
        set(&mut config, "/background/source/value", json!(WHITE));
        set(&mut config, "/background/padding", json!(25));
        let border = json!({ "enabled": true, "width": 9, "color": BLACK, "opacity": opacity });
        set(&mut config, "/background/border", border);
        recording.config(&config);
        let picture = recording.export(settings(30, Size::new(768, 432))).picture(0);
        // Card at (64, 36): the border fills columns 55 to 64.
        let dark: Vec<f64> = picture.row(216, 45, 74).iter().map(|level| 1.0 - level).collect();
        let width = dark.iter().sum::<f64>() / darkness;
        assert_at(
            width,
            9.0,
            0.5,
            &format!("width of the border at opacity {opacity}"),
        );
        assert_at(
            dark[14],
            darkness,
            2.0 / 255.0,
            &format!("darkness at opacity {opacity}"),
        );
        let moment: f64 = dark
            .iter()
            .zip(0..)
            .map(|(dark, x)| dark * (45.5 + f64::from(x)))
            .sum();
        let middle = moment / dark.iter().sum::<f64>();
        assert_at(
            middle,
            59.5,
            0.5,
            &format!("middle of the border at opacity {opacity}"),
        );
    }
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

/// A black 2560 x 1440 screen with a white square as pointer, exported at 720 lines and 20 fps.
fn pointer_frames(events: &Value, cursor: &Value, hotspot: [f64; 2], seconds: f64) -> Vec<Picture> {
    let recording = Recording::new();
    recording.still(DISPLAY, &solid(Size::new(2560, 1440), BLACK), seconds + 0.5);
    let image = image::RgbaImage::from_pixel(64, 64, image::Rgba([255; 4]));
    image
        .save(recording.place("content/cursors/cursor_0.png"))
        .unwrap();
    recording.json(POINTER, events);
    recording.meta_with_cursors(
        &json!([{ "display": { "path": DISPLAY, "fps": 30 }, "cursor": POINTER }]),
        &json!({ "0": {
            "imagePath": "content/cursors/cursor_0.png",
            "hotspot": { "x": hotspot[0], "y": hotspot[1] }, "shape": null,
        } }),
    );
    let mut config = plain(&timeline(&[Clip::new(0.0, seconds)]));
    set(&mut config, "/cursor", cursor.clone());
    recording.config(&config);
    recording.export(settings(20, Size::new(1280, 720))).pictures()
}

/// Left, top, width and height of the bright square, by its area and its centre of mass.
fn square(picture: &Picture) -> [f64; 4] {
    let (mut area, mut moment_x, mut moment_y) = (0.0, 0.0, 0.0);
    let (mut across, mut down) = (0.0f64, 0.0f64);
    let mut columns = vec![0.0; picture.size.width as usize];
    for y in 0..picture.size.height as usize {
        let row = picture.row(y, 0, picture.size.width as usize);
        let sum: f64 = row.iter().sum();
        across = across.max(sum);
        area += sum;
        moment_y += sum * (y as f64 + 0.5);
        for (x, level) in row.iter().enumerate() {
            columns[x] += level;
            moment_x += level * (x as f64 + 0.5);
        }
    }
    for column in columns {
        down = down.max(column);
    }
    assert!(area > 100.0, "there is no pointer");
    [
        moment_x / area - across / 2.0,
        moment_y / area - down / 2.0,
        across,
        down,
    ]
}

fn pointer_move(time_ms: f64, x: f64, y: f64) -> Value {
    json!({ "active_modifiers": [], "cursor_id": "0", "time_ms": time_ms, "x": x, "y": y })
}

fn click(time_ms: f64, down: bool) -> Value {
    json!({ "active_modifiers": [], "cursor_num": 1, "cursor_id": "0", "time_ms": time_ms, "down": down })
}

/// The moves of cap-look.md 24: still until 500 ms, then 0.04 every 20 ms until 700 ms. The one at 500 ms, which the table
/// counts with, goes 0.001 down: decimation (8.2 b) drops moves that don't go anywhere.
fn moves() -> Value {
    let mut moves = vec![pointer_move(0.0, 0.2, 0.499)];
    moves.extend((0..=10).map(|n| pointer_move(500.0 + 20.0 * f64::from(n), 0.2 + 0.04 * f64::from(n), 0.5)));
    json!({ "moves": moves, "clicks": [] })
}

/// cap-look.md 24, mellow, within a pixel.
#[test]
fn the_smoothed_pointer_is_where_the_table_says() {
    if !rig::can_compose() {
        return;
    }
    let cursor = json!({ "motionBlur": 0, "rotationAmount": 0 });
    let frames = pointer_frames(&moves(), &cursor, [0.25, 0.75], 1.05);
    for (ms, x) in [
        (300, 0.2000),
        (400, 0.2070),
        (500, 0.2866),
        (550, 0.3557),
        (600, 0.4303),
        (650, 0.4915),
        (700, 0.5349),
        (800, 0.5800),
        (1000, 0.5992),
    ] {
        let [left, top, width, height] = square(&frames[ms / 50]);
        let what = format!("at {ms} ms");
        // 60 px x 1440 / 1080 x 720 / 1440 (cap-look.md 24).
        assert_at(width, 40.0, 0.5, &format!("{what}: width"));
        assert_at(height, 40.0, 0.5, &format!("{what}: height"));
        assert_at(
            left + 0.25 * width,
            x * 1280.0,
            1.0,
            &format!("{what}: x of the hotspot"),
        );
        // It moves from 0.499 to 0.5.
        assert_at(
            top + 0.75 * height,
            359.64,
            1.0,
            &format!("{what}: y of the hotspot"),
        );
    }
}

/// cap-look.md 8.2: a step function.
#[test]
fn the_raw_pointer_is_where_it_was_recorded() {
    if !rig::can_compose() {
        return;
    }
    let cursor = json!({ "raw": true, "size": 50, "motionBlur": 0, "rotationAmount": 0 });
    let frames = pointer_frames(&moves(), &cursor, [0.0, 0.0], 0.75);
    // At 550 ms the last move is that of 540 ms, at 650 ms that of 640 ms.
    for (ms, x) in [
        (0, 0.2),
        (450, 0.2),
        (500, 0.2),
        (550, 0.28),
        (600, 0.4),
        (650, 0.48),
        (700, 0.6),
    ] {
        let [left, top, width, _] = square(&frames[ms / 50]);
        assert_at(width, 20.0, 0.5, &format!("at {ms} ms: width"));
        assert_at(left, x * 1280.0, 1.0, &format!("at {ms} ms: x"));
        assert_at(top, 360.0, 1.0, &format!("at {ms} ms: y"));
    }
}

/// cap-look.md 8.4: 40 px, 32 px while pressed, and a smoothstep of 130 ms before and after.
#[test]
fn a_click_shrinks_the_pointer_about_its_hotspot() {
    if !rig::can_compose() {
        return;
    }
    let events = json!({
        "moves": [pointer_move(0.0, 0.5, 0.5)],
        "clicks": [click(500.0, true), click(700.0, false)],
    });
    let cursor = json!({ "motionBlur": 0, "rotationAmount": 0 });
    let frames = pointer_frames(&events, &cursor, [0.5, 0.25], 0.95);
    let smoothstep = |u: f64| u * u * (3.0 - 2.0 * u);
    for (ms, kappa) in [
        (300, 1.0),
        (400, smoothstep(100.0 / 130.0)),
        (450, smoothstep(50.0 / 130.0)),
        (550, 0.0),
        (650, 0.0),
        (750, smoothstep(50.0 / 130.0)),
        (800, smoothstep(100.0 / 130.0)),
        (850, 1.0),
    ] {
        let [left, top, width, height] = square(&frames[ms / 50]);
        let side = 40.0 * (0.8 + 0.2 * kappa);
        let what = format!("at {ms} ms");
        assert_at(height, side, 0.5, &format!("{what}: height"));
        assert_at(
            left + 0.5 * width,
            640.0,
            0.5,
            &format!("{what}: x of the hotspot"),
        );
        assert_at(
            top + 0.25 * height,
            360.0,
            0.5,
            &format!("{what}: y of the hotspot"),
        );
    }
}

/// Where a point of the card lies when zoomed (cap-look.md 2.5 and 6.1), O (50, 25), D (500, 250).
fn zoomed(amount: f64, center: [f64; 2], point: [f64; 2]) -> [f64; 2] {
    let (origin, size) = ([50.0, 25.0], [500.0, 250.0]);
    std::array::from_fn(|axis| {
        let shift = -(amount - 1.0) * center[axis];
        origin[axis] + (shift + amount * point[axis]) * size[axis]
    })
}

/// The frames of a screen that is dark in its top left quarter and bright elsewhere.
fn zoom_frames(zooms: &Value, seconds: f64) -> Vec<Picture> {
    let mut screen = Canvas::new(Size::new(500, 250), WHITE);
    screen.fill(Area::new(0, 0, 250, 125), BLACK);
    let recording = Recording::of_picture(&screen.into_frame(), seconds);
    let mut clips = timeline(&[Clip::new(0.0, seconds)]);
    clips["zoomSegments"] = zooms.clone();
    let mut config = plain(&clips);
    set(&mut config, "/background/padding", json!(25));
    recording.config(&config);
    recording.export(settings(20, Size::new(600, 300))).pictures()
}

/// Checks where the corner of the dark quarter is.
fn assert_zoomed(frames: &[Picture], time: f64, amount: f64, center: [f64; 2]) {
    let picture = &frames[(time * 20.0).round() as usize];
    let [x, y] = zoomed(amount, center, [0.5, 0.5]);
    let reach = 12;
    let (column, row) = (x as usize, y as usize);
    let across = picture.row(row - 14, column - reach, column + reach);
    let down = picture.column(column - 14, row - reach, row + reach);
    let what = format!("zoom {amount} at {time} s");
    assert_at(
        (column - reach) as f64 + edge(&across),
        x,
        1.0,
        &format!("{what}: x"),
    );
    assert_at((row - reach) as f64 + edge(&down), y, 1.0, &format!("{what}: y"));
}

/// cap-look.md 24: default spring, one manual segment.
#[test]
fn a_zoom_springs_as_the_table_says() {
    if !rig::can_compose() {
        return;
    }
    let zooms = json!([
        { "start": 1.0, "end": 3.0, "amount": 2.0, "mode": { "manual": { "x": 0.25, "y": 0.75 } } },
    ]);
    let frames = zoom_frames(&zooms, 3.6);
    for (time, amount, center) in [
        (0.5, 1.0, [0.5, 0.5]),
        (1.0, 1.0, [0.5, 0.5]),
        (1.1, 1.2496, [0.25, 0.75]),
        (1.25, 1.7065, [0.25, 0.75]),
        (1.5, 1.9668, [0.25, 0.75]),
        (2.0, 2.0001, [0.25, 0.75]),
        (3.25, 1.2935, [0.25, 0.75]),
        (3.5, 1.0332, [0.25, 0.75]),
    ] {
        assert_zoomed(&frames, time, amount, center);
    }
    // Half the zoomed rectangle of cap-look.md 24 (x -150 to 1850, y -325 to 675 for a card twice as large).
    let [left, top] = zoomed(2.0, [0.25, 0.75], [0.0, 0.0]);
    let [right, bottom] = zoomed(2.0, [0.25, 0.75], [1.0, 1.0]);
    assert_eq!([left, top, right, bottom], [-75.0, -162.5, 925.0, 337.5]);
}

/// cap-look.md 24: a second segment adjoins the first.
#[test]
fn adjacent_zooms_glide_into_each_other() {
    if !rig::can_compose() {
        return;
    }
    let zooms = json!([
        { "start": 1.0, "end": 3.0, "amount": 2.0, "mode": { "manual": { "x": 0.25, "y": 0.75 } } },
        { "start": 3.0, "end": 5.0, "amount": 1.5, "mode": { "manual": { "x": 0.5, "y": 0.5 } } },
    ]);
    let frames = zoom_frames(&zooms, 3.6);
    for (time, amount, center) in [
        (3.1, 1.8752, [0.3124, 0.6876]),
        (3.25, 1.6467, [0.4266, 0.5734]),
        (3.5, 1.5166, [0.4917, 0.5083]),
    ] {
        assert_zoomed(&frames, time, amount, center);
    }
}

/// cap-look.md 6.3: a cut, not a spring; the frame edges of the card move with it.
#[test]
fn an_instant_zoom_is_there_at_once() {
    if !rig::can_compose() {
        return;
    }
    let zooms = json!([{
        "start": 0.5, "end": 1.0, "amount": 1.5, "mode": { "manual": { "x": 0.0, "y": 0.0 } },
        "instantAnimation": true,
    }]);
    let frames = zoom_frames(&zooms, 1.2);
    assert_zoomed(&frames, 0.3, 1.0, [0.5, 0.5]);
    assert_zoomed(&frames, 0.55, 1.5, [0.0, 0.0]);
    assert_zoomed(&frames, 1.0, 1.5, [0.0, 0.0]);
    assert_zoomed(&frames, 1.15, 1.0, [0.0, 0.0]);
}
