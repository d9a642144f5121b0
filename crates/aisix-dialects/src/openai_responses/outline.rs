//! What relaying needs to know, found in one scan.

use aisix_core::chat::{FrameKind, FrameOutline, RequestOutline, ResponseOutline, Span};
use aisix_core::{Error, ErrorCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::usage::UsageWire;
use crate::count;
use crate::failure::ProviderError;
use crate::frame::Frame;
use crate::json::span_of;
use crate::mold::Mold;
use crate::openai_error::InBandError;
use crate::relay::{self, Holds, complaint_on_types, present, unreadable};
use crate::scan::{Name, Scan};

/// The fields of a request that are looked at.
const LOOKED_AT: [&str; 6] =
    ["model", "stream", "input", "temperature", "top_p", "max_output_tokens"];

/// Scans a caller's request; usage is always part of a stream in this format.
pub(super) fn request(body: &[u8]) -> Result<RequestOutline, Error> {
    relay::request(body, LOOKED_AT, complaint)
}

/// What is wrong beside the model. The items are left to the upstream, and so is whether there must
/// be any: a stored prompt or an earlier response may stand in for them.
fn complaint<const N: usize>(fields: &Scan<'_, N>) -> Option<String> {
    let input = fields.get("input").map(|input| input.get());
    match input {
        Some("[]") => return Some("'input' must not be empty".to_owned()),
        Some(input) if input != "null" && !input.starts_with(['[', '"']) => {
            return Some("'input' must be a string or an array".to_owned());
        }
        _ => {}
    }
    complaint_on_types([
        ("stream", fields.get("stream"), Holds::Flag),
        ("temperature", fields.get("temperature"), Holds::Number),
        ("top_p", fields.get("top_p"), Holds::Number),
        ("max_output_tokens", fields.get("max_output_tokens"), Holds::Count),
    ])
}

/// What is looked at in an answer, be it whole or inside an event.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    model: Option<&'a RawValue>,
    output: Option<IgnoredAny>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    error: Option<InBandError>,
}

impl Answer<'_> {
    /// The error, where the provider gave the answer up.
    fn failure(&mut self) -> Option<Error> {
        let failed = self.status.is_some_and(|status| status.get() == "\"failed\"");
        match self.error.take() {
            Some(error) => Some(error.into_error()),
            None if failed => Some(ProviderError::plain("the provider gave no reason").in_band()),
            None => None,
        }
    }

    fn model_span(&self, text: &str) -> Option<Span> {
        self.model.map(|value| span_of(text, value))
    }

    fn usage(&self) -> Option<aisix_core::chat::Usage> {
        // An odd count is no reason to refuse an answer.
        let wire = count::read::<UsageWire>(self.usage?.get());
        wire.map(Into::into)
    }
}

/// Scans an upstream's whole answer.
pub(super) fn response(body: &[u8]) -> Result<ResponseOutline, Error> {
    let text = std::str::from_utf8(body).map_err(unreadable)?;
    let mut answer: Answer<'_> = serde_json::from_str(text).map_err(unreadable)?;
    if let Some(error) = answer.failure() {
        return Err(error);
    }
    if answer.output.is_none() {
        return Err(unreadable("the answer has no output"));
    }
    Ok(ResponseOutline { model_span: answer.model_span(text), usage: answer.usage() })
}

/// The types of events that tell of nothing that the nouns have a word for.
const PROGRESS: [&str; 9] = [
    "response.queued",
    "response.web_search_call.",
    "response.file_search_call.",
    "response.code_interpreter_call",
    "response.image_generation_call.",
    "response.mcp_call",
    "response.mcp_list_tools.",
    "response.audio.",
    "response.output_text.annotation.added",
];

/// Scans one event of an upstream's stream, and notes what other events may have in common with it.
pub(super) fn event(frame: &Frame, mold: &mut Mold) -> Result<FrameOutline, Error> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow)]
        r#type: Option<Name<'a>>,
        #[serde(borrow)]
        response: Option<Answer<'a>>,
        error: Option<InBandError>,
        message: Option<IgnoredAny>,
        #[serde(borrow)]
        delta: Option<&'a RawValue>,
        #[serde(borrow)]
        sequence_number: Option<&'a RawValue>,
        #[serde(borrow)]
        obfuscation: Option<&'a RawValue>,
    }
    let text = std::str::from_utf8(&frame.data).map_err(unreadable)?;
    let mut fields: Fields<'_> = serde_json::from_str(text).map_err(unreadable)?;
    let kind = match &fields.r#type {
        Some(Name(kind)) => &**kind,
        None => {
            let name = frame.event.as_deref().unwrap_or_default();
            std::str::from_utf8(name).unwrap_or_default()
        }
    };
    if kind == "error" || (kind.is_empty() && fields.error.is_some()) {
        return Err(match (fields.error, fields.message) {
            (Some(error), _) => error.into_error(),
            (None, Some(_)) => {
                let error: InBandError = serde_json::from_str(text).map_err(unreadable)?;
                error.into_error()
            }
            (None, None) => ProviderError::plain("the provider gave no reason").in_band(),
        });
    }
    if let Some(error) = fields.response.as_mut().and_then(Answer::failure) {
        return Err(error);
    }
    // What nobody knows may say of errors what it likes.
    if let Some(error) = fields.error
        && (is_known(kind) || kind == "response.failed")
    {
        return Err(error.into_error());
    }
    if kind.is_empty() {
        return Err(unreadable("the event has no type"));
    }
    let ends = matches!(kind, "response.completed" | "response.incomplete");
    let of_kind = match kind {
        "response.completed" | "response.incomplete" => FrameKind::End,
        "response.failed" => {
            return Err(Error::new(ErrorCode::UpstreamInBand, "upstream response failed"));
        }
        known if is_known(known) => FrameKind::Content,
        _ => FrameKind::Unknown,
    };
    let response = fields.response.as_ref();
    let outline = FrameOutline {
        kind: of_kind,
        name: Some(frame.named(kind)),
        model_span: response.and_then(|response| response.model_span(text)),
        usage: response.and_then(Answer::usage),
        finished: ends,
    };
    if fields.delta.is_some() {
        let gaps = [fields.delta, fields.sequence_number, fields.obfuscation];
        mold.take((frame, text), gaps, &outline);
    }
    Ok(outline)
}

fn is_known(kind: &str) -> bool {
    super::stream::TOLD.contains(&kind) || PROGRESS.iter().any(|known| kind.starts_with(known))
}
