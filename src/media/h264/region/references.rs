//! Which pictures a decoder holds for reference, as the stream's markings leave them (H.264 8.2.5).
//!
//! Two are enough: the last picture as the encoder of whole pictures left it, and the last region picture. One of them is
//! always the picture before. Both are short-term pictures, since decoders are least sure of long-term ones: OpenH264 2.7
//! loses pictures that become such behind a slice that does not refer to them.

/// Reference pictures that the stream needs.
pub(super) const NEEDED: u32 = 2;

/// Width of frame_num in bits, the largest that there is: both pictures are told by their distance in it.
pub(super) const FRAME_NUM_BITS: u32 = 16;

/// What a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of the encoder of whole pictures.
    Whole,
    /// With rectangles of other encoders.
    Region,
    /// A copy of the picture before.
    Still,
}

/// Headers of the slices of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    /// frame_num.
    pub frame_num: u32,
    /// difference_of_pic_nums_minus1 of the picture that is no reference any more once this one is decoded
    /// (memory_management_control_operation 1). Without it the oldest goes.
    pub dropped: Option<u32>,
    /// abs_diff_pic_num_minus1 of the last whole picture, where it is not the picture before.
    pub whole: Option<u32>,
    /// abs_diff_pic_num_minus1 of the last region picture, where there is one and it is not the picture before.
    pub region: Option<u32>,
}

/// The account of a stream in which every picture is a reference picture.
#[derive(Clone, Debug, Default)]
pub(super) struct References {
    /// frame_num of the pictures that a decoder holds, oldest first; empty before the first.
    held: Vec<u32>,
    /// frame_num of the last picture that shows what the encoder of whole pictures made last.
    whole: u32,
    /// frame_num of the last picture that shows the last region picture.
    region: Option<u32>,
}

impl References {
    /// Whether there is a picture to refer to.
    pub(super) fn begun(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether there has been a region picture since the last IDR picture.
    pub(super) fn has_region(&self) -> bool {
        self.region.is_some()
    }

    /// An IDR picture comes: everything before it is gone. Its frame_num is 0.
    pub(super) fn idr(&mut self) {
        *self = Self {
            held: vec![0],
            whole: 0,
            region: None,
        };
    }

    /// Another picture comes. `None` when numbers run out, or before the first.
    pub(super) fn next(&mut self, kind: Kind) -> Option<Numbers> {
        let last = *self.held.last()?;
        let number = last + 1;
        if number >= 1 << FRAME_NUM_BITS {
            return None;
        }
        let distance = |to: u32| (to != last).then(|| last - to);
        let mut numbers = Numbers {
            frame_num: number,
            dropped: None,
            whole: distance(self.whole),
            region: self.region.and_then(distance),
        };
        match kind {
            Kind::Whole => self.whole = number,
            Kind::Region => self.region = Some(number),
            Kind::Still => {
                if self.whole == last {
                    self.whole = number;
                }
                if self.region == Some(last) {
                    self.region = Some(number);
                }
            }
        }
        if self.held.len() == NEEDED as usize {
            let wanted = |held: &u32| *held == self.whole || Some(*held) == self.region;
            let at = self.held.iter().position(|held| !wanted(held))?;
            let gone = self.held.remove(at);
            if at > 0 {
                numbers.dropped = Some(last - gone);
            }
        }
        self.held.push(number);
        Some(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A decoded picture buffer after 8.2.5.3 and 8.2.5.4, with what each picture shows.
    #[derive(Default)]
    struct Buffer {
        short: Vec<(u32, (usize, usize))>,
    }

    impl Buffer {
        fn decode(&mut self, numbers: Numbers, shows: (usize, usize)) {
            match numbers.dropped {
                Some(back) => {
                    let before = self.short.len();
                    self.short.retain(|&(n, _)| n != numbers.frame_num - (back + 1));
                    assert_eq!(before, self.short.len() + 1, "only what is there can be let go");
                }
                None if self.short.len() == NEEDED as usize => {
                    self.short.remove(0);
                }
                None => {}
            }
            self.short.push((numbers.frame_num, shows));
            assert!(self.short.len() <= NEEDED as usize);
        }

        /// The picture at the head of the list: the last, or the one at this distance.
        fn reference(&self, frame_num: u32, distance: Option<u32>) -> (usize, usize) {
            let number = frame_num - (distance.unwrap_or(0) + 1);
            let found = self.short.iter().find(|&&(n, _)| n == number);
            found.expect("the reference is held").1
        }
    }

    proptest! {
        /// What a picture shows is the number of the last whole and of the last region picture.
        #[test]
        fn markings_keep_what_is_referred_to(steps in prop::collection::vec(0u8..10, 1..120)) {
            let mut references = References::default();
            prop_assert_eq!(references.next(Kind::Still), None);
            let mut buffer = Buffer::default();
            let (mut whole, mut region) = (0, 0);
            for (picture, step) in steps.into_iter().enumerate().map(|(n, step)| (n + 1, step)) {
                if picture == 1 || step == 9 {
                    references.idr();
                    (whole, region) = (picture, 0);
                    buffer = Buffer { short: vec![(0, (whole, 0))] };
                    continue;
                }
                let kind = match step { 0..3 => Kind::Whole, 3..6 => Kind::Region, _ => Kind::Still };
                let had_region = references.has_region();
                prop_assert_eq!(had_region, region > 0);
                let numbers = references.next(kind).unwrap();
                let before = buffer.short.last().unwrap().1;
                prop_assert_eq!(buffer.reference(numbers.frame_num, numbers.whole).0, whole);
                if had_region {
                    prop_assert_eq!(buffer.reference(numbers.frame_num, numbers.region).1, region);
                }
                let shows = match kind {
                    Kind::Whole => { whole = picture; (picture, 0) }
                    Kind::Region => { region = picture; (0, picture) }
                    Kind::Still => before,
                };
                buffer.decode(numbers, shows);
            }
        }
    }

    #[test]
    fn numbers_run_out_after_65536_pictures() {
        let mut references = References::default();
        references.idr();
        let count = std::iter::from_fn(|| references.next(Kind::Still)).count();
        assert_eq!(count, 65_535);
    }
}
