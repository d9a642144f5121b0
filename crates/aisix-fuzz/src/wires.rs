//! What is under test.

use std::fmt;

use aisix_core::DialectId;
use aisix_dialects::eventstream::EventStreamDecoder;
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{
    ANTHROPIC_MESSAGES, CONVERSE, CallerDialect, Dialect, FrameDecoder, GEMINI, OPENAI_CHAT,
    OPENAI_RESPONSES,
};

/// A dialect, and how the frames of its streams are separated.
pub struct Wire<D: ?Sized + 'static> {
    /// The dialect.
    pub dialect: &'static D,
    /// Begins to separate its frames.
    pub framing: Framing,
}

/// Begins to separate frames.
pub type Framing = fn() -> Box<dyn FrameDecoder>;

/// A format that upstreams speak.
pub type Upstream = Wire<dyn Dialect>;

/// A format that callers speak.
pub type Caller = Wire<dyn CallerDialect>;

/// Every format that upstreams speak.
pub static UPSTREAMS: [Upstream; 5] = [
    Wire { dialect: &OPENAI_CHAT, framing: sse },
    Wire { dialect: &OPENAI_RESPONSES, framing: sse },
    Wire { dialect: &ANTHROPIC_MESSAGES, framing: sse },
    Wire { dialect: &GEMINI, framing: sse },
    Wire { dialect: &CONVERSE, framing: eventstream },
];

/// Every format that callers speak: that endpoints take.
pub static CALLERS: [Caller; 3] = [
    Wire { dialect: &OPENAI_CHAT, framing: sse },
    Wire { dialect: &OPENAI_RESPONSES, framing: sse },
    Wire { dialect: &ANTHROPIC_MESSAGES, framing: sse },
];

/// Every way to separate frames.
pub static FRAMINGS: [Framing; 2] = [sse, eventstream];

impl<D: Dialect + ?Sized> Wire<D> {
    /// The dialect's name.
    #[must_use]
    pub fn id(&self) -> DialectId {
        self.dialect.id()
    }
}

impl<D: Dialect + ?Sized> fmt::Debug for Wire<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id().0)
    }
}

fn sse() -> Box<dyn FrameDecoder> {
    Box::new(SseDecoder::default())
}

fn eventstream() -> Box<dyn FrameDecoder> {
    Box::new(EventStreamDecoder::default())
}
