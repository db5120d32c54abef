//! Easing curves.

/// Smoothstep S(e0, e1, v): 0 at `e0`, 1 at `e1`, which may lie below `e0` (cap-look.md, notation).
pub(crate) fn smoothstep(e0: f64, e1: f64, v: f64) -> f64 {
    let u = ((v - e0) / (e1 - e0)).clamp(0.0, 1.0);
    u * u * (3.0 - 2.0 * u)
}

/// `a` at 0, `b` at 1; exactly `a` when both are equal.
pub(crate) fn lerp(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothstep_runs_both_ways() {
        assert_eq!(smoothstep(0.0, 130.0, -5.0), 0.0);
        assert_eq!(smoothstep(0.0, 130.0, 65.0), 0.5);
        assert_eq!(smoothstep(0.0, 1.0, 0.25), 0.15625);
        assert_eq!(smoothstep(0.0, 1.0, 7.0), 1.0);
        assert_eq!(smoothstep(1.0, 0.0, 0.25), 0.84375);
    }

    #[test]
    fn lerp_between_equals_is_exact() {
        assert_eq!(lerp(0.1, 0.1, 0.3), 0.1);
        assert_eq!(lerp(1.0, 2.0, 0.25), 1.25);
    }
}
