//! The names of documents, which this format is particular about.
//!
//! Source: the reference's "DocumentBlock": letters, digits, single blanks, hyphens, parentheses and
//! square brackets, 200 at most. Names of one request must differ.

use std::collections::{HashMap, HashSet};

/// What a document without a usable name is called.
const UNNAMED: &str = "document";
/// The longest name, in characters; room is left for a number.
const LONGEST: usize = 190;

/// The names given so far in one request. A request holds as many documents as its body has room for.
#[derive(Debug, Default)]
pub(super) struct Names {
    given: HashSet<String>,
    /// The number that the next document of a name is told apart by.
    next: HashMap<String, u32>,
}

impl Names {
    /// A name like this one that the format takes and that no other document of the request has.
    pub(super) fn give(&mut self, wanted: Option<&str>) -> String {
        let usable = usable(wanted.unwrap_or_default());
        let name = if usable.is_empty() { UNNAMED.to_owned() } else { usable };
        let next = self.next.entry(name.clone()).or_insert(1);
        loop {
            let given = match *next {
                1 => name.clone(),
                number => format!("{name} {number}"),
            };
            *next += 1;
            if self.given.insert(given.clone()) {
                return given;
            }
        }
    }
}

/// The name without its extension, which the format says, and with hyphens where a character may
/// not stand.
fn usable(wanted: &str) -> String {
    let stem = match wanted.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() && end.len() <= 4 => stem,
        _ => wanted,
    };
    let permitted = |character: char| match character {
        letter if letter.is_ascii_alphanumeric() => letter,
        '-' | '(' | ')' | '[' | ']' | ' ' => character,
        blank if blank.is_whitespace() => ' ',
        _ => '-',
    };
    let mapped: String = stem.chars().map(permitted).collect();
    let name = mapped.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if !name.contains(|character: char| character.is_ascii_alphanumeric()) {
        return String::new();
    }
    name.chars().take(LONGEST).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests;
