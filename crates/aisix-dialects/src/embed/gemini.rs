//! Embeddings of Gemini's second generation and later, on Vertex AI.
//!
//! Source: Vertex AI's reference of `publishers.models.embedContent`, and the package `google-genai`,
//! which says which models are asked so.

use aisix_core::Error;
use serde::Deserialize;
use serde_json::{Value, json};

use super::format::{DIMENSIONS, EmbedAnswer, EmbedCall, EmbedFormat};
use super::vector::Vector;
use crate::count::Count;
use crate::dialect::{Dialect as _, Encoded};
use crate::gemini::GEMINI;
use crate::relay::unreadable;

/// Gemini's.
pub static GEMINI_EMBED: GeminiEmbed = GeminiEmbed;

/// Embeddings as Gemini has them: one content a call, which may be more than a text elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct GeminiEmbed;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    embedding: Option<Embedding>,
    usage_metadata: Option<UsageMetadata>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Embedding {
    values: Vector,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UsageMetadata {
    prompt_token_count: Option<Count>,
}

impl EmbedFormat for GeminiEmbed {
    fn texts_per_call(&self, _: &str) -> usize {
        1
    }

    fn encode_call(&self, call: &EmbedCall<'_>) -> Encoded {
        let parts = call.texts.iter().map(|text| json!({ "text": text }));
        let mut body = json!({"content": {"role": "user", "parts": parts.collect::<Value>()}});
        if let Some(dimensions) = call.request.dimensions {
            body["embedContentConfig"] = json!({ "outputDimensionality": dimensions });
        }
        call.said(&body, &[DIMENSIONS])
    }

    fn decode_answer(&self, body: &[u8]) -> Result<EmbedAnswer, Error> {
        let answer: Answer = serde_json::from_slice(body).map_err(unreadable)?;
        if answer.error.is_some() {
            return Err(GEMINI.decode_error(body).in_band());
        }
        let embedding = answer.embedding;
        let vector = embedding.ok_or_else(|| unreadable("the answer has no embedding"))?.values;
        let tokens = answer.usage_metadata.and_then(|usage| usage.prompt_token_count);
        Ok(EmbedAnswer { vectors: vec![vector], tokens: tokens.map(|Count(count)| count) })
    }
}
