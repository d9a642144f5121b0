//! A streamed answer, event by event.

use bytes::Bytes;

use super::native::{Join, join, join_values};
use super::{
    ChatResponse, Choice, Citation, FinishReason, Native, Part, Reasoning, Seal, Span, Text,
    ToolCall, Usage,
};
use crate::carried::Carry;

/// One thing that happens in a streamed answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatEvent {
    /// The answer begins.
    Start {
        /// The provider's id of the answer.
        id: String,
        /// The model, as the provider names it.
        model: String,
        /// When it was made, in Unix seconds.
        created: Option<i64>,
    },
    /// A part opens; several may be open at once.
    PartStart {
        /// Number of the choice.
        choice: u32,
        /// Number of the part within the choice, counted from 0 as they open.
        part: u32,
        /// What kind of part.
        start: PartStart,
    },
    /// An open part grows.
    PartDelta {
        /// Number of the choice.
        choice: u32,
        /// Number of the part within the choice.
        part: u32,
        /// By what.
        delta: Delta,
    },
    /// A part is complete.
    PartEnd {
        /// Number of the choice.
        choice: u32,
        /// Number of the part within the choice.
        part: u32,
    },
    /// A choice is complete.
    Finish {
        /// Number of the choice.
        choice: u32,
        /// Why.
        reason: FinishReason,
    },
    /// What it took so far; later counts are at least as large.
    Usage(Usage),
    /// What only the provider's dialect understands. Said again under the same name, it takes the
    /// place of what was said of the answer, and extends what was said of a choice.
    Native {
        /// Number of the choice that it belongs to; `None` for the answer as a whole.
        choice: Option<u32>,
        /// The value.
        native: Native,
    },
    /// The provider says that nothing more will come.
    End,
}

/// What kind of part opens.
#[derive(Debug, Clone, PartialEq)]
pub enum PartStart {
    /// Text.
    Text {
        /// Whether it says why the model declines.
        refusal: bool,
    },
    /// A thought.
    Reasoning {
        /// The thought in a form that only the provider can read, where that is all there is.
        redacted: Option<Seal>,
    },
    /// A tool call; the id and name are known from its first event.
    ToolCall {
        /// The id that the result refers to.
        id: String,
        /// The tool's name.
        name: String,
    },
    /// A part that comes whole.
    Whole(Box<Part>),
}

/// How an open part grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// By text: of a text, of a thought, or of a call's arguments.
    Text(String),
    /// By the provider's seal on a thought.
    Signature(Seal),
    /// By a place that a text rests on.
    Citation(Citation),
    /// By what only the provider's dialect understands: a fragment of a part that is native as a
    /// whole, otherwise a field of the part. Texts and lists go on, objects join field by field.
    Native(Native),
}

/// The events of one frame of a stream.
pub type ChatEvents = Vec<ChatEvent>;

/// What is known of a frame without decoding it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameOutline {
    /// What kind of frame it is.
    pub kind: FrameKind,
    /// The frame's type, where the framing names it beside the data.
    pub name: Option<Bytes>,
    /// Where the model's value stands, quotes included.
    pub model_span: Option<Span>,
    /// What it took so far.
    pub usage: Option<Usage>,
    /// Whether a choice ended with this frame.
    pub finished: bool,
}

/// Kinds of frames, as far as relaying them goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FrameKind {
    /// Part of the answer.
    #[default]
    Content,
    /// Nothing but usage.
    UsageOnly,
    /// A sign of life.
    Ping,
    /// Of a type that this product does not know: passed on within the dialect, otherwise left
    /// out.
    Unknown,
    /// The marker after which nothing comes.
    End,
}

impl Carry for ChatEvents {
    type Outline = FrameOutline;
}

/// Puts a streamed answer together: what the same answer would have been in one piece.
///
/// Events for parts that were never opened are ignored, as nothing could be said of them.
pub fn fold(events: impl IntoIterator<Item = ChatEvent>) -> ChatResponse {
    let mut response = ChatResponse::default();
    for event in events {
        match event {
            ChatEvent::Start { id, model, created } => {
                (response.id, response.model, response.created) = (id, model, created);
            }
            ChatEvent::PartStart { choice, part: _, start } => {
                choice_mut(&mut response, choice).parts.push(opened(start));
            }
            ChatEvent::PartDelta { choice, part, delta } => {
                if let Some(part) = choice_mut(&mut response, choice).parts.get_mut(part as usize) {
                    grow(part, delta);
                }
            }
            ChatEvent::Finish { choice, reason } => {
                choice_mut(&mut response, choice).finish = Some(reason);
            }
            ChatEvent::Usage(usage) => {
                response.usage = Some(response.usage.unwrap_or_default().max(usage));
            }
            ChatEvent::Native { choice: None, native } => {
                join(&mut response.native, native, Join::Replace);
            }
            ChatEvent::Native { choice: Some(choice), native } => {
                let choice = choice_mut(&mut response, choice);
                join(&mut choice.native, native, Join::Extend);
            }
            ChatEvent::PartEnd { .. } | ChatEvent::End => {}
        }
    }
    response
}

fn choice_mut(response: &mut ChatResponse, index: u32) -> &mut Choice {
    let place = response.choices.partition_point(|choice| choice.index < index);
    if response.choices.get(place).is_none_or(|choice| choice.index != index) {
        response.choices.insert(place, Choice { index, ..Choice::default() });
    }
    &mut response.choices[place]
}

fn opened(start: PartStart) -> Part {
    match start {
        PartStart::Text { refusal } => Part::Text(Text { refusal, ..Text::default() }),
        PartStart::Reasoning { redacted } => {
            Part::Reasoning(Reasoning { redacted, ..Reasoning::default() })
        }
        PartStart::ToolCall { id, name } => {
            Part::ToolCall(ToolCall { id, name, ..ToolCall::default() })
        }
        PartStart::Whole(part) => *part,
    }
}

fn grow(part: &mut Part, delta: Delta) {
    match (part, delta) {
        (Part::Text(text), Delta::Text(more)) => text.text.push_str(&more),
        (Part::Reasoning(thought), Delta::Text(more)) => thought.text.push_str(&more),
        (Part::ToolCall(call), Delta::Text(more)) => call.arguments.push_str(&more),
        (Part::Reasoning(thought), Delta::Signature(seal)) => match &mut thought.signature {
            Some(begun) => begun.extend(&seal),
            none => *none = Some(seal),
        },
        (Part::Text(text), Delta::Citation(citation)) => text.citations.push(citation),
        (Part::Reasoning(thought), Delta::Native(native)) => {
            join(&mut thought.native, native, Join::Append);
        }
        (Part::Native(whole), Delta::Native(more)) => {
            join_values(&mut whole.value, more.value, Join::Append);
        }
        (Part::Text(text), Delta::Native(native)) => join(&mut text.native, native, Join::Append),
        (Part::ToolCall(call), Delta::Native(native)) => {
            join(&mut call.native, native, Join::Append);
        }
        _ => {}
    }
}
