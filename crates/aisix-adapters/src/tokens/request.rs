//! What a token endpoint is asked.

use aisix_core::{Error, Secret};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{Request, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::request::AGENT;

/// What a form escapes (`application/x-www-form-urlencoded`): all but these and alphanumerics.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');

/// A form for a token endpoint, as RFC 6749, section 4, has it.
pub struct TokenRequest {
    endpoint: Uri,
    form: Zeroizing<String>,
    /// What must not be told of what the endpoint answers, in every form that it was sent in.
    credentials: Vec<Secret>,
}

impl TokenRequest {
    /// An empty form for this endpoint.
    #[must_use]
    pub fn new(endpoint: Uri) -> Self {
        Self { endpoint, form: Zeroizing::default(), credentials: Vec::new() }
    }

    /// Adds a field that anybody may read.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.push(name, value);
        self
    }

    /// Adds a field that nobody but the endpoint may read.
    #[must_use]
    pub fn credential(mut self, name: &str, value: &Secret) -> Self {
        let escaped = self.push(name, value.expose());
        if *escaped != *value.expose() {
            self.credentials.push(Secret::new(escaped.as_str()));
        }
        self.credentials.push(value.clone());
        self
    }

    fn push(&mut self, name: &str, value: &str) -> Zeroizing<String> {
        let escaped = |text| Zeroizing::new(utf8_percent_encode(text, ESCAPED).to_string());
        let value = escaped(value);
        let separator = if self.form.is_empty() { "" } else { "&" };
        self.form.extend([separator, &escaped(name), "=", &value]);
        value
    }

    /// The request, and what must not be told of its answer.
    pub(crate) fn into_parts(self) -> Result<(Request<Bytes>, Vec<Secret>), Error> {
        let request = Request::post(self.endpoint)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, AGENT)
            .body(Bytes::copy_from_slice(self.form.as_bytes()))
            .map_err(Error::internal)?;
        Ok((request, self.credentials))
    }
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenRequest").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
