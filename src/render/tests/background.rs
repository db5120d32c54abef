//! The canvas against the formulas of cap-look.md 4.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::reference::{Rgb, worst};
use super::*;
use crate::cap::config::BackgroundSource;
use crate::frame::PackedFrame;
use crate::scene::{Fill, Noise};

/// What a background is made of, and the pictures that it names.
type Painted = (Fill, BTreeMap<String, Arc<PackedFrame>>);

fn plain(fill: Fill) -> Painted {
    (fill, BTreeMap::new())
}

fn showing(image: PackedFrame) -> Painted {
    let images = BTreeMap::from([("picture".to_owned(), Arc::new(image))]);
    (Fill::Image("picture".to_owned()), images)
}

fn canvas(size: Size, (fill, background_images): Painted) -> Option<Vec<[u8; 4]>> {
    let frame = scenes::over(fill, Vec::new());
    let spec = RenderSpec {
        background_images,
        ..spec(size)
    };
    Some(draw(device()?, spec, &frame, &Pictures::new()))
}

fn assert_canvas(size: Size, painted: Painted, tolerance: f64, expected: impl Fn(f64, f64) -> Rgb) {
    let Some(found) = canvas(size, painted) else {
        return;
    };
    let at = |index: u64| {
        let x = (index % u64::from(size.width)) as f64 + 0.5;
        let y = (index / u64::from(size.width)) as f64 + 0.5;
        expected(x / f64::from(size.width), y / f64::from(size.height))
    };
    let expected: Vec<Rgb> = (0..size.area()).map(at).collect();
    let (off, place) = worst(size, &found, &expected);
    assert!(off <= tolerance, "{off:.2} off at {place}");
    assert!(found.iter().all(|pixel| pixel[3] == 255));
}

#[test]
fn a_translucent_colour_is_composited_over_black_once() {
    let source = BackgroundSource::Color {
        value: [200, 100, 300],
        alpha: 128,
    };
    let alpha = 128.0 / 255.0;
    let expected = [200.0 / 255.0 * alpha, 100.0 / 255.0 * alpha, alpha];
    assert_canvas(Size::new(5, 3), plain(Fill::of(&source)), 0.51, |_, _| expected);
}

/// 26, quirk 9: rgb x alpha squared.
#[test]
fn where_cap_is_imitated_a_translucent_colour_is_blended_twice() {
    let Some(device) = device() else { return };
    let spec = RenderSpec {
        colors: ColorPolicy::Cap601,
        ..spec(Size::new(5, 3))
    };
    let fill = Fill::Color {
        color: [0.8, 0.4, 1.0],
        alpha: 0.6,
    };
    let found = draw(device, spec, &scenes::over(fill, Vec::new()), &Pictures::new());
    // 255 x (0.288, 0.144, 0.36).
    assert!(
        found.iter().all(|pixel| *pixel == [73, 37, 92, 255]),
        "{:?}",
        found[0]
    );
}

#[test]
fn gradients_run_by_their_angle() {
    let (from, to) = ([0.1, 0.9, 0.0], [0.7, 0.2, 1.0]);
    let none = Noise {
        intensity: 0.0,
        scale: 3.0,
    };
    for angle in [0.0, 37.0, 90.0, 135.0, 180.0, 270.0, 359.0f64] {
        let (sin, cos) = (angle + 270.0).to_radians().sin_cos();
        assert_canvas(
            Size::new(61, 47),
            plain(Fill::Gradient {
                from,
                to,
                angle,
                noise: none,
            }),
            0.51,
            |u, v| {
                let t = ((u - 0.5) * cos + (v - 0.5) * sin + 0.5).clamp(0.0, 1.0);
                [0, 1, 2].map(|c| from[c] + (to[c] - from[c]) * t)
            },
        );
    }
}

/// cap-look.md 24: the first column of 100 is at t = 0.005, the last at 0.995.
#[test]
fn gradient_of_the_numeric_checks() {
    let none = Noise {
        intensity: 0.0,
        scale: 3.0,
    };
    let background = Fill::Gradient {
        from: [0.0; 3],
        to: [1.0; 3],
        angle: 90.0,
        noise: none,
    };
    let Some(found) = canvas(Size::new(100, 2), plain(background)) else {
        return;
    };
    assert_eq!((found[0][0], found[99][0]), (1, 254));
}

/// The hash is chaotic in single precision, so adapters need not agree on single pixels: the grain is held to its
/// distribution. n sums four octaves of mean 1/2: 15/32 on average; a mid-grey c becomes lerp(c, 1 - 2 (1-c)(1-n), k).
#[test]
fn noise_has_the_specified_mean_and_bounds() {
    let grey = [0.6; 3];
    let noise = Noise {
        intensity: 80.0,
        scale: 3.0,
    };
    let background = Fill::Gradient {
        from: grey,
        to: grey,
        angle: 90.0,
        noise,
    };
    let Some(found) = canvas(Size::new(256, 256), plain(background)) else {
        return;
    };
    let strength = 0.25 * 0.8;
    let at = |n: f64| 255.0 * (0.6 + (1.0 - 2.0 * 0.4 * (1.0 - n) - 0.6) * strength);
    let values: Vec<f64> = found.iter().map(|pixel| f64::from(pixel[0])).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    assert!(
        (mean - at(15.0 / 32.0)).abs() < 0.5,
        "mean {mean}, expected {}",
        at(15.0 / 32.0)
    );
    assert!(
        values
            .iter()
            .all(|value| (at(0.0) - 1.0..=at(15.0 / 16.0) + 1.0).contains(value))
    );
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
    assert!(variance > 1.0, "no grain: variance {variance}");
}

fn image(size: Size, format: PackedFormat, pixel: impl Fn(u32, u32) -> [u8; 4]) -> PackedFrame {
    let mut image = PackedFrame::new(size, format);
    for y in 0..size.height {
        for x in 0..size.width {
            let start = y as usize * image.stride + x as usize * 4;
            image.data[start..start + 4].copy_from_slice(&pixel(x, y));
        }
    }
    image
}

/// An image of the output's height, wider than it, loses equally many columns left and right.
#[test]
fn wide_images_are_cut_left_and_right() {
    let wide = image(Size::new(60, 20), PackedFormat::Bgra, |x, y| {
        [x as u8, y as u8, 200, 0]
    });
    assert_canvas(Size::new(20, 20), showing(wide), 0.6, |u, v| {
        [
            200.0 / 255.0,
            (v * 20.0 - 0.5) / 255.0,
            (20.0 + u * 20.0 - 0.5) / 255.0,
        ]
    });
}

#[test]
fn tall_images_are_cut_above_and_below() {
    let tall = image(Size::new(10, 40), PackedFormat::Rgba, |x, y| {
        [x as u8 * 2, y as u8 * 3, 0, 255]
    });
    assert_canvas(Size::new(10, 20), showing(tall), 0.6, |u, v| {
        [
            (u * 10.0 - 0.5) * 2.0 / 255.0,
            (10.0 + v * 20.0 - 0.5) * 3.0 / 255.0,
            0.0,
        ]
    });
}

#[test]
fn huge_images_are_reduced_first() {
    let huge = image(Size::new(5120, 8), PackedFormat::Rgba, |x, _| {
        [(x / 20) as u8, 7, 9, 255]
    });
    assert_canvas(Size::new(2560, 4), showing(huge), 1.5, |u, _| {
        [(u * 256.0).floor() / 255.0, 7.0 / 255.0, 9.0 / 255.0]
    });
}

#[test]
fn a_picture_that_is_not_there_is_white() {
    assert_canvas(
        Size::new(4, 4),
        plain(Fill::Image("gone".to_owned())),
        0.0,
        |_, _| [1.0; 3],
    );
}

#[test]
fn short_images_are_refused() {
    let Some(device) = device() else { return };
    let mut short = image(Size::new(8, 8), PackedFormat::Rgba, |_, _| [0; 4]);
    short.data.truncate(200);
    let refused = Renderer::new(
        device,
        RenderSpec {
            background_images: showing(short).1,
            ..spec(Size::new(4, 4))
        },
    );
    assert!(matches!(
        refused,
        Err(RenderError::Truncated {
            found: 200,
            expected: 256,
            ..
        })
    ));
}
