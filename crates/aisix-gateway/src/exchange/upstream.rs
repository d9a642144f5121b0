//! An upstream's stream, read frame by frame.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aisix_core::chat::ChatEvents;
use aisix_core::{Carried, Error};
use aisix_dialects::{EventDecoder, Frame, FrameDecoder};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::Instant;

use super::completion::Completion;
use crate::client::transport;
use crate::timeouts::timed_out;

/// Events that have arrived, or the end of them.
pub(super) type Arrived = Result<Option<Vec<Carried<ChatEvents>>>, Error>;

/// The part of an upstream's answer that has not been passed on.
pub(crate) struct UpstreamStream {
    body: Incoming,
    framing: Box<dyn FrameDecoder>,
    decoder: Box<dyn EventDecoder>,
    /// Read before the commit point.
    pub(super) first: Vec<Carried<ChatEvents>>,
    /// The longest gap between two pieces.
    pub(super) gap: Option<Duration>,
    frames: Vec<Frame>,
    ended: bool,
}

impl UpstreamStream {
    pub(super) fn new(
        body: Incoming,
        framing: Box<dyn FrameDecoder>,
        decoder: Box<dyn EventDecoder>,
        gap: Option<Duration>,
    ) -> Self {
        Self { body, framing, decoder, first: Vec::new(), gap, frames: Vec::new(), ended: false }
    }

    /// The events of the next piece that has any; `None` after the last, when they are complete.
    ///
    /// An error is the last thing that is said.
    pub(super) fn poll_events(&mut self, cx: &mut Context<'_>) -> Poll<Arrived> {
        while !self.ended {
            let events = match std::task::ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => self.read(|framing, frames| framing.push(bytes, frames)),
                    Err(_trailers) => continue,
                },
                Some(Err(broken)) => Err(transport(&broken)),
                None => {
                    self.ended = true;
                    let rest = self.read(|framing, frames| framing.finish(frames));
                    rest.and_then(|events| self.decoder.finish().map(|()| events))
                }
            };
            self.ended |= events.is_err();
            match events {
                Ok(events) if events.is_empty() => {}
                other => return Poll::Ready(other.map(Some)),
            }
        }
        Poll::Ready(Ok(None))
    }

    fn read(
        &mut self,
        find: impl FnOnce(&mut dyn FrameDecoder, &mut Vec<Frame>) -> Result<(), Error>,
    ) -> Result<Vec<Carried<ChatEvents>>, Error> {
        find(&mut *self.framing, &mut self.frames)?;
        let mut events = Vec::with_capacity(self.frames.len());
        for frame in self.frames.drain(..) {
            events.extend(self.decoder.push(frame)?);
        }
        Ok(events)
    }

    /// Waits for events, no longer than the gap.
    pub(super) async fn next(&mut self) -> Arrived {
        let gap = self.gap;
        let started = Instant::now();
        let events = std::future::poll_fn(|cx| self.poll_events(cx));
        match gap {
            None => events.await,
            Some(gap) => tokio::time::timeout(gap, events)
                .await
                .unwrap_or_else(|_| Err(timed_out(started.elapsed()))),
        }
    }

    /// Reads the whole, showing each frame to the hooks.
    pub(super) async fn collect(
        mut self: Box<Self>,
        completion: &mut Completion,
    ) -> Result<Vec<Carried<ChatEvents>>, Error> {
        let mut held = std::mem::take(&mut self.first);
        held.iter_mut().try_for_each(|frame| completion.pass(frame))?;
        while let Some(mut events) = self.next().await? {
            events.iter_mut().try_for_each(|frame| completion.pass(frame))?;
            held.append(&mut events);
        }
        Ok(held)
    }
}

impl std::fmt::Debug for UpstreamStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UpstreamStream").field("ended", &self.ended).finish_non_exhaustive()
    }
}
