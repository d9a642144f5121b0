//! The body of a streamed answer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aisix_core::chat::ChatEvents;
use aisix_core::{Carried, Error};
use aisix_dialects::{EventEncoder, sse};
use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, Sleep};

use super::completion::Completion;
use super::upstream::UpstreamStream;
use crate::timeouts::timed_out;

/// Relays an upstream's stream to a caller, through the hooks and into the caller's dialect.
///
/// Dropped before its end, it drops the upstream call, and its completion reports that the caller
/// left.
pub(crate) struct EventBody {
    upstream: UpstreamStream,
    encoder: Box<dyn EventEncoder>,
    completion: Completion,
    heartbeat: Option<Duration>,
    /// When the upstream last sent something.
    heard: Instant,
    /// When the caller was last sent something.
    sent: Instant,
    /// Armed for the earlier of the two pauses that matter; it is let run out and set anew rather
    /// than moved with every piece.
    timer: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl EventBody {
    pub(super) fn new(
        upstream: UpstreamStream,
        encoder: Box<dyn EventEncoder>,
        mut completion: Completion,
        heartbeat: Option<Duration>,
    ) -> Self {
        completion.begun();
        let now = Instant::now();
        Self {
            upstream,
            encoder,
            completion,
            heartbeat,
            heard: now,
            sent: now,
            timer: None,
            ended: false,
        }
    }

    /// The next bytes for the caller; `None` after the last.
    pub(crate) fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let mut out = BytesMut::new();
        let first = std::mem::take(&mut self.upstream.first);
        let mut relayed = self.relay(first, &mut out);
        while out.is_empty() && relayed.is_ok() && !self.ended {
            relayed = match self.upstream.poll_events(cx) {
                Poll::Ready(Ok(Some(events))) => {
                    self.heard = Instant::now();
                    self.relay(events, &mut out)
                }
                Poll::Ready(Ok(None)) => {
                    self.finish(&mut out);
                    Ok(())
                }
                Poll::Ready(Err(error)) => Err(error),
                Poll::Pending => match self.poll_pause(cx) {
                    Poll::Ready(Ok(())) => {
                        out.extend_from_slice(sse::HEARTBEAT);
                        Ok(())
                    }
                    Poll::Ready(Err(stalled)) => Err(stalled),
                    Poll::Pending => return Poll::Pending,
                },
            };
        }
        if let Err(error) = relayed {
            self.abort(error, &mut out);
        }
        self.sent = Instant::now();
        Poll::Ready(Some(out.freeze()))
    }

    fn relay(&mut self, events: Vec<Carried<ChatEvents>>, out: &mut BytesMut) -> Result<(), Error> {
        for mut frame in events {
            self.completion.pass(&mut frame)?;
            self.encoder.push(&mut frame, out)?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut BytesMut) {
        self.encoder.finish(out);
        self.completion.succeed();
        self.ended = true;
    }

    /// The caller must not take what it has for the whole.
    fn abort(&mut self, error: Error, out: &mut BytesMut) {
        self.encoder.fail(&error, out);
        self.completion.fail(error);
        self.ended = true;
    }

    /// Ready when nothing was sent for so long that the caller needs a sign of life, or, as an
    /// error, when nothing was heard for so long that the upstream counts as stalled.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let stalls_at = self.upstream.gap.and_then(|gap| self.heard.checked_add(gap));
        let beats_at = self.heartbeat.and_then(|pause| self.sent.checked_add(pause));
        let Some(next) = stalls_at.into_iter().chain(beats_at).min() else {
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next)));
        if timer.deadline() > next {
            timer.as_mut().reset(next);
        }
        while timer.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            if stalls_at.is_some_and(|at| at <= now) {
                return Poll::Ready(Err(timed_out(now - self.heard)));
            }
            if beats_at.is_some_and(|at| at <= now) {
                return Poll::Ready(Ok(()));
            }
            timer.as_mut().reset(next);
        }
        Poll::Pending
    }
}

impl std::fmt::Debug for EventBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventBody").field("ended", &self.ended).finish_non_exhaustive()
    }
}
