//! What goes into a snapshot, and what is said of it.

use std::fmt;

use bytes::Bytes;

use crate::id::Id;

/// A store's revision: it grows with every write to the store.
pub type Revision = u64;

/// One document as a store holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// `<kind>/<id>`, relative to the store's prefix.
    pub key: String,
    /// The document's bytes; they may hold secrets.
    pub value: Bytes,
    /// How often this document was written since it was created: 1, 2, …
    pub version: u64,
    /// The store's revision at its creation.
    pub created: Revision,
    /// The store's revision at its last write.
    pub modified: Revision,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.key)
            .field("bytes", &self.value.len())
            .field("version", &self.version)
            .field("created", &self.created)
            .field("modified", &self.modified)
            .finish()
    }
}

/// One write to a store, as a watcher sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A document was created or replaced.
    Put(Entry),
    /// A document was deleted.
    Delete {
        /// `<kind>/<id>`, relative to the store's prefix.
        key: String,
        /// The store's revision of the deletion.
        revision: Revision,
    },
}

impl Change {
    /// The document's key.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Put(entry) => &entry.key,
            Self::Delete { key, .. } => key,
        }
    }

    /// The store's revision of this write.
    #[must_use]
    pub fn revision(&self) -> Revision {
        match self {
            Self::Put(entry) => entry.modified,
            Self::Delete { revision, .. } => *revision,
        }
    }
}

/// A parsed resource, with its id and its place in the store's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<T> {
    /// The resource's id.
    pub id: Id,
    /// How often the document was written.
    pub version: u64,
    /// The store's revision at its creation.
    pub created: Revision,
    /// The store's revision at its last write.
    pub modified: Revision,
    /// What the document says.
    pub spec: T,
}

/// What a snapshot holds of one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    /// The store's revision of the write that the value is of: not the document's last one where
    /// that was rejected.
    pub modified: Revision,
    /// Whether it serves; otherwise it waits for another document to give up its name.
    pub serves: bool,
}

/// Something to report of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// `<kind>/<id>`, relative to the store's prefix.
    pub key: String,
    /// What there is to say.
    pub finding: Finding,
}

/// What there is to say of a document; never a value out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The document does not serve; its previous value, if there is one, does.
    Rejected {
        /// The class of the problem.
        kind: RejectionKind,
        /// The problem.
        message: String,
    },
    /// The document serves without these fields, which this version does not know.
    Partial {
        /// Dotted paths.
        fields: Vec<String>,
    },
}

/// Why a document was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectionKind {
    /// The key is not `<kind>/<id>`.
    BadKey,
    /// The kind is unknown.
    UnknownKind,
    /// The bytes are no JSON object.
    NonJson,
    /// The document can be read in two ways: it gives a field in both of its spellings. Or the source
    /// is one file, and its structure is not that of a resources file.
    ParseFailed,
    /// The object is not a valid resource.
    SchemaFailed,
}

impl RejectionKind {
    /// The word that reports use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadKey => "bad_key",
            Self::UnknownKind => "unknown_kind",
            Self::NonJson => "non_json",
            Self::ParseFailed => "parse_failed",
            Self::SchemaFailed => "schema_failed",
        }
    }
}

impl Finding {
    pub(super) fn rejected(kind: RejectionKind, why: impl fmt::Display) -> Self {
        Self::Rejected { kind, message: why.to_string() }
    }
}
