//! The card: where padding, aspect, crop and position put it; corners, shadow, border.

use capstan::frame::Size;
use capstan::synth::canvas::{Area, Canvas};
use serde_json::{Value, json};

use super::{GREY, assert_at, assert_edges, one_frame, solid};
use crate::rig::{self, BLACK, Picture, Recording, WHITE, edge, plain, set, settings};

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
