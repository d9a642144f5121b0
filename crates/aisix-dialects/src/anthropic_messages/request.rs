//! Requests, whole.
//!
//! Read and written again, a request means the same. What is not kept: null where a field may be
//! left out, an empty list of tools or of stop texts, one text outside a list of blocks (and, where
//! a tool answers or instructions stand alone, inside one), an empty `system`, `is_error` where it
//! is false, the type `custom` of a tool, an empty seal on a thought, and arguments of a call that
//! are missing.

use aisix_core::Error;
use aisix_core::chat::ChatRequest;
use serde_json::{Map, Value};

use super::turn::{self, Draft};
use super::{ID, option, tool};
use crate::cache;
use crate::claude::Plan;
use crate::dialect::UpstreamRequest;
use crate::fields::Fields;
use crate::sink::Sink;

pub(super) fn decode(body: &[u8]) -> Result<ChatRequest, Error> {
    let mut fields = Fields::of_request(body)?;
    let mut request = ChatRequest {
        model: fields.text("model").unwrap_or_default(),
        turns: turn::read_system(fields.take("system"))?.into_iter().collect(),
        stream: fields.flag("stream").unwrap_or(false),
        ..ChatRequest::default()
    };
    request.turns.extend(turn::read_all(fields.take("messages"))?);
    tool::read(&mut fields, &mut request);
    option::read(&mut fields, &mut request);
    request.native.extend(fields.natives(ID, ""));
    Ok(request)
}

pub(super) fn encode(
    request: &ChatRequest,
    upstream: &UpstreamRequest<'_>,
    sink: &mut Sink,
) -> Map<String, Value> {
    let request = &*cache::translated(request, sink);
    let plan = Plan::of(request, upstream.model, sink);
    let mut body = Map::new();
    body.insert("model".to_owned(), upstream.model.into());
    if let Some(max_tokens) = option::max_tokens(request, &plan, sink) {
        body.insert("max_tokens".to_owned(), max_tokens.into());
    }
    body.insert("stream".to_owned(), upstream.stream.into());
    let mut draft = Draft::default();
    for turn in &request.turns {
        draft.add(turn, sink);
    }
    draft.write(sink, &mut body);
    let unforced = plan.unforced(request, sink);
    tool::write(request, unforced.as_ref(), sink, &mut body);
    option::write(request, &plan, sink, &mut body);
    sink.put_natives(&request.native, &mut body);
    body
}
