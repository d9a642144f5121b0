//! A connection that a test drives by hand.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, ToSocketAddrs};

use super::sse::{Event, EventReader};
use super::{Head, Response};
use crate::wait;
use crate::wire::{self, Body, Malformed, ResponseHead};

/// One connection to a server. Dropping it closes it, in the middle of anything.
///
/// Reading methods panic when nothing comes within [`wait::DEADLINE`].
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    unread: BytesMut,
    body: Body,
    events: EventReader,
}

/// Why an answer could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The server closed the connection before the answer was complete.
    #[error("the server closed the connection; unread: {0:?}")]
    Closed(Bytes),
    /// The server reset the connection.
    #[error("the server reset the connection")]
    Reset,
    /// The bytes are not HTTP/1.1.
    #[error("the server sent what is not HTTP/1.1: {0}")]
    Malformed(String),
    /// Bytes came where the connection should have ended.
    #[error("the server sent more than it should: {0:?}")]
    Unexpected(Bytes),
    /// The socket failed in another way.
    #[error("the socket failed: {0}")]
    Socket(#[source] io::Error),
}

impl From<Malformed> for Broken {
    fn from(Malformed(why): Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Self::Reset,
            _ => Self::Socket(error),
        }
    }
}

impl Connection {
    /// Connects.
    ///
    /// # Panics
    ///
    /// When nothing accepts at `address`.
    pub async fn open(address: impl ToSocketAddrs) -> Self {
        let connecting = TcpStream::connect(address);
        let stream = wait::within("a connection", connecting).await.expect("a server that accepts");
        stream.set_nodelay(true).expect("a socket that sends at once");
        let body = Body::done();
        Self { stream, unread: BytesMut::new(), body, events: EventReader::default() }
    }

    /// Sends bytes, whatever they are.
    ///
    /// # Errors
    ///
    /// When the server has closed or reset the connection.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), Broken> {
        let sending = self.stream.write_all(bytes.as_ref());
        Ok(wait::within("the server to take what is sent", sending).await?)
    }

    /// Says that nothing more will be sent (FIN), and goes on reading.
    ///
    /// # Errors
    ///
    /// When the server has reset the connection.
    pub async fn finish_sending(&mut self) -> Result<(), Broken> {
        Ok(self.stream.shutdown().await?)
    }

    /// Leaves with a reset (RST) instead of an orderly close.
    ///
    /// # Panics
    ///
    /// When the socket refuses the option.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("a socket that can be reset");
    }

    /// Reads the head of the next response; an interim one (1xx) too. What was left of the previous
    /// body is skipped.
    ///
    /// # Errors
    ///
    /// When the connection ends first or the bytes are no response head.
    pub async fn head(&mut self) -> Result<Head, Broken> {
        while self.piece().await?.is_some() {}
        let ResponseHead { status, headers, body } = loop {
            if let Some(head) = wire::take_response_head(&mut self.unread)? {
                break head;
            }
            if self.read_more("a response head").await? == 0 {
                return Err(self.closed_early());
            }
        };
        self.body = body;
        self.events = EventReader::default();
        Ok(Head { status, headers })
    }

    /// Reads the next piece of the body as it arrives; `None` at its end.
    ///
    /// # Errors
    ///
    /// When the connection ends before the body does, or a chunk is malformed.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Broken> {
        loop {
            if let Some(piece) = self.body.take(&mut self.unread)? {
                return Ok(Some(piece));
            }
            if self.body.is_done() {
                return Ok(None);
            }
            if self.read_more("a piece of the body").await? == 0 && !self.body.close() {
                return Err(self.closed_early());
            }
        }
    }

    /// Reads the rest of the body.
    ///
    /// # Errors
    ///
    /// As [`piece`](Self::piece).
    pub async fn body(&mut self) -> Result<Bytes, Broken> {
        let mut body = BytesMut::new();
        while let Some(piece) = self.piece().await? {
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }

    /// Reads a whole response.
    ///
    /// # Errors
    ///
    /// As [`head`](Self::head) and [`piece`](Self::piece).
    pub async fn response(&mut self) -> Result<Response, Broken> {
        let Head { status, headers } = self.head().await?;
        let body = self.body().await?;
        Ok(Response { status, headers, body })
    }

    /// Reads the next server-sent event of the body as it arrives, comments included; `None` at the
    /// end of the body. A last event that lacks its blank line counts.
    ///
    /// # Errors
    ///
    /// As [`piece`](Self::piece).
    pub async fn event(&mut self) -> Result<Option<Event>, Broken> {
        loop {
            if let Some(event) = self.events.next() {
                return Ok(Some(event));
            }
            match self.piece().await? {
                Some(piece) => self.events.push(&piece),
                None => return Ok(self.events.finish()),
            }
        }
    }

    /// Reads the remaining server-sent events.
    ///
    /// # Errors
    ///
    /// As [`piece`](Self::piece).
    pub async fn events(&mut self) -> Result<Vec<Event>, Broken> {
        let mut events = Vec::new();
        while let Some(event) = self.event().await? {
            events.push(event);
        }
        Ok(events)
    }

    /// Waits until the server closes the connection in the ordinary way, with nothing more said.
    ///
    /// # Errors
    ///
    /// [`Broken::Unexpected`] when bytes come instead, [`Broken::Reset`] when it is reset.
    pub async fn closed(&mut self) -> Result<(), Broken> {
        if self.unread.is_empty() && self.read_more("the end of the connection").await? == 0 {
            return Ok(());
        }
        Err(Broken::Unexpected(self.unread.split().freeze()))
    }

    async fn read_more(&mut self, what: &str) -> Result<usize, Broken> {
        let reading = self.stream.read_buf(&mut self.unread);
        Ok(wait::within(what, reading).await?)
    }

    fn closed_early(&mut self) -> Broken {
        Broken::Closed(self.unread.split().freeze())
    }
}
