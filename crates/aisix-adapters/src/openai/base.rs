//! From a configured base to a URL: common copy-paste mistakes are mended, no layout is guessed.

use aisix_core::{Error, ErrorCode, base_url};
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
    // A document may be older than this rule. `Uri` reads a port that is out of range as none at
    // all, and the credential would go to another port.
    base_url::check(base)
        .map_err(|problem| invalid(&format!("the provider key's api_base {problem}")))?;
    let base = normalized(base);
    format!("{base}{path}").parse().map_err(|_| invalid("the provider key's api_base is not a URL"))
}

fn normalized(base: &str) -> String {
    let base = base.trim_end_matches('/');
    let base = ENDPOINTS
        .iter()
        .find_map(|endpoint| base.strip_suffix(endpoint))
        // A host may be called like an endpoint.
        .filter(|rest| rest.contains("://"))
        .unwrap_or(base)
        .trim_end_matches('/');
    let openai = ["https://api.openai.com", "http://api.openai.com"];
    if openai.iter().any(|openai| base.eq_ignore_ascii_case(openai)) {
        return format!("{base}/v1");
    }
    base.to_owned()
}

fn invalid(what: &str) -> Error {
    Error::new(
        ErrorCode::InvalidUpstreamConfiguration,
        format!("invalid upstream configuration: {what}"),
    )
}
