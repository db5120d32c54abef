//! Checks of a segment's pointer events.

use std::borrow::Cow;

use crate::cap::events::{Move, PointerEvents};
use crate::scene::error::{Checks, SceneError};

/// The events in time order, every number finite.
pub(crate) fn checked<'a>(
    events: &'a PointerEvents,
    segment: usize,
    checks: &mut Checks,
) -> Result<Cow<'a, PointerEvents>, SceneError> {
    let problem = |kind, index| SceneError::PointerEvent { segment, kind, index };
    let finite_move = |m: &Move| m.time_ms.is_finite() && m.x.is_finite() && m.y.is_finite();
    if let Some(index) = events.moves.iter().position(|m| !finite_move(m)) {
        return Err(problem("move", index));
    }
    if let Some(index) = events.clicks.iter().position(|click| !click.time_ms.is_finite()) {
        return Err(problem("click", index));
    }
    if events.moves.is_sorted_by_key(|m| m.time_ms) && events.clicks.is_sorted_by_key(|click| click.time_ms) {
        return Ok(Cow::Borrowed(events));
    }
    checks.warnings.push(format!(
        "the pointer events of segment {segment} are not in time order; they were sorted"
    ));
    let mut sorted = events.clone();
    sorted.moves.sort_by(|a, b| a.time_ms.total_cmp(&b.time_ms));
    sorted.clicks.sort_by(|a, b| a.time_ms.total_cmp(&b.time_ms));
    Ok(Cow::Owned(sorted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(times: &[f64]) -> PointerEvents {
        PointerEvents {
            moves: times
                .iter()
                .map(|&time_ms| Move {
                    cursor_id: "0".into(),
                    time_ms,
                    x: 0.5,
                    y: 0.5,
                })
                .collect(),
            clicks: Vec::new(),
        }
    }

    #[test]
    fn events_come_out_sorted_and_finite() {
        let mut checks = Checks::default();
        let tidy = events(&[1.0, 2.0]);
        assert!(matches!(checked(&tidy, 0, &mut checks), Ok(Cow::Borrowed(_))));
        assert!(checks.warnings.is_empty());

        let jumbled = events(&[3.0, 1.0, 2.0]);
        let sorted = checked(&jumbled, 0, &mut checks).unwrap();
        let times: Vec<f64> = sorted.moves.iter().map(|m| m.time_ms).collect();
        assert_eq!(times, [1.0, 2.0, 3.0]);
        assert_eq!(checks.warnings.len(), 1);

        let broken = events(&[1.0, f64::NAN]);
        assert!(checked(&broken, 0, &mut checks).is_err());
    }
}
