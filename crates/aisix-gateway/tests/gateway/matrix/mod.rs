//! Every format of callers in front of every family of upstreams, with everything that a
//! conversation may hold, whole and streamed.
//!
//! Each cell of [`TABLE`] is one exchange through the gateway, in memory. Of each it is checked
//!
//! - that the upstream received a request of the type that its provider publishes, and the caller
//!   an answer, or events, of the type that its provider publishes: the types are those of the
//!   client packages, judged by one process ([`PublishedTypes`]);
//! - that both still say the same: what is written by one [`Format`] is read by another one and
//!   compared in no format ([`Conversation`], [`Answer`]). Formats are written here by hand, from
//!   their references;
//! - that the names in `x-aisix-dropped`, or the refusal, are those of the table.
//!
//! Reasoning goes on for a second turn, in which the caller sends back what it was told: the thought
//! and its seal must reach the upstream again.
//!
//! # Adding a family
//!
//! A family is one more [`Family`] in [`FAMILIES`], hence one more column of the table: its provider
//! key, and the format in which it is called for a caller's. If that format is new, it is one more
//! module beside `chat.rs`: how an upstream's answer is written and a request read, and the names
//! of its published types (`<module>:<name>` of a package in `xtask/pins.toml`; what is no type of
//! Python's needs a way of its own in `aisix_testing`'s `published/check.py`). Then run the test:
//! it prints the table as it is.

mod chat;
mod format;
mod messages;
mod responses;
mod said;
mod seals;

use std::fmt::Write as _;

use aisix_gateway::Settings;
use aisix_testing::{Claim, PublishedTypes, Reply, Response, ScriptedUpstream};
use serde_json::{Value, json};

use self::chat::CHAT;
use self::format::Format;
use self::messages::MESSAGES;
use self::responses::RESPONSES;
use self::said::{Answer, Content, Conversation, Turn, contents};
use crate::common::spoken::asked;
use crate::common::*;

/// What becomes of each content of each caller's at each family. `kept`: both sides say the same.
/// `but for`: what is named could not be said, and the caller is told so.
const TABLE: &str = "\
content    | caller    | openai                       | anthropic                    | azure-openai
text       | chat      | kept                         | kept                         | kept
text       | messages  | kept                         | kept                         | kept
text       | responses | kept                         | kept                         | kept
tools      | chat      | kept                         | kept                         | kept
tools      | messages  | kept                         | kept                         | kept
tools      | responses | kept                         | kept                         | kept
image      | chat      | kept                         | kept                         | kept
image      | messages  | kept                         | kept                         | kept
image      | responses | kept                         | but for image.detail         | kept
document   | chat      | kept                         | kept                         | kept
document   | messages  | kept                         | kept                         | kept
document   | responses | kept                         | kept                         | kept
structured | chat      | kept                         | kept                         | kept
structured | messages  | kept                         | kept                         | kept
structured | responses | kept                         | kept                         | kept
reasoning  | chat      | kept                         | kept                         | kept
reasoning  | messages  | kept, then but for reasoning | kept                         | kept, then but for reasoning
reasoning  | responses | kept                         | kept                         | kept
";

/// How a seal begins that was made in another format than it is carried in.
const MARK: &str = "aisix-seal:";

/// A family of upstreams, as the matrix calls it.
struct Family {
    name: &'static str,
    /// The format that it is called in for a caller who speaks this one.
    speaks: fn(&Format) -> &'static Format,
    /// What is added to the address of an upstream to make the base of a provider key.
    base: &'static str,
}

const FAMILIES: [Family; 3] = [
    Family {
        name: "openai",
        speaks: |caller| if caller.name == RESPONSES.name { &RESPONSES } else { &CHAT },
        base: "/v1",
    },
    Family { name: "anthropic", speaks: |_| &MESSAGES, base: "" },
    // Below deployments chats are the only format, which the column of `openai` has as well.
    Family {
        name: "azure-openai",
        speaks: |caller| if caller.name == RESPONSES.name { &RESPONSES } else { &CHAT },
        base: "/openai/v1",
    },
];

const CALLERS: [Format; 3] = [CHAT, MESSAGES, RESPONSES];

#[tokio::test]
async fn every_format_reaches_every_family_with_everything_it_can_say() {
    let judge = PublishedTypes::start();
    let mut claims = Vec::new();
    let mut table = format!("{:<10} | {:<9}", "content", "caller");
    end_row(&mut table, FAMILIES.iter().map(|family| family.name));
    for content in contents() {
        for caller in &CALLERS {
            write!(table, "{:<10} | {:<9}", content.name, caller.name).expect("it is written");
            let mut cells = Vec::new();
            for family in &FAMILIES {
                let pair = Pair::new(caller, family);
                let whole = pair.exchange(&content, false, &mut claims).await;
                let streamed = pair.exchange(&content, true, &mut claims).await;
                cells.push(match whole == streamed {
                    true => whole,
                    false => format!("{whole}; streamed: {streamed}"),
                });
            }
            end_row(&mut table, &cells);
        }
    }
    judge.assert(&claims);
    assert_eq!(table, TABLE, "\n{table}");
}

#[test]
fn what_a_format_of_the_matrix_writes_it_reads_as_the_same() {
    for format in &CALLERS {
        for Content { asked, answer, .. } in contents() {
            assert_eq!((format.heard)(&(format.ask)(&asked)), asked, "{}", format.name);
            let answer = sealed_by(format, answer);
            assert_eq!((format.told)(&(format.say)(&answer)), answer, "{}", format.name);
            let events = events(&(format.stream)(&answer).concat());
            assert_eq!((format.told)(&(format.fold)(&events)), answer, "{}", format.name);
        }
    }
}

fn end_row(table: &mut String, cells: impl IntoIterator<Item = impl AsRef<str>>) {
    for cell in cells {
        write!(table, " | {:<28}", cell.as_ref()).expect("it is written");
    }
    table.truncate(table.trim_end().len());
    table.push('\n');
}

/// A caller in front of a family.
struct Pair<'a> {
    caller: &'a Format,
    called: &'static Format,
    upstream: ScriptedUpstream,
    world: World,
    name: String,
}

impl<'a> Pair<'a> {
    fn new(caller: &'a Format, family: &'a Family) -> Self {
        let upstream = ScriptedUpstream::start();
        let base = format!("{}{}", upstream.base_url(), family.base);
        let mut all = documents::standard(&base);
        all[0].1["provider"] = json!(family.name);
        all[0].1["adapter"] = json!(family.name);
        all[1].1["provider"] = json!(family.name);
        let world = World::with(Settings::default(), &all);
        let name = format!("{} in front of {}", caller.name, family.name);
        Self { caller, called: (family.speaks)(caller), upstream, world, name }
    }

    /// Says a content and hears the answer; where the answer holds a thought, the next turn too.
    /// What became of it is a cell of the table.
    async fn exchange(&self, content: &Content, stream: bool, claims: &mut Vec<Claim>) -> String {
        let what = format!("{} of {}, streamed: {stream}", content.name, self.name);
        let answer = sealed_by(self.called, content.answer.clone());
        let (told, mut lost) = self.turn(&content.asked, &answer, stream, &what, claims).await;
        if let (Some(told), Some(_)) = (told, &answer.thought) {
            let mut asked = content.asked.clone();
            asked.turns.push(Turn::Model(told));
            asked.turns.push(Turn::User(vec![said::Piece::Text("Sure?".to_owned())]));
            let what = format!("{what}, second turn");
            let (_, more) = self.turn(&asked, &answer, stream, &what, claims).await;
            if more != lost {
                lost = format!("{lost}, then {more}");
            }
        }
        lost
    }

    /// One exchange: what the caller was told, unless it was refused, and what was lost.
    async fn turn(
        &self,
        said: &Conversation,
        answer: &Answer,
        stream: bool,
        what: &str,
        claims: &mut Vec<Claim>,
    ) -> (Option<Answer>, String) {
        let Self { caller, called, upstream, world, .. } = self;
        let mut claim = |of: &str, r#type: &'static str, value: &Value| {
            let (each, json) = (value.is_array(), value.to_string());
            claims.push(Claim { what: format!("{of}: {what}"), r#type, each, json });
        };
        let mut body = (caller.ask)(said);
        body["model"] = json!(MODEL);
        body["stream"] = json!(stream);
        claim("what the caller sent", caller.request, &caller.published(&body));
        let (whole, frames) = ((called.say)(answer), (called.stream)(answer));
        upstream.enqueue(match stream {
            true => Reply::sse(frames.clone()),
            false => Reply::json(200, whole.to_string()),
        });
        let response = world.send(asked(caller.path, &body)).await;
        if response.status == 400 {
            let text = response.text();
            assert!(text.contains("unsupported: "), "{what}: {text}");
            return (None, "refused".to_owned());
        }
        assert_eq!(response.status, 200, "{what}: {}", response.text());
        let lost = lost(&response, stream).await;

        let received = upstream.next_request().await;
        assert!(received.path_and_query.ends_with(called.called_at), "{what}: {received:?}");
        let received: Value = received.json();
        claim("what the upstream received", called.request, &called.published(&received));
        assert_eq!((called.heard)(&received), left(said.clone(), &lost), "{what}: {received}");

        let told = match stream {
            true => {
                claim(
                    "what the upstream streamed",
                    called.event,
                    &called.published(&json!(events(&frames.concat()))),
                );
                let events = events(response.text());
                claim(
                    "what the caller was streamed",
                    caller.event,
                    &caller.published(&json!(events)),
                );
                (caller.fold)(&events)
            }
            false => {
                claim("what the upstream answered", called.answer, &called.published(&whole));
                response.json()
            }
        };
        claim("what the caller was told", caller.answer, &caller.published(&told));
        assert_eq!(told["model"], MODEL, "{what}: {told}");
        let told = (caller.told)(&told);
        let seal = told.thought.as_ref().and_then(|thought| thought.seal.as_ref());
        let is_marked = seal.map(|seal| seal.starts_with(MARK));
        assert!(is_marked.is_none_or(|it| it == (caller.name != called.name)), "{what}: {told:?}");
        assert_eq!(&without_mark(told.clone()), answer, "{what}");
        (Some(told), lost)
    }
}

/// The answer as an upstream gives it that speaks this format.
fn sealed_by(format: &Format, mut answer: Answer) -> Answer {
    if let Some(thought) = answer.thought.as_mut().filter(|_| !format.seals) {
        thought.seal = None;
    }
    answer
}

/// An answer with the bare seal: callers carry it with a mark where it was made in another format.
fn without_mark(mut answer: Answer) -> Answer {
    let seal = answer.thought.as_mut().and_then(|thought| thought.seal.as_mut());
    if let Some(seal) = seal.filter(|seal| seal.starts_with(MARK)) {
        *seal = seal.rsplit(':').next().expect("there is a last one").to_owned();
    }
    answer
}

/// What is left of a conversation when these fields are lost.
fn left(mut said: Conversation, lost: &str) -> Conversation {
    for turn in &mut said.turns {
        if let Turn::Model(answer) = turn {
            *answer = without_mark(answer.clone());
        }
    }
    for field in lost.trim_start_matches("but for ").split(", ") {
        if field == "reasoning" {
            for turn in &mut said.turns {
                if let Turn::Model(answer) = turn {
                    answer.thought = None;
                }
            }
        }
    }
    said
}

/// What was lost, as the log says; the caller was told the same as far as it could be.
async fn lost(response: &Response, stream: bool) -> String {
    let id = response.header("x-aisix-request-id").expect("an id");
    let line = logs::access_line(id).await;
    let logged = line.split_once("dropped_fields=\"").and_then(|(_, rest)| rest.split_once('"'));
    let logged = logged.map(|(names, _)| names);
    let header = response.header("x-aisix-dropped");
    match stream {
        false => assert_eq!(header, logged, "{line}"),
        true => assert!(logged.unwrap_or_default().starts_with(header.unwrap_or_default())),
    }
    logged.map_or("kept".to_owned(), |names| format!("but for {names}"))
}

/// The events of a stream.
fn events(frames: &str) -> Vec<Value> {
    let data = frames.lines().filter_map(|line| line.strip_prefix("data: "));
    let data = data.filter(|data| *data != "[DONE]");
    data.map(|data| serde_json::from_str(data).expect("events are JSON")).collect()
}
