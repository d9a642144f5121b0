//! What relaying needs to know, found in one scan.

use aisix_core::Error;
use aisix_core::chat::{FrameOutline, RequestOutline, ResponseOutline};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{error, usage};
use crate::json::span_of;
use crate::relay::{self, Holds, complaint_on_list, complaint_on_types, present, unreadable};

/// The fields of a request that are looked at.
const LOOKED_AT: [&str; 3] = ["model", "stream", "contents"];

/// Scans a caller's request.
pub(super) fn request(body: &[u8]) -> Result<RequestOutline, Error> {
    relay::request(body, LOOKED_AT, |fields| {
        complaint_on_list("contents", fields.get("contents"))
            .or_else(|| complaint_on_types([("stream", fields.get("stream"), Holds::Flag)]))
    })
}

/// What is looked at in an answer, or in a frame of one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    model_version: Option<&'a RawValue>,
    candidates: Option<Vec<Candidate>>,
    prompt_feedback: Option<Feedback>,
    #[serde(borrow)]
    usage_metadata: Option<&'a RawValue>,
    error: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

impl Answer<'_> {
    fn finished(&self) -> bool {
        let says = |word: &Option<String>| word.as_ref().is_some_and(|word| !word.is_empty());
        self.candidates.iter().flatten().any(|candidate| says(&candidate.finish_reason))
            || self.prompt_feedback.as_ref().is_some_and(|told| says(&told.block_reason))
    }
}

/// Scans an upstream's whole answer.
pub(super) fn response(body: &[u8]) -> Result<ResponseOutline, Error> {
    let text = std::str::from_utf8(body).map_err(unreadable)?;
    let answer: Answer<'_> = serde_json::from_str(text).map_err(unreadable)?;
    if let Some(error) = &answer.error {
        return Err(error::of(error).in_band());
    }
    if answer.candidates.is_none() && answer.prompt_feedback.is_none() {
        return Err(unreadable("the answer has no candidates"));
    }
    Ok(ResponseOutline {
        model_span: answer.model_version.map(|value| span_of(text, value)),
        usage: answer.usage_metadata.and_then(|counted| usage::counts(counted.get())),
    })
}

/// Scans one event of an upstream's stream.
///
/// # Errors
/// The error that it holds, or `Malformed`.
pub(super) fn frame(data: &[u8]) -> Result<FrameOutline, Error> {
    let text = std::str::from_utf8(data).map_err(unreadable)?;
    let answer: Answer<'_> = serde_json::from_str(text).map_err(unreadable)?;
    if let Some(error) = &answer.error {
        return Err(error::of(error).in_band());
    }
    Ok(FrameOutline {
        finished: answer.finished(),
        model_span: answer.model_version.map(|value| span_of(text, value)),
        usage: answer.usage_metadata.and_then(|counted| usage::counts(counted.get())),
        ..FrameOutline::default()
    })
}
