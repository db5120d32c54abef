//! What a recording may claim of the memory.
//!
//! A recording is a handful of small files that can promise pictures of any size, as many as it likes, and the same one under
//! many names. Code that takes memory for a recording claims it here first. Sizes count as they are after unpacking. The
//! pictures of its video tracks do not count: there are few of them at a time, and `media` bounds their size.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a recording may claim, shared by everybody who claims for it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Accounts>);

#[derive(Debug)]
struct Accounts {
    limit: u64,
    claimed: AtomicU64,
}

/// More was asked for than is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it takes {} MB of memory; of the {} MB that a recording may claim, {} MB are left", megabytes(*.asked), megabytes(*.limit), megabytes(*.left))]
pub struct OverBudget {
    /// Bytes that were asked for.
    pub asked: u64,
    /// Bytes that are left.
    pub left: u64,
    /// Bytes in all.
    pub limit: u64,
}

fn megabytes(bytes: u64) -> u64 {
    bytes / 1_000_000
}

/// Memory that is claimed until this is dropped.
#[derive(Debug)]
pub struct Claim {
    accounts: Arc<Accounts>,
    bytes: u64,
}

impl Budget {
    /// What a recording may claim in all, bytes. With the 200 MB of an export at 1080p it stays well below 1 GB.
    pub const OF_A_RECORDING: u64 = 640 << 20;

    /// `limit` bytes, all of which are left.
    pub fn new(limit: u64) -> Self {
        Self(Arc::new(Accounts {
            limit,
            claimed: AtomicU64::new(0),
        }))
    }

    /// Claims `bytes`.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn claim(&self, bytes: u64) -> Result<Claim, OverBudget> {
        let limit = self.0.limit;
        let add = |claimed: u64| claimed.checked_add(bytes).filter(|&claimed| claimed <= limit);
        match self
            .0
            .claimed
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
        {
            Ok(_) => Ok(Claim {
                accounts: Arc::clone(&self.0),
                bytes,
            }),
            Err(claimed) => Err(OverBudget {
                asked: bytes,
                left: limit - claimed,
                limit,
            }),
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Self::OF_A_RECORDING)
    }
}

impl Claim {
    /// Gives back all but `bytes`.
    pub fn shrink(&mut self, bytes: u64) {
        let less = self.bytes.saturating_sub(bytes);
        self.bytes -= less;
        self.accounts.claimed.fetch_sub(less, Ordering::Relaxed);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_counts_and_what_is_dropped_is_free_again() {
        let budget = Budget::new(100);
        let mut first = budget.claim(60).unwrap();
        let refused = budget.claim(60).err();
        assert_eq!(
            refused,
            Some(OverBudget {
                asked: 60,
                left: 40,
                limit: 100
            })
        );
        first.shrink(10);
        let second = budget.clone().claim(90).unwrap();
        assert!(budget.claim(1).is_err());
        drop((first, second));
        drop(budget.claim(100).unwrap());
        assert!(budget.claim(u64::MAX).is_err());
        assert!(budget.claim(100).is_ok());
    }
}
