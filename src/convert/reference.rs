//! The measure of every path: R'G'B' to Y'CbCr in double precision, straight from the standards' definitions.
//!
//! ITU-R BT.709-6 3 and BT.601-7 2.5 define E'Y = Kr R + (1 - Kr - Kb) G + Kb B, E'Cb = (B - E'Y) / 2 (1 - Kb) and
//! E'Cr = (R - E'Y) / 2 (1 - Kr), quantised for 8 bits as 16 + 219 E'Y and 128 + 224 E'C. Values are rounded to the
//! nearest integer, halves up. Chroma is computed from the mean of the pixels of a 2x2 block that exist.

use super::ConvertError;
use super::target::{self, Region};
use super::{ConvertSpec, Luma, PixelPath};
use crate::frame::{Nv12Frame, PackedFormat, PackedView, Size, YuvColor, YuvRange};

/// Y', Cb and Cr of R', G', B' (each 0..=255), not rounded.
pub fn ycbcr(color: YuvColor, [r, g, b]: [f64; 3]) -> [f64; 3] {
    let (kr, kb) = color.matrix.luma_weights();
    let luma = (kr * r + (1.0 - kr - kb) * g + kb * b) / 255.0;
    let cb = (b / 255.0 - luma) / (2.0 * (1.0 - kb));
    let cr = (r / 255.0 - luma) / (2.0 * (1.0 - kr));
    match color.range {
        YuvRange::Limited => [16.0 + 219.0 * luma, 128.0 + 224.0 * cb, 128.0 + 224.0 * cr],
        YuvRange::Full => [255.0 * luma, 128.0 + 255.0 * cb, 128.0 + 255.0 * cr],
    }
}

/// Converts `source` into a new NV12 picture.
///
/// # Errors
/// [`ConvertError::Geometry`] when the source's buffer is shorter than its size and stride demand.
pub fn convert(source: PackedView<'_>, color: YuvColor) -> Result<Nv12Frame, ConvertError> {
    let mut target = Nv12Frame::new(source.size);
    let spec = ConvertSpec {
        size: source.size,
        source: source.format,
        color,
        luma: Luma::Rounded,
        threads: 1,
    };
    // The reference has no path of its own; the last resort's name stands for it in an error.
    if let Some(mut region) = target::region(PixelPath::Swscale, &spec, source, &mut target, 0, 0)? {
        for pair in 0..source.size.height.div_ceil(2) {
            convert_pair(source, color, pair, &mut region);
        }
    }
    Ok(target)
}

/// Converts rows `2 * pair` and, where it exists, `2 * pair + 1` into the same rows of `region`.
fn convert_pair(source: PackedView<'_>, color: YuvColor, pair: u32, region: &mut Region<'_>) {
    let rows = (2 * pair)..(2 * pair + 2).min(source.size.height);
    let chroma_start = pair as usize * region.uv_stride;
    for block in 0..source.size.chroma_420().width {
        let mut sum = [0.0; 3];
        let mut count = 0.0;
        for y in rows.clone() {
            let row = source.row(y);
            for x in (2 * block)..(2 * block + 2).min(source.size.width) {
                let rgb = pixel(source.format, row, x as usize);
                region.y[y as usize * region.y_stride + x as usize] = quantise(ycbcr(color, rgb)[0]);
                for (total, value) in sum.iter_mut().zip(rgb) {
                    *total += value;
                }
                count += 1.0;
            }
        }
        let [_, cb, cr] = ycbcr(color, sum.map(|total| total / count));
        let at = chroma_start + block as usize * 2;
        region.uv[at] = quantise(cb);
        region.uv[at + 1] = quantise(cr);
    }
}

/// R', G', B' of pixel `x` of `row`.
fn pixel(format: PackedFormat, row: &[u8], x: usize) -> [f64; 3] {
    let [first, green, third] = [row[4 * x], row[4 * x + 1], row[4 * x + 2]].map(f64::from);
    match format {
        PackedFormat::Rgba => [first, green, third],
        PackedFormat::Bgra => [third, green, first],
    }
}

fn quantise(value: f64) -> u8 {
    // A saturating cast: full-range chroma reaches 255.5.
    (value + 0.5).floor() as u8
}

/// Largest deviation between two pictures, in 8-bit code values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deviation {
    /// In Y'.
    pub luma: u8,
    /// In Cb and Cr.
    pub chroma: u8,
}

/// How far `found` lies from `expected`; both have the same size, row padding is not looked at.
///
/// # Panics
/// When the sizes differ.
pub fn deviation(expected: &Nv12Frame, found: &Nv12Frame) -> Deviation {
    assert_eq!(
        expected.size, found.size,
        "pictures of different sizes do not compare"
    );
    let chroma = expected.size.chroma_420();
    let luma_row = expected.size.width as usize;
    let chroma_row = chroma.width as usize * 2;
    let mut worst = Deviation::default();
    for (a, b) in expected
        .y
        .chunks(expected.y_stride)
        .zip(found.y.chunks(found.y_stride))
    {
        worst.luma = worst.luma.max(largest_difference(&a[..luma_row], &b[..luma_row]));
    }
    for (a, b) in expected
        .uv
        .chunks(expected.uv_stride)
        .zip(found.uv.chunks(found.uv_stride))
    {
        worst.chroma = worst
            .chroma
            .max(largest_difference(&a[..chroma_row], &b[..chroma_row]));
    }
    worst
}

/// How far `found` lies from the reference's conversion of `source`, looking at no more than about `pixels` pixels:
/// pairs of rows spread over the height, the last one among them.
///
/// # Errors
/// As [`convert`].
///
/// # Panics
/// When the sizes differ.
pub fn deviation_from(
    source: PackedView<'_>,
    color: YuvColor,
    found: &Nv12Frame,
    pixels: u64,
) -> Result<Deviation, ConvertError> {
    assert_eq!(
        source.size, found.size,
        "pictures of different sizes do not compare"
    );
    let pairs = source.size.height.div_ceil(2);
    let affordable = pixels / (2 * u64::from(source.size.width.max(1)));
    let step = u64::from(pairs).div_ceil(affordable.max(1)).max(1);
    let chroma_row = source.size.chroma_420().width as usize * 2;
    let mut worst = Deviation::default();
    for pair in (0..pairs)
        .rev()
        .step_by(usize::try_from(step).unwrap_or(usize::MAX))
    {
        let first = 2 * pair;
        let rows = PackedView {
            size: Size::new(source.size.width, (source.size.height - first).min(2)),
            data: source
                .data
                .get(first as usize * source.stride..)
                .unwrap_or_default(),
            ..source
        };
        let expected = convert(rows, color)?;
        for row in 0..rows.size.height as usize {
            let a = &expected.y[row * expected.y_stride..][..source.size.width as usize];
            let b = &found.y[(first as usize + row) * found.y_stride..][..source.size.width as usize];
            worst.luma = worst.luma.max(largest_difference(a, b));
        }
        let found = &found.uv[pair as usize * found.uv_stride..][..chroma_row];
        worst.chroma = worst
            .chroma
            .max(largest_difference(&expected.uv[..chroma_row], found));
    }
    Ok(worst)
}

fn largest_difference(a: &[u8], b: &[u8]) -> u8 {
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::PackedFrame;

    fn rounded(color: YuvColor, rgb: [f64; 3]) -> [u8; 3] {
        ycbcr(color, rgb).map(quantise)
    }

    /// The code values of the 100 % colour bars: EBU Tech 3325 / ITU-R BT.2111 tables for 8-bit BT.709 and BT.601.
    #[test]
    fn colour_bars_have_their_published_code_values() {
        let bt709 = YuvColor::BT709_LIMITED;
        assert_eq!(rounded(bt709, [255.0, 255.0, 255.0]), [235, 128, 128]);
        assert_eq!(rounded(bt709, [255.0, 255.0, 0.0]), [219, 16, 138]);
        assert_eq!(rounded(bt709, [0.0, 255.0, 255.0]), [188, 154, 16]);
        assert_eq!(rounded(bt709, [0.0, 255.0, 0.0]), [173, 42, 26]);
        assert_eq!(rounded(bt709, [255.0, 0.0, 255.0]), [78, 214, 230]);
        assert_eq!(rounded(bt709, [255.0, 0.0, 0.0]), [63, 102, 240]);
        assert_eq!(rounded(bt709, [0.0, 0.0, 255.0]), [32, 240, 118]);
        assert_eq!(rounded(bt709, [0.0, 0.0, 0.0]), [16, 128, 128]);
        let bt601 = YuvColor::BT601_LIMITED;
        assert_eq!(rounded(bt601, [255.0, 0.0, 0.0]), [81, 90, 240]);
        assert_eq!(rounded(bt601, [0.0, 255.0, 0.0]), [145, 54, 34]);
        assert_eq!(rounded(bt601, [0.0, 0.0, 255.0]), [41, 240, 110]);
    }

    /// cap-look.md 20.2 writes BT.601 limited out as numbers; they are the standard's, to its three decimals.
    #[test]
    fn bt601_is_the_matrix_of_caps_output() {
        for rgb in [[12.0, 200.0, 77.0], [255.0, 0.0, 128.0], [51.0, 153.0, 230.0]] {
            let [r, g, b] = rgb.map(|v| v / 255.0);
            let cap = [
                16.0 + 65.481 * r + 128.553 * g + 24.966 * b,
                128.0 - 37.797 * r - 74.203 * g + 112.0 * b,
                128.0 + 112.0 * r - 93.786 * g - 18.214 * b,
            ];
            for (ours, theirs) in ycbcr(YuvColor::BT601_LIMITED, rgb).into_iter().zip(cap) {
                assert!((ours - theirs).abs() < 2e-3, "{ours} against {theirs}");
            }
        }
    }

    #[test]
    fn a_block_over_the_edge_averages_the_pixels_that_exist() {
        let mut picture = PackedFrame::new(Size::new(3, 3), PackedFormat::Rgba);
        picture.data.fill(255);
        // The corner pixel alone is blue: the only pixel of its block.
        picture.data[8 * 4..][..3].copy_from_slice(&[0, 0, 255]);
        let nv12 = convert(picture.view(), YuvColor::BT709_LIMITED).unwrap();
        assert_eq!(&nv12.uv[..4], &[128; 4]);
        assert_eq!(&nv12.uv[nv12.uv_stride..][..4], &[128, 128, 240, 118]);
        assert_eq!(&nv12.y[2 * nv12.y_stride..][..3], &[235, 235, 32]);
    }

    #[test]
    fn byte_order_matters_and_alpha_does_not() {
        let mut picture = PackedFrame::new(Size::new(2, 2), PackedFormat::Bgra);
        for pixel in picture.data.as_chunks_mut::<4>().0 {
            *pixel = [0, 0, 255, 7];
        }
        let nv12 = convert(picture.view(), YuvColor::BT709_LIMITED).unwrap();
        assert_eq!((nv12.y[0], nv12.uv[0], nv12.uv[1]), (63, 102, 240));
    }
}
