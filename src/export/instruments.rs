//! What is done to an export beside its work.

use std::path::PathBuf;
use std::time::Instant;

/// What is done to an export beside its work. By default nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instruments {
    /// File for a trace of the stages.
    pub trace: Option<PathBuf>,
    /// Part of its time for which the export then keeps a processor busy before it ends: 0.1 is a build that is 10 % slower.
    /// It exists to test whether such a build is found out (scripts/check-verdicts.sh). Delays within the stages would not do:
    /// what one thread loses others make up for, by an amount that differs from machine to machine.
    pub slow_down: f64,
}

impl Instruments {
    /// Slows down what `begun` so long ago.
    pub(super) fn slow_down(&self, begun: Instant) {
        let until = Instant::now() + begun.elapsed().mul_f64(self.slow_down);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_delay_is_a_part_of_the_time_so_far() {
        let begun = Instant::now();
        std::thread::sleep(Duration::from_millis(40));
        let took = begun.elapsed().as_secs_f64();
        let instruments = Instruments {
            slow_down: 0.5,
            ..Instruments::default()
        };
        instruments.slow_down(begun);
        assert!(begun.elapsed().as_secs_f64() >= took * 1.5);
        let before = Instant::now();
        Instruments::default().slow_down(begun);
        assert!(before.elapsed() < Duration::from_millis(10), "none by default");
    }
}
