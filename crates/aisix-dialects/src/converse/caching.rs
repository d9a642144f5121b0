//! Points up to which the provider is to keep a prompt, where a caller set none.
//!
//! Source: the user guide's "Prompt caching": a point stands behind what it keeps, not behind
//! reasoning, and at the end of the instructions, of the tools or of messages.

use aisix_core::chat::CacheMark;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::block::{self, CONTENT};

/// The field that makes a block a point.
const POINT: &str = "cachePoint";

/// The request with a point at the end of the instructions, and one at the end of the last message.
/// `None` where it has one already, or no place for one.
pub(super) fn marked(body: &[u8], mark: &CacheMark) -> Option<Bytes> {
    let mut body: Map<String, Value> = serde_json::from_slice(body).ok()?;
    if lists(&body).into_iter().any(|blocks| blocks.iter().any(is_point)) {
        return None;
    }
    let system = body.get_mut("system").and_then(Value::as_array_mut);
    let system = system.is_some_and(|blocks| keep(blocks, mark));
    let message = keep_messages(&mut body, mark);
    (system || message).then(|| serde_json::to_vec(&body).map(Bytes::from).ok())?
}

/// Puts a point at the end of the last message; `false` where it takes none.
pub(super) fn keep_messages(body: &mut Map<String, Value>, mark: &CacheMark) -> bool {
    let messages = body.get_mut("messages").and_then(Value::as_array_mut);
    let last = messages.and_then(|messages| messages.last_mut()?[CONTENT].as_array_mut());
    last.is_some_and(|blocks| keep(blocks, mark))
}

/// The lists of a request in which points stand.
fn lists(body: &Map<String, Value>) -> Vec<&Vec<Value>> {
    let messages = body.get("messages").and_then(Value::as_array).into_iter().flatten();
    let messages = messages.filter_map(|message| message[CONTENT].as_array());
    let tools = body.get("toolConfig").and_then(|config| config["tools"].as_array());
    let system = body.get("system").and_then(Value::as_array);
    messages.chain(tools).chain(system).collect()
}

/// Whatever is blank, reasoning or a point already takes no point behind it.
fn keep(blocks: &mut Vec<Value>, mark: &CacheMark) -> bool {
    let takes_one = blocks.last().is_some_and(|last| {
        let is_blank = last["text"].as_str().is_some_and(|text| text.trim().is_empty());
        !is_blank && last.get("reasoningContent").is_none() && !is_point(last)
    });
    if takes_one {
        blocks.push(block::write_cache_point(mark));
    }
    takes_one
}

fn is_point(block: &Value) -> bool {
    block.get(POINT).is_some()
}
