//! What holds for any bytes that come from outside: the bodies of the fuzz targets.
//!
//! **Purpose.** One body for each [`Target`], used twice. The property tests of `aisix-dialects`
//! feed it mutations of reviewed fixtures and of the seeds here, structured JSON and arbitrary bytes;
//! libFuzzer feeds it
//! whatever reaches further (`cargo xtask fuzz`, and the programs of `/fuzz`).
//!
//! **Invariants.**
//! - A body panics where a law is broken, and only there.
//! - A body needs nothing but the bytes: an input that broke a law is a file, and breaks it again.
//! - Every body runs against every format that it can: a new one is a line of [`UPSTREAMS`], and one
//!   of [`CALLERS`] where callers speak it.
//!
//! **Not here.** What particular bytes mean is said by the golden files of `aisix-dialects`; what a
//! gateway makes of a failing upstream, by the tests of `aisix-gateway`.
#![expect(
    clippy::expect_used,
    reason = "this crate exists for tests only, where a panic with its reason is the report"
)]

mod answers;
mod chance;
mod credentials;
mod embeddings;
mod errors;
mod failures;
mod framings;
mod keys;
pub mod mutation;
mod patches;
mod relays;
mod requests;
mod resources;
mod said;
mod streams;
mod tokens;
mod wires;

pub use wires::{CALLERS, Caller, FRAMINGS, Framing, UPSTREAMS, Upstream, Wire};

/// Something that reads bytes from outside.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of its program below `/fuzz`, and of its folder of regressions.
    pub name: &'static str,
    /// Gives it the bytes, and checks what comes of them.
    pub body: fn(&[u8]),
}

/// Every target.
pub static TARGETS: [Target; 12] = [
    Target { name: "requests", body: requests::check },
    Target { name: "answers", body: answers::check },
    Target { name: "streams", body: streams::check },
    Target { name: "framings", body: framings::check },
    Target { name: "errors", body: errors::check },
    Target { name: "relays", body: relays::check },
    Target { name: "embeddings", body: embeddings::check },
    Target { name: "patches", body: patches::check },
    Target { name: "credentials", body: credentials::check },
    Target { name: "tokens", body: tokens::check },
    Target { name: "failures", body: failures::check },
    Target { name: "resources", body: resources::check },
];

/// Gives a target of this name the bytes.
///
/// # Panics
/// Where a law is broken, or there is no such target.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("the target exists");
    (target.body)(bytes);
}
