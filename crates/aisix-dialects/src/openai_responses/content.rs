//! The parts of a message's content.

use aisix_core::Error;
use aisix_core::chat::{Media, MediaKind, MediaSource, Native, Part, Text};
use serde_json::{Map, Value, json};

use super::ID;
use crate::cache;
use crate::data_url;
use crate::fields::Fields;
use crate::sink::Sink;

/// The name of a native part that is one of a content's.
pub(super) const CONTENT: &str = "content";

/// The field of a text that says what it rests on.
pub(super) const ANNOTATIONS: &str = "annotations";

/// The name that a document without one gets.
const UNNAMED: &str = "document.pdf";

/// Whose words a content holds: the format has two types of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    /// Whoever tells the model something.
    Caller,
    /// The model.
    Model,
}

/// Reads a content: a text, a list of parts, or nothing; `None` where it is anything else.
pub(super) fn read(content: Option<Value>) -> Option<Vec<Part>> {
    match content {
        None => Some(Vec::new()),
        Some(Value::String(text)) => Some(vec![Part::Text(Text::new(text))]),
        Some(Value::Array(parts)) => parts.into_iter().map(read_part).collect(),
        Some(_) => None,
    }
}

/// Reads a part; `None` where it is no object with a type.
pub(super) fn read_part(value: Value) -> Option<Part> {
    let read = match value.get("type")?.as_str()? {
        "input_text" | "output_text" | "text" => read_text(value, "text"),
        "refusal" => read_text(value, "refusal"),
        "input_image" => read_image(value),
        "input_file" => read_file(value),
        "input_audio" => read_sound(value),
        _ => Err(value),
    };
    Some(read.unwrap_or_else(|value| Part::Native(Native::new(ID, CONTENT, value))))
}

fn read_text(value: Value, name: &str) -> Result<Part, Value> {
    if !value[name].is_string() {
        return Err(value);
    }
    let mut fields = Fields::of(value)?;
    fields.take("type");
    let text = fields.text(name).unwrap_or_default();
    let refusal = name == "refusal";
    let cache = cache::read_breakpoint(&mut fields);
    let native = said(fields).collect();
    Ok(Part::Text(Text { text, refusal, cache, native, ..Text::default() }))
}

/// The fields that say something: empty lists of what could be there are part of every answer.
fn said(fields: Fields) -> impl Iterator<Item = Native> {
    let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    fields.natives(ID, "").filter(move |native| !empty(&native.value))
}

/// `{"type": "input_image", "image_url" or "file_id", "detail"}`.
fn read_image(value: Value) -> Result<Part, Value> {
    if value["image_url"].is_string() == value["file_id"].is_string() {
        return Err(value);
    }
    let mut fields = Fields::of(value)?;
    let (source, media_type) = match fields.text("file_id") {
        Some(id) => (MediaSource::FileId(id), None),
        None => data_url::read(fields.text("image_url").unwrap_or_default()),
    };
    Ok(media(fields, Media { media_type, ..Media::new(MediaKind::Image, source) }))
}

/// `{"type": "input_file", "file_data" or "file_url" or "file_id", "filename"}`.
fn read_file(value: Value) -> Result<Part, Value> {
    let places = ["file_data", "file_url", "file_id"];
    if places.iter().filter(|place| value[**place].is_string()).count() != 1 {
        return Err(value);
    }
    let mut fields = Fields::of(value)?;
    let (source, media_type) = match (fields.text("file_id"), fields.text("file_url")) {
        (Some(id), _) => (MediaSource::FileId(id), None),
        (None, Some(url)) => (MediaSource::Url(url), None),
        (None, None) => {
            let data = fields.text("file_data").unwrap_or_default();
            match data.starts_with("data:") {
                true => data_url::read(data),
                false => (MediaSource::Base64(data), None),
            }
        }
    };
    let name = fields.text("filename");
    Ok(media(fields, Media { media_type, name, ..Media::new(MediaKind::Document, source) }))
}

/// `{"type": "input_audio", "input_audio": {"data", "format"}}`.
fn read_sound(value: Value) -> Result<Part, Value> {
    let sound = &value["input_audio"];
    let plain = sound.as_object().is_some_and(|sound| sound.len() == 2);
    if !plain || !sound["data"].is_string() || !sound["format"].is_string() {
        return Err(value);
    }
    let mut fields = Fields::of(value)?;
    let mut inner = Fields::of(fields.take("input_audio").unwrap_or_default())?;
    let source = MediaSource::Base64(inner.text("data").unwrap_or_default());
    let media_type = inner.text("format").map(|format| match format.as_str() {
        "mp3" => "audio/mpeg".to_owned(),
        other => format!("audio/{other}"),
    });
    Ok(media(fields, Media { media_type, ..Media::new(MediaKind::Audio, source) }))
}

fn media(mut fields: Fields, read: Media) -> Part {
    fields.take("type");
    let detail = fields.text("detail");
    let cache = cache::read_breakpoint(&mut fields);
    let native = fields.natives(ID, "").collect();
    Part::Media(Media { detail, cache, native, ..read })
}

/// Writes a content. One plain text of a caller's is written as such.
pub(super) fn write(parts: &[&Part], speaker: Speaker, sink: &mut Sink) -> Value {
    if let [Part::Text(text)] = parts
        && *text == Text::new(&*text.text)
    {
        return text.text.as_str().into();
    }
    write_parts(parts, speaker, sink)
}

/// Writes what a model said in another format: as one text, because parts of a model's come with
/// an id.
pub(super) fn write_said(parts: &[&Part], sink: &mut Sink) -> Value {
    // For what is lost of them.
    write_parts(parts, Speaker::Model, sink);
    if parts.iter().any(|part| matches!(part, Part::Text(text) if !text.citations.is_empty())) {
        sink.drop("citations");
    }
    let text = |part: &&Part| match part {
        Part::Text(text) => Some(text.text.clone()),
        _ => None,
    };
    parts.iter().filter_map(text).collect::<String>().into()
}

/// Writes a content as parts, whatever they are.
pub(super) fn write_parts(parts: &[&Part], speaker: Speaker, sink: &mut Sink) -> Value {
    parts.iter().filter_map(|part| write_part(part, speaker, sink)).collect()
}

fn write_part(part: &Part, speaker: Speaker, sink: &mut Sink) -> Option<Value> {
    let left_out = match part {
        Part::Text(text) => return Some(write_text(text, speaker, sink)),
        Part::Media(media) if speaker == Speaker::Caller => return write_media(media, sink),
        Part::Native(native) if native.dialect == ID && native.name == CONTENT => {
            return Some(native.value.clone());
        }
        Part::Native(native) => &*native.name,
        Part::Media(_) => "media",
        Part::ToolCall(_) => "tool_call",
        Part::ToolResult(_) => "tool_result",
        Part::Reasoning(_) => "reasoning",
    };
    sink.drop(left_out);
    None
}

/// Writes a text as a part.
pub(super) fn write_text(text: &Text, speaker: Speaker, sink: &mut Sink) -> Value {
    let (kind, name) = match (text.refusal, speaker) {
        (true, _) => ("refusal", "refusal"),
        (false, Speaker::Caller) => ("input_text", "text"),
        (false, Speaker::Model) => ("output_text", "text"),
    };
    let mut object = Map::new();
    object.insert("type".to_owned(), kind.into());
    object.insert(name.to_owned(), text.text.as_str().into());
    cache::write_own(text.cache.as_ref(), &mut object, sink);
    let pages = pages(text, kind, sink);
    sink.put_natives(&text.native, &mut object);
    if kind == "output_text" {
        object.entry(ANNOTATIONS).or_insert(Value::Array(pages));
    }
    Value::Object(object)
}

/// The pages that a text of the model's rests on, all of it. Other sources are files of the
/// provider's here.
fn pages(text: &Text, kind: &str, sink: &mut Sink) -> Vec<Value> {
    let end = text.text.chars().count();
    let mut pages = Vec::with_capacity(text.citations.len());
    for citation in &text.citations {
        match &citation.url {
            Some(url) if kind == "output_text" => pages.push(json!({
                "type": "url_citation",
                "start_index": 0,
                "end_index": end,
                "title": citation.title.as_deref().unwrap_or_default(),
                "url": url,
            })),
            _ => sink.drop("citations"),
        }
    }
    pages
}

/// Writes media as a part. What this format has no place for is refused: the model would answer
/// without having seen it.
fn write_media(media: &Media, sink: &mut Sink) -> Option<Value> {
    let written = match media.kind {
        MediaKind::Image => write_image(media, sink),
        MediaKind::Document => write_file(media, sink),
        MediaKind::Audio => write_sound(media),
        MediaKind::Video => None,
    };
    let Some(mut object) = written else {
        sink.refuse(Error::unsupported(format_args!(
            "the target's format (responses) cannot show {} to the model",
            media.described(),
        )));
        return None;
    };
    cache::write_own(media.cache.as_ref(), &mut object, sink);
    sink.put_natives(&media.native, &mut object);
    Some(Value::Object(object))
}

fn write_image(media: &Media, sink: &Sink) -> Option<Map<String, Value>> {
    let mut object = of_type("input_image");
    match &media.source {
        // An id means something only to the provider that gave it.
        MediaSource::FileId(id) if sink.own => insert(&mut object, "file_id", id),
        MediaSource::FileId(_) | MediaSource::Text(_) => return None,
        MediaSource::Url(url) => insert(&mut object, "image_url", url),
        MediaSource::Base64(data) => {
            let url = data_url::write(media.media_type.as_deref()?, data);
            insert(&mut object, "image_url", &url);
        }
    }
    match &media.detail {
        Some(detail) => insert(&mut object, "detail", detail),
        // The format asks for it.
        None if !sink.own => insert(&mut object, "detail", "auto"),
        None => {}
    }
    Some(object)
}

/// A document that is plain text is said as text: this format knows no file of that kind.
fn write_file(media: &Media, sink: &mut Sink) -> Option<Map<String, Value>> {
    let mut object = of_type("input_file");
    match (&media.source, media.media_type.as_deref()) {
        (MediaSource::Text(text), _) => {
            if media.name.is_some() {
                sink.drop("document.title");
            }
            let mut object = of_type("input_text");
            insert(&mut object, "text", text);
            return Some(object);
        }
        (MediaSource::FileId(_), _) if !sink.own => return None,
        (MediaSource::FileId(id), _) => insert(&mut object, "file_id", id),
        (MediaSource::Url(url), _) => insert(&mut object, "file_url", url),
        (MediaSource::Base64(data), None) => insert(&mut object, "file_data", data),
        (MediaSource::Base64(data), Some(media_type)) => {
            insert(&mut object, "file_data", &data_url::write(media_type, data));
        }
    }
    // OpenAI asks for a name with data.
    let unnamed = (!sink.own && object.contains_key("file_data")).then_some(UNNAMED);
    if let Some(name) = media.name.as_deref().or(unnamed) {
        insert(&mut object, "filename", name);
    }
    if let Some(detail) = &media.detail {
        insert(&mut object, "detail", detail);
    }
    Some(object)
}

fn write_sound(media: &Media) -> Option<Map<String, Value>> {
    let MediaSource::Base64(data) = &media.source else {
        return None;
    };
    let format = match media.media_type.as_deref()? {
        "audio/mpeg" => "mp3",
        other => other.strip_prefix("audio/").unwrap_or(other),
    };
    let mut object = of_type("input_audio");
    object.insert("input_audio".to_owned(), json!({"data": data, "format": format}));
    Some(object)
}

fn of_type(kind: &str) -> Map<String, Value> {
    let mut object = Map::new();
    insert(&mut object, "type", kind);
    object
}

fn insert(object: &mut Map<String, Value>, name: &str, value: &str) {
    object.insert(name.to_owned(), value.into());
}
