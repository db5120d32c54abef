//! A gaussian blur of coverage, at a cost that does not grow with its width.

/// A plane of coverage.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Plane {
    /// Columns.
    pub(super) width: usize,
    /// Rows.
    pub(super) height: usize,
    /// Row by row without padding.
    pub(super) pixels: Vec<u8>,
}

/// Radii, in whole pixels, of the three running means whose result is close to a gaussian of standard deviation `sigma`.
pub(super) fn radii(sigma: f32) -> [usize; 3] {
    // Three boxes of widths w have the variance 3 (w^2 - 1) / 12; two odd widths next to each other meet it best.
    let ideal = (4.0 * sigma * sigma + 1.0).sqrt();
    let mut low = ideal.floor() as usize;
    low -= usize::from(low.is_multiple_of(2));
    let wide = low + 2;
    let (n, low_squared) = (3.0, (low * low) as f32);
    let narrow =
        (12.0 * sigma * sigma - n * low_squared - 4.0 * n * low as f32 - 3.0 * n) / (-4.0 * low as f32 - 4.0);
    let narrow = narrow.round().clamp(0.0, 3.0) as usize;
    std::array::from_fn(|index| if index < narrow { low / 2 } else { wide / 2 })
}

/// How far `blur` spreads, pixels.
pub(super) fn reach(sigma: f32) -> usize {
    radii(sigma).iter().sum()
}

impl Plane {
    /// Blurs by a standard deviation of `sigma` pixels. What lies outside counts as empty.
    pub(super) fn blur(&mut self, sigma: f32) {
        let mut line = Vec::new();
        for radius in radii(sigma) {
            if radius == 0 {
                continue;
            }
            for row in self.pixels.chunks_exact_mut(self.width.max(1)) {
                line.clear();
                line.extend_from_slice(row);
                running_mean(&line, radius, |index, mean| row[index] = mean);
            }
            for column in 0..self.width {
                line.clear();
                line.extend(self.pixels.iter().skip(column).step_by(self.width));
                let (width, pixels) = (self.width, &mut self.pixels);
                running_mean(&line, radius, |index, mean| pixels[index * width + column] = mean);
            }
        }
    }
}

/// Mean of the `2 radius + 1` values around each.
fn running_mean(line: &[u8], radius: usize, mut put: impl FnMut(usize, u8)) {
    let count = 2 * radius as u64 + 1;
    let at = |index: usize| line.get(index).copied().map_or(0, u64::from);
    let mut sum: u64 = (0..radius).map(at).sum();
    for index in 0..line.len() {
        sum += at(index + radius);
        put(index, ((sum + count / 2) / count) as u8);
        if index >= radius {
            sum -= at(index - radius);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_radii_have_the_variance_of_the_gaussian() {
        for sigma in [1.0f32, 2.0, 5.0, 20.0, 100.0] {
            let variance: f32 = radii(sigma)
                .iter()
                .map(|&radius| {
                    let width = (2 * radius + 1) as f32;
                    (width * width - 1.0) / 12.0
                })
                .sum();
            let off = (variance.sqrt() - sigma).abs();
            assert!(off < 0.2 + 0.02 * sigma, "{sigma}: {}", variance.sqrt());
        }
        assert_eq!(radii(0.0), [0, 0, 0]);
        assert_eq!(radii(0.5), [0, 0, 0], "the smallest box is already wider");
    }

    #[test]
    fn a_bar_fades_like_the_error_function() {
        // The edge of a half plane under a gaussian of 6 px: 0.5 at the edge, 0.8413 one sigma inside, 0.9772 two.
        let mut plane = Plane {
            width: 200,
            height: 120,
            pixels: (0..200 * 120)
                .map(|at| if at % 200 >= 100 { 255 } else { 0 })
                .collect(),
        };
        plane.blur(6.0);
        let row = &plane.pixels[60 * 200..61 * 200];
        for (sigmas, share) in [
            (-2.0, 0.0228),
            (-1.0, 0.1587),
            (0.0, 0.5),
            (1.0, 0.8413),
            (2.0, 0.9772),
        ] {
            let at = 100.0 + 6.0 * sigmas;
            let value = f32::from(row[at as usize] / 2 + row[at as usize - 1] / 2);
            assert!((value / 255.0 - share).abs() < 0.02, "{sigmas}: {value}");
        }
        assert!(row[..100 - reach(6.0)].iter().all(|&value| value == 0));
    }
}
