//! Requests that never become one.
//!
//! What the HTTP parser refuses, such as two lengths for one body, it answers by itself, with an
//! empty 4xx. Callers are promised more: the error body of the proxy, its `Server` and a request
//! id. The answer is replaced on its way to the socket, and recognised by what it lacks: every
//! answer of the gateway carries a request id.

#[cfg(test)]
mod tests;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use aisix_core::Error;
use aisix_dialects::{CallerDialect as _, OPENAI_CHAT};
use aisix_telemetry::AccessRecord;
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::request_id;

/// A caller's connection; replaces the parser's own refusals.
#[derive(Debug)]
pub(super) struct Refusing<S> {
    stream: S,
    /// What is left to write of a replacement.
    replacement: Vec<u8>,
    written: usize,
}

impl<S: AsyncWrite + Unpin> Refusing<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, replacement: Vec::new(), written: 0 }
    }

    fn poll_replacement(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.replacement.len() {
            let rest = &self.replacement[self.written..];
            let count = std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
        self.replacement.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

/// The longest answer that the parser makes by itself, in bytes; it holds a date at most.
const LONGEST_REFUSAL: usize = 256;

/// The status of an answer that the parser made by itself.
fn parsers_own(answer: &[u8]) -> Option<u16> {
    let whole = answer.len() <= LONGEST_REFUSAL && answer.ends_with(b"\r\n\r\n");
    let status = answer.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    let ours = answer.windows(11).any(|part| part == b"x-aisix-req");
    let status = std::str::from_utf8(status).ok()?.parse().ok()?;
    (whole && !ours && (400..500).contains(&status)).then_some(status)
}

fn replacement(status: u16) -> Vec<u8> {
    let what = match status {
        414 => "the request's URI is too long",
        431 => "the request's header fields are too large",
        _ => "the HTTP request is malformed",
    };
    let body = OPENAI_CHAT.encode_error(&Error::invalid_request(what));
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Bad Request");
    let id = request_id::of(&HeaderMap::new(), &[]);
    // What was asked for is not known: that is what is wrong with it.
    let record = AccessRecord {
        request_id: &id,
        method: "-",
        path: "-",
        status,
        error: Some(what),
        ..AccessRecord::default()
    };
    record.write();
    let version = env!("CARGO_PKG_VERSION");
    let mut answer = format!(
        "HTTP/1.1 {status} {reason}\r\nserver: AISIX/{version}\r\nx-aisix-request-id: {id}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(&body);
    answer
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Refusing<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        std::task::ready!(self.poll_replacement(cx))?;
        match parsers_own(bytes) {
            None => Pin::new(&mut self.stream).poll_write(cx, bytes),
            Some(status) => {
                self.replacement = replacement(status);
                // The parser's bytes count as written; the replacement follows when flushed.
                Poll::Ready(Ok(bytes.len()))
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // Refusals have no body, so they come in one part.
        match parts {
            [one] => self.poll_write(cx, one),
            _ => {
                std::task::ready!(self.poll_replacement(cx))?;
                Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_replacement(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_replacement(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Refusing<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}
