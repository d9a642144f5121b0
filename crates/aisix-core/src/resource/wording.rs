//! What serde finds, in words that an administrator reads and that quote nothing.
//!
//! serde's own messages quote the offending value (``invalid type: string "sk-…", expected …``),
//! which may be a credential that stands in the wrong place. So a message is never passed on: what
//! is known to quote nothing is taken out of it, and the rest is dropped.

use serde_ignored::Path;

use super::Problem;

/// What is wrong at a path, as `serde_path_to_error` writes it.
pub(super) fn problem(at: &str, error: &serde_json::Error) -> Problem {
    let at = if at == "." { "" } else { at };
    let text = error.to_string();
    if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'))
    {
        return Problem::new(below(at, name), "is required");
    }
    Problem::new(at, message(&text))
}

fn message(text: &str) -> String {
    // The parsers of this crate quote nothing and say what must be.
    if text.starts_with("must be ") {
        return text.to_owned();
    }
    // A quoted value may itself hold ", expected ": what serde says comes last.
    let expected = text.rsplit_once(", expected ").map(|(_, expected)| expected);
    match expected {
        // Only shapes that stay closed say so; the path ends with the field.
        _ if text.starts_with("unknown field ") => "unknown field".to_owned(),
        Some(names) if text.starts_with("unknown variant ") => format!("must be {names}"),
        Some(expected) if text.starts_with("invalid ") => format!("must be {}", words(expected)),
        _ => "is not valid".to_owned(),
    }
}

/// What serde expects, in the words of JSON.
fn words(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" => "an object",
        "a boolean" => "true or false",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, 0 or more",
        "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        // One of several names.
        "string or map" | "map with a single key" | "unit" => "a string",
        _ if expected.starts_with("struct ") || expected.starts_with("internally tagged ") => {
            "an object"
        }
        _ => expected,
    }
}

/// Where something that nobody reads stands: `request.default_headers`, `targets[1].colour`.
pub(super) fn path(path: &Path<'_>) -> String {
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}[{index}]", self::path(parent)),
        Path::Map { parent, key } => below(&self::path(parent), key),
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => self::path(parent),
    }
}

fn below(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}
