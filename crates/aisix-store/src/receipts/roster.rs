//! Everyone who is on record, as administrators see it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aisix_core::Entry;
use aisix_core::snapshot::Revision;
use tokio::time::{Instant, sleep, timeout_at};

use super::receipt::Receipt;
use super::{MEMBERSHIP, membership};
use crate::source::{ConfigStore, Expect, Listing, StoreError, Transaction};

/// The wait before a record that could not be read is read again.
const AGAIN: Duration = Duration::from_millis(100);

/// The record of one environment's gateways.
#[derive(Clone)]
pub struct Roster {
    store: Arc<dyn ConfigStore>,
}

/// A gateway on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it said last.
    pub receipt: Receipt,
    /// Whether it still says so. Otherwise it is lost: it may have died, or hang, or be cut off and
    /// serve on.
    pub live: bool,
}

/// Who serves a revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Convergence {
    /// How many gateways are on record.
    pub gateways: usize,
    /// Those of them that may not serve it.
    pub behind: Vec<Member>,
}

/// What came of the wish to forget a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// It is off the record.
    Done,
    /// It reports, so it is not gone.
    Live,
    /// It is not on record.
    Unknown,
}

impl Member {
    /// Whether the write of this revision is served by it, and all before it that it does not reject,
    /// for certain.
    #[must_use]
    pub fn serves(&self, revision: Revision) -> bool {
        let reached = self.receipt.served.applied_revision >= Some(revision);
        self.live && reached && !self.rejects(revision)
    }

    /// Whether it does not serve a document as it was written at this revision. It may serve what
    /// was there before.
    #[must_use]
    pub fn rejects(&self, revision: Revision) -> bool {
        self.receipt.served.rejected_revisions.contains(&revision)
    }
}

impl Convergence {
    fn of(members: Vec<Member>, revision: Revision) -> Self {
        let gateways = members.len();
        let behind = members.into_iter().filter(|member| !member.serves(revision)).collect();
        Self { gateways, behind }
    }

    /// Whether every gateway serves it. Where none is on record, nobody says so.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.gateways > 0 && self.behind.is_empty()
    }
}

impl Roster {
    /// The record that this store holds, at its root.
    pub(crate) fn new(store: Arc<dyn ConfigStore>) -> Self {
        Self { store }
    }

    /// Everyone who is on record now, in the order of ids.
    ///
    /// # Errors
    /// [`StoreError`] where the record cannot be read.
    pub async fn members(&self) -> Result<Vec<Member>, StoreError> {
        Ok(members(self.store.list().await?))
    }

    /// Waits until every gateway serves a revision that was written before this call, but no longer
    /// than `patience`; answers who does not.
    ///
    /// # Errors
    /// [`StoreError`] where the record could not be read once in this time.
    pub async fn converged(
        &self,
        revision: Revision,
        patience: Duration,
    ) -> Result<Convergence, StoreError> {
        let deadline = Instant::now() + patience;
        let mut known = None;
        let mut failure = None;
        let following = async {
            loop {
                match self.follow(revision, &mut known).await {
                    Ok(()) => return,
                    Err(error) => failure = Some(error),
                }
                sleep(AGAIN).await;
            }
        };
        let _: Result<(), _> = timeout_at(deadline, following).await;
        known.ok_or_else(|| {
            failure.unwrap_or_else(|| {
                StoreError::unavailable("cannot read who serves what", "no answer in time")
            })
        })
    }

    /// Returns once everyone serves the revision; `known` is what was read last.
    async fn follow(
        &self,
        revision: Revision,
        known: &mut Option<Convergence>,
    ) -> Result<(), StoreError> {
        let listing = self.store.list().await?;
        let after = listing.revision;
        if known.insert(Convergence::of(members(listing), revision)).is_complete() {
            return Ok(());
        }
        let mut watch = self.store.watch(after).await?;
        while watch.recv().await.is_some() {
            while watch.try_recv().is_ok() {}
            let members = self.members().await?;
            if known.insert(Convergence::of(members, revision)).is_complete() {
                return Ok(());
            }
        }
        Err(StoreError::unavailable("cannot follow who serves what", "the watch ended"))
    }

    /// Takes a gateway off the record that is gone without having said so.
    ///
    /// # Errors
    /// [`StoreError`] where the record cannot be read or written.
    pub async fn forget(&self, id: &str) -> Result<Forgotten, StoreError> {
        let known = self.members().await?;
        let Some(member) = known.into_iter().find(|member| member.receipt.identity.id == id) else {
            return Ok(Forgotten::Unknown);
        };
        if member.live {
            return Ok(Forgotten::Live);
        }
        let gone = Transaction::new().expect(id, Expect::Absent).delete(membership(id));
        match self.store.commit(gone).await {
            Ok(_) => Ok(Forgotten::Done),
            Err(StoreError::Conflict) => Ok(Forgotten::Live),
            Err(error) => Err(error),
        }
    }
}

/// Who is on record at a revision of the store.
fn members(listing: Listing) -> Vec<Member> {
    let mut all = BTreeMap::new();
    for Entry { key, value, .. } in listing.entries {
        let (id, live) = match key.strip_suffix(MEMBERSHIP) {
            Some(id) => (id, false),
            None => (&*key, true),
        };
        // The receipt is as new as the membership, or newer.
        if live || !all.contains_key(id) {
            all.insert(id.to_owned(), Member { receipt: Receipt::read(id, &value), live });
        }
    }
    all.into_values().collect()
}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roster").finish_non_exhaustive()
    }
}
