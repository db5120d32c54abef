//! Which pictures a decoder holds for reference, as the stream's markings leave them (H.264 8.2.5).

use super::header::Marking;

/// Reference pictures that the stream needs: the one before, and two long-term ones.
pub(super) const NEEDED: u32 = 3;

/// The long-term picture that holds what the encoder of whole pictures made last.
pub(super) const WHOLE: u32 = 0;
/// The long-term picture that holds the last of the last run of region pictures.
pub(super) const REGIONS: u32 = 1;

/// The account of a stream in which every picture is a reference picture.
#[derive(Clone, Debug)]
pub(super) struct References {
    capacity: u32,
    frame_num_bits: u32,
    /// frame_num of the last picture; `None` before the first.
    frame_num: Option<u32>,
    short_term: u32,
    long_term: [bool; 2],
    indices_allowed: bool,
}

impl References {
    /// For a stream whose parameter set allows `capacity` reference pictures, at least [`NEEDED`].
    pub(super) const fn new(capacity: u32, frame_num_bits: u32) -> Self {
        Self {
            capacity,
            frame_num_bits,
            frame_num: None,
            short_term: 0,
            long_term: [false; 2],
            indices_allowed: false,
        }
    }

    /// Whether there is a picture to refer to.
    pub(super) const fn begun(&self) -> bool {
        self.frame_num.is_some()
    }

    /// Whether the long-term picture `index` is there.
    pub(super) const fn holds(&self, index: u32) -> bool {
        self.long_term[index as usize]
    }

    /// An IDR picture comes: everything before it is gone. Returns its frame_num.
    pub(super) fn idr(&mut self) -> u32 {
        *self = Self::new(self.capacity, self.frame_num_bits);
        self.frame_num = Some(0);
        self.short_term = 1;
        0
    }

    /// Another picture comes. With `keep` the picture before it becomes the long-term picture of that index. Returns
    /// frame_num and markings of the picture.
    pub(super) fn next(&mut self, keep: Option<u32>) -> (u32, Vec<Marking>) {
        let last = self.frame_num.unwrap_or(0);
        let frame_num = (last + 1) % (1 << self.frame_num_bits);
        self.frame_num = Some(frame_num);
        let mut marking = Vec::new();
        if let Some(index) = keep {
            // With markings of its own a picture does not make the window slide: older pictures are let go one by one.
            marking.extend((1..self.short_term).map(|back| Marking::Unused { back }));
            if !self.indices_allowed {
                marking.push(Marking::LongTermIndices(2));
            }
            marking.push(Marking::KeepPrevious(index));
            self.indices_allowed = true;
            self.short_term = 0;
            self.long_term[index as usize] = true;
        }
        let long_term = self.long_term.iter().map(|&held| u32::from(held)).sum::<u32>();
        self.short_term = (self.short_term + 1).min(self.capacity - long_term);
        (frame_num, marking)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A decoded picture buffer after 8.2.5.3 and 8.2.5.4: (frame_num, picture) of short-term and picture of long-term ones.
    #[derive(Default)]
    struct Buffer {
        short: Vec<(u32, usize)>,
        long: [Option<usize>; 2],
    }

    impl Buffer {
        fn decode(&mut self, picture: usize, frame_num: u32, max_frame_num: u32, marking: &[Marking]) {
            let number = |back: u32| (frame_num + max_frame_num - (back + 1)) % max_frame_num;
            for marking in marking {
                match *marking {
                    Marking::Unused { back } => {
                        let before = self.short.len();
                        self.short.retain(|&(n, _)| n != number(back));
                        assert_eq!(before, self.short.len() + 1, "only what is there can be let go");
                    }
                    Marking::LongTermIndices(count) => assert_eq!(count, 2),
                    Marking::KeepPrevious(index) => {
                        let at = self.short.iter().position(|&(n, _)| n == number(0)).unwrap();
                        self.long[index as usize] = Some(self.short.remove(at).1);
                    }
                }
            }
            let held = self.short.len() + self.long.iter().flatten().count();
            if marking.is_empty() && held == NEEDED as usize {
                self.short.remove(0);
            }
            self.short.push((frame_num, picture));
            assert!(self.short.len() + self.long.iter().flatten().count() <= NEEDED as usize);
        }
    }

    proptest! {
        #[test]
        fn markings_keep_what_is_referred_to(steps in prop::collection::vec(0u8..8, 1..80)) {
            let mut references = References::new(NEEDED, 4);
            let mut buffer = Buffer::default();
            references.idr();
            buffer.decode(0, 0, 16, &[]);
            for (picture, step) in steps.into_iter().enumerate().map(|(n, step)| (n + 1, step)) {
                if step == 7 {
                    buffer = Buffer::default();
                    let frame_num = references.idr();
                    buffer.decode(picture, frame_num, 16, &[]);
                    continue;
                }
                let keep = match step { 5 => Some(WHOLE), 6 => Some(REGIONS), _ => None };
                let (frame_num, marking) = references.next(keep);
                buffer.decode(picture, frame_num, 16, &marking);
                prop_assert_eq!(buffer.short.len() as u32, references.short_term);
                prop_assert_eq!(buffer.short.last().unwrap().1, picture, "the picture before is the first reference");
                if let Some(index) = keep {
                    prop_assert_eq!(buffer.long[index as usize], Some(picture - 1));
                }
                for index in [WHOLE, REGIONS] {
                    prop_assert_eq!(buffer.long[index as usize].is_some(), references.holds(index));
                }
            }
        }
    }
}
