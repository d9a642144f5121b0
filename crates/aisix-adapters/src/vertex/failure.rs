//! What Vertex AI's errors mean, and what callers read of them.
//!
//! Source: Vertex AI's "API errors". What Google says in words names projects and accounts of
//! whoever runs the gateway: callers get a sentence of this product's, and the code. What is wrong
//! with a request, its caller has to know.

use aisix_dialects::{Dialect as _, GEMINI, ProviderError};

use super::credential::Credential;
use super::rail::Rail;
use crate::adapter::{FailedReply, Target};
use crate::classify;

/// What stands for a name that is the operator's in what callers read.
const NAME: &str = "***";

/// What a failed answer says: Google in its own form, and the makers of some models in theirs.
pub(super) fn said(target: &Target, reply: &FailedReply<'_>) -> ProviderError {
    let google = GEMINI.decode_error(reply.body);
    match Rail::of(&target.upstream_model) {
        Ok(rail) if google.kind.is_none() => rail.dialect().decode_error(reply.body),
        _ => google,
    }
}

/// The same, as callers may read it.
pub(super) fn retold(target: &Target, said: ProviderError) -> ProviderError {
    let message = match said.status.unwrap_or_default() {
        400 | 422 => {
            let credential = Credential::read(&target.provider_key.spec.secret);
            anonymous(&said.message, credential.as_ref().map_or("", |it| &it.project))
        }
        status => classify::sentence(status).to_owned(),
    };
    ProviderError { message, ..said }
}

/// A message without its projects and accounts: this project, whatever stands where paths name one,
/// and addresses of service accounts.
pub(super) fn anonymous(message: &str, project: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.:@".contains(c);
    let mut told = String::with_capacity(message.len());
    let mut rest = message;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        // Sentences end with what may stand in a name.
        let name = word.trim_end_matches(['.', ':']);
        let hidden = name == project
            || told.ends_with("projects/")
            || name.ends_with(".gserviceaccount.com");
        if hidden && !name.is_empty() {
            told.push_str(NAME);
            told.push_str(&word[name.len()..]);
        } else {
            told.push_str(word);
        }
        let separators = after.find(is_name).unwrap_or(after.len());
        let (between, next) = after.split_at(separators);
        told.push_str(between);
        rest = next;
    }
    told
}
