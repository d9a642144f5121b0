//! Schemas as tables of fields.

use serde_json::Value;

use super::html::{Html, escape, prose};
use super::{object, text};

/// Every named schema.
pub(super) fn render_all(html: &mut Html, document: &Value) {
    html.line("<h2 id=\"schemas\">Schemas</h2>");
    for (name, schema) in object(&document["components"]["schemas"]) {
        let name = escape(name);
        html.line(&format!("<article id=\"schema-{name}\"><h3>{name}</h3>"));
        html.line(&format!("<p>{}</p>", prose(text(&schema["description"]))));
        let kind = inline(schema);
        if !kind.is_empty() && kind != "object" {
            html.line(&format!("<p>{kind}</p>"));
        }
        fields(html, document, schema);
        html.line("</article>");
    }
}

/// The fields of an object, of all that it consists of, and of all that it may be.
pub(super) fn fields(html: &mut Html, document: &Value, schema: &Value) {
    let schema = resolve(document, schema);
    if let Some(fields) = schema["properties"].as_object() {
        let required = schema["required"].as_array();
        html.line("<table><tr><th>Field</th><th>Type</th><th></th></tr>");
        for (name, field) in fields {
            let must = required.is_some_and(|required| required.iter().any(|it| it == name));
            let mark = if must { " <b title=\"required\">*</b>" } else { "" };
            let about = prose(about(field));
            let (name, kind) = (escape(name), inline(field));
            html.line(&format!(
                "<tr><td><code>{name}</code>{mark}</td><td>{kind}</td><td>{about}</td></tr>"
            ));
        }
        html.line("</table>");
    }
    for (how, title) in [("allOf", ""), ("oneOf", "<p>One of:</p>"), ("anyOf", "<p>Any of:</p>")] {
        let Some(parts) = schema[how].as_array() else { continue };
        let parts: Vec<_> = parts.iter().filter(|part| part["type"] != "null").collect();
        if parts.len() > 1 {
            html.line(title);
        }
        for part in parts {
            fields(html, document, part);
        }
    }
}

/// A schema in a few words.
pub(super) fn inline(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|target| target.rsplit('/').next()) {
        let name = escape(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(parts) = schema["oneOf"].as_array() {
        let parts = parts.iter().map(inline).filter(|part| !part.is_empty());
        return parts.collect::<Vec<_>>().join(" or ");
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().map(|value| format!("<code>{}</code>", escape(text(value))));
        return values.collect::<Vec<_>>().join(", ");
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
        one => text(one).to_owned(),
    };
    match schema.get("items") {
        Some(items) => format!("{} of {}", escape(&types), inline(items)),
        None => escape(&types),
    }
}

/// What is said of a field; for one that may be null, beside the reference within.
fn about(field: &Value) -> &str {
    let within = field["oneOf"].as_array().into_iter().flatten();
    let mut texts = std::iter::once(field).chain(within).map(|part| text(&part["description"]));
    texts.find(|text| !text.is_empty()).unwrap_or_default()
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap_or(&Value::Null),
        None => schema,
    }
}
