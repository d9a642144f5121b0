//! How one document changes a snapshot.

use std::sync::Arc;

use super::Snapshot;
use super::entry::{Diagnostic, Entry, Finding, RejectionKind, Stored, Value};
use super::table::Shift;
use super::tables::{Indexed, Tabled};
use crate::id::{KeyProblem, ResourceKey};
use crate::resource::{ApiKey, Document, Model, SecretResolver, Strictness};

impl Snapshot {
    /// Takes over one document; where it is rejected, what `previous` served for it serves on.
    /// Answers what there is to say of the documents that this touches.
    pub(super) fn put(
        &mut self,
        entry: &Entry,
        secrets: &dyn SecretResolver,
        previous: &Self,
    ) -> Vec<Diagnostic> {
        let (finding, duplicate) = match ResourceKey::parse(&entry.key) {
            Err(problem) => (Some(bad_key(&problem)), None),
            Ok(key) => self.set(entry, &key, secrets, previous),
        };
        let finding = match finding {
            None => {
                self.findings.remove(&entry.key);
                None
            }
            Some(finding) => {
                self.findings.insert(entry.key.clone(), finding.clone());
                Some(Diagnostic { key: entry.key.clone(), finding })
            }
        };
        finding.into_iter().chain(duplicate).collect()
    }

    /// What there is of the document with this key, `<kind>/<id>`; `None` where it has no value, or
    /// the key names no resource.
    #[must_use]
    pub fn value_of(&self, key: &str) -> Option<Value> {
        let key = ResourceKey::parse(key).ok()?;
        self.tables.value(&key)
    }

    pub(super) fn delete(&mut self, key: &str) {
        self.findings.remove(key);
        let Ok(key) = ResourceKey::parse(key) else {
            return;
        };
        self.unset(&key);
    }

    /// Takes over one document of a kind: what there is to say of it, and of another that has to
    /// wait because of it.
    pub(super) fn set_as<T: Tabled + Indexed>(
        &mut self,
        entry: &Entry,
        key: &ResourceKey,
        secrets: &dyn SecretResolver,
        previous: &Self,
    ) -> (Option<Finding>, Option<Diagnostic>) {
        let (value, finding) = decode(entry, key, secrets, previous);
        let shift = T::table_mut(&mut self.tables).set(&key.id, value);
        T::index(self, &shift);
        (finding, shift.duplicate)
    }

    pub(super) fn unset_as<T: Tabled + Indexed>(&mut self, key: &ResourceKey) {
        let shift = T::table_mut(&mut self.tables).delete(&key.id);
        T::index(self, &shift);
    }

    pub(super) fn index_models(&mut self, shift: &Shift<Model>) {
        let place = |model: &Model| (model.display_name.len(), model.display_name.clone());
        for model in &shift.gone {
            self.wildcards.remove(&place(&model.spec));
        }
        for model in &shift.came {
            if let Some(glob) = model.spec.wildcard() {
                self.wildcards.insert(place(&model.spec), glob);
            }
        }
    }

    pub(super) fn index_api_keys(&mut self, shift: &Shift<ApiKey>) {
        for key in &shift.gone {
            for previous in &key.spec.previous_keys {
                if let Some(claimants) = self.previous_keys.get_mut(&previous.key_hash) {
                    claimants.remove(&(key.created, key.id.clone()));
                    if claimants.is_empty() {
                        self.previous_keys.remove(&previous.key_hash);
                    }
                }
            }
        }
        for key in &shift.came {
            for previous in &key.spec.previous_keys {
                let claimants = self.previous_keys.entry(previous.key_hash).or_default();
                claimants.insert((key.created, key.id.clone()));
            }
        }
    }
}

/// Parses one stored document, or falls back to what served for it before.
fn decode<T: Tabled>(
    entry: &Entry,
    key: &ResourceKey,
    secrets: &dyn SecretResolver,
    previous: &Snapshot,
) -> (Option<Arc<Stored<T>>>, Option<Finding>) {
    let rejected = |finding| {
        // A document that was deleted meanwhile and created again is another one.
        let is_the_same = entry.created <= previous.revision;
        let kept = T::table(&previous.tables).known(&key.id).filter(|_| is_the_same);
        (kept.cloned(), Some(finding))
    };
    let mut document = match Document::parse(&entry.value) {
        Ok(document) => document,
        Err(why) => return rejected(Finding::rejected(RejectionKind::NonJson, why)),
    };
    if let Err(why) = document.one_spelling(key.kind) {
        return rejected(Finding::rejected(RejectionKind::ParseFailed, why));
    }
    let checked = document
        .resolve_secrets(key.kind, key.id.as_str(), secrets)
        .and_then(|()| T::decode(&document, Strictness::Lenient));
    match checked {
        Ok(checked) => {
            let stored = Stored {
                id: key.id.clone(),
                version: entry.version,
                created: entry.created,
                modified: entry.modified,
                spec: checked.resource,
            };
            let fields = checked.ignored;
            (Some(Arc::new(stored)), (!fields.is_empty()).then_some(Finding::Partial { fields }))
        }
        Err(why) => rejected(Finding::rejected(RejectionKind::SchemaFailed, why)),
    }
}

fn bad_key(problem: &KeyProblem) -> Finding {
    let kind = match problem {
        KeyProblem::Malformed => RejectionKind::BadKey,
        KeyProblem::UnknownKind(_) => RejectionKind::UnknownKind,
    };
    Finding::rejected(kind, problem)
}
