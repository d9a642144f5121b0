//! The JSON Schema of a kind's documents: the schemas of the OpenAPI document, standing alone.

use aisix_core::Resource;
use serde_json::{Map, Value, json};

use super::Documented;

/// Where the document keeps its schemas, and where a schema that stands alone does.
const IN_DOCUMENT: &str = "#/components/schemas/";
const ALONE: &str = "#/$defs/";

/// What an administrator may write as a resource of this kind.
pub(crate) fn json_schema<T: Resource + Documented>() -> Value {
    let body = T::body();
    let mut known = Map::new();
    for (name, schema) in body.schemas {
        // A schema is made of maps with text keys, lists, texts and numbers.
        let mut schema = serde_json::to_value(schema).unwrap_or_default();
        relocate(&mut schema);
        known.insert(name, schema);
    }
    let mut used = Map::new();
    keep_used(&body.name, &mut known, &mut used);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": T::KIND.plural(),
        "$ref": format!("{ALONE}{}", body.name),
    });
    if !T::OPEN {
        schema["unevaluatedProperties"] = json!(false);
    }
    schema["$defs"] = Value::Object(used);
    schema
}

/// Makes references lead to where the schemas stand.
fn relocate(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(target) if name == "$ref" => {
                        *target = target.replace(IN_DOCUMENT, ALONE);
                    }
                    field => relocate(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(relocate),
        _ => {}
    }
}

/// Moves a schema over, and all that it refers to.
fn keep_used(name: &str, known: &mut Map<String, Value>, used: &mut Map<String, Value>) {
    let Some(schema) = known.remove(name) else { return };
    used.insert(name.to_owned(), schema.clone());
    follow(&schema, known, used);
}

fn follow(schema: &Value, known: &mut Map<String, Value>, used: &mut Map<String, Value>) {
    match schema {
        Value::Object(fields) => {
            let target = fields.get("$ref").and_then(Value::as_str);
            if let Some(name) = target.and_then(|target| target.strip_prefix(ALONE)) {
                keep_used(name, known, used);
            }
            fields.values().for_each(|field| follow(field, known, used));
        }
        Value::Array(items) => items.iter().for_each(|item| follow(item, known, used)),
        _ => {}
    }
}
