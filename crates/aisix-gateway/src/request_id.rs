//! The id that follows a request everywhere.

use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use uuid::Uuid;

/// The header that carries it, on every answer and on every call upstream.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-aisix-request-id");

/// The caller's id, from the first of these headers that holds an acceptable one, else a new one.
pub(crate) fn of(headers: &HeaderMap, accepted: &[HeaderName]) -> Arc<str> {
    accepted
        .iter()
        .filter_map(|name| headers.get(name))
        .filter_map(|value| value.to_str().ok())
        .find(|id| acceptable(id))
        .map_or_else(minted, Into::into)
}

/// 1 to 256 visible ASCII characters: safe in a header and in a log line.
fn acceptable(id: &str) -> bool {
    (1..=256).contains(&id.len()) && id.bytes().all(|byte| (0x21..=0x7E).contains(&byte))
}

fn minted() -> Arc<str> {
    let mut text = Uuid::encode_buffer();
    let id: &str = Uuid::new_v4().hyphenated().encode_lower(&mut text);
    id.into()
}
