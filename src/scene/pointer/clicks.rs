//! The pointer shrinks while a button is down (cap-look.md 8.4).

use crate::cap::events::Click;
use crate::scene::easing::{lerp, smoothstep};

/// Length of shrinking and growing, ms.
const ANIMATION_MS: f64 = 130.0;
/// Size of a pressed pointer.
const PRESSED: f64 = 0.8;

/// Presses and releases in time order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clicks(Vec<(f64, bool)>);

impl Clicks {
    pub(super) fn new(clicks: &[Click]) -> Self {
        Self(clicks.iter().map(|click| (click.time_ms, click.down)).collect())
    }

    /// Factor of the pointer's size at `now` ms.
    pub(super) fn scale(&self, now: f64) -> f64 {
        let passed = self.0.partition_point(|&(time, _)| time <= now);
        let previous = passed.checked_sub(1).map(|index| self.0[index]);
        let next = self.0.get(passed).copied();
        let released = match (previous, next) {
            (_, Some((time, true))) if time - now <= ANIMATION_MS => {
                smoothstep(0.0, ANIMATION_MS, time - now)
            }
            (_, Some((_, false))) | (Some((_, true)), _) => 0.0,
            (Some((time, false)), _) if now - time <= ANIMATION_MS => {
                smoothstep(0.0, ANIMATION_MS, now - time)
            }
            _ => 1.0,
        };
        lerp(PRESSED, 1.0, released)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinks_before_the_press_and_grows_after_the_release() {
        let clicks = Clicks(vec![(1000.0, true), (1200.0, false)]);
        for (now, scale) in [
            (0.0, 1.0),
            (870.0, 1.0),
            (935.0, 0.9),
            (999.999_999, 0.8),
            (1000.0, 0.8),
            (1100.0, 0.8),
            (1200.0, 0.8),
            (1265.0, 0.9),
            (1330.0, 1.0),
            (5000.0, 1.0),
        ] {
            assert!(
                (clicks.scale(now) - scale).abs() < 1e-9,
                "{now}: {}",
                clicks.scale(now)
            );
        }
    }

    #[test]
    fn unpaired_events() {
        // A release first: pressed since the beginning. A press last: pressed to the end.
        assert_eq!(Clicks(vec![(500.0, false)]).scale(100.0), 0.8);
        assert_eq!(Clicks(vec![(500.0, true)]).scale(9000.0), 0.8);
        assert_eq!(Clicks(Vec::new()).scale(1.0), 1.0);
    }
}
