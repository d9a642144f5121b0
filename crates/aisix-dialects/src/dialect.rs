//! What every wire format can do.

use std::sync::Arc;

use aisix_core::chat::{CacheMark, ChatEvents, ChatRequest, ChatResponse, StreamOptions};
use aisix_core::{Carried, DialectId, Error};
use bytes::{Bytes, BytesMut};

use crate::asked::Asked;
use crate::failure::ProviderError;
use crate::frame::Frame;

/// A wire format that upstreams speak.
pub trait Dialect: Send + Sync + 'static {
    /// The format's name.
    fn id(&self) -> DialectId;

    /// Writes a request for an upstream that speaks this format.
    ///
    /// # Errors
    /// `Unsupported` where the format cannot express what the caller insists on.
    fn encode_request(
        &self,
        request: &mut Carried<ChatRequest>,
        upstream: &UpstreamRequest<'_>,
    ) -> Result<Encoded, Error>;

    /// Marks what the upstream is to keep in its prompt cache, in a request that is written already
    /// and holds no such mark: its last instructions and the end of its last message. Every other
    /// byte stays; so does all of it where the format has no marks.
    fn mark_for_cache(&self, body: Bytes, mark: &CacheMark) -> Bytes {
        let _ = mark;
        body
    }

    /// Reads an upstream's whole answer as far as relaying it needs.
    ///
    /// # Errors
    /// `Malformed` where the body is not this format's answer, or the error that the upstream put
    /// into it.
    fn decode_response(&self, body: Bytes) -> Result<Carried<ChatResponse>, Error>;

    /// Begins to read an upstream's stream.
    fn event_decoder(&self, depth: Depth) -> Box<dyn EventDecoder>;

    /// Reads the body of an upstream's failed answer, whatever it holds.
    fn decode_error(&self, body: &[u8]) -> ProviderError;
}

/// A wire format that callers speak, too: the same code serves them and upstreams.
pub trait CallerDialect: Dialect {
    /// Reads a caller's request as far as relaying it needs: one scan, no copy.
    ///
    /// # Errors
    /// A client error where the body is not this format's JSON. What is wrong beside the model is
    /// left in the outline's complaint, as the checks on the model go first.
    fn decode_request(&self, body: Bytes) -> Result<Carried<ChatRequest>, Error>;

    /// What answers to a request of this format take over from it, where they are translated.
    fn asked(&self, request: &ChatRequest) -> Asked {
        let _ = request;
        Asked::default()
    }

    /// Writes a whole answer for a caller that speaks this format.
    ///
    /// # Errors
    /// What decoding the original says, where the answer has to be decoded for it.
    fn encode_response(
        &self,
        response: &mut Carried<ChatResponse>,
        context: &AnswerContext,
    ) -> Result<Encoded, Error>;

    /// Begins to write a stream for a caller.
    fn event_encoder(&self, context: AnswerContext) -> Box<dyn EventEncoder>;

    /// Writes an error as the body of an answer to a caller that speaks this format; JSON.
    fn encode_error(&self, error: &Error) -> Bytes;
}

/// What the gateway decides of a request that goes upstream.
#[derive(Debug, Clone, Copy)]
pub struct UpstreamRequest<'a> {
    /// The upstream's name for the model.
    pub model: &'a str,
    /// Whether the upstream is to stream.
    pub stream: bool,
}

/// What the gateway decides of an answer that goes to a caller.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AnswerContext {
    /// The model's name, as the caller sent it.
    pub model: Arc<str>,
    /// What the caller said of the stream's contents, if anything.
    pub stream_options: Option<StreamOptions>,
    /// What makes the answer's id unique where the provider gives none; the format adds its
    /// prefix. Empty leaves such an answer without an id.
    pub id: Arc<str>,
    /// When the answer was made where the provider does not say, in Unix seconds.
    pub created: i64,
    /// What a translated answer takes over from the request.
    pub asked: Asked,
}

impl AnswerContext {
    /// An answer under this name of a model: the one that the caller sent.
    #[must_use]
    pub fn new(model: impl Into<Arc<str>>) -> Self {
        let (id, asked) = (Arc::from(""), Asked::default());
        Self { model: model.into(), stream_options: None, id, created: 0, asked }
    }

    /// Says what the caller said of the stream's contents.
    #[must_use]
    pub fn stream_options(mut self, options: Option<StreamOptions>) -> Self {
        self.stream_options = options;
        self
    }

    /// Says what stands in for an id and a time that the provider leaves out.
    #[must_use]
    pub fn minted(mut self, id: impl Into<Arc<str>>, created: i64) -> Self {
        self.id = id.into();
        self.created = created;
        self
    }

    /// Says what a translated answer takes over from the request.
    #[must_use]
    pub fn asked(mut self, asked: Asked) -> Self {
        self.asked = asked;
        self
    }
}

/// Bytes, and what they could not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The body.
    pub body: Bytes,
    /// What was left out.
    pub dropped: Vec<Dropped>,
}

impl Encoded {
    /// A body that says everything.
    #[must_use]
    pub fn whole(body: Bytes) -> Self {
        Self { body, dropped: Vec::new() }
    }
}

/// Something that a format cannot express.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The field, as the noun or the caller's dialect names it.
    pub field: String,
}

impl Dropped {
    /// A field that was left out.
    pub fn new(field: impl Into<String>) -> Self {
        Self { field: field.into() }
    }
}

/// How closely a stream is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Frames carry outlines only: enough to relay them within one dialect.
    Outline,
    /// Frames carry their events: for translation, and for hooks that look inside.
    Full,
}

/// Reads a stream, frame by frame.
pub trait EventDecoder: Send {
    /// The events of a frame; `None` where the frame says nothing.
    ///
    /// # Errors
    /// The error that the upstream put into the stream, or `Malformed`. Nothing may be pushed
    /// after it.
    fn push(&mut self, frame: Frame) -> Result<Option<Carried<ChatEvents>>, Error>;

    /// The upstream closed its stream: whether what came is complete.
    ///
    /// # Errors
    /// [`StreamAborted`](aisix_core::ErrorCode::StreamAborted) where it is not.
    fn finish(&mut self) -> Result<(), Error>;
}

/// Writes a stream, frame by frame.
pub trait EventEncoder: Send {
    /// Appends the frames that say these events; none where the caller does not want to hear them.
    ///
    /// # Errors
    /// What decoding says, where the events have to be decoded for it.
    fn push(&mut self, events: &mut Carried<ChatEvents>, out: &mut BytesMut) -> Result<(), Error>;

    /// Appends what ends a complete stream.
    fn finish(&mut self, out: &mut BytesMut);

    /// Appends what tells the caller that the stream ends here, incomplete.
    fn fail(&mut self, error: &Error, out: &mut BytesMut);

    /// What was left out so far, each field once.
    fn dropped(&self) -> &[Dropped];
}
