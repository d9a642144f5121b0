//! What every [`Dialect`] keeps of its promises, and every [`CallerDialect`].
//!
//! A dialect's tests gather [`Samples`] of its format and call [`check`], or [`check_upstream`] where
//! only upstreams speak it. What the suite drives a
//! dialect with ([`read_stream`], [`write_stream`]) serves property tests as well.

mod answers;
mod errors;
mod requests;
mod streams;

use std::fmt;

use aisix_core::chat::{ChatEvent, ChatEvents, Delta, FrameOutline, Native};
use aisix_core::{Carried, DialectId, Error};
use aisix_dialects::{AnswerContext, CallerDialect, Depth, Dialect, FrameDecoder};
use bytes::{Bytes, BytesMut};
use serde_json::json;

/// Messages of one format, as callers and providers send them.
///
/// Every request names a model, has a turn, and holds only what its own dialect can write again.
pub struct Samples {
    framing: Framing,
    requests: Vec<Bytes>,
    answers: Vec<Bytes>,
    streams: Vec<Bytes>,
    pairs: Vec<(Bytes, Bytes)>,
}

/// How the frames of a format's streams are separated.
pub type Framing = fn() -> Box<dyn FrameDecoder>;

impl Samples {
    /// No samples yet, of a format whose streams are framed like this.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        let (requests, answers, streams, pairs) = Default::default();
        Self { framing, requests, answers, streams, pairs }
    }

    /// Adds a caller's request.
    #[must_use]
    pub fn request(mut self, body: impl Into<Bytes>) -> Self {
        self.requests.push(body.into());
        self
    }

    /// Adds a whole answer of a provider's.
    #[must_use]
    pub fn answer(mut self, body: impl Into<Bytes>) -> Self {
        self.answers.push(body.into());
        self
    }

    /// Adds a streamed answer of a provider's, complete.
    #[must_use]
    pub fn stream(mut self, bytes: impl Into<Bytes>) -> Self {
        self.streams.push(bytes.into());
        self
    }

    /// Adds one answer both ways, whole and streamed.
    #[must_use]
    pub fn pair(mut self, whole: impl Into<Bytes>, stream: impl Into<Bytes>) -> Self {
        let (whole, stream) = (whole.into(), stream.into());
        self.answers.push(whole.clone());
        self.streams.push(stream.clone());
        self.pairs.push((whole, stream));
        self
    }
}

impl fmt::Debug for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Samples")
            .field("requests", &self.requests.len())
            .field("answers", &self.answers.len())
            .field("streams", &self.streams.len())
            .finish_non_exhaustive()
    }
}

/// Runs the whole suite.
///
/// # Panics
///
/// Where the dialect breaks a promise, or a kind of samples is missing.
pub fn check(dialect: &dyn CallerDialect, samples: &Samples) {
    assert!(!samples.requests.is_empty(), "the suite needs a request");
    check_upstream(dialect, samples);
    for body in &samples.requests {
        requests::check(dialect, body);
    }
    requests::refuses_what_is_none(dialect);
    for body in &samples.answers {
        answers::check(dialect, body, samples.framing);
    }
    for bytes in &samples.streams {
        streams::check(dialect, bytes, samples.framing);
    }
    errors::check(dialect, samples.framing);
}

/// Runs what the suite has for a format that only upstreams speak; of the samples, requests are not
/// looked at.
///
/// # Panics
///
/// Where the dialect breaks a promise, or a kind of samples is missing.
pub fn check_upstream(dialect: &dyn Dialect, samples: &Samples) {
    assert!(!dialect.id().0.is_empty(), "a dialect has a name");
    assert!(!samples.answers.is_empty(), "the suite needs a whole answer");
    assert!(!samples.streams.is_empty(), "the suite needs a streamed answer");
    requests::reports_what_it_cannot_tell(dialect);
    for body in &samples.answers {
        answers::check_read(dialect, body);
    }
    answers::refuses_what_is_none(dialect);
    for bytes in &samples.streams {
        streams::check_read(dialect, bytes, samples.framing);
    }
    for (whole, stream) in &samples.pairs {
        streams::check_pair(dialect, whole, stream, samples.framing);
    }
    errors::reads_whatever_a_provider_says(dialect);
}

/// Reads a stream that arrives in these pieces, to its end.
///
/// # Errors
/// What the framing or the dialect says of it.
pub fn read_stream(
    dialect: &dyn Dialect,
    framing: Framing,
    pieces: impl IntoIterator<Item = Bytes>,
) -> Result<ChatEvents, Error> {
    let mut read = Vec::new();
    read_frames(dialect, framing, pieces, Depth::Full, |mut frame| {
        read.extend(frame.value()?.iter().cloned());
        Ok(())
    })?;
    Ok(read)
}

fn read_frames(
    dialect: &dyn Dialect,
    framing: Framing,
    pieces: impl IntoIterator<Item = Bytes>,
    depth: Depth,
    mut each: impl FnMut(Carried<ChatEvents>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut separator = framing();
    let mut decoder = dialect.event_decoder(depth);
    let mut frames = Vec::new();
    for piece in pieces {
        separator.push(piece, &mut frames)?;
        for frame in frames.drain(..) {
            decoder.push(frame)?.map_or(Ok(()), &mut each)?;
        }
    }
    separator.finish(&mut frames)?;
    for frame in frames {
        decoder.push(frame)?.map_or(Ok(()), &mut each)?;
    }
    decoder.finish()
}

/// Writes a stream that says these events, one frame for each; what is native of a part as it opens
/// stays with its opening, as one frame of a provider's says both.
///
/// # Panics
/// Where the dialect cannot write decoded events.
#[must_use]
pub fn write_stream(
    dialect: &dyn CallerDialect,
    events: ChatEvents,
    context: AnswerContext,
) -> Bytes {
    let mut encoder = dialect.event_encoder(context);
    let mut out = BytesMut::new();
    let mut events = events.into_iter().peekable();
    while let Some(event) = events.next() {
        let opens = matches!(event, ChatEvent::PartStart { .. });
        let mut said = vec![event];
        let of_opening = |next: &ChatEvent| opens && is_native(next);
        said.extend(std::iter::from_fn(|| events.next_if(of_opening)));
        let mut frame = Carried::made(dialect.id(), FrameOutline::default(), said);
        encoder.push(&mut frame, &mut out).expect("decoded events can be written");
    }
    encoder.finish(&mut out);
    out.freeze()
}

fn is_native(event: &ChatEvent) -> bool {
    matches!(event, ChatEvent::PartDelta { delta: Delta::Native(_), .. })
}

/// The model's name that the suite gives: one that has to be escaped.
const MODEL: &str = "a \"model\"\\ ☃";

/// A value that no dialect knows.
fn foreign() -> Native {
    Native::new(DialectId("of nobody"), "foreign_field", json!({"foreign": "value"}))
}
