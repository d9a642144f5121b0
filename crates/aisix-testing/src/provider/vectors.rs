//! Embeddings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::TOKENS;
use crate::Reply;

/// One vector for each input: its number and its length, so that their order shows.
pub(super) fn of(body: &Value) -> Value {
    let input = &body["input"];
    let inputs: Vec<usize> = match input.as_array() {
        // Tokens of one text.
        Some(list) if list.iter().all(Value::is_number) => vec![list.len()],
        Some(list) => list.iter().map(length).collect(),
        None => vec![length(input)],
    };
    let vectors = inputs.iter().enumerate().map(|(index, length)| {
        let vector = [number(index), number(*length) / 4.0];
        let embedding = match body["encoding_format"].as_str() {
            Some("base64") => {
                let bytes: Vec<u8> = vector.iter().flat_map(|one| one.to_le_bytes()).collect();
                STANDARD.encode(bytes).into()
            }
            _ => json!(vector),
        };
        json!({"object": "embedding", "index": index, "embedding": embedding})
    });
    json!({
        "object": "list", "data": vectors.collect::<Value>(), "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": TOKENS.0, "total_tokens": TOKENS.0},
    })
}

/// What Titan answers: as much of the same as there is in one text.
pub(super) fn titan(body: &Value) -> Value {
    let vector = [0.0, number(length(&body["inputText"])) / 4.0];
    json!({"embedding": vector, "inputTextTokenCount": TOKENS.0})
}

/// What Cohere answers, or its refusal where it is not told what the texts are for.
pub(super) fn cohere(body: &Value) -> Reply {
    if !body["input_type"].is_string() {
        return Reply::json(400, json!({"message": "input_type is missing"}).to_string());
    }
    let texts = body["texts"].as_array().map_or(&[][..], Vec::as_slice);
    let vectors = texts.iter().enumerate();
    let vectors = vectors.map(|(index, text)| [number(index), number(length(text)) / 4.0]);
    let answer = json!({"embeddings": vectors.collect::<Vec<_>>()});
    let counted = TOKENS.0.to_string();
    Reply::json(200, answer.to_string()).header("x-amzn-bedrock-input-token-count", &counted)
}

fn length(input: &Value) -> usize {
    input.as_array().map_or_else(|| input.as_str().map_or(0, str::len), Vec::len)
}

fn number(number: usize) -> f32 {
    f32::from(u16::try_from(number).unwrap_or(u16::MAX))
}
