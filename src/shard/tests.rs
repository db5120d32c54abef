//! Plans of random timelines, frame rates and part counts.

use proptest::prelude::*;

use super::cut;
use crate::time::FrameRate;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Every frame of the output is in one part, parts follow one another and begin where the whole has key frames.
    #[test]
    fn no_frame_is_lost_or_made_twice(
        seconds in prop::collection::vec(0.02..40.0_f64, 1..6),
        fps in 1..=144_u32,
        from in 0.0..1.0_f64,
        parts in 1..40_u32,
    ) {
        let rate = FrameRate::new(fps).unwrap();
        let total = rate.frames_in(seconds.iter().sum());
        let first = ((total as f64 * from) as u64).min(total - 1);
        let interval = u64::from(fps) * 2;
        // Every other clip rests.
        let mut costs = Vec::new();
        for (number, seconds) in seconds.iter().enumerate() {
            let cost = if number % 2 == 0 { 1.0 } else { 0.02 };
            costs.resize(costs.len() + rate.frames_in(*seconds) as usize, cost);
        }
        costs.resize((total - first) as usize, 0.5);
        let ranges = cut(&costs, interval, parts);
        let mut next = first;
        for range in &ranges {
            prop_assert_eq!(first + range.start, next);
            prop_assert_eq!(range.start % interval, 0);
            prop_assert!(range.end > range.start);
            next = first + range.end;
        }
        prop_assert_eq!(next, total);
        prop_assert!(ranges.len() <= parts as usize);
    }
}
