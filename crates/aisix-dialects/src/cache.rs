//! Marks for a prompt cache: in the form that Anthropic defined and others took over, and in OpenAI's.
//!
//! Source: Anthropic's guide "Prompt caching"; OpenAI's guide of the same name, and the types
//! `PromptCacheBreakpoint` and `PromptCacheOptions` that its packages publish.

use std::borrow::Cow;

use aisix_core::chat::{CacheMark, ChatRequest, Part};
use serde_json::{Map, Value};

use crate::fields::Fields;
use crate::sink::Sink;

/// The field that holds a mark.
pub(crate) const CACHE_CONTROL: &str = "cache_control";

/// The field that holds a mark in OpenAI's form.
const BREAKPOINT: &str = "prompt_cache_breakpoint";

/// The most marks of a request: Anthropic and Bedrock refuse more, OpenAI keeps the latest of them.
const MOST: usize = 4;

/// Takes `{"type": "ephemeral", "ttl"}`; in any other form it stays.
pub(crate) fn read(fields: &mut Fields) -> Option<CacheMark> {
    fields.take_as(CACHE_CONTROL, |value| {
        let object = value.as_object().filter(|object| {
            object.get("type").is_some_and(|kind| kind == "ephemeral")
                && object.iter().all(|(name, value)| match name.as_str() {
                    "type" => true,
                    "ttl" => value.is_string(),
                    _ => false,
                })
        });
        match object {
            Some(object) => {
                let ttl = object.get("ttl").and_then(Value::as_str).map(ToOwned::to_owned);
                Ok(CacheMark { ttl, breakpoint: false })
            }
            None => Err(value),
        }
    })
}

/// Takes a mark in either form, the one that others took over first.
pub(crate) fn read_either(fields: &mut Fields) -> Option<CacheMark> {
    read(fields).or_else(|| read_breakpoint(fields))
}

/// Takes `{"mode": "explicit", "ttl"}`; in any other form it stays.
pub(crate) fn read_breakpoint(fields: &mut Fields) -> Option<CacheMark> {
    fields.take_as(BREAKPOINT, |value| {
        let known = |(name, value): (&String, &Value)| match name.as_str() {
            "mode" => value == "explicit",
            "ttl" => value.is_string(),
            _ => false,
        };
        match value.as_object() {
            Some(object) if object.contains_key("mode") && object.iter().all(known) => {
                let ttl = object.get("ttl").and_then(Value::as_str).map(ToOwned::to_owned);
                Ok(CacheMark { ttl, breakpoint: true })
            }
            _ => Err(value),
        }
    })
}

/// A request whose marks are such as Anthropic and Bedrock take: of OpenAI's, the latest, each for
/// the shortest life that is long enough.
pub(crate) fn translated<'a>(request: &'a ChatRequest, sink: &mut Sink) -> Cow<'a, ChatRequest> {
    let is_breakpoint = |mark: &CacheMark| mark.breakpoint;
    if !request.turns.iter().any(|turn| holds(&turn.parts, &is_breakpoint)) {
        return Cow::Borrowed(request);
    }
    let mut request = request.clone();
    let mut marks = Vec::new();
    request.turns.iter_mut().for_each(|turn| collect(&mut turn.parts, &mut marks));
    let early = marks.len().saturating_sub(MOST);
    for (index, mark) in marks.into_iter().enumerate() {
        let Some(CacheMark { ttl, breakpoint: true }) = mark else {
            continue;
        };
        if index < early {
            *mark = None;
            continue;
        }
        let life = match ttl.as_deref() {
            None => None,
            Some("30m") => Some("1h"),
            Some(_) => {
                sink.drop(format!("{BREAKPOINT}.ttl"));
                Some("1h")
            }
        };
        *mark = Some(CacheMark { ttl: life.map(ToOwned::to_owned), breakpoint: false });
    }
    Cow::Owned(request)
}

fn holds(parts: &[Part], wanted: &dyn Fn(&CacheMark) -> bool) -> bool {
    parts.iter().any(|part| match part {
        Part::Text(text) => text.cache.as_ref().is_some_and(wanted),
        Part::Media(media) => media.cache.as_ref().is_some_and(wanted),
        Part::ToolResult(result) => holds(&result.content, wanted),
        Part::ToolCall(_) | Part::Reasoning(_) | Part::Native(_) => false,
    })
}

/// The places of marks, in their order.
fn collect<'a>(parts: &'a mut [Part], marks: &mut Vec<&'a mut Option<CacheMark>>) {
    for part in parts {
        match part {
            Part::Text(text) => marks.extend(text.cache.is_some().then_some(&mut text.cache)),
            Part::Media(media) => marks.extend(media.cache.is_some().then_some(&mut media.cache)),
            Part::ToolResult(result) => {
                collect(&mut result.content, marks);
                marks.extend(result.cache.is_some().then_some(&mut result.cache));
            }
            Part::ToolCall(call) => marks.extend(call.cache.is_some().then_some(&mut call.cache)),
            Part::Reasoning(_) | Part::Native(_) => {}
        }
    }
}

/// Writes a mark into the object that it marks.
pub(crate) fn write(mark: Option<&CacheMark>, object: &mut Map<String, Value>) {
    let Some(CacheMark { ttl, .. }) = mark else {
        return;
    };
    let mut value = Map::new();
    value.insert("type".to_owned(), "ephemeral".into());
    if let Some(ttl) = ttl {
        value.insert("ttl".to_owned(), ttl.as_str().into());
    }
    object.insert(CACHE_CONTROL.to_owned(), Value::Object(value));
}

/// Writes a mark only where it came in this format: some of its vendors know marks, most refuse
/// them.
pub(crate) fn write_own(
    mark: Option<&CacheMark>,
    object: &mut Map<String, Value>,
    sink: &mut Sink,
) {
    match mark {
        Some(CacheMark { ttl, breakpoint: true }) if sink.own => {
            let mut value = Map::from_iter([("mode".to_owned(), "explicit".into())]);
            value.extend(ttl.as_deref().map(|ttl| ("ttl".to_owned(), ttl.into())));
            object.insert(BREAKPOINT.to_owned(), Value::Object(value));
        }
        _ if sink.own => write(mark, object),
        _ => leave_out(mark, sink),
    }
}

/// Notes a mark that is left out, by the name that it had.
pub(crate) fn leave_out(mark: Option<&CacheMark>, sink: &mut Sink) {
    if let Some(mark) = mark {
        sink.drop(if mark.breakpoint { BREAKPOINT } else { CACHE_CONTROL });
    }
}
