//! What a library shows of what it is made of: no untyped JSON and no vendor's SDK in a public
//! signature.

use super::Violation;
use super::rust::{Rust, closing, names, occurrences};
use super::tree::Tree;

/// Crates whose types are somebody's product.
const VENDORS: &[&str] = &["async_openai", "aws_sdk", "aws_smithy", "google_cloud"];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    let files = tree.rust().filter(|(file, _)| {
        file.is_in("crates") && !file.is_in("crates/aisix-testing") && !file.is_test()
    });
    for (file, rust) in files {
        for (owner, signature) in public_signatures(rust) {
            let line = rust.line_of(signature);
            if names_json_value(rust, signature) && !owner.contains("Native") {
                let message =
                    "serde_json::Value in a public signature: name the type that is meant";
                found.push(Violation::new(&file.path, line, "json-value", message));
            }
            if VENDORS.iter().any(|vendor| signature.contains(vendor)) {
                let message = "a vendor's type in a public signature: translate it at the edge";
                found.push(Violation::new(&file.path, line, "vendor-type", message));
            }
        }
    }
    found
}

/// Every public item's text up to its body, and every public field, each with the name of the item.
fn public_signatures(rust: &Rust) -> Vec<(&str, &str)> {
    let mut owner = "";
    let mut found = Vec::new();
    for place in occurrences(&rust.code, "pub ") {
        let words = place["pub ".len()..].trim_start();
        if words.starts_with("use ") || words.starts_with("mod ") {
            continue;
        }
        let mut signature = &place[..end_of_signature(place)];
        if words.starts_with("struct ") {
            // What is public of a struct's inside says so itself.
            signature = &signature[..signature.find('(').unwrap_or(signature.len())];
        }
        if let Some(item) = item_name(words) {
            owner = item;
        }
        found.push((implemented_type(&rust.code, place).unwrap_or(owner), signature));
    }
    found
}

/// The head of the `impl` block that a place is in.
fn implemented_type<'a>(code: &'a str, place: &str) -> Option<&'a str> {
    let before = &code[..code.len() - place.len()];
    let block = &before[before.rfind("\nimpl")?..];
    if block.contains("\n}") {
        return None;
    }
    block.split('{').next()
}

/// Where a signature ends: before its body, its semicolon, or the comma after a field.
fn end_of_signature(text: &str) -> usize {
    let mut depth = 0_usize;
    for (offset, character) in text.char_indices() {
        match character {
            '(' | '[' | '<' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '>' if !text[..offset].ends_with(['-', '=']) => depth = depth.saturating_sub(1),
            '{' | ';' | '}' => return offset,
            ',' if depth == 0 => return offset,
            _ => {}
        }
    }
    text.len()
}

/// What a function or a type is called; a field has no name here.
fn item_name(words: &str) -> Option<&str> {
    let mut words = words.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let keywords = ["fn", "struct", "enum", "type", "trait", "const", "static", "union"];
    while let Some(word) = words.next() {
        if matches!(word, "async" | "unsafe" | "extern") {
            continue;
        }
        if !keywords.contains(&word) {
            return None;
        }
        let name = words.next()?;
        if name != "fn" {
            return Some(name);
        }
        return words.next();
    }
    None
}

fn names_json_value(rust: &Rust, signature: &str) -> bool {
    let imported = rust.uses().any(imports_json_value);
    names(signature, "serde_json::Value")
        || (imported && names(signature, "Value") && !signature.contains("::Value"))
}

fn imports_json_value(text: &str) -> bool {
    occurrences(text, "serde_json::").any(|place| {
        let after = &place["serde_json::".len()..];
        let end =
            if after.starts_with('{') { closing(after, '{', '}') } else { after.find([',', '}']) };
        let imported = &after[..end.unwrap_or(after.len())];
        names(imported, "Value") && !imported.contains("Value as")
    })
}
