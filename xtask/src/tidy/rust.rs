//! A Rust file with its comments and literals told apart from its code.
//!
//! This is no parser: it knows where comments, strings and characters begin and end, which is what
//! a search for a name needs in order not to find it in a sentence. Both views keep every line
//! where it was.

/// A Rust file, twice.
#[derive(Debug)]
pub(super) struct Rust {
    /// The code, with comments and the insides of literals blanked.
    pub(super) code: String,
    /// The comments, with everything else blanked.
    pub(super) comments: String,
}

/// An attribute: `#[…]` or `#![…]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attribute<'a> {
    /// From 1.
    pub(super) line: usize,
    /// Without the literals' insides.
    pub(super) text: &'a str,
    /// The code that follows it.
    pub(super) rest: &'a str,
}

/// What a character is part of.
#[derive(Clone, Copy)]
enum Part {
    Code,
    Comment,
    Literal,
}

/// Takes a file apart, character by character.
struct Reader<'a> {
    rest: std::str::Chars<'a>,
    before: char,
    rust: Rust,
}

impl Rust {
    pub(super) fn read(text: &str) -> Self {
        let mut reader = Reader {
            rest: text.chars(),
            before: ' ',
            rust: Self {
                code: String::with_capacity(text.len()),
                comments: String::with_capacity(text.len()),
            },
        };
        while !reader.rest.as_str().is_empty() {
            reader.step();
        }
        reader.rust
    }

    /// The line, from 1, of a place in the code that was found by slicing it.
    pub(super) fn line_of(&self, place: &str) -> usize {
        let offset = place.as_ptr() as usize - self.code.as_ptr() as usize;
        line_at(&self.code, offset)
    }

    /// Every attribute, in order.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        self.code.match_indices('#').filter_map(|(start, _)| {
            let open = start + 1 + usize::from(self.code[start + 1..].starts_with('!'));
            if !self.code[open..].starts_with('[') {
                return None;
            }
            let end = open + closing(&self.code[open..], '[', ']')? + 1;
            Some(Attribute {
                line: line_at(&self.code, start),
                text: &self.code[start..end],
                rest: &self.code[end..],
            })
        })
    }

    /// Every `use …;`, without the semicolon.
    pub(super) fn uses(&self) -> impl Iterator<Item = &str> {
        occurrences(&self.code, "use ").filter_map(|place| Some(&place[..place.find(';')?]))
    }
}

impl Reader<'_> {
    fn step(&mut self) {
        let rest = self.rest.as_str();
        let starts_word = !is_word(self.before);
        if rest.starts_with("//") {
            self.take(rest.find('\n').unwrap_or(rest.len()), Part::Comment);
        } else if rest.starts_with("/*") {
            self.take(block_comment(rest), Part::Comment);
        } else if let Some(length) = starts_word.then(|| raw_string(rest)).flatten() {
            self.take(length, Part::Literal);
        } else if rest.starts_with('"') {
            self.take(quoted(rest, '"'), Part::Literal);
        } else if rest.starts_with('\'') && is_character(rest) {
            self.take(quoted(rest, '\''), Part::Literal);
        } else {
            self.take(rest.chars().next().map_or(0, char::len_utf8), Part::Code);
        }
    }

    /// Moves this many bytes to the view that they belong to; a literal keeps its two ends.
    fn take(&mut self, bytes: usize, part: Part) {
        let taken = &self.rest.as_str()[..bytes];
        let last = taken.chars().count().saturating_sub(1);
        for (index, character) in taken.chars().enumerate() {
            let (in_code, in_comments) = match part {
                Part::Code => (true, false),
                Part::Comment => (false, true),
                Part::Literal => (index == 0 || index == last, false),
            };
            let blank = if character == '\n' { '\n' } else { ' ' };
            self.rust.code.push(if in_code { character } else { blank });
            self.rust.comments.push(if in_comments { character } else { blank });
            self.before = character;
        }
        self.rest = self.rest.as_str()[bytes..].chars();
    }
}

/// Every place where a path such as `env::var` or a single name stands on its own, as the code
/// from there on.
pub(super) fn occurrences<'a>(code: &'a str, path: &str) -> impl Iterator<Item = &'a str> {
    let begins_in_word = path.chars().next().is_some_and(is_word);
    let ends_in_word = path.chars().last().is_some_and(is_word);
    code.match_indices(path)
        .map(|(start, found)| (start, start + found.len()))
        .filter(move |&(start, end)| {
            let before = code[..start].chars().next_back();
            let after = code[end..].chars().next();
            let began_before = begins_in_word && before.is_some_and(is_word);
            let goes_on = ends_in_word && after.is_some_and(is_word);
            !began_before && !goes_on
        })
        .map(|(start, _)| &code[start..])
}

/// Whether a path or a single name stands in the code on its own.
pub(super) fn names(code: &str, path: &str) -> bool {
    occurrences(code, path).next().is_some()
}

/// The offset of the bracket that closes the one that the text begins with.
pub(super) fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (offset, character) in text.char_indices() {
        if character == open {
            depth += 1;
        } else if character == close {
            depth -= 1;
            if depth == 0 {
                return Some(offset);
            }
        }
    }
    None
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn line_at(code: &str, offset: usize) -> usize {
    1 + code[..offset].matches('\n').count()
}

/// How long the block comment is that the text begins with; they nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// How long the raw string is that the text begins with, where it begins with one.
fn raw_string(text: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| text.starts_with(prefix))?;
    let after = &text[prefix.len()..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    let open = prefix.len() + hashes + 1;
    if !after[hashes..].starts_with('"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let length = text[open..].find(&end).map(|at| open + at + end.len());
    Some(length.unwrap_or(text.len()))
}

/// How long the quoted literal is that the text begins with.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (offset, character) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == quote {
            return offset + 1;
        }
    }
    text.len()
}

/// Whether a quote opens a character and not a lifetime.
fn is_character(text: &str) -> bool {
    let mut characters = text.chars().skip(1);
    match characters.next() {
        Some('\\') => true,
        Some(_) => characters.next() == Some('\''),
        None => false,
    }
}
