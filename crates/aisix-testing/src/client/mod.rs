//! An HTTP/1.1 client over a bare socket: it sends any bytes, and says how an answer broke off.
//!
//! [`Request`] writes ordinary requests. [`Connection`] is for the others: half a body, two
//! `content-length`s, two requests at once, a caller that leaves.

mod connection;
mod request;
mod response;
mod sse;
#[cfg(test)]
mod tests;

pub use connection::{Broken, Connection};
pub use request::Request;
pub use response::{Head, Response};
pub use sse::Event;
