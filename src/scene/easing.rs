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

/// A cubic-bezier timing curve from (0, 0) to (1, 1) through two control points (cap-look.md, notation).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bezier {
    first: [f64; 2],
    second: [f64; 2],
}

impl Bezier {
    /// B of cap-look.md, notation: scenes and takeovers move by it.
    pub(crate) const SCENE: Self = Self::new([0.42, 0.0], [0.58, 1.0]);

    /// Through these control points. Their x must lie within 0..=1, so that every moment has one value.
    pub(crate) const fn new(first: [f64; 2], second: [f64; 2]) -> Self {
        Self { first, second }
    }

    /// The value at the moment `t`; 0 before 0 and 1 after 1.
    pub(crate) fn at(&self, t: f64) -> f64 {
        if t <= 0.0 {
            return 0.0;
        }
        if t >= 1.0 {
            return 1.0;
        }
        // x(s) never falls, so halving finds the s of t, to the last bit in as many steps as a double has.
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..f64::MANTISSA_DIGITS {
            let middle = f64::midpoint(low, high);
            if self.along(0, middle) < t {
                low = middle;
            } else {
                high = middle;
            }
        }
        self.along(1, f64::midpoint(low, high))
    }

    /// Coordinate `axis` of the curve at its parameter `s`.
    fn along(&self, axis: usize, s: f64) -> f64 {
        let rest = 1.0 - s;
        3.0 * rest * rest * s * self.first[axis] + 3.0 * rest * s * s * self.second[axis] + s * s * s
    }
}

/// 0 at 0, 1 at 1, and past 1 before that: 1 + 2.70158 (e-1)^3 + 1.70158 (e-1)^2 (cap-look.md 11.2).
pub(crate) fn back(e: f64) -> f64 {
    const OVERSHOOT: f64 = 1.70158;
    let left = e - 1.0;
    1.0 + (OVERSHOOT + 1.0) * left.powi(3) + OVERSHOOT * left * left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_ease_in_and_out() {
        // cap-look.md 24
        for (t, value) in [(0.1, 0.0197), (0.25, 0.1292), (0.5, 0.5), (0.75, 0.8708)] {
            let found = Bezier::SCENE.at(t);
            assert!((found - value).abs() < 1e-4, "{t}: {found}");
        }
        assert_eq!((Bezier::SCENE.at(0.0), Bezier::SCENE.at(1.0)), (0.0, 1.0));
        assert_eq!((Bezier::SCENE.at(-3.0), Bezier::SCENE.at(9.0)), (0.0, 1.0));
    }

    #[test]
    fn the_curve_of_the_3d_camera() {
        // cap-look.md 24: E
        let curve = Bezier::new([0.65, 0.0], [0.35, 1.0]);
        for (t, value) in [(0.1, 0.0089), (0.25, 0.0708), (0.5, 0.5)] {
            let found = curve.at(t);
            assert!((found - value).abs() < 1e-4, "{t}: {found}");
        }
    }

    #[test]
    fn back_goes_past_its_aim() {
        assert!(back(0.0).abs() < 1e-12);
        assert_eq!(back(1.0), 1.0);
        assert!((back(0.5) - 1.087_697_5).abs() < 1e-12);
    }

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
