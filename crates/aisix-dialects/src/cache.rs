//! Marks for a prompt cache: in the form that Anthropic defined and others took over, and in OpenAI's.
//!
//! Source: Anthropic's guide "Prompt caching"; OpenAI's guide of the same name, and the types
//! `PromptCacheBreakpoint` and `PromptCacheOptions` that its packages publish.

use std::borrow::Cow;

use aisix_core::chat::{CacheMark, ChatRequest, Part, Role, Tool};
use serde_json::{Map, Value};

use crate::fields::Fields;
use crate::sink::Sink;

/// The field that holds a mark.
pub(crate) const CACHE_CONTROL: &str = "cache_control";

/// The field that holds a mark in OpenAI's form.
const BREAKPOINT: &str = "prompt_cache_breakpoint";

/// The field of a request that holds what goes for breakpoints that do not say it themselves.
const OPTIONS: &str = "prompt_cache_options";

/// How long OpenAI keeps a prompt where neither a breakpoint nor its request says it.
const OPENAI_LIFE: &str = "30m";

/// The longer of the two lives that Anthropic and Bedrock know. The shorter one, five minutes, is
/// what a mark without a life has.
const HOUR: &str = "1h";

/// The most marks of a request: Anthropic and Bedrock refuse more. OpenAI writes no more than the
/// latest of them either, but looks up to the latest 80 in what it keeps already: one that is taken
/// away is a loss.
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

/// A request whose marks are such as Anthropic and Bedrock take: no more than they allow, OpenAI's
/// for the shortest life that is long enough, and none that lives longer than one before it. A
/// request without breakpoints stays as it is.
pub(crate) fn translated<'a>(request: &'a ChatRequest, sink: &mut Sink) -> Cow<'a, ChatRequest> {
    let is_breakpoint = |mark: &CacheMark| mark.breakpoint;
    if !request.turns.iter().any(|turn| holds(&turn.parts, &is_breakpoint)) {
        return Cow::Borrowed(request);
    }
    let mut request = request.clone();
    let inherited = inherited_life(&request);
    let mut places = places(&mut request);
    leave_out_early(&mut places, sink);
    for mark in places.iter_mut().filter_map(|place| place.mark.as_mut()) {
        if mark.breakpoint {
            if mark.ttl.as_deref().unwrap_or(&inherited) != OPENAI_LIFE {
                sink.drop(format!("{BREAKPOINT}.ttl"));
            }
            *mark = CacheMark { ttl: Some(HOUR.to_owned()), breakpoint: false };
        }
    }
    lengthen_early(&mut places);
    Cow::Owned(request)
}

/// How long breakpoints live that do not say it themselves.
fn inherited_life(request: &ChatRequest) -> String {
    let mut natives = request.native.iter();
    let options = natives.find(|native| native.name == OPTIONS);
    let life = options.and_then(|options| options.value.get("ttl")?.as_str());
    life.unwrap_or(OPENAI_LIFE).to_owned()
}

/// Where a mark stands.
struct Place<'a> {
    mark: &'a mut Option<CacheMark>,
    /// Whether a format may write it in front of the messages, wherever it came.
    leads: bool,
}

/// The places of marks in the order that providers read them in: tools, then what is said.
fn places(request: &mut ChatRequest) -> Vec<Place<'_>> {
    let mut places = Vec::new();
    for tool in &mut request.tools {
        if let Tool::Function { cache: mark @ Some(_), .. } = tool {
            places.push(Place { mark, leads: true });
        }
    }
    for turn in &mut request.turns {
        let leads = matches!(turn.role, Role::System | Role::Developer);
        let mut marks = Vec::new();
        collect(&mut turn.parts, &mut marks);
        places.extend(marks.into_iter().map(|mark| Place { mark, leads }));
    }
    places
}

/// Leaves out what is more than providers take: early breakpoints, as OpenAI does when it writes;
/// where those are not enough, early marks of the other form.
fn leave_out_early(places: &mut [Place<'_>], sink: &mut Sink) {
    let mut excess = places.len().saturating_sub(MOST);
    for breakpoint in [true, false] {
        for place in &mut *places {
            let is_next = place.mark.as_ref().is_some_and(|mark| mark.breakpoint == breakpoint);
            if excess > 0 && is_next {
                leave_out(place.mark.take().as_ref(), sink);
                excess -= 1;
            }
        }
    }
}

/// Lets no mark live shorter than one behind it: providers refuse a life of an hour after one of five
/// minutes, in the order tools, instructions, messages.
fn lengthen_early(places: &mut [Place<'_>]) {
    let hour = Some(HOUR);
    let lives =
        |place: &Place<'_>| place.mark.as_ref().and_then(|mark| mark.ttl.as_deref()) == hour;
    let last = places.iter().rposition(lives);
    for (index, place) in places.iter_mut().enumerate() {
        let is_before = last.is_some_and(|last| index < last || place.leads);
        let mark = place.mark.as_mut().filter(|_| is_before);
        if let Some(CacheMark { ttl, .. }) = mark
            && matches!(ttl.as_deref(), None | Some("5m"))
        {
            *ttl = hour.map(ToOwned::to_owned);
        }
    }
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
