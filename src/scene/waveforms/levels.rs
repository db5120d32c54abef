//! How loud a sound track is, band by band, over its time.

/// Bands of frequencies.
pub const BANDS: usize = 32;
/// Moments of a second at which levels are known.
pub const LEVELS_A_SECOND: u32 = 60;

/// Frames that a smoothing of 1 adds to the width of the triangle.
const SMOOTHED: f64 = 6.0;

/// Levels of a sound track of a recording segment, at moments of the segment's source time.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// Number of the first moment; moment n is at n / [`LEVELS_A_SECOND`] s.
    pub first: i64,
    /// From low frequencies to high ones, 0..=65535 for 0..=1.
    pub moments: Vec<[u16; BANDS]>,
}

impl Levels {
    /// Moments before and after a time that its levels may depend on.
    pub const MARGIN: i64 = SMOOTHED as i64 + 1;

    /// Levels at source time `time`, seconds, 0..=1: those of the nearest moment, after smoothing over moments with weights
    /// that fall in a straight line to 0 at 6 x `smoothing` + 1 moments before and after. Where nothing is known it is silent.
    pub fn at(&self, time: f64, smoothing: f64) -> [f64; BANDS] {
        let middle = (time * f64::from(LEVELS_A_SECOND)).round() as i64 - self.first;
        let width = SMOOTHED * smoothing + 1.0;
        let reach = width.ceil() as i64 - 1;
        let (mut sums, mut weights) = ([0.0; BANDS], 0.0);
        for offset in -reach..=reach {
            let weight = 1.0 - offset.abs() as f64 / width;
            weights += weight;
            let moment = usize::try_from(middle.saturating_add(offset));
            let Some(levels) = moment.ok().and_then(|moment| self.moments.get(moment)) else {
                continue;
            };
            for (sum, level) in sums.iter_mut().zip(levels) {
                *sum += weight * f64::from(*level) / f64::from(u16::MAX);
            }
        }
        sums.map(|sum| sum / weights)
    }
}

/// The levels of `count` bars, which share the bands equally: linear between the middles of the two bands around a bar's.
pub(super) fn bars(bands: &[f64; BANDS], count: usize) -> impl Iterator<Item = f64> {
    (0..count).map(move |bar| {
        let position = (bar as f64 + 0.5) / count as f64 * BANDS as f64 - 0.5;
        let position = position.clamp(0.0, (BANDS - 1) as f64);
        let below = position.floor();
        let (low, high) = (below as usize, (below as usize + 1).min(BANDS - 1));
        bands[low] + (bands[high] - bands[low]) * (position - below)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One loud moment, number 100, in all bands.
    fn impulse() -> Levels {
        let mut moments = vec![[0; BANDS]; 21];
        moments[10] = [u16::MAX; BANDS];
        Levels { first: 90, moments }
    }

    #[test]
    fn smoothing_is_a_triangle() {
        let levels = impulse();
        let at = |moment: f64, smoothing| levels.at(moment / 60.0, smoothing)[0];
        assert_eq!((at(100.0, 0.0), at(99.0, 0.0), at(100.4, 0.0)), (1.0, 0.0, 1.0));
        // A width of 4: weights 1, 3/4, 1/2, 1/4 to either side, 4 in all.
        for (offset, share) in [
            (0.0, 0.25),
            (1.0, 0.1875),
            (-2.0, 0.125),
            (3.0, 0.0625),
            (4.0, 0.0),
        ] {
            assert!((at(100.0 + offset, 0.5) - share).abs() < 1e-9, "{offset}");
        }
        assert_eq!(at(0.0, 1.0), 0.0);
        assert_eq!(at(1e12, 1.0), 0.0);
    }

    #[test]
    fn bars_share_the_bands() {
        let bands: [f64; BANDS] = std::array::from_fn(|band| band as f64);
        let same: Vec<f64> = bars(&bands, BANDS).collect();
        assert_eq!(same, bands);
        // Twice as many bars lie a quarter of a band to either side; beyond the outer middles nothing changes.
        let double: Vec<f64> = bars(&bands, 2 * BANDS).collect();
        assert_eq!(double[..4], [0.0, 0.25, 0.75, 1.25]);
        assert_eq!(double[63], 31.0);
        let few: Vec<f64> = bars(&bands, 8).collect();
        assert_eq!(few[..2], [1.5, 5.5]);
    }
}
