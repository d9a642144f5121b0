//! The names of documents, which this format is particular about.
//!
//! Source: the reference's "DocumentBlock": letters, digits, single blanks, hyphens, parentheses and
//! square brackets, 200 at most. Names of one request must differ.

/// What a document without a usable name is called.
const UNNAMED: &str = "document";
/// The longest name, in characters; room is left for a number.
const LONGEST: usize = 190;

/// The names given so far in one request.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<String>);

impl Names {
    /// A name like this one that the format takes and that no other document of the request has.
    pub(super) fn give(&mut self, wanted: Option<&str>) -> String {
        let usable = usable(wanted.unwrap_or_default());
        let name = if usable.is_empty() { UNNAMED.to_owned() } else { usable };
        let mut given = name.clone();
        for number in 2.. {
            if !self.0.contains(&given) {
                break;
            }
            given = format!("{name} {number}");
        }
        self.0.push(given.clone());
        given
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
