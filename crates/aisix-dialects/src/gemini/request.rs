//! Requests, whole.
//!
//! Read and written again, a request means the same. What is not kept: null where a field may be
//! left out, an empty list of tools, of stop texts or of options, which of several tools in a row
//! holds a function, a role that need not be said, and arguments of a call that are missing.

use aisix_core::Error;
use aisix_core::chat::ChatRequest;
use serde_json::{Map, Value};

use super::model::Model;
use super::turn::Draft;
use super::{ID, config, reader, tool};
use crate::dialect::UpstreamRequest;
use crate::fields::Fields;
use crate::sink::Sink;

pub(super) fn decode(body: &[u8]) -> Result<ChatRequest, Error> {
    let mut fields = Fields::of_request(body)?;
    let mut request = ChatRequest {
        model: fields.text("model").unwrap_or_default(),
        stream: fields.flag("stream").unwrap_or(false),
        turns: reader::read_system(fields.take("systemInstruction"))?.into_iter().collect(),
        ..ChatRequest::default()
    };
    request.turns.extend(reader::read_all(fields.take("contents"))?);
    tool::read(&mut fields, &mut request);
    config::read(&mut fields, &mut request);
    request.native.extend(fields.natives(ID, ""));
    Ok(request)
}

pub(super) fn encode(
    request: &ChatRequest,
    upstream: &UpstreamRequest<'_>,
    sink: &mut Sink,
) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("model".to_owned(), upstream.model.into());
    body.insert("stream".to_owned(), upstream.stream.into());
    let model = Model::named(upstream.model);
    let mut draft = Draft::new(&model, sink);
    for turn in &request.turns {
        draft.add(turn, sink);
    }
    draft.write(sink, &mut body);
    tool::write(request, sink, &mut body);
    config::write(request, &model, sink, &mut body);
    if request.user.is_some() {
        sink.drop("user");
    }
    if !request.metadata.is_empty() {
        sink.drop("metadata");
    }
    sink.put_natives(&request.native, &mut body);
    body
}
