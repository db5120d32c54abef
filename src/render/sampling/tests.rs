//! Sampling against its formulas in double precision, and what it must not depend on.

use proptest::prelude::*;

use super::*;
use crate::cap::config::RoundingType;
use crate::frame::{Rect, YuvColor, YuvLayout, YuvMatrix, YuvPicture, YuvRange};
use crate::render::tests::{grain, picture};
use crate::scene::{Card, CardPicture, Corner, PictureRequest, Smear, SourceId, Track};
use crate::time::MediaTime;

fn map(scale: [f64; 2], origin: [f64; 2], size: Size, sharpening: f64) -> Placement {
    Placement {
        scale,
        origin,
        low: [1.0; 2],
        high: [f64::from(size.width) - 1.0, f64::from(size.height) - 1.0],
        aligned: false,
        sharpening,
    }
}

fn sampled(picture: &YuvPicture, map: &Placement, rect: PixelRect) -> Vec<[u8; 4]> {
    let planes = Planes::checked(picture, SourceId::incoming(0, Track::Display)).unwrap();
    let conversion = Conversion::of(picture.color);
    let source = Source::new(&planes, picture.size, &conversion, PackedFormat::Rgba);
    let mut pixels = vec![None; (rect.width * rect.height) as usize];
    Sampler::default().sample(&source, map, &[rect], |_, row, column, line| {
        let start = (row * rect.width + column) as usize;
        for (place, pixel) in pixels[start..].iter_mut().zip(line.chunks_exact(4)) {
            assert_eq!(*place, None, "written twice");
            *place = Some([pixel[0], pixel[1], pixel[2], pixel[3]]);
        }
    });
    pixels
        .into_iter()
        .map(|pixel| pixel.expect("every pixel is written"))
        .collect()
}

/// Grey, so that a texel's value is its luma whatever converts it.
fn grey(size: Size, seed: u32) -> YuvPicture {
    let color = YuvColor {
        matrix: YuvMatrix::Bt709,
        range: YuvRange::Full,
    };
    let layout = YuvLayout::Planar {
        shift_x: 1,
        shift_y: 1,
    };
    picture(size, layout, color, |plane, x, y| {
        if plane == 0 {
            grain(seed, x, y, 0, 255)
        } else {
            128
        }
    })
}

/// 5.5 at a pixel.
fn expected(picture: &YuvPicture, map: &Placement, x: u32, y: u32) -> f64 {
    filtered_at(picture, map, [f64::from(x) + 0.5, f64::from(y) + 0.5])
}

/// 5.5 from its words, at an output position: five bilinear taps.
fn filtered_at(picture: &YuvPicture, map: &Placement, pixel: [f64; 2]) -> f64 {
    let plane = picture.plane(0);
    let texel = |i: f64, j: f64| {
        let i = i.clamp(0.0, f64::from(picture.size.width - 1)) as usize;
        let j = j.clamp(0.0, f64::from(picture.size.height - 1)) as usize;
        f64::from(plane.data[j * plane.stride + i])
    };
    let tap = |x: f64, y: f64| {
        let (i, j) = (x.floor(), y.floor());
        let row = |j: f64| texel(i, j) + (texel(i + 1.0, j) - texel(i, j)) * (x - i);
        row(j) + (row(j + 1.0) - row(j)) * (y - j)
    };
    let at = |axis: usize| {
        let at = pixel[axis] * map.scale[axis] + map.origin[axis];
        at.clamp(map.low[axis], map.high[axis]) - 0.5
    };
    let (x, y) = (at(0), at(1));
    let around = tap(x - 1.0, y) + tap(x + 1.0, y) + tap(x, y - 1.0) + tap(x, y + 1.0);
    let centre = tap(x, y);
    (centre + (centre - around / 4.0) * map.sharpening).clamp(0.0, 255.0)
}

proptest! {
    #[test]
    fn pixels_are_what_the_formula_says(
        (width, height) in (3u32..150, 3u32..40),
        scale in prop_oneof![-3.0..-0.3f64, 0.3..3.0],
        scale_y in 0.3..3.0f64,
        origin in (-9.0..60.0f64, -9.0..30.0f64),
        sharpening in prop_oneof![Just(0.0), 0.05..0.7f64],
        (x, y) in (0u32..20, 0u32..20),
    ) {
        let size = Size::new(width, height);
        let source = grey(size, width);
        let map = map([scale, scale_y], [origin.0, origin.1], size, sharpening);
        let rect = PixelRect { x, y, width: 30, height: 12 };
        let found = sampled(&source, &map, rect);
        for (index, pixel) in found.iter().enumerate() {
            let (column, row) = (index as u32 % rect.width, index as u32 / rect.width);
            let expected = expected(&source, &map, x + column, y + row);
            // Half a code value of rounding and what single precision adds.
            prop_assert!((f64::from(pixel[0]) - expected).abs() <= 0.502, "{:?} for {}", pixel, expected);
            prop_assert_eq!(pixel[3], 255);
        }
    }

    /// Damage draws any rectangle; its pixels must be those of the whole.
    #[test]
    fn a_part_is_a_part_of_the_whole(
        (width, height) in (1u32..300, 1u32..30),
        (shift_x, shift_y) in (0u8..4, 0u8..3),
        scale in (0.4..2.5f64, 0.4..2.5f64),
        sharpening in prop_oneof![Just(0.0), 0.05..0.7f64],
        (x, y, w, h) in (0u32..100, 0u32..20, 1u32..60, 1u32..20),
    ) {
        let size = Size::new(width, height);
        let layout = YuvLayout::Planar { shift_x, shift_y };
        let source = picture(size, layout, YuvColor::BT709_LIMITED, |plane, x, y| {
            grain(plane as u32, x, y, 0, 255)
        });
        let map = map([scale.0, scale.1], [0.3, -0.2], size, sharpening);
        let whole = PixelRect { x: 0, y: 0, width: 160, height: 40 };
        let all = sampled(&source, &map, whole);
        let part = PixelRect { x, y, width: w, height: h };
        for (index, pixel) in sampled(&source, &map, part).iter().enumerate() {
            let (column, row) = (x + index as u32 % w, y + index as u32 / w);
            prop_assert_eq!(*pixel, all[(row * whole.width + column) as usize]);
        }
    }
}

/// A card at (12.3, 9.6) of a 97 x 61 output, shown from the whole of a picture.
fn smeared_card(
    size: Size,
    rect: Rect,
    smear: Smear,
    kind: RoundingType,
    radius: f64,
    mirrored: bool,
) -> Card {
    Card {
        picture: CardPicture {
            request: PictureRequest {
                source: SourceId::incoming(0, Track::Display),
                time: MediaTime::ZERO,
            },
            size,
            crop: Rect {
                x: 0.0,
                y: 0.0,
                width: f64::from(size.width),
                height: f64::from(size.height),
            },
            mirrored,
        },
        rect,
        corner: Corner { kind, radius },
        shadow: None,
        border: None,
        opacity: 1.0,
        smear: Some(smear),
        top_rounding: 1.0,
        grade: None,
    }
}

fn smeared_pixels(picture: &YuvPicture, card: &Card, rect: PixelRect) -> Vec<[u8; 4]> {
    let planes = Planes::checked(picture, SourceId::incoming(0, Track::Display)).unwrap();
    let conversion = Conversion::of(picture.color);
    let source = Source::new(&planes, picture.size, &conversion, PackedFormat::Rgba);
    let placement = Placement::of(card, picture.size);
    let smeared = Smeared::of(card).unwrap();
    let mut pixels = Vec::new();
    Sampler::default().smear(&source, &placement, &smeared, &[rect], |_, row, column, line| {
        assert_eq!((row * rect.width) as usize, pixels.len());
        assert_eq!(column, 0);
        pixels.extend(line.as_chunks::<4>().0.iter().copied());
    });
    pixels
}

/// 5.2 from its words, for a card's own corner.
fn coverage(card: &Card, x: f64, y: f64) -> f64 {
    let (half_x, half_y) = (card.rect.width / 2.0, card.rect.height / 2.0);
    let radius = card.corner.radius;
    let distance = |x: f64, y: f64| {
        let qx = (x - card.rect.x - half_x).abs() - half_x + radius;
        let qy = (y - card.rect.y - half_y).abs() - half_y + radius;
        let (ox, oy) = (qx.max(0.0), qy.max(0.0));
        let norm = match card.corner.kind {
            RoundingType::Squircle => (ox.powi(4) + oy.powi(4)).powf(0.25),
            RoundingType::Rounded => (ox * ox + oy * oy).sqrt(),
        };
        norm + qx.max(qy).min(0.0) - radius
    };
    let mut sum = 0.0;
    for (dx, dy) in [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)] {
        let u: f64 = ((distance(x + dx, y + dy) + 1.0) / 2.0).clamp(0.0, 1.0);
        sum += 1.0 - u * u * (3.0 - 2.0 * u);
    }
    sum / 4.0
}

/// 7.2 and 7.3 from their words, in double precision: premultiplied grey and alpha, 0..=255, and the length of the ray in texels.
fn smeared_as_stated(picture: &YuvPicture, card: &Card, x: u32, y: u32) -> ([f64; 2], f64) {
    let placement = Placement::of(card, picture.size);
    let pixel = [f64::from(x) + 0.5, f64::from(y) + 0.5];
    let rect = card.rect;
    let t = [
        (pixel[0] - rect.x) / rect.width,
        (pixel[1] - rect.y) / rect.height,
    ];
    let noise = {
        let place = pixel[0] as f32 * 12.9898 + pixel[1] as f32 * 78.233;
        let wave = f64::from(place).sin() as f32 * 43_758.547;
        f64::from(wave - wave.floor())
    };
    let (ray, samples): ([f64; 2], Vec<(f64, f64)>) = match card.smear.unwrap() {
        Smear::Directional { vector } => (vector, (0..=20).map(|i| (f64::from(i) / 20.0, 1.0)).collect()),
        Smear::Radial { centre, amount } => {
            let way = [centre[0] - t[0], centre[1] - t[1]];
            let distance = (way[0] * way[0] + way[1] * way[1]).sqrt();
            let length = (distance * amount.min(1.0)).min(0.10);
            let ray = way.map(|part| {
                if distance < 1e-4 {
                    0.0
                } else {
                    part / distance * length
                }
            });
            let at = |i: u32| (f64::from(i) + noise) / 13.0;
            (
                ray,
                (0..13).map(|i| (at(i), 4.0 * (at(i) - at(i) * at(i)))).collect(),
            )
        }
    };
    let (mut color, mut alpha, mut weights) = (0.0, 0.0, 0.0);
    for (f, weight) in samples {
        let at = [
            pixel[0] + ray[0] * rect.width * f,
            pixel[1] + ray[1] * rect.height * f,
        ];
        let covered = coverage(card, at[0], at[1]) * weight;
        color += filtered_at(picture, &placement, at) * covered;
        alpha += 255.0 * covered;
        weights += weight;
    }
    let texels = (ray[0] * rect.width * placement.scale[0]).hypot(ray[1] * rect.height * placement.scale[1]);
    ([color / weights, alpha / weights], texels)
}

fn a_smear() -> impl Strategy<Value = Smear> {
    prop_oneof![
        (-0.1..0.1f64, -0.1..0.1f64).prop_map(|(x, y)| Smear::Directional { vector: [x, y] }),
        (0.0..=1.0f64, 0.0..=1.0f64, 1e-3..0.3f64).prop_map(|(x, y, amount)| Smear::Radial {
            centre: [x, y],
            amount
        }),
    ]
}

proptest! {
    #[test]
    fn smeared_pixels_are_what_the_formula_says(
        smear in a_smear(), mirrored in any::<bool>(), squircle in any::<bool>(), radius in 0.0..20.0f64,
        (x, y, width, height) in (-30.0..20.0f64, -20.0..15.0f64, 60.0..300.0f64, 40.0..200.0f64),
        flat in any::<bool>(),
    ) {
        let size = Size::new(120, 80);
        let layout = YuvLayout::Planar { shift_x: 1, shift_y: 1 };
        let color = YuvColor { matrix: YuvMatrix::Bt709, range: YuvRange::Full };
        // Grain, or grain in a part of it.
        let source = picture(size, layout, color, |plane, x, y| match plane {
            0 if flat && (x > 40 || y > 30) => 200,
            0 => grain(7, x, y, 0, 255),
            _ => 128,
        });
        let kind = if squircle { RoundingType::Squircle } else { RoundingType::Rounded };
        let radius = radius.min(width.min(height) / 2.0);
        let card = smeared_card(size, Rect { x, y, width, height }, smear, kind, radius, mirrored);
        let output = PixelRect { x: 0, y: 0, width: 97, height: 61 };
        let mut errors = 0.0;
        for (index, pixel) in smeared_pixels(&source, &card, output).iter().enumerate() {
            let (column, row) = (index as u32 % output.width, index as u32 / output.width);
            let ([grey, alpha], texels) = smeared_as_stated(&source, &card, column, row);
            let error = (f64::from(pixel[0]) - grey).abs();
            // Rounding and noise in steps of 1/256. Rays of up to 16 texels go without noise, and short ones with fewer samples: grain is
            // the worst there is for both, and other noise differs as much.
            let even = matches!(smear, Smear::Radial { .. }) && texels <= 16.5;
            let (most, mean) = if even { (5.0 + 1.5 * texels, 0.13 * texels) } else { (0.0, 0.0) };
            prop_assert!(error <= 1.6 + most, "({}, {}): {:?} for {} over {}", column, row, pixel, grey, texels);
            prop_assert!((f64::from(pixel[3]) - alpha).abs() <= 1.6, "{:?} for {}", pixel, alpha);
            errors += error - mean;
        }
        prop_assert!(errors / f64::from(output.width * output.height) < 0.45);
    }

    #[test]
    fn a_part_of_a_smeared_card_is_a_part_of_the_whole(
        smear in a_smear(), scale in 0.4..3.0f64, (x, y, w, h) in (0u32..60, 0u32..40, 1u32..60, 1u32..40),
        shift in 0u8..3,
    ) {
        let size = Size::new(90, 60);
        let layout = YuvLayout::Planar { shift_x: shift, shift_y: shift };
        let source = picture(size, layout, YuvColor::BT709_LIMITED, |plane, x, y| {
            if x > 30 { 99 } else { grain(plane as u32, x, y, 0, 255) }
        });
        let rect = Rect { x: 4.7, y: -3.2, width: 90.0 * scale, height: 60.0 * scale };
        let card = smeared_card(size, rect, smear, RoundingType::Squircle, 5.0, false);
        let whole = PixelRect { x: 0, y: 0, width: 128, height: 80 };
        let all = smeared_pixels(&source, &card, whole);
        let part = PixelRect { x, y, width: w, height: h };
        for (index, pixel) in smeared_pixels(&source, &card, part).iter().enumerate() {
            let (column, row) = (x + index as u32 % w, y + index as u32 / w);
            prop_assert_eq!(*pixel, all[(row * whole.width + column) as usize]);
        }
    }
}
