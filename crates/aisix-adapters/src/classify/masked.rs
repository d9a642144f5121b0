//! Credentials that providers quote with their middle left out, such as `sk-pr****cdef`.

use aisix_core::secret::MASK;

/// What stands around words, in sentences and in JSON.
const AROUND_WORDS: [char; 14] =
    ['"', '\'', '`', '\\', ',', ';', '(', ')', '[', ']', '{', '}', '<', '>'];

/// The fewest characters that stand for what was left out, but for `…`.
const SHORTEST_GAP: usize = 3;

/// The characters of each end of a secret that tell a word that shows it. More are not compared: a
/// caller who makes the upstream repeat its words would learn from each answer whether one more
/// character was guessed.
const TELLING: usize = 3;

/// The text without the words that show an end of the secret beside a gap.
pub(super) fn hide(text: &str, secret: &str) -> String {
    let begin: String = secret.chars().take(TELLING).collect();
    let skipped = secret.chars().count().saturating_sub(TELLING);
    let end: String = secret.chars().skip(skipped).collect();
    let is_around = |c: char| c.is_whitespace() || AROUND_WORDS.contains(&c);
    let mut clean = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_around) {
        let word = piece.trim_end_matches(is_around);
        let word = word.strip_suffix('.').filter(|word| !word.ends_with('.')).unwrap_or(word);
        match around_gap(word) {
            Some((head, tail)) if head.contains(&begin) || tail.contains(&end) => {
                clean.push_str(MASK);
                clean.push_str(&piece[word.len()..]);
            }
            _ => clean.push_str(piece),
        }
    }
    clean
}

/// What the word shows before its first gap and after its last.
fn around_gap(word: &str) -> Option<(&str, &str)> {
    let mut around = None;
    let mut rest = word;
    while let Some(from) = rest.find(is_gap) {
        let after = rest[from..].trim_start_matches(is_gap);
        let gap = &rest[from..rest.len() - after.len()];
        if gap.contains('…') || gap.chars().count() >= SHORTEST_GAP {
            let head = around.map_or(&word[..word.len() - rest.len() + from], |(head, _)| head);
            around = Some((head, after));
        }
        rest = after;
    }
    around
}

fn is_gap(c: char) -> bool {
    matches!(c, '*' | '.' | '…' | '•')
}
