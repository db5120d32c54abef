//! Zoom: the spring, what it aims at, cuts.

use capstan::frame::Size;
use capstan::synth::canvas::{Area, Canvas};
use serde_json::{Value, json};

use super::assert_at;
use super::pointer::{click, pointer_move};
use crate::rig::{
    self, BLACK, Clip, DISPLAY, POINTER, Picture, Recording, WHITE, edge, plain, set, settings, timeline,
};

/// Where a point of the card lies when zoomed (cap-look.md 2.5 and 6.1), O (50, 25), D (500, 250).
fn zoomed(amount: f64, center: [f64; 2], point: [f64; 2]) -> [f64; 2] {
    let (origin, size) = ([50.0, 25.0], [500.0, 250.0]);
    std::array::from_fn(|axis| {
        let shift = -(amount - 1.0) * center[axis];
        origin[axis] + (shift + amount * point[axis]) * size[axis]
    })
}

/// A recording of a screen that is dark in its top left quarter and bright elsewhere.
fn quartered(seconds: f64) -> Recording {
    let mut screen = Canvas::new(Size::new(500, 250), WHITE);
    screen.fill(Area::new(0, 0, 250, 125), BLACK);
    Recording::of_picture(&screen.into_frame(), seconds)
}

/// The frames of that screen.
fn zoom_frames(zooms: &Value, seconds: f64) -> Vec<Picture> {
    frames_of(&quartered(seconds), zooms, seconds)
}

fn frames_of(recording: &Recording, zooms: &Value, seconds: f64) -> Vec<Picture> {
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

/// A recording of that screen with a click at 1.3 s, amid moves: in one place until 2.4 s, then in another.
fn clicked(seconds: f64) -> Recording {
    let recording = quartered(seconds);
    let events = json!({
        "moves": [
            pointer_move(500.0, 0.1, 0.9),
            pointer_move(1100.0, 0.4, 0.5),
            pointer_move(1500.0, 0.45, 0.55),
            pointer_move(2401.0, 0.7, 0.4),
        ],
        "clicks": [click(1300.0, true), click(1380.0, false)],
    });
    recording.json(POINTER, &events);
    recording.meta(&json!([{ "display": { "path": DISPLAY, "fps": 30 }, "cursor": POINTER }]));
    recording
}

/// cap-look.md 6.4: the zoom that a recorder stores for a click (cap-format.md 4.12), which follows the pointer. The moves
/// within it make two clusters, for the third lies more than 0.5 / 2 beside the others. The spring starts with the step of
/// 8 ms after 2.4 s, and its response is the one of cap-look.md 6.3 and 24.
#[test]
fn an_automatic_zoom_looks_where_the_pointer_is() {
    if !rig::can_compose() {
        return;
    }
    // 300 ms before the press to 2,500 ms after it.
    let zooms = json!([{ "start": 1.0, "end": 3.8, "amount": 2.0, "mode": "auto" }]);
    let frames = frames_of(&clicked(3.6), &zooms, 3.6);
    let snapped = |v: f64| (v - 0.25) / (0.7501 - 0.25);
    let (first, second) = ([0.425, 0.525].map(snapped), [0.7, 0.4].map(snapped));
    let between = |share: f64| -> [f64; 2] {
        std::array::from_fn(|axis| first[axis] + share * (second[axis] - first[axis]))
    };
    for (time, amount, center) in [
        (0.9, 1.0, [0.5, 0.5]),
        (1.1, 1.2496, first),
        (1.25, 1.7065, first),
        (2.0, 2.0001, first),
        (2.4, 2.0, first),
        (2.5, 2.0, between(0.2496)),
        (2.65, 2.0, between(0.7065)),
        (2.9, 2.0, between(0.9668)),
        (3.5, 2.0, second),
    ] {
        assert_zoomed(&frames, time, amount, center);
    }
}

/// Automatic zooms are stored by whoever records, not made up at export (cap-format.md 4.12): without a configuration there are
/// none.
#[test]
fn a_click_alone_does_not_zoom() {
    if !rig::can_compose() {
        return;
    }
    let frames = clicked(2.0).export(settings(20, Size::new(600, 300))).pictures();
    // Without padding the card is the frame.
    for picture in &frames {
        let across = 290.0 + edge(&picture.row(130, 290, 310));
        let down = 140.0 + edge(&picture.column(280, 140, 160));
        assert_at(across, 300.0, 0.5, &format!("x at {} s", picture.seconds));
        assert_at(down, 150.0, 0.5, &format!("y at {} s", picture.seconds));
    }
}
