//! How resources are named in a store.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::resource::Kind;

/// The id of a resource within its kind: assigned when it is created, never inside the document.
///
/// Usually a UUID; whatever stands after the kind in a store's key is accepted.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(Arc<str>);

impl Id {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Arc<str>>> From<T> for Id {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl std::borrow::Borrow<str> for Id {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// A resource's place in a store: `<kind>/<id>`, below the store's prefix.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceKey {
    /// The kind, written plural.
    pub kind: Kind,
    /// Everything after the kind.
    pub id: Id,
}

/// Why a store's key names no resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// The key is not `<kind>/<id>`.
    #[error("the key is not of the form <kind>/<id>")]
    Malformed,
    /// The kind is not known to this version.
    #[error("unknown resource kind '{0}'")]
    UnknownKind(String),
}

impl ResourceKey {
    /// Names a resource.
    pub fn new(kind: Kind, id: impl Into<Id>) -> Self {
        Self { kind, id: id.into() }
    }

    /// Reads `<kind>/<id>`.
    ///
    /// # Errors
    /// [`KeyProblem`] where the key has no id or its kind is unknown.
    pub fn parse(key: &str) -> Result<Self, KeyProblem> {
        let (kind, id) = key.split_once('/').ok_or(KeyProblem::Malformed)?;
        if kind.is_empty() || id.is_empty() {
            return Err(KeyProblem::Malformed);
        }
        let kind =
            Kind::from_plural(kind).ok_or_else(|| KeyProblem::UnknownKind(kind.to_owned()))?;
        Ok(Self::new(kind, id))
    }
}

impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}
