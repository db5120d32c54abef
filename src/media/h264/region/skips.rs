//! Slice data of runs of skipped macroblocks, kept once made.

use std::collections::HashMap;

use super::super::cabac;

/// QP of skip slices. It only sets the state of the one context that they use.
pub(super) const QP: i32 = 26;

/// Lengths that are kept at most; a run of region pictures uses a handful.
const KEPT: usize = 512;

/// Slice data by number of macroblocks and QP.
#[derive(Clone, Debug, Default)]
pub(super) struct Skips {
    made: HashMap<(u32, i32), Vec<u8>>,
}

impl Skips {
    /// `macroblocks` skipped ones at slice QP `qp`, with cabac_init_idc 0.
    pub(super) fn data(&mut self, macroblocks: u32, qp: i32) -> &[u8] {
        if self.made.len() >= KEPT && !self.made.contains_key(&(macroblocks, qp)) {
            self.made.clear();
        }
        self.made
            .entry((macroblocks, qp))
            .or_insert_with(|| cabac::all_skipped(macroblocks, qp))
    }
}
