//! Embeddings of Cohere's models on Bedrock.
//!
//! Source: Amazon Bedrock's user guide, "Cohere Embed v3" and "Cohere Embed v4". The answers do not
//! say how many tokens the texts had: Bedrock says it in a header.

use aisix_core::Error;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::format::{DIMENSIONS, EmbedAnswer, EmbedCall, EmbedFormat};
use super::vector::Vector;
use crate::converse::CONVERSE;
use crate::dialect::{Dialect as _, Encoded};
use crate::relay::unreadable;

/// Cohere's.
pub static COHERE_EMBED: CohereEmbed = CohereEmbed;

/// Embeddings as Cohere's models have them.
#[derive(Debug, Clone, Copy)]
pub struct CohereEmbed;

/// What the texts are embedded for.
const INPUT_TYPE: &str = "input_type";

/// What becomes of texts that are too long.
const TRUNCATE: &str = "truncate";

#[derive(Deserialize)]
struct Answer<'a> {
    /// A list of embeddings, or one for each type of numbers.
    #[serde(borrow)]
    embeddings: Option<&'a RawValue>,
    /// What went wrong.
    message: Option<String>,
}

#[derive(Deserialize)]
struct ByType {
    float: Vec<Vector>,
}

impl EmbedFormat for CohereEmbed {
    fn texts_per_call(&self, _: &str) -> usize {
        96
    }

    fn encode_call(&self, call: &EmbedCall<'_>) -> Encoded {
        let mut body = json!({ "texts": call.texts });
        // It cannot be left out, and OpenAI has nothing like it: callers may say it all the same.
        let input_type = call.field(INPUT_TYPE).cloned();
        body[INPUT_TYPE] = input_type.unwrap_or_else(|| Value::from("search_document"));
        if let Some(truncate) = call.field(TRUNCATE) {
            body[TRUNCATE] = truncate.clone();
        }
        if call.model.contains("embed-v4") {
            if let Some(dimensions) = call.request.dimensions {
                body["output_dimension"] = json!(dimensions);
            }
            return call.said(&body, &[INPUT_TYPE, TRUNCATE, DIMENSIONS]);
        }
        call.said(&body, &[INPUT_TYPE, TRUNCATE])
    }

    fn decode_answer(&self, body: &[u8]) -> Result<EmbedAnswer, Error> {
        let answer: Answer<'_> = serde_json::from_slice(body).map_err(unreadable)?;
        if answer.message.is_some() {
            return Err(CONVERSE.decode_error(body).in_band());
        }
        let embeddings = answer.embeddings.map(RawValue::get);
        let embeddings = embeddings.ok_or_else(|| unreadable("the answer has no embeddings"))?;
        let vectors = if embeddings.starts_with('{') {
            serde_json::from_str(embeddings).map(|ByType { float }| float)
        } else {
            serde_json::from_str(embeddings)
        };
        Ok(EmbedAnswer { vectors: vectors.map_err(unreadable)?, tokens: None })
    }
}
