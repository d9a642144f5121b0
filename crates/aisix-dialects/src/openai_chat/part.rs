//! The parts of a message's content.

use aisix_core::Error;
use aisix_core::chat::{Media, MediaKind, MediaSource, Native, Part, Text};
use serde_json::{Map, Value, json};

use super::ID;
use crate::cache;
use crate::data_url;
use crate::fields::{Fields, Flaw};
use crate::sink::Sink;

/// The name of a native part that is one of the content's.
pub(super) const CONTENT: &str = "content";

/// The name that a document without one gets.
const UNNAMED: &str = "document.pdf";

/// Reads a message's content: a text, a list of parts, or nothing.
///
/// # Errors
/// Where it is anything else.
pub(super) fn read_content(content: Option<Value>) -> Result<Vec<Part>, Flaw> {
    match content {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![Part::Text(Text::new(text))]),
        Some(Value::Array(parts)) => parts.into_iter().enumerate().map(read_nth).collect(),
        Some(_) => Err(Flaw::new(".content", "a string, null or an array of parts")),
    }
}

fn read_nth((index, part): (usize, Value)) -> Result<Part, Flaw> {
    let flaw = || Flaw::new(format!(".content[{index}]"), "an object with a 'type'");
    read_part(part).ok_or_else(flaw)
}

/// Whether a part is text and nothing else: several of them say what one would.
pub(super) fn plain_text(part: &Part) -> Option<&str> {
    match part {
        Part::Text(text) if *text == Text::new(&*text.text) => Some(&text.text),
        _ => None,
    }
}

/// Writes content that was made of these parts. One plain text is written as such; so are several
/// that another format told apart, because many vendors take nothing but a text.
pub(super) fn write_content(mut parts: Vec<Value>, between: &str, own: bool) -> Option<Value> {
    let plain = |part: &Value| {
        let of_two = part.as_object().is_some_and(|part| part.len() == 2);
        of_two && part["type"] == "text" && part["text"].is_string()
    };
    let texts = || parts.iter().filter(|part| plain(part)).filter_map(|part| part["text"].as_str());
    if !own && parts.len() > 1 && texts().count() == parts.len() {
        return Some(texts().collect::<Vec<_>>().join(between).into());
    }
    match parts.as_mut_slice() {
        [] => None,
        [only] if plain(only) => Some(only["text"].take()),
        _ => Some(Value::Array(parts)),
    }
}

/// Reads a part; `None` where it is no object with a type.
pub(super) fn read_part(value: Value) -> Option<Part> {
    let read = match value.get("type")?.as_str()? {
        "text" => read_text(value, "text"),
        "refusal" => read_text(value, "refusal"),
        "image_url" => read_address(value, "image_url", MediaKind::Image),
        "video_url" => read_address(value, "video_url", MediaKind::Video),
        "input_audio" => read_sound(value),
        "file" => read_file(value),
        _ => Err(value),
    };
    Some(read.unwrap_or_else(|value| Part::Native(Native::new(ID, CONTENT, value))))
}

fn read_text(value: Value, name: &str) -> Result<Part, Value> {
    if !value[name].is_string() {
        return Err(value);
    }
    let mut fields = part_fields(value)?;
    let text = fields.text(name).unwrap_or_default();
    let cache = cache::read_either(&mut fields);
    let native = fields.natives(ID, "").collect();
    Ok(Part::Text(Text { text, refusal: name == "refusal", cache, native, ..Text::default() }))
}

/// `{"type": "image_url", "image_url": {"url", "detail"}}`; the address alone is read, too.
fn read_address(value: Value, name: &str, kind: MediaKind) -> Result<Part, Value> {
    let place = &value[name];
    if !place.get("url").unwrap_or(place).is_string() {
        return Err(value);
    }
    let mut fields = part_fields(value)?;
    let mut inner = match fields.take(name).unwrap_or_default() {
        url @ Value::String(_) => Fields::of(json!({ "url": url }))?,
        other => Fields::of(other)?,
    };
    let (source, media_type) = data_url::read(inner.text("url").unwrap_or_default());
    let detail = inner.text("detail");
    let cache = cache::read_either(&mut fields);
    let native = natives(fields, inner, name);
    Ok(Part::Media(Media { media_type, detail, cache, native, ..Media::new(kind, source) }))
}

/// `{"type": "input_audio", "input_audio": {"data", "format"}}`.
fn read_sound(value: Value) -> Result<Part, Value> {
    if !value["input_audio"]["data"].is_string() {
        return Err(value);
    }
    let mut fields = part_fields(value)?;
    let mut inner = Fields::of(fields.take("input_audio").unwrap_or_default())?;
    let source = MediaSource::Base64(inner.text("data").unwrap_or_default());
    let media_type = inner.text("format").map(|format| match format.as_str() {
        "mp3" => "audio/mpeg".to_owned(),
        other => format!("audio/{other}"),
    });
    let cache = cache::read_either(&mut fields);
    let native = natives(fields, inner, "input_audio");
    let sound = Media::new(MediaKind::Audio, source);
    Ok(Part::Media(Media { media_type, cache, native, ..sound }))
}

/// `{"type": "file", "file": {"file_data" or "file_id", "filename"}}`.
fn read_file(value: Value) -> Result<Part, Value> {
    let file = &value["file"];
    if file["file_id"].is_string() == file["file_data"].is_string() {
        return Err(value);
    }
    let mut fields = part_fields(value)?;
    let mut inner = Fields::of(fields.take("file").unwrap_or_default())?;
    let (source, media_type) = match inner.text("file_id") {
        Some(id) => (MediaSource::FileId(id), None),
        None => read_file_data(inner.text("file_data").unwrap_or_default()),
    };
    let name = inner.text("filename");
    let cache = cache::read_either(&mut fields);
    let native = natives(fields, inner, "file");
    let file = Media::new(MediaKind::Document, source);
    Ok(Part::Media(Media { media_type, name, cache, native, ..file }))
}

/// A data URL, an address (an addition of some vendors), or bare base64.
fn read_file_data(data: String) -> (MediaSource, Option<String>) {
    if ["data:", "http:", "https:"].iter().any(|scheme| data.starts_with(scheme)) {
        data_url::read(data)
    } else {
        (MediaSource::Base64(data), None)
    }
}

fn part_fields(value: Value) -> Result<Fields, Value> {
    let mut fields = Fields::of(value)?;
    fields.take("type");
    Ok(fields)
}

fn natives(outer: Fields, inner: Fields, name: &str) -> Vec<Native> {
    outer.natives(ID, "").chain(inner.natives(ID, &format!("{name}."))).collect()
}

/// Writes a text as a part.
pub(super) fn write_text(text: &Text, sink: &mut Sink) -> Value {
    let name = if text.refusal { "refusal" } else { "text" };
    let mut object = Map::new();
    object.insert("type".to_owned(), name.into());
    object.insert(name.to_owned(), text.text.as_str().into());
    cache::write_own(text.cache.as_ref(), &mut object, sink);
    sink.put_natives(&text.native, &mut object);
    Value::Object(object)
}

/// Writes media as a part. What this format has no place for is refused: the model would answer
/// without having seen it.
pub(super) fn write_media(media: &Media, sink: &mut Sink) -> Option<Value> {
    let written = match media.kind {
        MediaKind::Image => write_address(media, "image_url"),
        MediaKind::Video => write_address(media, "video_url"),
        MediaKind::Audio => write_sound(media, sink),
        MediaKind::Document => write_file(media, sink),
    };
    let Some(Value::Object(mut object)) = written else {
        sink.refuse(Error::unsupported(format_args!(
            "the target's format (chat completions) cannot show {} to the model",
            media.described(),
        )));
        return None;
    };
    cache::write_own(media.cache.as_ref(), &mut object, sink);
    sink.put_natives(&media.native, &mut object);
    Some(Value::Object(object))
}

fn write_address(media: &Media, name: &str) -> Option<Value> {
    let url = match &media.source {
        MediaSource::FileId(_) | MediaSource::Text(_) => return None,
        MediaSource::Url(url) => url.clone(),
        MediaSource::Base64(data) => data_url::write(media.media_type.as_deref()?, data),
    };
    let mut inner = Map::new();
    inner.insert("url".to_owned(), url.into());
    insert_some(&mut inner, "detail", media.detail.as_deref());
    Some(json!({"type": name, name: inner}))
}

/// OpenAI hears `wav` and `mp3`; what came in this format goes back as it is.
fn write_sound(media: &Media, sink: &Sink) -> Option<Value> {
    let MediaSource::Base64(data) = &media.source else {
        return None;
    };
    let mut inner = Map::new();
    inner.insert("data".to_owned(), data.as_str().into());
    let format = match media.media_type.as_deref() {
        Some("audio/mpeg") => Some("mp3"),
        Some(other) => Some(other.strip_prefix("audio/").unwrap_or(other)),
        None => None,
    };
    if !sink.own && !matches!(format, Some("wav" | "mp3")) {
        return None;
    }
    insert_some(&mut inner, "format", format);
    Some(json!({"type": "input_audio", "input_audio": inner}))
}

/// A document that is plain text is said as text: this format knows no file of that kind. An id
/// means something only to the provider that gave it, and of an address OpenAI fetches nothing.
fn write_file(media: &Media, sink: &mut Sink) -> Option<Value> {
    let mut inner = Map::new();
    match (&media.source, media.media_type.as_deref()) {
        (MediaSource::Text(text), _) => {
            if media.name.is_some() {
                sink.drop("document.title");
            }
            return Some(json!({"type": "text", "text": text}));
        }
        (MediaSource::FileId(_) | MediaSource::Url(_), _) if !sink.own => return None,
        (MediaSource::FileId(id), _) => inner.insert("file_id".to_owned(), id.as_str().into()),
        (MediaSource::Url(url), _) => inner.insert("file_data".to_owned(), url.as_str().into()),
        (MediaSource::Base64(data), None) => {
            inner.insert("file_data".to_owned(), data.as_str().into())
        }
        (MediaSource::Base64(data), Some(media_type)) => {
            inner.insert("file_data".to_owned(), data_url::write(media_type, data).into())
        }
    };
    // OpenAI asks for a name with data.
    let unnamed = (!sink.own && inner.contains_key("file_data")).then_some(UNNAMED);
    insert_some(&mut inner, "filename", media.name.as_deref().or(unnamed));
    Some(json!({"type": "file", "file": inner}))
}

fn insert_some(object: &mut Map<String, Value>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.into());
    }
}
