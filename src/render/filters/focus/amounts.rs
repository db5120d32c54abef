//! How far the blocks of a row are blurred: by a table over the distance from the sharp region (cap-look.md 18.3).

use multiversion::multiversion;

use crate::scene::{FocusBlur, FocusShape};

/// Distances that are told apart, from the edge of the sharp region to where the blur is full.
const DISTANCES: usize = 4096;

/// Kernel by distance: 0, which leaves pixels as they are, below half a pixel, else what `kernel` says of the amount.
pub(super) fn by_distance(blur: &FocusBlur, mut kernel: impl FnMut(f64) -> u16) -> Vec<u16> {
    (0..=DISTANCES)
        .map(|step| {
            let amount = blur.amount_at(blur.ramp() * step as f64 / DISTANCES as f64);
            if amount < 0.5 { 0 } else { kernel(amount) }
        })
        .collect()
}

/// The kernels of the blocks of row `y`, by the distance of their middle from the sharp region. `columns`: the first block's
/// first column, and how many a block has.
#[multiversion(targets("x86_64+avx2"))]
pub(super) fn choose(
    blur: &FocusBlur,
    by_distance: &[u16],
    y: u32,
    columns: (u32, u32),
    kernels: &mut [u16],
) {
    let [width, height] = [blur.size.width, blur.size.height].map(f64::from);
    let (first, block) = (f64::from(columns.0), f64::from(columns.1));
    let y = f64::from(y) + 0.5;
    let steps = DISTANCES as f64 / blur.ramp();
    let pick =
        |distance: f64| by_distance[((distance * steps).max(0.0) + 0.5).min(DISTANCES as f64) as usize];
    let from = |centre: [f64; 2]| {
        let left = (first + block / 2.0 - centre[0] * width) / height;
        (left, 1.0 - y / height - centre[1])
    };
    let step = block / height;
    match blur.shape {
        FocusShape::Radial { centre, size } => {
            let (left, up) = from(centre);
            for (x, kernel) in kernels.iter_mut().enumerate() {
                let across = left + x as f64 * step;
                *kernel = pick((across * across + up * up).sqrt() - size / 2.0);
            }
        }
        FocusShape::TiltShift { centre, size, across } => {
            let (left, up) = from(centre);
            for (x, kernel) in kernels.iter_mut().enumerate() {
                let along = (left + x as f64 * step) * across[0] + up * across[1];
                *kernel = pick((along.abs() - size / 2.0).max(0.0) - size / 2.0);
            }
        }
        FocusShape::Directional { towards, threshold } => {
            let (left, up) = from([0.5, 0.5]);
            for (x, kernel) in kernels.iter_mut().enumerate() {
                let along = (left + x as f64 * step) * towards[0] + up * towards[1];
                *kernel = pick(along - threshold);
            }
        }
    }
}
