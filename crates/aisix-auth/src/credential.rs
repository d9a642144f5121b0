//! Where callers put their keys.

use std::fmt;

use aisix_core::{Error, ErrorCode, KeyHash};
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// What a caller without a key reads, which tells it from one with a wrong key.
pub const MISSING_CREDENTIALS: &str = "Missing API key in request";

/// A caller's key as it was sent; not shown by `Debug`.
#[derive(Clone, Copy)]
pub struct Credential<'a>(&'a str);

impl<'a> Credential<'a> {
    /// Finds the key: `Authorization: Bearer <key>` with the scheme in any case, or
    /// `Authorization: <key>`; `x-api-key: <key>` only where there is no `Authorization`.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidApiKey`] with [`MISSING_CREDENTIALS`] where there is none; an
    /// `Authorization` that is present but empty counts as none.
    pub fn of(headers: &'a HeaderMap) -> Result<Self, Error> {
        let missing = || Error::new(ErrorCode::InvalidApiKey, MISSING_CREDENTIALS);
        let value =
            headers.get(AUTHORIZATION).or_else(|| headers.get("x-api-key")).ok_or_else(missing)?;
        let text = value
            .to_str()
            .map_err(|_| Error::new(ErrorCode::InvalidApiKey, "Invalid API key"))?
            .trim();
        let key = match text.split_once([' ', '\t']) {
            Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => key.trim_start(),
            None if text.eq_ignore_ascii_case("bearer") => "",
            _ => text,
        };
        if key.is_empty() { Err(missing()) } else { Ok(Self(key)) }
    }

    /// The key itself.
    #[must_use]
    pub fn expose(&self) -> &'a str {
        self.0
    }

    /// The hash by which the key is known.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(self.0)
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(***)")
    }
}
