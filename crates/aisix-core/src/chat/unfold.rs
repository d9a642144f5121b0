//! A whole answer, as the events that would have streamed it.

use super::{ChatEvent, ChatEvents, ChatResponse, Choice, Delta, Part, PartStart};

/// Takes a whole answer apart: folded again, it is the same answer.
#[must_use]
pub fn unfold(response: ChatResponse) -> ChatEvents {
    let ChatResponse { id, model, created, choices, usage, native } = response;
    let mut events = vec![ChatEvent::Start { id, model, created }];
    events.extend(native.into_iter().map(|native| ChatEvent::Native { choice: None, native }));
    for choice in choices {
        unfold_choice(choice, &mut events);
    }
    events.extend(usage.map(ChatEvent::Usage));
    events.push(ChatEvent::End);
    events
}

fn unfold_choice(choice: Choice, events: &mut ChatEvents) {
    let Choice { index, parts, finish, native } = choice;
    for (part, content) in (0..).zip(parts) {
        let (start, deltas) = taken_apart(content);
        events.push(ChatEvent::PartStart { choice: index, part, start });
        let grow = |delta| ChatEvent::PartDelta { choice: index, part, delta };
        events.extend(deltas.into_iter().map(grow));
        events.push(ChatEvent::PartEnd { choice: index, part });
    }
    let of_choice = |native| ChatEvent::Native { choice: Some(index), native };
    events.extend(native.into_iter().map(of_choice));
    events.extend(finish.map(|reason| ChatEvent::Finish { choice: index, reason }));
}

fn taken_apart(part: Part) -> (PartStart, Vec<Delta>) {
    let text = |text: String| if text.is_empty() { vec![] } else { vec![Delta::Text(text)] };
    match part {
        Part::Text(part) => (PartStart::Text { refusal: part.refusal }, text(part.text)),
        Part::Reasoning(thought) => {
            let mut deltas = text(thought.text);
            deltas.extend(thought.signature.map(Delta::Signature));
            (PartStart::Reasoning { redacted: thought.redacted }, deltas)
        }
        Part::ToolCall(call) => {
            (PartStart::ToolCall { id: call.id, name: call.name }, text(call.arguments))
        }
        other @ (Part::Media(_) | Part::ToolResult(_) | Part::Native(_)) => {
            (PartStart::Whole(Box::new(other)), vec![])
        }
    }
}
