//! How long is waited for callers: for the head of a request that has begun, and for what they
//! still send when they have been answered already.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::progress::Progress;
use super::refusal::Refusing;
use crate::body::{DISCARDED_BYTES, DISCARDED_FOR};

/// A caller's connection.
///
/// A connection between requests may rest for as long as it likes: callers keep connections for
/// later, and closing one just when a request is sent on it would lose that request.
///
/// A connection whose caller was answered before it had sent all is closed in two steps, the
/// gateway's half first: closed at once, the kernel would answer the rest with a reset, and the
/// caller would never read why it was refused.
#[derive(Debug)]
pub(super) struct Patient {
    socket: Refusing,
    progress: Progress,
    /// How long a head may take; `None` means any time.
    patience: Option<Duration>,
    /// Armed while the head of a request is due.
    due: Option<Pin<Box<Sleep>>>,
    /// Armed once the gateway's half is closed and the caller's is not.
    lingering: Option<Pin<Box<Sleep>>>,
    discarded: usize,
}

impl Patient {
    pub(super) fn new(socket: Refusing, progress: Progress, patience: Option<Duration>) -> Self {
        Self { socket, progress, patience, due: None, lingering: None, discarded: 0 }
    }

    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some(patience) = self.patience else {
            return Poll::Pending;
        };
        ready!(self.due.get_or_insert_with(|| Box::pin(sleep(patience))).as_mut().poll(cx));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }

    /// Ready when the caller has closed its half as well, or was waited for long enough.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(patience) = &mut self.lingering else {
            return Poll::Ready(());
        };
        let mut scratch = [0; 4096];
        while patience.as_mut().poll(cx).is_pending() && self.discarded < DISCARDED_BYTES {
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => self.discarded += buffer.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let due = self.progress.head_is_due();
        if !due {
            self.due = None;
        }
        match Pin::new(&mut self.socket).poll_read(cx, buffer) {
            Poll::Ready(read) => {
                self.progress.received();
                Poll::Ready(read)
            }
            Poll::Pending if due => self.poll_late(cx).map(Err),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
            if self.progress.unread() {
                self.lingering = Some(Box::pin(sleep(DISCARDED_FOR)));
            }
        }
        self.poll_linger(cx).map(Ok)
    }
}
