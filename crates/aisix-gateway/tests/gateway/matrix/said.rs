//! What is said, in no format: each format of the matrix writes it and reads it.

use serde::Serialize;
use serde_json::{Value, json};

/// A conversation up to now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversation {
    pub system: Option<String>,
    pub turns: Vec<Turn>,
    pub tools: Vec<Tool>,
    /// Whether some tool must be called.
    pub must_call: bool,
    /// The schema of the answer.
    pub schema: Option<Value>,
    pub effort: Option<String>,
    pub temperature: Option<f64>,
    pub max_tokens: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    User(Vec<Piece>),
    Model(Answer),
    /// The model's, as a caller was told it and sends it back.
    Told(Value),
    Result {
        call: String,
        text: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Text(String),
    Image { media_type: String, data: String },
    ImageAt(String),
    Document { name: String, media_type: String, data: String },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    pub name: String,
    pub description: String,
    pub schema: Value,
}

/// What a model answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    pub thought: Option<Thought>,
    pub text: Option<String>,
    pub calls: Vec<Call>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Thought {
    pub text: String,
    pub seal: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub id: String,
    pub name: String,
    pub arguments: Value,
}

impl Piece {
    /// The same, where documents have names, or have none.
    pub fn named(self, named: bool) -> Self {
        match self {
            Self::Document { media_type, data, .. } if !named => {
                Self::Document { name: String::new(), media_type, data }
            }
            other => other,
        }
    }
}

impl Turn {
    /// Leaves it to the order which result belongs to which call.
    pub fn forget_ids(&mut self) {
        match self {
            Self::Model(answer) => answer.calls.iter_mut().for_each(|call| call.id.clear()),
            Self::Result { call, .. } => call.clear(),
            _ => {}
        }
    }
}

impl Answer {
    /// Adds a thought, or a part of one: its seal may come apart from it.
    pub fn think(&mut self, text: &str, seal: Option<String>) {
        let thought = self.thought.get_or_insert_default();
        thought.text.push_str(text);
        if let Some(seal) = seal {
            assert_eq!(thought.seal.replace(seal), None, "one seal: {text}");
        }
    }
}

/// A conversation of the matrix, and what the upstream answers.
pub struct Content {
    pub name: &'static str,
    pub asked: Conversation,
    pub answer: Answer,
}

/// What the matrix says.
pub fn contents() -> [Content; 7] {
    [text(), tools(), image(), image_at(), document(), structured(), reasoning()]
}

fn text() -> Content {
    let asked = Conversation {
        system: Some("Be terse.".to_owned()),
        turns: vec![
            Turn::User(vec![Piece::Text("Hi".to_owned())]),
            Turn::Model(said("Hello.")),
            Turn::User(vec![Piece::Text("Count.".to_owned())]),
        ],
        temperature: Some(0.5),
        ..plain(Vec::new())
    };
    Content { name: "text", asked, answer: said("one two three") }
}

fn tools() -> Content {
    let schema = json!({
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
    });
    let tool = Tool { name: "wx".to_owned(), description: "The weather".to_owned(), schema };
    let call = |id: &str, city: &str| Call {
        id: id.to_owned(),
        name: "wx".to_owned(),
        arguments: json!({"city": city}),
    };
    let both = |ids: [&str; 2]| Answer {
        calls: vec![call(ids[0], "Oslo"), call(ids[1], "Rome")],
        ..said("I look.")
    };
    let result =
        |call: &str, text: &str| Turn::Result { call: call.to_owned(), text: text.to_owned() };
    let turns = vec![
        Turn::User(vec![Piece::Text("Weather?".to_owned())]),
        Turn::Model(both(["call_1", "call_2"])),
        result("call_1", "4C"),
        result("call_2", "20C"),
    ];
    let asked = Conversation { turns, tools: vec![tool], must_call: true, ..plain(Vec::new()) };
    Content { name: "tools", asked, answer: both(["call_3", "call_4"]) }
}

fn image() -> Content {
    let image = Piece::Image { media_type: "image/png".to_owned(), data: PNG.to_owned() };
    let pieces = vec![Piece::Text("Which cat is it?".to_owned()), image];
    Content { name: "image", asked: plain(pieces), answer: said("A grey one.") }
}

fn image_at() -> Content {
    let image = Piece::ImageAt("https://example.com/cat.png".to_owned());
    let pieces = vec![image, Piece::Text("And this one?".to_owned())];
    Content { name: "image at", asked: plain(pieces), answer: said("A black one.") }
}

fn document() -> Content {
    let pdf = Piece::Document {
        name: "report.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        data: PDF.to_owned(),
    };
    let pieces = vec![pdf, Piece::Text("Sum it up.".to_owned())];
    Content { name: "document", asked: plain(pieces), answer: said("All is well.") }
}

fn structured() -> Content {
    let schema = json!({
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
        "additionalProperties": false,
    });
    let asked = plain(vec![Piece::Text("Where is the Louvre?".to_owned())]);
    let asked = Conversation { schema: Some(schema), ..asked };
    Content { name: "structured", asked, answer: said("{\"city\":\"Paris\"}") }
}

fn reasoning() -> Content {
    let thought = Thought { text: "Tenths first.".to_owned(), seal: Some(SEAL.to_owned()) };
    let asked = plain(vec![Piece::Text("9.11 or 9.8?".to_owned())]);
    let asked = Conversation { effort: Some("high".to_owned()), ..asked };
    let answer = Answer { thought: Some(thought), ..said("9.8") };
    Content { name: "reasoning", asked, answer }
}

/// Some bytes of an image.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUg==";
/// Some bytes of a document.
const PDF: &str = "JVBERi0xLjcKJeLjz9M=";
/// A provider's seal on a thought.
pub const SEAL: &str = "EqQBCgIYAhIM1gbcDa9GJwZA";

fn plain(pieces: Vec<Piece>) -> Conversation {
    let turns = if pieces.is_empty() { Vec::new() } else { vec![Turn::User(pieces)] };
    Conversation { turns, max_tokens: Some(1000), ..Conversation::default() }
}

/// An answer of nothing but text.
pub fn said(text: &str) -> Answer {
    Answer { text: Some(text.to_owned()), ..Answer::default() }
}

/// The text of a JSON value that must be one.
pub fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The items of a list; none where there is no list.
pub fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A content's parts: a text is short for one part of this type.
pub fn listed(content: &Value, kind: &str) -> Vec<Value> {
    match content {
        Value::String(text) => vec![json!({"type": kind, "text": text})],
        parts => items(parts).cloned().collect(),
    }
}

/// A tool, whose schema stands in this field.
pub fn read_tool(tool: &Value, schema: &str) -> Tool {
    Tool {
        name: text_of(&tool["name"]),
        description: text_of(&tool["description"]),
        schema: tool[schema].clone(),
    }
}

/// Adds a field, where there is something to say.
pub fn add(body: &mut Value, name: &str, value: &Option<impl Serialize>) {
    if let Some(value) = value {
        body[name] = json!(value);
    }
}

/// A text in two pieces, as streams bring it.
pub fn halves(text: &str) -> [&str; 2] {
    let (first, second) = text.split_at(text.len() / 2);
    [first, second]
}

/// JSON that a text holds.
pub fn parsed(value: &Value) -> Value {
    serde_json::from_str(&text_of(value)).expect("arguments are JSON")
}
