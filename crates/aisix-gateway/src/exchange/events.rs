//! The body of a streamed answer.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aisix_core::chat::ChatEvents;
use aisix_core::{Carried, Error};
use aisix_dialects::{EventEncoder, sse};
use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, Sleep};

use super::completion::Completion;
use super::upstream::UpstreamStream;

/// Relays an upstream's stream to a caller, through the hooks and into the caller's dialect.
///
/// Dropped before its end, it drops the upstream call, and its completion reports that the caller
/// left.
pub(crate) struct EventBody {
    upstream: UpstreamStream,
    encoder: Box<dyn EventEncoder>,
    completion: Completion,
    heartbeat: Option<Duration>,
    /// When the last heartbeat was sent.
    beat: Option<Instant>,
    /// Armed for the earlier of the two pauses that matter; it is let run out and set anew rather
    /// than moved with every piece.
    timer: Option<Pin<Box<Sleep>>>,
    /// Written for the caller, but not yet taken.
    out: BytesMut,
    /// How often more was waited for since something was last heard.
    yields: u8,
    ended: bool,
}

/// What is due when nothing was heard for a while.
enum Pause {
    /// The caller needs a sign of life.
    Beat,
    /// Nothing was heard for so long that nothing more is waited for.
    Stall(Duration),
}

/// What is passed on at once at the most, in bytes, when more has already arrived.
const LARGEST_PIECE: usize = 16 << 10;

/// How often to let the upstream connection have its turn before what there is goes out. The server
/// asks for more of a body twice in one turn of the caller's connection, so once is not enough.
const YIELDS: u8 = 2;

impl EventBody {
    pub(super) fn new(
        upstream: UpstreamStream,
        encoder: Box<dyn EventEncoder>,
        mut completion: Completion,
        heartbeat: Option<Duration>,
    ) -> Self {
        completion.begun();
        Self {
            upstream,
            encoder,
            completion,
            heartbeat,
            beat: None,
            timer: None,
            out: BytesMut::new(),
            yields: 0,
            ended: false,
        }
    }

    /// The next bytes for the caller; `None` after the last.
    ///
    /// What has already arrived goes out in one piece: of a burst, a write to the caller's socket
    /// for each chunk would cost more than all the rest.
    pub(crate) fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.ended {
            ready!(self.upstream.poll_linger(cx));
            return Poll::Ready(None);
        }
        let first = std::mem::take(&mut self.upstream.first);
        let mut relayed = self.relay(first);
        while relayed.is_ok() && !self.ended && self.out.len() < LARGEST_PIECE {
            let arrived = match self.upstream.poll_events(cx) {
                Poll::Ready(arrived) => {
                    self.yields = 0;
                    arrived
                }
                Poll::Pending if self.out.is_empty() => match ready!(self.poll_pause(cx)) {
                    Pause::Beat => {
                        self.out.extend_from_slice(sse::HEARTBEAT);
                        break;
                    }
                    Pause::Stall(waited) => self.upstream.stalled(waited),
                },
                // The upstream connection runs in a task of its own, and was woken when its last
                // piece was taken: after its turn, what has arrived is here.
                Poll::Pending if self.yields < YIELDS => {
                    self.yields += 1;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Pending => {
                    // From here on it is the caller who is waited for.
                    self.upstream.stop_waiting();
                    break;
                }
            };
            relayed = match arrived {
                Ok(Some(events)) => self.relay(events),
                Ok(None) => {
                    self.finish();
                    Ok(())
                }
                Err(error) => Err(error),
            };
        }
        if let Err(error) = relayed {
            self.abort(error);
        }
        Poll::Ready(Some(self.out.split().freeze()))
    }

    fn relay(&mut self, events: Vec<Carried<ChatEvents>>) -> Result<(), Error> {
        for mut frame in events {
            self.completion.pass(&mut frame)?;
            self.completion.event_sent();
            self.encoder.push(&mut frame, &mut self.out)?;
        }
        Ok(())
    }

    fn finish(&mut self) {
        self.encoder.finish(&mut self.out);
        self.completion.omissions().of_answer(self.encoder.dropped());
        self.completion.succeed();
        self.completion.report();
        self.ended = true;
    }

    /// The caller must not take what it has for the whole.
    fn abort(&mut self, error: Error) {
        self.upstream.close();
        self.encoder.fail(&error, &mut self.out);
        self.completion.omissions().of_answer(self.encoder.dropped());
        self.completion.fail(error);
        self.completion.report();
        self.ended = true;
    }

    /// Ready when the pause has become too long for the caller, or for the upstream.
    ///
    /// Whatever was heard has been sent, so both count from the beginning of the wait.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<Pause> {
        let Some(since) = self.upstream.waiting() else {
            return Poll::Pending;
        };
        let quiet_since = self.beat.map_or(since, |beat| beat.max(since));
        let stalls_at = self.upstream.gap.and_then(|gap| since.checked_add(gap));
        let beats_at = self.heartbeat.and_then(|pause| quiet_since.checked_add(pause));
        let Some(next) = stalls_at.into_iter().chain(beats_at).min() else {
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next)));
        if timer.deadline() > next {
            timer.as_mut().reset(next);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            let now = Instant::now();
            if stalls_at.is_some_and(|at| at <= now) {
                return Poll::Ready(Pause::Stall(now - since));
            }
            if beats_at.is_some_and(|at| at <= now) {
                self.beat = Some(now);
                return Poll::Ready(Pause::Beat);
            }
            timer.as_mut().reset(next);
        }
    }
}

impl std::fmt::Debug for EventBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventBody").field("ended", &self.ended).finish_non_exhaustive()
    }
}
