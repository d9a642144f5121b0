//! What a text rests on.
//!
//! Source: the reference's "CitationsContentBlock", "Citation" and "CitationsDelta".

use aisix_core::chat::{Citation, Native, Part, Text};
use serde_json::Value;

use super::ID;
use crate::fields::Fields;

/// The name of what of a citation only this dialect understands.
const REST: &str = "citation";

/// Reads a block of a text with its sources; `Err` where it is none.
pub(super) fn read_content(value: Value) -> Result<Part, Value> {
    let (Some(content), Some(citations)) =
        (value["content"].as_array(), value["citations"].as_array())
    else {
        return Err(value);
    };
    let text = content.iter().filter_map(|one| one["text"].as_str()).collect::<String>();
    let citations = citations.iter().cloned().filter_map(read).collect();
    Ok(Part::Text(Text { citations, ..Text::new(text) }))
}

/// Reads one source; `None` where it is no object.
pub(super) fn read(value: Value) -> Option<Citation> {
    let mut fields = Fields::of(value).ok()?;
    let page = fields.get("location").and_then(|place| place["web"]["url"].as_str());
    // The source of a search result is a page, too, where it is an address.
    let source = fields.get("source").and_then(Value::as_str);
    let is_address =
        |source: &&str| source.starts_with("https://") || source.starts_with("http://");
    let url = page.or(source.filter(is_address)).map(ToOwned::to_owned);
    let quote = fields
        .list("sourceContent")
        .map(|content| content.iter().filter_map(|one| one["text"].as_str()).collect::<String>());
    let title = fields.text("title");
    let native = vec![Native::new(ID, REST, fields.into_value())];
    Some(Citation { url, title, quote, native })
}
