//! A provider that does as it is asked, in the format in which it is asked, whole or streamed.
//!
//! Where a request offers tools, it calls the first one; where it brings the results of tools, it
//! repeats them; where it wants JSON of a schema, it writes [`CITY`]; where it asks for thoughts, it
//! thinks first; otherwise it says hello. So a client that gets the right answer through a gateway
//! has also had its request translated right. What the real providers refuse because one turn does
//! not go with another, it refuses as they do.
//!
//! The name of the model asks for trouble instead: see [`Trouble`].
//!
//! Source of the shapes: the API references of OpenAI ("Chat", "Responses", "Embeddings") and
//! Anthropic ("Messages", "Errors").

mod chat;
mod messages;
mod responses;
#[cfg(test)]
mod tests;
mod vectors;

use serde_json::{Value, json};

use crate::{Received, Reply};

/// What is written where JSON of a schema is wanted.
pub const CITY: &str = r#"{"name":"Oslo","people":709037}"#;
/// What is thought where thoughts are asked for.
pub const THOUGHT: &str = "Norway, so Oslo.";
/// What a thought is sealed with: a later turn must bring it back unchanged.
pub const SEAL: &str = "EqQBCgIYAhIM1gbcDa9GJwZA";
/// What a provider asks to wait that answers 429, in seconds.
pub const PATIENCE: &str = "7";

/// The tokens of every request and of every answer, so that clients see both.
const TOKENS: (u64, u64) = (19, 10);

/// What a request asks for, in whichever format.
#[derive(Debug, Default)]
struct Asked {
    stream: bool,
    /// The tools that may be called.
    tools: Vec<Tool>,
    /// Whether several may be called at once, and the prompt is about several cities.
    several: bool,
    /// What the tools of the last turn found.
    results: Vec<String>,
    schema: bool,
    thoughts: bool,
    /// How much was said before.
    turn: usize,
}

/// A tool that may be called.
#[derive(Debug)]
struct Tool {
    name: String,
    /// Whether it is a way to have [`CITY`] written: some clients ask for JSON of a schema so.
    takes_city: bool,
}

/// What the model says.
#[derive(Debug, Default)]
struct Saying {
    thought: Option<&'static str>,
    text: String,
    /// Ids, names and arguments of the calls.
    calls: Vec<(String, String, String)>,
    /// How much was said before: no id comes twice in a conversation.
    turn: usize,
}

/// What goes wrong, by the name of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// `invalid`: 400.
    Invalid,
    /// `throttled`: 429, with [`PATIENCE`].
    Throttled,
    /// `failing`: 500.
    Failing,
    /// `overloaded`: 503, as OpenAI has it, or 529, as Anthropic has it.
    Overloaded,
    /// `broken`: the connection of a stream is reset after its first piece of text.
    Broken,
    /// `breaking`: a stream says after its first piece of text that it cannot go on.
    Breaking,
}

/// One of the formats in which the provider is asked.
struct Format {
    /// The path that leads to it.
    path: &'static str,
    /// What a body asks for, or why it is refused.
    read: fn(&Value) -> Result<Asked, String>,
    /// A whole answer.
    whole: fn(&Saying) -> Value,
    /// The frames of a stream; the second says whether to count tokens where that is optional.
    frames: fn(&Saying, &Value) -> Vec<String>,
    /// The body of an error.
    error: fn(u16, &str) -> Value,
    /// How a stream says that it cannot go on.
    breaking: fn() -> String,
    /// What being overloaded is called.
    overloaded: u16,
}

const FORMATS: [Format; 3] = [chat::FORMAT, responses::FORMAT, messages::FORMAT];

/// The answer of the provider to a request of any format.
///
/// # Panics
///
/// When the body is no JSON: the clients of this provider send nothing else.
#[must_use]
pub fn reply(request: &Received) -> Reply {
    let body: Value = request.json();
    let path = request.path_and_query.split('?').next().unwrap_or_default();
    match path {
        "/v1/embeddings" => return Reply::json(200, vectors::of(&body).to_string()),
        "/model/amazon.titan-embed-text-v2%3A0/invoke" => {
            return Reply::json(200, vectors::titan(&body).to_string());
        }
        "/model/cohere.embed-multilingual-v3/invoke" => return vectors::cohere(&body),
        "/v1/messages/count_tokens" => {
            return Reply::json(200, json!({"input_tokens": TOKENS.0}).to_string());
        }
        _ => {}
    }
    let Some(format) = FORMATS.iter().find(|format| format.path == path) else {
        return Reply::json(404, json!({"error": {"message": path}}).to_string());
    };
    format.reply(&body)
}

impl Trouble {
    fn of(body: &Value) -> Option<Self> {
        Some(match body["model"].as_str()? {
            "invalid" => Self::Invalid,
            "throttled" => Self::Throttled,
            "failing" => Self::Failing,
            "overloaded" => Self::Overloaded,
            "broken" => Self::Broken,
            "breaking" => Self::Breaking,
            _ => return None,
        })
    }
}

impl Format {
    fn reply(&self, body: &Value) -> Reply {
        let refused =
            |status, message: &str| Reply::json(status, (self.error)(status, message).to_string());
        match Trouble::of(body) {
            Some(Trouble::Invalid) => return refused(400, "The request makes no sense."),
            Some(Trouble::Throttled) => {
                return refused(429, "Too many requests.").header("retry-after", PATIENCE);
            }
            Some(Trouble::Failing) => return refused(500, "Something broke."),
            Some(Trouble::Overloaded) => return refused(self.overloaded, "Overloaded."),
            Some(Trouble::Broken) => {
                return Reply::open_sse().chunks(self.beginning(body)).reset();
            }
            Some(Trouble::Breaking) => {
                let frames = self.beginning(body).into_iter().chain([(self.breaking)()]);
                return Reply::sse(frames);
            }
            None => {}
        }
        match (self.read)(body) {
            Err(message) => refused(400, &message),
            Ok(asked) if asked.stream => Reply::sse((self.frames)(&Saying::of(&asked), body)),
            Ok(asked) => Reply::json(200, (self.whole)(&Saying::of(&asked)).to_string()),
        }
    }

    /// The frames of a stream up to its first piece of text.
    fn beginning(&self, body: &Value) -> Vec<String> {
        let mut frames = (self.frames)(&Saying::default().text("Hello there."), body);
        let first = frames.iter().position(|frame| frame.contains("Hello "));
        frames.truncate(first.map_or(0, |first| first + 1));
        frames
    }
}

impl Saying {
    fn of(asked: &Asked) -> Self {
        let saying = Self {
            thought: asked.thoughts.then_some(THOUGHT),
            turn: asked.turn,
            ..Self::default()
        };
        if !asked.results.is_empty() {
            return saying.text(&format!("Found: {}.", asked.results.join(", ")));
        }
        if let Some(tool) = asked.tools.first() {
            return saying.text("Let me look.").calls(tool, asked.several);
        }
        saying.text(if asked.schema { CITY } else { "Hello there." })
    }

    fn text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    fn calls(mut self, tool: &Tool, several: bool) -> Self {
        let place = |city| json!({"city": city}).to_string();
        let arguments = match (tool.takes_city, several) {
            (true, _) => vec![CITY.to_owned()],
            (false, true) => vec![place("Oslo"), place("Rome")],
            (false, false) => vec![place("Oslo")],
        };
        let call = |(number, arguments)| (format!("call_{number}"), tool.name.clone(), arguments);
        self.calls = (1..).zip(arguments).map(call).collect();
        self
    }
}

impl Tool {
    fn new(name: &Value, schema: &Value) -> Self {
        Self { name: text(name), takes_city: schema["properties"]["people"].is_object() }
    }
}

/// A text in the pieces in which a stream brings it.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}

/// Arguments in the pieces in which a stream brings them: cut where no JSON ends.
fn halves(arguments: &str) -> [&str; 2] {
    arguments.split_at(arguments.len() / 2).into()
}

/// The texts of a content, be it a text or a list of parts.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// The list in a field, empty where there is none.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A field as text, empty where it is none.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// An event of a format that names its events.
fn named(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default())
}
