//! From events to parts.

use std::collections::{BTreeMap, BTreeSet};

use aisix_core::Error;
use aisix_core::chat::{ChatEvent, ChatEvents, Delta, Native, Part, PartStart, Seal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::block::CONTENT;
use super::super::outline::Event;
use super::super::response::{beside, read_finish};
use super::super::{ID, citation, usage};
use crate::fields::{Borrowed, Fields, Json};
use crate::relay::unreadable;
use crate::seal::Makers;

/// Lifts the events of one stream.
pub(super) struct Lifter {
    /// Whose the seals in it are.
    makers: Makers,
    /// The blocks that are open, by their index.
    open: BTreeMap<u64, Block>,
    /// Thoughts that only the provider can read, of which nothing is told before they are whole.
    redacted: BTreeMap<u64, Redacted>,
    /// How many parts were opened.
    parts: u32,
}

/// A block that is open.
struct Block {
    part: u32,
    kind: Kind,
    /// Whether something was said of it since it opened.
    grown: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thought,
    Call,
    Native,
}

/// A thought in the making that only the provider can read.
#[derive(Default)]
struct Redacted {
    /// In base64, each.
    fragments: Vec<String>,
}

impl Lifter {
    pub(super) fn new(makers: Makers) -> Self {
        Self { makers, open: BTreeMap::new(), redacted: BTreeMap::new(), parts: 0 }
    }

    /// The events that say what one event of the format says.
    pub(super) fn event(&mut self, event: Event, data: &[u8]) -> Result<ChatEvents, Error> {
        let mut fields = Borrowed::read(data).map_err(unreadable)?;
        let mut events = Vec::new();
        match event {
            Event::MessageStart => {
                let (id, model) = Default::default();
                events.push(ChatEvent::Start { id, model, created: None });
            }
            Event::BlockStart => self.start(fields, &mut events),
            Event::BlockDelta => self.delta(fields, &mut events),
            Event::BlockStop => self.close(index(&mut fields), &mut events),
            Event::MessageStop => self.stop(fields.into(), &mut events),
            Event::Metadata => {
                let counts = fields.take("usage");
                let counted = counts.map(Value::from);
                let counted = counted.and_then(|counts| usage::read(&counts.to_string()));
                events.extend(counted.map(ChatEvent::Usage));
                events.extend(beside(fields.into()).map(of_answer));
            }
            Event::Unknown => {}
        }
        Ok(events)
    }

    /// Only calls, and what few models say, begin with an event of their own.
    fn start(&mut self, mut fields: Borrowed<'_>, events: &mut ChatEvents) {
        let index = index(&mut fields);
        let start = fields.take("start").map(Value::from).unwrap_or_default();
        let call = &start["toolUse"];
        let text = |name: &str| call[name].as_str().map(ToOwned::to_owned);
        let is_callers = call["type"].is_null();
        match (text("toolUseId"), text("name")) {
            (Some(id), Some(name)) if is_callers => {
                self.open(index, Kind::Call, PartStart::ToolCall { id, name }, events);
            }
            _ => self.open(index, Kind::Native, native(start), events),
        }
    }

    fn delta(&mut self, mut fields: Borrowed<'_>, events: &mut ChatEvents) {
        let index = index(&mut fields);
        let Some(Ok(delta)) = fields.take("delta").map(Json::object) else {
            return;
        };
        let (kind, grown) = match read(delta, self.makers) {
            Ok(Fragment::Said(kind, grown)) => (kind, grown),
            Ok(Fragment::Redacted(data)) => {
                return self.redacted.entry(index).or_default().fragments.push(data);
            }
            Err(other) => return self.grow_native(index, other.into_value(), events),
        };
        let is_open = self.open.get(&index).is_some_and(|block| block.kind == kind);
        if !is_open {
            self.open(index, kind, begun(kind), events);
        }
        if let (Some(block), false) = (self.open.get_mut(&index), says_nothing(&grown)) {
            block.grow(grown, events);
        }
    }

    fn grow_native(&mut self, index: u64, value: Value, events: &mut ChatEvents) {
        match self.open.get_mut(&index) {
            Some(block) => {
                block.grow(Delta::Native(Native::new(ID, CONTENT, value)), events);
            }
            None => self.open(index, Kind::Native, native(value), events),
        }
    }

    fn open(&mut self, index: u64, kind: Kind, start: PartStart, events: &mut ChatEvents) {
        // Providers never begin a block anew; one that does must not lose the first.
        self.close(index, events);
        let part = self.begin(start, events);
        self.open.insert(index, Block { part, kind, grown: false });
    }

    fn begin(&mut self, start: PartStart, events: &mut ChatEvents) -> u32 {
        let part = self.parts;
        self.parts += 1;
        events.push(ChatEvent::PartStart { choice: 0, part, start });
        part
    }

    fn close(&mut self, index: u64, events: &mut ChatEvents) {
        if let Some(block) = self.open.remove(&index) {
            block.close(events);
        }
        if let Some(redacted) = self.redacted.remove(&index) {
            let redacted = Some(Seal::read(self.makers.redacted, redacted.whole()));
            let part = self.begin(PartStart::Reasoning { redacted }, events);
            events.push(ChatEvent::PartEnd { choice: 0, part });
        }
    }

    fn stop(&mut self, mut fields: Fields, events: &mut ChatEvents) {
        let open: BTreeSet<u64> = self.open.keys().chain(self.redacted.keys()).copied().collect();
        open.into_iter().for_each(|index| self.close(index, events));
        let reason = read_finish(&mut fields);
        events.extend(beside(fields).map(of_answer));
        events.extend(reason.map(|reason| ChatEvent::Finish { choice: 0, reason }));
    }
}

fn index(fields: &mut Borrowed<'_>) -> u64 {
    fields.integer("contentBlockIndex").unwrap_or_default()
}

fn of_answer(native: Native) -> ChatEvent {
    ChatEvent::Native { choice: None, native }
}

fn native(value: Value) -> PartStart {
    PartStart::Whole(Box::new(Part::Native(Native::new(ID, CONTENT, value))))
}

/// How the part of a block begins that no event of its own began.
fn begun(kind: Kind) -> PartStart {
    match kind {
        Kind::Text => PartStart::Text { refusal: false },
        Kind::Call => {
            // A call that never began has neither an id nor a name.
            let (id, name) = Default::default();
            PartStart::ToolCall { id, name }
        }
        Kind::Thought | Kind::Native => PartStart::Reasoning { redacted: None },
    }
}

/// What an event adds to a block.
enum Fragment {
    /// To a block of this kind.
    Said(Kind, Delta),
    /// To a thought that only the provider can read.
    Redacted(String),
}

fn says_nothing(delta: &Delta) -> bool {
    match delta {
        Delta::Text(text) => text.is_empty(),
        Delta::Signature(seal) => seal.is_empty(),
        _ => false,
    }
}

/// Reads a fragment.
///
/// # Errors
/// The fragment, where only this format knows it.
fn read(mut delta: Borrowed<'_>, makers: Makers) -> Result<Fragment, Fields> {
    if let Some(text) = delta.text("text") {
        return Ok(Fragment::Said(Kind::Text, Delta::Text(text.into_owned())));
    }
    let delta = Fields::from(delta);
    read_rare(&delta, makers).ok_or(delta)
}

/// The same, of what is no text.
fn read_rare(delta: &Fields, makers: Makers) -> Option<Fragment> {
    if let Some(input) = delta.get("toolUse").and_then(|call| call["input"].as_str()) {
        return Some(Fragment::Said(Kind::Call, Delta::Text(input.to_owned())));
    }
    if let Some(citation) = delta.get("citation").cloned().and_then(citation::read) {
        return Some(Fragment::Said(Kind::Text, Delta::Citation(citation)));
    }
    let thought = delta.get("reasoningContent")?;
    let text = |name: &str| thought[name].as_str().map(ToOwned::to_owned);
    if let Some(data) = text("redactedContent") {
        return Some(Fragment::Redacted(data));
    }
    let seal = |seal| Delta::Signature(Seal::read(makers.signatures, seal));
    let seal = || text("signature").map(seal);
    Some(Fragment::Said(Kind::Thought, text("text").map(Delta::Text).or_else(seal)?))
}

impl Redacted {
    /// All of it. Each fragment is bytes of its own in base64; of what is none, nothing is known but
    /// its letters.
    fn whole(self) -> String {
        if let [only] = &self.fragments[..] {
            return only.clone();
        }
        let bytes: Result<Vec<_>, _> =
            self.fragments.iter().map(|fragment| STANDARD.decode(fragment)).collect();
        bytes.map_or_else(|_| self.fragments.concat(), |bytes| STANDARD.encode(bytes.concat()))
    }
}

impl Block {
    fn grow(&mut self, delta: Delta, events: &mut ChatEvents) {
        self.grown = true;
        events.push(ChatEvent::PartDelta { choice: 0, part: self.part, delta });
    }

    fn close(mut self, events: &mut ChatEvents) {
        // A call without arguments says so, whole or streamed.
        if self.kind == Kind::Call && !self.grown {
            self.grow(Delta::Text(json!({}).to_string()), events);
        }
        events.push(ChatEvent::PartEnd { choice: 0, part: self.part });
    }
}
