//! A gateway on a listener: one thread, one runtime, one upstream pool for each core.

mod certificate;
mod connection;
mod head;
mod listener;
mod patience;
mod progress;
mod refusal;
mod talk;
mod worker;

pub use certificate::Certificate;
pub use listener::Listener;
pub use patience::Patience;
pub use progress::RequestBody;
pub use talk::talk;
pub use worker::{Workers, start};
