//! What the quirks of a provider key make of answers.

use std::borrow::Cow;

use aisix_core::chat::Span;
use aisix_core::resource::DoneMarker;
use aisix_core::{DialectId, Error, ProviderKey};
use aisix_dialects::json::{self, Member};
use aisix_dialects::{Frame, FrameDecoder, openai_chat};
use bytes::Bytes;

use super::flatten::list;

/// Where OpenAI's format has the reasoning that vendors stream.
const REASONING: &str = "reasoning_content";

/// How a vendor's answers differ; nothing where the key says nothing of it.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// The steps to the reasoning text, below a delta or a message.
    reasoning: Option<Box<[String]>>,
    done_marker: Option<DoneMarker>,
}

impl Answers {
    /// What this key says of answers in this format: only OpenAI's has differences.
    #[must_use]
    pub fn of(key: &ProviderKey, dialect: DialectId) -> Self {
        let quirks = key.response.as_ref().filter(|_| dialect == openai_chat::ID);
        let path = quirks.and_then(|quirks| quirks.reasoning_path());
        let steps = path.map(|steps| steps.map(str::to_owned).collect::<Box<[_]>>());
        Self {
            reasoning: steps.filter(|steps| !matches!(&**steps, [only] if only == REASONING)),
            done_marker: quirks.and_then(|quirks| quirks.stream_done_marker),
        }
    }

    /// What to expect of the frame that ends a stream.
    #[must_use]
    pub fn done_marker(&self) -> Option<DoneMarker> {
        self.done_marker
    }

    /// A whole answer as its format has it.
    #[must_use]
    pub fn whole(&self, body: Bytes) -> Bytes {
        self.with_reasoning(body, "message")
    }

    /// The frames of a streamed answer as its format has them.
    #[must_use]
    pub fn frames(self, frames: Box<dyn FrameDecoder>) -> Box<dyn FrameDecoder> {
        match self.reasoning {
            Some(_) => Box::new(Frames { frames, answers: self }),
            None => frames,
        }
    }

    /// The body with the reasoning of each choice where the format has it; what is not found leaves
    /// the body as it is.
    fn with_reasoning(&self, body: Bytes, holder: &str) -> Bytes {
        let Some(path) = &self.reasoning else {
            return body;
        };
        let edits = std::str::from_utf8(&body).ok().and_then(|text| edits(text, holder, path));
        match edits {
            Some(edits) if !edits.is_empty() => json::splice(&body, &edits),
            _ => body,
        }
    }
}

/// Finds frames, and brings what is in them into place.
struct Frames {
    frames: Box<dyn FrameDecoder>,
    answers: Answers,
}

impl Frames {
    fn patch(&self, frames: &mut [Frame]) {
        for frame in frames {
            let data = std::mem::take(&mut frame.data);
            frame.data = self.answers.with_reasoning(data, "delta");
        }
    }
}

impl FrameDecoder for Frames {
    fn push(&mut self, bytes: Bytes, frames: &mut Vec<Frame>) -> Result<(), Error> {
        let before = frames.len();
        let found = self.frames.push(bytes, frames);
        self.patch(&mut frames[before..]);
        found
    }

    fn finish(&mut self, frames: &mut Vec<Frame>) -> Result<(), Error> {
        let before = frames.len();
        let found = self.frames.finish(frames);
        self.patch(&mut frames[before..]);
        found
    }
}

fn edits<'a>(text: &'a str, holder: &str, path: &[String]) -> Option<Vec<(Span, Cow<'a, str>)>> {
    let members = json::members(text).ok()?;
    let choices = list(members.iter().rfind(|member| member.name == "choices")?.value);
    let mut edits = Vec::new();
    for choice in choices {
        let members = json::members(choice.get()).unwrap_or_default();
        let Some(held) = members.iter().rfind(|member| member.name == holder) else {
            continue;
        };
        let start = json::span_of(text, held.value).start;
        let members = json::members(held.value.get()).unwrap_or_default();
        let Some(reasoning) = find(&members, path) else {
            continue;
        };
        let mut places = members.iter().filter(|member| member.name == REASONING).peekable();
        if places.peek().is_none() {
            // It holds the reasoning somewhere, so the new field is followed by another.
            let at = start + 1;
            edits.push((at..at, format!(r#""{REASONING}":{reasoning},"#).into()));
        }
        edits.extend(places.map(|place| {
            let Span { start: from, end: to } = place.value_span;
            (start + from..start + to, reasoning.into())
        }));
    }
    Some(edits)
}

/// The text that the path leads to, quoted; `None` where there is none, or an empty one.
fn find<'a>(members: &[Member<'a>], path: &[String]) -> Option<&'a str> {
    let (step, rest) = path.split_first()?;
    let value = members.iter().rfind(|member| member.name == *step)?.value.get();
    if rest.is_empty() {
        return (value.starts_with('"') && value != r#""""#).then_some(value);
    }
    find(&json::members(value).ok()?, rest)
}
