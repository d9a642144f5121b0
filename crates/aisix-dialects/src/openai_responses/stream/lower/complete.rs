//! Telling that parts, and the items that hold them, are complete.

use aisix_core::chat::{Reasoning, Text, ToolCall};
use bytes::BytesMut;
use serde_json::{Value, json};

use super::super::super::content::{self, Speaker};
use super::super::super::item;
use super::super::super::output::{apart, write_message};
use super::{Lowerer, Message, State, What, object, place};

impl Lowerer {
    /// Tells that a part is complete.
    pub(super) fn complete(&mut self, part: usize, out: &mut BytesMut) {
        let Some(told) = self.parts.get_mut(part) else {
            return;
        };
        let State::Open { index, content, id } = std::mem::replace(&mut told.state, State::Ended)
        else {
            return;
        };
        let text = std::mem::take(&mut told.text);
        let natives = std::mem::take(&mut told.natives);
        let signature = told.signature.take();
        let citations = std::mem::take(&mut told.citations);
        match &told.what {
            What::Text { refusal } => {
                let refusal = *refusal;
                let text = Text { text, refusal, citations, native: natives, ..Text::default() };
                self.complete_text(&text, (&id, index, content), out);
            }
            What::Content(value) => {
                let value = value.clone();
                self.complete_content(value, (&id, index, content), out);
            }
            What::Call { id: call_id, name } => {
                let call = ToolCall {
                    id: call_id.clone(),
                    name: name.clone(),
                    arguments: text,
                    cache: None,
                    native: natives,
                };
                self.complete_call(&call, (&id, index), out);
            }
            What::Thought { redacted } => {
                let redacted = redacted.clone();
                let thought = Reasoning { text, signature, redacted, native: natives };
                self.complete_thought(&thought, (&id, index), out);
            }
            What::Item(value) => {
                let value = value.clone();
                self.item_done(index, value, out);
            }
            What::Nothing => {}
        }
    }

    fn complete_text(&mut self, text: &Text, at: (&str, u32, usize), out: &mut BytesMut) {
        let (id, index, content) = at;
        let (_, own) = apart(&text.native);
        let bare = Text { native: own, ..text.clone() };
        let value = content::write_text(&bare, Speaker::Model, &mut self.sink);
        if !text.citations.is_empty() {
            self.tell_annotations(&value, at, out);
        }
        let (kind, name) = match text.refusal {
            true => ("response.refusal.done", "refusal"),
            false => ("response.output_text.done", "text"),
        };
        let mut fields = place(id, index, Some(content));
        fields.insert(name.to_owned(), text.text.as_str().into());
        if !text.refusal {
            fields.insert("logprobs".to_owned(), json!([]));
        }
        self.tell(kind, fields, out);
        self.complete_content(value, at, out);
    }

    /// Where a text rests on something is known when it is complete.
    fn tell_annotations(
        &mut self,
        text: &Value,
        (id, index, content): (&str, u32, usize),
        out: &mut BytesMut,
    ) {
        let annotations = text[content::ANNOTATIONS].as_array().into_iter().flatten();
        for (number, annotation) in annotations.enumerate() {
            let mut fields = place(id, index, Some(content));
            fields.insert("annotation_index".to_owned(), number.into());
            fields.insert("annotation".to_owned(), annotation.clone());
            self.tell("response.output_text.annotation.added", fields, out);
        }
    }

    fn complete_content(&mut self, value: Value, at: (&str, u32, usize), out: &mut BytesMut) {
        let (id, index, content) = at;
        if let Some(message) = self.message.as_mut().filter(|message| message.index == index) {
            message.content[content] = value.clone();
        }
        let mut fields = place(id, index, Some(content));
        fields.insert("part".to_owned(), value);
        self.tell("response.content_part.done", fields, out);
    }

    fn complete_call(&mut self, call: &ToolCall, (id, index): (&str, u32), out: &mut BytesMut) {
        let mut fields = place(id, index, None);
        fields.insert("name".to_owned(), call.name.as_str().into());
        fields.insert("arguments".to_owned(), call.arguments.as_str().into());
        self.tell("response.function_call_arguments.done", fields, out);
        let mut item = item::write_call(call, &mut self.sink);
        item.entry("id").or_insert_with(|| id.into());
        item.entry("status").or_insert_with(|| "completed".into());
        self.item_done(index, Value::Object(item), out);
    }

    fn complete_thought(
        &mut self,
        thought: &Reasoning,
        (id, index): (&str, u32),
        out: &mut BytesMut,
    ) {
        if !thought.text.is_empty() {
            let mut fields = place(id, index, None);
            fields.insert("summary_index".to_owned(), 0.into());
            let mut part = fields.clone();
            fields.insert("text".to_owned(), thought.text.as_str().into());
            self.tell("response.reasoning_summary_text.done", fields, out);
            part.insert("part".to_owned(), item::summary_part(&thought.text));
            self.tell("response.reasoning_summary_part.done", part, out);
        }
        let item = item::write_thought(thought, || id.to_owned(), &mut self.sink);
        self.item_done(index, Value::Object(item), out);
    }

    fn item_done(&mut self, index: u32, item: Value, out: &mut BytesMut) {
        self.done.insert(index, item.clone());
        let fields = object([("output_index", index.into()), ("item", item)]);
        self.tell("response.output_item.done", fields, out);
    }

    /// A further item follows: a message of which nothing is open is complete.
    pub(super) fn end_message_if_quiet(&mut self, out: &mut BytesMut) {
        let ended = |part: &usize| matches!(self.parts[*part].state, State::Ended);
        if self.message.as_ref().is_some_and(|message| message.parts.iter().all(ended)) {
            self.end_message("completed", out);
        }
    }

    pub(super) fn end_message(&mut self, status: &str, out: &mut BytesMut) {
        for part in self.message.as_ref().map(|it| it.parts.clone()).unwrap_or_default() {
            self.complete(part, out);
        }
        let Some(Message { index, id, natives, content, .. }) = self.message.take() else {
            return;
        };
        let item = write_message(&id, status, content, &natives, &mut self.sink);
        self.item_done(index, item, out);
    }
}
