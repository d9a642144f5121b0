//! How far the requests on a connection have come, as far as its socket has to know.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// Shared by a connection's socket, its service and the bodies that pass.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    phase: AtomicU8,
    /// Whether a request's body has not been read to its end.
    unread: AtomicBool,
}

/// A request is due: the connection is new, or a part of a head has come.
const DUE: u8 = 0;
/// A request is being answered.
const BUSY: u8 = 1;
/// Nothing is due: requests may come or not.
const RESTING: u8 = 2;

impl Progress {
    /// Bytes came.
    pub(super) fn received(&self) {
        let _ = self.0.phase.compare_exchange(RESTING, DUE, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether the head of a request should arrive.
    pub(super) fn head_is_due(&self) -> bool {
        self.0.phase.load(Ordering::Relaxed) == DUE
    }

    /// Whether nothing is due.
    pub(super) fn rests(&self) -> bool {
        self.0.phase.load(Ordering::Relaxed) == RESTING
    }

    /// Whether the caller may still be sending what nobody reads.
    pub(super) fn unread(&self) -> bool {
        self.0.unread.load(Ordering::Relaxed)
    }

    /// A request came; it is being answered until the guard is dropped.
    pub(super) fn begin(&self, body: Incoming) -> (RequestBody, Answering) {
        self.0.phase.store(BUSY, Ordering::Relaxed);
        self.0.unread.store(!body.is_end_stream(), Ordering::Relaxed);
        (RequestBody { body, progress: self.clone() }, Answering(self.clone()))
    }
}

/// A request is being answered.
#[derive(Debug)]
pub(super) struct Answering(Progress);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.0.phase.store(RESTING, Ordering::Relaxed);
    }
}

/// The body of a request; it is noted when it has been read to its end.
#[derive(Debug)]
pub struct RequestBody {
    body: Incoming,
    progress: Progress,
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() || self.body.is_end_stream() {
            self.progress.0.unread.store(false, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
