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
    // Divisions by pixel would take longer than the fastest path.
    let bar = |x: usize| BARS[x * BARS.len() / width];
    let bars: Vec<_> = (0..width)
        .map(|x| {
            let [r, g, b] = bar(x);
            [r, g, b, 255]
        })
        .collect();
    let level = |x: usize| (x * 255 / width) as u8;
    let ramp: Vec<_> = (0..width).map(|x| [level(x), 255 - level(x)]).collect();
    for (y, row) in picture.data.chunks_exact_mut(width * 4).enumerate() {
        // Pairs of rows take turns, so that any few pairs of the picture hold all three.
        match (y / 2 + height) % 3 {
            0 => row.copy_from_slice(bars.as_flattened()),
            1 => {
                let across = (y * 255 / height) as u8;
                for (pixel, [down, up]) in row.as_chunks_mut::<4>().0.iter_mut().zip(&ramp) {
                    *pixel = [*down, *up, across, 128];
                }
            }
            _ => noise.fill(row),
        }
    }
    picture
}
