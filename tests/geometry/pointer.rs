//! The pointer: smoothed and raw, and its click.

use capstan::frame::Size;
use serde_json::{Value, json};

use super::{assert_at, solid};
use crate::rig::{self, BLACK, Clip, DISPLAY, POINTER, Picture, Recording, plain, set, settings, timeline};

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

pub(crate) fn pointer_move(time_ms: f64, x: f64, y: f64) -> Value {
    json!({ "active_modifiers": [], "cursor_id": "0", "time_ms": time_ms, "x": x, "y": y })
}

pub(crate) fn click(time_ms: f64, down: bool) -> Value {
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
