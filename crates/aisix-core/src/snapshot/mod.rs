//! What a request is served from.

mod entry;
mod table;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;

pub use entry::{Change, Diagnostic, Entry, RejectionKind, Revision, Stored};
use table::Table;

use crate::error::{Error, ErrorCode};
use crate::glob::Glob;
use crate::hash::KeyHash;
use crate::id::{Id, KeyProblem, ResourceKey};
use crate::resource::{
    ApiKey, Document, Kind, Model, ProviderKey, Resource, SecretResolver, Strictness,
};

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
    provider_keys: Table<ProviderKey>,
    models: Table<Model>,
    api_keys: Table<ApiKey>,
    /// Patterns by length of the name, longest last; the name decides ties, so that every gateway
    /// decides alike.
    wildcards: imbl::OrdMap<(usize, Arc<str>), Glob>,
    /// Hashes of plaintexts that are within their grace.
    previous_keys: imbl::HashMap<KeyHash, Id>,
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
        let mut snapshot = Self::default();
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_by_key(|entry| (entry.created, entry.modified));
        let mut diagnostics = Vec::new();
        for entry in entries {
            snapshot.put(&entry, secrets, &mut diagnostics);
        }
        snapshot.revision = revision;
        (snapshot, diagnostics)
    }

    /// The snapshot after one change, and what there is to say of the documents that it touches.
    #[must_use]
    pub fn apply(&self, change: &Change, secrets: &dyn SecretResolver) -> (Self, Vec<Diagnostic>) {
        let mut next = self.clone();
        let mut diagnostics = Vec::new();
        match change {
            Change::Put(entry) => {
                next.put(entry, secrets, &mut diagnostics);
                next.revision = next.revision.max(entry.modified);
            }
            Change::Delete { key, revision } => {
                if let Ok(key) = ResourceKey::parse(key) {
                    next.delete(&key);
                }
                next.revision = next.revision.max(*revision);
            }
        }
        (next, diagnostics)
    }

    /// The store's revision that this snapshot is of.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// A provider key by id.
    #[must_use]
    pub fn provider_key(&self, id: &str) -> Option<&Arc<Stored<ProviderKey>>> {
        self.provider_keys.by_id(id)
    }

    /// A model by id.
    #[must_use]
    pub fn model(&self, id: &str) -> Option<&Arc<Stored<Model>>> {
        self.models.by_id(id)
    }

    /// An API key by id.
    #[must_use]
    pub fn api_key(&self, id: &str) -> Option<&Arc<Stored<ApiKey>>> {
        self.api_keys.by_id(id)
    }

    /// All models, in no particular order.
    pub fn models(&self) -> impl Iterator<Item = &Arc<Stored<Model>>> {
        self.models.iter()
    }

    /// How many resources of a kind serve.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::ProviderKeys => self.provider_keys.len(),
            Kind::Models => self.models.len(),
            Kind::ApiKeys => self.api_keys.len(),
        }
    }

    /// The model that has exactly this name.
    #[must_use]
    pub fn model_named(&self, name: &str) -> Option<&Arc<Stored<Model>>> {
        self.models.by_identity(name)
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
        if let Some(key) = self.api_keys.by_identity(hash) {
            return valid(key, now);
        }
        let id = self.previous_keys.get(hash).ok_or_else(unknown)?;
        let key = self.api_keys.by_id(id.as_str()).ok_or_else(unknown)?;
        let now = now();
        let within_grace = key
            .spec
            .previous_keys
            .iter()
            .any(|previous| previous.key_hash == *hash && now <= previous.expires_at);
        if within_grace { valid(key, || now) } else { Err(unknown()) }
    }

    fn put(
        &mut self,
        entry: &Entry,
        secrets: &dyn SecretResolver,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let key = match ResourceKey::parse(&entry.key) {
            Ok(key) => key,
            Err(problem) => {
                let kind = match &problem {
                    KeyProblem::Malformed => RejectionKind::BadKey,
                    KeyProblem::UnknownKind(_) => RejectionKind::UnknownKind,
                };
                diagnostics.push(Diagnostic::rejected(&entry.key, kind, problem));
                return;
            }
        };
        match key.kind {
            Kind::ProviderKeys => {
                if let Some(key) = decode(entry, &key, secrets, diagnostics) {
                    self.provider_keys.put(key, diagnostics);
                }
            }
            Kind::Models => {
                if let Some(model) = decode(entry, &key, secrets, diagnostics) {
                    let before = self.models.put(model, diagnostics);
                    self.forget_wildcard(before);
                    self.index_wildcard(&key.id);
                }
            }
            Kind::ApiKeys => {
                if let Some(api_key) = decode(entry, &key, secrets, diagnostics) {
                    let before = self.api_keys.put(api_key, diagnostics);
                    self.forget_previous_keys(before);
                    self.index_previous_keys(&key.id);
                }
            }
        }
    }

    fn delete(&mut self, key: &ResourceKey) {
        match key.kind {
            Kind::ProviderKeys => {
                self.provider_keys.delete(&key.id);
            }
            Kind::Models => {
                let (gone, heir) = self.models.delete(&key.id);
                self.forget_wildcard(gone);
                if let Some(heir) = heir {
                    self.index_wildcard(&heir);
                }
            }
            Kind::ApiKeys => {
                let (gone, heir) = self.api_keys.delete(&key.id);
                self.forget_previous_keys(gone);
                if let Some(heir) = heir {
                    self.index_previous_keys(&heir);
                }
            }
        }
    }

    fn index_wildcard(&mut self, id: &Id) {
        if let Some(model) = self.models.by_id(id.as_str())
            && let Some(glob) = model.spec.wildcard()
        {
            let name = model.spec.display_name.clone();
            self.wildcards.insert((name.len(), name), glob);
        }
    }

    fn forget_wildcard(&mut self, model: Option<Arc<Stored<Model>>>) {
        if let Some(model) = model {
            let name = model.spec.display_name.clone();
            self.wildcards.remove(&(name.len(), name));
        }
    }

    fn index_previous_keys(&mut self, id: &Id) {
        if let Some(key) = self.api_keys.by_id(id.as_str()) {
            for previous in &key.spec.previous_keys {
                self.previous_keys.insert(previous.key_hash, id.clone());
            }
        }
    }

    fn forget_previous_keys(&mut self, key: Option<Arc<Stored<ApiKey>>>) {
        for previous in key.iter().flat_map(|key| &key.spec.previous_keys) {
            self.previous_keys.remove(&previous.key_hash);
        }
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

/// Parses one stored document; what is wrong with it becomes a diagnostic.
fn decode<T: Resource>(
    entry: &Entry,
    key: &ResourceKey,
    secrets: &dyn SecretResolver,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Stored<T>> {
    let mut rejected = |kind, why: &dyn std::fmt::Display| {
        diagnostics.push(Diagnostic::rejected(&entry.key, kind, why));
    };
    let mut document = match Document::parse(&entry.value) {
        Ok(document) => document,
        Err(why) => {
            rejected(RejectionKind::NonJson, &why);
            return None;
        }
    };
    let checked = document
        .resolve_secrets(key.kind, key.id.as_str(), secrets)
        .and_then(|()| T::decode(&document, Strictness::Lenient));
    match checked {
        Ok(checked) => {
            if !checked.ignored.is_empty() {
                diagnostics.push(Diagnostic::partial(&entry.key, checked.ignored));
            }
            Some(Stored {
                id: key.id.clone(),
                version: entry.version,
                created: entry.created,
                modified: entry.modified,
                spec: checked.resource,
            })
        }
        Err(why) => {
            rejected(RejectionKind::SchemaFailed, &why);
            None
        }
    }
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
