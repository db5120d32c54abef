//! Luma as Cap's exporter has it, for `--cap-colors`: cut off to integers instead of rounded (cap-look.md 20.2).
//!
//! Cap's files lie about half a code value below rounded ones. A path that rounds makes the chroma, where Cap's numbers come to
//! the same as rounding; luma is then made again here.

use multiversion::multiversion;

use super::target::{self, Region};
use super::{ConvertError, ConvertSpec, Converter, PixelPath};
use crate::frame::{Nv12Frame, PackedFormat, PackedView};

/// Taken off luma before it is cut off, code values.
///
/// Cap's luma is that of colours before they are rounded to 8 bits, and this program's frames hold 8 bits. Of the pixels of Cap's
/// export of an unscaled recording (696,905 textured ones of one picture) 36 % have the code value of rounding, 80 % that of cutting off
/// with nothing taken off, 91 % with 0.2, 90 % with 0.3 and 63 % with 0.4: the picture's own luma comes back as the next lower code.
const BELOW: f32 = 0.25;
/// Cap's weights of R', G' and B' (0..=1), and its black (cap-look.md 20.2).
const WEIGHTS: [f32; 3] = [65.481, 128.553, 24.966];
const BLACK: f32 = 16.0;

/// Another path's chroma under luma of its own.
pub(super) struct Floored<C> {
    spec: ConvertSpec,
    rounding: C,
}

impl<C: Converter> Floored<C> {
    /// For `spec`, which `rounding` was opened for.
    pub(super) const fn new(spec: ConvertSpec, rounding: C) -> Self {
        Self { spec, rounding }
    }
}

impl<C: Converter> Converter for Floored<C> {
    fn path(&self) -> PixelPath {
        self.rounding.path()
    }

    fn convert_rect(
        &mut self,
        source: PackedView<'_>,
        target: &mut Nv12Frame,
        x: u32,
        y: u32,
    ) -> Result<(), ConvertError> {
        self.rounding.convert_rect(source, target, x, y)?;
        let path = self.path();
        let Some(Region { y, y_stride, .. }) = target::region(path, &self.spec, source, target, x, y)? else {
            return Ok(());
        };
        let [r, g, b] = WEIGHTS.map(|weight| weight / 255.0);
        let weights = match source.format {
            PackedFormat::Rgba => [r, g, b],
            PackedFormat::Bgra => [b, g, r],
        };
        let width = source.size.width as usize;
        for row in 0..source.size.height {
            floor(
                source.row(row),
                weights,
                &mut y[row as usize * y_stride..][..width],
            );
        }
        Ok(())
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn floor(pixels: &[u8], weights: [f32; 3], luma: &mut [u8]) {
    let (pixels, _) = pixels.as_chunks::<4>();
    for (luma, pixel) in luma.iter_mut().zip(pixels) {
        let [first, green, third] = [pixel[0], pixel[1], pixel[2]].map(f32::from);
        // Between 15.75 and 234.75.
        let value = first * weights[0] + green * weights[1] + third * weights[2] + (BLACK - BELOW);
        *luma = (value as i32) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::{Luma, open};
    use crate::frame::{Size, YuvColor};

    /// Cap's numbers for greys of an untouched recording: white of 235 comes out as 234, black stays.
    #[test]
    fn luma_is_cut_off_and_chroma_is_rounded() {
        let pixels = [
            ([255, 255, 255], 234),
            ([250, 250, 250], 230),
            ([247, 247, 247], 227),
            ([204, 204, 204], 190),
            ([1, 1, 1], 16),
            // 16 + 65.481 = 81.481, 16 + 128.553 = 144.553, 16 + 24.966 = 40.966.
            ([255, 0, 0], 81),
            ([0, 255, 0], 144),
            ([0, 0, 255], 40),
        ];
        for path in [PixelPath::Simd, PixelPath::Swscale] {
            for format in [PackedFormat::Rgba, PackedFormat::Bgra] {
                let size = Size::new(pixels.len() as u32, 3);
                let row = pixels.iter().flat_map(|([r, g, b], _)| match format {
                    PackedFormat::Rgba => [*r, *g, *b, 255],
                    PackedFormat::Bgra => [*b, *g, *r, 255],
                });
                let row: Vec<u8> = row.collect();
                let source = PackedView {
                    size,
                    stride: row.len(),
                    format,
                    data: &row.repeat(3),
                };
                let spec = ConvertSpec {
                    size,
                    source: format,
                    color: YuvColor::BT601_LIMITED,
                    luma: Luma::Floored,
                    threads: 1,
                };
                let made = |luma| {
                    let mut target = Nv12Frame::new(size);
                    let mut converter = open(path, &ConvertSpec { luma, ..spec }).unwrap();
                    assert_eq!(converter.path(), path);
                    converter.convert(source, &mut target).unwrap();
                    target
                };
                let (floored, rounded) = (made(Luma::Floored), made(Luma::Rounded));
                for y in 0..3 {
                    let row = &floored.y[y * floored.y_stride..][..pixels.len()];
                    let expected = pixels.map(|(_, luma)| luma);
                    assert_eq!(row, expected, "{path} {format:?}");
                }
                assert_eq!(floored.uv, rounded.uv, "{path} {format:?}");
            }
        }
    }
}
