//! Which of many intervals of time hold a moment: looked up, not searched, whatever their number.

/// The first of a list of half-open intervals that holds a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FirstAt {
    /// From each moment on, the position of the interval; moments rise.
    changes: Vec<(f64, Option<usize>)>,
}

impl FirstAt {
    /// Of these intervals `start..end` with finite ends. An earlier one hides a later one.
    pub(crate) fn new(intervals: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut edges = Vec::new();
        for (index, (start, end)) in intervals.into_iter().enumerate() {
            if start < end {
                edges.push((start, index, true));
                edges.push((end, index, false));
            }
        }
        edges.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut open = std::collections::BTreeSet::new();
        let mut changes: Vec<(f64, Option<usize>)> = Vec::new();
        for at_once in edges.chunk_by(|a, b| a.0 == b.0) {
            for &(_, index, begins) in at_once {
                if begins {
                    open.insert(index);
                } else {
                    open.remove(&index);
                }
            }
            let first = open.first().copied();
            if changes.last().is_none_or(|(_, last)| *last != first) {
                changes.push((at_once[0].0, first));
            }
        }
        Self { changes }
    }

    /// Position in the list of the interval that counts at `time`.
    pub(crate) fn at(&self, time: f64) -> Option<usize> {
        let next = self.changes.partition_point(|(from, _)| *from <= time);
        self.changes[..next].last().and_then(|(_, first)| *first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_that_holds_a_moment(
            list in prop::collection::vec((0i32..20, 0i32..20), 0..12), moment in -4i32..50,
        ) {
            let list: Vec<(f64, f64)> = list.iter().map(|&(a, b)| (f64::from(a), f64::from(b))).collect();
            let moment = f64::from(moment) / 2.0;
            let expected = list.iter().position(|&(start, end)| start <= moment && moment < end);
            prop_assert_eq!(FirstAt::new(list).at(moment), expected);
        }
    }
}
