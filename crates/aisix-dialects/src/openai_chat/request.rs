//! Requests, whole.
//!
//! Read and written again, a request means the same. What is not kept: null where a field may be
//! left out, an empty list of tools or of stop texts, one stop text outside a list, one plain text inside a list of
//! parts, a call's arguments that are not in a text, and where in a message a refusal stands.

use aisix_core::chat::{ChatRequest, Effort, Native, ResponseFormat, Sampling, StreamOptions};
use aisix_core::{Carried, Error};
use serde_json::{Map, Value, json};

use super::sink::Sink;
use super::{ID, spelling, tool, turn};
use crate::dialect::{Encoded, UpstreamRequest};
use crate::fields::Fields;
use crate::json::unambiguous;

pub(super) fn decode(body: &[u8]) -> Result<ChatRequest, Error> {
    let value = unambiguous(body).map_err(|error| {
        if error.is_data() {
            Error::invalid_request("an object holds a field twice")
        } else {
            Error::invalid_json()
        }
    })?;
    let mut fields = Fields::of(value).map_err(|_| Error::invalid_json())?;
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
    request.parallel_tool_calls = fields.flag("parallel_tool_calls");
    request.response_format = fields.take_as("response_format", read_format);
    request.effort = fields.text("reasoning_effort").map(Effort::Level);
    request.user = fields.text("user");
    // The object itself stays among the native fields: it may hold more.
    if let Some(options) = fields.take("stream_options") {
        let include_usage = options["include_usage"].as_bool().unwrap_or(false);
        request.stream_options = StreamOptions { include_usage };
        request.native.push(Native::new(ID, "stream_options", options));
    }
    request.native.extend(fields.natives(ID, ""));
    Ok(request)
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
        name: fields.text("name")?,
        description: fields.text("description"),
        schema: fields.take("schema").map(|schema| schema.to_string()),
        strict: fields.flag("strict"),
    };
    fields.is_empty().then_some(format)
}

pub(super) fn encode(
    request: &mut Carried<ChatRequest>,
    upstream: &UpstreamRequest<'_>,
) -> Result<Encoded, Error> {
    let mut sink = Sink::for_value_of(request.dialect());
    let request = request.value()?;
    let mut messages = Vec::with_capacity(request.turns.len());
    for turn in &request.turns {
        turn::write(turn, &mut sink, &mut messages);
    }
    let mut body = Map::new();
    body.insert("model".to_owned(), upstream.model.into());
    body.insert("messages".to_owned(), Value::Array(messages));
    tool::write(request, &mut sink, &mut body);
    write_options(request, &mut sink, &mut body);
    body.insert("stream".to_owned(), upstream.stream.into());
    sink.put_natives(&request.native, &mut body);
    if upstream.stream {
        // Usage is accounted for whether the caller wants to see it or not.
        body.entry("stream_options").or_insert_with(|| json!({"include_usage": true}));
    } else if request.stream {
        // The caller's options are those of the stream that it does not get from here.
        body.shift_remove("stream_options");
    }
    let body = serde_json::to_vec(&body).map_err(Error::internal)?;
    Ok(Encoded { body: body.into(), dropped: sink.dropped })
}

fn write_options(request: &ChatRequest, sink: &mut Sink, body: &mut Map<String, Value>) {
    let sampling = &request.sampling;
    let newer = spelling::marked(&request.native, spelling::MAX_COMPLETION_TOKENS);
    let max_tokens = if newer { "max_completion_tokens" } else { "max_tokens" };
    let stop = (!sampling.stop.is_empty()).then(|| json!(sampling.stop));
    let top_k = sampling.top_k.filter(|_| sink.own);
    if sampling.top_k.is_some() && top_k.is_none() {
        sink.drop("top_k");
    }
    let options = [
        ("parallel_tool_calls", request.parallel_tool_calls.map(Value::from)),
        ("temperature", sampling.temperature.map(number)),
        ("top_p", sampling.top_p.map(number)),
        ("top_k", top_k.map(Value::from)),
        (max_tokens, sampling.max_tokens.map(Value::from)),
        ("stop", stop),
        ("seed", sampling.seed.map(Value::from)),
        ("n", sampling.n.map(Value::from)),
        ("presence_penalty", sampling.presence_penalty.map(number)),
        ("frequency_penalty", sampling.frequency_penalty.map(number)),
        ("logprobs", sampling.logprobs.map(Value::from)),
        ("top_logprobs", sampling.top_logprobs.map(Value::from)),
        ("response_format", request.response_format.as_ref().map(|it| write_format(it, sink))),
        ("reasoning_effort", request.effort.as_ref().map(|effort| effort_word(effort).into())),
        ("user", request.user.as_deref().map(Value::from)),
    ];
    for (name, value) in options {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    }
}

/// Whole numbers are written as callers write them: without a fraction.
fn number(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT { json!(number as i64) } else { json!(number) }
}

fn write_format(format: &ResponseFormat, sink: &mut Sink) -> Value {
    let ResponseFormat::JsonSchema { name, description, schema, strict } = format else {
        let word = if *format == ResponseFormat::Text { "text" } else { "json_object" };
        return json!({ "type": word });
    };
    let mut inner = Map::new();
    inner.insert("name".to_owned(), name.as_str().into());
    if let Some(description) = description {
        inner.insert("description".to_owned(), description.as_str().into());
    }
    if let Some(schema) = schema {
        match serde_json::from_str::<Value>(schema) {
            Ok(schema) => drop(inner.insert("schema".to_owned(), schema)),
            Err(_) => sink.drop("response_format.schema"),
        }
    }
    if let Some(strict) = strict {
        inner.insert("strict".to_owned(), (*strict).into());
    }
    json!({"type": "json_schema", "json_schema": inner})
}

/// This format knows words only. The steps are where other gateways draw them.
fn effort_word(effort: &Effort) -> &str {
    match effort {
        Effort::Level(word) => word,
        Effort::Budget(4096..) => "high",
        Effort::Budget(2048..) => "medium",
        Effort::Budget(1024..) => "low",
        Effort::Budget(_) => "minimal",
    }
}
