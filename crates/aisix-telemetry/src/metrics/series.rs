//! What is counted, by the values of labels.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

/// The most label sets that one table tells apart.
pub(super) const MOST: usize = 10_000;

/// The value of labels that come from the configuration, beyond that number.
pub(super) const OVERFLOW: &str = "overflow";

/// Values by the values of `N` labels.
///
/// A label set is found without allocating; one that is new is remembered for good. There are no
/// more than [`MOST`] and what the labels add that do not come from the configuration: whatever is
/// seen beyond is counted together, so that nothing is lost and nothing grows.
///
/// Threads that look something up share no counter and no lock, only the row that they find.
pub(super) struct Series<const N: usize, V> {
    /// Which labels come from the configuration.
    configured: [bool; N],
    rows: ArcSwap<Rows<N, V>>,
    /// Held by who adds a row; whether anything was counted together yet.
    overflowed: Mutex<bool>,
}

/// One label set and its value.
pub(super) struct Row<const N: usize, V> {
    pub(super) labels: [Box<str>; N],
    value: Mutex<V>,
}

struct Rows<const N: usize, V> {
    /// By the hash of their labels. A copy with one row more shares the rest.
    by_hash: imbl::HashMap<u64, Vec<Arc<Row<N, V>>>>,
    count: usize,
}

impl<const N: usize, V: Default> Series<N, V> {
    /// An empty table.
    pub(super) fn new(configured: [bool; N]) -> Self {
        let rows = ArcSwap::from_pointee(Rows { by_hash: imbl::HashMap::new(), count: 0 });
        Self { configured, rows, overflowed: Mutex::new(false) }
    }

    /// Changes the value of these labels.
    pub(super) fn update(&self, labels: [&str; N], change: impl FnOnce(&mut V)) {
        let rows = self.rows.load();
        match rows.find(hash(&labels), &labels) {
            Some(row) => change(&mut row.value()),
            None => change(&mut self.create(labels).value()),
        }
    }

    /// Every label set, in no particular order.
    pub(super) fn rows(&self) -> Vec<Arc<Row<N, V>>> {
        self.rows.load().by_hash.values().flatten().cloned().collect()
    }

    fn create(&self, mut labels: [&str; N]) -> Arc<Row<N, V>> {
        let mut overflowed = self.overflowed.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = self.rows.load();
        if rows.count >= MOST && rows.find(hash(&labels), &labels).is_none() {
            let configured = labels.iter_mut().zip(self.configured);
            configured.filter(|(_, it)| *it).for_each(|(label, _)| *label = OVERFLOW);
            if !std::mem::replace(&mut *overflowed, true) {
                tracing::warn!(limit = MOST, "too many label sets: further ones are one");
            }
        }
        let hash = hash(&labels);
        if let Some(row) = rows.find(hash, &labels) {
            return row.clone();
        }
        let row = Arc::new(Row { labels: labels.map(Into::into), value: Mutex::default() });
        let mut by_hash = rows.by_hash.clone();
        by_hash.entry(hash).or_default().push(row.clone());
        self.rows.store(Arc::new(Rows { by_hash, count: rows.count + 1 }));
        row
    }
}

impl<const N: usize, V> Rows<N, V> {
    fn find(&self, hash: u64, labels: &[&str; N]) -> Option<&Arc<Row<N, V>>> {
        let same = |row: &&Arc<Row<N, V>>| row.labels.iter().zip(labels).all(|(a, b)| **a == **b);
        self.by_hash.get(&hash)?.iter().find(same)
    }
}

impl<const N: usize, V> Row<N, V> {
    /// The value, for as long as it is held.
    pub(super) fn value(&self) -> MutexGuard<'_, V> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<const N: usize, V> std::fmt::Debug for Series<N, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Series").field("rows", &self.rows.load().count).finish_non_exhaustive()
    }
}

/// Quick rather than strong: nobody outside can choose the values of labels, and where two label
/// sets have one hash they are compared.
fn hash(labels: &[&str]) -> u64 {
    /// The golden ratio as a fraction of 2⁶⁴, which spreads what differs little.
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(SPREAD);
    labels.iter().fold(0, |hash, label| {
        let (words, rest) = label.as_bytes().as_chunks::<8>();
        let hash = words.iter().fold(hash, |hash, word| mix(hash, u64::from_le_bytes(*word)));
        let rest = rest.iter().fold(1, |word, byte| word << 8 | u64::from(*byte));
        mix(hash, rest)
    })
}

#[cfg(test)]
mod tests;
