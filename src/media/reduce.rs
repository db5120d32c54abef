//! Reduces a still image. The filter and its numbers are those of `image::imageops::resize`, which needs sixteen bytes for each
//! pixel of a picture as wide as the image and as high as the result; here it is a row at a time.

use image::{DynamicImage, GenericImageView, RgbaImage};

use crate::frame::Size;

/// The size of an image that is reduced so that no side exceeds `side`, the ratio kept.
pub(super) fn reduced_size(size: Size, side: u32) -> Size {
    let longest = size.width.max(size.height);
    if longest <= side {
        return size;
    }
    let factor = f64::from(side) / f64::from(longest);
    let shrink = |side: u32| ((f64::from(side) * factor).round() as u32).max(1);
    Size::new(shrink(size.width), shrink(size.height))
}

/// Reduces `image` to `size` (triangle filter: bilinear, widened as it reduces).
pub(super) fn reduce(image: &DynamicImage, size: Size) -> RgbaImage {
    let (columns, rows) = (
        Taps::all(image.width(), size.width),
        Taps::all(image.height(), size.height),
    );
    let mut reduced = RgbaImage::new(size.width, size.height);
    let mut row = vec![[0.0; 4]; image.width() as usize];
    let mut sum = row.clone();
    let out_rows = reduced
        .as_flat_samples_mut()
        .samples
        .chunks_exact_mut(size.width as usize * 4);
    for (taps, out) in rows.iter().zip(out_rows) {
        sum.fill([0.0; 4]);
        for (&weight, y) in taps.weights.iter().zip(taps.first..) {
            read_row(image, y, &mut row);
            for (sum, pixel) in sum.iter_mut().zip(&row) {
                add(sum, pixel, weight);
            }
        }
        for (taps, out) in columns.iter().zip(out.chunks_exact_mut(4)) {
            let mut pixel = [0.0; 4];
            for (&weight, column) in taps.weights.iter().zip(&sum[taps.first as usize..]) {
                add(&mut pixel, column, weight);
            }
            for (out, value) in out.iter_mut().zip(pixel) {
                *out = value.round().clamp(0.0, 255.0) as u8;
            }
        }
    }
    reduced
}

fn add(sum: &mut [f32; 4], pixel: &[f32; 4], weight: f32) {
    for (sum, value) in sum.iter_mut().zip(pixel) {
        *sum += value * weight;
    }
}

/// The input pixels along one side that make one output pixel.
struct Taps {
    first: u32,
    weights: Vec<f32>,
}

impl Taps {
    fn all(from: u32, to: u32) -> Vec<Self> {
        let ratio = from as f32 / to as f32;
        let support = ratio.max(1.0);
        (0..to)
            .map(|at| {
                let centre = (at as f32 + 0.5) * ratio;
                let first = ((centre - support).floor() as i64).clamp(0, i64::from(from) - 1) as u32;
                let end =
                    ((centre + support).ceil() as i64).clamp(i64::from(first) + 1, i64::from(from)) as u32;
                let weight = |pixel: u32| (1.0 - ((pixel as f32 - (centre - 0.5)) / support).abs()).max(0.0);
                let sum: f32 = (first..end).map(weight).sum();
                Self {
                    first,
                    weights: (first..end).map(|pixel| weight(pixel) / sum).collect(),
                }
            })
            .collect()
    }
}

fn read_row(image: &DynamicImage, y: u32, row: &mut [[f32; 4]]) {
    let start = y as usize * row.len();
    match image {
        DynamicImage::ImageRgba8(image) => {
            let pixels = image.as_raw()[start * 4..].chunks_exact(4);
            for (into, pixel) in row.iter_mut().zip(pixels) {
                *into = [pixel[0], pixel[1], pixel[2], pixel[3]].map(f32::from);
            }
        }
        DynamicImage::ImageRgb8(image) => {
            let pixels = image.as_raw()[start * 3..].chunks_exact(3);
            for (into, pixel) in row.iter_mut().zip(pixels) {
                *into = [pixel[0], pixel[1], pixel[2], 255].map(f32::from);
            }
        }
        other => {
            for (into, x) in row.iter_mut().zip(0..) {
                *into = other.get_pixel(x, y).0.map(f32::from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::imageops::FilterType;
    use image::{GrayImage, Luma, Rgb, RgbImage, Rgba};

    #[test]
    fn it_is_the_filter_of_the_image_library() {
        let value = |x: u32, y: u32, k: u32| (x * 7 + y * 13 * k + x * y * k) as u8;
        let (width, height) = (301, 170);
        let images = [
            DynamicImage::from(RgbaImage::from_fn(width, height, |x, y| {
                Rgba([value(x, y, 1), value(x, y, 2), value(x, y, 3), value(x, y, 5)])
            })),
            DynamicImage::from(RgbImage::from_fn(width, height, |x, y| {
                Rgb([value(x, y, 1), value(x, y, 2), value(x, y, 3)])
            })),
            DynamicImage::from(GrayImage::from_fn(width, height, |x, y| Luma([value(x, y, 1)]))),
        ];
        for image in images {
            for side in [1, 7, 100, 150, 299] {
                let size = reduced_size(Size::new(width, height), side);
                let expected = image.resize(side, side, FilterType::Triangle).into_rgba8();
                assert_eq!((size.width, size.height), expected.dimensions(), "{side}");
                let ours = reduce(&image, size);
                let pairs = ours.as_raw().iter().zip(expected.as_raw());
                let worst = pairs.map(|(a, b)| a.abs_diff(*b)).max();
                assert!(worst <= Some(1), "{side}: {worst:?}");
            }
        }
    }

    #[test]
    fn an_image_that_fits_keeps_its_size() {
        assert_eq!(reduced_size(Size::new(2560, 2), 2560), Size::new(2560, 2));
        assert_eq!(reduced_size(Size::new(32768, 1), 2560), Size::new(2560, 1));
        assert_eq!(reduced_size(Size::new(2, 32768), 2560), Size::new(1, 2560));
    }
}
