//! What Vertex AI's failed answers mean.
//!
//! Source: Vertex AI's "API errors". What Google says in words names projects and accounts of
//! whoever runs the gateway: callers get a sentence of this product's, and the code; the log gets
//! Google's words. What is wrong with a request, its caller has to know.

use aisix_core::Error;
use aisix_dialects::{Dialect as _, GEMINI, ProviderError};

use super::credential::Credential;
use super::rail::Rail;
use crate::adapter::{FailedReply, Target};
use crate::classify;

/// What stands for the project in what callers read.
const PROJECT: &str = "***";

pub(super) fn classify(target: &Target, reply: &FailedReply<'_>) -> Error {
    let secret = &target.provider_key.spec.secret;
    let credential = Credential::read(secret).ok();
    let said = said(target, reply.body);
    let message = match reply.status.as_u16() {
        400 | 422 => match &credential {
            Some(credential) => said.message.replace(&credential.project, PROJECT),
            None => said.message.clone(),
        },
        other => sentence(other).to_owned(),
    };
    let told = ProviderError { message, ..said.clone() };
    let mut error = classify::failed(reply, told, secret);
    if !said.message.is_empty() {
        error = error.because(said.message);
    }
    classify::scrubbed(error, secret)
}

/// What the provider says: Google in its own form, and the makers of some models in theirs.
fn said(target: &Target, body: &[u8]) -> ProviderError {
    let google = GEMINI.decode_error(body);
    match Rail::of(&target.upstream_model) {
        Ok(rail) if google.kind.is_none() => rail.dialect().decode_error(body),
        _ => google,
    }
}

/// What callers read; nothing leaves the status to speak for itself.
fn sentence(status: u16) -> &'static str {
    match status {
        401 | 403 => "upstream authentication failed",
        404 => "upstream model not found",
        408 => "upstream request timed out",
        413 => "request is too large for the upstream",
        429 => "upstream rate limit reached",
        _ => "",
    }
}
