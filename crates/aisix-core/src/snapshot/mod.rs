//! What a request is served from.

mod entry;
mod table;
mod tables;
mod update;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

pub use entry::{Change, Diagnostic, Entry, Finding, RejectionKind, Revision, Stored, Value};
use tables::Tables;

use crate::error::{Error, ErrorCode};
use crate::glob::Glob;
use crate::hash::KeyHash;
use crate::id::{Id, ResourceKey};
use crate::resource::{ApiKey, Kind, Model, PlainSecrets, ProviderKey, SecretResolver};

/// Every resource that serves, indexed for the questions that requests ask.
///
/// Immutable and cheap to clone: maps are persistent, so that [`Snapshot::apply`] costs O(log n)
/// for one changed document, and everything that did not change is shared. Links between resources
/// are ids that are looked up when they are followed, so a reference to something that does not
/// exist yet heals by itself.
///
/// One bad document is a [`Diagnostic`], never an outage: the previous value of the same document
/// keeps serving until it is replaced or deleted. Where two documents claim the same name or hash,
/// the one that was created first serves, and the other waits.
#[derive(Clone, Default)]
pub struct Snapshot {
    tables: Tables,
    /// Patterns by length of the name, longest last; the name decides ties, so that every gateway
    /// decides alike.
    wildcards: imbl::OrdMap<(usize, Arc<str>), Glob>,
    /// Who was known by the hash of a plaintext that was replaced, the earliest created first.
    previous_keys: imbl::HashMap<KeyHash, imbl::OrdSet<(Revision, Id)>>,
    /// What there is to say of the latest bytes of single documents, by their keys.
    findings: imbl::OrdMap<String, Finding>,
    revision: Revision,
}

impl Snapshot {
    /// Builds from everything that a source lists.
    ///
    /// The diagnostics say which documents do not serve as they were written, and why.
    pub fn build(
        entries: impl IntoIterator<Item = Entry>,
        revision: Revision,
        secrets: &dyn SecretResolver,
    ) -> (Self, Vec<Diagnostic>) {
        Self::default().rebuild(entries, revision, secrets)
    }

    /// Builds from documents that no store holds, each under its key `<kind>/<id>`: as if each had
    /// been written once, in this order.
    ///
    /// The diagnostics say which documents do not serve as they were written, and why.
    pub fn of<K, V>(documents: impl IntoIterator<Item = (K, V)>) -> (Self, Vec<Diagnostic>)
    where
        K: Into<String>,
        V: Into<Bytes>,
    {
        let entries: Vec<_> = (1..)
            .zip(documents)
            .map(|(revision, (key, value))| Entry {
                key: key.into(),
                value: value.into(),
                version: 1,
                created: revision,
                modified: revision,
            })
            .collect();
        let revision = entries.last().map_or(0, |entry| entry.modified);
        Self::build(entries, revision, &PlainSecrets)
    }

    /// Builds anew from everything that a source lists after it was lost.
    ///
    /// Only this snapshot's last good values stay: they serve for documents that were not deleted
    /// meanwhile, so were not created after this snapshot's revision, and whose listed bytes are
    /// rejected.
    pub fn rebuild(
        &self,
        entries: impl IntoIterator<Item = Entry>,
        revision: Revision,
        secrets: &dyn SecretResolver,
    ) -> (Self, Vec<Diagnostic>) {
        let mut snapshot = Self { revision, ..Self::default() };
        for entry in entries {
            snapshot.put(&entry, secrets, self);
        }
        let diagnostics = snapshot.diagnostics();
        (snapshot, diagnostics)
    }

    /// The snapshot after one change, and what there is to say of the documents that it touches.
    #[must_use]
    pub fn apply(&self, change: &Change, secrets: &dyn SecretResolver) -> (Self, Vec<Diagnostic>) {
        let mut next = self.clone();
        next.revision = next.revision.max(change.revision());
        let diagnostics = match change {
            Change::Put(entry) => next.put(entry, secrets, self),
            Change::Delete { key, .. } => {
                next.delete(key);
                Vec::new()
            }
        };
        (next, diagnostics)
    }

    /// What there is to say of documents that do not serve as they were written, in the order of
    /// keys.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let findings = self
            .findings
            .iter()
            .map(|(key, finding)| Diagnostic { key: key.clone(), finding: finding.clone() });
        let mut diagnostics: Vec<_> = findings.chain(self.tables.duplicates()).collect();
        diagnostics.sort_by(|a, b| a.key.cmp(&b.key));
        diagnostics
    }

    /// The same of one document, `<kind>/<id>`.
    pub fn diagnostics_of(&self, key: &str) -> impl Iterator<Item = Diagnostic> {
        let finding = self.findings.get(key).cloned();
        let finding = finding.map(|finding| Diagnostic { key: key.to_owned(), finding });
        let place = ResourceKey::parse(key).ok();
        finding.into_iter().chain(place.and_then(|place| self.tables.duplicate_of(&place)))
    }

    /// The keys of the documents that wait for this one, `<kind>/<id>`, to give up its name or hash:
    /// what is said of them speaks of it.
    pub fn waiting_for(&self, key: &str) -> impl Iterator<Item = String> {
        let waiting = ResourceKey::parse(key).map(|place| self.tables.waiting_for(&place));
        waiting.into_iter().flatten().map(|key| key.to_string())
    }

    /// The store's revision that this snapshot is of.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// A provider key by id.
    #[must_use]
    pub fn provider_key(&self, id: &str) -> Option<&Arc<Stored<ProviderKey>>> {
        self.tables.provider_keys.by_id(id)
    }

    /// A model by id.
    #[must_use]
    pub fn model(&self, id: &str) -> Option<&Arc<Stored<Model>>> {
        self.tables.models.by_id(id)
    }

    /// An API key by id.
    #[must_use]
    pub fn api_key(&self, id: &str) -> Option<&Arc<Stored<ApiKey>>> {
        self.tables.api_keys.by_id(id)
    }

    /// All models, in no particular order.
    pub fn models(&self) -> impl Iterator<Item = &Arc<Stored<Model>>> {
        self.tables.models.iter()
    }

    /// How many resources of a kind serve.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.tables.count(kind)
    }

    /// The model that has exactly this name.
    #[must_use]
    pub fn model_named(&self, name: &str) -> Option<&Arc<Stored<Model>>> {
        self.tables.models.by_identity(name)
    }

    /// The model that a caller means by this name: the exact one, else the most specific pattern.
    #[must_use]
    pub fn resolve_model(&self, name: &str) -> Option<&Arc<Stored<Model>>> {
        self.model_named(name).or_else(|| {
            let mut longest_first = self.wildcards.iter().rev();
            let ((_, pattern), _) = longest_first.find(|(_, glob)| glob.matches(name))?;
            self.model_named(pattern)
        })
    }

    /// The API key with this hash, if it is valid at `now`.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidApiKey`] where no key has it, [`ErrorCode::ApiKeyDisabled`] and
    /// [`ErrorCode::ApiKeyExpired`] where one does.
    pub fn authenticate(
        &self,
        hash: &KeyHash,
        now: impl FnOnce() -> Timestamp,
    ) -> Result<&Arc<Stored<ApiKey>>, Error> {
        let unknown = || Error::new(ErrorCode::InvalidApiKey, "Invalid API key");
        if let Some(key) = self.tables.api_keys.by_identity(hash) {
            return valid(key, now);
        }
        let now = now();
        let within_grace = |key: &&Arc<Stored<ApiKey>>| {
            let mut previous = key.spec.previous_keys.iter();
            previous.any(|previous| previous.key_hash == *hash && now <= previous.expires_at)
        };
        let claimants = self.previous_keys.get(hash).into_iter().flatten();
        let mut keys = claimants.filter_map(|(_, id)| self.tables.api_keys.by_id(id.as_str()));
        valid(keys.find(within_grace).ok_or_else(unknown)?, || now)
    }
}

fn valid(
    key: &Arc<Stored<ApiKey>>,
    now: impl FnOnce() -> Timestamp,
) -> Result<&Arc<Stored<ApiKey>>, Error> {
    if key.spec.disabled {
        return Err(Error::new(ErrorCode::ApiKeyDisabled, "API key is disabled"));
    }
    if key.spec.expires_at.is_some_and(|last| last < now()) {
        return Err(Error::new(ErrorCode::ApiKeyExpired, "API key has expired"));
    }
    Ok(key)
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Snapshot");
        shown.field("revision", &self.revision);
        for kind in Kind::ALL {
            shown.field(kind.plural(), &self.count(kind));
        }
        shown.finish_non_exhaustive()
    }
}
