//! Tone mapping: HDR light into the range of an ordinary screen (ITU-R BT.2390, 5.4: the reference electrical-electrical
//! transfer function).

use super::curve::{nits_to_pq, pq_to_nits};

/// HDR reference white, cd/m² (BT.2408): what is white on the screen that is mapped to.
pub(crate) const REFERENCE_WHITE: f64 = 203.0;
/// Peak, cd/m², of pictures that state none, and the highest that is believed: a higher one would press reference white
/// into grey for the sake of highlights that hardly occur.
pub(crate) const DEFAULT_PEAK: f64 = 1000.0;

/// The EETF from a picture whose brightest light is `peak` to a screen whose white is [`REFERENCE_WHITE`], both with black
/// at 0. Light below the knee stays as it is, light above is compressed so that `peak` becomes white.
pub(super) fn map_nits(nits: f64, peak: f64) -> f64 {
    if peak <= REFERENCE_WHITE {
        return nits.clamp(0.0, REFERENCE_WHITE);
    }
    let top = nits_to_pq(peak);
    let code = (nits_to_pq(nits) / top).min(1.0);
    let white = nits_to_pq(REFERENCE_WHITE) / top;
    let knee = 1.5 * white - 0.5;
    if code < knee {
        return nits.max(0.0);
    }
    let t = (code - knee) / (1.0 - knee);
    let (t2, t3) = (t * t, t * t * t);
    let mapped = (2.0 * t3 - 3.0 * t2 + 1.0) * knee
        + (t3 - 2.0 * t2 + t) * (1.0 - knee)
        + (-2.0 * t3 + 3.0 * t2) * white;
    pq_to_nits(mapped * top)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula of BT.2390-10, worked out by hand for a peak of 1000: the knee lies at 0.6585 of the peak's code, so at
    /// 87.8 cd/m², and reference white becomes 159.04 cd/m².
    #[test]
    fn light_below_the_knee_stays_and_the_peak_becomes_white() {
        for nits in [0.0, 1.0, 50.0, 87.0] {
            assert_eq!(map_nits(nits, DEFAULT_PEAK), nits);
        }
        assert!((map_nits(REFERENCE_WHITE, DEFAULT_PEAK) - 159.04).abs() < 0.01);
        for over in [1000.0, 4000.0, 10_000.0] {
            assert!((map_nits(over, DEFAULT_PEAK) - REFERENCE_WHITE).abs() < 1e-6);
        }
        assert_eq!(map_nits(203.0, 203.0), 203.0);
        assert_eq!(map_nits(900.0, 100.0), 203.0);
    }

    #[test]
    fn brighter_stays_brighter() {
        let mapped: Vec<f64> = (0..1000)
            .map(|nits| map_nits(f64::from(nits), DEFAULT_PEAK))
            .collect();
        assert!(mapped.is_sorted_by(|a, b| a < b));
    }
}
