//! Which headers may go upstream on the word of a provider key.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::glob::Glob;

/// Headers that prove who somebody is, or say who is meant: the gateway's own are the only ones.
const RESERVED: [&str; 10] = [
    "authorization",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "x-amz-security-token",
    "x-amz-date",
    "x-amz-content-sha256",
    "proxy-authorization",
    "cookie",
    "host",
];

/// Headers that say how one message is sent over one connection: another message is another matter.
const TRANSPORT: [&str; 14] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Further headers that stay between the caller and the gateway.
const CALLERS_OWN: [&str; 3] = ["accept", "traceparent", "tracestate"];

/// What the names of such headers begin with.
const CALLERS_OWN_PREFIXES: [&str; 2] = ["x-aisix-", "x-stainless-"];

/// Whether a provider key may not set this header, in whichever case it is written.
#[must_use]
pub fn is_barred(name: &str) -> bool {
    is_one_of(&RESERVED, name) || is_one_of(&TRANSPORT, name)
}

/// Whether this header of a caller's never goes upstream, in whichever case it is written.
#[must_use]
pub fn is_never_forwarded(name: &str) -> bool {
    let begins = |prefix: &str| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    is_barred(name) || is_one_of(&CALLERS_OWN, name) || CALLERS_OWN_PREFIXES.into_iter().any(begins)
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a header can be called like this: a token of RFC 9110, section 5.6.2.
pub(super) fn is_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

/// A name of headers, or a pattern with one `*`, in whichever case they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderPattern {
    written: String,
    lower: Glob,
}

impl HeaderPattern {
    /// Compiles a pattern.
    pub fn new(written: impl Into<String>) -> Self {
        let written = written.into();
        let lower = Glob::new(written.to_ascii_lowercase());
        Self { written, lower }
    }

    /// Whether a header matches; its name is in lower case.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.lower.matches(name)
    }
}

impl Serialize for HeaderPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

impl<'de> Deserialize<'de> for HeaderPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
