//! The data plane as a tower service.
//!
//! **Purpose.** [`Gateway`] takes a caller's request through authentication and the hook pipeline
//! to an upstream, and its answer back, whole or streamed. [`serve`] puts one on a listener, a
//! thread for each core.
//!
//! **Invariants.**
//! - A request is served from one generation of the configuration, whatever is published meanwhile.
//! - An upstream is never contacted when a gate refuses.
//! - Once the first byte of an answer is promised, no other model's words follow; an answer that
//!   cannot be finished ends with an error in the caller's dialect.
//! - When a caller leaves, its upstream call is dropped, and its hooks are told.
//!
//! **Not here.** No administration, no store but the source of configuration, no translation: the
//! dialects do that.

mod body;
mod client;
mod client_ip;
mod early;
mod endpoints;
mod exchange;
mod files;
mod gateway;
mod generation;
pub mod handle;
mod health;
mod labels;
pub mod probe;
mod proxies;
mod published;
mod request_id;
mod respond;
mod rewrite;
mod route;
pub mod serve;
mod settings;
mod timeouts;
mod trust;

pub use body::AnswerBody;
pub use client::Client;
pub use client_ip::{Peer, RealIp};
pub use files::CertificateError;
pub use gateway::Gateway;
pub use handle::{ConfigurationStatus, GatewayHandle, ModelHealth, Readiness};
pub use proxies::{Proxies, ProxyError};
pub use published::Shared;
pub use rewrite::{UrlRewrite, UrlRewriteError};
pub use settings::{Settings, UpstreamSettings};
pub use trust::{TrustError, TrustFiles, UpstreamTrust};
