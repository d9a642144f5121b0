//! The tools of a request, and whether one must be called.
//!
//! Source: the guide "Function calling", and the reference's "Tool", "FunctionDeclaration" and
//! "FunctionCallingConfig".

use aisix_core::chat::{ChatRequest, Native, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use super::ID;
use crate::cache;
use crate::fields::Fields;
use crate::sink::Sink;

const TOOLS: &str = "tools";
const DECLARATIONS: &str = "functionDeclarations";
const SCHEMA: &str = "parametersJsonSchema";
const CONFIG: &str = "toolConfig";
const CALLING: &str = "functionCallingConfig";

/// Reads `tools` and `toolConfig`.
pub(super) fn read(fields: &mut Fields, request: &mut ChatRequest) {
    for tool in fields.list(TOOLS).unwrap_or_default() {
        read_tool(tool, &mut request.tools);
    }
    let Some(value) = fields.take(CONFIG) else {
        return;
    };
    match Fields::of(value) {
        Ok(mut config) => {
            request.tool_choice = config.take_as(CALLING, read_choice);
            request.native.extend(config.natives(ID, &format!("{CONFIG}.")));
        }
        Err(value) => request.native.push(Native::new(ID, CONFIG, value)),
    }
}

/// One tool may hold many functions, and beside them what runs at the provider.
fn read_tool(value: Value, tools: &mut Vec<Tool>) {
    match Fields::of(value) {
        Ok(mut fields) => {
            let declarations = fields.list(DECLARATIONS).unwrap_or_default();
            tools.extend(declarations.into_iter().map(read_function));
            if !fields.is_empty() {
                tools.push(Tool::Native(Native::new(ID, TOOLS, fields.into_value())));
            }
        }
        Err(value) => tools.push(Tool::Native(Native::new(ID, TOOLS, value))),
    }
}

fn read_function(value: Value) -> Tool {
    if !value["name"].is_string() {
        return Tool::Native(Native::new(ID, TOOLS, json!({ DECLARATIONS: [value] })));
    }
    let mut fields = Fields::of(value).unwrap_or_default();
    Tool::Function {
        name: fields.text("name").unwrap_or_default(),
        description: fields.text("description"),
        parameters: fields.take(SCHEMA).map(|schema| schema.to_string()),
        strict: None,
        cache: None,
        native: fields.natives(ID, "").collect(),
    }
}

/// `{"mode", "allowedFunctionNames"}`.
///
/// # Errors
/// The object, where it says more.
fn read_choice(value: Value) -> Result<ToolChoice, Value> {
    let names = match &value["allowedFunctionNames"] {
        Value::Null => Some(Vec::new()),
        Value::Array(names) => names.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let fields = value.as_object().map_or(0, Map::len);
    match (value["mode"].as_str(), names.as_deref()) {
        (Some("AUTO"), Some([])) if fields == 1 => Ok(ToolChoice::Auto),
        (Some("NONE"), Some([])) if fields == 1 => Ok(ToolChoice::None),
        (Some("ANY"), Some([])) if fields == 1 => Ok(ToolChoice::Required),
        (Some("ANY"), Some([name])) if fields == 2 => Ok(ToolChoice::Function((*name).to_owned())),
        (_, None) => Err(value),
        _ => Ok(ToolChoice::Native(Native::new(ID, CALLING, value))),
    }
}

/// Writes the tools, and whether one must be called.
pub(super) fn write(request: &ChatRequest, sink: &mut Sink, body: &mut Map<String, Value>) {
    let tools = write_tools(&request.tools, sink);
    let any = !tools.is_empty();
    if any {
        body.insert(TOOLS.to_owned(), Value::Array(tools));
    }
    if request.parallel_tool_calls == Some(false) && any {
        sink.drop("parallel_tool_calls");
    }
    let choice = match &request.tool_choice {
        // The provider refuses a rule for tools that there are not.
        Some(ToolChoice::Required | ToolChoice::Function(_)) if !any && !sink.own => {
            sink.drop("tool_choice");
            None
        }
        Some(choice) if any || sink.own => write_choice(choice, sink),
        _ => None,
    };
    let more = format!("{CONFIG}.");
    let has_more = |native: &Native| native.dialect == ID && native.name.starts_with(&more);
    if choice.is_some() || request.native.iter().any(has_more) {
        let config = choice.map(|choice| (CALLING.to_owned(), choice)).into_iter().collect();
        body.insert(CONFIG.to_owned(), Value::Object(config));
    }
}

/// Functions that follow one another are one tool.
fn write_tools(tools: &[Tool], sink: &mut Sink) -> Vec<Value> {
    let mut written: Vec<Value> = Vec::new();
    for tool in tools {
        match tool {
            Tool::Native(native) if native.dialect == ID && native.name == TOOLS => {
                written.push(native.value.clone());
            }
            Tool::Native(native) => sink.drop_part(native),
            Tool::Function { .. } => {
                let function = write_function(tool, sink);
                let last = written
                    .last_mut()
                    .filter(|last| last.as_object().is_some_and(|last| last.len() == 1));
                match last.and_then(|last| last.get_mut(DECLARATIONS)?.as_array_mut()) {
                    Some(functions) => functions.push(function),
                    None => written.push(json!({ DECLARATIONS: [function] })),
                }
            }
        }
    }
    written
}

fn write_function(tool: &Tool, sink: &mut Sink) -> Value {
    let Tool::Function { name, description, parameters, strict, cache, native } = tool else {
        return Value::Null;
    };
    let mut object = Map::new();
    object.insert("name".to_owned(), name.as_str().into());
    if let Some(description) = description {
        object.insert("description".to_owned(), description.as_str().into());
    }
    match parameters.as_deref().map(serde_json::from_str::<Value>) {
        None => {}
        Some(Ok(schema)) => drop(object.insert(SCHEMA.to_owned(), schema)),
        Some(Err(_)) => sink.drop("tools.parameters"),
    }
    if *strict == Some(true) {
        sink.drop("tools.strict");
    }
    cache::leave_out(cache.as_ref(), sink);
    sink.put_natives(native, &mut object);
    Value::Object(object)
}

fn write_choice(choice: &ToolChoice, sink: &mut Sink) -> Option<Value> {
    Some(match choice {
        ToolChoice::Auto => json!({"mode": "AUTO"}),
        ToolChoice::None => json!({"mode": "NONE"}),
        ToolChoice::Required => json!({"mode": "ANY"}),
        ToolChoice::Function(name) => json!({"mode": "ANY", "allowedFunctionNames": [name]}),
        ToolChoice::Native(native) if native.dialect == ID => native.value.clone(),
        ToolChoice::Native(_) => {
            sink.drop("tool_choice");
            return None;
        }
    })
}
