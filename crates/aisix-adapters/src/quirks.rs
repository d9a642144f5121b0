//! How a provider key's vendor differs from its family: data on the key, applied in one place for
//! every adapter and every operation.
//!
//! Bodies keep their bytes: what a quirk changes is spliced in, and everything else stays as it
//! was. Each quirk does what it says in every family, on the body as its format writes it.

mod answers;
mod body;
mod flatten;
mod headers;
mod secrets;

#[cfg(test)]
mod tests;

use aisix_dialects::Dropped;
use bytes::Bytes;
use http::Request;

use crate::adapter::{Adapter, Call};

pub use self::answers::Answers;
pub(crate) use self::secrets::of_key;
use aisix_core::Error;

/// A request that is ready to be sent.
#[derive(Debug)]
pub struct Prepared {
    /// The request.
    pub request: Request<Bytes>,
    /// What the key's quirks took away of what the caller said.
    pub dropped: Vec<Dropped>,
}

impl Call<'_> {
    /// The request to send: the adapter's, with the quirks of the provider key.
    ///
    /// The adapter gets the body as the quirks make it. Headers that the key adds go in where the
    /// adapter set none of that name.
    ///
    /// # Errors
    /// What the adapter says.
    pub async fn prepared_by(mut self, adapter: &dyn Adapter) -> Result<Prepared, Error> {
        let mut dropped = Vec::new();
        if let Some(rules) = body::Rules::of(&self.target.provider_key.spec) {
            let dialect = adapter.dialect(self.target, self.operation, self.stream)?.id();
            (self.body, dropped) = rules.apply(self.body, dialect);
        }
        self.added_headers = headers::added(&self);
        let added = self.added_headers.clone();
        let mut request = adapter.prepare(self).await?;
        headers::fill(request.headers_mut(), added);
        Ok(Prepared { request, dropped })
    }
}
