//! A value that moves from keyframe to keyframe (cap-look.md 18.1).

use crate::cap::config::EasedKeyframe;
use crate::scene::easing::{Bezier, lerp};
use crate::scene::error::{Checks, SceneError, finite};

/// Handle of the curve that leaves a keyframe which names none.
const OUT: [f64; 2] = [0.65, 0.0];
/// Handle of the curve that arrives at a keyframe which names none.
const IN: [f64; 2] = [0.35, 1.0];

/// One property of the 3D camera over the time of its segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Track {
    /// In the order of their times.
    keys: Vec<Key>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Key {
    time: f64,
    value: f64,
    leaving: [f64; 2],
    arriving: [f64; 2],
}

impl Track {
    /// Reads the keyframes at `path` in the configuration. Those out of order are put in order; of two at one time the later
    /// one in the list counts from then on.
    pub(super) fn new(keys: &[EasedKeyframe], path: &str, checks: &mut Checks) -> Result<Self, SceneError> {
        let mut read = Vec::with_capacity(keys.len());
        for (index, key) in keys.iter().enumerate() {
            let at = |name: &str| format!("{path}[{index}].{name}");
            let mut handle = |name: &str, handle: Option<[f64; 2]>, default: [f64; 2]| match handle {
                None => Ok(default),
                Some([x, y]) => Ok([
                    checks.clamp(&at(&format!("{name}[0]")), x, 0.0..=1.0)?,
                    checks.clamp(&at(&format!("{name}[1]")), y, -100.0..=100.0)?,
                ]),
            };
            let leaving = handle("outEasing", key.out_easing, OUT)?;
            let arriving = handle("inEasing", key.in_easing, IN)?;
            read.push(Key {
                time: finite(&at("time"), key.time)?,
                // Where a plane is out of sight, and beyond every limit of the blur.
                value: checks.clamp(&at("value"), key.value, -1e4..=1e4)?,
                leaving,
                arriving,
            });
        }
        read.sort_by(|a, b| a.time.total_cmp(&b.time));
        Ok(Self { keys: read })
    }

    /// The value `time` seconds after the segment's start; `base` where there are no keyframes.
    pub(super) fn at(&self, time: f64, base: f64) -> f64 {
        let next = self.keys.partition_point(|key| key.time <= time);
        match (
            next.checked_sub(1).map(|left| self.keys[left]),
            self.keys.get(next),
        ) {
            (None, None) => base,
            (None, Some(only)) => only.value,
            (Some(last), None) => last.value,
            (Some(left), Some(right)) => {
                let along = (time - left.time) / (right.time - left.time);
                let eased = Bezier::new(left.leaving, right.arriving).at(along);
                lerp(left.value, right.value, eased)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(time: f64, value: f64) -> EasedKeyframe {
        EasedKeyframe {
            time,
            value,
            out_easing: None,
            in_easing: None,
        }
    }

    fn track(keys: &[EasedKeyframe]) -> Track {
        Track::new(keys, "tilt", &mut Checks::default()).unwrap()
    }

    #[test]
    fn an_empty_track_leaves_the_property_alone() {
        assert_eq!(track(&[]).at(3.0, 7.5), 7.5);
    }

    #[test]
    fn values_hold_outside_and_ease_between() {
        let track = track(&[key(1.0, 10.0), key(2.0, 20.0), key(4.0, 0.0)]);
        assert_eq!(
            (track.at(-5.0, 1.0), track.at(1.0, 1.0), track.at(9.0, 1.0)),
            (10.0, 10.0, 0.0)
        );
        // cap-look.md 24: E of 0.1, 0.25 and 0.5.
        for (time, value) in [
            (1.1, 10.089),
            (1.25, 10.708),
            (1.5, 15.0),
            (2.0, 20.0),
            (3.0, 10.0),
            (2.5, 18.584),
        ] {
            let found = track.at(time, 1.0);
            assert!((found - value).abs() < 2e-3, "{time}: {found}");
        }
    }

    /// The curve takes its first handle from the keyframe on the left, its second from the one on the right. With handles on
    /// the diagonal it is a straight line.
    #[test]
    fn handles_belong_to_their_keyframes() {
        let mut keys = [key(0.0, 0.0), key(1.0, 1.0)];
        keys[0].out_easing = Some([1.0 / 3.0, 1.0 / 3.0]);
        keys[1].in_easing = Some([2.0 / 3.0, 2.0 / 3.0]);
        keys[0].in_easing = Some([0.9, 0.1]);
        keys[1].out_easing = Some([0.9, 0.1]);
        let track = track(&keys);
        for time in [0.1, 0.37, 0.8] {
            assert!((track.at(time, 9.0) - time).abs() < 1e-9);
        }
    }

    #[test]
    fn keyframes_out_of_order_are_put_in_order() {
        let sorted = track(&[key(0.0, 1.0), key(1.0, 2.0), key(2.0, 5.0)]);
        let mixed = track(&[key(2.0, 5.0), key(0.0, 1.0), key(1.0, 2.0)]);
        assert_eq!(sorted, mixed);
        let jump = track(&[key(0.0, 1.0), key(1.0, 2.0), key(1.0, 7.0)]);
        assert_eq!(jump.at(1.0, 0.0), 7.0);
    }

    #[test]
    fn what_is_no_number_is_refused_and_handles_stay_within_the_curve() {
        let mut checks = Checks::default();
        assert!(Track::new(&[key(f64::NAN, 0.0)], "tilt", &mut checks).is_err());
        assert!(Track::new(&[key(0.0, f64::INFINITY)], "tilt", &mut checks).is_err());
        let mut wild = key(0.0, 0.0);
        wild.out_easing = Some([3.0, 0.0]);
        Track::new(&[wild], "tilt", &mut checks).unwrap();
        assert_eq!(checks.warnings.len(), 1);
    }
}
