//! How a protocol family is reached: address, authentication, framing, quirks as data.
//!
//! **Purpose.** An [`Adapter`] turns an encoded body into an HTTP request for one upstream, and
//! says what a failed answer means. Which wire format the body is in, it says by naming a
//! [`Dialect`](aisix_dialects::Dialect).
//!
//! **Invariants.**
//! - An adapter opens no connection for a call: the gateway's one client sends what it prepared.
//! - What cannot be sent is an error before any call: no guessed address, no unsafe header.
//! - How a vendor differs from its family is data on the provider key, applied to whatever any
//!   adapter prepares ([`Call::prepared_by`]) and to whatever is answered ([`Answers`]).
//! - A credential leaves an adapter only inside the request that it authenticates: it is scrubbed
//!   from whatever an upstream says.
//!
//! **What families share** is public, so that a family in another crate is as short as one in this
//! crate: [`address`] makes URLs, [`request`] headers, and [`classify`] reads failed answers. An
//! adapter of another crate is a type that implements [`Adapter`], and one call of
//! [`Adapters::with`]; the repository's `examples/custom-adapter` is one.
//!
//! **Features.** Families that bring dependencies of their own are features, all of them on by
//! default: `azure`, `bedrock`, `vertex`. A gateway without one does not compile what it needs.
//!
//! **Not here.** No translation, no retries, no sockets. Adapters never name one another.

mod adapter;
pub mod address;
pub mod anthropic;
#[cfg(feature = "azure")]
pub mod azure_openai;
#[cfg(feature = "bedrock")]
pub mod bedrock;
pub mod classify;
pub mod openai;
mod quirks;
mod registry;
pub mod request;
#[cfg(feature = "tokens")]
pub mod tokens;
mod transport;
#[cfg(feature = "vertex")]
pub mod vertex;

pub use adapter::{Adapter, Call, FailedReply, Framing, Target};
pub use classify::{in_band, scrubbed, scrubbed_of_key};
pub use quirks::{Answers, Prepared};
pub use registry::Adapters;
pub use transport::{Answered, Transport};
