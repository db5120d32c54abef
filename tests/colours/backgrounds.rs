//! Backgrounds: colour, gradient with and without noise, image.

use capstan::frame::Size;
use capstan::synth::canvas::{Area, Canvas, Rgb};
use serde_json::json;

use super::{COLORS, MARGINS, SIZE, assert_color, on_background, on_background_of};
use crate::rig::{self, BLACK, Picture, Recording, settings};
use capstan::frame::YuvColor;

#[test]
fn a_background_colour_is_painted_as_given() {
    if !rig::can_compose() {
        return;
    }
    for color in COLORS {
        let source = json!({ "type": "color", "value": color });
        let picture = on_background(&source, settings(30, SIZE));
        for area in MARGINS {
            let found = picture.mean_rgb(YuvColor::BT709_LIMITED, area);
            assert_color(found, color.map(f64::from), &format!("{color:?} at {area:?}"));
        }
    }
}

/// Composited over black once: rgb x alpha (cap-look.md 4.1 and 26, 9).
#[test]
fn a_translucent_background_lies_on_black() {
    if !rig::can_compose() {
        return;
    }
    for alpha in [0u8, 64, 128, 200] {
        let color: Rgb = [200, 100, 250];
        let source = json!({ "type": "color", "value": color, "alpha": alpha });
        let picture = on_background(&source, settings(30, SIZE));
        let expected = color.map(|channel| f64::from(channel) * f64::from(alpha) / 255.0);
        let found = picture.mean_rgb(YuvColor::BT709_LIMITED, MARGINS[0]);
        assert_color(found, expected, &format!("alpha {alpha}"));
    }
}

/// cap-look.md 4.2.
#[test]
fn gradients_run_as_in_css_but_in_the_unit_square() {
    if !rig::can_compose() {
        return;
    }
    let (from, to): (Rgb, Rgb) = ([20, 40, 160], [240, 180, 60]);
    for angle in [0u32, 90, 135, 180, 225, 270] {
        let source = json!({ "type": "gradient", "from": from, "to": to, "angle": angle });
        let picture = on_background(&source, settings(30, SIZE));
        let theta = f64::from(angle + 270).to_radians();
        let color_at = |x: i32, y: i32| -> [f64; 3] {
            let u = (f64::from(x) + 0.5) / f64::from(SIZE.width) - 0.5;
            let v = (f64::from(y) + 0.5) / f64::from(SIZE.height) - 0.5;
            let t = (u * theta.cos() + v * theta.sin() + 0.5).clamp(0.0, 1.0);
            std::array::from_fn(|channel| {
                let (from, to) = (f64::from(from[channel]), f64::from(to[channel]));
                from + (to - from) * t
            })
        };
        for y in (0..SIZE.height as i32).step_by(8) {
            for x in (0..SIZE.width as i32).step_by(8) {
                // The card, and blocks of the encoder that it shares with the background.
                if (48..208).contains(&x) && (24..120).contains(&y) {
                    continue;
                }
                // A mean over many samples is finer than a sample, whose rounding takes up the tolerance.
                let mut expected = [0.0; 3];
                for pixel in 0..64 {
                    let color = color_at(x + pixel % 8, y + pixel / 8);
                    expected = std::array::from_fn(|channel| expected[channel] + color[channel] / 64.0);
                }
                let found = picture.mean_rgb(YuvColor::BT709_LIMITED, Area::new(x, y, 8, 8));
                assert_color(found, expected, &format!("angle {angle} at {x}, {y}"));
            }
        }
    }
}

/// cap-look.md 4.2: grain over a gradient. The hash is chaotic in single precision, so graphics cards need not agree on single
/// pixels; the mean over an area follows from the formula, for the overlay is linear in the noise, whose four octaves of mean
/// 1/2 make 15/32.
#[test]
fn noise_grains_a_gradient() {
    if !rig::can_compose() {
        return;
    }
    // Both branches of the overlay: below and above one half.
    let (from, to): (Rgb, Rgb) = ([20, 200, 90], [110, 150, 250]);
    for intensity in [40.0, 100.0] {
        let source = json!({
            "type": "gradient", "from": from, "to": to, "angle": 90, "noise_intensity": intensity, "noise_scale": 0,
        });
        let picture = on_background(&source, settings(30, SIZE));
        for area in MARGINS {
            let mut expected = [0.0; 3];
            for x in area.x..area.x + area.width {
                let t = (f64::from(x) + 0.5) / f64::from(SIZE.width);
                expected = std::array::from_fn(|channel| {
                    let (from, to) = (f64::from(from[channel]) / 255.0, f64::from(to[channel]) / 255.0);
                    let base = from + (to - from) * t;
                    let noise = 15.0 / 32.0;
                    let overlaid = if base < 0.5 {
                        2.0 * base * noise
                    } else {
                        1.0 - 2.0 * (1.0 - base) * (1.0 - noise)
                    };
                    let mixed = base + (overlaid - base) * 0.25 * intensity / 100.0;
                    expected[channel] + mixed * 255.0 / f64::from(area.width)
                });
            }
            let found = picture.mean_rgb(YuvColor::BT709_LIMITED, area);
            assert_color(found, expected, &format!("noise {intensity} at {area:?}"));
        }
    }
}

/// Levels of the left margin less each column's mean, which is the gradient's: their variance, and how much neighbours in a
/// row are alike (1 the same, 0 not at all).
fn grain(picture: &Picture, area: Area) -> (f64, f64) {
    let (width, height) = (area.width as usize, area.height as usize);
    let rows: Vec<Vec<f64>> = (0..height)
        .map(|y| {
            let x = area.x as usize;
            picture.row(area.y as usize + y, x, x + width)
        })
        .collect();
    let means: Vec<f64> = (0..width)
        .map(|x| rows.iter().map(|row| row[x]).sum::<f64>() / height as f64)
        .collect();
    let (mut variance, mut alike) = (0.0, 0.0);
    for row in &rows {
        let off: Vec<f64> = row.iter().zip(&means).map(|(level, mean)| level - mean).collect();
        variance += off.iter().map(|level| level * level).sum::<f64>() / width as f64;
        alike += off.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / (width - 1) as f64;
    }
    (variance / height as f64, alike / variance)
}

/// cap-look.md 4.2: 600 f cells across the frame, f = 0.3 + 1.2 (100 - scale) / 100: 900 at scale 0, so that neighbours among
/// 640 pixels lie in different cells, and 180 at scale 100, three and a half pixels wide.
#[test]
fn the_scale_of_the_noise_is_the_width_of_its_grains() {
    if !rig::can_compose() {
        return;
    }
    let size = Size::new(640, 360);
    let area = Area::new(8, 8, 100, 340);
    let grain_at = |intensity: u32, scale: u32| {
        let grey: Rgb = [150; 3];
        let source = json!({
            "type": "gradient", "from": grey, "to": grey, "angle": 90,
            "noise_intensity": intensity, "noise_scale": scale,
        });
        grain(&on_background(&source, settings(30, size)), area)
    };
    let (smooth, _) = grain_at(0, 0);
    assert!(smooth < 1e-5, "without noise: variance {smooth}");
    let (fine, alike) = grain_at(100, 0);
    assert!(fine > 1e-4, "fine: variance {fine}");
    assert!(alike.abs() < 0.2, "fine: {alike}");
    let (coarse, alike) = grain_at(100, 100);
    assert!(coarse > 1e-4, "coarse: variance {coarse}");
    assert!(alike > 0.5, "coarse: {alike}");
}

/// Red and green of a picture grow with x and y; blue is the same everywhere.
fn ramp(size: Size) -> image::RgbImage {
    image::RgbImage::from_fn(size.width, size.height, |x, y| {
        let level = |at: u32, side: u32| (20.0 + 200.0 * f64::from(at) / f64::from(side - 1)).round() as u8;
        image::Rgb([level(x, size.width), level(y, size.height), 90])
    })
}

/// cap-look.md 4.3: it covers the frame, and what does not fit is cut off equally on both sides.
#[test]
fn a_background_image_covers_the_frame() {
    if !rig::can_compose() {
        return;
    }
    for size in [
        Size::new(400, 150),
        Size::new(150, 200),
        Size::new(2700, 1000),
        SIZE,
    ] {
        let recording = Recording::of_picture(&Canvas::new(SIZE, BLACK).into_frame(), 0.5);
        ramp(size).save(recording.place("assets/background.png")).unwrap();
        let source = json!({ "type": "image", "path": "assets/background.png" });
        let picture = on_background_of(&recording, &source, settings(30, SIZE));
        let [width, height] = [size.width, size.height].map(f64::from);
        let [across, down] = [SIZE.width, SIZE.height].map(f64::from);
        let scale = (across / width).max(down / height);
        // Where a position of the frame lies in the image, and what is there.
        let level = |at: f64, frame: f64, image: f64| {
            let place = (image - frame / scale) / 2.0 + at / scale - 0.5;
            20.0 + 200.0 * (place / (image - 1.0)).clamp(0.0, 1.0)
        };
        for (x, y) in [
            (8, 8),
            (128, 8),
            (240, 8),
            (8, 64),
            (240, 64),
            (8, 128),
            (128, 128),
            (240, 128),
        ] {
            let found = picture.mean_rgb(YuvColor::BT709_LIMITED, Area::new(x, y, 8, 8));
            let expected = [
                level(f64::from(x) + 4.0, across, width),
                level(f64::from(y) + 4.0, down, height),
                90.0,
            ];
            assert_color(found, expected, &format!("{size} at {x}, {y}"));
        }
    }
}

/// cap-look.md 4.3: what is missing or no image is white.
#[test]
fn a_background_image_that_cannot_be_had_is_white() {
    if !rig::can_compose() {
        return;
    }
    let recording = Recording::of_picture(&Canvas::new(SIZE, BLACK).into_frame(), 0.5);
    std::fs::write(recording.place("assets/text.png"), "no image").unwrap();
    for path in ["assets/missing.png", "assets/text.png"] {
        let source = json!({ "type": "wallpaper", "path": path });
        let picture = on_background_of(&recording, &source, settings(30, SIZE));
        let found = picture.mean_rgb(YuvColor::BT709_LIMITED, MARGINS[0]);
        assert_color(found, [255.0; 3], path);
    }
}
