//! Requests to upstreams, where families agree.

use aisix_core::{Error, ErrorCode, Operation, Secret};
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::request::Builder;
use http::{HeaderValue, Request, Uri};
use zeroize::Zeroizing;

use crate::adapter::Call;

/// Sent to every upstream.
pub(crate) const AGENT: &str = concat!("aisix/", env!("CARGO_PKG_VERSION"));

/// A request with the headers that every upstream gets.
pub fn post(url: Uri, call: &Call<'_>) -> Builder {
    let mut request =
        Request::post(url).header(CONTENT_TYPE, "application/json").header(USER_AGENT, AGENT);
    if !call.request_id.is_empty() {
        request = request.header("x-aisix-request-id", call.request_id);
    }
    if call.stream {
        request = request.header(ACCEPT, "text/event-stream");
    }
    request
}

/// The value of the header that proves who calls.
///
/// # Errors
/// Where no header can hold the secret.
pub fn credential(before: &str, secret: &Secret) -> Result<HeaderValue, Error> {
    let unusable = || {
        Error::new(
            ErrorCode::InvalidUpstreamCredentials,
            "invalid upstream credentials: the provider key's secret cannot be sent in a header",
        )
    };
    if !secret.fits_a_header() {
        return Err(unusable());
    }
    let text = Zeroizing::new(format!("{before}{}", secret.expose()));
    let mut value = HeaderValue::from_str(&text).map_err(|_| unusable())?;
    value.set_sensitive(true);
    Ok(value)
}

/// An operation that a family does not have.
#[must_use]
pub fn lacks(adapter: &str, operation: Operation) -> Error {
    let name = operation.name();
    if operation == Operation::CountTokens {
        // An estimate in its place would be taken for the provider's number.
        let detail = format_args!("adapter '{adapter}' leads to no model with '{name}'");
        return Error::unsupported(detail);
    }
    Error::new(ErrorCode::NotImplemented, format!("adapter '{adapter}' has no operation '{name}'"))
}
