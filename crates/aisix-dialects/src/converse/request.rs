//! Requests.

use aisix_core::chat::ChatRequest;
use serde_json::{Map, Value};

use super::turn::Draft;
use super::{option, tool};
use crate::cache;
use crate::sink::Sink;

/// Writes a request for a model of this name.
pub(super) fn write(request: &ChatRequest, model: &str, sink: &mut Sink) -> Map<String, Value> {
    let request = &*cache::translated(request, sink);
    let mut body = Map::new();
    let mut draft = Draft::default();
    for turn in &request.turns {
        draft.add(turn, sink);
    }
    let called = draft.called();
    draft.write(sink, &mut body);
    option::write(request, model, sink, &mut body);
    tool::write(request, &called, sink, &mut body);
    sink.drop_natives(&request.native);
    body
}
