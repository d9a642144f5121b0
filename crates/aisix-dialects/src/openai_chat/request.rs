//! Requests, whole.
//!
//! Read and written again, a request means the same. What is not kept: null where a field may be
//! left out, an empty list of tools or of stop texts, one stop text outside a list, one plain text inside a list of
//! parts, a call's arguments that are not in a text, and where in a message a refusal stands.

use aisix_core::Error;
use aisix_core::chat::{ChatRequest, Native, ResponseFormat, Sampling, StreamOptions, Thinking};
use serde_json::{Map, Value, json};

use super::turn::Messages;
use super::{ID, model, spelling, tool, turn};
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
        turns: turn::read_all(fields.take("messages"))?,
        stream: fields.flag("stream").unwrap_or(false),
        ..ChatRequest::default()
    };
    tool::read(&mut fields, &mut request);
    if fields.get("max_completion_tokens").is_some_and(Value::is_u64) {
        request.native.push(spelling::mark(spelling::MAX_COMPLETION_TOKENS));
        request.sampling.max_tokens = fields.integer("max_completion_tokens");
    } else {
        request.sampling.max_tokens = fields.integer("max_tokens");
    }
    let max_tokens = request.sampling.max_tokens;
    request.sampling = Sampling { max_tokens, ..read_sampling(&mut fields) };
    if request.sampling.stop.is_empty()
        && let Some(stop) = fields.take_as("stop_sequences", read_stop)
    {
        request.sampling.stop = stop;
        request.native.push(spelling::mark(spelling::STOP_SEQUENCES));
    }
    request.parallel_tool_calls = match spelling::marked(&request.native, spelling::FUNCTIONS) {
        true => Some(false),
        false => fields.flag("parallel_tool_calls"),
    };
    request.response_format = fields.take_as("response_format", read_format);
    request.effort = fields.text("reasoning_effort");
    request.thinking = fields.take_as("thinking", read_thinking);
    request.user = fields.text("user");
    request.metadata = metadata::read(&mut fields);
    if let Some(options) = fields.take("stream_options") {
        read_stream_options(options, &mut request);
    }
    request.native.extend(fields.natives(ID, ""));
    Ok(request)
}

/// What the stream is to hold, and what else stands there.
fn read_stream_options(options: Value, request: &mut ChatRequest) {
    let include_usage = options["include_usage"].as_bool();
    request.stream_options = StreamOptions { include_usage: include_usage.unwrap_or(false) };
    let known = options.as_object().is_some_and(|options| options.len() == 1);
    request.native.push(match include_usage {
        Some(_) if known => spelling::mark(spelling::STREAM_OPTIONS),
        _ => Native::new(ID, "stream_options", options),
    });
}

/// Vendors of models that think on demand took this over from Anthropic.
fn read_thinking(value: Value) -> Result<Thinking, Value> {
    let fields = value.as_object().map_or(0, Map::len);
    match (value["type"].as_str(), value["budget_tokens"].as_u64()) {
        (Some("enabled"), Some(tokens)) if fields == 2 => Ok(Thinking::Budget(tokens)),
        (Some("adaptive"), None) if fields == 1 => Ok(Thinking::Adaptive),
        (Some("disabled"), None) if fields == 1 => Ok(Thinking::Off),
        _ => Err(value),
    }
}

fn read_sampling(fields: &mut Fields) -> Sampling {
    Sampling {
        temperature: fields.number("temperature"),
        top_p: fields.number("top_p"),
        top_k: fields.integer("top_k"),
        max_tokens: None,
        stop: fields.take_as("stop", read_stop).unwrap_or_default(),
        seed: fields.integer("seed"),
        n: fields.integer("n"),
        presence_penalty: fields.number("presence_penalty"),
        frequency_penalty: fields.number("frequency_penalty"),
        logprobs: fields.flag("logprobs"),
        top_logprobs: fields.integer("top_logprobs"),
    }
}

fn read_stop(value: Value) -> Result<Vec<String>, Value> {
    match value {
        Value::String(text) => Ok(vec![text]),
        Value::Array(list) if list.iter().all(Value::is_string) => {
            let text = |text: Value| text.as_str().map(ToOwned::to_owned);
            Ok(list.into_iter().filter_map(text).collect())
        }
        other => Err(other),
    }
}

/// A format with fields that nobody knows stays what it was.
fn read_format(value: Value) -> Result<ResponseFormat, Value> {
    let fields = value.as_object().map_or(0, Map::len);
    match value["type"].as_str() {
        Some("text") if fields == 1 => Ok(ResponseFormat::Text),
        Some("json_object") if fields == 1 => Ok(ResponseFormat::JsonObject),
        Some("json_schema") if fields == 2 => read_schema(&value["json_schema"]).ok_or(value),
        _ => Err(value),
    }
}

fn read_schema(value: &Value) -> Option<ResponseFormat> {
    let mut fields = Fields::of(value.clone()).ok()?;
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
    let mut messages = Messages::default();
    for turn in &request.turns {
        messages.add(turn, sink);
    }
    let messages = messages.finish();
    sink.refuse_silence(&messages);
    let mut body = Map::new();
    body.insert("model".to_owned(), upstream.model.into());
    body.insert("messages".to_owned(), Value::Array(messages));
    tool::write(request, sink, &mut body);
    write_options(request, upstream.model, sink, &mut body);
    metadata::write_own(request, sink, &mut body);
    body.insert("stream".to_owned(), upstream.stream.into());
    if spelling::marked(&request.native, spelling::STREAM_OPTIONS) {
        let include_usage = request.stream_options.include_usage;
        body.insert("stream_options".to_owned(), json!({ "include_usage": include_usage }));
    }
    sink.put_natives(&request.native, &mut body);
    if upstream.stream {
        // Usage is accounted for whether the caller wants to see it or not.
        body.entry("stream_options").or_insert_with(|| json!({"include_usage": true}));
    } else if request.stream {
        // The caller's options are those of the stream that it does not get from here.
        body.shift_remove("stream_options");
    }
    body
}

/// The name of the limit of tokens: the caller's own where it spoke this format, else what the model
/// goes by.
fn limit_name(request: &ChatRequest, model: &str, sink: &Sink) -> &'static str {
    let newer = spelling::marked(&request.native, spelling::MAX_COMPLETION_TOKENS);
    if newer || !sink.own && model::thinks(model) { "max_completion_tokens" } else { "max_tokens" }
}

fn write_options(
    request: &ChatRequest,
    model: &str,
    sink: &mut Sink,
    body: &mut Map<String, Value>,
) {
    let sampling = &request.sampling;
    let max_tokens = limit_name(request, model, sink);
    let sequences = sink.own && spelling::marked(&request.native, spelling::STOP_SEQUENCES);
    let stop_name = if sequences { "stop_sequences" } else { "stop" };
    let stop = (!sampling.stop.is_empty()).then(|| json!(sampling.stop));
    let top_k = sampling.top_k.filter(|_| sink.own);
    if sampling.top_k.is_some() && top_k.is_none() {
        sink.drop("top_k");
    }
    // Functions exclude one another without saying so.
    let legacy = spelling::marked(&request.native, spelling::FUNCTIONS);
    let parallel = request.parallel_tool_calls.filter(|_| !legacy);
    let options = [
        ("parallel_tool_calls", parallel.map(Value::from)),
        ("temperature", sampling.temperature.map(number)),
        ("top_p", sampling.top_p.map(number)),
        ("top_k", top_k.map(Value::from)),
        (max_tokens, sampling.max_tokens.map(Value::from)),
        (stop_name, stop),
        ("seed", sampling.seed.map(Value::from)),
        ("n", sampling.n.map(Value::from)),
        ("presence_penalty", sampling.presence_penalty.map(number)),
        ("frequency_penalty", sampling.frequency_penalty.map(number)),
        ("logprobs", sampling.logprobs.map(Value::from)),
        ("top_logprobs", sampling.top_logprobs.map(Value::from)),
        (
            "response_format",
            request.response_format.as_ref().map(|it| write_format(it, request, sink)),
        ),
        ("reasoning_effort", effort::word(request, sink).map(Value::from)),
        ("thinking", request.thinking.as_ref().filter(|_| sink.own).map(write_thinking)),
        ("user", request.user.as_deref().map(Value::from)),
    ];
    for (name, value) in options {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    }
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
    json!({"type": "json_schema", "json_schema": json_schema::write(&described, request, sink)})
}

fn write_thinking(thinking: &Thinking) -> Value {
    match thinking {
        Thinking::Budget(tokens) => json!({"type": "enabled", "budget_tokens": tokens}),
        Thinking::Adaptive => json!({"type": "adaptive"}),
        Thinking::Off => json!({"type": "disabled"}),
    }
}
