//! When pictures are decoded that an encoder put in another order than they are shown in, and that last as long as they may.

use std::collections::VecDeque;

use super::encode::Packet;

/// Gives packets decoding times that rise, lie at or before the time at which each is shown, and reach back before the first picture
/// by `delay` units, no more than the reordering needs.
///
/// Encoders take the times of earlier pictures for that. Where a picture rests for a minute, the next one would then be decoded a
/// minute before it is shown: the samples of the file would end long before the film, whose length players take from either.
#[derive(Debug)]
pub struct DecodingOrder {
    delay: i64,
    /// When the last packet that was given back is decoded.
    last: i64,
    /// Packets without a time yet: until so many follow that none can be shown before them.
    waiting: VecDeque<Packet>,
}

impl DecodingOrder {
    /// For a stream whose pictures are held back by `delay` others at most.
    pub fn new(delay: i32) -> Self {
        Self {
            delay: i64::from(delay.max(0)),
            last: i64::MIN,
            waiting: VecDeque::new(),
        }
    }

    /// Takes the next packet in decoding order, and gives the one back whose time is known now.
    pub fn push(&mut self, packet: Packet) -> Option<Packet> {
        self.waiting.push_back(packet);
        if self.waiting.len() as i64 > self.delay {
            self.next()
        } else {
            None
        }
    }

    /// The rest of a stream that ends at `end`. The last packet lasts until then, in decoding order as well.
    pub fn finish(&mut self, end: i64) -> Vec<Packet> {
        let mut rest: Vec<Packet> = std::iter::from_fn(|| self.next()).collect();
        if let Some(last) = rest.last_mut() {
            let (pts, dts) = (last.pts().unwrap_or(0), last.dts().unwrap_or(0));
            last.set_timing(pts, dts, (end - self.delay - dts).max(1));
        }
        rest
    }

    fn next(&mut self) -> Option<Packet> {
        // Of those that are not decoded yet, what is shown first.
        let due = self.waiting.iter().filter_map(Packet::pts).min();
        let mut packet = self.waiting.pop_front()?;
        let pts = packet.pts().unwrap_or(0);
        let dts = (due.unwrap_or(pts) - self.delay).max(self.last.saturating_add(1));
        self.last = dts;
        packet.set_timing(pts, dts, packet.duration());
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(pts: i64) -> Packet {
        Packet::from_bytes(&[0], pts, 0, 1, false).unwrap()
    }

    /// Decoding times of pictures shown at these times, in decoding order, and the duration of the last.
    fn decoded(delay: i32, shown: &[i64], end: i64) -> (Vec<i64>, i64) {
        let mut order = DecodingOrder::new(delay);
        let mut packets: Vec<Packet> = shown.iter().filter_map(|pts| order.push(packet(*pts))).collect();
        packets.extend(order.finish(end));
        assert!(
            packets
                .iter()
                .map(Packet::pts)
                .eq(shown.iter().copied().map(Some))
        );
        let times = packets.iter().filter_map(Packet::dts).collect();
        (times, packets.last().unwrap().duration())
    }

    #[test]
    fn at_a_constant_rate_times_are_those_of_encoders() {
        assert_eq!(decoded(0, &[0, 1, 2], 3), (vec![0, 1, 2], 1));
        assert_eq!(
            decoded(2, &[0, 4, 2, 1, 3, 5, 6], 7),
            (vec![-2, -1, 0, 1, 2, 3, 4], 1)
        );
    }

    #[test]
    fn a_rest_is_no_time_of_decoding() {
        // A picture that rests for 100 frames, before and behind reordered ones.
        let (times, last) = decoded(1, &[0, 3, 1, 2, 103, 106, 104, 105, 206], 300);
        assert_eq!(times, [-1, 0, 1, 2, 102, 103, 104, 105, 205]);
        assert_eq!(last, 94, "until the end of the film");
    }

    #[test]
    fn parts_follow_one_another() {
        // One resting picture, then two parts with reordered pictures.
        let (times, _) = decoded(2, &[0, 60, 64, 62, 61, 63, 120, 140, 130, 125, 135], 141);
        assert_eq!(times, [-2, 58, 59, 60, 61, 62, 118, 123, 124, 125, 133]);
    }

    proptest! {
        #[test]
        fn times_rise_and_lie_before_those_of_showing(
            gaps in prop::collection::vec(prop_oneof![3 => Just(1_i64), 1 => 1..500_i64], 1..200),
            groups in prop::collection::vec(0..4_usize, 200),
        ) {
            // Pictures in the order in which they are shown, then each group of them with its last picture first.
            let mut shown = Vec::new();
            let mut at = 0;
            for gap in &gaps {
                shown.push(at);
                at += gap;
            }
            let (mut coded, mut from) = (vec![0], 1);
            for group in groups {
                let to = (from + group).min(shown.len() - 1);
                if from >= shown.len() {
                    break;
                }
                coded.push(shown[to]);
                coded.extend(&shown[from..to]);
                from = to + 1;
            }
            let end = shown[coded.len() - 1] + 7;
            let (times, last) = decoded(1, &coded, end);
            prop_assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(times.iter().zip(&coded).all(|(dts, pts)| dts <= pts));
            prop_assert_eq!(times[0], -1);
            prop_assert_eq!(times[times.len() - 1] + last + 1, end, "the samples last as long as the film");
            prop_assert!(coded[coded.len() - 1] + last <= end);
        }
    }
}
