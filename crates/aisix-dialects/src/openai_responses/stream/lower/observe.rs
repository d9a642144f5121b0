//! Frames of this format whose bytes are passed on: what is told after them has to fit.

use aisix_core::chat::{ChatEvents, FrameKind, FrameOutline};
use bytes::BytesMut;
use serde_json::Value;

use super::super::super::ID;
use super::super::super::output::{message_id, of_message};
use super::super::TOLD;
use super::Lowerer;
use crate::fields::Fields;

impl Lowerer {
    /// Takes note of a frame whose bytes were passed on, and of its events where they are known.
    pub(in super::super) fn observe(
        &mut self,
        original: &[u8],
        outline: &FrameOutline,
        events: Option<&ChatEvents>,
    ) {
        let told = self.sequence + 1;
        if let Some(events) = events {
            self.observe_message(original, outline);
            self.events(ID, events, &mut BytesMut::new());
        }
        self.ended |= outline.kind == FrameKind::End;
        self.sequence = told;
    }

    /// Where a message begins and ends is no event of its own.
    fn observe_message(&mut self, original: &[u8], outline: &FrameOutline) {
        let begins = match outline.name.as_deref() {
            Some(b"response.output_item.added") => true,
            Some(b"response.output_item.done") => false,
            _ => return,
        };
        let frame: Value = serde_json::from_slice(original).unwrap_or_default();
        let item = &frame["item"];
        if item["type"] != "message" {
            return;
        }
        let out = &mut BytesMut::new();
        if begins {
            let natives = Fields::of(item.clone()).map(of_message).unwrap_or_default();
            self.end_message("completed", out);
            self.open_message(message_id(&natives), &natives, out);
        } else {
            self.end_message("completed", out);
        }
    }

    /// Appends an event of the provider's that has no events, under the number that it has here;
    /// where items begin and end is told anyway.
    pub(in super::super) fn tell_again(
        &mut self,
        original: &[u8],
        outline: &FrameOutline,
        out: &mut BytesMut,
    ) {
        let kind = outline.name.as_deref().and_then(|name| std::str::from_utf8(name).ok());
        let Some(kind) = kind.filter(|kind| !TOLD.contains(kind)) else {
            return;
        };
        if let Ok(Value::Object(mut fields)) = serde_json::from_slice(original) {
            fields.shift_remove("type");
            fields.shift_remove("sequence_number");
            self.tell(kind, fields, out);
        }
    }
}
