//! Embeddings of Vertex AI.
//!
//! Source: Vertex AI's "Text embeddings API" (`publishers.models.predict`), and its guide "Get text
//! embeddings", which says how many texts a call takes.

use aisix_core::Error;
use serde::Deserialize;
use serde_json::{Value, json};

use super::format::{DIMENSIONS, EmbedAnswer, EmbedCall, EmbedFormat};
use super::vector::Vector;
use crate::count::{Count, total};
use crate::dialect::{Dialect as _, Encoded};
use crate::gemini::GEMINI;
use crate::relay::unreadable;

/// Vertex AI's.
pub static VERTEX_EMBED: VertexEmbed = VertexEmbed;

/// Embeddings as Vertex AI predicts them.
#[derive(Debug, Clone, Copy)]
pub struct VertexEmbed;

#[derive(Deserialize)]
struct Answer {
    predictions: Option<Vec<Prediction>>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Prediction {
    embeddings: Embedding,
}

#[derive(Deserialize)]
struct Embedding {
    values: Vector,
    statistics: Option<Statistics>,
}

#[derive(Deserialize)]
struct Statistics {
    token_count: Option<Count>,
}

impl EmbedFormat for VertexEmbed {
    fn texts_per_call(&self, model: &str) -> usize {
        if model.starts_with("gemini-embedding") { 1 } else { 250 }
    }

    fn encode_call(&self, call: &EmbedCall<'_>) -> Encoded {
        let instances = call.texts.iter().map(|text| json!({ "content": text }));
        let mut body = json!({ "instances": instances.collect::<Value>() });
        if let Some(dimensions) = call.request.dimensions {
            body["parameters"] = json!({ "outputDimensionality": dimensions });
        }
        call.said(&body, &[DIMENSIONS])
    }

    fn decode_answer(&self, body: &[u8]) -> Result<EmbedAnswer, Error> {
        let answer: Answer = serde_json::from_slice(body).map_err(unreadable)?;
        if answer.error.is_some() {
            return Err(GEMINI.decode_error(body).in_band());
        }
        let predictions = answer.predictions;
        let predictions = predictions.ok_or_else(|| unreadable("the answer has no predictions"))?;
        let count = |one: &Prediction| one.embeddings.statistics.as_ref()?.token_count;
        let tokens = total(predictions.iter().map(|one| count(one).map(|Count(tokens)| tokens)));
        let vectors = predictions.into_iter().map(|one| one.embeddings.values).collect();
        Ok(EmbedAnswer { vectors, tokens })
    }
}
