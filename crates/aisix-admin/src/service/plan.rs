//! One attempt at a write: what must be true, what is written, what the audit log says.

use aisix_core::id::ResourceKey;
use aisix_core::resource::Strictness;
use aisix_core::secret::MASK;
use aisix_core::snapshot::Revision;
use aisix_core::{Document, Kind};
use aisix_store::{ConfigStore, Expect, SealError, Secrets, StoreError, Transaction};
use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;

use super::managed::Managed;
use super::read::{self, Census, Held, Standing, key_of};
use crate::error::ApiError;

/// Something an administrator asks for, that can be planned again and again.
#[async_trait]
pub(crate) trait Step: Send + Sync {
    /// Reads what the decision depends on, and adds the writes that it comes to.
    async fn plan(&self, plan: &mut Plan<'_>) -> Result<(), ApiError>;
}

/// A transaction in the making.
///
/// Whatever it has read to decide, it makes a condition, so that the writes take place only where
/// the decision still holds.
pub(crate) struct Plan<'a> {
    store: &'a dyn ConfigStore,
    secrets: &'a Secrets,
    transaction: Transaction,
    audit: Audit,
}

/// What the log will say of the writes, never with a value.
#[derive(Default)]
pub(crate) struct Audit(Vec<(Kind, String, &'static str)>);

impl Audit {
    /// One line for each document.
    pub(crate) fn write(self, revision: Revision) {
        for (kind, id, action) in self.0 {
            tracing::info!(target: "aisix::audit", %kind, id, action, revision, "admin write");
        }
    }
}

impl<'a> Plan<'a> {
    pub(super) fn new(store: &'a dyn ConfigStore, secrets: &'a Secrets) -> Self {
        let (transaction, audit) = Default::default();
        Self { store, secrets, transaction, audit }
    }

    pub(super) fn into_parts(self) -> (Transaction, Audit) {
        (self.transaction, self.audit)
    }

    /// What stands where the resource would be.
    pub(crate) async fn find<T: Managed>(&self, id: &str) -> Result<Option<Standing<T>>, ApiError> {
        Ok(read::find(self.store, id).await?)
    }

    /// Every resource of a kind; none of them may change until the plan is carried out.
    pub(crate) async fn census<T: Managed>(&mut self) -> Result<Census<T>, StoreError> {
        let census = read::census(self.store).await?;
        let transaction = std::mem::take(&mut self.transaction);
        self.transaction = transaction.unchanged(key_of(T::KIND, ""), census.revision);
        Ok(census)
    }

    /// Adds a resource to write: over `previous`, or as a new one. Documents that somebody wrote
    /// are judged strictly; stored ones that were amended, leniently, as the gateway does.
    pub(crate) async fn put<T: Managed>(
        &mut self,
        id: &str,
        mut document: Document,
        previous: Option<&Standing<T>>,
        strictness: Strictness,
    ) -> Result<(), ApiError> {
        let held = previous.and_then(|standing| standing.read.as_ref().ok());
        T::normalise(&mut document);
        self.keep_masked(id, &mut document, held)?;
        let spec = T::decode(&document, strictness)?.resource;
        // What the gateway would refuse to serve is refused now.
        T::decode(&self.secrets.resolved(T::KIND, id, &document)?, strictness)?;
        let before = held.map(|held| &held.stored.spec);
        if spec.concerns_peers(before) {
            let census = self.census::<T>().await?;
            let peers: Vec<_> =
                census.all.iter().filter(|held| held.stored.id.as_str() != id).collect();
            unclaimed(&spec, &peers)?;
            spec.stands_beside(&peers)?;
        }
        self.require_references(&spec).await?;
        if let Some(before) = before {
            self.drop_belonging(id, before, Some(&spec)).await?;
        }
        self.secrets.seal(T::KIND, id, &mut document).map_err(unsealable)?;
        if holds_secrets(T::KIND, &mut document) {
            self.secrets.belong_into(self.store, &key_of(T::KIND, id)).await.map_err(unsealable)?;
        }
        let expect = previous.map_or(Expect::Absent, |standing| Expect::Version(standing.version));
        let action = if previous.is_some() { "update" } else { "create" };
        self.note::<T>(id, action);
        let (key, value) = (key_of(T::KIND, id), Bytes::from(document.to_bytes()));
        self.change(|transaction| transaction.expect(&key, expect).put(&key, value));
        Ok(())
    }

    /// Adds a resource to delete, and what belongs to it alone.
    pub(crate) async fn delete<T: Managed>(
        &mut self,
        id: &str,
        standing: &Standing<T>,
    ) -> Result<(), ApiError> {
        if let Ok(held) = &standing.read {
            self.drop_belonging(id, &held.stored.spec, None).await?;
        }
        self.note::<T>(id, "delete");
        let (key, expect) = (key_of(T::KIND, id), Expect::Version(standing.version));
        self.change(|transaction| transaction.expect(&key, expect).delete(&key));
        Ok(())
    }

    /// Replaces masks by the secrets that are stored, in clear, because sealing binds a secret to
    /// its field and the field's name may differ.
    fn keep_masked<T: Managed>(
        &self,
        id: &str,
        document: &mut Document,
        previous: Option<&Held<T>>,
    ) -> Result<(), ApiError> {
        let mut masked = false;
        document.visit_secrets(T::KIND, |_, text| {
            masked |= text == MASK;
            Ok::<_, ApiError>(None)
        })?;
        if !masked {
            return Ok(());
        }
        let mut kept = previous.map(|held| held.document.clone());
        if let Some(kept) = &mut kept {
            kept.resolve_secrets(T::KIND, id, self.secrets.sealer()).map_err(|invalid| {
                ApiError::internal("the stored secret cannot be opened: write it anew", invalid)
            })?;
            T::normalise(kept);
        }
        Ok(document.keep_masked_secrets(T::KIND, kept.as_mut())?)
    }

    async fn require_references<T: Managed>(&mut self, spec: &T) -> Result<(), ApiError> {
        for (field, target) in spec.references() {
            let key = target.to_string();
            if self.transaction.writes.iter().any(|write| write.key() == key) {
                continue;
            }
            if self.store.get(&key).await?.is_none() {
                let kind = target.kind.singular();
                let message = format!("there is no {kind} with the id '{}'", target.id);
                return Err(ApiError::about(StatusCode::BAD_REQUEST, field, message));
            }
            self.change(|transaction| transaction.expect(&key, Expect::Present));
        }
        Ok(())
    }

    /// Deletes what belonged to the resource alone, unless it still needs it or others use it.
    async fn drop_belonging<T: Managed>(
        &mut self,
        id: &str,
        before: &T,
        after: Option<&T>,
    ) -> Result<(), ApiError> {
        let Some(belonging) = before.belonging(id) else { return Ok(()) };
        if after.and_then(|after| after.belonging(id)).as_ref() == Some(&belonging) {
            return Ok(());
        }
        let peers = self.census::<T>().await?.all;
        let mut peers = peers.iter().filter(|held| held.stored.id.as_str() != id);
        if peers.any(|peer| uses(&peer.stored.spec, &belonging)) {
            return Ok(());
        }
        let key = belonging.to_string();
        self.audit.0.push((belonging.kind, belonging.id.to_string(), "delete"));
        self.change(|transaction| transaction.delete(&key));
        Ok(())
    }

    fn note<T: Managed>(&mut self, id: &str, action: &'static str) {
        self.audit.0.push((T::KIND, id.to_owned(), action));
    }

    fn change(&mut self, with: impl FnOnce(Transaction) -> Transaction) {
        self.transaction = with(std::mem::take(&mut self.transaction));
    }
}

fn holds_secrets(kind: Kind, document: &mut Document) -> bool {
    document.visit_secrets(kind, |_, _| Err(())).is_err()
}

/// Whether a resource refers to another.
pub(crate) fn uses<T: Managed>(spec: &T, target: &ResourceKey) -> bool {
    spec.references().iter().any(|(_, reference)| reference == target)
}

/// Refuses what another resource of the kind claims already.
fn unclaimed<T: Managed>(spec: &T, peers: &[&Held<T>]) -> Result<(), ApiError> {
    let claims = spec.claims();
    for peer in peers {
        let theirs = peer.stored.spec.claims();
        let common = claims.iter().find(|(_, mine)| theirs.iter().any(|(_, their)| their == mine));
        if let Some((field, identity)) = common {
            let (taken, kind) = (T::taken(identity), T::KIND.singular());
            let message = format!("{taken} by {kind} {}", peer.stored.id);
            return Err(ApiError::about(StatusCode::CONFLICT, field, message));
        }
    }
    Ok(())
}

fn unsealable(error: SealError) -> ApiError {
    match error {
        SealError::NotOurs { field, problem } => {
            ApiError::about(StatusCode::BAD_REQUEST, &field, problem.to_string())
        }
        SealError::Store(error) => error.into(),
        foreign @ SealError::WrongKey { .. } => {
            ApiError::new(StatusCode::CONFLICT, foreign.to_string())
        }
        error => ApiError::internal("the secrets cannot be encrypted; the log says why", error),
    }
}
