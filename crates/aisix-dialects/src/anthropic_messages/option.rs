//! How the next turn is to be made.
//!
//! Source: the reference's request fields, and the guides "Extended thinking", "Adaptive thinking",
//! "Effort" and "Structured outputs".

use aisix_core::chat::{ChatRequest, Native, ResponseFormat, Sampling, Thinking};
use serde_json::{Map, Value, json};

use super::ID;
use crate::claude::Plan;
use crate::fields::Fields;
use crate::json::number;
use crate::json_schema;
use crate::sampling;
use crate::sink::Sink;

/// The limit of tokens where the caller sets none: this format asks for one.
const DEFAULT_MAX_TOKENS: u64 = 4096;

/// Reads what is not said by messages and tools; other fields stay.
pub(super) fn read(fields: &mut Fields, request: &mut ChatRequest) {
    request.sampling = Sampling {
        temperature: fields.number("temperature"),
        top_p: fields.number("top_p"),
        top_k: fields.integer("top_k"),
        max_tokens: fields.integer("max_tokens"),
        stop: fields.take_as("stop_sequences", read_stop).unwrap_or_default(),
        ..Sampling::default()
    };
    take_apart(fields, "metadata", request, |metadata, request| {
        request.user = metadata.text("user_id");
        request.user.is_some()
    });
    take_apart(fields, "thinking", request, |thinking, request| {
        request.thinking = read_thinking(thinking);
        request.thinking.is_some()
    });
    take_apart(fields, "output_config", request, |config, request| {
        request.effort = config.text("effort");
        request.response_format = config.take_as("format", read_format);
        if request.response_format.is_some() {
            request.native.push(json_schema::binds(ID));
        }
        request.effort.is_some() || request.response_format.is_some()
    });
}

/// Reads an object of which some fields have a noun: the others stay beside it. Where none has, it
/// stays what it is.
fn take_apart(
    fields: &mut Fields,
    name: &str,
    request: &mut ChatRequest,
    read: impl FnOnce(&mut Fields, &mut ChatRequest) -> bool,
) {
    let Some(value) = fields.take(name) else {
        return;
    };
    if let Ok(mut inner) = Fields::of(value.clone())
        && read(&mut inner, request)
    {
        request.native.extend(inner.natives(ID, &format!("{name}.")));
    } else {
        request.native.push(Native::new(ID, name, value));
    }
}

fn read_stop(value: Value) -> Result<Vec<String>, Value> {
    match value {
        Value::Array(list) if list.iter().all(Value::is_string) => {
            let text = |text: Value| text.as_str().map(ToOwned::to_owned);
            Ok(list.into_iter().filter_map(text).collect())
        }
        other => Err(other),
    }
}

fn read_thinking(thinking: &mut Fields) -> Option<Thinking> {
    let read = match thinking.get("type")?.as_str()? {
        "enabled" => Thinking::Budget(thinking.get("budget_tokens")?.as_u64()?),
        "adaptive" => Thinking::Adaptive,
        "disabled" => Thinking::Off,
        _ => return None,
    };
    thinking.take("type");
    if matches!(read, Thinking::Budget(_)) {
        thinking.take("budget_tokens");
    }
    Some(read)
}

/// `{"type": "json_schema", "schema"}`.
fn read_format(value: Value) -> Result<ResponseFormat, Value> {
    let fields = value.as_object().map_or(0, Map::len);
    if value["type"] != "json_schema" || fields != 2 || !value["schema"].is_object() {
        return Err(value);
    }
    let schema = Some(value["schema"].to_string());
    Ok(ResponseFormat::JsonSchema { name: None, description: None, schema, strict: None })
}

/// The limit of tokens, thinking included.
pub(super) fn max_tokens(request: &ChatRequest, plan: &Plan, sink: &Sink) -> Option<u64> {
    if request.sampling.max_tokens.is_some() || sink.own {
        return request.sampling.max_tokens;
    }
    // Thinking must leave room for an answer.
    Some(plan.budget().unwrap_or_default().saturating_add(DEFAULT_MAX_TOKENS))
}

/// Writes what is not said by messages and tools.
pub(super) fn write(
    request: &ChatRequest,
    plan: &Plan,
    sink: &mut Sink,
    body: &mut Map<String, Value>,
) {
    if let Some(thinking) = plan.thinking() {
        body.insert("thinking".to_owned(), thinking);
    }
    let config = output_config(request, plan, sink);
    if !config.is_empty() {
        body.insert("output_config".to_owned(), Value::Object(config));
    }
    let (sampling, sampled) = (&request.sampling, plan.sampled(request, sink));
    let options = [
        ("metadata", request.user.as_deref().map(|user| json!({ "user_id": user }))),
        ("stop_sequences", (!sampling.stop.is_empty()).then(|| json!(sampling.stop))),
        ("temperature", sampled.temperature.map(number)),
        ("top_p", sampled.top_p.map(number)),
        ("top_k", sampled.top_k.map(Value::from)),
    ];
    for (name, value) in options {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    }
    if !request.metadata.is_empty() {
        sink.drop("metadata");
    }
    sampling::leave_out(sampling, sink);
}

fn output_config(request: &ChatRequest, plan: &Plan, sink: &mut Sink) -> Map<String, Value> {
    let mut config = Map::new();
    if let Some(effort) = plan.effort() {
        config.insert("effort".to_owned(), effort.into());
    }
    if let Some(format) = &request.response_format
        && let Some(format) = write_format(format, sink)
    {
        config.insert("format".to_owned(), format);
    }
    config
}

/// A schema binds here, and is known by no name.
fn write_format(format: &ResponseFormat, sink: &mut Sink) -> Option<Value> {
    match format {
        ResponseFormat::Text => None,
        ResponseFormat::JsonObject => {
            sink.drop("response_format");
            None
        }
        // The name is OpenAI's alone, and tells a model nothing that its schema does not.
        ResponseFormat::JsonSchema { name: _, description, schema, strict } => {
            if description.is_some() {
                sink.drop("response_format.description");
            }
            if *strict == Some(false) {
                sink.drop("response_format.strict");
            }
            match schema.as_deref().map(serde_json::from_str::<Value>) {
                Some(Ok(schema)) => Some(json!({"type": "json_schema", "schema": schema})),
                _ => {
                    sink.drop("response_format");
                    None
                }
            }
        }
    }
}
