//! How the next turn is to be made.
//!
//! Source: the reference's "InferenceConfiguration" and "OutputConfig", and the user guide's
//! "Enhance model responses with model reasoning" and "Inference request parameters and response
//! fields for foundation models".

use aisix_core::chat::{ChatRequest, ResponseFormat, Thinking};
use serde_json::{Map, Value, json};

use super::model::vendor;
use crate::json::number;
use crate::sampling;
use crate::sink::Sink;

/// Writes what is not said by messages and tools, for a model of this name.
pub(super) fn write(
    request: &ChatRequest,
    model: &str,
    sink: &mut Sink,
    body: &mut Map<String, Value>,
) {
    let parts = [
        ("inferenceConfig", inference(request, sink)),
        ("additionalModelRequestFields", additional(request, model, sink)),
        ("outputConfig", output(request, sink)),
        ("requestMetadata", metadata(request, sink)),
    ];
    let said = parts.into_iter().filter(|(_, part)| !part.is_empty());
    body.extend(said.map(|(name, part)| (name.to_owned(), Value::Object(part))));
    if request.user.is_some() {
        sink.drop("user");
    }
    sampling::leave_out(&request.sampling, sink);
}

/// Whether the caller wants the model to think.
pub(super) fn thinks(request: &ChatRequest) -> bool {
    matches!(request.thinking, Some(Thinking::Budget(_) | Thinking::Adaptive))
}

fn inference(request: &ChatRequest, sink: &mut Sink) -> Map<String, Value> {
    let sampling = &request.sampling;
    let stop: Vec<_> = sampling.stop.iter().filter(|text| !text.is_empty()).collect();
    let options = [
        ("maxTokens", sampling.max_tokens.map(Value::from)),
        ("temperature", temperature(request, sink).map(number)),
        ("topP", sampling.top_p.map(number)),
        ("stopSequences", (!stop.is_empty()).then(|| json!(stop))),
    ];
    named(options)
}

/// Other formats go up to 2, this one up to 1; and while a model thinks, nothing may be changed.
fn temperature(request: &ChatRequest, sink: &mut Sink) -> Option<f64> {
    let temperature = request.sampling.temperature?;
    if thinks(request) && temperature != 1.0 {
        sink.drop("temperature");
        return None;
    }
    if !(0.0..=1.0).contains(&temperature) {
        sink.drop("temperature");
    }
    Some(temperature.clamp(0.0, 1.0))
}

/// What only some vendors' models know, in the words of the one that documents it: Anthropic. A
/// name that tells no vendor, such as an inference profile's, may stand for one of its models.
fn additional(request: &ChatRequest, model: &str, sink: &mut Sink) -> Map<String, Value> {
    let known = vendor(model).is_none_or(|vendor| vendor == "anthropic");
    let thinking = match &request.thinking {
        Some(thinking) => Some(thinking),
        None if request.effort.as_deref() == Some("none") => Some(&Thinking::Off),
        None => None,
    };
    if !known {
        let lost =
            [("thinking", request.thinking.is_some()), ("top_k", request.sampling.top_k.is_some())];
        lost.into_iter().filter(|(_, lost)| *lost).for_each(|(name, _)| sink.drop(name));
        return Map::new();
    }
    let thinking = thinking.map(|thinking| match thinking {
        Thinking::Budget(tokens) => json!({"type": "enabled", "budget_tokens": tokens}),
        Thinking::Adaptive => json!({"type": "adaptive"}),
        Thinking::Off => json!({"type": "disabled"}),
    });
    named([("thinking", thinking), ("top_k", request.sampling.top_k.map(Value::from))])
}

fn output(request: &ChatRequest, sink: &mut Sink) -> Map<String, Value> {
    let format = request.response_format.as_ref().and_then(|format| write_format(format, sink));
    named([("textFormat", format), ("effort", effort(request, sink).map(Value::from))])
}

/// The words that this format knows; others have one more at the lower end.
fn effort<'a>(request: &'a ChatRequest, sink: &mut Sink) -> Option<&'a str> {
    let word = request.effort.as_deref()?;
    match word {
        "low" | "medium" | "high" | "xhigh" | "max" => Some(word),
        "minimal" => Some("low"),
        // Said by switching thinking off.
        "none" => None,
        _ => {
            sink.drop("reasoning_effort");
            None
        }
    }
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
