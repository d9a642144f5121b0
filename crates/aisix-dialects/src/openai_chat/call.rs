//! Tool calls, as messages hold them.

use aisix_core::chat::{Native, Part, ToolCall};
use serde_json::{Map, Value, json};

use super::ID;
use crate::cache;
use crate::fields::Fields;
use crate::sink::Sink;

/// The name of a native part that is one of the tool calls.
pub(super) const TOOL_CALLS: &str = "tool_calls";

/// Reads one of the `tool_calls`: a function's, otherwise native.
pub(super) fn read_call(value: Value) -> Part {
    read_function_call(value)
        .unwrap_or_else(|value| Part::Native(Native::new(ID, TOOL_CALLS, value)))
}

fn read_function_call(value: Value) -> Result<Part, Value> {
    // Whatever the type says: some vendors leave it out, or empty, as in streams.
    if !value["function"].is_object() {
        return Err(value);
    }
    let mut fields = Fields::of(value)?;
    fields.take("type");
    let mut function = Fields::of(fields.take("function").unwrap_or_default())?;
    let (name, arguments) = read_function(&mut function);
    let id = fields.text("id").unwrap_or_default();
    let native = fields.natives(ID, "").chain(function.natives(ID, "function.")).collect();
    Ok(Part::ToolCall(ToolCall { id, name, arguments, cache: None, native }))
}

/// Reads the legacy `function_call`, which has no id.
pub(super) fn read_legacy(value: Value) -> Result<ToolCall, Value> {
    let mut function = Fields::of(value)?;
    let (name, arguments) = read_function(&mut function);
    let native = function.natives(ID, "function.").collect();
    Ok(ToolCall { name, arguments, native, ..ToolCall::default() })
}

fn read_function(function: &mut Fields) -> (String, String) {
    let name = function.text("name").unwrap_or_default();
    // Some vendors write the arguments as the object that the text stands for.
    let arguments = match function.take("arguments") {
        None => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    };
    (name, arguments)
}

/// Writes one of the `tool_calls`.
pub(super) fn write_call(call: &ToolCall, sink: &mut Sink) -> Value {
    let function = json!({"name": call.name, "arguments": call.arguments});
    let mut object = Map::new();
    object.insert("id".to_owned(), call.id.as_str().into());
    object.insert("type".to_owned(), "function".into());
    object.insert("function".to_owned(), function);
    cache::write_own(call.cache.as_ref(), &mut object, sink);
    sink.put_natives(&call.native, &mut object);
    Value::Object(object)
}

/// Writes the legacy `function_call`.
pub(super) fn write_legacy(call: &ToolCall, sink: &mut Sink) -> Value {
    let mut object = Map::new();
    object.insert("function".to_owned(), json!({"name": call.name, "arguments": call.arguments}));
    sink.put_natives(&call.native, &mut object);
    object.shift_remove("function").unwrap_or_default()
}
