//! What a text block rests on.
//!
//! Source: the guide "Citations", and the reference's "TextCitation".

use aisix_core::chat::{Citation, Native};
use serde_json::{Map, Value};

use super::ID;
use crate::fields::Fields;
use crate::sink::Sink;

/// The field that holds them.
const CITATIONS: &str = "citations";
/// The name of what of a citation only this dialect understands.
const REST: &str = "citation";

/// Takes the citations of a text block; in any other form they stay.
pub(super) fn take(block: &mut Fields) -> Vec<Citation> {
    let read = |value: Value| match value {
        Value::Array(list) if list.iter().all(Value::is_object) => {
            Ok(list.into_iter().filter_map(read).collect())
        }
        other => Err(other),
    };
    block.take_as(CITATIONS, read).unwrap_or_default()
}

/// Reads one citation; `None` where it is no object.
pub(super) fn read(value: Value) -> Option<Citation> {
    let mut fields = Fields::of(value).ok()?;
    let citation = Citation {
        url: fields.text("url"),
        title: fields.text("title"),
        quote: fields.text("cited_text"),
        native: Vec::new(),
    };
    let native = vec![Native::new(ID, REST, fields.into_value())];
    Some(Citation { native, ..citation })
}

/// Writes the citations of a text block. One of another format says too little for this one, which
/// asks where in a document, or in the results of a search, the words stand.
pub(super) fn put(citations: &[Citation], block: &mut Map<String, Value>, sink: &mut Sink) {
    let written: Vec<_> = citations.iter().filter_map(|one| write(one, sink)).collect();
    if !written.is_empty() {
        block.insert(CITATIONS.to_owned(), Value::Array(written));
    }
}

/// Writes one citation.
pub(super) fn write(citation: &Citation, sink: &mut Sink) -> Option<Value> {
    let mine = citation.native.iter().find(|native| native.dialect == ID && native.name == REST);
    let Some(Value::Object(rest)) = mine.map(|native| &native.value) else {
        sink.drop(CITATIONS);
        return None;
    };
    let mut object = rest.clone();
    let said =
        [("url", &citation.url), ("title", &citation.title), ("cited_text", &citation.quote)];
    for (name, value) in said {
        if let Some(value) = value {
            object.insert(name.to_owned(), value.as_str().into());
        }
    }
    Some(Value::Object(object))
}
