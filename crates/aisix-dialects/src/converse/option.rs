//! How the next turn is to be made.
//!
//! Source: the reference's "InferenceConfiguration" and "OutputConfig", and the user guide's
//! "Enhance model responses with model reasoning" and "Inference request parameters and response
//! fields for foundation models".

use aisix_core::chat::{ChatRequest, ResponseFormat};
use serde_json::{Map, Value, json};

use super::model::{ANTHROPIC, vendor};
use crate::claude::{Plan, Sampled};
use crate::json::number;
use crate::sampling;
use crate::sink::Sink;

/// What the model is told of thinking. A name that tells no vendor, such as an inference profile's,
/// may stand for one of Anthropic's: it is, where a request speaks of thinking as these do.
pub(super) fn plan(request: &ChatRequest, model: &str, sink: &mut Sink) -> Plan {
    let of_claude = match vendor(model) {
        Some(vendor) => vendor == ANTHROPIC,
        None => request.thinking.is_some() || request.effort.as_deref() == Some("none"),
    };
    if of_claude { Plan::of(request, model, sink) } else { Plan::of_another(request, sink) }
}

/// Writes what is not said by messages and tools, for a model of this name.
pub(super) fn write(
    request: &ChatRequest,
    model: &str,
    plan: &Plan,
    sink: &mut Sink,
    body: &mut Map<String, Value>,
) {
    let sampled = plan.sampled(request, sink);
    let parts = [
        ("inferenceConfig", inference(request, &sampled)),
        ("additionalModelRequestFields", additional(plan, &sampled, model, sink)),
        ("outputConfig", output(request, plan, sink)),
        ("requestMetadata", metadata(request, sink)),
    ];
    let said = parts.into_iter().filter(|(_, part)| !part.is_empty());
    body.extend(said.map(|(name, part)| (name.to_owned(), Value::Object(part))));
    if request.user.is_some() {
        sink.drop("user");
    }
    sampling::leave_out(&request.sampling, sink);
}

fn inference(request: &ChatRequest, sampled: &Sampled) -> Map<String, Value> {
    let sampling = &request.sampling;
    let stop: Vec<_> = sampling.stop.iter().filter(|text| !text.is_empty()).collect();
    let options = [
        ("maxTokens", sampling.max_tokens.map(Value::from)),
        ("temperature", sampled.temperature.map(number)),
        ("topP", sampled.top_p.map(number)),
        ("stopSequences", (!stop.is_empty()).then(|| json!(stop))),
    ];
    named(options)
}

/// What only some vendors' models know, in the words of the one that documents it: Anthropic.
fn additional(plan: &Plan, sampled: &Sampled, model: &str, sink: &mut Sink) -> Map<String, Value> {
    let known = vendor(model).is_none_or(|vendor| vendor == ANTHROPIC);
    if sampled.top_k.is_some() && !known {
        sink.drop("top_k");
    }
    let top_k = sampled.top_k.filter(|_| known);
    named([("thinking", plan.thinking()), ("top_k", top_k.map(Value::from))])
}

fn output(request: &ChatRequest, plan: &Plan, sink: &mut Sink) -> Map<String, Value> {
    let format = request.response_format.as_ref().and_then(|format| write_format(format, sink));
    named([("textFormat", format), ("effort", plan.effort().map(Value::from))])
}

/// A schema binds here.
fn write_format(format: &ResponseFormat, sink: &mut Sink) -> Option<Value> {
    let ResponseFormat::JsonSchema { name, description, schema, strict } = format else {
        if *format == ResponseFormat::JsonObject {
            sink.drop("response_format");
        }
        return None;
    };
    if *strict == Some(false) {
        sink.drop("response_format.strict");
    }
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    let Some(schema) = schema else {
        sink.drop("response_format");
        return None;
    };
    let mut definition = named([("schema", Some(schema.as_str().into())), ("name", text(name))]);
    definition.extend(named([("description", text(description))]));
    Some(json!({"type": "json_schema", "structure": {"jsonSchema": definition}}))
}

/// What the caller notes of the request, as far as this format takes it: sixteen notes of so many
/// characters of so many kinds.
fn metadata(request: &ChatRequest, sink: &mut Sink) -> Map<String, Value> {
    let mut notes = Map::new();
    for (name, value) in &request.metadata {
        let fits = (1..=256).contains(&name.len()) && value.len() <= 256;
        if notes.len() < 16 && fits && is_note(name) && is_note(value) {
            notes.insert(name.clone(), value.as_str().into());
        } else {
            sink.drop("metadata");
        }
    }
    notes
}

/// Source: the pattern of the reference's "RequestMetadataKeyString".
fn is_note(text: &str) -> bool {
    let permitted = |byte: u8| {
        byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b":_@$#=/+,-.".contains(&byte)
    };
    text.bytes().all(permitted)
}

fn named<const N: usize>(options: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let said = options.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    said.collect()
}
