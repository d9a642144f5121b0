//! Documents that come as passages of text: those in chunks, and results of a search of the caller's.
//!
//! Source: the guides "Citations" ("Custom content documents") and "Search results", and the
//! reference's "ContentBlockSource" and "SearchResultBlockParam".

use aisix_core::chat::{Media, MediaKind, MediaSource, Native, Part};
use serde_json::Value;

use super::ID;
use crate::cache;
use crate::fields::Fields;
use crate::sink::mark;

/// The block as it was, which only this format knows: a mark, as its words are told in every other.
const AS_IT_WAS: &str = ":as_it_was";

/// Reads a block of passages as a document in plain text.
///
/// # Errors
/// The block, where its passages are no texts.
pub(super) fn read(block: Value) -> Result<Part, Value> {
    let is_result = block["type"] == "search_result";
    let content = if is_result { &block["content"] } else { &block["source"]["content"] };
    let Some(text) = text(content) else {
        return Err(block);
    };
    let mut native = vec![Native { value: block.clone(), ..mark(ID, AS_IT_WAS) }];
    let mut fields = Fields::of(block)?;
    for name in ["type", "content"] {
        fields.take(name);
    }
    if !is_result {
        fields.take("source");
    }
    let name = fields.text("title");
    let cache = cache::read(&mut fields);
    native.extend(fields.natives(ID, "").filter(|native| !native.value.is_null()));
    let media = Media::new(MediaKind::Document, MediaSource::Text(text));
    Ok(Part::Media(Media { name, cache, native, ..media }))
}

/// The block as it was, where the document came as passages.
pub(super) fn as_it_was(media: &Media) -> Option<Value> {
    let own = |native: &&Native| native.dialect == ID && native.name == AS_IT_WAS;
    media.native.iter().find(own).map(|native| native.value.clone())
}

/// Passages, each a paragraph; `None` where one is no text.
fn text(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(blocks) if !blocks.is_empty() => {
            let text = |block: &Value| block["text"].as_str().map(ToOwned::to_owned);
            let texts: Option<Vec<_>> = blocks.iter().map(text).collect();
            texts.map(|texts| texts.join("\n\n"))
        }
        _ => None,
    }
}
