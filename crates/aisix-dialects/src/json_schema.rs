//! The answer by a schema, as both of OpenAI's formats write it.
//!
//! Source: OpenAI's guide "Structured outputs", "Supported schemas".

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use aisix_core::DialectId;
use aisix_core::chat::{ChatRequest, Native};
use serde_json::{Map, Value};

use crate::sink::{Sink, mark};

/// A mark among the native fields: the request came in a format in which every schema binds.
const BINDS: &str = ":schema_binds";

/// The mark.
pub(crate) fn binds(dialect: DialectId) -> Native {
    mark(dialect, BINDS)
}

/// What is said of a schema.
pub(crate) struct Described<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) description: Option<&'a str>,
    pub(crate) schema: Option<&'a str>,
    pub(crate) strict: Option<bool>,
}

/// Writes the fields that describe the schema of a request's answer.
pub(crate) fn write(
    format: &Described<'_>,
    request: &ChatRequest,
    sink: &mut Sink,
) -> Map<String, Value> {
    let mut object = Map::new();
    // These formats ask for a name.
    object.insert("name".to_owned(), format.name.unwrap_or("answer").into());
    if let Some(description) = format.description {
        object.insert("description".to_owned(), description.into());
    }
    let schema = format.schema.map(serde_json::from_str::<Value>);
    let mut strict = format.strict;
    match schema {
        Some(Ok(schema)) => {
            // OpenAI binds itself to some schemas only, and refuses the others where it is asked to.
            if request.native.iter().any(|native| native.name == BINDS) {
                if can_bind(&schema) {
                    strict = Some(true);
                } else {
                    sink.drop("response_format.strict");
                }
            }
            object.insert("schema".to_owned(), schema);
        }
        Some(Err(_)) => sink.drop("response_format.schema"),
        None => {}
    }
    if let Some(strict) = strict {
        object.insert("strict".to_owned(), strict.into());
    }
    object
}

/// Whether OpenAI can bind itself to a schema: every object names all of its fields as required and
/// allows no others, and nothing is said in words that are not supported.
fn can_bind(schema: &Value) -> bool {
    const UNSUPPORTED: [&str; 9] = [
        "allOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "dependentRequired",
        "dependentSchemas",
        "patternProperties",
    ];
    let Some(said) = schema.as_object() else {
        return false;
    };
    if UNSUPPORTED.iter().any(|word| said.contains_key(*word)) {
        return false;
    }
    let properties = said.get("properties").and_then(Value::as_object);
    if (properties.is_some() || said.get("type").is_some_and(|kind| kind == "object"))
        && !is_closed(said, properties)
    {
        return false;
    }
    let within = ["$defs", "definitions"].iter().filter_map(|name| said.get(*name)?.as_object());
    let named = properties.into_iter().chain(within).flat_map(Map::values);
    let listed = said.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    named.chain(listed).chain(said.get("items")).all(can_bind)
}

fn is_closed(said: &Map<String, Value>, properties: Option<&Map<String, Value>>) -> bool {
    if said.get("additionalProperties") != Some(&Value::Bool(false)) {
        return false;
    }
    let required = said.get("required").and_then(Value::as_array).into_iter().flatten();
    let required: HashSet<&str> = required.filter_map(Value::as_str).collect();
    properties.is_none_or(|properties| properties.keys().all(|name| required.contains(&**name)))
}
