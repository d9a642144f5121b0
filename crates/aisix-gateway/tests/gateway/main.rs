//! The data plane, driven as a tower service in memory and over sockets, against scripted
//! upstreams on loopback.
#![expect(
    clippy::expect_used,
    reason = "these are tests, where a panic with its reason is the report"
)]
#![expect(unreachable_pub, reason = "a test program has no API")]

mod addresses;
mod amazon_types;
mod asked;
mod azure;
mod bad_input;
mod bedrock;
mod bodies;
mod cancellation;
mod catalogue;
mod common;
mod credentials;
mod embeddings;
mod failover;
mod families;
mod faults;
mod generations;
mod google_types;
mod headers;
mod hooks;
mod idle;
mod limits;
mod lines;
mod matrix;
mod metrics;
mod model_checks;
mod omissions;
mod probes;
mod prompt_caching;
mod proxies;
mod quirk_headers;
mod quirks;
mod relay;
mod relayed;
mod secret_parts;
mod secrets;
mod serving;
mod sockets;
mod streams;
mod trust;
mod unknown_events;
mod upstream_errors;
mod usage;
mod vertex;
