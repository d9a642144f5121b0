//! What Azure's failed answers mean.
//!
//! Source: Azure OpenAI's REST API reference, "Error", and "Content filtering". What Azure says in
//! words names resources, subscriptions and addresses of whoever runs the gateway: callers get a
//! sentence of this product's, and the code; the log gets Azure's words.

use aisix_core::{Error, Secret};
use aisix_dialects::{Dialect as _, OPENAI_CHAT, ProviderError};
use serde::Deserialize;

use crate::adapter::FailedReply;
use crate::classify;

/// What is wrong with content, in the outer or the inner code.
const POLICY: &str = "ResponsibleAIPolicyViolation";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    error: Outer,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Outer {
    #[serde(alias = "inner_error")]
    innererror: Inner,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Inner {
    code: String,
}

pub(super) fn classify(reply: &FailedReply<'_>, secret: &Secret) -> Error {
    let said = OPENAI_CHAT.decode_error(reply.body);
    let Body { error: Outer { innererror: inner } } =
        serde_json::from_slice(reply.body).unwrap_or_default();
    let code = if inner.code == POLICY { Some(inner.code) } else { said.code.clone() };
    let told = ProviderError {
        message: sentence(reply.status.as_u16()).to_owned(),
        code: code.map(named),
        ..said.clone()
    };
    let error = classify::failed(reply, told, secret);
    if said.message.is_empty() {
        return error;
    }
    classify::scrubbed(error.because(said.message), secret)
}

/// What callers read; nothing leaves the status to speak for itself.
fn sentence(status: u16) -> &'static str {
    match status {
        401 | 403 => "upstream authentication failed",
        404 => "upstream deployment or endpoint not found",
        408 => "upstream request timed out",
        409 => "upstream reported a conflict",
        413 => "request is too large for the upstream",
        429 => "upstream rate limit reached",
        _ => "",
    }
}

/// The name that this product has for one of Azure's codes.
fn named(code: String) -> String {
    match code.as_str() {
        "DeploymentNotFound" => "model_not_found".to_owned(),
        POLICY | "content_filter" => "content_policy_violation".to_owned(),
        _ => code,
    }
}
