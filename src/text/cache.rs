//! Answers kept for the next time, up to a number of bytes.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// Most entries, so that looking for the oldest one stays cheap.
const MAX_ENTRIES: usize = 4096;

/// Values by their key; the ones not asked for longest go when there are too many bytes.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    entries: HashMap<K, Entry<V>>,
    budget: usize,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: Arc<V>,
    bytes: usize,
    used: u64,
}

impl<K: Clone + Eq + Hash, V> Cache<K, V> {
    /// Keeps up to `budget` bytes, and always the newest value.
    pub(super) fn new(budget: usize) -> Self {
        Self {
            entries: HashMap::new(),
            budget,
            bytes: 0,
            clock: 0,
        }
    }

    /// The value of `key`, if it was kept.
    pub(super) fn get(&mut self, key: &K) -> Option<Arc<V>> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.clock;
        Some(Arc::clone(&entry.value))
    }

    /// Keeps `value`, which takes `bytes` bytes.
    pub(super) fn insert(&mut self, key: K, value: V, bytes: usize) -> Arc<V> {
        self.clock += 1;
        let value = Arc::new(value);
        let entry = Entry {
            value: Arc::clone(&value),
            bytes,
            used: self.clock,
        };
        if let Some(before) = self.entries.insert(key, entry) {
            self.bytes -= before.bytes;
        }
        self.bytes += bytes;
        while self.entries.len() > 1 && (self.bytes > self.budget || self.entries.len() > MAX_ENTRIES) {
            let Some(oldest) = self
                .entries
                .iter()
                .min_by_key(|(_, entry)| entry.used)
                .map(|(key, _)| key.clone())
            else {
                break;
            };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.bytes -= entry.bytes;
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut cache = Cache::new(10);
        cache.insert("a", 1, 4);
        cache.insert("b", 2, 4);
        assert_eq!(cache.get(&"a").as_deref(), Some(&1));
        cache.insert("c", 3, 4);
        assert_eq!(cache.get(&"b"), None);
        assert_eq!(cache.get(&"a").as_deref(), Some(&1));
        assert_eq!(cache.get(&"c").as_deref(), Some(&3));
        assert_eq!(cache.bytes, 8);
    }

    #[test]
    fn a_value_above_the_budget_stays_until_the_next() {
        let mut cache = Cache::new(10);
        cache.insert(1, "huge", 100);
        assert!(cache.get(&1).is_some());
        cache.insert(2, "small", 1);
        assert!(cache.get(&1).is_none());
        assert_eq!(cache.bytes, 1);
    }

    #[test]
    fn replacing_counts_once() {
        let mut cache = Cache::new(10);
        cache.insert(1, 'a', 4);
        cache.insert(1, 'b', 5);
        assert_eq!(cache.get(&1).as_deref(), Some(&'b'));
        assert_eq!(cache.bytes, 5);
    }
}
