//! Plates and glyphs, pixel by pixel.

use super::scenes::{rect, scene};
use super::*;
use crate::cap::config::RoundingType;
use crate::frame::Rect;
use crate::scene::typeset::{Align, Family, FontSpec, Ink, Px, Raster, RasterSpec, TextSpec};
use crate::scene::{Corner, Glyphs, Gradient, Layer, Lettering, Mark, Plate, damage};

const SIZE: Size = Size::new(96, 64);

fn plate(rect: Rect, radius: f64, alpha: f64) -> Plate {
    Plate {
        rect,
        corner: Corner {
            kind: RoundingType::Squircle,
            radius,
        },
        softness: 1.5,
        color: [0.9, 0.2, 0.1],
        alpha,
        edge: None,
    }
}

/// A picture of `text` whose pixel (x, y) is covered by 8 x + 5 y, modulo 256.
fn raster(text: &str, width: u32, height: u32, colored: bool) -> Arc<Raster> {
    let spec = RasterSpec {
        text: Arc::new(TextSpec {
            text: text.into(),
            font: FontSpec {
                family: Family::Sans,
                weight: 400,
                italic: false,
            },
            size: Px::new(10.0),
            line_height: Px::new(12.0),
            letter_spacing: Px::new(0.0),
            align: Align::Left,
            wrap_width: None,
        }),
        bytes: None,
        ink: Ink::Fill,
        scale: Px::new(1.0),
        phase: Px::new(0.0),
        window: [-1000, -1000, 1000, 1000],
    };
    let coverage: Vec<u8> = (0..width * height)
        .map(|at| (8 * (at % width) + 5 * (at / width)) as u8)
        .collect();
    let color = coverage
        .iter()
        .flat_map(|&alpha| [alpha / 2, 0, alpha, alpha])
        .collect();
    let (coverage, color) = if colored {
        (Vec::new(), color)
    } else {
        (coverage, Vec::new())
    };
    Arc::new(Raster::new(
        spec,
        (3, -2),
        Size::new(width, height),
        coverage,
        color,
    ))
}

fn glyphs(raster: &Arc<Raster>, x: i32, y: i32) -> Glyphs {
    Glyphs {
        raster: Arc::clone(raster),
        x,
        y,
        color: [0.1, 0.9, 0.4],
        gradient: None,
        alpha: 0.75,
        edge: None,
    }
}

fn drawn(marks: Vec<Mark>) -> Option<Vec<[u8; 4]>> {
    let frame = scene(vec![Layer::Lettering(Lettering { marks })]);
    Some(draw(device()?, spec(SIZE), &frame, &Pictures::new()))
}

/// Asserts that every pixel is `color` with the alpha that `over(x, y)` says, over the canvas.
fn assert_over(pixels: &[[u8; 4]], over: impl Fn(u32, u32) -> ([f64; 3], f64)) {
    for (index, pixel) in (0u32..).zip(pixels) {
        let (x, y) = (index % SIZE.width, index / SIZE.width);
        let (color, alpha) = over(x, y);
        for channel in 0..3 {
            let wanted = 255.0 * (color[channel] * alpha + CANVAS[channel] * (1.0 - alpha));
            let off = (f64::from(pixel[channel]) - wanted).abs();
            // The canvas below is rounded already.
            assert!(
                off <= 1.6,
                "({x}, {y}) is {pixel:?}, channel {channel} should be {wanted}"
            );
        }
    }
}

fn smoothstep(from: f64, to: f64, value: f64) -> f64 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[test]
fn a_plate_has_soft_superelliptic_corners() {
    let plate = plate(rect(12.5, 9.0, 60.0, 40.0), 14.0, 0.8);
    let Some(pixels) = drawn(vec![Mark::Plate(plate)]) else {
        return;
    };
    assert_over(&pixels, |x, y| {
        // cap-look.md 5.1 with the 4-norm.
        let q = [
            (f64::from(x) + 0.5 - 42.5).abs() - 30.0 + 14.0,
            (f64::from(y) + 0.5 - 29.0).abs() - 20.0 + 14.0,
        ];
        let norm = (q[0].max(0.0).powi(4) + q[1].max(0.0).powi(4)).powf(0.25);
        let distance = norm + q[0].max(q[1]).min(0.0) - 14.0;
        (plate.color, 0.8 * (1.0 - smoothstep(-1.5, 1.5, distance)))
    });
}

#[test]
fn glyphs_are_drawn_pixel_by_pixel() {
    let raster = raster("a", 30, 20, false);
    let Some(pixels) = drawn(vec![Mark::Glyphs(glyphs(&raster, 20, 10))]) else {
        return;
    };
    assert_over(&pixels, |x, y| {
        let inside = (23..53).contains(&x) && (8..28).contains(&y);
        let coverage = if inside {
            (8 * (x - 23) + 5 * (y - 8)) as u8
        } else {
            0
        };
        ([0.1, 0.9, 0.4], f64::from(coverage) / 255.0 * 0.75)
    });
}

#[test]
fn a_gradient_changes_across_and_an_edge_cuts() {
    let raster = raster("b", 60, 20, false);
    let glyphs = Glyphs {
        gradient: Some(Gradient {
            from: 20.0,
            to: 60.0,
            color: [1.0, 0.0, 0.0],
        }),
        edge: Some(50.25),
        ..glyphs(&raster, 7, 22)
    };
    let Some(pixels) = drawn(vec![Mark::Glyphs(glyphs)]) else {
        return;
    };
    assert_over(&pixels, |x, y| {
        let inside = (10..70).contains(&x) && (20..40).contains(&y);
        let coverage = if inside {
            (8 * (x - 10) + 5 * (y - 20)) as u8
        } else {
            0
        };
        let center = f64::from(x) + 0.5;
        let t = ((center - 20.0) / 40.0).clamp(0.0, 1.0);
        let color = [0.1 + 0.9 * t, 0.9 - 0.9 * t, 0.4 - 0.4 * t];
        let uncovered = (50.25 - center + 0.5).clamp(0.0, 1.0);
        (color, f64::from(coverage) / 255.0 * 0.75 * uncovered)
    });
}

#[test]
fn coloured_glyphs_keep_their_colours() {
    let raster = raster("c", 30, 20, true);
    let Some(pixels) = drawn(vec![Mark::Glyphs(glyphs(&raster, -10, 0))]) else {
        return;
    };
    // Half of it hangs over the left edge: pixels are premultiplied half red, blue.
    let at = |x: u32, y: u32| pixels[(y * SIZE.width + x) as usize];
    let alpha = f64::from((8u32 * 19 + 5 * 7) as u8);
    let wanted = [
        (alpha / 2.0).floor() * 0.75 + 255.0 * CANVAS[0] * (1.0 - alpha / 255.0 * 0.75),
        255.0 * CANVAS[1] * (1.0 - alpha / 255.0 * 0.75),
        alpha * 0.75 + 255.0 * CANVAS[2] * (1.0 - alpha / 255.0 * 0.75),
    ];
    for channel in 0..3 {
        let off = (f64::from(at(12, 5)[channel]) - wanted[channel]).abs();
        assert!(off <= 1.1, "{:?} should be {wanted:?}", at(12, 5));
    }
}

/// What is redrawn where the scene says is bit for bit what drawing all of it gives.
#[test]
fn partial_redraws_equal_whole_ones() {
    let Some(device) = device() else { return };
    let rasters: Vec<Arc<Raster>> = [("x", 20, 12), ("y", 41, 9), ("z", 7, 30)]
        .into_iter()
        .map(|(text, width, height)| raster(text, width, height, text == "z"))
        .collect();
    // Marks that come, move, change and leave, some hanging over the edges.
    let frame = |step: u32| {
        let random = |salt: u32, low: i32, high: i32| {
            low + (grain(salt, step / (1 + salt % 3), salt, 0, 255) as i32) * (high - low) / 255
        };
        let letterings = (0..3u32)
            .filter(|salt| !(step + salt).is_multiple_of(4))
            .map(|salt| {
                let which = &rasters[(random(salt + 10, 0, 299) / 100) as usize];
                let mut glyphs = glyphs(which, random(salt, -20, 90), random(salt + 3, -10, 60));
                glyphs.edge = (salt == 1).then(|| f64::from(random(salt + 4, 0, 96)) + 0.3);
                let at = rect(
                    f64::from(random(salt + 5, -10, 60)) + 0.4,
                    f64::from(random(salt + 6, -10, 40)) + 0.6,
                    30.0,
                    18.0,
                );
                let plate = plate(at, 6.0, 0.5);
                Layer::Lettering(Lettering {
                    marks: vec![Mark::Plate(plate), Mark::Glyphs(glyphs)],
                })
            });
        scene(letterings.collect())
    };
    let mut partial = Renderer::new(device, spec(SIZE)).unwrap();
    let Some(device) = super::device() else { return };
    let mut whole = Renderer::new(device, spec(SIZE)).unwrap();
    let mut before = None;
    let mut kept: Vec<[u8; 4]> = Vec::new();
    for step in 0..24 {
        let after = frame(step);
        whole.submit(&after, &Pictures::new()).unwrap();
        let expected = pixels(&whole.receive().unwrap());
        match &before {
            None => partial.submit(&after, &Pictures::new()).unwrap(),
            Some(before) => {
                let damage = damage(before, &after, |_| None, SIZE);
                partial.submit_damage(&after, &Pictures::new(), &damage).unwrap();
            }
        }
        let received = partial.receive().unwrap();
        let found = pixels(&received);
        if kept.is_empty() {
            kept = found;
        } else {
            for area in received.areas().rects() {
                for y in area.y..area.bottom() {
                    for x in area.x..area.right() {
                        let at = (y * SIZE.width + x) as usize;
                        kept[at] = found[at];
                    }
                }
            }
        }
        assert_eq!(kept, expected, "step {step}");
        before = Some(after);
    }
}
