//! A signal sampled at a fixed step that rests most of the time: only the samples that differ from the one before
//! are kept, so memory grows with the motion in a recording and not with its length.

/// Samples by step number; between the kept stretches the last one stays.
#[derive(Clone, Debug)]
pub(crate) struct Samples<T> {
    samples: Vec<T>,
    stretches: Vec<Stretch>,
    last_step: u64,
}

/// Consecutive kept samples.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    first_step: u64,
    /// Where they begin in `samples`.
    offset: usize,
}

impl<T: Copy + PartialEq> Samples<T> {
    /// A signal that begins with `first` at step 0.
    pub(crate) fn new(first: T) -> Self {
        Self {
            samples: vec![first],
            stretches: vec![Stretch {
                first_step: 0,
                offset: 0,
            }],
            last_step: 0,
        }
    }

    /// Sets the sample of `step`, which must lie after every step pushed so far.
    pub(crate) fn push(&mut self, step: u64, sample: T) {
        if self.samples.last() == Some(&sample) {
            return;
        }
        if step != self.last_step + 1 {
            self.stretches.push(Stretch {
                first_step: step,
                offset: self.samples.len(),
            });
        }
        self.samples.push(sample);
        self.last_step = step;
    }

    /// The sample of `step`.
    pub(crate) fn at(&self, step: u64) -> T {
        // Step 0 has a stretch, so at least one begins at or before any step.
        let next = self.stretches.partition_point(|s| s.first_step <= step);
        let stretch = self.stretches[next - 1];
        let end = self.stretches.get(next).map_or(self.samples.len(), |s| s.offset);
        let after = usize::try_from(step - stretch.first_step).unwrap_or(usize::MAX);
        self.samples[stretch.offset.saturating_add(after).min(end - 1)]
    }

    /// First and last step of every stretch in which samples differ from the one before, in order.
    pub(crate) fn stretches(&self) -> impl Iterator<Item = (u64, u64)> {
        self.stretches.iter().enumerate().map(|(at, stretch)| {
            let next = self.stretches.get(at + 1);
            let end = next.map_or(self.samples.len(), |next| next.offset);
            let length = (end - stretch.offset) as u64;
            (stretch.first_step, stretch.first_step + length - 1)
        })
    }

    /// How many samples are kept.
    pub(crate) fn kept(&self) -> usize {
        self.samples.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_step_reads_back(signal in prop::collection::vec(0u8..3, 1..200)) {
            let mut samples = Samples::new(signal[0]);
            for (step, &value) in signal.iter().enumerate().skip(1) {
                samples.push(step as u64, value);
            }
            for (step, &value) in signal.iter().enumerate() {
                prop_assert_eq!(samples.at(step as u64), value);
            }
            prop_assert_eq!(samples.at(u64::MAX), signal[signal.len() - 1]);
            let changes = signal.windows(2).filter(|w| w[0] != w[1]).count();
            prop_assert_eq!(samples.kept(), 1 + changes);
            let moving: Vec<u64> = samples.stretches().flat_map(|(first, last)| first..=last).collect();
            let changed = (1..signal.len()).filter(|&step| signal[step] != signal[step - 1]);
            let expected: Vec<u64> = std::iter::once(0).chain(changed.map(|step| step as u64)).collect();
            prop_assert_eq!(moving, expected);
        }
    }
}
