//! The tools of a request, and whether one must be called.

use aisix_core::chat::{ChatRequest, Native, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use super::ID;
use crate::cache;
use crate::fields::Fields;
use crate::sink::Sink;

/// Reads both.
pub(super) fn read(fields: &mut Fields, request: &mut ChatRequest) {
    let tools = fields.list("tools").unwrap_or_default();
    request.tools = tools.into_iter().map(read_tool).collect();
    request.tool_choice = fields.take("tool_choice").map(read_choice);
}

fn read_tool(value: Value) -> Tool {
    if value["type"] != "function" || !value["name"].is_string() {
        return Tool::Native(Native::new(ID, "tools", value));
    }
    let mut fields = match Fields::of(value) {
        Ok(fields) => fields,
        Err(value) => return Tool::Native(Native::new(ID, "tools", value)),
    };
    fields.take("type");
    Tool::Function {
        name: fields.text("name").unwrap_or_default(),
        description: fields.text("description"),
        parameters: fields.take("parameters").map(|schema| schema.to_string()),
        strict: fields.flag("strict"),
        cache: None,
        native: fields.natives(ID, "").filter(|native| !native.value.is_null()).collect(),
    }
}

fn read_choice(value: Value) -> ToolChoice {
    match value.as_str() {
        Some("auto") => return ToolChoice::Auto,
        Some("none") => return ToolChoice::None,
        Some("required") => return ToolChoice::Required,
        _ => {}
    }
    match value["name"].as_str() {
        Some(name) if value == named(name) => ToolChoice::Function(name.to_owned()),
        _ => ToolChoice::Native(Native::new(ID, "tool_choice", value)),
    }
}

/// The rule that this function must be called.
fn named(function: &str) -> Value {
    json!({"type": "function", "name": function})
}

/// Writes both.
pub(super) fn write(request: &ChatRequest, sink: &mut Sink, body: &mut Map<String, Value>) {
    let tools: Vec<_> = request.tools.iter().filter_map(|tool| write_tool(tool, sink)).collect();
    if !tools.is_empty() {
        body.insert("tools".to_owned(), Value::Array(tools));
    }
    let choice = request.tool_choice.as_ref();
    if let Some(choice) = choice.and_then(|choice| write_choice(choice, sink)) {
        body.insert("tool_choice".to_owned(), choice);
    }
}

/// Whether one must be called, as an answer tells it: by no rule that only its provider knew.
pub(super) fn chosen(request: &ChatRequest) -> Option<Value> {
    let choice = request.tool_choice.as_ref();
    let choice = choice.filter(|choice| !matches!(choice, ToolChoice::Native(_)))?;
    write_choice(choice, &mut Sink::new(ID, ID))
}

/// Writes a tool as answers tell it: what was not said of it is null.
pub(super) fn write_told(tool: &Tool, sink: &mut Sink) -> Option<Value> {
    let mut told = write_tool(tool, sink)?;
    for name in ["parameters", "strict"] {
        told.as_object_mut()?.entry(name).or_insert(Value::Null);
    }
    Some(told)
}

fn write_tool(tool: &Tool, sink: &mut Sink) -> Option<Value> {
    let (name, description, parameters, strict, cache, native) = match tool {
        Tool::Native(native) if native.dialect == ID && native.name == "tools" => {
            return Some(native.value.clone());
        }
        Tool::Native(native) => {
            sink.drop_part(native);
            return None;
        }
        Tool::Function { name, description, parameters, strict, cache, native } => {
            (name, description, parameters, strict, cache, native)
        }
    };
    let mut object = Map::new();
    object.insert("type".to_owned(), "function".into());
    object.insert("name".to_owned(), name.as_str().into());
    if let Some(description) = description {
        object.insert("description".to_owned(), description.as_str().into());
    }
    if let Some(parameters) = parameters {
        match serde_json::from_str::<Value>(parameters) {
            Ok(schema) => drop(object.insert("parameters".to_owned(), schema)),
            Err(_) => sink.drop("tools.parameters"),
        }
    } else if !sink.own {
        // This format asks for a schema.
        object.insert("parameters".to_owned(), json!({"type": "object", "properties": {}}));
    }
    match strict {
        Some(strict) => drop(object.insert("strict".to_owned(), (*strict).into())),
        // This format is strict where nothing is said, the others are not.
        None if !sink.own => drop(object.insert("strict".to_owned(), false.into())),
        None => {}
    }
    cache::leave_out(cache.as_ref(), sink);
    sink.put_natives(native, &mut object);
    Some(Value::Object(object))
}

fn write_choice(choice: &ToolChoice, sink: &mut Sink) -> Option<Value> {
    match choice {
        ToolChoice::Auto => Some("auto".into()),
        ToolChoice::None => Some("none".into()),
        ToolChoice::Required => Some("required".into()),
        ToolChoice::Function(name) => Some(named(name)),
        ToolChoice::Native(native) if native.dialect == ID => Some(native.value.clone()),
        ToolChoice::Native(_) => {
            sink.drop("tool_choice");
            None
        }
    }
}
