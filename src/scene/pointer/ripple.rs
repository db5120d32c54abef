//! Rings that spread from presses: `cursor.ripple` (cap-additions.md).

use crate::cap::config;
use crate::cap::events::Click;
use crate::scene::error::{Checks, SceneError};

/// Most rings at once.
const MOST: usize = 6;
/// Radius of a ring at size 1, pointer heights.
const HEIGHTS: f64 = 1.25;

/// Ripple settings with checked numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RippleRules {
    /// R, G, B, 0..=1.
    pub(crate) color: [f64; 3],
    /// 0..=1.
    pub(crate) strength: f64,
    /// Largest radius, pointer heights.
    pub(crate) radius: f64,
    duration_ms: f64,
}

/// A ring at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RippleState {
    /// Position of the press among the clicks.
    pub(crate) index: usize,
    /// Event time of the press, ms.
    pub(crate) pressed_ms: f64,
    /// t: 0 at the press, towards 1 at the end.
    pub(crate) age: f64,
}

impl RippleRules {
    /// Reads `config`; `None` where ripples are off or can't be seen.
    ///
    /// # Errors
    /// When a number is not finite.
    pub(crate) fn new(config: &config::Ripple, checks: &mut Checks) -> Result<Option<Self>, SceneError> {
        if !config.enabled {
            return Ok(None);
        }
        let rules = Self {
            color: config.color.map(|channel| f64::from(channel.min(255)) / 255.0),
            strength: checks.clamp("cursor.ripple.strength", config.strength, 0.0..=1.0)?,
            radius: HEIGHTS * checks.clamp("cursor.ripple.size", config.size, 0.25..=3.0)?,
            duration_ms: 1000.0 * checks.clamp("cursor.ripple.duration", config.duration, 0.2..=1.5)?,
        };
        Ok((rules.strength > 0.0).then_some(rules))
    }

    /// The rings of `clicks` (sorted by time) at event time `now_ms`, the oldest first.
    pub(crate) fn at<'a>(
        &self,
        clicks: &'a [Click],
        now_ms: f64,
    ) -> impl Iterator<Item = RippleState> + use<'a> {
        let duration = self.duration_ms;
        let first = clicks.partition_point(|click| click.time_ms <= now_ms - duration);
        let end = clicks.partition_point(|click| click.time_ms <= now_ms);
        let first = first.min(end);
        let presses = (first..).zip(&clicks[first..end]).filter(|(_, click)| click.down);
        let skipped = presses.clone().count().saturating_sub(MOST);
        presses.skip(skipped).map(move |(index, click)| RippleState {
            index,
            pressed_ms: click.time_ms,
            age: (now_ms - click.time_ms) / duration,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::fixtures::clicks;

    fn rules(size: f64, duration: f64) -> RippleRules {
        let config = config::Ripple {
            enabled: true,
            size,
            duration,
            ..config::Ripple::default()
        };
        RippleRules::new(&config, &mut Checks::default())
            .unwrap()
            .unwrap()
    }

    fn ages(rules: &RippleRules, list: &[(f64, bool)], now: f64) -> Vec<(f64, f64)> {
        rules
            .at(&clicks(list), now)
            .map(|ring| (ring.pressed_ms, ring.age))
            .collect()
    }

    #[test]
    fn presses_ring_for_their_time() {
        let rules = rules(2.0, 0.5);
        assert_eq!(rules.radius, 2.5);
        let list = [(1000.0, true), (1100.0, false), (1250.0, true), (1300.0, false)];
        assert_eq!(ages(&rules, &list, 999.0), []);
        assert_eq!(ages(&rules, &list, 1000.0), [(1000.0, 0.0)]);
        assert_eq!(ages(&rules, &list, 1250.0), [(1000.0, 0.5), (1250.0, 0.0)]);
        assert_eq!(ages(&rules, &list, 1500.0), [(1250.0, 0.5)]);
        assert_eq!(ages(&rules, &list, 1750.0), []);
    }

    #[test]
    fn the_last_six_count() {
        let many: Vec<(f64, bool)> = (0..9).map(|n| (10.0 * f64::from(n), true)).collect();
        let shown = ages(&rules(1.0, 1.0), &many, 80.0);
        assert_eq!(shown.len(), 6);
        assert_eq!((shown[0].0, shown[5].0), (30.0, 80.0));
    }

    #[test]
    fn numbers_are_kept_in_range() {
        let mut checks = Checks::default();
        let mut config = config::Ripple {
            enabled: true,
            size: 99.0,
            duration: 0.0,
            color: [71, 999, 255],
            ..config::Ripple::default()
        };
        let rules = RippleRules::new(&config, &mut checks).unwrap().unwrap();
        assert_eq!(
            (rules.radius, rules.duration_ms, rules.color[1]),
            (3.75, 200.0, 1.0)
        );
        assert_eq!(checks.warnings.len(), 2);
        config.strength = f64::NAN;
        assert!(RippleRules::new(&config, &mut checks).is_err());
        config.enabled = false;
        assert_eq!(RippleRules::new(&config, &mut checks).unwrap(), None);
    }
}
