//! Places within an entry.

use serde_json::{Map, Value};

/// Stands for every item of a list.
pub(super) const EACH: &str = "[]";

/// Calls `visit` with the dotted path of every text at a place, and the text. Steps are names of
/// fields; [`EACH`] goes into every item of a list.
pub(super) fn texts<'v>(value: &'v Value, steps: &[&str], visit: &mut impl FnMut(&str, &'v str)) {
    at(value, steps, &mut String::new(), visit);
}

fn at<'v>(
    value: &'v Value,
    steps: &[&str],
    path: &mut String,
    visit: &mut impl FnMut(&str, &'v str),
) {
    let Some((step, rest)) = steps.split_first() else {
        if let Value::String(text) = value {
            visit(path, text);
        }
        return;
    };
    let parent = path.len();
    match value {
        Value::Array(items) if *step == EACH => {
            for (index, item) in items.iter().enumerate() {
                enter_item(path, index);
                at(item, rest, path, visit);
                path.truncate(parent);
            }
        }
        Value::Object(fields) => {
            if let Some(field) = fields.get(*step) {
                enter_field(path, step);
                at(field, rest, path, visit);
                path.truncate(parent);
            }
        }
        _ => {}
    }
}

/// Calls `visit` with the dotted path of every text, however deep; what it answers replaces the
/// text.
pub(super) fn replace_texts(
    fields: &mut Map<String, Value>,
    visit: &mut impl FnMut(&str, &str) -> Option<String>,
) {
    let path = &mut String::new();
    for (key, value) in fields {
        enter_field(path, key);
        replace(value, path, visit);
        path.clear();
    }
}

fn replace(
    value: &mut Value,
    path: &mut String,
    visit: &mut impl FnMut(&str, &str) -> Option<String>,
) {
    let parent = path.len();
    match value {
        Value::String(text) => {
            if let Some(replacement) = visit(path, text) {
                *text = replacement;
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                enter_item(path, index);
                replace(item, path, visit);
                path.truncate(parent);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                enter_field(path, key);
                replace(field, path, visit);
                path.truncate(parent);
            }
        }
        _ => {}
    }
}

/// The object at the parent of a place, and the last step: where a field is read, put and removed.
pub(super) fn parent<'v, 's>(
    fields: &'v mut Map<String, Value>,
    steps: &[&'s str],
) -> Option<(&'v mut Map<String, Value>, &'s str)> {
    let (last, above) = steps.split_last()?;
    let mut object = fields;
    for step in above {
        object = object.get_mut(*step)?.as_object_mut()?;
    }
    Some((object, last))
}

fn enter_field(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

fn enter_item(path: &mut String, index: usize) {
    path.push_str(&format!("[{index}]"));
}
