//! What is known of vendors with an OpenAI-compatible API.

use aisix_core::ProviderKey;

/// Vendors that have no `/responses`, by the word in a key's `provider`. Few are listed: vendors
/// add the endpoint one after the other, and a key's own word wins.
///
/// Sources: Google's "OpenAI compatibility" for the Gemini API, Mistral's "Migration guides" and
/// Cohere's "Using Cohere models via the OpenAI SDK", none of which has the endpoint.
const WITHOUT_RESPONSES: [&str; 4] = ["cohere", "gemini", "google", "mistral"];

/// Whether this key's vendor has the endpoint `/responses`.
pub(super) fn has_responses(key: &ProviderKey) -> bool {
    let said = key.request.as_ref().and_then(|quirks| quirks.responses_endpoint);
    let provider = key.provider.trim();
    said.unwrap_or_else(|| {
        !WITHOUT_RESPONSES.iter().any(|name| name.eq_ignore_ascii_case(provider))
    })
}
