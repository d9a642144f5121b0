//! What the upstream received.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::de::DeserializeOwned;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// The method of the request line.
    pub method: Method,
    /// The target of the request line, unchanged.
    pub path_and_query: String,
    /// Every header, in order.
    pub headers: HeaderMap,
    /// The body, with a chunked coding removed.
    pub body: Bytes,
    /// Which connection it came on, counted from 0.
    pub connection: usize,
}

impl Received {
    /// The first value of a header.
    ///
    /// # Panics
    ///
    /// When the value is not visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of visible ASCII"))
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// When it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of UTF-8")
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it is not JSON of that shape.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).expect("a JSON body of the expected shape")
    }
}
