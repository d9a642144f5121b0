//! Marks for the provider's cache, where a caller set none.
//!
//! Source: the guide "Prompt caching": a mark stands in the last block of a prefix that is to be
//! kept; blank texts and thoughts take none.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use aisix_core::chat::CacheMark;
use bytes::Bytes;
use memchr::memmem;
use serde_json::Map;
use serde_json::value::RawValue;

use crate::cache::{self, CACHE_CONTROL};
use crate::json::{self, span_of, splice};
use crate::relay::Edit;
use crate::scan;

/// The request with a mark in the last block of the instructions, and in the last block of the last
/// message; every other byte stays. `None` where it has a mark already, or no place for one.
pub(super) fn marked(body: &[u8], mark: &CacheMark) -> Option<Bytes> {
    let text = std::str::from_utf8(body).ok()?;
    if has_mark(text) {
        return None;
    }
    let fields = scan::fields(text, ["system", "messages"]).ok()?;
    let messages: Vec<&RawValue> = serde_json::from_str(fields.get("messages")?.get()).ok()?;
    let last = messages.last().and_then(|last| scan::fields(last.get(), ["content"]).ok());
    let mark = field(mark);
    let of = |content: &RawValue| edit(text, content, &mark);
    let system = fields.get("system").and_then(of);
    let message = last.and_then(|last| last.get("content")).and_then(of);
    let mut edits: Vec<Edit<'_>> = system.into_iter().chain(message).collect();
    edits.sort_by_key(|(span, _)| span.start);
    (fields.duplicate.is_none() && !edits.is_empty()).then(|| splice(body, &edits))
}

/// The mark as a field.
fn field(mark: &CacheMark) -> String {
    let mut object = Map::new();
    cache::write(Some(mark), &mut object);
    let object = serde_json::Value::Object(object).to_string();
    object[1..object.len() - 1].to_owned()
}

/// What puts the mark into the last block of this.
fn edit(text: &str, content: &RawValue, mark: &str) -> Option<Edit<'static>> {
    if content.get().starts_with('"') {
        let is_blank = blank(Some(content));
        let block = format!(r#"[{{"type":"text","text":{},{mark}}}]"#, content.get());
        return (!is_blank).then(|| (span_of(text, content), Cow::Owned(block)));
    }
    let blocks: Vec<&RawValue> = serde_json::from_str(content.get()).ok()?;
    let last = blocks.last()?;
    let fields = scan::fields(last.get(), ["type", "text"]).ok()?;
    let takes_none = match fields.get("type")?.get() {
        r#""text""# => blank(fields.get("text")),
        r#""thinking""# | r#""redacted_thinking""# => true,
        _ => false,
    };
    // An object with a type ends with a brace, and what goes before it is another field.
    let end = span_of(text, last).end - 1;
    (!takes_none).then(|| (end..end, Cow::Owned(format!(",{mark}"))))
}

fn blank(text: Option<&RawValue>) -> bool {
    let text = text.and_then(|text| serde_json::from_str::<Cow<'_, str>>(text.get()).ok());
    text.is_none_or(|text| text.trim().is_empty())
}

/// How deep marks are looked for: no block that can hold one stands deeper.
const DEEPEST: usize = 32;

/// Whether anything in the request is called like a mark.
fn has_mark(text: &str) -> bool {
    let may = |word: &[u8]| memmem::find(text.as_bytes(), word).is_some();
    // Texts may speak of it, and an escape may hide it.
    (may(CACHE_CONTROL.as_bytes()) || may(br"\u")) && holds_mark(text.trim_start(), DEEPEST)
}

fn holds_mark(value: &str, depth: usize) -> bool {
    let inside = |value: &RawValue| depth == 0 || holds_mark(value.get(), depth - 1);
    match value.as_bytes().first() {
        Some(b'{') => json::members(value).is_ok_and(|members| {
            members.iter().any(|member| member.name == CACHE_CONTROL || inside(member.value))
        }),
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(value)
            .is_ok_and(|list| list.into_iter().any(inside)),
        _ => false,
    }
}
