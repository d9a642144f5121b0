//! What of a provider key may be a credential.

use aisix_core::{ProviderKey, Secret};

/// The fewest characters of a word that is taken for a credential: whatever else a key adds to
/// requests is mostly settings, and occurs in ordinary messages.
const SHORTEST: usize = 8;

/// Every text of a key that may be a credential and is long enough to be one, the secret itself not
/// among them: the words of default headers, because providers quote a token without its scheme,
/// and the texts among default fields.
pub(crate) fn of_key(key: &ProviderKey) -> impl Iterator<Item = Secret> {
    let quirks = || key.request.iter();
    let headers = quirks().flat_map(|quirks| quirks.default_headers.values());
    let words = headers.flat_map(|template| template.literals()).flat_map(str::split_whitespace);
    let fields = quirks().flat_map(|quirks| quirks.default_body_fields.values());
    let texts = fields.filter_map(|field| Some(field.text()?.expose()));
    words.chain(texts).filter(|text| text.chars().count() >= SHORTEST).map(Secret::new)
}
