//! The tools of a request, and whether one must be called.
//!
//! Source: the reference's "ToolConfiguration", "ToolSpecification" and "ToolChoice".

use std::collections::BTreeSet;

use aisix_core::chat::{ChatRequest, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use super::block;
use crate::claude::Plan;
use crate::sink::Sink;

/// Writes the tools, and whether one must be called. `called` are those that the messages hold calls
/// of: the provider refuses calls where no tool is, so that, where the caller offers none any more,
/// these stand for them, and take anything.
pub(super) fn write(
    request: &ChatRequest,
    called: &BTreeSet<String>,
    plan: &Plan,
    sink: &mut Sink,
    body: &mut Map<String, Value>,
) {
    let mut tools = Vec::with_capacity(request.tools.len());
    for tool in &request.tools {
        write_tool(tool, &mut tools, sink);
    }
    let offers = !tools.is_empty();
    if request.parallel_tool_calls == Some(false) && offers {
        sink.drop("parallel_tool_calls");
    }
    let unforced = offers && plan.unforced(request, sink).is_some();
    let choice = match &request.tool_choice {
        None | Some(ToolChoice::Auto) => None,
        Some(ToolChoice::None) if called.is_empty() => {
            // Only tools that there are not are not called.
            if offers {
                sink.drop("tools");
            }
            return;
        }
        Some(ToolChoice::Required) if offers && !unforced => Some(json!({"any": {}})),
        Some(ToolChoice::Function(name)) if offers && !unforced => {
            Some(json!({"tool": {"name": name}}))
        }
        // A rule for tools that there are not, or one that this format has no word for.
        Some(_) => {
            sink.drop("tool_choice");
            None
        }
    };
    if !offers {
        tools.extend(
            called.iter().map(|name| json!({ "toolSpec": spec(name, None, any_object()) })),
        );
    }
    if tools.is_empty() {
        return;
    }
    let mut config = Map::new();
    config.insert("tools".to_owned(), Value::Array(tools));
    config.extend(choice.map(|choice| ("toolChoice".to_owned(), choice)));
    body.insert("toolConfig".to_owned(), Value::Object(config));
}

fn write_tool(tool: &Tool, tools: &mut Vec<Value>, sink: &mut Sink) {
    let (name, description, parameters, strict, cache, native) = match tool {
        Tool::Function { name, description, parameters, strict, cache, native } => {
            (name, description, parameters, strict, cache, native)
        }
        Tool::Native(native) => return sink.drop_part(native),
    };
    let schema = match parameters.as_deref().map(serde_json::from_str::<Value>) {
        None => any_object(),
        Some(Ok(schema @ Value::Object(_))) => schema,
        // What no schema describes cannot be called.
        Some(_) => return sink.drop("tools.parameters"),
    };
    let mut spec = spec(name, description.as_deref(), schema);
    // That a schema does not bind goes without saying: not every model knows the field.
    if *strict == Some(true) {
        spec.insert("strict".to_owned(), true.into());
    }
    sink.drop_natives(native);
    tools.push(json!({ "toolSpec": spec }));
    tools.extend(cache.as_ref().map(block::write_cache_point));
}

fn spec(name: &str, description: Option<&str>, schema: Value) -> Map<String, Value> {
    let mut spec = Map::new();
    spec.insert("name".to_owned(), name.into());
    if let Some(description) = description.filter(|text| !text.is_empty()) {
        spec.insert("description".to_owned(), description.into());
    }
    spec.insert("inputSchema".to_owned(), json!({ "json": schema }));
    spec
}

fn any_object() -> Value {
    json!({"type": "object", "properties": {}})
}
