//! Fades a resting pointer out (cap-look.md 8.5).

use crate::cap::events::Move;
use crate::scene::easing::smoothstep;

/// Length of a fade, ms.
const FADE_MS: f64 = 400.0;
/// Full opacity this many ms ahead of a move.
const AHEAD_MS: f64 = 250.0;

/// Times at which the pointer moves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IdleFade {
    delay_ms: f64,
    moves: Vec<f64>,
    /// Moves that followed a rest longer than the delay.
    wakes: Vec<f64>,
}

impl IdleFade {
    pub(super) fn new(moves: &[Move], delay_ms: f64) -> Self {
        let moves: Vec<f64> = moves.iter().map(|m| m.time_ms).collect();
        let wakes = moves
            .windows(2)
            .filter(|w| w[1] - w[0] > delay_ms)
            .map(|w| w[1])
            .collect();
        Self {
            delay_ms,
            moves,
            wakes,
        }
    }

    /// Opacity at `now` ms.
    pub(super) fn opacity(&self, now: f64) -> f64 {
        let passed = self.moves.partition_point(|&time| time <= now);
        let Some(last) = passed.checked_sub(1).map(|index| self.moves[index]) else {
            return 1.0;
        };
        if self.moves.get(passed).is_some_and(|next| next - now <= AHEAD_MS) {
            return 1.0;
        }
        let resting = now - last;
        let fade_out = if resting > self.delay_ms {
            1.0 - smoothstep(0.0, FADE_MS, resting - self.delay_ms)
        } else {
            1.0
        };
        let woken = self.wakes.partition_point(|&time| time <= now);
        let fade_in = woken
            .checked_sub(1)
            .map_or(1.0, |index| smoothstep(0.0, FADE_MS, now - self.wakes[index]));
        fade_in * fade_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fades_after_the_delay_and_back_before_the_next_move() {
        let fade = IdleFade {
            delay_ms: 2000.0,
            moves: vec![1000.0, 9000.0],
            wakes: vec![9000.0],
        };
        for (now, opacity) in [
            (0.0, 1.0),
            (1000.0, 1.0),
            (3000.0, 1.0),
            (3200.0, 0.5),
            (3400.0, 0.0),
            (8700.0, 0.0),
            (8750.0, 1.0),
            (9200.0, 0.5),
            (9400.0, 1.0),
            (11_200.0, 0.5),
            (20_000.0, 0.0),
        ] {
            assert!(
                (fade.opacity(now) - opacity).abs() < 1e-9,
                "{now}: {}",
                fade.opacity(now)
            );
        }
    }

    #[test]
    fn wakes_are_moves_after_a_rest() {
        let moves: Vec<Move> = [0.0, 100.0, 3000.0, 5000.0]
            .into_iter()
            .map(|time_ms| Move {
                cursor_id: "0".into(),
                time_ms,
                x: 0.0,
                y: 0.0,
            })
            .collect();
        assert_eq!(IdleFade::new(&moves, 2000.0).wakes, [3000.0]);
    }
}
