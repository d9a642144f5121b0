//! A chunk in the making.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// A chunk, in the order in which the documentation prints it; what is not set is absent.
#[derive(Serialize)]
pub(super) struct Chunk<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) created: i64,
    pub(super) model: &'a str,
    pub(super) choices: Vec<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Value>,
    #[serde(flatten)]
    pub(super) more: Map<String, Value>,
}

/// What a chunk says of one choice.
#[derive(Default, Serialize)]
pub(super) struct Choice {
    index: u32,
    delta: Delta,
    #[serde(flatten)]
    more: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<String>,
}

#[derive(Default, Serialize)]
struct Delta {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasoning_details: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<Value>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// One thing that a chunk can say of a choice.
pub(super) enum Piece {
    /// The choice begins.
    Role,
    Content(String),
    /// A part of content that only a list can hold.
    ContentPart(Value),
    Refusal(String),
    Thought(String),
    /// A fragment of `reasoning_details`.
    Detail(Value),
    /// An entry of `tool_calls`.
    Call(Value),
    /// Growth of the arguments of the call with this index.
    Arguments(u32, String),
    /// The legacy call begins, with its name.
    FunctionCall(String),
    /// Growth of the legacy call's arguments.
    FunctionArguments(String),
    Audio(Value),
    /// A further field of the delta.
    OfMessage(String, Value),
    /// A further field of the choice.
    OfChoice(String, Value),
    Finish(String),
}

impl Chunk<'_> {
    /// Leaves out natives that have the name of a field that is said: no field stands twice.
    pub(super) fn settle(&mut self) {
        let usage = self.usage.is_some();
        self.more.retain(|name, _| match name.as_str() {
            "id" | "object" | "created" | "model" | "choices" => false,
            "usage" => !usage,
            _ => true,
        });
        self.choices.iter_mut().for_each(Choice::settle);
    }
}

impl Choice {
    pub(super) fn new(index: u32) -> Self {
        Self { index, ..Self::default() }
    }

    pub(super) fn index(&self) -> u32 {
        self.index
    }

    /// Says this, too.
    ///
    /// # Errors
    /// The piece, where one chunk cannot say both: it needs another chunk.
    pub(super) fn say(&mut self, piece: Piece) -> Result<(), Piece> {
        let delta = &mut self.delta;
        match piece {
            // Nothing of a choice comes after its end.
            piece if self.finish_reason.is_some() => return Err(piece),
            Piece::Role => delta.role = Some("assistant"),
            Piece::Content(text) => match &mut delta.content {
                None => delta.content = Some(Value::String(text)),
                Some(Value::String(content)) => content.push_str(&text),
                Some(_) => return Err(Piece::Content(text)),
            },
            Piece::ContentPart(part) => match &mut delta.content {
                None => delta.content = Some(Value::Array(vec![part])),
                Some(Value::Array(parts)) => parts.push(part),
                Some(_) => return Err(Piece::ContentPart(part)),
            },
            Piece::Refusal(text) => delta.refusal.get_or_insert_default().push_str(&text),
            Piece::Thought(text) => {
                delta.reasoning_content.get_or_insert_default().push_str(&text);
            }
            Piece::Detail(detail) => delta.reasoning_details.push(detail),
            Piece::Call(call) => delta.tool_calls.push(call),
            Piece::Arguments(index, text) => delta.grow_call(index, text),
            Piece::FunctionCall(name) => {
                delta.function_call = Some(json!({"name": name, "arguments": ""}));
            }
            Piece::FunctionArguments(text) => {
                let call = delta.function_call.get_or_insert_with(|| json!({"arguments": ""}));
                append(&mut call["arguments"], &text);
            }
            Piece::Audio(sound) => return fill(&mut delta.audio, sound).map_err(Piece::Audio),
            Piece::OfMessage(name, value) => {
                return insert(&mut delta.more, name, value)
                    .map_err(|(name, value)| Piece::OfMessage(name, value));
            }
            Piece::OfChoice(name, value) => {
                return insert(&mut self.more, name, value)
                    .map_err(|(name, value)| Piece::OfChoice(name, value));
            }
            Piece::Finish(word) => self.finish_reason = Some(word),
        }
        Ok(())
    }
}

impl Choice {
    fn settle(&mut self) {
        let finished = self.finish_reason.is_some();
        self.more.retain(|name, _| match name.as_str() {
            "index" | "delta" => false,
            "finish_reason" => !finished,
            _ => true,
        });
        self.delta.settle();
    }
}

impl Delta {
    fn settle(&mut self) {
        let Self { role, content, refusal, tool_calls, function_call, .. } = &*self;
        let Self { reasoning_content, reasoning_details, audio, .. } = &*self;
        let said = [
            ("role", role.is_some()),
            ("content", content.is_some()),
            ("refusal", refusal.is_some()),
            ("tool_calls", !tool_calls.is_empty()),
            ("function_call", function_call.is_some()),
            ("reasoning_content", reasoning_content.is_some()),
            ("reasoning_details", !reasoning_details.is_empty()),
            ("audio", audio.is_some()),
        ];
        self.more.retain(|name, _| !said.contains(&(name.as_str(), true)));
    }

    fn grow_call(&mut self, index: u32, text: String) {
        let begun = self.tool_calls.iter_mut().rfind(|call| call["index"] == index);
        match begun {
            Some(call) => append(&mut call["function"]["arguments"], &text),
            None => {
                let fragment = json!({"index": index, "function": {"arguments": text}});
                self.tool_calls.push(fragment);
            }
        }
    }
}

fn append(place: &mut Value, more: &str) {
    match place {
        Value::String(text) => text.push_str(more),
        other => *other = more.into(),
    }
}

fn fill(place: &mut Option<Value>, value: Value) -> Result<(), Value> {
    match place {
        Some(_) => Err(value),
        None => {
            *place = Some(value);
            Ok(())
        }
    }
}

fn insert(
    fields: &mut Map<String, Value>,
    name: String,
    value: Value,
) -> Result<(), (String, Value)> {
    if fields.contains_key(&name) {
        return Err((name, value));
    }
    fields.insert(name, value);
    Ok(())
}
