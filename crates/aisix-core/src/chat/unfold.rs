//! A whole answer, as the events that would have streamed it.

use super::{ChatEvent, ChatEvents, ChatResponse, Choice, Delta, Native, Part, PartStart};

/// Takes a whole answer apart: folded again, it is the same answer.
#[must_use]
pub fn unfold(response: ChatResponse) -> ChatEvents {
    let mut events = vec![ChatEvent::Start {
        id: response.id,
        model: response.model,
        created: response.created,
    }];
    let of_answer = |native| ChatEvent::Native { choice: None, native };
    events.extend(response.native.into_iter().map(of_answer));
    for choice in response.choices {
        unfold_choice(choice, &mut events);
    }
    events.extend(response.usage.map(ChatEvent::Usage));
    events.push(ChatEvent::End);
    events
}

fn unfold_choice(choice: Choice, events: &mut ChatEvents) {
    let index = choice.index;
    // What is said of the choice may say how its parts are meant, so it goes first.
    let of_choice = |native| ChatEvent::Native { choice: Some(index), native };
    events.extend(choice.native.into_iter().map(of_choice));
    for (part, content) in (0..).zip(choice.parts) {
        let (start, deltas) = taken_apart(content);
        events.push(ChatEvent::PartStart { choice: index, part, start });
        let grow = |delta| ChatEvent::PartDelta { choice: index, part, delta };
        events.extend(deltas.into_iter().map(grow));
        events.push(ChatEvent::PartEnd { choice: index, part });
    }
    let end = |reason| ChatEvent::Finish { choice: index, reason };
    events.extend(choice.finish.map(end));
}

fn taken_apart(part: Part) -> (PartStart, Vec<Delta>) {
    match part {
        Part::Text(part) => {
            let start = PartStart::Text { refusal: part.refusal };
            let mut deltas = deltas(part.text, part.native);
            deltas.extend(part.citations.into_iter().map(Delta::Citation));
            (start, deltas)
        }
        Part::Reasoning(thought) => {
            let start = PartStart::Reasoning { redacted: thought.redacted };
            let mut deltas = deltas(thought.text, thought.native);
            deltas.extend(thought.signature.map(Delta::Signature));
            (start, deltas)
        }
        Part::ToolCall(call) => {
            let start = PartStart::ToolCall { id: call.id, name: call.name };
            (start, deltas(call.arguments, call.native))
        }
        whole @ (Part::Media(_) | Part::ToolResult(_) | Part::Native(_)) => {
            (PartStart::Whole(Box::new(whole)), Vec::new())
        }
    }
}

/// What only a dialect understands goes first: it may say how the part is to be opened.
fn deltas(text: String, native: Vec<Native>) -> Vec<Delta> {
    let text = (!text.is_empty()).then_some(Delta::Text(text));
    native.into_iter().map(Delta::Native).chain(text).collect()
}
