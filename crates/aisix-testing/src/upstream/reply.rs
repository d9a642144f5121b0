//! What the upstream says: a list of steps, and short ways to write one.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};

use super::Gate;

/// One reply: what happens on the connection after a request has been received completely.
///
/// When the steps are done, the connection stays open for the next request, unless the last step
/// ended it.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    steps: Vec<Step>,
}

/// One thing that the upstream does.
#[derive(Debug, Clone)]
pub enum Step {
    /// Writes a response head: a status and headers.
    Head(u16, Vec<(String, String)>),
    /// Writes these bytes as they are, in one piece.
    Bytes(Bytes),
    /// Writes one chunk of the chunked coding, in one piece.
    Chunk(Bytes),
    /// Writes the chunk that ends a chunked body.
    EndChunks,
    /// Writes bytes in small pieces, each in a packet of its own, with a pause after each.
    Trickle {
        /// What is written.
        bytes: Bytes,
        /// How many bytes make a piece.
        piece: usize,
        /// How long the wire is silent after each piece. Zero still separates the pieces.
        pause: Duration,
    },
    /// Goes on when the test has opened the gate.
    WaitFor(Gate),
    /// Says nothing more, and keeps the connection open until the peer closes it.
    Hang,
    /// Resets the connection (RST).
    Reset,
    /// Closes the connection in the ordinary way (FIN).
    Close,
}

impl Reply {
    /// Nothing yet: the start for a reply that is written step by step.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Exactly these bytes. Add [`close`](Self::close) where they say no length.
    #[must_use]
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self::new().bytes(bytes)
    }

    /// A JSON answer with its `content-length`.
    #[must_use]
    pub fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self::sized(status, "application/json", body.into())
    }

    /// A plain-text answer with its `content-length`.
    #[must_use]
    pub fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Self::sized(status, "text/plain; charset=utf-8", body.into())
    }

    /// A complete event stream: a 200 with one chunk for each frame. A frame is written as it is,
    /// so it brings its own `data: ` and blank line.
    #[must_use]
    pub fn sse<F: Into<Bytes>>(frames: impl IntoIterator<Item = F>) -> Self {
        Self::open_sse().chunks(frames).end()
    }

    /// The head of an event stream, to be continued.
    #[must_use]
    pub fn open_sse() -> Self {
        Self::open(200, "text/event-stream")
    }

    /// The head of a chunked answer, to be continued.
    #[must_use]
    pub fn open(status: u16, content_type: &str) -> Self {
        Self::new()
            .step(Step::Head(status, Vec::new()))
            .header("content-type", content_type)
            .header("transfer-encoding", "chunked")
    }

    fn sized(status: u16, content_type: &str, body: Bytes) -> Self {
        Self::new()
            .step(Step::Head(status, Vec::new()))
            .header("content-type", content_type)
            .header("content-length", &body.len().to_string())
            .bytes(body)
    }

    /// Adds a header to the head.
    ///
    /// # Panics
    ///
    /// When the reply does not start with a [`Step::Head`].
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match self.steps.first_mut() {
            Some(Step::Head(_, headers)) => headers.push((name.to_owned(), value.to_owned())),
            _ => panic!("only a reply that starts with a head can take the header {name}"),
        }
        self
    }

    /// Appends any step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Then writes these bytes as they are.
    #[must_use]
    pub fn bytes(self, bytes: impl Into<Bytes>) -> Self {
        self.step(Step::Bytes(bytes.into()))
    }

    /// Then writes one chunk.
    #[must_use]
    pub fn chunk(self, bytes: impl Into<Bytes>) -> Self {
        self.step(Step::Chunk(bytes.into()))
    }

    /// Then writes several chunks.
    #[must_use]
    pub fn chunks<F: Into<Bytes>>(self, chunks: impl IntoIterator<Item = F>) -> Self {
        chunks.into_iter().fold(self, Self::chunk)
    }

    /// Then ends a chunked body.
    #[must_use]
    pub fn end(self) -> Self {
        self.step(Step::EndChunks)
    }

    /// Then writes `bytes` in pieces of `piece` bytes, each followed by `pause`.
    #[must_use]
    pub fn trickle(self, bytes: impl Into<Bytes>, piece: usize, pause: Duration) -> Self {
        self.step(Step::Trickle { bytes: bytes.into(), piece, pause })
    }

    /// Then waits until the test opens `gate`.
    #[must_use]
    pub fn wait_for(self, gate: &Gate) -> Self {
        self.step(Step::WaitFor(gate.clone()))
    }

    /// Then says nothing more, with the connection open.
    #[must_use]
    pub fn hang(self) -> Self {
        self.step(Step::Hang)
    }

    /// Then resets the connection.
    #[must_use]
    pub fn reset(self) -> Self {
        self.step(Step::Reset)
    }

    /// Then closes the connection.
    #[must_use]
    pub fn close(self) -> Self {
        self.step(Step::Close)
    }

    /// Everything that this reply writes, without its pauses: what a test cuts into pieces to let a
    /// reply break off at each of its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut bytes = BytesMut::new();
        for written in self.steps.iter().filter_map(Step::written) {
            bytes.put(written);
        }
        bytes.freeze()
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }
}

impl Step {
    /// The bytes that this step puts on the wire.
    pub(super) fn written(&self) -> Option<Bytes> {
        match self {
            Self::Head(status, headers) => Some(head(*status, headers)),
            Self::Bytes(bytes) | Self::Trickle { bytes, .. } => Some(bytes.clone()),
            Self::Chunk(bytes) => {
                let mut chunk = BytesMut::from(format!("{:x}\r\n", bytes.len()).as_str());
                chunk.extend_from_slice(bytes);
                chunk.extend_from_slice(b"\r\n");
                Some(chunk.freeze())
            }
            Self::EndChunks => Some(Bytes::from_static(b"0\r\n\r\n")),
            Self::WaitFor(_) | Self::Hang | Self::Reset | Self::Close => None,
        }
    }
}

fn head(status: u16, headers: &[(String, String)]) -> Bytes {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason());
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or("Unnamed"));
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    head.into()
}
