//! How many tokens a message would take.
//!
//! Source: the reference's "CountTokens" and "InvokeModelTokensRequest", and the user guide's "Monitor
//! your token usage by counting tokens before running inference". What is counted is a whole request
//! of InvokeModel's, in base64, and so one that says how long the answer may get.

use aisix_core::{Error, ErrorCode};
use aisix_dialects::json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

use super::ANTHROPIC_VERSION;

/// The question, for a request that counts tokens in Anthropic's format.
///
/// # Errors
/// Where the body is no JSON object: a hook made it anew.
pub(super) fn question(body: &[u8]) -> Result<Bytes, Error> {
    let limit = longest_answer(body).to_string();
    let fields = [("anthropic_version", ANTHROPIC_VERSION), ("max_tokens", &*limit)];
    let counted = json::reshaped(body, &["model", "stream", "max_tokens"], &fields);
    let counted = STANDARD.encode(counted.map_err(Error::internal)?);
    Ok(format!(r#"{{"input":{{"invokeModel":{{"body":"{counted}"}}}}}}"#).into())
}

/// A limit that goes with the request, and does not count: it must exceed what may be thought.
fn longest_answer(body: &[u8]) -> u64 {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Request {
        thinking: Thinking,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Thinking {
        budget_tokens: u64,
    }
    let request: Request = serde_json::from_slice(body).unwrap_or_default();
    request.thinking.budget_tokens.saturating_add(1)
}

/// The answer, as Anthropic gives it.
///
/// # Errors
/// Where it holds no number.
pub(super) fn answer(body: &[u8]) -> Result<Bytes, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Counted {
        input_tokens: u64,
    }
    let counted: Counted = serde_json::from_slice(body).map_err(|problem| {
        Error::new(ErrorCode::UpstreamDecode, "upstream response could not be decoded")
            .because(problem)
    })?;
    Ok(format!(r#"{{"input_tokens":{}}}"#, counted.input_tokens).into())
}
