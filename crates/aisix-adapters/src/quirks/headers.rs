//! The headers that a provider key adds to what its adapter sends.

use aisix_core::resource::header_name::is_never_forwarded;
use aisix_core::resource::{HeaderTemplate, HeaderVariable, RequestQuirks};
use http::header::{CONNECTION, Entry};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::adapter::Call;

/// What the call's provider key adds: its own headers first, then those of the caller's that nobody
/// set.
pub(super) fn added(call: &Call<'_>) -> HeaderMap {
    let mut added = HeaderMap::new();
    let Some(quirks) = &call.target.provider_key.spec.request else {
        return added;
    };
    for (name, template) in &quirks.default_headers {
        if let Some((name, value)) = default(name, template, call) {
            set(&mut added, name, value);
        }
    }
    if let Some(client) = call.client_headers {
        for name in client.keys().filter(|name| passes(quirks, name, client)) {
            if let Some(value) = client.get(name) {
                set(&mut added, name.clone(), value.clone());
            }
        }
    }
    added
}

/// Puts these headers among others, where there is none of their name.
pub(super) fn fill(headers: &mut HeaderMap, added: HeaderMap) {
    // Each name stands there once.
    for (name, value) in added {
        if let Some(name) = name {
            set(headers, name, value);
        }
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    if let Entry::Vacant(place) = headers.entry(name) {
        place.insert(value);
    }
}

/// A header of the key's own; `None` where something in it has no value, or it cannot be sent.
fn default(
    name: &str,
    template: &HeaderTemplate,
    call: &Call<'_>,
) -> Option<(HeaderName, HeaderValue)> {
    let value = template.fill(|variable| value_of(variable, call))?;
    let mut value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
    // It may be a credential.
    value.set_sensitive(true);
    Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
}

fn value_of<'a>(variable: HeaderVariable, call: &Call<'a>) -> Option<&'a str> {
    let target = call.target;
    let caller = || Some(call.caller?.api_key());
    match variable {
        HeaderVariable::RequestId => Some(call.request_id),
        HeaderVariable::ApiKeyId => Some(caller()?.id.as_str()),
        HeaderVariable::ApiKeyName => caller()?.spec.display_name.as_deref(),
        HeaderVariable::TeamId => caller()?.spec.team_id.as_deref(),
        HeaderVariable::UserId => caller()?.spec.user_id.as_deref(),
        HeaderVariable::ModelId => Some(target.model_id.as_str()),
        HeaderVariable::ModelName => Some(&target.display_name),
        HeaderVariable::ProviderKeyId => Some(target.provider_key.id.as_str()),
        HeaderVariable::ProviderKeyName => Some(&target.provider_key.spec.display_name),
    }
}

/// Whether the key wants this header of the caller's, and may have it.
fn passes(quirks: &RequestQuirks, name: &HeaderName, client: &HeaderMap) -> bool {
    quirks.forward_client_headers.iter().any(|pattern| pattern.matches(name.as_str()))
        && !is_never_forwarded(name.as_str())
        && !belongs_to_the_connection(name, client)
}

/// Whether the caller says that a header is meant for its next hop only (RFC 9110, section 7.6.1).
fn belongs_to_the_connection(name: &HeaderName, client: &HeaderMap) -> bool {
    let listed = client.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    listed
        .flat_map(|list| list.split(','))
        .any(|listed| listed.trim().eq_ignore_ascii_case(name.as_str()))
}
