//! How alike two luma planes are: PSNR and SSIM.

use crate::frame::{PlaneView, Size};

/// Side of the blocks that SSIM is taken over, pixels.
const BLOCK: usize = 8;

/// Largest PSNR that is reported, dB: equal pictures have none.
pub const EQUAL_DB: f64 = 100.0;

/// A luma plane with its size.
#[derive(Clone, Copy, Debug)]
pub struct Luma<'a> {
    /// Pixels.
    pub size: Size,
    /// Rows of 8-bit samples.
    pub plane: PlaneView<'a>,
}

impl Luma<'_> {
    fn row(&self, y: usize) -> &[u8] {
        let start = y * self.plane.stride;
        &self.plane.data[start..start + self.size.width as usize]
    }
}

/// Peak signal-to-noise ratio in dB (peak 255), at most [`EQUAL_DB`]; `None` when the sizes differ.
pub fn psnr(a: Luma<'_>, b: Luma<'_>) -> Option<f64> {
    if a.size != b.size || a.size.area() == 0 {
        return None;
    }
    let squared = |y: usize| -> u64 {
        a.row(y)
            .iter()
            .zip(b.row(y))
            .map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2))
            .sum()
    };
    let sum: u64 = (0..a.size.height as usize).map(squared).sum();
    let mean = sum as f64 / a.size.area() as f64;
    Some(if mean == 0.0 {
        EQUAL_DB
    } else {
        (10.0 * (255.0 * 255.0 / mean).log10()).min(EQUAL_DB)
    })
}

/// Tiles that [`ssim_by_tile`] divides a picture into, columns and rows.
pub const TILES: (usize, usize) = (16, 9);

/// The SSIM of a picture and of the tile that is least alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alike {
    /// Of the whole picture, as [`ssim`] has it.
    pub ssim: f64,
    /// Of the least alike of [`TILES`]: the mean of the blocks whose middles lie in it.
    pub lowest_tile: f64,
    /// Column and row of that tile, from 0.
    pub tile: (usize, usize),
}

/// [`ssim`] with that of the least alike tile; `None` when the sizes differ or no block fits. A tile too small for a block is
/// not judged.
pub fn ssim_by_tile(a: Luma<'_>, b: Luma<'_>) -> Option<Alike> {
    let (columns, rows) = (a.size.width as usize / BLOCK, a.size.height as usize / BLOCK);
    if a.size != b.size || columns * rows == 0 {
        return None;
    }
    let tile_at = |block: usize, side: u32, tiles: usize| (block * BLOCK + BLOCK / 2) * tiles / side as usize;
    let mut tiles = vec![(0.0, 0u32); TILES.0 * TILES.1];
    for row in 0..rows {
        for column in 0..columns {
            let at = tile_at(row, a.size.height, TILES.1) * TILES.0 + tile_at(column, a.size.width, TILES.0);
            let (sum, blocks) = &mut tiles[at];
            *sum += block_ssim(&a, &b, column * BLOCK, row * BLOCK);
            *blocks += 1;
        }
    }
    let total: f64 = tiles.iter().map(|(sum, _)| sum).sum();
    let judged = tiles.iter().enumerate().filter(|(_, (_, blocks))| *blocks > 0);
    let means = judged.map(|(at, (sum, blocks))| (at, sum / f64::from(*blocks)));
    let (at, lowest_tile) = means.min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Alike {
        ssim: total / (columns * rows) as f64,
        lowest_tile,
        tile: (at % TILES.0, at / TILES.0),
    })
}

/// Mean structural similarity over whole blocks of 8x8 pixels, uniformly weighted, with K1 0.01, K2 0.03 and L 255
/// (Wang et al. 2004, equation 13); `None` when the sizes differ or no block fits.
pub fn ssim(a: Luma<'_>, b: Luma<'_>) -> Option<f64> {
    let (columns, rows) = (a.size.width as usize / BLOCK, a.size.height as usize / BLOCK);
    if a.size != b.size || columns * rows == 0 {
        return None;
    }
    let mut total = 0.0;
    for row in 0..rows {
        for column in 0..columns {
            total += block_ssim(&a, &b, column * BLOCK, row * BLOCK);
        }
    }
    Some(total / (columns * rows) as f64)
}

fn block_ssim(a: &Luma<'_>, b: &Luma<'_>, x: usize, y: usize) -> f64 {
    let (mut sum_a, mut sum_b, mut sum_aa, mut sum_bb, mut sum_ab) = (0u32, 0u32, 0u32, 0u32, 0u32);
    for row in y..y + BLOCK {
        for (&p, &q) in a.row(row)[x..x + BLOCK].iter().zip(&b.row(row)[x..x + BLOCK]) {
            let (p, q) = (u32::from(p), u32::from(q));
            sum_a += p;
            sum_b += q;
            sum_aa += p * p;
            sum_bb += q * q;
            sum_ab += p * q;
        }
    }
    let n = (BLOCK * BLOCK) as f64;
    let (mean_a, mean_b) = (f64::from(sum_a) / n, f64::from(sum_b) / n);
    let unbiased = n / (n - 1.0);
    let variance_a = (f64::from(sum_aa) / n - mean_a * mean_a) * unbiased;
    let variance_b = (f64::from(sum_bb) / n - mean_b * mean_b) * unbiased;
    let covariance = (f64::from(sum_ab) / n - mean_a * mean_b) * unbiased;
    let (c1, c2) = ((0.01 * 255.0f64).powi(2), (0.03 * 255.0f64).powi(2));
    ((2.0 * mean_a * mean_b + c1) * (2.0 * covariance + c2))
        / ((mean_a * mean_a + mean_b * mean_b + c1) * (variance_a + variance_b + c2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luma(data: &[u8], width: u32, stride: usize) -> Luma<'_> {
        let height = (data.len() / stride) as u32;
        Luma {
            size: Size::new(width, height),
            plane: PlaneView { data, stride },
        }
    }

    #[test]
    fn equal_pictures() {
        let data: Vec<u8> = (0..20 * 16).map(|i| (i * 7 % 251) as u8).collect();
        let a = luma(&data, 17, 20);
        assert_eq!(psnr(a, a), Some(EQUAL_DB));
        assert!((ssim(a, a).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn one_code_value_everywhere_is_48_db() {
        // 20 log10(255 / 1) = 48.13
        let (a, b) = (vec![100; 256], vec![101; 256]);
        assert!((psnr(luma(&a, 16, 16), luma(&b, 16, 16)).unwrap() - 48.1308).abs() < 1e-3);
    }

    #[test]
    fn flat_blocks_compare_by_luminance_alone() {
        // Without variance SSIM is (2ab + c1) / (a^2 + b^2 + c1), c1 = 6.5025: a 100, b 50 give 0.800104.
        let (a, b) = (vec![100; 64], vec![50; 64]);
        let expected = (2.0 * 100.0 * 50.0 + 6.5025) / (100.0 * 100.0 + 50.0 * 50.0 + 6.5025);
        assert!((ssim(luma(&a, 8, 8), luma(&b, 8, 8)).unwrap() - expected).abs() < 1e-12);
    }

    #[test]
    fn inverted_structure_is_negative() {
        let a: Vec<u8> = (0..64).map(|i| if i % 2 == 0 { 0 } else { 255 }).collect();
        let b: Vec<u8> = a.iter().map(|v| 255 - v).collect();
        assert!(ssim(luma(&a, 8, 8), luma(&b, 8, 8)).unwrap() < -0.9);
    }

    #[test]
    fn a_fault_in_one_tile_is_found_there() {
        // 320x180: tiles of 20x20 pixels. The block at (160, 96) has its middle at (164, 100): column 8, row 5.
        let mut data: Vec<u8> = (0..320 * 180).map(|i| (i * 31 % 200) as u8).collect();
        let whole = data.clone();
        for y in 96..104 {
            for x in 160..168 {
                data[y * 320 + x] = 255 - data[y * 320 + x];
            }
        }
        let alike = ssim_by_tile(luma(&whole, 320, 320), luma(&data, 320, 320)).unwrap();
        assert_eq!(alike.tile, (8, 5));
        assert!(alike.ssim > 0.99 && alike.lowest_tile < 0.8, "{alike:?}");
        assert!((alike.ssim - ssim(luma(&whole, 320, 320), luma(&data, 320, 320)).unwrap()).abs() < 1e-12);
    }

    #[test]
    fn pictures_of_one_block_have_one_tile() {
        let data = vec![7; 64];
        let alike = ssim_by_tile(luma(&data, 8, 8), luma(&data, 8, 8)).unwrap();
        assert_eq!((alike.tile, alike.lowest_tile), ((8, 4), 1.0));
    }

    #[test]
    fn other_sizes_are_not_compared() {
        let (a, b) = (vec![0; 64], vec![0; 128]);
        assert_eq!(
            (
                psnr(luma(&a, 8, 8), luma(&b, 8, 8)),
                ssim(luma(&a, 8, 8), luma(&b, 8, 8))
            ),
            (None, None)
        );
    }
}
