//! An answer that is read as it arrives.

use std::future::poll_fn;
use std::pin::Pin;

use aisix_gateway::AnswerBody;
use aisix_testing::wait;
use bytes::{Bytes, BytesMut};
use http::response::Parts;
use http_body::Body as _;

/// A streamed answer. Dropping it is leaving.
pub struct Streamed {
    pub head: Parts,
    body: Pin<Box<AnswerBody>>,
    unread: BytesMut,
}

impl Streamed {
    pub fn new(response: http::Response<AnswerBody>) -> Self {
        let (head, body) = response.into_parts();
        Self { head, body: Box::pin(body), unread: BytesMut::new() }
    }

    pub fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    /// The next frame with its blank line, comments included; `None` at the end.
    pub async fn frame(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
                return Some(text(&self.unread.split_to(end + 2)));
            }
            match self.piece().await {
                Some(piece) => self.unread.extend_from_slice(&piece),
                None => {
                    assert!(self.unread.is_empty(), "a frame without an end: {:?}", self.unread);
                    return None;
                }
            }
        }
    }

    /// Everything that is still to come.
    pub async fn rest(&mut self) -> String {
        while let Some(piece) = self.piece().await {
            self.unread.extend_from_slice(&piece);
        }
        text(&self.unread.split())
    }

    async fn piece(&mut self) -> Option<Bytes> {
        let frame = poll_fn(|cx| self.body.as_mut().poll_frame(cx));
        let Ok(frame) = wait::within("a piece of the answer", frame).await?;
        Some(frame.into_data().expect("answers have no trailers"))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("streams are UTF-8")
}
