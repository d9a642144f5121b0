//! Every format of callers in front of every family of upstreams, with everything that a
//! conversation may hold, whole and streamed.
//!
//! Each cell of [`TABLE`] is one exchange through the gateway, in memory, and another one streamed.
//! Of each it is checked
//!
//! - that the upstream received a request of the type that its provider publishes, and the caller
//!   an answer, or events, of the type that its provider publishes: the types are those of the
//!   client packages, judged by one process ([`Docket`]); what Bedrock receives is judged by
//!   Amazon's service model, and its signature by Amazon's signer;
//! - that both still say the same: what is written by one format is read by another one and
//!   compared in no format ([`Conversation`](said::Conversation), [`Answer`](said::Answer)).
//!   Formats are written here by hand, from their references;
//! - that the names in `x-aisix-dropped`, or the refusal, are those of the table.
//!
//! Reasoning goes on for a second turn, in which the caller sends back what it was told: the thought
//! and its seal must reach the upstream again.
//!
//! # Adding a family
//!
//! A family is one more [`Family`](families::Family) in [`FAMILIES`], hence more rows of the table:
//! its provider key, and how it is called for a caller's format. If it is called in a new format,
//! that is one more module beside `chat.rs`: how an upstream's answer is written and a request read,
//! and the names of its published types (`<module>:<name>` of a package in `xtask/pins.toml`). Then
//! run the test: it prints the table as it is.

mod chat;
mod converse;
mod docket;
mod families;
mod format;
mod gemini;
mod messages;
mod pair;
mod responses;
mod said;
mod seals;

use std::fmt::Write as _;

use self::docket::Docket;
use self::families::FAMILIES;
use self::format::{CallerFormat, UpstreamFormat, events, text};
use self::pair::Pair;
use self::said::{Content, contents};

/// What becomes of each content of each caller's at each family. `kept`: both sides say the same.
/// `but for`: what is named could not be said, and the caller is told so.
const TABLE: &str = "\
family              | content    | chat                         | messages                     | responses
openai              | text       | kept                         | kept                         | kept
openai              | tools      | kept                         | kept                         | kept
openai              | image      | kept                         | kept                         | kept
openai              | image at   | kept                         | kept                         | kept
openai              | document   | kept                         | kept                         | kept
openai              | structured | kept                         | kept                         | kept
openai              | reasoning  | kept                         | kept, then but for reasoning | kept
anthropic           | text       | kept                         | kept                         | kept
anthropic           | tools      | kept                         | kept                         | kept
anthropic           | image      | kept                         | kept                         | but for image.detail
anthropic           | image at   | kept                         | kept                         | but for image.detail
anthropic           | document   | kept                         | kept                         | kept
anthropic           | structured | kept                         | kept                         | kept
anthropic           | reasoning  | kept                         | kept                         | kept
azure-openai        | text       | kept                         | kept                         | kept
azure-openai        | tools      | kept                         | kept                         | kept
azure-openai        | image      | kept                         | kept                         | kept
azure-openai        | image at   | kept                         | kept                         | kept
azure-openai        | document   | kept                         | kept                         | kept
azure-openai        | structured | kept                         | kept                         | kept
azure-openai        | reasoning  | kept                         | kept, then but for reasoning | kept
bedrock             | text       | kept                         | kept                         | kept
bedrock             | tools      | kept                         | kept                         | kept
bedrock             | image      | kept                         | kept                         | but for image.detail
bedrock             | image at   | refused                      | refused                      | refused
bedrock             | document   | kept                         | kept                         | kept
bedrock             | structured | kept                         | kept                         | kept
bedrock             | reasoning  | kept                         | but for thinking             | kept
bedrock, Claude     | text       | kept                         | kept                         | kept
bedrock, Claude     | tools      | kept                         | kept                         | kept
bedrock, Claude     | image      | kept                         | kept                         | but for image.detail
bedrock, Claude     | image at   | kept; streamed: refused      | kept; streamed: refused      | but for image.detail; streamed: refused
bedrock, Claude     | document   | kept                         | kept                         | kept
bedrock, Claude     | structured | kept                         | kept                         | kept
bedrock, Claude     | reasoning  | kept                         | kept                         | kept
vertex, Gemini      | text       | kept                         | kept                         | kept
vertex, Gemini      | tools      | kept                         | kept                         | kept
vertex, Gemini      | image      | kept                         | kept                         | but for image.detail
vertex, Gemini      | image at   | kept                         | kept                         | but for image.detail
vertex, Gemini      | document   | but for document.title       | but for document.title       | but for document.title
vertex, Gemini      | structured | kept                         | kept                         | kept
vertex, Gemini      | reasoning  | kept, then but for reasoning | kept, then but for reasoning | kept, then but for reasoning
vertex, Claude      | text       | kept                         | kept                         | kept
vertex, Claude      | tools      | kept                         | kept                         | kept
vertex, Claude      | image      | kept                         | kept                         | but for image.detail
vertex, Claude      | image at   | kept                         | kept                         | but for image.detail
vertex, Claude      | document   | kept                         | kept                         | kept
vertex, Claude      | structured | kept                         | kept                         | kept
vertex, Claude      | reasoning  | kept                         | kept                         | kept
vertex, open models | text       | kept                         | kept                         | kept
vertex, open models | tools      | kept                         | kept                         | kept
vertex, open models | image      | kept                         | kept                         | kept
vertex, open models | image at   | kept                         | kept                         | kept
vertex, open models | document   | kept                         | kept                         | kept
vertex, open models | structured | kept                         | kept                         | kept
vertex, open models | reasoning  | kept                         | kept, then but for reasoning | kept, then but for reasoning
vertex, partners    | text       | kept                         | kept                         | kept
vertex, partners    | tools      | kept                         | kept                         | kept
vertex, partners    | image      | kept                         | kept                         | kept
vertex, partners    | image at   | kept                         | kept                         | kept
vertex, partners    | document   | kept                         | kept                         | kept
vertex, partners    | structured | kept                         | kept                         | kept
vertex, partners    | reasoning  | kept                         | kept, then but for reasoning | kept, then but for reasoning
";

const CALLERS: [CallerFormat; 3] = [chat::CALLER, messages::CALLER, responses::CALLER];

#[tokio::test]
async fn every_format_reaches_every_family_with_everything_it_can_say() {
    let mut docket = Docket::start();
    let mut rows = vec![["family", "content"].map(str::to_owned).to_vec()];
    rows[0].extend(CALLERS.iter().map(|caller| caller.name.to_owned()));
    for family in &FAMILIES {
        let pairs: Vec<_> = CALLERS.iter().map(|caller| Pair::new(caller, family)).collect();
        for content in contents() {
            let mut row = [family.name, content.name].map(str::to_owned).to_vec();
            for pair in &pairs {
                let whole = pair.exchange(&content, false, &mut docket).await;
                let streamed = pair.exchange(&content, true, &mut docket).await;
                row.push(match whole == streamed {
                    true => whole,
                    false => format!("{whole}; streamed: {streamed}"),
                });
            }
            rows.push(row);
        }
    }
    docket.judge();
    let table = written(&rows);
    assert_eq!(table, TABLE, "\n{table}");
}

/// Rows, each column as wide as the widest of its cells.
fn written(rows: &[Vec<String>]) -> String {
    let mut table = String::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let width = rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
            let between = if column == 0 { "" } else { " | " };
            write!(table, "{between}{cell:<width$}").expect("it is written");
        }
        table.truncate(table.trim_end().len());
        table.push('\n');
    }
    table
}

#[test]
fn what_a_format_of_the_matrix_writes_it_reads_as_the_same() {
    let upstreams: [UpstreamFormat; 3] = [chat::UPSTREAM, messages::UPSTREAM, responses::UPSTREAM];
    for (caller, upstream) in CALLERS.iter().zip(upstreams) {
        for Content { asked, answer, .. } in contents() {
            assert_eq!((upstream.heard)(&(caller.ask)(&asked)), asked, "{}", caller.name);
            let answer = upstream.sealed(answer);
            assert_eq!((caller.told)(&(upstream.say)(&answer)), answer, "{}", caller.name);
            let events = events(&text(&(upstream.stream)(&answer)));
            assert_eq!((caller.told)(&(caller.fold)(&events)), answer, "{}", caller.name);
        }
    }
}
