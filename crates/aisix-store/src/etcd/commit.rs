//! Writing documents, if conditions hold.
//!
//! What a [`Condition`] demands becomes a comparison of etcd's transaction, so that it is judged
//! together with the write. Two things need more than that:
//!
//! - **Deletions leave nothing to compare.** `Unchanged` compares the revisions of what is there
//!   now, which finds everything that was created or replaced, whoever did it. That something was
//!   deleted is found in two ways: every transaction of this store that deletes also writes the key
//!   `<prefix>_meta/deleted`, whose revision is compared too; and before the transaction the number
//!   of documents is compared with the number at the revision that the writer saw, which finds what
//!   other programs deleted until then. A deletion by another program in the moment between that
//!   look and the transaction is the one change that goes unnoticed. It only makes names free, so
//!   that no two documents come to have one; a writer to whom a document matters that it refers to
//!   demands that it exists, which is compared with the write itself.
//!   Where etcd is full it permits deletions, but not that key: what only deletes is then done
//!   without it, since a revocation cannot wait for room, and leaves as much to be noticed as a
//!   deletion by another program.
//! - **A deletion of what is not there is no write.** Which documents are there is therefore read
//!   first, and is then a condition; where only that has changed, the transaction is tried again.

use std::collections::HashSet;

use bytes::Bytes;

use super::EtcdStore;
use super::client::Failure;
use super::read::{Range, entry, signed, unsigned};
use super::wire::{
    Bound, Compare, Comparison, DeleteRangeRequest, KeyValue, PutRequest, RangeRequest, Request,
    RequestOp, Response, Target, TxnRequest, TxnResponse,
};
use crate::source::{Condition, Expect, StoreError, Transaction, Write, Written};

/// How often a transaction is tried anew because what it deletes came or went meanwhile.
const TRIES: usize = 16;

const READ: &str = "read";
const WRITE: &str = "write";

/// All of the writes if all of the conditions hold, otherwise none of them.
pub(super) async fn commit(
    store: &EtcdStore,
    transaction: Transaction,
) -> Result<Written, StoreError> {
    let mut seen = HashSet::new();
    if let Some(twice) = transaction.writes.iter().find(|write| !seen.insert(write.key())) {
        return Err(StoreError::Repeated(twice.key().to_owned()));
    }
    let mut conditions = Vec::new();
    for condition in &transaction.conditions {
        store.compare(condition, &mut conditions).await?;
    }
    let mut there = store.deletable(&transaction.writes).await?;
    let only_deletes = transaction.writes.iter().all(|write| matches!(write, Write::Delete { .. }));
    for _ in 0..TRIES {
        let request = |marked| store.request(&conditions, &transaction.writes, &there, marked);
        let mut answer = store.client.txn(request(true)).await;
        if only_deletes && answer.as_ref().is_err_and(Failure::is_full) {
            answer = store.client.txn(request(false)).await;
        }
        let answer = answer.map_err(|failure| failure.doing(WRITE))?;
        if answer.succeeded {
            return Ok(store.written(&transaction.writes, answer));
        }
        let now = store.deletable(&transaction.writes).await?;
        if now == there {
            break;
        }
        there = now;
    }
    Err(StoreError::Conflict)
}

impl EtcdStore {
    fn key(&self, key: &str) -> Bytes {
        format!("{}{key}", self.prefix).into()
    }

    /// Adds the comparisons that a condition comes to.
    async fn compare(
        &self,
        condition: &Condition,
        compare: &mut Vec<Compare>,
    ) -> Result<(), StoreError> {
        match condition {
            Condition::Document { key, expect } => {
                let key = self.key(key);
                compare.extend(match expect {
                    Expect::Any => None,
                    Expect::Absent => Some(version(key, Comparison::Equal, 0)),
                    Expect::Present => Some(version(key, Comparison::Greater, 0)),
                    // What exists was written at least once.
                    Expect::Version(0) | Expect::Modified(0) => return Err(StoreError::Conflict),
                    Expect::Modified(at) => Some(modified(key, signed(*at))),
                    Expect::Version(times) => Some(version(key, Comparison::Equal, signed(*times))),
                });
            }
            Condition::Unchanged { prefix, since } => {
                let range = Range::below(&format!("{}{prefix}", self.prefix));
                self.nothing_is_gone(&range, signed(*since)).await?;
                let marker = self.deleted.as_bytes();
                let marker = Range { key: Bytes::copy_from_slice(marker), end: Bytes::new() };
                compare.extend([range, marker].map(|range| unchanged(range, signed(*since))));
            }
        }
        Ok(())
    }

    /// Makes sure that as many documents are there as were at a revision that etcd remembers.
    async fn nothing_is_gone(&self, range: &Range, since: i64) -> Result<(), StoreError> {
        let count = async |revision| {
            let request = RangeRequest { revision, count_only: true, ..range.request() };
            self.client.range(request).await
        };
        let before = match count(since).await {
            Ok(answer) => answer.count,
            // What is forgotten may have been a change.
            Err(failure) if failure.is_compacted() => return Err(StoreError::Conflict),
            Err(failure) => return Err(failure.doing(READ)),
        };
        let now = count(0).await.map_err(|failure| failure.doing(READ))?.count;
        if now == before { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// The keys of the documents that are to be deleted and are there to delete.
    async fn deletable(&self, writes: &[Write]) -> Result<HashSet<Bytes>, StoreError> {
        let ask = |write: &Write| match write {
            Write::Delete { key } => {
                Some(RangeRequest { key: self.key(key), ..RangeRequest::default() })
            }
            Write::Put { .. } => None,
        };
        let success: Vec<_> =
            writes.iter().filter_map(ask).map(|ask| op(Request::Range(ask))).collect();
        if success.is_empty() {
            return Ok(HashSet::new());
        }
        let request = TxnRequest { compare: Vec::new(), success };
        let answer = self.client.txn(request).await.map_err(|failure| failure.doing(READ))?;
        let found = answer.responses.into_iter().filter_map(|answer| match answer.response {
            Some(Response::Range(found)) => found.kvs.into_iter().next(),
            _ => None,
        });
        Ok(found.map(|found| found.key).collect())
    }

    /// The transaction; `marked` says whether a deletion also writes the key that says so.
    fn request(
        &self,
        conditions: &[Compare],
        writes: &[Write],
        there: &HashSet<Bytes>,
        marked: bool,
    ) -> TxnRequest {
        let mut compare = conditions.to_vec();
        let mut success = Vec::with_capacity(writes.len() + 1);
        for write in writes {
            let key = self.key(write.key());
            match write {
                Write::Put { value, .. } => {
                    let put = PutRequest { key, value: value.clone(), prev_kv: true, lease: 0 };
                    success.push(op(Request::Put(put)));
                }
                Write::Delete { .. } if there.contains(&key) => {
                    compare.push(version(key.clone(), Comparison::Greater, 0));
                    success.push(op(Request::DeleteRange(DeleteRangeRequest { key })));
                }
                Write::Delete { .. } => compare.push(version(key, Comparison::Equal, 0)),
            }
        }
        if marked && !there.is_empty() {
            let key = Bytes::copy_from_slice(self.deleted.as_bytes());
            let mark = PutRequest { key, ..PutRequest::default() };
            success.push(op(Request::Put(mark)));
        }
        TxnRequest { compare, success }
    }

    /// What the writes came to.
    fn written(&self, writes: &[Write], answer: TxnResponse) -> Written {
        let revision = answer.header.as_ref().map_or(0, |header| header.revision);
        let mut written = Written { revision: unsigned(revision), ..Written::default() };
        let mut puts = writes.iter().filter_map(|write| match write {
            Write::Put { key, value } => Some((self.key(key), value)),
            Write::Delete { .. } => None,
        });
        for answer in answer.responses {
            match answer.response {
                Some(Response::Put(put)) => {
                    // The last put may be the mark of a deletion.
                    if let Some((key, value)) = puts.next() {
                        let before = put.prev_kv.as_ref();
                        written.entries.push(entry(
                            &self.prefix,
                            KeyValue {
                                key,
                                create_revision: before.map_or(revision, |kv| kv.create_revision),
                                mod_revision: revision,
                                version: before.map_or(0, |kv| kv.version) + 1,
                                value: value.clone(),
                            },
                        ));
                    }
                }
                Some(Response::DeleteRange(gone)) => {
                    written.deleted += usize::try_from(gone.deleted).unwrap_or_default();
                }
                _ => {}
            }
        }
        written
    }
}

pub(super) fn op(request: Request) -> RequestOp {
    RequestOp { request: Some(request) }
}

fn version(key: Bytes, result: Comparison, times: i64) -> Compare {
    Compare {
        result: result.into(),
        target: Target::Version.into(),
        key,
        bound: Some(Bound::Version(times)),
        range_end: Bytes::new(),
    }
}

fn modified(key: Bytes, at: i64) -> Compare {
    Compare {
        result: Comparison::Equal.into(),
        target: Target::Modified.into(),
        key,
        bound: Some(Bound::Modified(at)),
        range_end: Bytes::new(),
    }
}

/// That everything in a range was last written at a revision or before.
fn unchanged(range: Range, since: i64) -> Compare {
    Compare {
        result: Comparison::Less.into(),
        target: Target::Modified.into(),
        key: range.key,
        bound: Some(Bound::Modified(since.saturating_add(1))),
        range_end: range.end,
    }
}
