//! Embeddings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::TOKENS;

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

fn length(input: &Value) -> usize {
    input.as_array().map_or_else(|| input.as_str().map_or(0, str::len), Vec::len)
}

fn number(number: usize) -> f32 {
    f32::from(u16::try_from(number).unwrap_or(u16::MAX))
}
