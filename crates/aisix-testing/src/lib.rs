//! What the tests of this workspace share: scripted upstreams, fixtures, a raw HTTP client, and a
//! way to run the real binary.
//!
//! - [`ScriptedUpstream`] plays a provider on loopback. It says exactly the bytes that a test gave
//!   it, when the test lets it, and records what it received.
//! - [`client`] speaks HTTP/1.1 over a bare socket, so that a test can send what no HTTP library
//!   would send, and see where an answer broke off.
//! - [`conformance`] is one suite for each public trait.
//! - [`etcd`] runs a real etcd of a test's own.
//! - [`eventstream`] writes the framing of Amazon's streams.
//! - [`fixtures`] are provider answers in the shape that the providers document.
//! - [`provider`] is a provider that does as it is asked, in whichever format.
//! - [`process`] runs a program in a directory of its own, and reads what it prints.
//! - [`published`] judges JSON by the types that the providers' own packages publish.
//! - [`ScriptedProxy`] stands between a client and its upstream.
//! - [`botocore`] is Amazon's own judge of what Bedrock receives.
//! - [`canary`] plants secrets and looks for them, also encoded, wherever they might have leaked.
//! - [`wait`] waits for a condition. No other module sleeps, and no test does.
//!
//! # Invariants
//!
//! - Everything listens on and talks to loopback, on ports that the system picked.
//! - Every wait has a deadline, and a wait that runs into it says what it waited for. The deadline
//!   is real time, also where a test has paused the clock of its runtime.
//! - Nothing outlives its value: dropping an upstream closes its sockets, dropping a process kills
//!   it and removes its directory.
//!
//! # What this crate does not do
//!
//! It is no HTTP library: HTTP/1.1 only, no TLS, no answers to `HEAD`. It is a development
//! dependency, and never part of a shipped binary. Its functions panic where something is wrong,
//! because that is how a test fails.
#![expect(
    clippy::expect_used,
    reason = "this crate exists for tests only, where a panic with its reason is the report"
)]

pub mod botocore;
pub mod canary;
pub mod client;
pub mod conformance;
pub mod etcd;
pub mod eventstream;
pub mod exposition;
pub mod fixtures;
pub mod google_auth;
pub mod process;
pub mod provider;
pub mod proxy;
pub mod published;
pub mod upstream;
pub mod wait;
mod wire;

pub use canary::Canaries;
pub use client::{Connection, Request, Response};
pub use etcd::Etcd;
pub use exposition::Exposition;
pub use process::{Process, Program, free_port};
pub use proxy::{ScriptedProxy, Verdict};
pub use published::{Claim, FieldType, PublishedTypes};
pub use upstream::{Gate, Received, Reply, ScriptedUpstream, Step};
