//! How the next turn is to be made.
//!
//! Source: the reference's "GenerationConfig", and the guide "Structured output".

use aisix_core::chat::{ChatRequest, Native, ResponseFormat, Sampling};
use serde_json::{Map, Value, json};

use super::model::Model;
use super::{ID, thinking};
use crate::fields::Fields;
use crate::json::number;
use crate::json_schema;
use crate::sink::Sink;

const CONFIG: &str = "generationConfig";

const JSON: &str = "application/json";

/// Reads `generationConfig`; what no noun says stays beside it.
pub(super) fn read(fields: &mut Fields, request: &mut ChatRequest) {
    let Some(value) = fields.take(CONFIG) else {
        return;
    };
    let mut config = match Fields::of(value) {
        Ok(config) => config,
        Err(value) => return request.native.push(Native::new(ID, CONFIG, value)),
    };
    request.sampling = Sampling {
        temperature: config.number("temperature"),
        top_p: config.number("topP"),
        top_k: config.take_as("topK", read_whole),
        max_tokens: config.integer("maxOutputTokens"),
        stop: config.take_as("stopSequences", read_stop).unwrap_or_default(),
        seed: config.integer("seed"),
        n: config.integer("candidateCount"),
        presence_penalty: config.number("presencePenalty"),
        frequency_penalty: config.number("frequencyPenalty"),
        logprobs: config.flag("responseLogprobs"),
        top_logprobs: config.integer("logprobs"),
    };
    read_format(&mut config, request);
    config.take_as(thinking::THINKING, |value| thinking::read(value, request));
    request.native.extend(config.natives(ID, &format!("{CONFIG}.")));
}

/// This number may be written with a fraction.
fn read_whole(value: Value) -> Result<u64, Value> {
    match value.as_f64() {
        // The cast is exact: the number is whole, and small.
        Some(number) if number.fract() == 0.0 && (0.0..1e9).contains(&number) => Ok(number as u64),
        _ => Err(value),
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

fn read_format(config: &mut Fields, request: &mut ChatRequest) {
    let media_type = config.get("responseMimeType").and_then(Value::as_str);
    let schema = config.get("responseJsonSchema").filter(|schema| schema.is_object());
    let other = config.get("responseSchema").is_some();
    request.response_format = match (media_type, schema) {
        (Some("text/plain"), None) => Some(ResponseFormat::Text),
        (Some(JSON), None) if !other => Some(ResponseFormat::JsonObject),
        (Some(JSON), Some(schema)) if !other => {
            let schema = Some(schema.to_string());
            request.native.push(json_schema::binds(ID));
            Some(ResponseFormat::JsonSchema { name: None, description: None, schema, strict: None })
        }
        _ => return,
    };
    config.take("responseMimeType");
    config.take("responseJsonSchema");
}

/// Writes `generationConfig` for a model.
pub(super) fn write(
    request: &ChatRequest,
    model: &Model,
    sink: &mut Sink,
    body: &mut Map<String, Value>,
) {
    let sampling = &request.sampling;
    let (media_type, schema) = format(request.response_format.as_ref(), sink);
    let options = [
        ("temperature", sampling.temperature.map(number)),
        ("topP", sampling.top_p.map(number)),
        ("topK", sampling.top_k.map(Value::from)),
        ("maxOutputTokens", sampling.max_tokens.map(Value::from)),
        ("stopSequences", (!sampling.stop.is_empty()).then(|| json!(sampling.stop))),
        ("seed", seed(sampling.seed, sink)),
        ("candidateCount", sampling.n.map(Value::from)),
        ("presencePenalty", sampling.presence_penalty.map(number)),
        ("frequencyPenalty", sampling.frequency_penalty.map(number)),
        ("responseLogprobs", sampling.logprobs.map(Value::from)),
        ("logprobs", sampling.top_logprobs.map(Value::from)),
        ("responseMimeType", media_type.map(Value::from)),
        ("responseJsonSchema", schema),
        (thinking::THINKING, thinking::write(request, model, sink)),
    ];
    let mut config = Map::new();
    for (name, value) in options {
        config.extend(value.map(|value| (name.to_owned(), value)));
    }
    let more = format!("{CONFIG}.");
    let has_more = |native: &Native| native.dialect == ID && native.name.starts_with(&more);
    if !config.is_empty() || request.native.iter().any(has_more) {
        body.insert(CONFIG.to_owned(), Value::Object(config));
    }
}

/// This format's seeds have 32 bits.
fn seed(seed: Option<i64>, sink: &mut Sink) -> Option<Value> {
    let seed = seed?;
    if sink.own || i32::try_from(seed).is_ok() {
        return Some(seed.into());
    }
    sink.drop("seed");
    None
}

/// A schema binds here, and is known by no name.
fn format(
    format: Option<&ResponseFormat>,
    sink: &mut Sink,
) -> (Option<&'static str>, Option<Value>) {
    match format {
        None => (None, None),
        Some(ResponseFormat::Text) => (sink.own.then_some("text/plain"), None),
        Some(ResponseFormat::JsonObject) => (Some(JSON), None),
        Some(ResponseFormat::JsonSchema { name: _, description, schema, strict }) => {
            if description.is_some() {
                sink.drop("response_format.description");
            }
            if *strict == Some(false) {
                sink.drop("response_format.strict");
            }
            let schema = schema.as_deref().map(serde_json::from_str::<Value>);
            if !matches!(schema, Some(Ok(_))) {
                sink.drop("response_format.schema");
            }
            (Some(JSON), schema.and_then(Result::ok))
        }
    }
}
