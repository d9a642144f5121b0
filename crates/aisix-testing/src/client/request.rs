//! Ordinary requests.

use bytes::{Bytes, BytesMut};
use tokio::net::ToSocketAddrs;

use super::{Broken, Connection, Head, Response};

/// A request that is written as HTTP libraries write it.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Request {
    /// A request with any method.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// A `GET`.
    #[must_use]
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A `POST`.
    #[must_use]
    pub fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    /// A `PUT`.
    #[must_use]
    pub fn put(target: &str) -> Self {
        Self::new("PUT", target)
    }

    /// A `DELETE`.
    #[must_use]
    pub fn delete(target: &str) -> Self {
        Self::new("DELETE", target)
    }

    /// Adds a header. `host`, `content-length` and `connection` are written already.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds `authorization: Bearer <credential>`.
    #[must_use]
    pub fn bearer(self, credential: &str) -> Self {
        self.header("authorization", &format!("Bearer {credential}"))
    }

    /// Sets the body, and its `content-type` to JSON.
    #[must_use]
    pub fn json(self, body: impl Into<Bytes>) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The bytes of this request, for a connection that stays open afterwards.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        self.written("keep-alive")
    }

    /// Sends it on a connection of its own, and reads the answer.
    ///
    /// # Errors
    ///
    /// When the answer breaks off.
    ///
    /// # Panics
    ///
    /// When nothing accepts at `address`, or nothing comes in time.
    pub async fn try_send(&self, address: impl ToSocketAddrs) -> Result<Response, Broken> {
        let mut connection = Connection::open(address).await;
        connection.send(self.written("close")).await?;
        connection.response().await
    }

    /// As [`try_send`](Self::try_send), for answers that must arrive whole.
    ///
    /// # Panics
    ///
    /// When the answer breaks off as well.
    pub async fn send(&self, address: impl ToSocketAddrs) -> Response {
        self.try_send(address).await.expect("a whole answer")
    }

    /// Sends it on a connection of its own, and returns as soon as the head of the answer is there.
    ///
    /// # Panics
    ///
    /// When nothing accepts at `address`, or no head comes.
    pub async fn stream(&self, address: impl ToSocketAddrs) -> (Head, Connection) {
        let mut connection = Connection::open(address).await;
        connection.send(self.written("close")).await.expect("a server that reads");
        let head = connection.head().await.expect("a response head");
        (head, connection)
    }

    fn written(&self, connection: &str) -> Bytes {
        let Self { method, target, headers, body } = self;
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: {connection}\r\n"
        );
        if !body.is_empty() || !matches!(method.as_str(), "GET" | "DELETE") {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        let mut bytes = BytesMut::from(head.as_str());
        bytes.extend_from_slice(body);
        bytes.freeze()
    }
}
