//! What failed answers mean.
//!
//! Source: the reference's "Common error types" and the errors of its operations. The header
//! `x-amzn-errortype` names the type; the body may, too. What Amazon says in words names accounts and
//! roles of whoever runs the gateway, and may quote what was signed: callers get a sentence of this
//! product's, and the code; the log gets Amazon's words.

use aisix_core::{Error, Secret};
use aisix_dialects::{CONVERSE, Dialect as _, ProviderError, converse};

use crate::adapter::FailedReply;
use crate::classify;

/// The error for an answer that is not a success.
pub(super) fn classify(reply: &FailedReply<'_>, secret: &Secret) -> Error {
    let said = CONVERSE.decode_error(reply.body);
    let kind = reply.headers.get("x-amzn-errortype").and_then(|kind| kind.to_str().ok());
    let said = match kind {
        Some(kind) => converse::named(said, kind),
        None => said,
    };
    let message = match said.kind.as_deref() {
        // About what the caller asks for, unless it names something of an account's.
        Some("ValidationException") if !said.message.contains("arn:") => said.message.clone(),
        _ => sentence(reply.status.as_u16(), &said.message),
    };
    let error = classify::failed(reply, ProviderError { message, ..said.clone() }, secret);
    let error = if said.message.is_empty() { error } else { error.because(said.message) };
    classify::scrubbed(error, secret)
}

/// What callers read; nothing leaves the status to speak for itself.
fn sentence(status: u16, said: &str) -> String {
    let sentence = match status {
        401 | 403 => match skew(said) {
            Some(line) => {
                return format!(
                    "upstream authentication failed: {line} (is this host's clock right?)"
                );
            }
            None => "upstream authentication failed",
        },
        404 => "upstream model not found",
        408 => "upstream request timed out",
        429 => "upstream rate limit reached",
        _ => "",
    };
    sentence.to_owned()
}

/// What Amazon says of a clock that is wrong: two times, and nothing that is anybody's.
fn skew(said: &str) -> Option<&str> {
    let words = ["Signature expired:", "Signature not yet current:", "Request has expired"];
    let start = words.iter().find_map(|words| said.find(words))?;
    said[start..].lines().next()
}
