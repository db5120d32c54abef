//! The pointer against the reference.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::reference::{paint, worst};
use super::scenes::{rect, scene};
use super::*;
use crate::frame::PackedFrame;
use crate::scene::{Layer, Pointer, PointerArt, Ripple};

/// A smooth blob, premultiplied.
fn blob(size: Size) -> PackedFrame {
    let mut image = PackedFrame::new(size, PackedFormat::Rgba);
    for (index, pixel) in image.data.chunks_exact_mut(4).enumerate() {
        let (x, y) = (index as u32 % size.width, index as u32 / size.width);
        let alpha = (x * 255 / size.width) as u8;
        pixel.copy_from_slice(&[alpha / 2, alpha / (1 + (y % 3) as u8), alpha, alpha]);
    }
    image
}

fn pointer(art: PointerArt) -> Pointer {
    Pointer {
        art,
        rect: rect(10.0, 10.0, 20.0, 20.0),
        rotation: 0.0,
        opacity: 1.0,
        clip: rect(0.0, 0.0, 64.0, 48.0),
        smear: None,
        grade: None,
    }
}

const SIZE: Size = Size::new(64, 48);

fn drawn(art: BTreeMap<String, PackedFrame>, pointer: Pointer) -> Option<Vec<[u8; 4]>> {
    let spec = RenderSpec {
        pointer_art: art.into_iter().map(|(id, image)| (id, Arc::new(image))).collect(),
        ..spec(SIZE)
    };
    Some(draw(
        device()?,
        spec,
        &scene(vec![Layer::Pointer(pointer)]),
        &Pictures::new(),
    ))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn sprites_lie_where_specified(
        (x, y, width, height) in (-20.0..60.0f64, -20.0..40.0f64, 4.0..50.0f64, 4.0..50.0f64),
        rotation in -1.5..1.5f64,
        opacity in 0.05..1.0f64,
        (left, top, right, bottom) in (-5.0..20.0f64, -5.0..20.0f64, 20.0..70.0f64, 20.0..60.0f64),
        smear in prop::option::of((-2.0..2.0f64, -2.0..2.0f64)),
    ) {
        let image = blob(Size::new(12, 9));
        let art = BTreeMap::from([("a".to_owned(), image.clone())]);
        let pointer = Pointer {
            rect: rect(x, y, width, height),
            rotation,
            opacity,
            clip: rect(left, top, right - left, bottom - top),
            smear: smear.map(|(x, y)| [x, y]),
            ..pointer(PointerArt::Recorded("a".to_owned()))
        };
        let Some(found) = drawn(art, pointer.clone()) else { return Ok(()) };
        let frame = scene(vec![Layer::Pointer(pointer)]);
        let canvas = |_, _| [0.25, 0.5, 0.75];
        let expected = paint(SIZE, canvas, &frame, &Pictures::new(), ColorPolicy::ByTags, &|_| image.clone());
        let (off, place) = worst(SIZE, &found, &expected);
        prop_assert!(off <= 2.0, "{off:.2} off at {place}");
    }
}

/// One channel above its alpha makes an image straight (8.8): half-transparent white leaves half of the canvas.
#[test]
fn straight_images_are_premultiplied_and_others_are_not() {
    let flat = |pixel: [u8; 4]| {
        let mut image = PackedFrame::new(Size::new(4, 4), PackedFormat::Rgba);
        image
            .data
            .chunks_exact_mut(4)
            .for_each(|into| into.copy_from_slice(&pixel));
        BTreeMap::from([("a".to_owned(), image)])
    };
    let middle =
        |art| drawn(art, pointer(PointerArt::Recorded("a".to_owned()))).map(|pixels| pixels[20 * 64 + 20]);
    let Some(straight) = middle(flat([255, 255, 255, 128])) else {
        return;
    };
    let Some(premultiplied) = middle(flat([100, 128, 0, 128])) else {
        return;
    };
    let left = 127.0 / 255.0;
    for (found, added) in [
        (straight, [128.0, 128.0, 128.0]),
        (premultiplied, [100.0, 128.0, 0.0]),
    ] {
        for channel in 0..3 {
            let canvas = [0.25, 0.5, 0.75][channel] * 255.0;
            let expected: f64 = added[channel] + canvas * left;
            assert!(
                (f64::from(found[channel]) - expected).abs() <= 1.5,
                "{found:?} for {expected}"
            );
        }
    }
}

/// The disc of 8.8, drawn texel on pixel: its middle, both rings and the glow by their formulas.
#[test]
fn the_circle_has_its_rings() {
    let size = Size::new(256, 256);
    let Some(device) = device() else { return };
    let circle = Pointer {
        rect: rect(0.0, 0.0, 256.0, 256.0),
        clip: rect(-5.0, -5.0, 300.0, 300.0),
        ..pointer(PointerArt::Circle)
    };
    let found = draw(
        device,
        spec(size),
        &scene(vec![Layer::Pointer(circle)]),
        &Pictures::new(),
    );
    // Along the row through the middle: x = 128.5 + r, half a pixel below the centre.
    for (x, white, alpha, glow) in [
        (128u32, 1.0, 0.14, 0.0),
        // r = 102.5: between R - 7.68 and R - 3.584.
        (230, 1.0, 0.42, 0.0),
        // r = 105.5.
        (233, 0.0, 0.38, 0.0),
        // r = 109.5: both the fading disc and the glow.
        (
            237,
            0.0,
            0.38 * (1.0 - f64::powf((109.501 - 107.52) / 4.608, 1.2)),
            0.16 * (1.0 - f64::powi((109.501 - 107.52) / 8.96, 2)),
        ),
        // r = 114.5: the glow alone.
        (
            242,
            0.0,
            0.0,
            0.16 * (1.0 - f64::powi((114.501 - 107.52) / 8.96, 2)),
        ),
        // r = 120.5: nothing.
        (248, 0.0, 0.0, 0.0),
    ] {
        let pixel = found[128 * 256 + x as usize];
        for (channel, canvas) in [0.25, 0.5, 0.75].into_iter().enumerate() {
            let glowing = canvas * (1.0 - glow);
            let expected = 255.0 * (white * alpha + glowing * (1.0 - alpha));
            assert!(
                (f64::from(pixel[channel]) - expected).abs() <= 1.5,
                "x {x}: {pixel:?} for {expected}"
            );
        }
    }
}

#[test]
fn an_unknown_pointer_is_not_drawn_and_is_named() {
    let Some(device) = device() else { return };
    let mut renderer = Renderer::new(device, spec(SIZE)).unwrap();
    let frame = scene(vec![Layer::Pointer(pointer(PointerArt::Recorded(
        "gone".to_owned(),
    )))]);
    renderer.submit(&frame, &Pictures::new()).unwrap();
    let canvas = [64, 128, 191, 255];
    assert!(
        pixels(&renderer.receive().unwrap())
            .iter()
            .all(|pixel| *pixel == canvas)
    );
    assert!(renderer.stats().missing_pointer_art.contains("gone"));
}

/// cap-additions.md, `cursor.ripple`, along a line from the middle.
#[test]
fn ripples_are_rings_that_fade() {
    let Some(device) = device() else { return };
    let ripple = Ripple {
        centre: [32.5, 24.5],
        radius: 20.0,
        age: 0.4,
        color: [1.0, 0.0, 0.2],
        strength: 0.7,
        clip: rect(0.0, 0.0, 50.0, 48.0),
    };
    let found = draw(
        device,
        spec(SIZE),
        &scene(vec![Layer::Ripple(ripple)]),
        &Pictures::new(),
    );
    let step = |e0: f64, e1: f64, v: f64| {
        let u = ((v - e0) / (e1 - e0)).clamp(0.0, 1.0);
        u * u * (3.0 - 2.0 * u)
    };
    // r = 1 - 0.6^3 = 0.784, w = 0.124, (1 - t)^1.5 = 0.464758.
    let mut seen = 0.0f64;
    for x in 32..64u32 {
        let distance = f64::from(x - 32) / 20.0;
        let ring = 1.0 - step(0.0, 0.124, (distance - 0.784).abs());
        let fill = 0.3 * (1.0 - step(0.660, 0.784, distance));
        let feather = (50.0 - (f64::from(x) + 0.5) + 0.5).clamp(0.0, 1.0);
        let alpha = 0.7 * 0.464_758 * (ring + fill) * feather;
        seen = seen.max(alpha);
        let pixel = found[24 * 64 + x as usize];
        for (channel, color) in [1.0, 0.0, 0.2].into_iter().enumerate() {
            let expected = 255.0 * (color * alpha + [0.25, 0.5, 0.75][channel] * (1.0 - alpha));
            assert!(
                (f64::from(pixel[channel]) - expected).abs() <= 1.5,
                "{x}: {pixel:?} for {expected}"
            );
        }
    }
    assert!(seen > 0.3);
}

/// Half-transparent white blended as premultiplied is white: Cap's fringe (26, quirk 7).
#[test]
fn caps_colours_have_caps_fringes() {
    let Some(device) = device() else { return };
    let mut image = PackedFrame::new(Size::new(4, 4), PackedFormat::Rgba);
    for pixel in image.data.chunks_exact_mut(4) {
        pixel.copy_from_slice(&[255, 255, 255, 128]);
    }
    let spec = RenderSpec {
        pointer_art: [("a".to_owned(), Arc::new(image))].into(),
        colors: ColorPolicy::Cap601,
        ..spec(SIZE)
    };
    let frame = scene(vec![Layer::Pointer(pointer(PointerArt::Recorded(
        "a".to_owned(),
    )))]);
    let found = draw(device, spec, &frame, &Pictures::new());
    assert_eq!(found[20 * 64 + 20], [255; 4]);
}
