//! From a configured base to a URL: common copy-paste mistakes are mended, no layout is guessed.

use aisix_core::Error;
use http::Uri;

use crate::address;

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
    let base = address::base(api_base, "for OpenAI set https://api.openai.com/v1")?;
    address::url(&normalized(base), path)
}

fn normalized(base: &str) -> String {
    let base = address::without_end(base, &ENDPOINTS);
    let openai = ["https://api.openai.com", "http://api.openai.com"];
    if openai.iter().any(|openai| base.eq_ignore_ascii_case(openai)) {
        return format!("{base}/v1");
    }
    base.to_owned()
}
