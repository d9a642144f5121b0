//! JSON values as YAML that people read and change.
//!
//! Every string is quoted and escaped as in JSON, which YAML reads the same, so that none can be
//! taken for anything else.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// One document: a line feed ends it.
pub(super) fn document(file: &Map<String, Value>) -> String {
    let mut text = String::new();
    mapping(&mut text, file, 0);
    text
}

/// One line for each field, or more. The first begins where the text ends.
fn mapping(text: &mut String, fields: &Map<String, Value>, depth: usize) {
    for (index, (name, value)) in fields.iter().enumerate() {
        if index > 0 {
            indent(text, depth);
        }
        if is_plain(name) {
            text.push_str(name);
        } else {
            string(text, name);
        }
        text.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                text.push('\n');
                indent(text, depth + 1);
                mapping(text, inner, depth + 1);
            }
            Value::Array(items) if !items.is_empty() => {
                text.push('\n');
                list(text, items, depth + 1);
            }
            _ => {
                text.push(' ');
                scalar(text, value);
            }
        }
    }
}

/// One entry a line, or on more.
fn list(text: &mut String, items: &[Value], depth: usize) {
    for item in items {
        indent(text, depth);
        text.push_str("- ");
        match item {
            Value::Object(fields) if !fields.is_empty() => mapping(text, fields, depth + 1),
            // Lists in lists are rare, and JSON is YAML.
            _ => scalar(text, item),
        }
    }
}

/// What is on one line, to its end.
fn scalar(text: &mut String, value: &Value) {
    inline(text, value);
    text.push('\n');
}

fn inline(text: &mut String, value: &Value) {
    match value {
        Value::String(value) => string(text, value),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                inline(text, item);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (index, (name, value)) in fields.iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                string(text, name);
                text.push_str(": ");
                inline(text, value);
            }
            text.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
    }
}

/// A string in quotes, in which whatever YAML does not print is escaped.
fn string(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => code(text, character),
            _ if character.is_control() => code(text, character),
            _ => text.push(character),
        }
    }
    text.push('"');
}

/// Characters that need it have four digits at most.
fn code(text: &mut String, character: char) {
    // Writing to a string does not fail.
    let _ = write!(text, "\\u{:04x}", u32::from(character));
}

/// Whether a key needs no quotes: a word that YAML cannot take for anything but a string.
fn is_plain(name: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let taken = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    begins && name.bytes().all(word) && !taken.contains(&&*name.to_ascii_lowercase())
}

fn indent(text: &mut String, depth: usize) {
    for _ in 0..depth {
        text.push_str("  ");
    }
}
