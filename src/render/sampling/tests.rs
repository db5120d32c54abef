//! Sampling against its formulas in double precision, and what it must not depend on.

use proptest::prelude::*;

use super::*;
use crate::frame::{YuvColor, YuvLayout, YuvMatrix, YuvPicture, YuvRange};
use crate::render::tests::{grain, picture};
use crate::scene::{SourceId, Track};

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
    Sampler::default().sample(&source, map, rect, |row, column, line| {
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

/// 5.5 from its words: five bilinear taps.
fn expected(picture: &YuvPicture, map: &Placement, x: u32, y: u32) -> f64 {
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
    let at = |axis: usize, pixel: u32| {
        let at = (f64::from(pixel) + 0.5) * map.scale[axis] + map.origin[axis];
        at.clamp(map.low[axis], map.high[axis]) - 0.5
    };
    let (x, y) = (at(0, x), at(1, y));
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
