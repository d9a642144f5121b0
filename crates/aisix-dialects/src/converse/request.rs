//! Requests.

use aisix_core::chat::ChatRequest;
use serde_json::{Map, Value};

use super::turn::Draft;
use super::{caching, option, tool};
use crate::cache;
use crate::claude;
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
    let plan = option::plan(request, model, sink);
    option::write(request, model, &plan, sink, &mut body);
    tool::write(request, &called, &plan, sink, &mut body);
    for native in &request.native {
        // A mark for the whole is one in the last block that takes one.
        let kept = claude::mark_for_whole(native)
            .is_some_and(|mark| caching::keep_messages(&mut body, &mark));
        if !kept && !plan.says(native) {
            sink.drop_natives(std::slice::from_ref(native));
        }
    }
    body
}
