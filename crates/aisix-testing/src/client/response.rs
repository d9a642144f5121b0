//! What the server answered.

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;

/// The head of a response.
#[derive(Debug, Clone)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// Every header, in order.
    pub headers: HeaderMap,
}

/// A response that arrived whole.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Every header, in order.
    pub headers: HeaderMap,
    /// The body, with a chunked coding removed.
    pub body: Bytes,
}

impl Head {
    /// The first value of a header.
    ///
    /// # Panics
    ///
    /// When the value is not visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        visible(&self.headers, name)
    }
}

impl Response {
    /// The first value of a header.
    ///
    /// # Panics
    ///
    /// When the value is not visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        visible(&self.headers, name)
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
    /// When it is not JSON of that shape; the message shows the body.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON of that shape ({error}): {:?}", self.body))
    }
}

fn visible<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().expect("a header of visible ASCII"))
}
