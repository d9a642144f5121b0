//! Reading documents.

#[cfg(test)]
mod tests;

use aisix_core::Entry;
use bytes::Bytes;

use super::client::{Client, Failure};
use super::wire::{KeyValue, RangeRequest, RangeResponse};
use crate::source::{Listing, StoreError};

/// How many documents are read first, before anything is known of their size.
const FIRST_PAGE: i64 = 100;

/// How many documents are read at once at most.
const PAGE: i64 = 5000;

/// How many bytes of documents one page aims at, so that no page of large documents is more than
/// etcd can send, or than arrives within the deadline of a request.
const PAGE_BYTES: usize = 8 << 20;

/// How often a listing begins anew because its revision was compacted meanwhile.
const TRIES: usize = 3;

const READ: &str = "read";

/// One document.
pub(super) async fn get(
    client: &Client,
    prefix: &str,
    key: &str,
) -> Result<Option<Entry>, StoreError> {
    let key = Bytes::from(format!("{prefix}{key}"));
    let request = RangeRequest { key, ..RangeRequest::default() };
    let found = client.range(request).await.map_err(|failure| failure.doing(READ))?;
    Ok(found.kvs.into_iter().next().map(|found| entry(prefix, found)))
}

/// Every document below `prefix` whose key there begins with `under`, in pages of one revision.
pub(super) async fn list(
    client: &Client,
    prefix: &str,
    under: &str,
) -> Result<Listing, StoreError> {
    let range = Range::below(&format!("{prefix}{under}"));
    let mut tries = 1;
    loop {
        match pages(client, prefix, &range).await {
            Err(failure) if failure.is_compacted() && tries < TRIES => tries += 1,
            listed => return listed.map_err(|failure| failure.doing(READ)),
        }
    }
}

async fn pages(client: &Client, prefix: &str, range: &Range) -> Result<Listing, Failure> {
    let mut listing = Listing::default();
    let mut request = RangeRequest { limit: FIRST_PAGE, ..range.request() };
    loop {
        let page = client.range(request.clone()).await?;
        if request.revision == 0 {
            request.revision = revision(&page);
            listing.revision = unsigned(request.revision);
        }
        if let (true, Some(last)) = (page.more, page.kvs.last()) {
            // The smallest key after the last one.
            request.key = [&last.key[..], &[0]].concat().into();
            request.limit = next_page(&page.kvs);
        }
        listing.entries.extend(page.kvs.into_iter().map(|found| entry(prefix, found)));
        if !page.more {
            return Ok(listing);
        }
    }
}

/// How many documents to read next, if they are as large as those of this page.
fn next_page(page: &[KeyValue]) -> i64 {
    let bytes: usize = page.iter().map(|found| found.key.len() + found.value.len()).sum();
    let fit = PAGE_BYTES.saturating_mul(page.len()) / bytes.max(1);
    i64::try_from(fit).unwrap_or(PAGE).clamp(1, PAGE)
}

/// The revision at which etcd answered.
pub(super) fn revision(answer: &RangeResponse) -> i64 {
    answer.header.as_ref().map_or(0, |header| header.revision)
}

/// A document with its key relative to `prefix`.
pub(super) fn entry(prefix: &str, found: KeyValue) -> Entry {
    Entry {
        key: relative(prefix, &found.key),
        value: found.value,
        version: unsigned(found.version),
        created: unsigned(found.create_revision),
        modified: unsigned(found.mod_revision),
    }
}

/// A key below `prefix`. One that is not UTF-8 is shown as nearly as possible, and is no document's.
pub(super) fn relative(prefix: &str, key: &[u8]) -> String {
    String::from_utf8_lossy(key.get(prefix.len()..).unwrap_or_default()).into_owned()
}

/// etcd counts revisions and versions from 1 on, in signed numbers.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A revision as etcd takes it; those that it never reaches are all the same to it.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// All keys with a common beginning.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) key: Bytes,
    pub(super) end: Bytes,
}

impl Range {
    /// Those that begin with `prefix`, which is not empty.
    pub(super) fn below(prefix: &str) -> Self {
        let mut end = prefix.as_bytes().to_vec();
        // UTF-8 has no byte 0xff, so that the last one can always be raised.
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        Self { key: Bytes::copy_from_slice(prefix.as_bytes()), end: end.into() }
    }

    /// Asks for them.
    pub(super) fn request(&self) -> RangeRequest {
        let (key, range_end) = (self.key.clone(), self.end.clone());
        RangeRequest { key, range_end, ..RangeRequest::default() }
    }
}
