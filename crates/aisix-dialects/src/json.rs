//! Reading a few fields of a JSON text, and changing them in place.

use std::borrow::Cow;

use aisix_core::chat::Span;
use bytes::{BufMut, Bytes, BytesMut};
use serde_json::value::RawValue;

#[cfg(test)]
mod tests;

/// Where a value stands that was borrowed out of `text`.
///
/// The value must be a part of the text: both are compared by address.
#[must_use]
pub fn span_of(text: &str, value: &RawValue) -> Span {
    let start = value.get().as_ptr() as usize - text.as_ptr() as usize;
    start..start + value.get().len()
}

/// The text with some ranges replaced; ranges must be ascending and apart.
#[must_use]
pub fn splice(text: &[u8], edits: &[(Span, Cow<'_, str>)]) -> Bytes {
    let grown: usize = edits.iter().map(|(_, replacement)| replacement.len()).sum();
    let mut spliced = BytesMut::with_capacity(text.len() + grown);
    splice_into(text, edits, &mut spliced);
    spliced.freeze()
}

/// Appends the text with some ranges replaced.
pub fn splice_into(text: &[u8], edits: &[(Span, Cow<'_, str>)], out: &mut BytesMut) {
    let mut at = 0;
    for (span, replacement) in edits {
        out.put_slice(&text[at..span.start]);
        out.put_slice(replacement.as_bytes());
        at = span.end;
    }
    out.put_slice(&text[at..]);
}

/// A text as a JSON string, quotes included.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{0}'..='\u{1F}' => {
                quoted.push_str("\\u");
                quoted.push_str(&format!("{:04x}", u32::from(character)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
