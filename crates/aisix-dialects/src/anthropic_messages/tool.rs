//! The tools of a request, and whether one must be called.
//!
//! Source: the guide "Tool use", and the reference's "ToolUnion" and "ToolChoice".

use aisix_core::chat::{ChatRequest, Native, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use super::{ID, block};
use crate::cache;
use crate::fields::Fields;
use crate::sink::Sink;

/// The field that says whether one call excludes another.
const ALONE: &str = "disable_parallel_tool_use";

/// Reads `tools` and `tool_choice`.
pub(super) fn read(fields: &mut Fields, request: &mut ChatRequest) {
    request.tools = fields.list("tools").unwrap_or_default().into_iter().map(read_tool).collect();
    let Some(choice) = fields.take("tool_choice") else {
        return;
    };
    match read_choice(&choice) {
        Some((choice, alone)) => {
            request.tool_choice = Some(choice);
            request.parallel_tool_calls = alone.map(|alone| !alone);
        }
        None => {
            let native = Native::new(ID, "tool_choice", choice);
            request.tool_choice = Some(ToolChoice::Native(native));
        }
    }
}

/// A tool of the caller's has no type, or the one that says so; the others run at the provider, or
/// are known to its models by their type.
fn read_tool(value: Value) -> Tool {
    let kind = &value["type"];
    if !(kind.is_null() || kind == "custom") || !value["name"].is_string() {
        return Tool::Native(Native::new(ID, "tools", value));
    }
    let mut fields = Fields::of(value).unwrap_or_default();
    fields.take("type");
    Tool::Function {
        name: fields.text("name").unwrap_or_default(),
        description: fields.text("description"),
        parameters: fields.take("input_schema").map(|schema| schema.to_string()),
        strict: fields.flag("strict"),
        cache: cache::read(&mut fields),
        native: fields.natives(ID, "").collect(),
    }
}

/// `{"type", "name", "disable_parallel_tool_use"}`; `None` where more is said.
fn read_choice(value: &Value) -> Option<(ToolChoice, Option<bool>)> {
    let fields = value.as_object()?;
    let choice = match (fields.get("type")?.as_str()?, fields.get("name")) {
        ("auto", None) => ToolChoice::Auto,
        ("any", None) => ToolChoice::Required,
        ("none", None) => ToolChoice::None,
        ("tool", Some(Value::String(name))) => ToolChoice::Function(name.clone()),
        _ => return None,
    };
    let alone = match fields.get(ALONE) {
        None => None,
        Some(flag) => Some(flag.as_bool()?),
    };
    let known = fields.keys().all(|name| ["type", "name", ALONE].contains(&name.as_str()));
    known.then_some((choice, alone))
}

/// Writes the tools, and whether one must be called: by this rule instead of the request's, if
/// there is one.
pub(super) fn write(
    request: &ChatRequest,
    instead: Option<&ToolChoice>,
    sink: &mut Sink,
    body: &mut Map<String, Value>,
) {
    let tools: Vec<_> = request.tools.iter().filter_map(|tool| write_tool(tool, sink)).collect();
    let any = !tools.is_empty();
    if any {
        body.insert("tools".to_owned(), Value::Array(tools));
    }
    let choice = match (instead.or(request.tool_choice.as_ref()), request.parallel_tool_calls) {
        // The provider refuses a rule for tools that there are not.
        (Some(ToolChoice::Required | ToolChoice::Function(_)), _) if !any && !sink.own => {
            sink.drop("tool_choice");
            None
        }
        _ if !any && !sink.own => None,
        (Some(choice), parallel) => write_choice(choice, parallel, sink),
        (None, Some(false)) => write_choice(&ToolChoice::Auto, Some(false), sink),
        (None, _) => None,
    };
    if let Some(choice) = choice {
        body.insert("tool_choice".to_owned(), choice);
    }
}

fn write_tool(tool: &Tool, sink: &mut Sink) -> Option<Value> {
    let (name, description, parameters, strict, cache, native) = match tool {
        Tool::Function { name, description, parameters, strict, cache, native } => {
            (name, description, parameters, strict, cache, native)
        }
        Tool::Native(native) if native.dialect == ID && native.name == "tools" => {
            return Some(native.value.clone());
        }
        Tool::Native(native) => {
            sink.drop_part(native);
            return None;
        }
    };
    let mut object = Map::new();
    object.insert("name".to_owned(), name.as_str().into());
    if let Some(description) = description {
        object.insert("description".to_owned(), description.as_str().into());
    }
    match parameters.as_deref().map(serde_json::from_str::<Value>) {
        Some(Ok(schema)) => drop(object.insert("input_schema".to_owned(), schema)),
        None if sink.own => {}
        // This format asks for a schema.
        missing => {
            if missing.is_some() {
                sink.drop("tools.parameters");
            }
            let anything = json!({"type": "object", "properties": {}});
            object.insert("input_schema".to_owned(), anything);
        }
    }
    if let Some(strict) = strict {
        object.insert("strict".to_owned(), (*strict).into());
    }
    cache::write(cache.as_ref(), &mut object);
    sink.put_natives(native, &mut object);
    Some(Value::Object(object))
}

fn write_choice(choice: &ToolChoice, parallel: Option<bool>, sink: &mut Sink) -> Option<Value> {
    let mut object = match choice {
        ToolChoice::Auto => block::of_type("auto"),
        ToolChoice::None => block::of_type("none"),
        ToolChoice::Required => block::of_type("any"),
        ToolChoice::Function(name) => {
            let mut object = block::of_type("tool");
            object.insert("name".to_owned(), name.as_str().into());
            object
        }
        ToolChoice::Native(native) if native.dialect == ID => return Some(native.value.clone()),
        ToolChoice::Native(_) => {
            sink.drop("tool_choice");
            return None;
        }
    };
    // Several calls are what this format expects; none exclude one another anyway.
    let said = parallel.filter(|parallel| sink.own || !parallel && *choice != ToolChoice::None);
    if let Some(parallel) = said {
        object.insert(ALONE.to_owned(), (!parallel).into());
    }
    Some(Value::Object(object))
}
