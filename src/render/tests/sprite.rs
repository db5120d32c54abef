//! Bitmaps in rectangles against their definition, one pixel at a time in double precision.

use proptest::prelude::*;

use super::reference::{Rgb, worst};
use super::scenes::{rect, scene};
use super::*;
use crate::scene::{Bitmap, Layer, Sprite};

const SIZE: Size = Size::new(64, 48);

fn bitmap(size: Size) -> Bitmap {
    let pixel = |index: u64| {
        let (x, y) = (
            (index % u64::from(size.width)) as u32,
            (index / u64::from(size.width)) as u32,
        );
        let alpha = (x * 255 / size.width) as u8;
        [alpha / 2, alpha / (1 + (y % 3) as u8), alpha, alpha]
    };
    Bitmap::new(size, (0..size.area()).flat_map(pixel).collect()).unwrap()
}

fn drawn(sprite: &Sprite) -> Option<Vec<[u8; 4]>> {
    let scene = scene(vec![Layer::Sprite(sprite.clone())]);
    Some(draw(device()?, spec(SIZE), &scene, &Pictures::new()))
}

fn texel(bitmap: &Bitmap, x: i64, y: i64) -> [f64; 4] {
    let size = bitmap.size();
    let x = x.clamp(0, i64::from(size.width) - 1) as usize;
    let y = y.clamp(0, i64::from(size.height) - 1) as usize;
    let at = (y * size.width as usize + x) * 4;
    [0, 1, 2, 3].map(|channel| f64::from(bitmap.data()[at + channel]) / 255.0)
}

fn expected(sprite: &Sprite, x: f64, y: f64) -> Rgb {
    let outside =
        |clip: &crate::scene::Rect| x < clip.x || y < clip.y || x >= clip.right() || y >= clip.bottom();
    if sprite.clip.as_ref().is_some_and(outside) {
        return CANVAS;
    }
    let rect = sprite.rect;
    let (half_x, half_y) = (rect.width / 2.0, rect.height / 2.0);
    let (dx, dy) = (x - rect.x - half_x, y - rect.y - half_y);
    let (sin, cos) = sprite.rotation.sin_cos();
    // Turning the sprite clockwise on a screen whose y points down is turning the pixel back.
    let (px, py) = (dx * cos + dy * sin, dy * cos - dx * sin);
    let radius = sprite.corner_radius.min(half_x).min(half_y);
    let (qx, qy) = (px.abs() - half_x + radius, py.abs() - half_y + radius);
    let inside = radius - qx.max(0.0).hypot(qy.max(0.0)) - qx.max(qy).min(0.0);
    let coverage = if sprite.feather > 0.0 {
        (inside / sprite.feather).clamp(0.0, 1.0)
    } else {
        f64::from(u8::from(inside > 0.0))
    };
    let size = sprite.bitmap.size();
    let (mut u, mut v) = (px / rect.width + 0.5, py / rect.height + 0.5);
    if sprite.flip[0] {
        u = 1.0 - u;
    }
    if sprite.flip[1] {
        v = 1.0 - v;
    }
    let (tx, ty) = (u * f64::from(size.width) - 0.5, v * f64::from(size.height) - 0.5);
    let (i, j) = (tx.floor(), ty.floor());
    let at = |i: f64, j: f64| texel(&sprite.bitmap, i as i64, j as i64);
    let mix = |a: [f64; 4], b: [f64; 4], t: f64| [0, 1, 2, 3].map(|c| a[c] + (b[c] - a[c]) * t);
    let row = |j: f64| mix(at(i, j), at(i + 1.0, j), tx - i);
    let color = mix(row(j), row(j + 1.0), ty - j);
    let strength = coverage * sprite.opacity;
    [0, 1, 2].map(|c| color[c] * strength + CANVAS[c] * (1.0 - color[3] * strength))
}

fn assert_drawn(sprite: &Sprite, tolerance: f64) -> Result<(), TestCaseError> {
    let Some(found) = drawn(sprite) else {
        return Ok(());
    };
    let at = |index: u64| {
        let x = (index % u64::from(SIZE.width)) as f64 + 0.5;
        let y = (index / u64::from(SIZE.width)) as f64 + 0.5;
        expected(sprite, x, y)
    };
    let expected: Vec<Rgb> = (0..SIZE.area()).map(at).collect();
    let (off, place) = worst(SIZE, &found, &expected);
    prop_assert!(off <= tolerance, "{off:.2} off at {place}: {sprite:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn sprites_lie_where_specified(
        (x, y, width, height) in (-20.0..60.0f64, -20.0..40.0f64, 4.0..50.0f64, 4.0..50.0f64),
        rotation in prop_oneof![Just(0.0), -4.0..4.0f64],
        flip in any::<[bool; 2]>(),
        opacity in 0.05..1.0f64,
        corner_radius in 0.0..30.0f64,
        feather in 0.5..3.0f64,
        clip in prop::option::of((-5.0..20.0f64, -5.0..20.0f64, 5.0..50.0f64, 5.0..40.0f64)),
    ) {
        let sprite = Sprite {
            rotation,
            flip,
            opacity,
            corner_radius,
            feather,
            clip: clip.map(|(x, y, width, height)| rect(x, y, width, height)),
            ..Sprite::new(bitmap(Size::new(12, 9)), rect(x, y, width, height))
        };
        // Bilinear weights have 8 bits, on both axes: half a code value for each way from the darkest texel to the brightest, of colour and of
        // alpha, and rounding.
        assert_drawn(&sprite, 2.25)?;
    }
}

#[test]
fn pixel_by_pixel_every_texel_is_shown_as_it_is() {
    let size = Size::new(33, 21);
    let sprite = Sprite::new(bitmap(size), rect(5.0, 7.0, 33.0, 21.0));
    assert_drawn(&sprite, 0.51).unwrap();
}

#[test]
fn a_mipmapped_one_shows_means_where_it_is_reduced() {
    // Columns of black and white: a reduction without smaller copies would alias.
    let size = Size::new(64, 64);
    let data = (0..size.area()).flat_map(|index| {
        let grey = if index % 2 == 0 { 0 } else { 254 };
        [grey, grey, grey, 255]
    });
    let bitmap = Bitmap::mipmapped(size, data.collect()).unwrap();
    let sprite = Sprite::new(bitmap, rect(8.0, 8.0, 16.0, 16.0));
    let Some(found) = drawn(&sprite) else { return };
    for (x, y) in [(12, 12), (15, 12), (19, 20)] {
        let grey = found[y * SIZE.width as usize + x][0];
        assert!((126..=128).contains(&grey), "({x}, {y}): {grey}");
    }
}
