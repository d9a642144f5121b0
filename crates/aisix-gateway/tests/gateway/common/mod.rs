//! What these tests share: a gateway in memory, documents to configure it with, and a memory of
//! what it reported.

pub mod counted;
pub mod documents;
pub mod granted;
pub mod logs;
pub mod recorder;
pub mod reviewed;
pub mod secured;
pub mod spoken;
pub mod streamed;
pub mod ways;
pub mod world;

pub use documents::{
    CALLER, MODEL, SECRET, UPSTREAM_MODEL, api_key, direct, ensemble, group, provider_key, semantic,
};
pub use recorder::Recorder;
pub use streamed::Streamed;
pub use world::{World, post};

use serde_json::Value;

/// The error object of an answer, its members in the order of the wire.
#[track_caller]
pub fn error_of(answer: &aisix_testing::Response) -> Value {
    let body: Value = answer.json();
    body["error"].clone()
}

/// Asserts an answer's status and its whole body.
#[track_caller]
pub fn assert_answer(answer: &aisix_testing::Response, status: u16, body: &str) {
    assert_eq!((answer.status, answer.text()), (status, body));
}
