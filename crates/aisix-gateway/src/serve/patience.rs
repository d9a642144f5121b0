//! How long is waited for callers: for the head of a request that has begun, and for what they
//! still send when they have been answered already.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::head::HeadScan;
use super::progress::Progress;
use crate::body::{DISCARDED_BYTES, DISCARDED_FOR};

/// How long is waited for a caller; `None` means any time.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the head of a request that has begun, or that the connection was made for; and for
    /// callers to take anything of an answer that waits for them.
    pub head: Option<Duration>,
    /// For the next request, between two of them.
    pub idle: Option<Duration>,
}

/// A caller's connection.
///
/// A connection between requests may rest for as long as it likes, unless told otherwise: callers keep connections for
/// later, and closing one just when a request is sent on it would lose that request.
///
/// A connection whose caller was answered before it had sent all is closed in two steps, the
/// gateway's half first: closed at once, the kernel would answer the rest with a reset, and the
/// caller would never read why it was refused.
#[derive(Debug)]
pub(super) struct Patient<S> {
    socket: S,
    progress: Progress,
    patience: Patience,
    /// Armed while the head of a request is due.
    due: Option<Pin<Box<Sleep>>>,
    /// Armed once the gateway's half is closed and the caller's is not.
    lingering: Option<Pin<Box<Sleep>>>,
    /// Armed while the connection rests.
    resting: Option<Pin<Box<Sleep>>>,
    /// Whether the caller is slow to take its answer, which is not resting.
    blocked: bool,
    /// Armed while the caller takes nothing of it.
    stuck: Option<Pin<Box<Sleep>>>,
    discarded: usize,
    /// What has come of the head that is due.
    head: HeadScan,
}

impl<S: AsyncRead + Unpin> Patient<S> {
    pub(super) fn new(socket: S, progress: Progress, patience: Patience) -> Self {
        Self {
            socket,
            progress,
            patience,
            due: None,
            lingering: None,
            resting: None,
            blocked: false,
            stuck: None,
            discarded: 0,
            head: HeadScan::default(),
        }
    }

    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some(patience) = self.patience.head else {
            return Poll::Pending;
        };
        ready!(self.due.get_or_insert_with(|| Box::pin(sleep(patience))).as_mut().poll(cx));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }

    /// Ready when the connection has rested for as long as it may. It ends like one that the caller
    /// closes: nothing is lost of what was answered.
    fn poll_rested(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(idle) = self.patience.idle.filter(|_| self.progress.rests() && !self.blocked)
        else {
            self.resting = None;
            return Poll::Pending;
        };
        self.resting.get_or_insert_with(|| Box::pin(sleep(idle))).as_mut().poll(cx)
    }

    /// Notes what became of a write; time counts anew from the last that the caller took.
    fn written(&mut self, cx: &mut Context<'_>, blocked: bool) {
        self.blocked = blocked;
        self.resting = None;
        // Whoever wakes up reads, and finds out there: this arms the timer only.
        let _ = self.poll_rested(cx);
    }

    /// What became of a write or a flush: it fails once the caller has taken nothing for too long.
    fn poll_taken<T>(
        &mut self,
        cx: &mut Context<'_>,
        taken: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let Some(patience) = self.patience.head.filter(|_| taken.is_pending()) else {
            self.stuck = None;
            return taken;
        };
        ready!(self.stuck.get_or_insert_with(|| Box::pin(sleep(patience))).as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
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

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let due = self.progress.head_is_due();
        if !due {
            self.due = None;
            self.head = HeadScan::default();
        }
        // What comes while a request is being answered may be of its body, and so may be what comes
        // after an answer to a request whose body was not read.
        let heads_come = (due || self.progress.rests()) && !self.progress.unread();
        let before = buffer.filled().len();
        match Pin::new(&mut self.socket).poll_read(cx, buffer) {
            Poll::Ready(read) => {
                if heads_come {
                    self.head.look(&mut buffer.filled_mut()[before..]);
                }
                self.progress.received();
                self.resting = None;
                Poll::Ready(read)
            }
            Poll::Pending if due => self.poll_late(cx).map(Err),
            Poll::Pending => self.poll_rested(cx).map(Ok),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.written(cx, written.is_pending());
        self.poll_taken(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, parts);
        self.written(cx, written.is_pending());
        self.poll_taken(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        self.poll_taken(cx, flushed)
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
