//! From a secret as it is stored to the one that is sent upstream.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use aisix_core::resource::{Invalid, SecretField, SecretProblem, SecretResolver};
use aisix_core::{Document, Kind, Secret};
use tracing::error;

use crate::references::References;
use crate::sealer::{SealError, Sealer};
use crate::source::ConfigStore;

/// The secrets of stored documents: in clear, sealed, or references, side by side.
///
/// A reference is no secret and is never sealed, so that an operator sees where a secret comes from;
/// what was sealed is a secret and never a reference.
#[derive(Debug)]
pub struct Secrets {
    sealer: Sealer,
    references: Arc<References>,
    /// Keys that the log says are missing.
    missed: Mutex<HashSet<String>>,
}

/// Resolves without a trace.
#[derive(Debug)]
struct Unnoticed<'a>(&'a Secrets);

impl Secrets {
    /// Opens with this sealer, and follows references as far as these permit.
    #[must_use]
    pub fn new(sealer: Sealer, references: Arc<References>) -> Self {
        Self { sealer, references, missed: Mutex::default() }
    }

    /// What seals and opens.
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// Opens the same, and remembers nothing of it: for whoever tries what others will serve.
    pub(crate) fn unnoticed(&self) -> impl SecretResolver {
        Unnoticed(self)
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

    /// Makes sure that a write belongs into a store: that what is sealed there opens here, so that
    /// gateways with different keys do not write past each other, and none without a key writes in
    /// clear what the others seal. `except` is the document that is to be written.
    ///
    /// # Errors
    /// [`SealError::WrongKey`] for a secret that no key here opens.
    pub async fn belong_into(
        &self,
        store: &dyn ConfigStore,
        except: &str,
    ) -> Result<(), SealError> {
        for kind in Kind::ALL.into_iter().filter(|kind| !kind.secret_paths().is_empty()) {
            let mut listing = store.list_under(&format!("{kind}/")).await?;
            listing.entries.retain(|entry| entry.key != except);
            self.sealer.check(&listing)?;
        }
        Ok(())
    }

    /// Seals every secret of a document that is in clear.
    ///
    /// # Errors
    /// As [`Sealer::seal_document`].
    pub fn seal(&self, kind: Kind, id: &str, document: &mut Document) -> Result<(), SealError> {
        self.sealer.seal_document(kind, id, document)
    }

    /// One line for each key, however many secrets it has sealed.
    fn miss(&self, key: &str) {
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        if missed.insert(key.to_owned()) {
            let ours = self.sealer.key_ids().join(", ");
            error!(
                key,
                ours,
                "the store holds secrets that a master key has sealed that is not configured here: \
                 their documents are rejected; configure it as store.master_key_file, or as one of \
                 store.previous_master_key_files"
            );
        }
    }
}

impl SecretResolver for Secrets {
    fn resolve(&self, at: &SecretField<'_>, stored: &str) -> Result<Option<Secret>, SecretProblem> {
        if let Some(key) = self.sealer.foreign_key(stored) {
            self.miss(key);
        }
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
