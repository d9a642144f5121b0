//! Images, documents, sounds and films.
//!
//! Source: the reference's "Blob" and "FileData", and the guides "Image understanding", "Document
//! understanding", "Audio understanding" and "Video understanding".

use aisix_core::Error;
use aisix_core::chat::{Media, MediaKind, MediaSource, Part};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::ID;
use crate::cache;
use crate::fields::Fields;
use crate::sink::Sink;

/// Data in the message.
pub(super) const INLINE: &str = "inlineData";

/// Data at an address.
pub(super) const FILE: &str = "fileData";

const PDF: &str = "application/pdf";

/// Reads a part that holds `inlineData` or `fileData`.
///
/// # Errors
/// The part, where it holds neither as this format has it.
pub(super) fn read(part: Value) -> Result<Part, Value> {
    let (outer, inner) = if part[INLINE]["data"].is_string() {
        (INLINE, "data")
    } else if part[FILE]["fileUri"].is_string() {
        (FILE, "fileUri")
    } else {
        return Err(part);
    };
    let mut fields = Fields::of(part)?;
    let mut place = Fields::of(fields.take(outer).unwrap_or_default())?;
    let text = place.text(inner).unwrap_or_default();
    let media_type = place.text("mimeType");
    let source = if outer == INLINE { MediaSource::Base64(text) } else { MediaSource::Url(text) };
    let kind = kind_of(media_type.as_deref().unwrap_or_default());
    let native = fields.natives(ID, "").chain(place.natives(ID, &format!("{outer}."))).collect();
    Ok(Part::Media(Media { media_type, native, ..Media::new(kind, source) }))
}

fn kind_of(media_type: &str) -> MediaKind {
    match media_type.split('/').next() {
        Some("image") => MediaKind::Image,
        Some("audio") => MediaKind::Audio,
        Some("video") => MediaKind::Video,
        _ => MediaKind::Document,
    }
}

/// Writes media as a part. What this format has no place for is refused: the model would answer
/// without having seen it.
pub(super) fn write(media: &Media, sink: &mut Sink) -> Option<Map<String, Value>> {
    let (name, place) = match source(media, sink) {
        Some(written) => written,
        None => {
            sink.refuse(Error::unsupported(format_args!(
                "the target's format (gemini) cannot show {} to the model",
                media.described(),
            )));
            return None;
        }
    };
    if media.name.is_some() {
        let is_document = media.kind == MediaKind::Document;
        sink.drop(if is_document { "document.title" } else { "image.name" });
    }
    if media.detail.is_some() {
        sink.drop("image.detail");
    }
    cache::leave_out(media.cache.as_ref(), sink);
    let mut object = Map::new();
    object.insert(name.to_owned(), place);
    sink.put_natives(&media.native, &mut object);
    Some(object)
}

fn source(media: &Media, sink: &Sink) -> Option<(&'static str, Value)> {
    let told = media.media_type.as_deref();
    match &media.source {
        MediaSource::Base64(data) => match told.or_else(|| assumed(media.kind)) {
            _ if sink.own && told.is_none() => Some((INLINE, json!({ "data": data }))),
            Some(media_type) => Some((INLINE, json!({"mimeType": media_type, "data": data}))),
            None => None,
        },
        MediaSource::Text(text) => {
            let data = STANDARD.encode(text);
            let media_type = told.unwrap_or("text/plain");
            Some((INLINE, json!({"mimeType": media_type, "data": data})))
        }
        MediaSource::Url(url) if sink.own && told.is_none() => {
            Some((FILE, json!({ "fileUri": url })))
        }
        // This format asks for a type.
        MediaSource::Url(url) => {
            let media_type = told.unwrap_or_else(|| by_name(url, media.kind));
            Some((FILE, json!({"mimeType": media_type, "fileUri": url})))
        }
        // An id means something only to the provider that gave it.
        MediaSource::FileId(_) => None,
    }
}

/// The type of data without one, where formats that name none mean the one that all of them show.
fn assumed(kind: MediaKind) -> Option<&'static str> {
    (kind == MediaKind::Document).then_some(PDF)
}

/// The type that the name in an address stands for; otherwise the commonest of its kind, as the
/// provider looks at what it fetches.
fn by_name(url: &str, kind: MediaKind) -> &'static str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let end = path.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
    match (end.as_deref(), kind) {
        (Some("png"), _) => "image/png",
        (Some("webp"), _) => "image/webp",
        (Some("gif"), _) => "image/gif",
        (Some("heic"), _) => "image/heic",
        (Some("heif"), _) => "image/heif",
        (Some("txt"), MediaKind::Document) => "text/plain",
        (Some("wav"), _) => "audio/wav",
        (Some("flac"), _) => "audio/flac",
        (Some("ogg"), MediaKind::Audio) => "audio/ogg",
        (Some("webm"), MediaKind::Video) => "video/webm",
        (Some("mov"), MediaKind::Video) => "video/quicktime",
        (_, MediaKind::Image) => "image/jpeg",
        (_, MediaKind::Document) => PDF,
        (_, MediaKind::Audio) => "audio/mpeg",
        (_, MediaKind::Video) => "video/mp4",
    }
}
