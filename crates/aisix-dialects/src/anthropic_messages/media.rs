//! Images and documents.
//!
//! Source: the guides "Vision" and "PDF support", and the reference's "ImageBlockParam" and
//! "DocumentBlockParam".

use aisix_core::Error;
use aisix_core::chat::{Media, MediaKind, MediaSource, Part};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{ID, passage};
use crate::cache;
use crate::fields::Fields;
use crate::sink::Sink;

const PDF: &str = "application/pdf";
const PLAIN: &str = "text/plain";

/// Reads an image or a document.
///
/// # Errors
/// The block, where its source is of no kind that others know.
pub(super) fn read(value: Value) -> Result<Part, Value> {
    let kind = if value["type"] == "image" { MediaKind::Image } else { MediaKind::Document };
    let Some((source, known)) = source(kind, &value["source"]) else {
        return Err(value);
    };
    let mut fields = Fields::of(value)?;
    fields.take("type");
    let mut inner = Fields::of(fields.take("source").unwrap_or_default())?;
    known.iter().for_each(|name| drop(inner.take(name)));
    let media_type = match source {
        // The one type that this kind of source has.
        MediaSource::Text(_) => inner.text("media_type").filter(|media_type| media_type != PLAIN),
        MediaSource::Base64(_) => inner.text("media_type"),
        MediaSource::Url(_) | MediaSource::FileId(_) => None,
    };
    let name = if kind == MediaKind::Document { fields.text("title") } else { None };
    let cache = cache::read(&mut fields);
    let native = fields.natives(ID, "").chain(inner.natives(ID, "source.")).collect();
    Ok(Part::Media(Media { media_type, name, cache, native, ..Media::new(kind, source) }))
}

/// Where media is, and the fields that say so.
fn source(kind: MediaKind, source: &Value) -> Option<(MediaSource, [&'static str; 2])> {
    let text = |name: &str| source[name].as_str().map(ToOwned::to_owned);
    Some(match source["type"].as_str()? {
        "base64" => (MediaSource::Base64(text("data")?), ["type", "data"]),
        "url" => (MediaSource::Url(text("url")?), ["type", "url"]),
        "text" if kind == MediaKind::Document => {
            (MediaSource::Text(text("data")?), ["type", "data"])
        }
        "file" => (MediaSource::FileId(text("file_id")?), ["type", "file_id"]),
        _ => return None,
    })
}

/// Writes media. What this format has no place for is refused: the model would answer without
/// having seen it.
pub(super) fn write(media: &Media, sink: &mut Sink) -> Option<Value> {
    if let Some(block) = passage::as_it_was(media) {
        return Some(block);
    }
    let source = match media.kind {
        MediaKind::Image => image_source(media, sink),
        MediaKind::Document => document_source(media, sink),
        MediaKind::Audio | MediaKind::Video => None,
    };
    let Some(source) = source else {
        sink.refuse(Error::unsupported(format_args!(
            "the target's format (messages) cannot show {} to the model",
            media.described(),
        )));
        return None;
    };
    let is_image = media.kind == MediaKind::Image;
    let mut object = Map::new();
    object.insert("type".to_owned(), if is_image { "image" } else { "document" }.into());
    object.insert("source".to_owned(), source);
    match &media.name {
        Some(_) if is_image => sink.drop("image.name"),
        Some(name) => drop(object.insert("title".to_owned(), name.as_str().into())),
        None => {}
    }
    if media.detail.is_some() {
        sink.drop("image.detail");
    }
    cache::write(media.cache.as_ref(), &mut object);
    sink.put_natives(&media.native, &mut object);
    Some(Value::Object(object))
}

fn image_source(media: &Media, sink: &Sink) -> Option<Value> {
    match &media.source {
        MediaSource::Base64(data) => {
            let media_type = media.media_type.as_deref();
            // Data without a type is the caller's mistake, for the upstream to tell.
            Some(match media_type {
                Some(media_type) => {
                    json!({"type": "base64", "media_type": media_type, "data": data})
                }
                None => json!({"type": "base64", "data": data}),
            })
        }
        MediaSource::Url(url) => Some(json!({"type": "url", "url": url})),
        MediaSource::FileId(id) => file(id, sink),
        MediaSource::Text(_) => None,
    }
}

/// This format shows PDFs and plain text.
fn document_source(media: &Media, sink: &Sink) -> Option<Value> {
    match (&media.source, media.media_type.as_deref()) {
        (MediaSource::Text(text), media_type) => {
            let media_type = media_type.unwrap_or(PLAIN);
            Some(json!({"type": "text", "media_type": media_type, "data": text}))
        }
        (MediaSource::Base64(data), Some(media_type)) if media_type == PDF || sink.own => {
            Some(json!({"type": "base64", "media_type": media_type, "data": data}))
        }
        (MediaSource::Base64(data), None) if sink.own => {
            Some(json!({"type": "base64", "data": data}))
        }
        // Formats that name no type mean the one that all of them show.
        (MediaSource::Base64(data), None) => {
            Some(json!({"type": "base64", "media_type": PDF, "data": data}))
        }
        (MediaSource::Base64(data), Some(media_type)) if media_type.starts_with("text/") => {
            let text = String::from_utf8(STANDARD.decode(data).ok()?).ok()?;
            Some(json!({"type": "text", "media_type": PLAIN, "data": text}))
        }
        (MediaSource::Base64(_), Some(_)) => None,
        (MediaSource::Url(url), _) => Some(json!({"type": "url", "url": url})),
        (MediaSource::FileId(id), _) => file(id, sink),
    }
}

/// An id means something only to the provider that gave it.
fn file(id: &str, sink: &Sink) -> Option<Value> {
    sink.own.then(|| json!({"type": "file", "file_id": id}))
}
