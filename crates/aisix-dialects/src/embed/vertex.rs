//! Embeddings of Vertex AI.
//!
//! Source: Vertex AI's "Text embeddings API" (`publishers.models.predict`).

use aisix_core::chat::Usage;
use aisix_core::{Carried, EmbedInput, EmbedRequest, Error};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::format::EmbedFormat;
use crate::count::Count;
use crate::dialect::{Dialect as _, Dropped, Encoded, UpstreamRequest};
use crate::gemini::GEMINI;
use crate::relay::unreadable;
use crate::relayed::RelayedAnswer;

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
    values: Vec<f32>,
    #[serde(default)]
    statistics: Statistics,
}

#[derive(Default, Deserialize)]
struct Statistics {
    #[serde(default)]
    token_count: Count,
}

impl EmbedFormat for VertexEmbed {
    fn encode_request(
        &self,
        request: &mut Carried<EmbedRequest>,
        _: &UpstreamRequest<'_>,
    ) -> Result<Encoded, Error> {
        let request = request.value()?;
        let instance = |input: &EmbedInput| match input {
            EmbedInput::Text(text) => Ok(json!({ "content": text })),
            EmbedInput::Tokens(_) => {
                Err(Error::unsupported("the target's format (predict) takes texts, not tokens"))
            }
        };
        let instances: Vec<_> = request.inputs.iter().map(instance).collect::<Result<_, _>>()?;
        let mut body = json!({ "instances": instances });
        if let Some(dimensions) = request.dimensions {
            body["parameters"] = json!({ "outputDimensionality": dimensions });
        }
        let mut dropped: Vec<_> =
            request.native.iter().map(|native| Dropped::new(&native.name)).collect();
        dropped.extend(request.user.as_ref().map(|_| Dropped::new("user")));
        Ok(Encoded { body: body.to_string().into(), dropped })
    }

    fn decode_answer(
        &self,
        body: Bytes,
        request: &mut Carried<EmbedRequest>,
        upstream: &UpstreamRequest<'_>,
    ) -> Result<RelayedAnswer, Error> {
        let request = request.value()?;
        let answer: Answer = serde_json::from_slice(&body).map_err(unreadable)?;
        let predictions = match (answer.predictions, answer.error) {
            (Some(predictions), _) => predictions,
            (None, Some(_)) => return Err(GEMINI.decode_error(&body).in_band()),
            (None, None) => return Err(unreadable("the answer has no predictions")),
        };
        if predictions.len() != request.inputs.len() {
            return Err(unreadable("the answer has another number of predictions than asked for"));
        }
        let counted = predictions.iter().map(|one| one.embeddings.statistics.token_count.0);
        let tokens = counted.fold(0, u64::saturating_add);
        let packed = request.encoding_format.as_deref() == Some("base64");
        let data: Vec<_> = predictions
            .iter()
            .enumerate()
            .map(|(index, Prediction { embeddings: Embedding { values, .. } })| {
                let embedding = if packed { base64(values).into() } else { json!(values) };
                json!({"object": "embedding", "index": index, "embedding": embedding})
            })
            .collect();
        let told = json!({
            "object": "list", "data": data, "model": upstream.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        });
        let usage = Some(Usage { input: tokens, ..Usage::default() });
        Ok(RelayedAnswer { body: told.to_string().into(), usage })
    }
}

/// Numbers as OpenAI packs them: 32 bits each, the low ones first.
fn base64(values: &[f32]) -> String {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}
