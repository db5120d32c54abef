//! Frames side by side for the eye: as rendered, as encoded, and what differs, eight times enlarged in value.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use yuv::{YuvBiPlanarImage, YuvConversionMode, YuvRange, YuvStandardMatrix, yuv_nv12_to_rgb};

use super::error::BenchError;
use super::quality::Pair;
use crate::frame::Nv12Frame;

/// Width of a picture on the sheet, pixels.
const WIDTH: u32 = 480;
/// Space around pictures, pixels.
const GAP: u32 = 8;
/// How much differences are enlarged.
const GAIN: u8 = 8;
/// Colour of the sheet.
const PAPER: Rgb<u8> = Rgb([32, 32, 32]);

/// Draws a row for every pair: rendered, encoded, difference. `None` when there is no pair.
///
/// # Errors
/// When a picture can't be converted.
pub fn draw(pairs: &[Pair]) -> Result<Option<RgbImage>, BenchError> {
    let Some(first) = pairs.first() else {
        return Ok(None);
    };
    let size = first.rendered.size;
    let height = (u64::from(WIDTH) * u64::from(size.height) / u64::from(size.width.max(1))).max(1) as u32;
    let rows = pairs.len() as u32;
    let mut sheet = RgbImage::from_pixel(3 * (WIDTH + GAP) + GAP, rows * (height + GAP) + GAP, PAPER);
    for (row, pair) in (0..rows).zip(pairs) {
        let (rendered, encoded) = (to_rgb(&pair.rendered)?, to_rgb(&pair.encoded)?);
        let pictures = [&rendered, &encoded, &difference(&rendered, &encoded)];
        for (column, picture) in (0..3).zip(pictures) {
            let small = imageops::resize(picture, WIDTH, height, FilterType::Triangle);
            let (x, y) = (GAP + column * (WIDTH + GAP), GAP + row * (height + GAP));
            imageops::replace(&mut sheet, &small, i64::from(x), i64::from(y));
        }
    }
    Ok(Some(sheet))
}

fn difference(a: &RgbImage, b: &RgbImage) -> RgbImage {
    RgbImage::from_fn(a.width(), a.height(), |x, y| {
        let (p, q) = (a.get_pixel(x, y).0, b.get_pixel(x, y).0);
        Rgb(std::array::from_fn(|channel| {
            p[channel].abs_diff(q[channel]).saturating_mul(GAIN)
        }))
    })
}

fn to_rgb(frame: &Nv12Frame) -> Result<RgbImage, BenchError> {
    let (width, height) = (frame.size.width, frame.size.height);
    let source = YuvBiPlanarImage {
        y_plane: &frame.y,
        y_stride: frame.y_stride as u32,
        uv_plane: &frame.uv,
        uv_stride: frame.uv_stride as u32,
        width,
        height,
    };
    let mut picture = RgbImage::new(width, height);
    let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt709);
    yuv_nv12_to_rgb(
        &source,
        &mut picture,
        width * 3,
        range,
        matrix,
        YuvConversionMode::Balanced,
    )
    .map_err(|error| BenchError::Output {
        reason: format!("a picture can't be shown: {error}"),
    })?;
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Size;

    fn gray(size: Size, level: u8) -> Nv12Frame {
        let mut frame = Nv12Frame::new(size);
        frame.y.fill(level);
        frame.uv.fill(128);
        frame
    }

    #[test]
    fn rows_hold_rendered_encoded_and_the_difference() {
        let size = Size::new(960, 480);
        // Levels 125 and 129 are 127 and 131 or 132 in full range (255/219 per step): 4.66 apart.
        let pair = Pair {
            frame: 0,
            rendered: gray(size, 125),
            encoded: gray(size, 129),
        };
        let sheet = draw(&[pair.clone(), pair]).unwrap().unwrap();
        assert_eq!(sheet.dimensions(), (3 * 488 + 8, 2 * 248 + 8));
        let middle = |column: u32| sheet.get_pixel(8 + column * 488 + 240, 8 + 120).0[1];
        assert!(
            middle(0).abs_diff(127) <= 1 && middle(1).abs_diff(132) <= 1,
            "{} {}",
            middle(0),
            middle(1)
        );
        assert!((32..=48).contains(&middle(2)), "{}", middle(2));
        assert_eq!(sheet.get_pixel(0, 0), &PAPER);
        assert!(draw(&[]).unwrap().is_none());
    }
}
