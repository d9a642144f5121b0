//! From a configured base to a URL: common copy-paste mistakes are mended, no layout is guessed.

use aisix_core::Error;
use http::Uri;

use crate::address;

/// Endpoint paths that people leave at the end of a base; the longer come first.
const ENDPOINTS: [&str; 8] = [
    "/responses",
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/images/generations",
    "/audio/transcriptions",
    "/audio/translations",
    "/audio/speech",
];

/// What to set.
const EXAMPLE: &str = "for OpenAI set https://api.openai.com/v1";

/// The URL of an endpoint path below a configured base.
pub(super) fn endpoint(api_base: Option<&str>, path: &str) -> Result<Uri, Error> {
    let base = address::base(api_base, EXAMPLE)?;
    address::url(&normalized(base), path)
}

/// The URL of an endpoint that only newer layouts have: below a bare host it stands where OpenAI
/// has it.
pub(super) fn newer_endpoint(api_base: Option<&str>, path: &str) -> Result<Uri, Error> {
    let base = address::base(api_base, EXAMPLE)?;
    let base = normalized(base);
    let is_bare = base.split_once("://").is_some_and(|(_, rest)| !rest.contains('/'));
    address::url(&base, &if is_bare { format!("/v1{path}") } else { path.to_owned() })
}

fn normalized(base: &str) -> String {
    let base = address::without_end(base, &ENDPOINTS);
    let openai = ["https://api.openai.com", "http://api.openai.com"];
    if openai.iter().any(|openai| base.eq_ignore_ascii_case(openai)) {
        return format!("{base}/v1");
    }
    base.to_owned()
}
