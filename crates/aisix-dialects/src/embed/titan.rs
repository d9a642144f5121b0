//! Embeddings of Amazon's Titan models on Bedrock.
//!
//! Source: Amazon Bedrock's user guide, "Amazon Titan Embeddings G1 - Text" (with V2) and "Amazon
//! Titan Multimodal Embeddings G1".

use aisix_core::Error;
use serde::Deserialize;
use serde_json::json;

use super::format::{DIMENSIONS, EmbedAnswer, EmbedCall, EmbedFormat};
use super::vector::Vector;
use crate::converse::CONVERSE;
use crate::count::Count;
use crate::dialect::{Dialect as _, Encoded};
use crate::relay::unreadable;

/// Titan's.
pub static TITAN_EMBED: TitanEmbed = TitanEmbed;

/// Embeddings as Amazon's Titan models have them: one text a call.
#[derive(Debug, Clone, Copy)]
pub struct TitanEmbed;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    embedding: Option<Vector>,
    input_text_token_count: Option<Count>,
    /// What went wrong.
    message: Option<String>,
}

impl EmbedFormat for TitanEmbed {
    fn texts_per_call(&self, _: &str) -> usize {
        1
    }

    fn encode_call(&self, call: &EmbedCall<'_>) -> Encoded {
        let mut body = json!({ "inputText": call.texts.concat() });
        let dimensions = call.request.dimensions;
        if call.model.contains("embed-image") {
            if let Some(dimensions) = dimensions {
                body["embeddingConfig"] = json!({ "outputEmbeddingLength": dimensions });
            }
            return call.said(&body, &[DIMENSIONS]);
        }
        if !call.model.contains("v2") {
            return call.said(&body, &[]);
        }
        if let Some(dimensions) = dimensions {
            body["dimensions"] = json!(dimensions);
        }
        if let Some(normalize) = call.field("normalize") {
            body["normalize"] = normalize.clone();
        }
        call.said(&body, &[DIMENSIONS, "normalize"])
    }

    fn decode_answer(&self, body: &[u8]) -> Result<EmbedAnswer, Error> {
        let answer: Answer = serde_json::from_slice(body).map_err(unreadable)?;
        if answer.message.is_some() {
            return Err(CONVERSE.decode_error(body).in_band());
        }
        let vector = answer.embedding.ok_or_else(|| unreadable("the answer has no embedding"))?;
        let tokens = answer.input_text_token_count.map(|Count(count)| count);
        Ok(EmbedAnswer { vectors: vec![vector], tokens })
    }
}
