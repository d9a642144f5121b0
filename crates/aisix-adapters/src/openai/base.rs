//! From a configured base to a URL: common copy-paste mistakes are mended, no layout is guessed.

use aisix_core::{Error, ErrorCode};
use http::Uri;

/// Endpoint paths that people leave at the end of a base; the longer come first.
const ENDPOINTS: [&str; 7] = [
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/images/generations",
    "/audio/transcriptions",
    "/audio/translations",
    "/audio/speech",
];

/// The URL of an endpoint path below a configured base.
pub(super) fn endpoint(api_base: Option<&str>, path: &str) -> Result<Uri, Error> {
    let base = api_base.map(str::trim).filter(|base| !base.is_empty()).ok_or_else(|| {
        invalid("the provider key has no api_base; for OpenAI set https://api.openai.com/v1")
    })?;
    if base.contains(['?', '#']) {
        // A path cannot follow a query, and a fragment would be left out silently.
        return Err(invalid("the provider key's api_base must not hold '?' or '#'"));
    }
    let base = normalized(base);
    let url: Uri = format!("{base}{path}")
        .parse()
        .map_err(|_| invalid("the provider key's api_base is not a URL"))?;
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        // A user name would be left out silently, and a credential there would be in the clear.
        return Err(invalid("the provider key's api_base must not hold credentials"));
    }
    match (url.scheme_str(), url.host()) {
        (Some("http" | "https"), Some(_)) => Ok(url),
        _ => Err(invalid("the provider key's api_base must be an http:// or https:// URL")),
    }
}

fn normalized(base: &str) -> String {
    let base = base.trim_end_matches('/');
    let base = ENDPOINTS
        .iter()
        .find_map(|endpoint| base.strip_suffix(endpoint))
        .unwrap_or(base)
        .trim_end_matches('/');
    match base {
        "https://api.openai.com" | "http://api.openai.com" => format!("{base}/v1"),
        _ => base.to_owned(),
    }
}

fn invalid(what: &str) -> Error {
    Error::new(
        ErrorCode::InvalidUpstreamConfiguration,
        format!("invalid upstream configuration: {what}"),
    )
}
