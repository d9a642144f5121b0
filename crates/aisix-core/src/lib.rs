//! The nouns of an AI gateway, and nothing that moves.
//!
//! **Purpose.** Every other crate speaks in the types defined here: resources that administrators
//! write ([`resource`]), the [`Snapshot`] that a request is served from, the conversation that is
//! translated between wire formats ([`chat`]), and one [`Error`] that says who is to blame.
//!
//! **Invariants.**
//! - A [`Secret`] is never shown: neither `Debug` nor `Serialize` reveals it, and its memory is
//!   overwritten when it is dropped.
//! - A value of a resource type is valid: [`Resource::decode`] is the only way to make one.
//! - A [`Snapshot`] is immutable; a change makes another one that shares what did not change.
//! - An [`ErrorCode`] fixes status, type and code of what a caller sees.
//!
//! **Not here.** No input or output, no clock other than one that is passed in, no asynchronous
//! runtime and no HTTP framework.

pub mod address_range;
pub mod base_url;
pub mod caller;
pub mod carried;
pub mod chat;
pub mod embed;
pub mod error;
pub mod glob;
pub mod hash;
pub mod id;
#[cfg(feature = "openapi")]
mod openapi;
pub mod operation;
pub mod relayed;
pub mod resource;
pub mod secret;
pub mod snapshot;

pub use address_range::AddressRange;
pub use caller::Caller;
pub use carried::{Carried, Carry, DialectId};
pub use embed::{EmbedInput, EmbedRequest};
pub use error::{Error, ErrorCode, ErrorKind};
pub use glob::Glob;
pub use hash::KeyHash;
pub use id::{Id, ResourceKey};
pub use operation::Operation;
pub use relayed::Relayed;
pub use resource::{ApiKey, Document, Kind, Model, ProviderKey, Resource};
pub use secret::Secret;
pub use snapshot::{Change, Diagnostic, Entry, Snapshot, Stored};
