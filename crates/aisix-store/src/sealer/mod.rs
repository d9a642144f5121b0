//! Encryption of secrets at rest.
//!
//! A sealed secret is the text `aisix-sealed:v1:<key id>:<base64url of nonce, ciphertext and tag>`,
//! by AES-256-GCM with `<kind>/<id>/<field>` as associated data: it opens only where it was sealed,
//! so a sealed secret that is copied into another document is worth nothing there.

mod master_key;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use aisix_core::resource::{SecretField, SecretProblem, SecretResolver};
use aisix_core::{Document, Kind, ResourceKey, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

pub use master_key::MasterKey;

use crate::references::References;
use crate::source::{ConfigSource, Listing, StoreError};

/// What every sealed secret begins with, whatever its version.
const SEALED: &str = "aisix-sealed:";

/// What follows in those that this version makes and opens.
const VERSION: &str = "v1:";

/// Seals secrets before they are stored, and opens them when they are read.
pub struct Sealer {
    /// The first one seals, all of them open; none leave secrets in clear.
    keys: Vec<Key>,
}

/// A master key, ready for use.
struct Key {
    id: String,
    cipher: LessSafeKey,
}

/// Why secrets cannot be sealed or will not open.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A text is no master key.
    #[error("a master key is 32 bytes, written as base64 or as 64 hexadecimal digits")]
    NotAKey,
    /// A key file holds no master key.
    #[error(
        "the master key file {} holds no master key: it must be 32 bytes, as they are, as base64 \
         or as 64 hexadecimal digits", .0.display()
    )]
    NotAKeyFile(PathBuf),
    /// A key file may be read by others than its owner.
    #[error(
        "the master key file {} may be used by others (mode {mode:04o}): chmod 600 it",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The key file is gone, and what it sealed is not.
    #[error(
        "the master key file {} is missing, and the store holds secrets that key {key_id} sealed: \
         restore the file, nothing else opens them", path.display()
    )]
    Lost {
        /// Where the file should be.
        path: PathBuf,
        /// The key that it held.
        key_id: String,
    },
    /// Another master key sealed what the store holds.
    #[error(
        "{field} of {document} was sealed by key {theirs}, and {}: configure the master \
         key that sealed it", configured(.ours)
    )]
    WrongKey {
        /// The configured keys.
        ours: Vec<String>,
        /// The key that is needed.
        theirs: String,
        /// A document that needs it, `<kind>/<id>`.
        document: String,
        /// The field.
        field: String,
    },
    /// A field is written in the form of a sealed secret, and does not open.
    #[error("{field}: {problem}")]
    NotOurs {
        /// The field.
        field: String,
        /// Why.
        problem: SecretProblem,
    },
    /// A key file cannot be read or made.
    #[error("cannot {doing} the master key file {}: {source}", path.display())]
    File {
        /// `read` or `create`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandomness,
}

fn configured(keys: &[String]) -> String {
    match keys {
        [] => "no master key is configured".to_owned(),
        [id] => format!("the configured master key is {id}"),
        ids => format!("the configured master keys are {}", ids.join(", ")),
    }
}

impl Sealer {
    /// Leaves secrets in clear, and opens none.
    #[must_use]
    pub fn plain() -> Self {
        Self { keys: Vec::new() }
    }

    /// Seals and opens with a key.
    #[must_use]
    pub fn with(key: &MasterKey) -> Self {
        Self { keys: vec![Key::new(key)] }
    }

    /// Opens also what these keys have sealed, which are on their way out.
    #[must_use]
    pub fn opening<'k>(mut self, previous: impl IntoIterator<Item = &'k MasterKey>) -> Self {
        self.keys.extend(previous.into_iter().map(Key::new));
        self
    }

    /// Seals with the key in a file, and opens with it and the previous ones. The file is made where
    /// neither it nor a secret exists that only it could open: a lost key is never replaced
    /// silently.
    ///
    /// # Errors
    /// [`SealError`] where the file is missing but needed, holds another key than the one that
    /// sealed what `store` holds, may be read by others, or is no key.
    pub async fn with_key_file(
        store: &dyn ConfigSource,
        path: &Path,
        previous: &[MasterKey],
    ) -> Result<Self, SealError> {
        let listing = store.list().await?;
        let key = match MasterKey::load(path)? {
            Some(key) => key,
            None => match Self::plain().opening(previous).check(&listing) {
                Err(SealError::WrongKey { theirs, .. }) => {
                    let path = path.to_owned();
                    return Err(SealError::Lost { path, key_id: theirs });
                }
                _ => MasterKey::create(path)?,
            },
        };
        let sealer = Self::with(&key).opening(previous);
        sealer.check(&listing)?;
        Ok(sealer)
    }

    /// Makes sure that every sealed secret of a listing names a key of this sealer, so that a wrong
    /// key is noticed before anything is served or sealed with it.
    ///
    /// # Errors
    /// [`SealError::WrongKey`] for the first that does not.
    pub fn check(&self, listing: &Listing) -> Result<(), SealError> {
        for entry in &listing.entries {
            // Documents that cannot be read are reported by whoever serves them.
            if let (Ok(key), Ok(mut document)) =
                (ResourceKey::parse(&entry.key), Document::parse(&entry.value))
            {
                document.visit_secrets(key.kind, |field, text| match Sealed::parse(text) {
                    Some(Ok(sealed)) if self.key(sealed.key_id).is_none() => {
                        Err(SealError::WrongKey {
                            ours: self.key_ids(),
                            theirs: sealed.key_id.to_owned(),
                            document: entry.key.clone(),
                            field,
                        })
                    }
                    _ => Ok(None),
                })?;
            }
        }
        Ok(())
    }

    /// The public name of the key that seals; `None` where nothing does.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.keys.first().map(|key| &*key.id)
    }

    /// The public names of all keys that open.
    #[must_use]
    pub fn key_ids(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.id.clone()).collect()
    }

    /// Seals every secret of a document that is in clear. What is sealed already, or leads to a
    /// secret elsewhere, stays as it is.
    ///
    /// # Errors
    /// [`SealError::NotOurs`] where a secret has the form of a sealed one but does not open in this
    /// field: somebody copied it from elsewhere. The document is not to be stored then.
    pub fn seal_document(
        &self,
        kind: Kind,
        id: &str,
        document: &mut Document,
    ) -> Result<(), SealError> {
        document.visit_secrets(kind, |path, text| {
            let at = SecretField { kind, id, path };
            let open = self.resolve(&at, text).map_err(|problem| {
                let field = at.path.clone();
                SealError::NotOurs { field, problem }
            })?;
            match (self.keys.first(), open) {
                (Some(key), None) if !References::is_reference(text) => {
                    key.seal(&at, text).map(Some)
                }
                _ => Ok(None),
            }
        })
    }

    /// Seals every secret of a document with the key that seals now, whatever it was sealed with
    /// before; answers whether that changes the document.
    ///
    /// # Errors
    /// [`SealError::NotOurs`] for the first secret that does not open. The document is not to be
    /// stored then.
    pub fn reseal_document(
        &self,
        kind: Kind,
        id: &str,
        document: &mut Document,
    ) -> Result<bool, SealError> {
        let mut differs = false;
        document.visit_secrets(kind, |path, text| {
            let Some(key) = self.keys.first() else { return Ok(None) };
            let at = SecretField { kind, id, path };
            let open = self.resolve(&at, text).map_err(|problem| {
                let field = at.path.clone();
                SealError::NotOurs { field, problem }
            })?;
            let is_current =
                matches!(Sealed::parse(text), Some(Ok(sealed)) if sealed.key_id == key.id);
            let plain = match &open {
                Some(_) if is_current => return Ok(None),
                Some(secret) => secret.expose(),
                None if References::is_reference(text) => return Ok(None),
                None => text,
            };
            differs = true;
            key.seal(&at, plain).map(Some)
        })?;
        Ok(differs)
    }

    /// The key that sealed a text, where it is none of ours.
    pub(crate) fn foreign_key<'t>(&self, text: &'t str) -> Option<&'t str> {
        let sealed = Sealed::parse(text)?.ok()?;
        self.key(sealed.key_id).is_none().then_some(sealed.key_id)
    }

    fn key(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }
}

impl SecretResolver for Sealer {
    fn resolve(&self, at: &SecretField<'_>, stored: &str) -> Result<Option<Secret>, SecretProblem> {
        let Some(sealed) = Sealed::parse(stored) else {
            return Ok(None);
        };
        let sealed = sealed?;
        let Some(key) = self.key(sealed.key_id) else {
            let (theirs, ours) = (sealed.key_id, configured(&self.key_ids()));
            return Err(SecretProblem(format!("is sealed with key {theirs}, and {ours}")));
        };
        key.open(at, &sealed).map(Some)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("keys", &self.key_ids()).finish()
    }
}

/// The parts of a sealed secret.
struct Sealed<'a> {
    key_id: &'a str,
    /// Nonce, ciphertext and tag.
    boxed: Vec<u8>,
}

impl<'a> Sealed<'a> {
    /// `None` where the text is not meant to be a sealed secret.
    fn parse(text: &'a str) -> Option<Result<Self, SecretProblem>> {
        let rest = text.strip_prefix(SEALED)?;
        let parts = rest.strip_prefix(VERSION).and_then(|rest| rest.split_once(':'));
        let sealed = parts.and_then(|(key_id, encoded)| {
            let boxed = URL_SAFE_NO_PAD.decode(encoded).ok()?;
            let fits = boxed.len() >= NONCE_LEN + AES_256_GCM.tag_len();
            (fits && is_key_id(key_id)).then_some(Self { key_id, boxed })
        });
        let problem = || {
            SecretProblem(format!(
                "begins with '{SEALED}', but is no sealed secret that this version knows"
            ))
        };
        Some(sealed.ok_or_else(problem))
    }
}

fn is_key_id(text: &str) -> bool {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.len() == master_key::ID_DIGITS && text.bytes().all(digit)
}

impl Key {
    #[expect(clippy::expect_used, reason = "a master key has the 32 bytes that AES-256 takes")]
    fn new(key: &MasterKey) -> Self {
        let unbound = UnboundKey::new(&AES_256_GCM, key.bytes());
        Self { id: key.id(), cipher: LessSafeKey::new(unbound.expect("32 bytes")) }
    }

    fn seal(&self, at: &SecretField<'_>, text: &str) -> Result<String, SealError> {
        let mut nonce = [0; NONCE_LEN];
        let random = SystemRandom::new();
        random.fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        // The plaintext is encrypted where it lies, so no copy of it stays behind.
        let mut text = text.as_bytes().to_vec();
        text.reserve_exact(AES_256_GCM.tag_len());
        self.cipher
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                associated(at),
                &mut text,
            )
            .map_err(|_| SealError::NoRandomness)?;
        let boxed = URL_SAFE_NO_PAD.encode([&nonce[..], &text].concat());
        Ok(format!("{SEALED}{VERSION}{}:{boxed}", self.id))
    }

    fn open(&self, at: &SecretField<'_>, sealed: &Sealed<'_>) -> Result<Secret, SecretProblem> {
        let elsewhere = || {
            SecretProblem(
                "was not sealed for this field of this document, or is damaged".to_owned(),
            )
        };
        let (nonce, text) = sealed.boxed.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| elsewhere())?;
        let mut text = text.to_vec();
        let length = self
            .cipher
            .open_in_place(nonce, associated(at), &mut text)
            .map_err(|_| elsewhere())?
            .len();
        text.truncate(length);
        String::from_utf8(text).map(Secret::new).map_err(|_| elsewhere())
    }
}

fn associated(at: &SecretField<'_>) -> Aad<String> {
    Aad::from(format!("{}/{}/{}", at.kind, at.id, at.path))
}
