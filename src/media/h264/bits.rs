//! Bits of a raw byte sequence payload (RBSP): fixed-width and Exp-Golomb codes (H.264 7.2, 9.1).

use super::Declined;

/// Reads bits, most significant first.
#[derive(Clone, Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> BitReader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Bits read so far.
    pub(super) const fn position(&self) -> usize {
        self.position
    }

    /// more_rbsp_data(): whether there is more than the stop bit and the zeroes behind it.
    pub(super) fn more_data(&self) -> bool {
        let last = self.bytes.iter().rposition(|&byte| byte != 0);
        last.is_some_and(|last| {
            let stop = last * 8 + 7 - self.bytes[last].trailing_zeros() as usize;
            self.position < stop
        })
    }

    /// u(1).
    pub(super) fn flag(&mut self) -> Result<bool, Declined> {
        let byte = self.bytes.get(self.position / 8).ok_or(Declined::Truncated)?;
        let bit = byte >> (7 - self.position % 8) & 1;
        self.position += 1;
        Ok(bit == 1)
    }

    /// u(n), n at most 32.
    pub(super) fn bits(&mut self, n: u32) -> Result<u32, Declined> {
        let mut value = 0;
        for _ in 0..n {
            value = value << 1 | u32::from(self.flag()?);
        }
        Ok(value)
    }

    /// ue(v).
    pub(super) fn ue(&mut self) -> Result<u32, Declined> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return Err(Declined::Malformed("an Exp-Golomb code is longer than 32 bits"));
            }
        }
        Ok((1u32 << zeros) - 1 + self.bits(zeros)?)
    }

    /// se(v).
    pub(super) fn se(&mut self) -> Result<i32, Declined> {
        let code = i64::from(self.ue()?);
        let value = if code % 2 == 1 {
            (code + 1) / 2
        } else {
            -(code / 2)
        };
        i32::try_from(value).map_err(|_| Declined::Malformed("a signed Exp-Golomb code is out of range"))
    }
}

/// Writes bits, most significant first.
#[derive(Clone, Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    used: u32,
}

impl BitWriter {
    /// u(1).
    pub(super) fn flag(&mut self, bit: bool) {
        if self.used == 0 {
            self.bytes.push(0);
        }
        if let (true, Some(last)) = (bit, self.bytes.last_mut()) {
            *last |= 1 << (7 - self.used);
        }
        self.used = (self.used + 1) % 8;
    }

    /// u(n), n at most 32.
    pub(super) fn bits(&mut self, n: u32, value: u32) {
        for shift in (0..n).rev() {
            self.flag(value >> shift & 1 == 1);
        }
    }

    /// ue(v); `value` below 2^32 - 1.
    pub(super) fn ue(&mut self, value: u32) {
        let code = u64::from(value) + 1;
        let length = 64 - code.leading_zeros();
        for shift in (0..2 * length - 1).rev() {
            self.flag(shift < length && code >> shift & 1 == 1);
        }
    }

    /// se(v).
    pub(super) fn se(&mut self, value: i32) {
        let magnitude = value.unsigned_abs();
        self.ue(if value > 0 {
            2 * magnitude - 1
        } else {
            2 * magnitude
        });
    }

    /// Fills up to the next byte with `bit`.
    pub(super) fn align_with(&mut self, bit: bool) {
        while self.used != 0 {
            self.flag(bit);
        }
    }

    /// rbsp_trailing_bits().
    pub(super) fn trailing_bits(&mut self) {
        self.flag(true);
        self.align_with(false);
    }

    /// The bytes; a last one that is not full ends in zeroes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Overwrites `n` bits at bit `position`.
pub(super) fn overwrite(bytes: &mut [u8], position: usize, n: u32, value: u32) {
    for index in 0..n {
        let at = position + index as usize;
        let mask = 1 << (7 - at % 8);
        if value >> (n - 1 - index) & 1 == 1 {
            bytes[at / 8] |= mask;
        } else {
            bytes[at / 8] &= !mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_of_table_9_2() {
        // codeNum 0..=6: 1, 010, 011, 00100, 00101, 00110, 00111
        let mut writer = BitWriter::default();
        (0..=6).for_each(|value| writer.ue(value));
        writer.trailing_bits();
        assert_eq!(
            writer.into_bytes(),
            [0b1010_0110, 0b0100_0010, 0b1001_1000, 0b1111_0000]
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in prop::collection::vec((any::<u32>(), 1u32..=32, any::<i32>()), 0..50)) {
            let mut writer = BitWriter::default();
            for &(value, n, signed) in &values {
                writer.bits(n, value);
                writer.ue(value.min(u32::MAX - 1));
                writer.se(signed.clamp(-0x3fff_ffff, 0x3fff_ffff));
            }
            writer.trailing_bits();
            let bytes = writer.into_bytes();
            let mut reader = BitReader::new(&bytes);
            for &(value, n, signed) in &values {
                let masked = if n == 32 { value } else { value & ((1 << n) - 1) };
                prop_assert_eq!(reader.bits(n)?, masked);
                prop_assert_eq!(reader.ue()?, value.min(u32::MAX - 1));
                prop_assert_eq!(reader.se()?, signed.clamp(-0x3fff_ffff, 0x3fff_ffff));
            }
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut reader = BitReader::new(&bytes);
            while reader.ue().is_ok() {}
            let mut reader = BitReader::new(&bytes);
            while reader.se().is_ok() {}
        }

        #[test]
        fn overwriting_touches_nothing_else(bytes in prop::collection::vec(any::<u8>(), 8..9), at in 0usize..48, n in 1u32..=16, value: u16) {
            let mut changed = bytes.clone();
            overwrite(&mut changed, at, n, u32::from(value));
            for bit in 0..64 {
                let get = |bytes: &[u8]| bytes[bit / 8] >> (7 - bit % 8) & 1;
                let inside = (at..at + n as usize).contains(&bit);
                let expected = if inside {
                    (value >> (n as usize - 1 - (bit - at)) & 1) as u8
                } else {
                    get(&bytes)
                };
                prop_assert_eq!(get(&changed), expected);
            }
        }
    }
}
