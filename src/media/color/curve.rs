//! Transfer functions, by their standards.

/// Display gamma of BT.1886: what BT.709 code values are shown with.
pub(super) const DISPLAY_GAMMA: f64 = 2.4;

// SMPTE ST 2084, 5.
const M1: f64 = 2610.0 / 16384.0;
const M2: f64 = 2523.0 / 4096.0 * 128.0;
const C1: f64 = 3424.0 / 4096.0;
const C2: f64 = 2413.0 / 4096.0 * 32.0;
const C3: f64 = 2392.0 / 4096.0 * 32.0;
/// Luminance of PQ's code 1, cd/m².
const PQ_TOP: f64 = 10_000.0;

/// Light of a PQ code value, 0..=1, in cd/m² (ST 2084, equation 4).
pub(super) fn pq_to_nits(code: f64) -> f64 {
    let root = code.clamp(0.0, 1.0).powf(1.0 / M2);
    PQ_TOP * ((root - C1).max(0.0) / (C2 - C3 * root)).powf(1.0 / M1)
}

/// PQ code value of a light in cd/m² (ST 2084, equation 5).
pub(super) fn nits_to_pq(nits: f64) -> f64 {
    let root = (nits.max(0.0) / PQ_TOP).powf(M1);
    ((C1 + C2 * root) / (1.0 + C3 * root)).powf(M2)
}

/// Scene light, 0..=1, of an HLG code value (BT.2100, table 5: the inverse OETF).
pub(super) fn hlg_to_scene(code: f64) -> f64 {
    const A: f64 = 0.178_832_77;
    let (b, c) = (1.0 - 4.0 * A, 0.5 - A * (4.0 * A).ln());
    let code = code.clamp(0.0, 1.0);
    if code <= 0.5 {
        code * code / 3.0
    } else {
        (((code - c) / A).exp() + b) / 12.0
    }
}

/// A function on 0..=1 as a table, read by linear interpolation.
pub(super) struct Table(Vec<f32>);

impl Table {
    /// Steps of a table.
    const STEPS: usize = 4096;

    pub(super) fn new(function: impl Fn(f64) -> f64) -> Self {
        let value = |step: usize| function(step as f64 / Self::STEPS as f64) as f32;
        Self((0..=Self::STEPS).map(value).collect())
    }

    /// The value at `x`; outside 0..=1 that of the nearer end.
    pub(super) fn at(&self, x: f32) -> f32 {
        // NaN counts as 0.
        let x = if x > 0.0 { x.min(1.0) } else { 0.0 } * Self::STEPS as f32;
        let step = (x as usize).min(Self::STEPS - 1);
        let (from, to) = (self.0[step], self.0[step + 1]);
        from + (to - from) * (x - step as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of BT.2408, table 1 (HDR reference white), and of the definitions.
    #[test]
    fn the_standards_own_numbers_come_out() {
        for (nits, code) in [
            (0.0, 0.0),
            (100.0, 0.508),
            (203.0, 0.581),
            (1000.0, 0.752),
            (10_000.0, 1.0),
        ] {
            assert!(
                (nits_to_pq(nits) - code).abs() < 0.0005,
                "{nits}: {}",
                nits_to_pq(nits)
            );
            assert!((nits_to_pq(pq_to_nits(code)) - code).abs() < 1e-6);
        }
        assert!((hlg_to_scene(0.5) - 1.0 / 12.0).abs() < 1e-12);
        assert!((hlg_to_scene(1.0) - 1.0).abs() < 1e-6);
        // 75 % of HLG is reference white: 203 cd/m² on a display of 1000 with the system gamma 1.2.
        let shown = 1000.0 * hlg_to_scene(0.75).powf(1.2);
        assert!((shown - 203.0).abs() < 1.0, "{shown}");
    }

    #[test]
    fn a_table_holds_its_function() {
        let table = Table::new(f64::sqrt);
        assert!((table.at(0.25) - 0.5).abs() < 1e-4);
        assert_eq!((table.at(-1.0), table.at(2.0)), (0.0, 1.0));
        assert_eq!(table.at(f32::NAN), 0.0);
    }
}
