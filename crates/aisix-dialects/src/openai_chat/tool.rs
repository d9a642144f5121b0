//! The tools of a request, and whether one must be called.

use aisix_core::chat::{ChatRequest, Native, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use super::{ID, spelling};
use crate::cache;
use crate::fields::Fields;
use crate::sink::Sink;

/// Reads `tools` and `tool_choice`, or the legacy `functions` and `function_call`.
pub(super) fn read(fields: &mut Fields, request: &mut ChatRequest) {
    if fields.get("tools").is_none_or(Value::is_null)
        && let Some(functions) = fields.list("functions")
    {
        request.tools = functions.into_iter().map(read_legacy).collect();
        request.tool_choice = fields.take_as("function_call", read_legacy_choice);
        request.native.push(spelling::mark(spelling::FUNCTIONS));
        return;
    }
    request.tools = fields.list("tools").unwrap_or_default().into_iter().map(read_tool).collect();
    request.tool_choice = fields.take("tool_choice").map(read_choice);
}

fn read_tool(value: Value) -> Tool {
    read_function_tool(value).unwrap_or_else(|value| Tool::Native(Native::new(ID, "tools", value)))
}

fn read_function_tool(value: Value) -> Result<Tool, Value> {
    if value["type"] != "function" || !value["function"]["name"].is_string() {
        return Err(value);
    }
    let mut fields = Fields::of(value)?;
    fields.take("type");
    let function = Fields::of(fields.take("function").unwrap_or_default())?;
    Ok(read_function(function, fields))
}

fn read_legacy(value: Value) -> Tool {
    let function = Fields::of(value).map_err(|value| Native::new(ID, "functions", value));
    match function {
        Ok(function) => read_function(function, Fields::default()),
        Err(native) => Tool::Native(native),
    }
}

fn read_function(mut function: Fields, mut outer: Fields) -> Tool {
    Tool::Function {
        name: function.text("name").unwrap_or_default(),
        description: function.text("description"),
        parameters: function.take("parameters").map(|schema| schema.to_string()),
        strict: function.flag("strict"),
        cache: cache::read(&mut outer),
        native: outer.natives(ID, "").chain(function.natives(ID, "function.")).collect(),
    }
}

fn read_choice(value: Value) -> ToolChoice {
    match value.as_str() {
        Some("auto") => return ToolChoice::Auto,
        Some("none") => return ToolChoice::None,
        Some("required") => return ToolChoice::Required,
        _ => {}
    }
    match value["function"]["name"].as_str() {
        Some(name) if value == named(name) => ToolChoice::Function(name.to_owned()),
        _ => ToolChoice::Native(Native::new(ID, "tool_choice", value)),
    }
}

fn read_legacy_choice(value: Value) -> Result<ToolChoice, Value> {
    match (value.as_str(), value["name"].as_str()) {
        (Some("auto"), _) => Ok(ToolChoice::Auto),
        (Some("none"), _) => Ok(ToolChoice::None),
        (None, Some(name)) => Ok(ToolChoice::Function(name.to_owned())),
        _ => Err(value),
    }
}

/// The rule that this function must be called.
fn named(function: &str) -> Value {
    json!({"type": "function", "function": {"name": function}})
}

/// Writes the tools, and whether one must be called.
pub(super) fn write(request: &ChatRequest, sink: &mut Sink, body: &mut Map<String, Value>) {
    let legacy = spelling::marked(&request.native, spelling::FUNCTIONS);
    let tools: Vec<_> =
        request.tools.iter().filter_map(|tool| write_tool(tool, legacy, sink)).collect();
    if !tools.is_empty() {
        let name = if legacy { "functions" } else { "tools" };
        body.insert(name.to_owned(), Value::Array(tools));
    }
    let choice = request.tool_choice.as_ref();
    if let Some(choice) = choice.and_then(|choice| write_choice(choice, legacy, sink)) {
        let name = if legacy { "function_call" } else { "tool_choice" };
        body.insert(name.to_owned(), choice);
    }
}

fn write_tool(tool: &Tool, legacy: bool, sink: &mut Sink) -> Option<Value> {
    match tool {
        Tool::Function { .. } => write_function_tool(tool, legacy, sink),
        Tool::Native(native) => {
            let place = if legacy { "functions" } else { "tools" };
            if native.dialect == ID && native.name == place {
                return Some(native.value.clone());
            }
            sink.drop_part(native);
            None
        }
    }
}

fn write_function_tool(tool: &Tool, legacy: bool, sink: &mut Sink) -> Option<Value> {
    let Tool::Function { name, description, parameters, strict, cache, native } = tool else {
        return None;
    };
    let mut function = Map::new();
    function.insert("name".to_owned(), name.as_str().into());
    if let Some(description) = description {
        function.insert("description".to_owned(), description.as_str().into());
    }
    if let Some(parameters) = parameters {
        match serde_json::from_str::<Value>(parameters) {
            Ok(schema) => drop(function.insert("parameters".to_owned(), schema)),
            Err(_) => sink.drop("tools.parameters"),
        }
    }
    if let Some(strict) = strict {
        function.insert("strict".to_owned(), (*strict).into());
    }
    let mut object = Map::new();
    object.insert("type".to_owned(), "function".into());
    object.insert("function".to_owned(), Value::Object(function));
    cache::write_own(cache.as_ref(), &mut object, sink);
    sink.put_natives(native, &mut object);
    if legacy { object.shift_remove("function") } else { Some(Value::Object(object)) }
}

fn write_choice(choice: &ToolChoice, legacy: bool, sink: &mut Sink) -> Option<Value> {
    match choice {
        ToolChoice::Auto => Some("auto".into()),
        ToolChoice::None => Some("none".into()),
        ToolChoice::Function(name) if legacy => Some(json!({ "name": name })),
        ToolChoice::Function(name) => Some(named(name)),
        ToolChoice::Required if !legacy => Some("required".into()),
        ToolChoice::Native(native) if native.dialect == ID && !legacy => Some(native.value.clone()),
        ToolChoice::Required | ToolChoice::Native(_) => {
            sink.drop("tool_choice");
            None
        }
    }
}
