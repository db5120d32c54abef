//! Cards drawn from pictures that were converted beforehand.

use super::reference::{paint, worst};
use super::scenes::*;
use super::*;
use crate::frame::PixelRect;
use crate::render::Upload;
use crate::scene::{Card, Layer, Rect, SourceId, Track};

const SOURCE: Size = Size::new(64, 44);
const OUTPUT: Size = Size::new(90, 70);

/// Every code value, R'G'B' beyond its range included.
fn extreme(seed: u32, layout: YuvLayout) -> YuvPicture {
    picture(SOURCE, layout, YuvColor::BT709_LIMITED, |plane, x, y| {
        grain(seed + plane as u32, x, y, 0, 255)
    })
}

/// Shows `crop` enlarged or reduced by `factor`, beyond the output's edges, so that no edge is antialiased within it.
fn covering(crop: Rect, factor: f64) -> Card {
    let mut covering = card(
        Track::Display,
        SOURCE,
        rect(-8.4, -6.7, crop.width * factor, crop.height * factor),
    );
    covering.picture.crop = crop;
    covering
}

fn draw_all(sampling: Sampling, card: &Card, pictures: &[Pictures]) -> Option<Vec<[u8; 4]>> {
    let frame = scene(vec![Layer::Card(card.clone())]);
    let spec = RenderSpec {
        sampling,
        ..spec(OUTPUT)
    };
    let mut renderer = Renderer::new(device()?, spec).unwrap();
    let mut last = Vec::new();
    for pictures in pictures {
        renderer.submit(&frame, pictures).unwrap();
        last = pixels(&renderer.receive().unwrap());
    }
    Some(last)
}

/// Colours beyond R'G'B' are clamped before they are filtered and sharpened (20.1, 5.5), and what a crop leaves out counts as a
/// neighbour of what it shows.
#[test]
fn converted_pictures_are_filtered_and_sharpened_as_specified() {
    let whole = rect(0.0, 0.0, 64.0, 44.0);
    let part = rect(7.0, 5.0, 48.0, 33.0);
    let yuv420 = I420;
    let yuv444 = YuvLayout::Planar {
        shift_x: 0,
        shift_y: 0,
    };
    for (crop, factor, layout) in [
        (whole, 1.9, yuv420),
        (part, 2.3, yuv420),
        (part, 4.0, yuv444),
        (whole, 0.8, YuvLayout::SemiPlanar420),
    ] {
        let source = extreme(3, layout);
        let card = covering(crop, factor);
        let pictures = of(&[(Track::Display, &source)]);
        let frame = scene(vec![Layer::Card(card.clone())]);
        let art = |_: &_| unreachable!("no pointer");
        let background = |_, _| [0.25, 0.5, 0.75];
        let expected = paint(OUTPUT, background, &frame, &pictures, ColorPolicy::ByTags, &art);
        // The weights of texture units have 8 bits: off by 1/512 on either axis, they move a tap between texels that differ
        // by all of 255 by at most 1. Rounding adds 1/2 for the texel, 3/4 for filtering and 1/2 for the target. A detail is off
        // by 1 through its texels, 1 by its own rounding to 2 code values and 1.5 by filtering, and spans 510 code values.
        let sharpening = if factor < 1.0 {
            0.3 / factor
        } else {
            ((factor - 1.0) * 0.25).min(0.45)
        };
        let allowed = 2.75 + sharpening * 5.5;
        for sampling in BOTH {
            let Some(found) = draw_all(sampling, &card, std::slice::from_ref(&pictures)) else {
                return;
            };
            let (off, place) = worst(OUTPUT, &found, &expected);
            assert!(
                off <= allowed,
                "{off:.2} off, {allowed:.2} allowed, at {place} for {factor} by {sampling}"
            );
        }
    }
}

/// A picture that changed in part gives the same as one that is new, down to the last bit.
#[test]
fn parts_that_change_are_converted_again() {
    let card = covering(rect(0.0, 0.0, 64.0, 44.0), 1.9);
    let before = extreme(3, I420);
    let change = PixelRect {
        x: 18,
        y: 10,
        width: 8,
        height: 6,
    };
    let within = |x: u32, y: u32, scale: u32| {
        (change.x..change.x + change.width).contains(&(x * scale))
            && (change.y..change.y + change.height).contains(&(y * scale))
    };
    let after = picture(SOURCE, I420, YuvColor::BT709_LIMITED, |plane, x, y| {
        let new = within(x, y, if plane == 0 { 1 } else { 2 });
        grain(if new { 40 } else { 3 } + plane as u32, x, y, 0, 255)
    });
    let mut changed = Pictures::new();
    let upload = Upload {
        since: before.clone(),
        rects: vec![change],
    };
    changed.insert_changed(SourceId::incoming(0, Track::Display), after.clone(), Some(upload));
    let first = of(&[(Track::Display, &before)]);
    let new = of(&[(Track::Display, &after)]);
    for sampling in BOTH {
        let draw_all = |pictures: &[Pictures]| draw_all(sampling, &card, pictures);
        let (Some(stale), Some(found), Some(expected)) = (
            draw_all(std::slice::from_ref(&first)),
            draw_all(&[first.clone(), changed.clone()]),
            draw_all(std::slice::from_ref(&new)),
        ) else {
            return;
        };
        assert!(stale != expected);
        assert!(found == expected, "by {sampling}");
    }
}
