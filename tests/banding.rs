//! Presets with a quality in the place of a bit rate leave no bands in a gradient.

use crate::rig::{self, Clip, Exported, Recording, can_compose, numbered, plain, set, timeline};
use capstan::export::{ExportSettings, Rate};
use capstan::frame::Size;
use capstan::media::encode::Quality;
use serde_json::json;

const SIZE: Size = Size::new(640, 360);
/// Side of a block, pixels.
const BLOCK: usize = 8;
/// Rows above the card, which begins in row 43, in which nothing but the gradient is seen.
const ROWS: usize = 40;

/// A screen of numbered pictures, another one on every frame, on a gradient that rises by 12 code values of luma over the
/// frame: 0.15 from block to block.
fn on_a_gradient() -> Recording {
    let recording = Recording::new();
    let times: Vec<f64> = (0..60).map(|n| f64::from(n) / 30.0).collect();
    numbered(&recording.place(rig::DISPLAY), &rig::fine(SIZE), 0, &times, 2.0);
    recording.meta(&json!([{ "display": { "path": rig::DISPLAY, "fps": 30 } }]));
    let mut config = plain(&timeline(&[Clip::new(0.0, 2.0)]));
    let gradient = json!({ "type": "gradient", "from": [71, 118, 230], "to": [142, 84, 233], "angle": 135 });
    set(&mut config, "/background/source", gradient);
    set(&mut config, "/background/padding", json!(40));
    recording.config(&config);
    recording
}

/// The largest step between the means of neighbouring blocks of the gradient, code values of luma, over some frames.
fn largest_step(exported: &Exported) -> f64 {
    let (columns, rows) = (SIZE.width as usize / BLOCK, ROWS / BLOCK);
    let pictures = exported.pictures();
    let mut largest = 0.0f64;
    for picture in [0, 1, 20, 59].map(|n: usize| &pictures[n]) {
        let mean = |column: usize, row: usize| {
            let pixels = (0..BLOCK * BLOCK).map(|at| (column * BLOCK + at % BLOCK, row * BLOCK + at / BLOCK));
            pixels.map(|(x, y)| picture.level(x, y) * 219.0).sum::<f64>() / (BLOCK * BLOCK) as f64
        };
        for row in 0..rows {
            for column in 0..columns {
                let here = mean(column, row);
                if column + 1 < columns {
                    largest = largest.max((here - mean(column + 1, row)).abs());
                }
                if row + 1 < rows {
                    largest = largest.max((here - mean(column, row + 1)).abs());
                }
            }
        }
    }
    largest
}

#[test]
fn gradients_have_no_bands() {
    if !can_compose() {
        return;
    }
    let recording = on_a_gradient();
    let rendered = largest_step(&recording.export(rig::settings(30, SIZE)));
    assert!(rendered < 1.0, "the gradient itself: {rendered}");
    let step_at = |rate| {
        largest_step(&recording.export(ExportSettings {
            rate,
            ..rig::settings(30, SIZE)
        }))
    };
    let coarse = step_at(Rate::Crf(45));
    assert!(
        coarse > rendered + 1.0,
        "bands that are there are found: {coarse}"
    );
    for quality in [Quality::Maximum, Quality::Social, Quality::Web, Quality::Potato] {
        let step = step_at(Rate::Quality(quality));
        // The picture before encoding has 8 bits, so that its own blocks may differ by up to a code value. A band would add a
        // step of one more.
        assert!(
            step < rendered + 0.5,
            "{quality:?}: a step of {step:.2} where {rendered:.2} was rendered"
        );
    }
}
