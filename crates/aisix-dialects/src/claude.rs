//! What is known of Claude, by whichever way it is spoken to: Anthropic's own API, Vertex AI,
//! Bedrock's InvokeModel and Bedrock's Converse. One place decides how hard it thinks and what goes
//! with that; the formats only write it down.

mod model;
mod plan;

#[cfg(test)]
mod tests;

use aisix_core::DialectId;
use aisix_core::chat::{CacheMark, Native};
use serde_json::json;

pub(crate) use self::plan::{Plan, Sampled};
use crate::cache::{self, CACHE_CONTROL};
use crate::fields::Fields;

/// The format of Claude's vendor. By its name Claude's signatures on its thoughts are known, too: they
/// "are compatible across platforms (the Claude API, Amazon Bedrock, and Google Cloud)", says the guide
/// "Thinking" ("Thinking encryption").
pub(crate) const OWN_FORMAT: DialectId = crate::anthropic_messages::ID;

/// What Claude's own format says in one mark for the cache that holds for a whole request. Source:
/// the guide "Prompt caching", "Automatic caching".
pub(crate) fn mark_for_whole(native: &Native) -> Option<CacheMark> {
    if native.dialect != OWN_FORMAT || native.name != CACHE_CONTROL {
        return None;
    }
    cache::read(&mut Fields::of(json!({CACHE_CONTROL: native.value})).ok()?)
}
