//! The picture that paths are judged on.

use crate::frame::{PackedFormat, PackedFrame, Size};

/// Saturated bars, a smooth ramp and noise by turns: extremes of the matrix, every level, and chroma
/// that differs within each 2x2 block. The same on every run.
pub(super) fn paint(size: Size, format: PackedFormat) -> PackedFrame {
    const BARS: [[u8; 3]; 8] = [
        [255, 255, 255],
        [255, 255, 0],
        [0, 255, 255],
        [0, 255, 0],
        [255, 0, 255],
        [255, 0, 0],
        [0, 0, 255],
        [0, 0, 0],
    ];
    let mut picture = PackedFrame::new(size, format);
    let mut noise = fastrand::Rng::with_seed(0x00CA_951A);
    let (width, height) = (size.width.max(1) as usize, size.height as usize);
    for (y, row) in picture.data.chunks_exact_mut(width * 4).enumerate() {
        // Pairs of rows take turns, so that any few pairs of the picture hold all three.
        match (y / 2 + height) % 3 {
            0 => {
                for (x, pixel) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                    let [r, g, b] = BARS[x * BARS.len() / width];
                    *pixel = [r, g, b, 255];
                }
            }
            1 => {
                for (x, pixel) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                    let level = (x * 255 / width) as u8;
                    *pixel = [level, 255 - level, (y * 255 / height) as u8, 128];
                }
            }
            _ => noise.fill(row),
        }
    }
    picture
}
