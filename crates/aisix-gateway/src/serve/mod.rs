//! A gateway on a listener: one thread, one runtime, one upstream pool for each core.

mod connection;
mod listener;
mod patience;
pub(crate) mod progress;
mod refusal;
mod worker;

pub use listener::Listener;
pub use worker::{Workers, start};
