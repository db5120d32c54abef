//! Removes jitter and redundant moves ahead of the simulation (cap-look.md 8.2 a, b).

use super::Sighting;

/// Shake: back and forth within this many ms …
const SHAKE_MS: f64 = 100.0;
/// … by less than this much each way, UV.
const SHAKE_UV: f64 = 0.015;
/// Decimation: at least this many ms apart …
const APART_MS: f64 = 16.0;
/// … and at least this far, UV.
const APART_UV: f64 = 1.0 / 1920.0;

fn between(from: &Sighting, to: &Sighting) -> [f64; 2] {
    [to.uv[0] - from.uv[0], to.uv[1] - from.uv[1]]
}

fn length(v: [f64; 2]) -> f64 {
    v[0].hypot(v[1])
}

/// Drops moves that only go back and forth.
pub(super) fn without_shake(moves: &[Sighting]) -> Vec<Sighting> {
    let [first, .., last] = moves else {
        return moves.to_vec();
    };
    let mut kept = vec![*first];
    let mut previous = *first;
    for window in moves.windows(3) {
        let (current, next) = (window[1], window[2]);
        let (arrival, departure) = (between(&previous, &current), between(&current, &next));
        let shakes = previous.shape == current.shape
            && current.shape == next.shape
            && next.time_ms - previous.time_ms <= SHAKE_MS
            && arrival[0] * departure[0] + arrival[1] * departure[1] < 0.0
            && length(arrival) < SHAKE_UV
            && length(departure) < SHAKE_UV;
        if !shakes {
            kept.push(current);
            previous = current;
        }
    }
    kept.push(*last);
    kept
}

/// Thins moves out to about 60 a second, keeping every change of shape.
pub(super) fn decimated(moves: &[Sighting]) -> Vec<Sighting> {
    let [first, middle @ .., last] = moves else {
        return moves.to_vec();
    };
    let mut kept = vec![*first];
    let mut previous = *first;
    for m in middle {
        let redundant = m.time_ms - previous.time_ms < APART_MS || length(between(&previous, m)) < APART_UV;
        if m.shape != previous.shape || !redundant {
            kept.push(*m);
            previous = *m;
        }
    }
    kept.push(*last);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(list: &[(f64, f64, u32)]) -> Vec<Sighting> {
        list.iter()
            .map(|&(time_ms, x, shape)| Sighting {
                time_ms,
                uv: [x, 0.5],
                shape,
            })
            .collect()
    }

    fn times(moves: &[Sighting]) -> Vec<f64> {
        moves.iter().map(|m| m.time_ms).collect()
    }

    #[test]
    fn small_quick_reversals_are_dropped() {
        let shaken = moves(&[
            (0.0, 0.5, 0),
            (16.0, 0.51, 0),
            (32.0, 0.5, 0),
            (48.0, 0.51, 0),
            (64.0, 0.6, 0),
        ]);
        // 16 goes back at 32; from 0 again, 32 has no displacement and stays; 48 moves on to 0.6.
        assert_eq!(times(&without_shake(&shaken)), [0.0, 32.0, 48.0, 64.0]);
    }

    #[test]
    fn large_slow_or_reshaped_reversals_stay() {
        let large = moves(&[(0.0, 0.5, 0), (16.0, 0.52, 0), (32.0, 0.5, 0)]);
        assert_eq!(without_shake(&large).len(), 3);
        let slow = moves(&[(0.0, 0.5, 0), (60.0, 0.51, 0), (101.0, 0.5, 0)]);
        assert_eq!(without_shake(&slow).len(), 3);
        let reshaped = moves(&[(0.0, 0.5, 0), (16.0, 0.51, 1), (32.0, 0.5, 0)]);
        assert_eq!(without_shake(&reshaped).len(), 3);
        let short = moves(&[(0.0, 0.5, 0), (16.0, 0.51, 0)]);
        assert_eq!(without_shake(&short), short);
    }

    #[test]
    fn decimation_keeps_ends_shapes_and_distance() {
        let dense = moves(&[
            (0.0, 0.1, 0),
            (8.0, 0.2, 0),
            (16.0, 0.3, 0),
            (20.0, 0.3, 1),
            (40.0, 0.3001, 1),
            (41.0, 0.3002, 1),
        ]);
        assert_eq!(times(&decimated(&dense)), [0.0, 16.0, 20.0, 41.0]);
        assert_eq!(decimated(&dense[..1]), dense[..1]);
        assert!(decimated(&[]).is_empty());
    }
}
