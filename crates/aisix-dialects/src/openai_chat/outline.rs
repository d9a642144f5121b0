//! What relaying needs to know, found in one scan.

use std::fmt;

use aisix_core::Error;
use aisix_core::chat::{FrameKind, FrameOutline, RequestOutline, ResponseOutline, Usage};
use serde::Deserialize;
use serde::de::{self, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::wire::UsageWire;
use crate::count::{self, Count};
use crate::failure::ProviderError;
use crate::frame::Frame;
use crate::json::span_of;
use crate::mold::Mold;
use crate::openai_error::InBandError;
use crate::relay::{self, Holds, complaint_on_list, complaint_on_types, present, unreadable};
use crate::scan::Scan;

/// The fields of a request that are looked at.
const LOOKED_AT: [&str; 7] =
    ["model", "stream", "stream_options", "messages", "temperature", "top_p", "max_tokens"];

/// Why a choice ended of which the model, or its host, gave up: some vendors say it, with an `error`
/// beside it or without. Source: OpenRouter's guide "Errors and Debugging", Mistral's reference of
/// chat completions.
const FAILED: &str = "\"error\"";

/// Scans a caller's request.
pub(super) fn request(body: &[u8]) -> Result<RequestOutline, Error> {
    relay::request(body, LOOKED_AT, complaint)
}

/// Scans an upstream's whole answer.
pub(super) fn response(body: &[u8]) -> Result<ResponseOutline, Error> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow, default, deserialize_with = "present")]
        model: Option<&'a RawValue>,
        #[serde(borrow)]
        choices: Option<Choices<'a>>,
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
        error: Option<InBandError>,
    }
    let text = std::str::from_utf8(body).map_err(unreadable)?;
    let fields: Fields<'_> = serde_json::from_str(text).map_err(unreadable)?;
    if let Some(error) = fields.error {
        return Err(error.into_error());
    }
    let choices = fields.choices.ok_or_else(|| unreadable("the answer has no choices"))?;
    choices.failure.map_or(Ok(()), Err)?;
    Ok(ResponseOutline {
        model_span: fields.model.map(|value| span_of(text, value)),
        usage: fields.usage.and_then(usage),
    })
}

/// Scans one chunk of an upstream's stream, notes how far its choices are, and what other chunks may
/// have in common with it.
pub(super) fn chunk(
    frame: &Frame,
    progress: &mut Progress,
    mold: &mut Mold,
) -> Result<FrameOutline, Error> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow, default, deserialize_with = "present")]
        model: Option<&'a RawValue>,
        #[serde(borrow)]
        choices: Option<Choices<'a>>,
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
        error: Option<InBandError>,
        #[serde(borrow)]
        obfuscation: Option<&'a RawValue>,
    }
    let text = std::str::from_utf8(&frame.data).map_err(unreadable)?;
    let fields: Fields<'_> = serde_json::from_str(text).map_err(unreadable)?;
    if let Some(error) = fields.error {
        return Err(error.into_error());
    }
    let usage = fields.usage.and_then(usage);
    let choices = match fields.choices {
        Some(choices) => choices,
        // Some vendors leave the list out of the chunk that holds nothing but usage.
        None if usage.is_some() => Choices::default(),
        None => return Err(unreadable("the chunk has no choices")),
    };
    if let Some(failure) = choices.failure {
        return Err(failure);
    }
    let kind = match usage {
        Some(_) if choices.count == 0 => FrameKind::UsageOnly,
        _ => FrameKind::Content,
    };
    let model_span = fields.model.map(|value| span_of(text, value));
    let finished = choices.progress.finished != 0;
    progress.join(choices.progress);
    let outline = FrameOutline { kind, name: None, model_span, usage, finished };
    if let Some(delta) = choices.delta {
        mold.take((frame, text), [Some(delta), fields.obfuscation], &outline);
    }
    Ok(outline)
}

/// Whether a frame that is no chunk is an event of another kind: it has a name of its own, and JSON
/// that is neither a chunk nor an error. What merely is cut off is no such event.
pub(super) fn is_foreign(frame: &Frame) -> bool {
    #[derive(Deserialize)]
    struct Fields {
        choices: Option<IgnoredAny>,
        error: Option<IgnoredAny>,
    }
    let named =
        frame.event.as_deref().is_some_and(|name| !matches!(name, b"" | b"message" | b"error"));
    named
        && serde_json::from_slice::<Fields>(&frame.data)
            .is_ok_and(|fields| fields.choices.is_none() && fields.error.is_none())
}

/// An odd count is no reason to refuse an answer.
fn usage(value: &RawValue) -> Option<Usage> {
    count::read::<UsageWire>(value.get()).map(Into::into)
}

/// Which choices have begun and ended, one bit for each: this format has 128 of them at most.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    begun: u128,
    finished: u128,
}

impl Progress {
    /// Whether an answer is complete that says no more: something ended, and nothing is left open.
    pub(super) fn is_complete(self) -> bool {
        self.finished != 0 && self.begun == self.finished
    }

    fn note(&mut self, choice: u64, finished: bool) {
        let bit = 1 << choice.min(127);
        self.begun |= bit;
        if finished {
            self.finished |= bit;
        }
    }

    fn join(&mut self, more: Self) {
        self.begun |= more.begun;
        self.finished |= more.finished;
    }
}

/// The first failure that choices tell of.
pub(crate) fn failure_in(choices: &RawValue) -> Option<Error> {
    serde_json::from_str::<Choices<'_>>(choices.get()).ok()?.failure
}

/// What is looked at in the choices of an answer, or of a chunk of one.
#[derive(Default)]
struct Choices<'a> {
    count: u64,
    progress: Progress,
    /// What the last of them says.
    delta: Option<&'a RawValue>,
    /// Why the first of those failed that did.
    failure: Option<Error>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Choices<'a> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ChoicesVisitor)
    }
}

struct ChoicesVisitor;

impl<'de> Visitor<'de> for ChoicesVisitor {
    type Value = Choices<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of choices")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        #[derive(Deserialize)]
        struct Choice<'a> {
            index: Option<Count>,
            #[serde(borrow)]
            finish_reason: Option<&'a RawValue>,
            #[serde(borrow)]
            delta: Option<&'a RawValue>,
            error: Option<InBandError>,
        }
        let mut choices = Choices::default();
        while let Some(choice) = list.next_element::<Choice<'de>>()? {
            // Some vendors write an empty reason where others write null.
            let finished = choice.finish_reason.is_some_and(|reason| reason.get() != "\"\"");
            // Others leave out the number.
            choices
                .progress
                .note(choice.index.map_or(choices.count, |Count(index)| index), finished);
            choices.count += 1;
            let failed = choice.finish_reason.is_some_and(|reason| reason.get() == FAILED);
            let failure = match choice.error {
                Some(error) => Some(error.into_error()),
                None => {
                    failed.then(|| ProviderError::plain("the provider gave no reason").in_band())
                }
            };
            choices.failure = choices.failure.or(failure);
            choices.delta = choice.delta;
        }
        Ok(choices)
    }
}

/// What is wrong beside the model. The contents of messages are left to the upstream.
fn complaint<const N: usize>(fields: &Scan<'_, N>) -> Option<String> {
    complaint_on_list("messages", fields.get("messages")).or_else(|| {
        complaint_on_types([
            ("stream", fields.get("stream"), Holds::Flag),
            ("temperature", fields.get("temperature"), Holds::Number),
            ("top_p", fields.get("top_p"), Holds::Number),
            ("max_tokens", fields.get("max_tokens"), Holds::Count),
        ])
    })
}
