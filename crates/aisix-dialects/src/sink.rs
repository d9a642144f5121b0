//! What encoders share: where what cannot be written is noted.

use std::collections::HashSet;

use aisix_core::chat::{ChatRequest, Native, Part, Usage};
use aisix_core::{DialectId, Error};
use serde_json::{Map, Value};

use crate::dialect::{Dropped, Encoded};
use crate::json::written;

/// What a format calls its own parts by, and how far they had come: callers send it back as they got
/// it, and in another format it would tell nobody anything.
const HANDLES: [&str; 2] = ["id", "status"];

/// Fields of requests that go on with a conversation which the provider keeps: what it was about is
/// not in the request, and no other provider knows it.
const KEPT_ELSEWHERE: [&str; 1] = ["thread"];

/// Types of parts that show something to the model. In a form that every format knows they are media.
const SHOWN: [&str; 9] = [
    "document",
    "file",
    "image",
    "image_url",
    "input_audio",
    "input_file",
    "input_image",
    "search_result",
    "video_url",
];

/// Notes what an encoder leaves out, and what it must not leave out.
#[derive(Debug)]
pub(crate) struct Sink {
    /// Whether the value came in this format: what vendors added to it goes back to them.
    pub(crate) own: bool,
    /// The dialect that the value came in.
    pub(crate) from: DialectId,
    dialect: DialectId,
    dropped: Vec<Dropped>,
    /// The fields in `dropped`. The names are a caller's: there may be as many as its body can hold.
    named: HashSet<String>,
    refused: Option<Error>,
}

impl Sink {
    /// For an encoder of the first dialect, and a value that came in the second.
    pub(crate) fn new(dialect: DialectId, came_in: DialectId) -> Self {
        let (dropped, named) = (Vec::new(), HashSet::new());
        Self { own: dialect == came_in, from: came_in, dialect, dropped, named, refused: None }
    }

    /// For the next value, which came in this dialect.
    pub(crate) fn came_in(&mut self, dialect: DialectId) {
        (self.own, self.from) = (self.dialect == dialect, dialect);
    }

    /// Notes a field that is left out: once, however often it is.
    pub(crate) fn drop(&mut self, field: impl Into<String>) {
        let field = field.into();
        if !self.named.contains(&field) {
            self.named.insert(field.clone());
            self.dropped.push(Dropped::new(field));
        }
    }

    /// Notes something without which the request would mean something else. What is noted first
    /// counts.
    pub(crate) fn refuse(&mut self, error: Error) {
        self.refused.get_or_insert(error);
    }

    /// Refuses a conversation of which nothing is left to send: a provider would, in words about a
    /// request that the caller never wrote.
    pub(crate) fn refuse_silence(&mut self, messages: &[Value]) {
        if messages.is_empty() {
            self.refuse(Error::invalid_request(
                "no message is left for the target's format: add what the user says",
            ));
        }
    }

    /// What was left out so far.
    pub(crate) fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }

    /// Writes native fields into an object: this dialect's own, under their names or, behind a dot,
    /// into the object of that name. What a noun said already stays.
    pub(crate) fn put_natives(&mut self, natives: &[Native], object: &mut Map<String, Value>) {
        for native in natives.iter().filter(|native| !is_mark(native)) {
            if native.dialect == self.dialect {
                put(object, &native.name, &native.value);
            } else {
                self.drop_natives(std::slice::from_ref(native));
            }
        }
    }

    /// Refuses a request of which the model would not be told what it is about: one that goes on with
    /// a conversation of which another provider keeps the beginning, or that shows something in a way
    /// that only another format knows.
    pub(crate) fn refuse_unheard(&mut self, request: &ChatRequest) {
        let foreign = |native: &&Native| native.dialect != self.dialect && !native.value.is_null();
        let mut natives = request.native.iter().filter(foreign);
        let elsewhere = natives.find_map(kept_elsewhere);
        let unread = request.turns.iter().find_map(|turn| unread(&turn.parts, self.dialect));
        if let Some(name) = elsewhere {
            let detail = format_args!("'{name}': the target keeps no conversation, so send it all");
            self.refuse(Error::unsupported(detail).about(name));
        }
        if let Some(kind) = unread {
            let detail = format_args!(
                "the target's format ({}) cannot show content of type '{kind}' in this form to the model",
                self.dialect,
            );
            self.refuse(Error::unsupported(detail));
        }
    }

    /// Notes native fields that are left out, whoever understands them. What says nothing is no
    /// loss.
    pub(crate) fn drop_natives(&mut self, natives: &[Native]) {
        for native in natives.iter().filter(|native| !is_mark(native)) {
            match &native.value {
                value if says_nothing(value) || HANDLES.contains(&native.name.as_str()) => {}
                // The counts that all formats know are told.
                Value::Object(more) if native.name == "usage" => {
                    let told = more.iter().filter(|(_, value)| !says_nothing(value));
                    told.for_each(|(name, _)| self.drop(format!("usage.{name}")));
                }
                _ => self.drop(&native.name),
            }
        }
    }

    /// Notes that formats which count what was written to a cache do not say for how long.
    pub(crate) fn drop_cache_life(&mut self, usage: Option<Usage>) {
        if usage.is_some_and(|usage| usage.cache_write_1h > 0) {
            self.drop("usage.cache_creation");
        }
    }

    /// Notes a native part, or a native tool, that is left out: by its type, where it has one. In
    /// some formats an object that holds one other is of the type that its field is named after.
    pub(crate) fn drop_part(&mut self, native: &Native) {
        let only_field = || match &native.value {
            Value::Object(fields) if fields.len() == 1 => fields.iter().next(),
            _ => None,
        };
        let only_field =
            || only_field().filter(|(_, value)| value.is_object()).map(|(name, _)| &**name);
        match native.value.get("type").and_then(Value::as_str).or_else(only_field) {
            Some(kind) => self.drop(format!("{}.{kind}", native.name)),
            None => self.drop(&native.name),
        }
    }

    /// The body, and what it could not say.
    ///
    /// # Errors
    /// What was refused.
    pub(crate) fn encoded(self, body: &Map<String, Value>) -> Result<Encoded, Error> {
        match self.refused {
            Some(error) => Err(error),
            None => Ok(Encoded { body: written(body).into(), dropped: self.dropped }),
        }
    }
}

/// Which of several spellings of one thing arrived, noted among the native fields, so that a value
/// goes back to its format the way it came. A mark begins with a colon and is never written itself.
pub(crate) fn mark(dialect: DialectId, name: &str) -> Native {
    Native::new(dialect, name, Value::Bool(true))
}

/// Whether a native field is a mark.
pub(crate) fn is_mark(native: &Native) -> bool {
    native.name.starts_with(':')
}

fn kept_elsewhere(native: &Native) -> Option<&'static str> {
    KEPT_ELSEWHERE.into_iter().find(|name| *name == native.name)
}

/// The type of a part that shows something, but that another format alone can read.
fn unread(parts: &[Part], dialect: DialectId) -> Option<&str> {
    parts.iter().find_map(|part| match part {
        Part::Native(native) if native.dialect != dialect => {
            let kind = native.value.get("type").and_then(Value::as_str);
            kind.filter(|kind| SHOWN.contains(kind))
        }
        Part::ToolResult(result) => unread(&result.content, dialect),
        _ => None,
    })
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        // Providers count what did not happen, too.
        Value::Object(fields) => fields.values().all(|value| *value == 0 || says_nothing(value)),
        _ => false,
    }
}

fn put(object: &mut Map<String, Value>, name: &str, value: &Value) {
    if let Some((outer, inner)) = name.split_once('.')
        && let Some(Value::Object(outer)) = object.get_mut(outer)
    {
        outer.entry(inner).or_insert_with(|| value.clone());
    } else {
        object.entry(name).or_insert_with(|| value.clone());
    }
}

#[cfg(test)]
mod tests;
