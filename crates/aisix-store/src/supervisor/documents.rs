//! The bytes that a source holds, and those of them that are served.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::SystemTime;

use aisix_core::snapshot::Revision;
use aisix_core::{Change, Document, Entry, ResourceKey, Snapshot};
use bytes::Bytes;
use ring::digest::{Context, SHA256};
use serde_json::Value;

use crate::cache::{Image, Stale};
use crate::references::References;

/// Every document of a source as it was last written, with the bytes that serve where those were
/// rejected. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Documents(imbl::OrdMap<String, Held>);

/// One document.
#[derive(Clone)]
struct Held {
    version: u64,
    created: Revision,
    last: Written,
    /// The write that the snapshot's value is of, where it is not the last.
    pinned: Option<Written>,
}

/// The bytes of one write.
#[derive(Clone)]
struct Written {
    modified: Revision,
    bytes: Bytes,
}

impl Held {
    /// The document as it was written then.
    fn entry(&self, key: &str, written: &Written) -> Entry {
        Entry {
            key: key.to_owned(),
            value: written.bytes.clone(),
            version: self.version,
            created: self.created,
            modified: written.modified,
        }
    }
}

impl Documents {
    /// Everything that a source lists, `snapshot` made of it; `self` is what was there before.
    pub(super) fn reloaded(&self, entries: &[Entry], snapshot: &Snapshot) -> Self {
        let mut next = Self::default();
        for entry in entries {
            next.put(entry, self.0.get(&entry.key), snapshot);
        }
        next
    }

    /// After one change, which made `snapshot`.
    pub(super) fn change(&mut self, change: &Change, snapshot: &Snapshot) {
        match change {
            Change::Put(entry) => {
                let before = self.0.remove(&entry.key);
                self.put(entry, before.as_ref(), snapshot);
            }
            Change::Delete { key, .. } => {
                self.0.remove(key);
            }
        }
    }

    fn put(&mut self, entry: &Entry, before: Option<&Held>, snapshot: &Snapshot) {
        let last = Written { modified: entry.modified, bytes: entry.value.clone() };
        let value = snapshot.value_of(&entry.key).map(|value| value.modified);
        let pinned = before
            .into_iter()
            .flat_map(|held| [Some(&held.last), held.pinned.as_ref()])
            .flatten()
            .find(|written| value == Some(written.modified) && written.modified != entry.modified);
        let (version, created) = (entry.version, entry.created);
        let held = Held { version, created, last, pinned: pinned.cloned() };
        self.0.insert(entry.key.clone(), held);
    }

    /// The revision of a document's last write.
    pub(super) fn written(&self, key: &str) -> Option<Revision> {
        Some(self.0.get(key)?.last.modified)
    }

    /// The keys of all documents, in their order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The documents whose secrets are somewhere else, as they were last written.
    pub(super) fn referring(&self) -> impl Iterator<Item = Entry> {
        let referring = self.0.iter().filter(|(key, held)| refers(key, &held.last.bytes));
        referring.map(|(key, held)| held.entry(key, &held.last))
    }

    /// All of them, as they can be kept, with `since` when a former value serves.
    pub(super) fn image(&self, revision: Revision, since: impl Fn(&str) -> SystemTime) -> Image {
        let last = self.0.iter().map(|(key, held)| held.entry(key, &held.last));
        let mut entries: Vec<_> = last.collect();
        // In the order of keys where one write created several, as they are listed.
        entries.sort_by_key(|entry| entry.created);
        let pinned = self.0.iter().filter_map(|(key, held)| {
            let entry = held.entry(key, held.pinned.as_ref()?);
            Some(Stale { entry, since: since(key) })
        });
        Image { revision, entries, stale: pinned.collect() }
    }

    /// The bytes that serve for a document.
    pub(super) fn serving(&self, key: &str, snapshot: &Snapshot) -> Option<&Bytes> {
        let value = snapshot.value_of(key).filter(|value| value.serves)?;
        let held = self.0.get(key)?;
        let mut writes = std::iter::once(&held.last).chain(&held.pinned);
        writes.find(|written| written.modified == value.modified).map(|written| &written.bytes)
    }

    /// The hash of everything that the source holds.
    pub(super) fn source_hash(&self) -> String {
        hash(self.0.iter().map(|(key, held)| (key.as_str(), &held.last.bytes)))
    }

    /// The hash of everything that this snapshot serves.
    pub(super) fn served_hash(&self, snapshot: &Snapshot) -> String {
        hash(self.keys().filter_map(|key| Some((key, self.serving(key, snapshot)?))))
    }
}

fn refers(key: &str, bytes: &Bytes) -> bool {
    let Ok(ResourceKey { kind, .. }) = ResourceKey::parse(key) else {
        return false;
    };
    if kind.secret_paths().is_empty() {
        return false;
    }
    let Ok(mut document) = Document::parse(bytes) else {
        return false;
    };
    let look = |_, text: &str| if References::is_reference(text) { Err(()) } else { Ok(None) };
    document.visit_secrets(kind, look).is_err()
}

/// Whether two documents say the same.
pub(super) fn alike(one: Option<&Bytes>, other: Option<&Bytes>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other || canonical(one) == canonical(other),
        (one, other) => one == other,
    }
}

/// SHA-256 over each key, NUL, the document in canonical form, and a line feed; as hexadecimal
/// digits.
fn hash<'a>(documents: impl Iterator<Item = (&'a str, &'a Bytes)>) -> String {
    let mut context = Context::new(&SHA256);
    for (key, bytes) in documents {
        context.update(key.as_bytes());
        context.update(b"\0");
        context.update(&canonical(bytes));
        context.update(b"\n");
    }
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A document without white space, the keys of its objects in their order; as it is where it is no
/// JSON.
fn canonical(bytes: &Bytes) -> Cow<'_, [u8]> {
    let sorted = serde_json::from_slice(bytes).map(sorted);
    match sorted.and_then(|value| serde_json::to_vec(&value)) {
        Ok(text) => Cow::Owned(text),
        Err(_) => Cow::Borrowed(bytes),
    }
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.into_iter().collect();
            Value::Object(fields.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
