//! Requests for embeddings, as OpenAI writes them, and how other families embed.
//!
//! Source: OpenAI's API reference, "Embeddings" (create).

mod calls;
mod cohere;
mod format;
mod gemini;
mod titan;
mod vector;
mod vertex;

#[cfg(test)]
mod tests;

use aisix_core::{Carried, DialectId, EmbedInput, EmbedRequest, Error};
use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

pub use self::calls::{EmbedCalls, EmbedPart};
pub use self::cohere::{COHERE_EMBED, CohereEmbed};
pub use self::format::{EmbedAnswer, EmbedCall, EmbedFormat};
pub use self::gemini::{GEMINI_EMBED, GeminiEmbed};
pub use self::titan::{TITAN_EMBED, TitanEmbed};
pub use self::vector::Vector;
pub use self::vertex::{VERTEX_EMBED, VertexEmbed};
use crate::dialect::{Encoded, UpstreamRequest};
use crate::fields::Fields;
use crate::json::unambiguous;
use crate::openai_chat::ID;
use crate::relay::{self, Holds, complaint_on_types};
use crate::scan::Scan;
use crate::sink::Sink;

/// The fields of a request that are looked at.
const LOOKED_AT: [&str; 3] = ["model", "input", "dimensions"];

/// Reads a caller's request as far as relaying it needs: one scan, no copy.
///
/// # Errors
/// A client error where the body is not the JSON that the endpoint takes.
pub fn decode(body: Bytes) -> Result<Carried<EmbedRequest>, Error> {
    let outline = relay::request(&body, LOOKED_AT, complaint)?;
    Ok(Carried::arrived(ID, body, outline, whole))
}

/// Writes a request for an upstream: as the caller wrote it, unless somebody changed it.
///
/// # Errors
/// What decoding the original says, where somebody changed what it says.
pub fn encode(
    request: &mut Carried<EmbedRequest>,
    upstream: &UpstreamRequest<'_>,
) -> Result<Encoded, Error> {
    match request.verbatim(ID) {
        Some(original) => Ok(Encoded::whole(relay::renamed(original, request.outline(), upstream))),
        None => Ok(anew(request.dialect(), request.value()?, upstream)),
    }
}

/// What is wrong beside the model. What is listed is left to the upstream.
fn complaint<const N: usize>(fields: &Scan<'_, N>) -> Option<String> {
    let input = fields.get("input").map(RawValue::get);
    let of_input = match input {
        None | Some("null") => Some("missing field 'input'"),
        Some(list) if list.starts_with('[') => {
            let is_empty = list[1..].trim_start().starts_with(']');
            is_empty.then_some("'input' must not be empty")
        }
        Some(text) if text.starts_with('"') => None,
        Some(_) => Some("'input' must be a string or an array"),
    };
    of_input
        .map(str::to_owned)
        .or_else(|| complaint_on_types([("dimensions", fields.get("dimensions"), Holds::Count)]))
}

fn whole(body: &[u8]) -> Result<EmbedRequest, Error> {
    let value = unambiguous(body).map_err(|_| Error::invalid_json())?;
    let mut fields = Fields::of(value).map_err(|_| Error::invalid_json())?;
    let (inputs, listed) = fields.take("input").and_then(inputs).ok_or_else(|| {
        Error::invalid_request("'input' must be a string, an array of strings, or tokens")
    })?;
    Ok(EmbedRequest {
        model: fields.text("model").unwrap_or_default(),
        inputs,
        listed,
        encoding_format: fields.text("encoding_format"),
        dimensions: fields.integer("dimensions"),
        user: fields.text("user"),
        native: fields.natives(ID, "").collect(),
    })
}

/// Texts, or tokens of texts, as OpenAI writes them wherever either may stand.
pub(crate) fn texts(value: Value) -> Option<Vec<EmbedInput>> {
    inputs(value).map(|(inputs, _)| inputs)
}

/// The inputs, and whether they are listed: a bare list of numbers is one text's tokens.
fn inputs(value: Value) -> Option<(Vec<EmbedInput>, bool)> {
    match value {
        Value::Array(list) if list.first().is_some_and(Value::is_number) => {
            Some((vec![tokens(list)?], false))
        }
        Value::Array(list) => Some((list.into_iter().map(input).collect::<Option<_>>()?, true)),
        text => Some((vec![input(text)?], false)),
    }
}

fn input(value: Value) -> Option<EmbedInput> {
    match value {
        Value::String(text) => Some(EmbedInput::Text(text)),
        Value::Array(list) => tokens(list),
        _ => None,
    }
}

fn tokens(list: Vec<Value>) -> Option<EmbedInput> {
    let number = |token: Value| token.as_u64()?.try_into().ok();
    Some(EmbedInput::Tokens(list.into_iter().map(number).collect::<Option<_>>()?))
}

fn anew(came_in: DialectId, request: &EmbedRequest, upstream: &UpstreamRequest<'_>) -> Encoded {
    let input = |input: &EmbedInput| match input {
        EmbedInput::Text(text) => json!(text),
        EmbedInput::Tokens(tokens) => json!(tokens),
    };
    let inputs = match &request.inputs[..] {
        [only] if !request.listed => input(only),
        all => all.iter().map(input).collect(),
    };
    let mut object =
        Map::from_iter([("model".to_owned(), json!(upstream.model)), ("input".to_owned(), inputs)]);
    let optional = [
        ("encoding_format", request.encoding_format.as_ref().map(|form| json!(form))),
        ("dimensions", request.dimensions.map(|count| json!(count))),
        ("user", request.user.as_ref().map(|user| json!(user))),
    ];
    let said = optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    object.extend(said);
    let mut sink = Sink::new(ID, came_in);
    sink.put_natives(&request.native, &mut object);
    let body = Value::Object(object).to_string();
    Encoded { body: body.into(), dropped: sink.dropped().to_vec() }
}
