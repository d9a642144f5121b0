//! From a configured base to a URL, where families agree.

use std::fmt;

use aisix_core::{Error, ErrorCode, base_url};
use http::Uri;

/// The base of a provider key, without white space around it and slashes at its end.
///
/// # Errors
/// Where there is none, or it is none; `example` says what the family's own is.
pub fn base<'a>(api_base: Option<&'a str>, example: &str) -> Result<&'a str, Error> {
    let base = api_base
        .map(str::trim)
        .filter(|base| !base.is_empty())
        .ok_or_else(|| invalid(format_args!("the provider key has no api_base; {example}")))?;
    // A document may be older than this rule. `Uri` reads a port that is out of range as none at
    // all, and the credential would go to another port.
    base_url::check(base)
        .map_err(|problem| invalid(format_args!("the provider key's api_base {problem}")))?;
    Ok(base.trim_end_matches('/'))
}

/// The base without the first of these ends that it has; a host may be called like one.
#[must_use]
pub fn without_end<'a>(base: &'a str, ends: &[&str]) -> &'a str {
    ends.iter()
        .find_map(|end| base.strip_suffix(end))
        .filter(|rest| rest.contains("://"))
        .unwrap_or(base)
        .trim_end_matches('/')
}

/// The URL of a path below a base.
///
/// # Errors
/// Where both make none.
pub fn url(base: &str, path: &str) -> Result<Uri, Error> {
    format!("{base}{path}").parse().map_err(|_| invalid("the provider key's api_base is not a URL"))
}

/// A configuration that cannot work; `what` is wrong with it.
#[must_use]
pub fn invalid(what: impl fmt::Display) -> Error {
    Error::new(
        ErrorCode::InvalidUpstreamConfiguration,
        format!("invalid upstream configuration: {what}"),
    )
}
