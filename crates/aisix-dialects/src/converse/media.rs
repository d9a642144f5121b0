//! Images, documents, sounds and films.
//!
//! Source: the reference's "ImageBlock", "DocumentBlock", "AudioBlock", "VideoBlock" and
//! "S3Location".

use aisix_core::Error;
use aisix_core::chat::{Media, MediaKind, MediaSource, Part};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::document_name::Names;
use crate::sink::Sink;

/// Reads an image of an answer's; `Err` where it holds none.
pub(super) fn read_image(value: Value) -> Result<Part, Value> {
    let data = value["source"]["bytes"].as_str().map(ToOwned::to_owned);
    let (Some(data), Some(format)) = (data, value["format"].as_str()) else {
        return Err(value);
    };
    let media_type = Some(format!("image/{format}"));
    let media = Media::new(MediaKind::Image, MediaSource::Base64(data));
    Ok(Part::Media(Media { media_type, ..media }))
}

/// Writes media. What this format has no place for is refused: the model would answer without
/// having seen it.
pub(super) fn write(media: &Media, names: &mut Names, sink: &mut Sink) -> Option<Value> {
    let (Some(format), Some(source)) = (format(media), source(media)) else {
        sink.refuse(Error::unsupported(format_args!(
            "the target's format (converse) cannot show {} to the model",
            media.described(),
        )));
        return None;
    };
    let mut object = Map::new();
    object.insert("format".to_owned(), format.into());
    match (&media.name, media.kind) {
        (name, MediaKind::Document) => {
            object.insert("name".to_owned(), names.give(name.as_deref()).into());
        }
        (Some(_), _) => sink.drop(format!("{}.name", block(media.kind))),
        (None, _) => {}
    }
    object.insert("source".to_owned(), source);
    if media.detail.is_some() {
        sink.drop("image.detail");
    }
    sink.drop_natives(&media.native);
    Some(json!({ block(media.kind): object }))
}

/// The field that makes a block one of this kind.
fn block(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Document => "document",
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
    }
}

/// The word of this format's for a media type; where none is known, an address may end with it.
fn format(media: &Media) -> Option<&'static str> {
    let kind = media.kind;
    let Some(media_type) = &media.media_type else {
        return match &media.source {
            MediaSource::Text(_) => Some("txt"),
            MediaSource::Url(url) => {
                let (_, end) = url.rsplit_once('.')?;
                known(kind, &end.to_ascii_lowercase())
            }
            // Formats that name no type mean the one that all of them show.
            MediaSource::Base64(_) if kind == MediaKind::Document => Some("pdf"),
            MediaSource::Base64(_) | MediaSource::FileId(_) => None,
        };
    };
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (_, subtype) = essence.split_once('/')?;
    known(kind, subtype)
}

/// What this format calls a subtype, or the ending of a file's name.
fn known(kind: MediaKind, subtype: &str) -> Option<&'static str> {
    let row = match kind {
        MediaKind::Image => {
            &[("png", "png"), ("jpeg", "jpeg"), ("jpg", "jpeg"), ("gif", "gif"), ("webp", "webp")][..]
        }
        MediaKind::Document => &[
            ("pdf", "pdf"),
            ("csv", "csv"),
            ("html", "html"),
            ("plain", "txt"),
            ("txt", "txt"),
            ("markdown", "md"),
            ("md", "md"),
            ("msword", "doc"),
            ("doc", "doc"),
            ("vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
            ("docx", "docx"),
            ("vnd.ms-excel", "xls"),
            ("xls", "xls"),
            ("vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
            ("xlsx", "xlsx"),
        ],
        MediaKind::Audio => &[
            ("wav", "wav"),
            ("x-wav", "wav"),
            ("mp3", "mp3"),
            ("mpeg", "mp3"),
            ("flac", "flac"),
            ("opus", "opus"),
            ("ogg", "ogg"),
            ("aac", "aac"),
            ("mp4", "mp4"),
            ("webm", "webm"),
        ],
        MediaKind::Video => &[
            ("mp4", "mp4"),
            ("quicktime", "mov"),
            ("mov", "mov"),
            ("webm", "webm"),
            ("x-matroska", "mkv"),
            ("mkv", "mkv"),
            ("mpeg", "mpeg"),
            ("x-flv", "flv"),
            ("x-ms-wmv", "wmv"),
            ("3gpp", "three_gp"),
        ],
    };
    row.iter().find(|(name, _)| *name == subtype).map(|(_, word)| *word)
}

/// The bytes, or where in Amazon's store they are: no other address is fetched.
fn source(media: &Media) -> Option<Value> {
    match &media.source {
        MediaSource::Base64(data) => Some(json!({ "bytes": data })),
        MediaSource::Text(text) => Some(json!({ "bytes": STANDARD.encode(text) })),
        MediaSource::Url(url) if url.starts_with("s3://") => {
            Some(json!({ "s3Location": { "uri": url } }))
        }
        MediaSource::Url(_) | MediaSource::FileId(_) => None,
    }
}
