//! What says the same in other words.

use crate::facts::Facts;

/// What stands for a fact, beside the fact itself.
const SAME: [(&str, &[&str]); 15] = [
    // Elsewhere the words of a document are told as words.
    (
        "shown: a document text hi",
        &["statement: the user says hi", "statement: the user says hi\n\nHi"],
    ),
    // A thought has an effort in OpenAI's formats, and a budget in others.
    ("thinking: Budget(2048)", &["effort: \"medium\""]),
    ("thinking: Adaptive", &["effort: \"medium\""]),
    ("effort: \"none\"", &["thinking: Off", "effort: \"minimal\""]),
    ("thinking: Off", &["effort: \"minimal\""]),
    ("effort: \"high\"", &["thinking: Budget(4096)"]),
    ("effort: \"minimal\"", &["effort: \"low\""]),
    // The nearest that there is.
    (r#"cached: ("Hi", "30m")"#, &[r#"cached: ("Hi", "1h")"#]),
    (r#"cached: ("Hi", "12h")"#, &[r#"cached: ("Hi", "1h")"#]),
    ("temperature: 1.5", &["temperature: 1.0"]),
    // Why nothing is said is said in words.
    ("declines: 0 No", &["says: 0 No"]),
    // A name says no more than the format does.
    ("titled: \"a.pdf\"", &["titled: \"a\""]),
    ("titled: \"a.txt\"", &["titled: \"a\""]),
    ("shown: a sound audio/mpeg aGk=", &["shown: a sound audio/mp3 aGk="]),
    ("statement: the operator says In French.", &["statement: the user says In French."]),
];

/// Whether the facts hold this one, in these words or in others.
pub(crate) fn said(fact: &str, facts: &Facts) -> bool {
    let others = SAME.iter().find(|(one, _)| *one == fact).map_or(&[][..], |(_, others)| others);
    facts.holds(fact)
        || others.iter().any(|other| facts.holds(other))
        // Where nothing is said of it, the model does as it likes.
        || fact == "choice: Auto" && !facts.speaks_of("choice") && facts.speaks_of("tool")
        || fact == "thinking: Adaptive"
            && facts.holds("thoughts: shown")
            && !facts.speaks_of("thinking")
            && !facts.speaks_of("effort")
}
