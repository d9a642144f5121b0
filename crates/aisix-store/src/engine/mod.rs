//! What every store does alike: conditions, revisions, versions and watching, over whatever keeps
//! the records.

mod hosted;
mod watchers;

use std::collections::HashSet;

use aisix_core::snapshot::Revision;
use aisix_core::{Change, Entry};

pub(crate) use hosted::Hosted;
pub(crate) use watchers::Watchers;

use crate::source::{Condition, Expect, Listing, StoreError, Transaction, Watch, Write, Written};

/// How many of the latest revisions a store remembers change by change.
pub(crate) const HISTORY: u64 = 10_000;

/// Keeps documents and the log of their changes, for one owner at a time.
pub trait Records: Send + 'static {
    /// The revision of the last write; 0 before the first.
    fn revision(&self) -> Result<Revision, StoreError>;

    /// The earliest revision whose successors are all still in the log.
    fn remembered_since(&self) -> Result<Revision, StoreError>;

    /// One document.
    fn get(&self, key: &str) -> Result<Option<Entry>, StoreError>;

    /// The documents whose keys begin with `prefix`, in the order of keys.
    fn list(&self, prefix: &str) -> Result<Vec<Entry>, StoreError>;

    /// The logged changes after a revision of keys that begin with `prefix`, in order; at most
    /// `limit` of them.
    fn changes(
        &self,
        prefix: &str,
        after: Revision,
        limit: usize,
    ) -> Result<Vec<Change>, StoreError>;

    /// Makes the changes of one revision, all or none, durably; the log may forget what happened up
    /// to `forgotten`.
    fn write(&mut self, changes: &[Change], forgotten: Revision) -> Result<(), StoreError>;
}

/// The one owner of some records, and of those who watch them.
#[derive(Debug)]
pub struct Engine<R> {
    records: R,
    watchers: Watchers,
    history: u64,
}

impl<R: Records> Engine<R> {
    pub(crate) fn new(records: R, history: u64) -> Self {
        Self { records, watchers: Watchers::default(), history }
    }

    pub(crate) fn get(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.records.get(key)
    }

    pub(crate) fn list(&self, prefix: &str) -> Result<Listing, StoreError> {
        Ok(Listing { entries: self.records.list(prefix)?, revision: self.records.revision()? })
    }

    pub(crate) fn watch(&mut self, prefix: &str, after: Revision) -> Result<Watch, StoreError> {
        if after < self.records.remembered_since()? || after > self.records.revision()? {
            return Err(StoreError::Compacted(after));
        }
        let missed = self.records.changes(prefix, after, usize::MAX)?;
        Ok(self.watchers.add(prefix, &missed))
    }

    pub(crate) fn commit(&mut self, transaction: Transaction) -> Result<Written, StoreError> {
        for condition in &transaction.conditions {
            if !self.holds(condition)? {
                return Err(StoreError::Conflict);
            }
        }
        let before = self.records.revision()?;
        let (changes, mut written) = self.plan(transaction.writes, before + 1)?;
        if changes.is_empty() {
            written.revision = before;
            return Ok(written);
        }
        let forgotten = written.revision.saturating_sub(self.history);
        self.records.write(&changes, forgotten)?;
        self.watchers.tell(&changes);
        Ok(written)
    }

    fn holds(&self, condition: &Condition) -> Result<bool, StoreError> {
        match condition {
            Condition::Document { key, expect } => {
                let found = match expect {
                    Expect::Any => return Ok(true),
                    _ => self.records.get(key)?,
                };
                Ok(match expect {
                    Expect::Any => true,
                    Expect::Absent => found.is_none(),
                    Expect::Present => found.is_some(),
                    Expect::Version(times) => found.is_some_and(|entry| entry.version == *times),
                    Expect::Modified(at) => found.is_some_and(|entry| entry.modified == *at),
                })
            }
            // What is forgotten may have been a change.
            Condition::Unchanged { prefix, since } => Ok(*since
                >= self.records.remembered_since()?
                && self.records.changes(prefix, *since, 1)?.is_empty()),
        }
    }

    /// What the writes come to, all at one revision.
    fn plan(
        &self,
        writes: Vec<Write>,
        revision: Revision,
    ) -> Result<(Vec<Change>, Written), StoreError> {
        let mut seen = HashSet::new();
        let mut changes = Vec::with_capacity(writes.len());
        let mut written = Written { revision, ..Written::default() };
        for write in writes {
            if !seen.insert(write.key().to_owned()) {
                return Err(StoreError::Repeated(write.key().to_owned()));
            }
            let before = self.records.get(write.key())?;
            match (write, before) {
                (Write::Put { key, value }, before) => {
                    let entry = Entry {
                        key,
                        value,
                        version: before.as_ref().map_or(1, |before| before.version + 1),
                        created: before.map_or(revision, |before| before.created),
                        modified: revision,
                    };
                    written.entries.push(entry.clone());
                    changes.push(Change::Put(entry));
                }
                (Write::Delete { key }, Some(_)) => {
                    written.deleted += 1;
                    changes.push(Change::Delete { key, revision });
                }
                (Write::Delete { .. }, None) => {}
            }
        }
        Ok((changes, written))
    }
}
