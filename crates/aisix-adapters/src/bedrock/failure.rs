//! What Bedrock's errors mean, and what callers read of them.
//!
//! Source: the reference's "Common error types" and the errors of its operations. The header
//! `x-amzn-errortype` names the type; the body may, too. What Amazon says in words names accounts and
//! roles of whoever runs the gateway, and may quote what was signed: callers get a sentence of this
//! product's, and the code.

use aisix_dialects::{CONVERSE, Dialect as _, ProviderError, converse};

use crate::adapter::FailedReply;
use crate::classify;

/// What a failed answer says.
pub(super) fn said(reply: &FailedReply<'_>) -> ProviderError {
    let said = CONVERSE.decode_error(reply.body);
    match reply.headers.get("x-amzn-errortype").and_then(|kind| kind.to_str().ok()) {
        Some(kind) => converse::named(said, kind),
        None => said,
    }
}

/// The same, as callers may read it.
pub(super) fn retold(said: ProviderError) -> ProviderError {
    let invalid = |kind: &str| kind.eq_ignore_ascii_case("ValidationException");
    // About what the caller asks for, unless it names something of an account's.
    if said.kind.as_deref().is_some_and(invalid) && !said.message.contains("arn:") {
        return said;
    }
    let status = said.status.unwrap_or_default();
    let sentence = classify::sentence(status);
    let message = match (status, skew(&said.message)) {
        (401 | 403, Some(line)) => format!("{sentence}: {line} (is this host's clock right?)"),
        _ => sentence.to_owned(),
    };
    ProviderError { message, ..said }
}

/// What Amazon says of a clock that is wrong: two times, and nothing that is anybody's.
fn skew(said: &str) -> Option<&str> {
    let words = ["Signature expired:", "Signature not yet current:", "Request has expired"];
    let start = words.iter().find_map(|words| said.find(words))?;
    said[start..].lines().next()
}
