//! An upstream's stream, read frame by frame.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aisix_core::chat::{ChatEvents, FrameKind};
use aisix_core::resource::DoneMarker;
use aisix_core::{Carried, Error, ErrorCode};
use aisix_dialects::{Depth, Dialect, EventDecoder, Frame, FrameDecoder};
use bytes::BytesMut;
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

use super::attempt::{LARGEST_ANSWER, LONGEST_ERROR_BODY, too_large};
use super::completion::Completion;
use super::discretion::Discretion;
use crate::client::transport;
use crate::timeouts::timed_out;

/// Events that have arrived, or the end of them.
pub(super) type Arrived = Result<Option<Vec<Carried<ChatEvents>>>, Error>;

/// How long an upstream may take to end its answer after it has said that nothing more comes: its
/// connection serves the next request then, and is closed otherwise.
const LINGER: Duration = Duration::from_secs(1);

/// The part of an upstream's answer that has not been passed on.
pub(crate) struct UpstreamStream {
    /// What it speaks.
    pub(super) dialect: &'static dyn Dialect,
    /// `None` once the connection is not needed any more.
    body: Option<Incoming>,
    framing: Box<dyn FrameDecoder>,
    decoder: Box<dyn EventDecoder>,
    discretion: Discretion,
    /// Read before the commit point.
    pub(super) first: Vec<Carried<ChatEvents>>,
    /// The longest wait for an event.
    pub(super) gap: Option<Duration>,
    /// Since when an event is waited for. A caller that is slow to take the last one is not the
    /// upstream's fault.
    waiting: Option<Instant>,
    frames: Vec<Frame>,
    /// How much has arrived, in bytes.
    received: usize,
    /// Whether somebody keeps what arrives: whoever lifts or lowers it keeps what goes on, and
    /// whoever collects it keeps everything.
    kept: bool,
    /// Whether nothing but blanks has arrived.
    blank: bool,
    /// The beginning of what arrived, where it is no stream but an object.
    object: BytesMut,
    /// Whether the framing could make nothing of that object: it is read to its end.
    unframed: bool,
    /// What went wrong, to be said after the events that came before it.
    failed: Option<Error>,
    ended: bool,
    lingering: Option<Pin<Box<Sleep>>>,
    /// Whether the provider key says that the last frame is there.
    marker: Option<DoneMarker>,
}

impl UpstreamStream {
    pub(super) fn new(
        body: Incoming,
        framing: Box<dyn FrameDecoder>,
        (dialect, depth): (&'static dyn Dialect, Depth),
        discretion: Discretion,
        gap: Option<Duration>,
    ) -> Self {
        Self {
            dialect,
            body: Some(body),
            framing,
            decoder: dialect.event_decoder(depth),
            discretion,
            first: Vec::new(),
            gap,
            waiting: None,
            frames: Vec::new(),
            received: 0,
            kept: depth == Depth::Full,
            blank: true,
            object: BytesMut::new(),
            unframed: false,
            failed: None,
            ended: false,
            lingering: None,
            marker: None,
        }
    }

    /// Notes in the log whether the stream ends as its provider key says.
    pub(super) fn expects(&mut self, marker: Option<DoneMarker>) {
        self.marker = marker;
    }

    /// The events of the next piece that has any; `None` after the last, when they are complete.
    ///
    /// An error is the last thing that is said, and closes the connection.
    pub(super) fn poll_events(&mut self, cx: &mut Context<'_>) -> Poll<Arrived> {
        let arrived = self.poll_arrived(cx);
        if arrived.is_ready() {
            self.waiting = None;
        } else {
            self.waiting.get_or_insert_with(Instant::now);
        }
        arrived
    }

    fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<Arrived> {
        loop {
            if let Some(error) = self.failed.take() {
                self.close();
                return Poll::Ready(Err(self.discretion.told(error)));
            }
            let Some(body) = self.body.as_mut().filter(|_| !self.ended) else {
                return Poll::Ready(Ok(None));
            };
            let events = match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => {
                        self.keep_object(&bytes);
                        self.received = self.received.saturating_add(bytes.len());
                        if self.kept && self.received > LARGEST_ANSWER {
                            self.failed = Some(too_large());
                            continue;
                        }
                        if self.unframed {
                            self.failed = (!self.is_object()).then(no_stream);
                            continue;
                        }
                        self.read(|framing, frames| framing.push(bytes, frames))
                    }
                    Err(_trailers) => continue,
                },
                Some(Err(broken)) => {
                    self.failed = Some(transport(&broken));
                    continue;
                }
                None => self.read_rest(),
            };
            if !events.is_empty() {
                return Poll::Ready(Ok(Some(events)));
            }
        }
    }

    /// Since when an event is waited for, while one is.
    pub(super) fn waiting(&self) -> Option<Instant> {
        self.waiting
    }

    /// Whatever the next event takes is not the upstream's fault, until it is waited for again.
    pub(super) fn stop_waiting(&mut self) {
        self.waiting = None;
    }

    /// Nothing more of this stream is wanted.
    pub(super) fn close(&mut self) {
        self.body = None;
        self.ended = true;
    }

    /// Ready when the answer has ended, or its end has been waited for long enough.
    pub(super) fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(body) = &mut self.body {
            match Pin::new(body).poll_frame(cx) {
                Poll::Ready(Some(Ok(_ignored))) => {}
                Poll::Ready(_) => self.body = None,
                Poll::Pending => {
                    let patience = self.lingering.get_or_insert_with(|| Box::pin(sleep(LINGER)));
                    ready!(patience.as_mut().poll(cx));
                    self.body = None;
                }
            }
        }
        Poll::Ready(())
    }

    /// The events of the frames that `find` finds, up to the first that cannot be read.
    fn read(
        &mut self,
        find: impl FnOnce(&mut dyn FrameDecoder, &mut Vec<Frame>) -> Result<(), Error>,
    ) -> Vec<Carried<ChatEvents>> {
        self.failed = find(&mut *self.framing, &mut self.frames).err();
        if self.failed.is_some() && self.frames.is_empty() && self.is_object() {
            self.unframed = true;
            self.failed = None;
        }
        let mut events = Vec::with_capacity(self.frames.len());
        for frame in self.frames.drain(..) {
            match self.decoder.push(frame) {
                Ok(said) => events.extend(said),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
            if events.last().is_some_and(|said| said.outline().kind == FrameKind::End) {
                self.failed = None;
                self.ended = true;
                break;
            }
        }
        if self.ended {
            self.note_marker(true);
        }
        events
    }

    /// What the end of the connection completes, if it completes anything.
    fn read_rest(&mut self) -> Vec<Carried<ChatEvents>> {
        let events = self.read(|framing, frames| framing.finish(frames));
        let unreadable = |error: &Error| error.code() == ErrorCode::UpstreamDecode;
        // A last frame that makes no sense was cut off: whether it is missed, its dialect knows.
        if !self.ended && self.failed.as_ref().is_none_or(unreadable) {
            let incomplete = self.decoder.finish().err();
            self.failed = incomplete.map(|error| self.said_instead().unwrap_or(error));
            self.note_marker(false);
        }
        self.close();
        events
    }

    /// Keeps what an upstream says instead of a stream: no framing begins like an object.
    fn keep_object(&mut self, bytes: &[u8]) {
        let bytes = if self.blank { bytes.trim_ascii_start() } else { bytes };
        let begins = self.blank && bytes.first() == Some(&b'{');
        self.blank &= bytes.is_empty();
        if begins || !self.object.is_empty() {
            let room = LONGEST_ERROR_BODY.saturating_sub(self.object.len());
            self.object.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    /// Whether it may be told at the end what an upstream says instead of a stream.
    fn is_object(&self) -> bool {
        (1..LONGEST_ERROR_BODY).contains(&self.object.len())
    }

    /// What is wrong where an object came instead of a stream: some upstreams answer with an error
    /// so, with a status of success, and some do not know streams.
    fn said_instead(&mut self) -> Option<Error> {
        let object = Some(self.object.split().freeze()).filter(|object| !object.is_empty())?;
        let error = self.dialect.decode_response(object).err();
        let in_band = error.filter(|error| error.code() == ErrorCode::UpstreamInBand);
        Some(in_band.unwrap_or_else(no_stream))
    }

    /// A complete stream ended with the last frame that its format has, or without it.
    fn note_marker(&self, came: bool) {
        let differs = match self.marker {
            Some(DoneMarker::Required) => !came && self.failed.is_none(),
            Some(DoneMarker::None) => came,
            Some(DoneMarker::Optional) | None => false,
        };
        if differs {
            let provider_key = self.discretion.provider_key_id().as_str();
            let marker = if came { "came" } else { "is missing" };
            tracing::warn!(
                provider_key,
                "the stream's last frame, data: [DONE], {marker}: the provider key's \
                 response.stream_done_marker says otherwise"
            );
        }
    }

    /// What it means that no event came for so long: the end, where the answer is complete without
    /// one, and otherwise that the upstream stalled. Some providers say nothing after their last
    /// event, so that only the connection would end the stream.
    pub(super) fn stalled(&mut self, waited: Duration) -> Arrived {
        self.close();
        self.decoder.finish().map_err(|_incomplete| timed_out(waited))?;
        self.note_marker(false);
        Ok(None)
    }

    /// Waits for events, no longer than the gap.
    pub(super) async fn next(&mut self) -> Arrived {
        let Some(gap) = self.gap else {
            return std::future::poll_fn(|cx| self.poll_events(cx)).await;
        };
        let started = Instant::now();
        let events = std::future::poll_fn(|cx| self.poll_events(cx));
        let arrived = tokio::time::timeout(gap, events).await;
        arrived.unwrap_or_else(|_| self.stalled(started.elapsed()))
    }

    /// Reads the whole, showing each frame to the hooks; no more than of any answer that is kept.
    pub(super) async fn collect(
        mut self: Box<Self>,
        completion: &mut Completion,
    ) -> Result<Vec<Carried<ChatEvents>>, Error> {
        self.kept = true;
        let mut held = std::mem::take(&mut self.first);
        held.iter_mut().try_for_each(|frame| completion.pass(frame))?;
        while let Some(mut events) = self.next().await? {
            events.iter_mut().try_for_each(|frame| completion.pass(frame))?;
            held.append(&mut events);
        }
        std::future::poll_fn(|cx| self.poll_linger(cx)).await;
        Ok(held)
    }
}

impl std::fmt::Debug for UpstreamStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UpstreamStream").field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// What is said of an upstream that answers a request for a stream with one object.
fn no_stream() -> Error {
    let message = "upstream did not stream: it sent one JSON object instead of events";
    Error::new(ErrorCode::StreamAborted, message)
}
