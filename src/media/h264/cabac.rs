//! The slice data of a P slice in which every macroblock is skipped, CABAC coded (H.264 7.3.4, 9.3).
//!
//! One context is enough: ctxIdxInc of mb_skip_flag counts the neighbours that are not skipped (9.3.3.1.1.1), here none,
//! so that every mb_skip_flag uses ctxIdx 11, and between them stands end_of_slice_flag.

/// Slice data bytes for `macroblocks` skipped macroblocks at slice QP `qp` (0..=51) with cabac_init_idc 0. They start
/// byte-aligned and end with the RBSP's stop bit.
pub(super) fn all_skipped(macroblocks: u32, qp: i32) -> Vec<u8> {
    let mut encoder = Encoder::new();
    let mut context = Context::new(SKIP_FLAG_INIT, qp);
    for left in (0..macroblocks).rev() {
        encoder.decision(&mut context, true);
        encoder.terminate(left == 0);
    }
    encoder.finish()
}

/// (m, n) of ctxIdx 11 for cabac_init_idc 0 (table 9-13).
const SKIP_FLAG_INIT: (i32, i32) = (23, 33);

/// A context variable (9.3.1.1).
struct Context {
    state: usize,
    most_probable: bool,
}

impl Context {
    fn new((m, n): (i32, i32), qp: i32) -> Self {
        let pre = ((m * qp.clamp(0, 51)) >> 4) + n;
        let pre = pre.clamp(1, 126);
        if pre <= 63 {
            Self {
                state: (63 - pre) as usize,
                most_probable: false,
            }
        } else {
            Self {
                state: (pre - 64) as usize,
                most_probable: true,
            }
        }
    }
}

/// The arithmetic encoder (9.3.4.2).
struct Encoder {
    low: u32,
    range: u32,
    outstanding: u32,
    first: bool,
    bits: super::bits::BitWriter,
}

impl Encoder {
    fn new() -> Self {
        Self {
            low: 0,
            range: 510,
            outstanding: 0,
            first: true,
            bits: super::bits::BitWriter::default(),
        }
    }

    fn decision(&mut self, context: &mut Context, bin: bool) {
        let lps = u32::from(RANGE_LPS[context.state][(self.range >> 6 & 3) as usize]);
        self.range -= lps;
        if bin == context.most_probable {
            context.state = (context.state + 1).min(62);
        } else {
            self.low += self.range;
            self.range = lps;
            if context.state == 0 {
                context.most_probable = !context.most_probable;
            }
            context.state = usize::from(NEXT_STATE_LPS[context.state]);
        }
        self.renormalise();
    }

    fn terminate(&mut self, last: bool) {
        self.range -= 2;
        if last {
            self.low += self.range;
            self.range = 2;
        }
        self.renormalise();
    }

    fn renormalise(&mut self) {
        while self.range < 256 {
            if self.low < 256 {
                self.put(false);
            } else if self.low >= 512 {
                self.low -= 512;
                self.put(true);
            } else {
                self.low -= 256;
                self.outstanding += 1;
            }
            self.range <<= 1;
            self.low <<= 1;
        }
    }

    fn put(&mut self, bit: bool) {
        if self.first {
            self.first = false;
        } else {
            self.bits.flag(bit);
        }
        for _ in 0..std::mem::take(&mut self.outstanding) {
            self.bits.flag(!bit);
        }
    }

    /// EncodeFlush; the last of its bits is the rbsp_stop_one_bit.
    fn finish(mut self) -> Vec<u8> {
        self.put(self.low >> 9 & 1 == 1);
        self.bits.bits(2, (self.low >> 7 & 3) | 1);
        self.bits.align_with(false);
        self.bits.into_bytes()
    }
}

/// rangeTabLPS (table 9-44).
const RANGE_LPS: [[u8; 4]; 64] = [
    [128, 176, 208, 240],
    [128, 167, 197, 227],
    [128, 158, 187, 216],
    [123, 150, 178, 205],
    [116, 142, 169, 195],
    [111, 135, 160, 185],
    [105, 128, 152, 175],
    [100, 122, 144, 166],
    [95, 116, 137, 158],
    [90, 110, 130, 150],
    [85, 104, 123, 142],
    [81, 99, 117, 135],
    [77, 94, 111, 128],
    [73, 89, 105, 122],
    [69, 85, 100, 116],
    [66, 80, 95, 110],
    [62, 76, 90, 104],
    [59, 72, 86, 99],
    [56, 69, 81, 94],
    [53, 65, 77, 89],
    [51, 62, 73, 85],
    [48, 59, 69, 80],
    [46, 56, 66, 76],
    [43, 53, 63, 72],
    [41, 50, 59, 69],
    [39, 48, 56, 65],
    [37, 45, 54, 62],
    [35, 43, 51, 59],
    [33, 41, 48, 56],
    [32, 39, 46, 53],
    [30, 37, 43, 50],
    [29, 35, 41, 48],
    [27, 33, 39, 45],
    [26, 31, 37, 43],
    [24, 30, 35, 41],
    [23, 28, 33, 39],
    [22, 27, 32, 37],
    [21, 26, 30, 35],
    [20, 24, 29, 33],
    [19, 23, 27, 31],
    [18, 22, 26, 30],
    [17, 21, 25, 28],
    [16, 20, 23, 27],
    [15, 19, 22, 25],
    [14, 18, 21, 24],
    [14, 17, 20, 23],
    [13, 16, 19, 22],
    [12, 15, 18, 21],
    [12, 14, 17, 20],
    [11, 14, 16, 19],
    [11, 13, 15, 18],
    [10, 12, 15, 17],
    [10, 12, 14, 16],
    [9, 11, 13, 15],
    [9, 11, 12, 14],
    [8, 10, 12, 14],
    [8, 9, 11, 13],
    [7, 9, 11, 12],
    [7, 9, 10, 12],
    [7, 8, 10, 11],
    [6, 8, 9, 11],
    [6, 7, 9, 10],
    [6, 7, 8, 9],
    [2, 2, 2, 2],
];

/// transIdxLPS (table 9-45).
const NEXT_STATE_LPS: [u8; 64] = [
    0, 0, 1, 2, 2, 4, 4, 5, 6, 7, 8, 9, 9, 11, 11, 12, 13, 13, 15, 15, 16, 16, 18, 18, 19, 19, 21, 21, 22,
    22, 23, 24, 24, 25, 26, 26, 27, 27, 28, 29, 29, 30, 30, 30, 31, 32, 32, 33, 33, 33, 34, 34, 35, 35, 35,
    36, 36, 36, 37, 37, 37, 38, 38, 63,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The decoder of 9.3.3.2, written from its flow charts.
    struct Decoder<'a> {
        bits: super::super::bits::BitReader<'a>,
        range: u32,
        offset: u32,
    }

    impl<'a> Decoder<'a> {
        fn new(bytes: &'a [u8]) -> Self {
            let mut bits = super::super::bits::BitReader::new(bytes);
            let offset = bits.bits(9).unwrap();
            Self {
                bits,
                range: 510,
                offset,
            }
        }

        fn decision(&mut self, context: &mut Context) -> bool {
            let lps = u32::from(RANGE_LPS[context.state][(self.range >> 6 & 3) as usize]);
            self.range -= lps;
            let bin = if self.offset >= self.range {
                self.offset -= self.range;
                self.range = lps;
                let bin = !context.most_probable;
                if context.state == 0 {
                    context.most_probable = !context.most_probable;
                }
                context.state = usize::from(NEXT_STATE_LPS[context.state]);
                bin
            } else {
                context.state = (context.state + 1).min(62);
                context.most_probable
            };
            self.renormalise();
            bin
        }

        fn terminate(&mut self) -> bool {
            self.range -= 2;
            if self.offset >= self.range {
                return true;
            }
            self.renormalise();
            false
        }

        fn renormalise(&mut self) {
            while self.range < 256 {
                self.range <<= 1;
                self.offset = self.offset << 1 | self.bits.bits(1).unwrap();
            }
        }
    }

    #[test]
    fn decodes_to_skipped_macroblocks_and_one_end() {
        for qp in [0, 10, 26, 51] {
            for macroblocks in [1, 2, 3, 99, 8160, 34_560] {
                let bytes = all_skipped(macroblocks, qp);
                let mut padded = bytes.clone();
                padded.extend([0; 4]);
                let mut decoder = Decoder::new(&padded);
                let mut context = Context::new(SKIP_FLAG_INIT, qp);
                for left in (0..macroblocks).rev() {
                    assert!(
                        decoder.decision(&mut context),
                        "macroblock {left} of {macroblocks} at qp {qp}"
                    );
                    assert_eq!(decoder.terminate(), left == 0);
                }
                assert!(
                    bytes.last().is_some_and(|&byte| byte != 0),
                    "the stop bit is in the last byte"
                );
            }
        }
    }
}
