//! From a configured base to a URL: common copy-paste mistakes are mended, no layout is guessed.

use aisix_core::Error;
use http::Uri;

use crate::address;

/// What people leave at the end of a base; the longer come first.
const ENDPOINTS: [&str; 2] = ["/v1/messages/count_tokens", "/v1/messages"];

/// The URL of an endpoint path, version included, below a configured base.
pub(super) fn endpoint(api_base: Option<&str>, path: &str) -> Result<Uri, Error> {
    let base = address::base(api_base, "for Anthropic set https://api.anthropic.com")?;
    let base = address::without_end(base, &ENDPOINTS);
    address::url(address::without_end(base, &["/v1"]), path)
}
