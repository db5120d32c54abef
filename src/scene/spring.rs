//! Damped spring in closed form (cap-look.md 6.5), evaluated at a fixed step.

use super::error::{SceneError, finite, setting};

/// Constants of a spring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SpringConstants {
    /// Pull towards the target, above 0.
    pub(crate) tension: f64,
    /// Inertia, at least 0.001.
    pub(crate) mass: f64,
    /// Damping, at least 0.
    pub(crate) friction: f64,
}

impl SpringConstants {
    /// Largest accepted constant; keeps every intermediate of the closed form finite.
    const MAX: f64 = 1e6;

    /// Checks constants read from a file; `keys` are the paths of tension, mass and friction.
    ///
    /// # Errors
    /// When no spring can have them.
    pub(crate) fn checked(
        tension: f64,
        mass: f64,
        friction: f64,
        keys: [&str; 3],
    ) -> Result<Self, SceneError> {
        if !(tension > 0.0 && tension <= Self::MAX) {
            return Err(setting(keys[0], tension, "must be above 0 and at most 1000000"));
        }
        if !(0.0..=Self::MAX).contains(&friction) {
            return Err(setting(keys[2], friction, "must lie in 0..=1000000"));
        }
        if finite(keys[1], mass)? > Self::MAX {
            return Err(setting(keys[1], mass, "must be at most 1000000"));
        }
        Ok(Self {
            tension,
            mass: mass.max(0.001),
            friction,
        })
    }
}

/// A point that follows a target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Motion {
    pub(crate) position: [f64; 2],
    pub(crate) velocity: [f64; 2],
}

impl Motion {
    /// At rest at `position`.
    pub(crate) const fn resting(position: [f64; 2]) -> Self {
        Self {
            position,
            velocity: [0.0; 2],
        }
    }

    /// Whether a spring would leave it where it is.
    pub(crate) fn rests_on(&self, target: [f64; 2]) -> bool {
        self.position == target && self.velocity == [0.0; 2]
    }
}

/// One step of a spring. The closed form is linear in displacement and velocity, so a step is a 2x2 matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SpringStep {
    /// Displacement after the step from displacement and velocity before.
    displacement: [f64; 2],
    /// Velocity after the step from displacement and velocity before.
    velocity: [f64; 2],
}

impl SpringStep {
    /// The step of `t` seconds.
    pub(crate) fn new(constants: SpringConstants, t: f64) -> Self {
        let SpringConstants {
            tension,
            mass,
            friction,
        } = constants;
        let omega = (tension / mass).sqrt();
        let zeta = friction / (2.0 * (tension * mass).sqrt());
        if zeta < 0.99 {
            let damped = omega * (1.0 - zeta * zeta).sqrt();
            let (sin, cos) = (damped * t).sin_cos();
            let decay = (-zeta * omega * t).exp();
            let lean = zeta * omega / damped * sin;
            Self {
                displacement: [decay * (cos + lean), decay * sin / damped],
                velocity: [-decay * omega * omega / damped * sin, decay * (cos - lean)],
            }
        } else if zeta > 1.01 {
            let root = (zeta * zeta - 1.0).sqrt();
            // -omega (zeta - root) without its cancellation: the roots' product is omega squared.
            let s2 = -omega * (zeta + root);
            let s1 = omega * omega / s2;
            let (e1, e2, apart) = ((s1 * t).exp(), (s2 * t).exp(), s1 - s2);
            Self {
                displacement: [(s1 * e2 - s2 * e1) / apart, (e1 - e2) / apart],
                velocity: [s1 * s2 * (e2 - e1) / apart, (s1 * e1 - s2 * e2) / apart],
            }
        } else {
            let decay = (-omega * t).exp();
            Self {
                displacement: [decay * (1.0 + omega * t), decay * t],
                velocity: [-decay * omega * omega * t, decay * (1.0 - omega * t)],
            }
        }
    }

    /// Advances `motion` towards `target`. Close to it and slow, it snaps: resting values stay bit for bit the same.
    pub(crate) fn advance(&self, motion: &mut Motion, target: [f64; 2]) {
        let mut displacement = [0.0; 2];
        for axis in 0..2 {
            let (x, v) = (motion.position[axis] - target[axis], motion.velocity[axis]);
            displacement[axis] = self.displacement[0] * x + self.displacement[1] * v;
            motion.velocity[axis] = self.velocity[0] * x + self.velocity[1] * v;
            motion.position[axis] = target[axis] + displacement[axis];
        }
        let length = |v: [f64; 2]| v[0].hypot(v[1]);
        if length(displacement) < 1e-5 && length(motion.velocity) < 1e-4 {
            *motion = Motion::resting(target);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn response(tension: f64, mass: f64, friction: f64, dt: f64, until: f64) -> f64 {
        let step = SpringStep::new(
            SpringConstants {
                tension,
                mass,
                friction,
            },
            dt,
        );
        let mut motion = Motion::resting([1.0, 0.0]);
        for _ in 0..(until / dt).round() as u32 {
            step.advance(&mut motion, [2.0, 1.0]);
        }
        assert!((motion.position[0] - 1.0 - motion.position[1]).abs() < 1e-12);
        motion.position[0]
    }

    #[test]
    fn default_zoom_spring_follows_the_reference_response() {
        // cap-look.md 6.3
        for (time, amount) in [
            (0.1, 1.250),
            (0.2, 1.582),
            (0.3, 1.800),
            (0.4, 1.914),
            (0.5, 1.967),
            (0.8, 1.999),
        ] {
            assert!((response(200.0, 2.25, 40.0, 0.004, time) - amount).abs() < 1e-3);
        }
    }

    #[test]
    fn each_regime_solves_the_equation_of_motion() {
        // m x'' + c x' + k x = 0 by small Euler steps, from x = -1 at rest.
        for (tension, mass, friction) in [
            (200.0, 2.25, 40.0),
            (100.0, 1.0, 20.0),
            (80.0, 1.0, 60.0),
            (50.0, 1.0, 0.5),
        ] {
            let (mut x, mut v) = (-1.0, 0.0);
            let h = 1e-6;
            for _ in 0..300_000 {
                v += h * (-tension * x - friction * v) / mass;
                x += h * v;
            }
            let solved = response(tension, mass, friction, 0.01, 0.3) - 2.0;
            assert!(
                (solved - x).abs() < 1e-4,
                "{tension} {mass} {friction}: {solved} {x}"
            );
        }
    }

    #[test]
    fn rest_is_exact() {
        let step = SpringStep::new(
            SpringConstants {
                tension: 200.0,
                mass: 2.25,
                friction: 40.0,
            },
            0.008,
        );
        let mut motion = Motion::resting([0.0, 0.0]);
        for _ in 0..400 {
            step.advance(&mut motion, [0.1, 0.7]);
        }
        assert!(motion.rests_on([0.1, 0.7]));
    }

    #[test]
    fn impossible_constants_are_refused() {
        let keys = ["t", "m", "f"];
        assert!(SpringConstants::checked(0.0, 1.0, 1.0, keys).is_err());
        assert!(SpringConstants::checked(f64::NAN, 1.0, 1.0, keys).is_err());
        assert!(SpringConstants::checked(1.0, f64::INFINITY, 1.0, keys).is_err());
        assert!(SpringConstants::checked(1.0, 1.0, -1.0, keys).is_err());
        assert_eq!(
            SpringConstants::checked(1.0, -4.0, 1.0, keys).unwrap().mass,
            0.001
        );
    }

    proptest! {
        #[test]
        fn no_constants_make_it_explode(
            tension in 1e-6..1e6f64, mass in 0.001..1e6f64, friction in 0.0..1e6f64, dt in 0.001..0.1f64,
        ) {
            let step = SpringStep::new(SpringConstants { tension, mass, friction }, dt);
            let mut motion = Motion::resting([0.0, 1.0]);
            for _ in 0..200 {
                step.advance(&mut motion, [1.0, 0.0]);
                prop_assert!(motion.position.iter().all(|p| (-1.01..=2.01).contains(p)));
            }
        }
    }
}
