//! Requests, whole.
//!
//! Read and written again, a request means the same. What is not kept: null where a field may be
//! left out, an empty list of tools, one plain text inside a list of parts, the type of text that a
//! part names where its speaker tells, and `max_tokens` as a spelling of `max_output_tokens`.

use aisix_core::Error;
use aisix_core::chat::{ChatRequest, Native, Part, ResponseFormat, Role, Text, Turn};
use serde_json::{Map, Value, json};

use super::{ID, spelling, tool, turns};
use crate::dialect::UpstreamRequest;
use crate::effort;
use crate::fields::Fields;
use crate::json::number;
use crate::json_schema::{self, Described};
use crate::metadata;
use crate::sink::Sink;

pub(super) fn decode(body: &[u8]) -> Result<ChatRequest, Error> {
    let mut fields = Fields::of_request(body)?;
    let mut request = ChatRequest {
        model: fields.text("model").unwrap_or_default(),
        stream: fields.flag("stream").unwrap_or(false),
        ..ChatRequest::default()
    };
    request.turns.extend(fields.text("instructions").map(instructions));
    turns::read(fields.take("input"), &mut request.turns)?;
    tool::read(&mut fields, &mut request);
    let sampling = &mut request.sampling;
    sampling.temperature = fields.number("temperature");
    sampling.top_p = fields.number("top_p");
    let older = fields.integer("max_tokens");
    sampling.max_tokens = fields.integer("max_output_tokens").or(older);
    sampling.top_logprobs = fields.integer("top_logprobs");
    request.parallel_tool_calls = fields.flag("parallel_tool_calls");
    request.user = fields.text("user");
    request.metadata = metadata::read(&mut fields);
    if let Some(mut text) = fields.take_as("text", Fields::of) {
        request.response_format = text.take_as("format", read_format);
        request.native.extend(text.natives(ID, "text.").filter(says_something));
    }
    if let Some(mut reasoning) = fields.take_as("reasoning", Fields::of) {
        request.effort = reasoning.text("effort");
        request.native.extend(reasoning.natives(ID, "reasoning.").filter(says_something));
    }
    if fields.get("include").is_some_and(|include| *include == seals()) {
        fields.take("include");
        request.native.push(spelling::mark(spelling::INCLUDE_SEALS));
    }
    request.native.extend(fields.natives(ID, "").filter(says_something));
    Ok(request)
}

fn says_something(native: &Native) -> bool {
    !native.value.is_null()
}

fn instructions(text: String) -> Turn {
    let parts = vec![Part::Text(Text::new(text))];
    let native = vec![spelling::mark(spelling::INSTRUCTIONS)];
    Turn { role: Role::System, name: None, parts, native }
}

/// A format with fields that nobody knows stays what it was.
fn read_format(value: Value) -> Result<ResponseFormat, Value> {
    let fields = value.as_object().map_or(0, Map::len);
    match value["type"].as_str() {
        Some("text") if fields == 1 => Ok(ResponseFormat::Text),
        Some("json_object") if fields == 1 => Ok(ResponseFormat::JsonObject),
        Some("json_schema") => read_schema(&value).ok_or(value),
        _ => Err(value),
    }
}

fn read_schema(value: &Value) -> Option<ResponseFormat> {
    let mut fields = Fields::of(value.clone()).ok()?;
    fields.take("type");
    let format = ResponseFormat::JsonSchema {
        name: fields.text("name"),
        description: fields.text("description"),
        schema: fields.take("schema").map(|schema| schema.to_string()),
        strict: fields.flag("strict"),
    };
    fields.is_empty().then_some(format)
}

pub(super) fn encode(
    request: &ChatRequest,
    upstream: &UpstreamRequest<'_>,
    sink: &mut Sink,
) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("model".to_owned(), upstream.model.into());
    let mut turns = &request.turns[..];
    if let Some(instructions) = instructions_of(request, sink) {
        body.insert("instructions".to_owned(), instructions.into());
        turns = &turns[1..];
    }
    if !turns.is_empty() {
        body.insert("input".to_owned(), turns::write(turns, sink));
    }
    tool::write(request, sink, &mut body);
    write_options(request, sink, &mut body);
    metadata::write_own(request, sink, &mut body);
    body.insert("stream".to_owned(), upstream.stream.into());
    if !sink.own {
        keep_to_the_callers_terms(&mut body);
    } else if spelling::marked(&request.native, spelling::INCLUDE_SEALS) {
        body.insert("include".to_owned(), seals());
    }
    sink.put_natives(&request.native, &mut body);
    body
}

/// Other formats store nothing, and take back what a model thought.
fn keep_to_the_callers_terms(body: &mut Map<String, Value>) {
    body.insert("store".to_owned(), false.into());
    body.insert("include".to_owned(), seals());
}

fn seals() -> Value {
    json!(["reasoning.encrypted_content"])
}

/// The instructions that stood apart from the items.
pub(super) fn instructions_of(request: &ChatRequest, sink: &mut Sink) -> Option<String> {
    let first = request.turns.first();
    let apart = first.filter(|turn| spelling::marked(&turn.native, spelling::INSTRUCTIONS));
    apart.map(|turn| plain(turn, sink))
}

fn plain(turn: &Turn, sink: &mut Sink) -> String {
    let text = |part: &Part| match part {
        Part::Text(text) => Some(text.text.clone()),
        _ => {
            sink.drop("instructions");
            None
        }
    };
    turn.parts.iter().filter_map(text).collect()
}

/// Writes what is not said by items and tools.
pub(super) fn write_options(request: &ChatRequest, sink: &mut Sink, body: &mut Map<String, Value>) {
    let sampling = &request.sampling;
    for (is_said, field) in [
        (sampling.top_k.is_some(), "top_k"),
        (!sampling.stop.is_empty(), "stop"),
        (sampling.seed.is_some(), "seed"),
        (sampling.n.is_some_and(|n| n != 1), "n"),
        (sampling.presence_penalty.is_some(), "presence_penalty"),
        (sampling.frequency_penalty.is_some(), "frequency_penalty"),
        (sampling.logprobs == Some(true), "logprobs"),
    ] {
        if is_said {
            sink.drop(field);
        }
    }
    let text = text(request, sink);
    let reasoning = reasoning(request, sink);
    let options = [
        ("parallel_tool_calls", request.parallel_tool_calls.map(Value::from)),
        ("temperature", sampling.temperature.map(number)),
        ("top_p", sampling.top_p.map(number)),
        ("max_output_tokens", sampling.max_tokens.map(Value::from)),
        ("top_logprobs", sampling.top_logprobs.map(Value::from)),
        ("text", text.map(Value::Object)),
        ("reasoning", reasoning.map(Value::Object)),
        ("user", request.user.as_deref().map(Value::from)),
    ];
    for (name, value) in options {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    }
}

/// The object for what is said of the text; native fields may join it.
fn text(request: &ChatRequest, sink: &mut Sink) -> Option<Map<String, Value>> {
    let mut text = Map::new();
    if let Some(format) = &request.response_format {
        text.insert("format".to_owned(), write_format(format, request, sink));
    }
    (!text.is_empty() || says(&request.native, "text.")).then_some(text)
}

/// The object for how the model thinks; native fields may join it.
fn reasoning(request: &ChatRequest, sink: &mut Sink) -> Option<Map<String, Value>> {
    let mut reasoning = Map::new();
    if let Some(word) = effort::word(request, sink) {
        reasoning.insert("effort".to_owned(), word.into());
    }
    (!reasoning.is_empty() || says(&request.native, "reasoning.")).then_some(reasoning)
}

/// Whether a native field of this dialect stood inside this object.
fn says(natives: &[Native], prefix: &str) -> bool {
    natives.iter().any(|native| native.dialect == ID && native.name.starts_with(prefix))
}

fn write_format(format: &ResponseFormat, request: &ChatRequest, sink: &mut Sink) -> Value {
    let ResponseFormat::JsonSchema { name, description, schema, strict } = format else {
        let word = if *format == ResponseFormat::Text { "text" } else { "json_object" };
        return json!({ "type": word });
    };
    let described = Described {
        name: name.as_deref(),
        description: description.as_deref(),
        schema: schema.as_deref(),
        strict: *strict,
    };
    let mut object = Map::from_iter([("type".to_owned(), "json_schema".into())]);
    object.extend(json_schema::write(&described, request, sink));
    Value::Object(object)
}
