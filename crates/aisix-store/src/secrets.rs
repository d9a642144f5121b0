//! From a secret as it is stored to the one that is sent upstream.

use std::sync::Arc;

use aisix_core::resource::{Invalid, SecretField, SecretProblem, SecretResolver};
use aisix_core::{Document, Kind, Secret};

use crate::references::References;
use crate::sealer::{SealError, Sealer};

/// The secrets of stored documents: in clear, sealed, or references, side by side.
///
/// A reference is no secret and is never sealed, so that an operator sees where a secret comes from;
/// what was sealed is a secret and never a reference.
#[derive(Debug)]
pub struct Secrets {
    sealer: Sealer,
    references: Arc<References>,
}

/// Resolves without a trace.
struct Unnoticed<'a>(&'a Secrets);

impl Secrets {
    /// Opens with this sealer, and follows references as far as these permit.
    #[must_use]
    pub fn new(sealer: Sealer, references: Arc<References>) -> Self {
        Self { sealer, references }
    }

    /// What seals and opens.
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// The document as a gateway that reads it now would see it: what a writer makes sure of.
    ///
    /// # Errors
    /// The problem of the first secret that cannot be opened, naming its field.
    pub fn resolved(&self, kind: Kind, id: &str, document: &Document) -> Result<Document, Invalid> {
        let mut resolved = document.clone();
        resolved.resolve_secrets(kind, id, &Unnoticed(self))?;
        Ok(resolved)
    }

    /// Seals every secret of a document that is in clear.
    ///
    /// # Errors
    /// As [`Sealer::seal_document`].
    pub fn seal(&self, kind: Kind, id: &str, document: &mut Document) -> Result<(), SealError> {
        self.sealer.seal_document(kind, id, document)
    }
}

impl SecretResolver for Secrets {
    fn resolve(&self, at: &SecretField<'_>, stored: &str) -> Result<Option<Secret>, SecretProblem> {
        match self.sealer.resolve(at, stored)? {
            Some(secret) => Ok(Some(secret)),
            None => self.references.follow(stored),
        }
    }

    fn changed(&self) -> bool {
        self.references.changed()
    }
}

impl SecretResolver for Unnoticed<'_> {
    fn resolve(&self, at: &SecretField<'_>, stored: &str) -> Result<Option<Secret>, SecretProblem> {
        match self.0.sealer.resolve(at, stored)? {
            Some(secret) => Ok(Some(secret)),
            None => self.0.references.look_up(stored),
        }
    }
}
