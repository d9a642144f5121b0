//! The tools of a request, and whether one must be called.
//!
//! Source: the reference's "ToolConfiguration", "ToolSpecification" and "ToolChoice".

use aisix_core::chat::{ChatRequest, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use super::{block, option};
use crate::sink::Sink;

/// Writes the tools, and whether one must be called; `uses_tools` says whether the messages hold
/// calls, which the provider refuses without the tools.
pub(super) fn write(
    request: &ChatRequest,
    uses_tools: bool,
    sink: &mut Sink,
    body: &mut Map<String, Value>,
) {
    let mut tools = Vec::with_capacity(request.tools.len());
    for tool in &request.tools {
        write_tool(tool, &mut tools, sink);
    }
    if request.parallel_tool_calls == Some(false) && !tools.is_empty() {
        sink.drop("parallel_tool_calls");
    }
    if tools.is_empty() {
        // A rule for tools that there are not.
        if matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Function(_))) {
            sink.drop("tool_choice");
        }
        return;
    }
    let choice = match &request.tool_choice {
        // Only tools that there are not are not called.
        Some(ToolChoice::None) if !uses_tools => return sink.drop("tools"),
        None | Some(ToolChoice::Auto) => None,
        Some(ToolChoice::Required | ToolChoice::Function(_)) if option::thinks(request) => {
            // The provider refuses to force a call on a model that thinks.
            sink.drop("tool_choice");
            None
        }
        Some(ToolChoice::Required) => Some(json!({"any": {}})),
        Some(ToolChoice::Function(name)) => Some(json!({"tool": {"name": name}})),
        Some(ToolChoice::None | ToolChoice::Native(_)) => {
            sink.drop("tool_choice");
            None
        }
    };
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
        None => json!({"type": "object", "properties": {}}),
        Some(Ok(schema @ Value::Object(_))) => schema,
        // What no schema describes cannot be called.
        Some(_) => return sink.drop("tools.parameters"),
    };
    let mut spec = Map::new();
    spec.insert("name".to_owned(), name.as_str().into());
    if let Some(description) = description.as_deref().filter(|text| !text.is_empty()) {
        spec.insert("description".to_owned(), description.into());
    }
    spec.insert("inputSchema".to_owned(), json!({ "json": schema }));
    // That a schema does not bind goes without saying: not every model knows the field.
    if *strict == Some(true) {
        spec.insert("strict".to_owned(), true.into());
    }
    sink.drop_natives(native);
    tools.push(json!({ "toolSpec": spec }));
    tools.extend(cache.as_ref().map(block::write_cache_point));
}
