//! The program as its users meet it: the released binary, its sockets, its files and its words.
//!
//! `cargo xtask test` builds the binary and brings the tools that these tests call.
#![expect(clippy::expect_used, reason = "a panic with its reason is how a test fails")]

mod azure;
mod cache;
mod crash;
mod drain;
mod edge;
mod etcd;
mod examples;
mod export;

mod file;
mod gateway;
mod packages;
mod pages;
mod proxied;
mod quickstart;
mod receipts;
mod recorded;
mod references;
mod refusals;
mod rekey;
mod sdk;
mod secrets;
mod status;
mod trouble;
