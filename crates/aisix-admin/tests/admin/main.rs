//! The admin listener, driven in memory.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that finds nothing is a failed test, and the panic is its report"
)]

mod collections;
mod concurrency;
mod file;
mod gateways;
mod host;
mod monitoring;
mod older;
mod reference;
mod references;
mod refusals;
mod rotation;
mod secrets;
mod seeds;
mod status;
mod stores;
mod support;
