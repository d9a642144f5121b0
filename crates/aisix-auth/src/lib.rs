//! Authentication as tower layers: credential to caller, and admin keys.
//!
//! **Purpose.** [`AuthenticateLayer`] runs before everything that costs anything: it reads the
//! caller's key out of the head of a request, has a [`CredentialSource`] say whose it is, and puts
//! the [`Caller`](aisix_core::Caller) into the request's extensions. [`AdminAuthLayer`] does
//! the same for administrators, whose keys come from the configuration and identify nobody.
//!
//! **Invariants.**
//! - A credential is compared by its SHA-256 hash, and never quoted in an error or a log.
//! - Whoever finds a `Caller` among the extensions knows that its key was valid.
//!
//! **Not here.** What a caller may do is decided by hooks.

mod admin;
mod authenticate;
mod credential;
mod snapshot;

pub use admin::{AdminAuth, AdminAuthLayer, AdminKeys};
pub use authenticate::{Authenticate, AuthenticateLayer, CredentialSource, Refuse};
pub use credential::{Credential, MISSING_CREDENTIALS};
pub use snapshot::SnapshotCredentials;
