//! Where an export is cut.

use std::ops::Range;

/// Cuts `costs.len()` frames into at most `parts` runs of about equal cost. Every run begins at a multiple of `interval` frames,
/// so that key frames lie where they lie in the whole. Fewer runs come out when there are fewer such places.
pub fn cut(costs: &[f64], interval: u64, parts: u32) -> Vec<Range<u64>> {
    let interval = usize::try_from(interval).unwrap_or(usize::MAX).max(1);
    // What all frames of one block cost; what is no number costs nothing.
    let blocks: Vec<f64> = costs
        .chunks(interval)
        .map(|block| block.iter().filter(|cost| cost.is_finite() && **cost > 0.0).sum())
        .collect();
    let parts = blocks.len().min(parts.max(1) as usize);
    if parts == 0 {
        return Vec::new();
    }
    let total: f64 = blocks.iter().sum();
    let mut before = vec![0.0];
    for block in &blocks {
        before.push(before[before.len() - 1] + block);
    }
    // Borders in blocks: each where the cost before it is nearest to its share, one block at least from the one before, and as
    // many blocks from the end as there are parts to come.
    let mut borders = vec![0];
    for part in 1..parts {
        let share = total * part as f64 / parts as f64;
        let behind = before.partition_point(|cost| *cost < share);
        let nearest = match behind.checked_sub(1) {
            Some(earlier)
                if share - before[earlier] < before.get(behind).copied().unwrap_or(f64::MAX) - share =>
            {
                earlier
            }
            _ => behind,
        };
        let earliest = borders[borders.len() - 1] + 1;
        borders.push(nearest.clamp(earliest, blocks.len() - (parts - part)));
    }
    borders.push(blocks.len());
    let frame = |block: usize| (block.saturating_mul(interval)).min(costs.len()) as u64;
    borders
        .windows(2)
        .map(|pair| frame(pair[0])..frame(pair[1]))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_costs_make_equal_parts() {
        assert_eq!(cut(&[1.0; 480], 120, 4), [0..120, 120..240, 240..360, 360..480]);
        assert_eq!(cut(&[1.0; 480], 120, 2), [0..240, 240..480]);
        assert_eq!(
            cut(&[1.0; 481], 120, 1).as_slice(),
            std::slice::from_ref(&(0..481))
        );
    }

    #[test]
    fn short_exports_make_fewer_parts() {
        assert_eq!(cut(&[1.0; 300], 120, 16), [0..120, 120..240, 240..300]);
        assert_eq!(cut(&[1.0; 1], 120, 16).as_slice(), std::slice::from_ref(&(0..1)));
        assert!(cut(&[], 120, 16).is_empty());
    }

    #[test]
    fn still_stretches_are_cheap() {
        // Ten blocks that rest, then two that move.
        let costs: Vec<f64> = (0..1200).map(|n| if n < 1000 { 0.01 } else { 1.0 }).collect();
        let parts = cut(&costs, 100, 2);
        assert_eq!(parts, [0..1100, 1100..1200]);
    }

    proptest! {
        #[test]
        fn no_frame_is_lost_or_made_twice(
            costs in prop::collection::vec(prop_oneof![Just(0.0), 0.0..2.0_f64, Just(f64::NAN), Just(1e12)], 1..3000),
            interval in 1..400_u64,
            parts in 0..40_u32,
        ) {
            let ranges = cut(&costs, interval, parts);
            let mut next = 0;
            for range in &ranges {
                prop_assert_eq!(range.start, next);
                prop_assert!(range.end > range.start);
                prop_assert_eq!(range.start % interval, 0);
                next = range.end;
            }
            prop_assert_eq!(next, costs.len() as u64);
            let blocks = (costs.len() as u64).div_ceil(interval);
            prop_assert_eq!(ranges.len() as u64, blocks.min(u64::from(parts.max(1))));
        }

        /// No part costs more than its share and two blocks.
        #[test]
        fn parts_are_balanced(
            costs in prop::collection::vec(0.01..1.0_f64, 400..3000),
            parts in 2..12_u32,
        ) {
            let ranges = cut(&costs, 10, parts);
            let sum = |range: &Range<u64>| costs[range.start as usize..range.end as usize].iter().sum::<f64>();
            let share = costs.iter().sum::<f64>() / f64::from(parts);
            for range in &ranges {
                prop_assert!(sum(range) <= share + 20.0, "{} of {share}", sum(range));
            }
        }
    }
}
