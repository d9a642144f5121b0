//! Sealing everything that a store holds with one key, while others read and write it.
//!
//! **One document at a time**, each by compare-and-set on the revision that it was read at: what
//! somebody else writes meanwhile is read again and never lost. Whatever ends it leaves documents
//! that are sealed with the new key beside those that are not yet; with both keys configured all of
//! them open, and the next run does what is left.
//!
//! **Until nothing is left.** Documents are listed again and again until all of them are as they
//! should be, because others may write with another key meanwhile.

use aisix_core::{Document, Entry, ResourceKey};
use bytes::Bytes;

use crate::sealer::{SealError, Sealer};
use crate::source::{ConfigStore, Expect, StoreError};

/// How often everything is listed before it is given up that others stop writing with another key.
const PASSES: usize = 8;

/// How often one document is read again because somebody else has written it.
const TRIES: usize = 64;

/// How far it is, after each document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Documents that were looked at in this pass.
    pub looked_at: usize,
    /// Documents of this pass.
    pub documents: usize,
    /// Documents that were rewritten in all passes.
    pub rewritten: usize,
}

/// What became of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rekeyed {
    /// How many documents were rewritten.
    pub rewritten: usize,
    /// The documents that are left as they are, because they cannot be read or do not open.
    pub unopened: Vec<Unopened>,
    /// Whether others kept writing with another key until the end.
    pub unsettled: bool,
}

/// A document that is left as it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Unopened {
    /// Its key.
    pub key: String,
    /// Why, without any value of it.
    pub problem: String,
}

/// What became of one document.
enum Outcome {
    /// It is as it should be.
    Left,
    Rewritten,
    Unopened(String),
}

/// Seals every secret in the store with the key of the sealer that seals: those that its other keys
/// have sealed, and those in clear. References stay what they are.
///
/// # Errors
/// Where the store cannot be read or written. What was rewritten until then stays so.
pub async fn rekey(
    store: &dyn ConfigStore,
    sealer: &Sealer,
    mut progress: impl FnMut(Progress),
) -> Result<Rekeyed, SealError> {
    let mut rekeyed = Rekeyed::default();
    for _ in 0..PASSES {
        let listing = store.list().await?;
        let (documents, before) = (listing.entries.len(), rekeyed.rewritten);
        rekeyed.unopened.clear();
        for (looked_at, entry) in (1..).zip(listing.entries) {
            let key = entry.key.clone();
            match rewrite(store, sealer, entry).await? {
                Outcome::Left => {}
                Outcome::Rewritten => rekeyed.rewritten += 1,
                Outcome::Unopened(problem) => rekeyed.unopened.push(Unopened { key, problem }),
            }
            progress(Progress { looked_at, documents, rewritten: rekeyed.rewritten });
        }
        if rekeyed.rewritten == before {
            return Ok(rekeyed);
        }
    }
    rekeyed.unsettled = true;
    Ok(rekeyed)
}

async fn rewrite(
    store: &dyn ConfigStore,
    sealer: &Sealer,
    mut entry: Entry,
) -> Result<Outcome, SealError> {
    let Ok(key) = ResourceKey::parse(&entry.key) else {
        return Ok(Outcome::Unopened("is no kind that this version knows".to_owned()));
    };
    for _ in 0..TRIES {
        let mut document = match Document::parse(&entry.value) {
            Ok(document) => document,
            Err(invalid) => return Ok(Outcome::Unopened(invalid.to_string())),
        };
        match sealer.reseal_document(key.kind, key.id.as_str(), &mut document) {
            Ok(false) => return Ok(Outcome::Left),
            Ok(true) => {}
            Err(SealError::NotOurs { field, problem }) => {
                return Ok(Outcome::Unopened(format!("{field}: {problem}")));
            }
            Err(error) => return Err(error),
        }
        let value = Bytes::from(document.to_bytes());
        match store.put(&entry.key, value, Expect::Modified(entry.modified)).await {
            Ok(_) => return Ok(Outcome::Rewritten),
            Err(StoreError::Conflict) => match store.get(&entry.key).await? {
                Some(newer) => entry = newer,
                None => return Ok(Outcome::Left),
            },
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}
