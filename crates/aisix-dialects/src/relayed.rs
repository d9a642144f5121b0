//! What is passed on between callers and upstreams that speak the same, and never translated.

#[cfg(test)]
mod tests;

use std::fmt;

use aisix_core::chat::{ChatEvents, FrameKind, Usage};
use aisix_core::{Carried, EmbedInput, Error, Relayed};
use bytes::{Bytes, BytesMut};
use serde::Deserialize;

use crate::dialect::{
    AnswerContext, CallerDialect, Dropped, Encoded, EventEncoder, UpstreamRequest,
};
use crate::json::{after_brace, splice};
use crate::relay::{self, Holds, complaint_on_types, unreadable};
use crate::{ANTHROPIC_MESSAGES, OPENAI_CHAT, embed, openai_chat, scan, sse};

/// A format of requests and answers that are passed on as they are: of both, only what the gateway
/// acts on is looked at. Its errors, and the frames of its streams, are those of a dialect.
pub struct RelayFormat {
    dialect: &'static dyn CallerDialect,
    /// Whether answers may be streamed.
    streams: bool,
    /// The field that every answer has.
    answer: &'static str,
    /// What is said of usage where the upstream says nothing, as a field followed by a comma.
    no_usage: &'static str,
    /// The field of a request whose texts an answer continues, where that is what it does.
    continues: Option<&'static str>,
}

/// The answers of older completions; they may fail as those of chats do.
const CHOICES: &str = "choices";

/// OpenAI's older completions. Source: OpenAI's API reference, "Completions" (legacy).
pub static OPENAI_COMPLETIONS: RelayFormat = RelayFormat {
    dialect: &OPENAI_CHAT,
    streams: true,
    answer: CHOICES,
    no_usage: "",
    continues: Some("prompt"),
};

/// OpenAI's embeddings. Source: OpenAI's API reference, "Embeddings".
pub static OPENAI_EMBEDDINGS: RelayFormat = RelayFormat {
    dialect: &OPENAI_CHAT,
    streams: false,
    answer: "data",
    no_usage: r#""usage":{"prompt_tokens":0,"total_tokens":0},"#,
    continues: None,
};

/// How many tokens a message would take. Source: Anthropic's API reference, "Count tokens in a
/// Message".
pub static ANTHROPIC_COUNT_TOKENS: RelayFormat = RelayFormat {
    dialect: &ANTHROPIC_MESSAGES,
    streams: false,
    answer: "input_tokens",
    no_usage: "",
    continues: None,
};

/// An answer that is passed on as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayedAnswer {
    /// The body.
    pub body: Bytes,
    /// What it took.
    pub usage: Option<Usage>,
}

impl RelayFormat {
    /// The dialect that it belongs to.
    #[must_use]
    pub fn dialect(&self) -> &'static dyn CallerDialect {
        self.dialect
    }

    /// Reads a caller's request: one scan, no copy.
    ///
    /// # Errors
    /// A client error where the body is not the JSON that the endpoint takes.
    pub fn decode_request(&self, body: Bytes) -> Result<Relayed, Error> {
        let mut outline = relay::request(&body, ["model", "stream", "stream_options"], |fields| {
            complaint_on_types([("stream", fields.get("stream"), Holds::Flag)])
        })?;
        outline.stream &= self.streams;
        Ok(Relayed::new(self.dialect.id(), body, outline))
    }

    /// Writes a request of any such format for an upstream: every byte outside the model, and outside what asks for
    /// the usage of a stream, is the caller's.
    #[must_use]
    pub fn encode_request(request: &Relayed, upstream: &UpstreamRequest<'_>) -> Encoded {
        let (original, outline) = (request.bytes(), request.outline());
        Encoded::whole(relay::renamed_asking_for_usage(original, outline, upstream))
    }

    /// Reads an upstream's whole answer, the upstream's own name for the model included.
    ///
    /// # Errors
    /// `Malformed` where the body is not this format's answer, or the error that the upstream put
    /// into it.
    pub fn decode_answer(&self, body: Bytes) -> Result<RelayedAnswer, Error> {
        let text = std::str::from_utf8(&body).map_err(unreadable)?;
        let fields = scan::fields(text, [self.answer, "usage", "error"]).map_err(unreadable)?;
        let said = |name| fields.get(name).filter(|value| value.get() != "null");
        if said("error").is_some() {
            return Err(self.dialect.decode_error(&body).in_band());
        }
        let answer = said(self.answer);
        let answer =
            answer.ok_or_else(|| unreadable(format!("the answer has no {}", self.answer)))?;
        if self.answer == CHOICES
            && let Some(failure) = openai_chat::failure_in(answer)
        {
            return Err(failure);
        }
        let usage = said("usage");
        // An odd count is no reason to refuse an answer.
        let counts = usage.and_then(|usage| serde_json::from_str::<Counts>(usage.get()).ok());
        let usage_is_missing = usage.is_none() && fields.get("usage").is_none();
        let body = if usage_is_missing && !self.no_usage.is_empty() {
            let at = after_brace(&body);
            splice(&body, &[(at..at, self.no_usage.into())])
        } else {
            body
        };
        Ok(RelayedAnswer { body, usage: counts.map(Into::into) })
    }

    /// Whether answers are texts.
    #[must_use]
    pub fn continues_texts(&self) -> bool {
        self.continues.is_some()
    }

    /// The texts that a request wants continued; none where there are none, or none can be read.
    #[must_use]
    pub fn asked(&self, request: &Relayed) -> Vec<EmbedInput> {
        let texts = || {
            let text = std::str::from_utf8(request.bytes()).ok()?;
            let fields = scan::fields(text, [self.continues?]).ok()?;
            embed::texts(serde_json::from_str(fields.get(self.continues?)?.get()).ok()?)
        };
        texts().unwrap_or_default()
    }

    /// The texts of an answer, be it whole or a frame; empty where there are none.
    #[must_use]
    pub fn answered(&self, body: &[u8]) -> String {
        #[derive(Deserialize)]
        struct Fields {
            choices: Vec<Continuation>,
        }
        #[derive(Deserialize)]
        struct Continuation {
            text: Option<String>,
        }
        let fields = self.continues.and_then(|_| serde_json::from_slice::<Fields>(body).ok());
        let choices = fields.into_iter().flat_map(|fields| fields.choices);
        choices.filter_map(|choice| choice.text).collect()
    }

    /// Begins to write a stream for a caller: frame by frame as the upstream writes it.
    #[must_use]
    pub fn event_encoder(&self, context: AnswerContext) -> Box<dyn EventEncoder> {
        let wants_usage = context.stream_options.is_some_and(|options| options.include_usage);
        Box::new(Frames { ends: self.dialect.event_encoder(context), wants_usage })
    }
}

impl fmt::Debug for RelayFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayFormat").field("answer", &self.answer).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Counts {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

impl From<Counts> for Usage {
    fn from(counts: Counts) -> Self {
        let Counts { prompt_tokens: input, completion_tokens: output } = counts;
        Self { input, output, ..Self::default() }
    }
}

/// Writes frames as they are.
struct Frames {
    /// Writes how streams end.
    ends: Box<dyn EventEncoder>,
    /// Whether the caller asked for the frame that holds nothing but usage.
    wants_usage: bool,
}

impl EventEncoder for Frames {
    fn push(&mut self, events: &mut Carried<ChatEvents>, out: &mut BytesMut) -> Result<(), Error> {
        let dialect = events.dialect();
        let Some(original) = events.verbatim(dialect) else {
            return Err(Error::internal("a frame that is passed on cannot be changed"));
        };
        match events.outline().kind {
            FrameKind::End => {}
            FrameKind::UsageOnly if !self.wants_usage => {}
            FrameKind::Unknown => {
                sse::write_named(out, events.outline().name.as_deref(), original);
            }
            _ => sse::write_data(out, |out| out.extend_from_slice(original)),
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut BytesMut) {
        self.ends.finish(out);
    }

    fn fail(&mut self, error: &Error, out: &mut BytesMut) {
        self.ends.fail(error, out);
    }

    fn dropped(&self) -> &[Dropped] {
        &[]
    }
}
