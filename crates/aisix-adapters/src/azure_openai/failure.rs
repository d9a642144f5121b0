//! What Azure's errors mean, and what callers read of them.
//!
//! Source: Azure OpenAI's REST API reference, "Error", and "Content filtering". What Azure says in
//! words names resources, subscriptions and addresses of whoever runs the gateway: callers get a
//! sentence of this product's, and the code.

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

/// What a failed answer says.
pub(super) fn said(reply: &FailedReply<'_>) -> ProviderError {
    let said = OPENAI_CHAT.decode_error(reply.body);
    let Body { error: Outer { innererror: inner } } =
        serde_json::from_slice(reply.body).unwrap_or_default();
    let code = if inner.code == POLICY { Some(inner.code) } else { said.code };
    ProviderError { code, ..said }
}

/// The same, as callers may read it.
pub(super) fn retold(said: ProviderError) -> ProviderError {
    let message = match said.status.unwrap_or_default() {
        404 => "upstream deployment or endpoint not found",
        status => classify::sentence(status),
    };
    ProviderError { message: message.to_owned(), code: said.code.map(named), ..said }
}

/// The name that this product has for one of Azure's codes.
fn named(code: String) -> String {
    match code.as_str() {
        "DeploymentNotFound" => "model_not_found".to_owned(),
        POLICY | "content_filter" => "content_policy_violation".to_owned(),
        _ => code,
    }
}
