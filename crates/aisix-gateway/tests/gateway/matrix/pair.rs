//! A caller in front of a family.

use aisix_gateway::Settings;
use aisix_testing::{Received, Reply, Response, ScriptedUpstream};
use serde_json::{Value, json};

use super::docket::Docket;
use super::families::{Family, Way};
use super::format::{CallerFormat, events, text};
use super::said::{Answer, Content, Conversation, Piece, Thought, Turn};
use crate::common::spoken::asked;
use crate::common::*;

/// How a seal begins that was made in another format than it is carried in.
pub const MARK: &str = "aisix-seal:";

/// A caller in front of a family.
pub struct Pair<'a> {
    pub name: String,
    caller: &'a CallerFormat,
    family: &'a Family,
    upstream: ScriptedUpstream,
    world: World,
}

/// What came of one exchange.
pub struct Exchanged {
    /// The whole answer that the caller was told, unless it was refused.
    pub told: Option<Value>,
    /// What was lost, as a cell of the table has it.
    pub lost: String,
    /// What the upstream received; nothing where the caller was refused.
    pub sent: String,
}

impl<'a> Pair<'a> {
    pub fn new(caller: &'a CallerFormat, family: &'a Family) -> Self {
        let upstream = ScriptedUpstream::start();
        let mut key = provider_key("pk", &format!("{}{}", upstream.base_url(), family.base));
        key["provider"] = json!(family.adapter);
        key["adapter"] = json!(family.adapter);
        key["secret"] = json!((family.secret)());
        let mut model = direct(MODEL, family.model, "pk");
        model["provider"] = json!(family.adapter);
        let all = documents::documents([
            ("provider_keys/pk", key),
            ("models/m", model),
            ("api_keys/k", api_key(CALLER, &["*"])),
        ]);
        let world = World::with(Settings::default(), &all);
        let name = format!("{} in front of {}", caller.name, family.name);
        Self { name, caller, family, upstream, world }
    }

    /// Says a content and hears the answer; where the answer holds a thought, the next turn too.
    /// What became of it is a cell of the table.
    pub async fn exchange(&self, content: &Content, stream: bool, docket: &mut Docket) -> String {
        let what = format!("{} of {}, streamed: {stream}", content.name, self.name);
        let way = (self.family.way)(self.caller, stream);
        let answer = way.format.sealed(content.answer.clone());
        let first = self.turn(&content.asked, &answer, stream, &what, docket).await;
        let (Some(told), Some(_)) = (first.told, &answer.thought) else {
            return first.lost;
        };
        let mut asked = content.asked.clone();
        asked.turns.push(Turn::Told(told));
        asked.turns.push(Turn::User(vec![Piece::Text("Sure?".to_owned())]));
        let what = format!("{what}, second turn");
        let second = self.turn(&asked, &answer, stream, &what, docket).await;
        match second.lost == first.lost {
            true => first.lost,
            false => format!("{}, then {}", first.lost, second.lost),
        }
    }

    /// One exchange.
    pub async fn turn(
        &self,
        said: &Conversation,
        answer: &Answer,
        stream: bool,
        what: &str,
        docket: &mut Docket,
    ) -> Exchanged {
        let Self { caller, upstream, world, .. } = self;
        let way = (self.family.way)(caller, stream);
        let mut body = (caller.ask)(said);
        body["model"] = json!(MODEL);
        body["stream"] = json!(stream);
        docket.request(format!("what the caller sent: {what}"), caller.types, &body);
        upstream.always(way.reply(answer, stream, what, docket));
        let before = upstream.requests().len();
        let response = world.send(asked(caller.path, &body)).await;
        if response.status == 400 {
            let text = response.text();
            assert!(text.contains("unsupported: "), "{what}: {text}");
            assert_eq!(upstream.requests().len(), before, "{what}: nobody was called");
            return Exchanged { told: None, lost: "refused".to_owned(), sent: String::new() };
        }
        assert_eq!(response.status, 200, "{what}: {}", response.text());
        let lost = lost(&response, stream).await;

        let received = upstream.next_request().await;
        let heard = way.heard(&received, what, docket);
        let mut left = self.left(said, &heard, &lost);
        if !way.format.ids {
            left.turns.iter_mut().for_each(Turn::forget_ids);
        }
        assert_eq!(heard, left, "{what}: {}", received.text());
        let whole = self.told(&response, stream, what, docket);
        let told = (caller.told)(&whole);
        let seal = told.thought.as_ref().and_then(|thought| thought.seal.as_ref());
        let is_marked = seal.map(|seal| seal.starts_with(MARK));
        let is_foreign = caller.name != self.family.seals_as(caller, stream);
        assert!(is_marked.is_none_or(|it| it == is_foreign), "{what}: {told:?}");
        assert_eq!(&without_mark(told), answer, "{what}");
        Exchanged { told: Some(whole), lost, sent: received.text().to_owned() }
    }

    /// The whole answer that the caller was told.
    fn told(&self, response: &Response, stream: bool, what: &str, docket: &mut Docket) -> Value {
        let caller = self.caller;
        let told = match stream {
            true => {
                let events = events(response.text());
                let what = format!("what the caller was streamed: {what}");
                docket.events(what, caller.types, &events);
                (caller.fold)(&events)
            }
            false => response.json(),
        };
        docket.answer(format!("what the caller was told: {what}"), caller.types, &told);
        assert_eq!(told["model"], MODEL, "{what}: {told}");
        told
    }

    /// What is left of a conversation when these fields are lost. Of a thought that is lost, an
    /// upstream may have heard a part.
    fn left(&self, said: &Conversation, heard: &Conversation, lost: &str) -> Conversation {
        let lost: Vec<_> = lost.trim_start_matches("but for ").split(", ").collect();
        let left = |(place, turn): (usize, &Turn)| match turn {
            Turn::Told(whole) => {
                let mut answer = without_mark((self.caller.told)(whole));
                if let (true, Some(Turn::Model(heard))) =
                    (lost.contains(&"reasoning"), heard.turns.get(place))
                {
                    answer.thought = part(answer.thought, heard.thought.as_ref());
                }
                Turn::Model(answer)
            }
            Turn::User(pieces) => {
                let named = !lost.contains(&"document.title");
                Turn::User(pieces.iter().map(|piece| piece.clone().named(named)).collect())
            }
            other => other.clone(),
        };
        let turns = said.turns.iter().enumerate().map(left).collect();
        Conversation { turns, ..said.clone() }
    }
}

/// What was heard of a thought, where that is less than was said, and nothing else.
fn part(said: Option<Thought>, heard: Option<&Thought>) -> Option<Thought> {
    let (said, heard) = (said?, heard?);
    let text = if heard.text.is_empty() { String::new() } else { said.text.clone() };
    let seal = said.seal.clone().filter(|_| heard.seal.is_some());
    let part = Thought { text, seal };
    (part != said).then_some(part)
}

impl Way {
    /// What the upstream says.
    fn reply(&self, answer: &Answer, stream: bool, what: &str, docket: &mut Docket) -> Reply {
        let format = self.format;
        if stream {
            let frames = (format.stream)(answer);
            let what = format!("what the upstream streamed: {what}");
            match (format.types, self.operation) {
                (Some(types), _) => docket.events(what, types, &events(&text(&frames))),
                (None, Some(operation)) => docket.streamed(&what, operation, &frames.concat()),
                (None, None) => panic!("nobody judges: {what}"),
            }
            return Reply::open(200, format.streamed_as).chunks(frames).end();
        }
        let whole = (format.say)(answer);
        let what = format!("what the upstream answered: {what}");
        match (format.types, self.operation) {
            (Some(types), _) => docket.answer(what, types, &whole),
            (None, Some(operation)) => docket.answered(&what, operation, &whole),
            (None, None) => panic!("nobody judges: {what}"),
        }
        Reply::json(200, whole.to_string())
    }

    /// What the upstream heard.
    fn heard(&self, received: &Received, what: &str, docket: &mut Docket) -> Conversation {
        assert_eq!(received.path_and_query, self.at, "{what}");
        let body = self.restored(received.json());
        let what = format!("what the upstream received: {what}");
        if let Some(operation) = self.operation {
            docket.signed(&what, operation, received);
        }
        if let Some(types) = self.format.types {
            docket.request(what, types, &body);
        }
        (self.format.heard)(&body)
    }

    /// A request as its format has it where no address names the model.
    fn restored(&self, mut body: Value) -> Value {
        if let Some(version) = self.version {
            let fields = body.as_object_mut().expect("an object");
            assert_eq!(fields.remove("anthropic_version"), Some(json!(version)));
            assert_eq!(fields.insert("model".to_owned(), json!("claude-x")), None);
        }
        body
    }
}

/// An answer with the bare seal: callers carry it with a mark where it was made in another format.
fn without_mark(mut answer: Answer) -> Answer {
    let seal = answer.thought.as_mut().and_then(|thought| thought.seal.as_mut());
    if let Some(seal) = seal.filter(|seal| seal.starts_with(MARK)) {
        *seal = seal.rsplit(':').next().expect("there is a last one").to_owned();
    }
    answer
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
