//! NAL units in an Annex B byte stream, and emulation prevention (H.264 7.4.1, B.1).

/// nal_unit_type of the units that matter here (table 7-1).
pub(super) mod kind {
    pub(in super::super) const SLICE: u8 = 1;
    pub(in super::super) const PARTITION_A: u8 = 2;
    pub(in super::super) const PARTITION_C: u8 = 4;
    pub(in super::super) const IDR_SLICE: u8 = 5;
    pub(in super::super) const SPS: u8 = 7;
    pub(in super::super) const PPS: u8 = 8;
}

/// Splits a byte stream at its start codes; the units come without start code and trailing zeroes.
pub(super) fn units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let starts: Vec<usize> = stream
        .windows(3)
        .enumerate()
        .filter(|(_, w)| *w == [0, 0, 1])
        .map(|(at, _)| at)
        .collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([stream.len()]).collect();
    starts.into_iter().zip(ends).filter_map(move |(start, end)| {
        let unit = &stream[start + 3..end];
        let length = unit.iter().rposition(|&byte| byte != 0)? + 1;
        Some(&unit[..length])
    })
}

/// nal_unit_type.
pub(super) fn unit_kind(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |header| header & 0x1f)
}

/// nal_ref_idc.
pub(super) fn reference_idc(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |header| header >> 5 & 3)
}

/// Removes emulation prevention from a unit's bytes after its header.
pub(super) fn unescape(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len());
    let mut zeros = 0;
    for &byte in payload {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

/// Appends a unit with a four-byte start code, header byte and emulation prevention.
pub(super) fn append(stream: &mut Vec<u8>, header: u8, rbsp: &[u8]) {
    stream.extend_from_slice(&[0, 0, 0, 1, header]);
    let mut zeros = 0;
    for &byte in rbsp {
        if zeros >= 2 && byte <= 3 {
            stream.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        stream.push(byte);
    }
    // A unit must not end in a zero byte (7.4.1.1); cabac_zero_words are the only way an RBSP could.
    if rbsp.last() == Some(&0) {
        stream.push(3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn splits_three_and_four_byte_start_codes() {
        let stream = [
            0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 4, 0, 0,
        ];
        let found: Vec<_> = units(&stream).collect();
        assert_eq!(found, [&[0x67, 1, 2][..], &[0x68, 3], &[0x65, 4]]);
        assert_eq!(
            (unit_kind(found[2]), reference_idc(found[2])),
            (kind::IDR_SLICE, 3)
        );
    }

    proptest! {
        #[test]
        fn escaping_is_undone_and_hides_start_codes(rbsp in prop::collection::vec(prop_oneof![Just(0u8), 0u8..5, any::<u8>()], 1..200)) {
            let mut rbsp = rbsp;
            rbsp.push(0x80);
            let mut stream = Vec::new();
            append(&mut stream, 0x41, &rbsp);
            append(&mut stream, 0x41, &rbsp);
            let found: Vec<_> = units(&stream).collect();
            prop_assert_eq!(found.len(), 2);
            prop_assert_eq!(unescape(&found[1][1..]), rbsp);
        }
    }
}
