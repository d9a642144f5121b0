//! Texts in place of lists of parts, for vendors that take nothing else.

use std::collections::BTreeSet;

use aisix_core::chat::Span;
use aisix_dialects::json::{self, span_of};
use serde_json::value::RawValue;

use super::body::Patch;

/// Makes a text of the content of each of these messages that is a list with a text in it. What
/// else is in such a list is lost, and named.
pub(super) fn messages<'a>(text: &'a str, messages: &'a RawValue, patch: &mut Patch<'a>) {
    for message in list(messages) {
        let Ok(members) = json::members(message.get()) else {
            continue;
        };
        let start = span_of(text, message).start;
        for member in members.iter().filter(|member| member.name == "content") {
            let Span { start: from, end: to } = member.value_span;
            if let Some(flat) = flattened(member.value, &mut patch.dropped) {
                patch.edits.push((start + from..start + to, flat.into()));
            }
        }
    }
}

/// The texts of a list of parts, one after the other, quoted; `None` where there are none. They are
/// joined as they are written: nothing is unescaped.
fn flattened(content: &RawValue, dropped: &mut BTreeSet<String>) -> Option<String> {
    let parts = list(content);
    let parts: Vec<_> = parts.into_iter().map(Part::of).collect();
    if !parts.iter().any(|part| matches!(part, Part::Text(_))) {
        return None;
    }
    let mut flat = String::from('"');
    for part in parts {
        match part {
            Part::Text(text) => flat.push_str(text),
            Part::Other(field) => {
                dropped.insert(field);
            }
        }
    }
    flat.push('"');
    Some(flat)
}

/// A part of a message's content.
enum Part<'a> {
    /// A text, escaped as it was, without its quotes.
    Text(&'a str),
    /// Anything else, as records name it.
    Other(String),
}

impl<'a> Part<'a> {
    fn of(part: &'a RawValue) -> Self {
        let members = json::members(part.get()).unwrap_or_default();
        let value_of = |name: &str| {
            let member = members.iter().rfind(|member| member.name == name)?;
            Some(member.value.get())
        };
        let kind: Option<String> =
            value_of("type").and_then(|kind| serde_json::from_str(kind).ok());
        let inner = value_of("text").and_then(|text| text.strip_prefix('"')?.strip_suffix('"'));
        match (kind, inner) {
            (Some(kind), Some(text)) if kind == "text" => Self::Text(text),
            (Some(kind), _) => Self::Other(format!("content.{kind}")),
            (None, _) => Self::Other("content".to_owned()),
        }
    }
}

/// The entries of a list; none where it is no list.
pub(super) fn list(value: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(value.get()).unwrap_or_default()
}
