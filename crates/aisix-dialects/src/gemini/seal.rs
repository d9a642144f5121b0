//! The provider's seals on what the model thought.
//!
//! Source: the guide "Thought signatures". A seal stands on the part that the thoughts led to: on
//! the first of the calls that are made at once, or on the last text. Models since Gemini 3 refuse a
//! call of theirs that comes back without its seal.
//!
//! Other formats keep a seal in a block of its own, which their callers send back. So a seal is
//! read as the signature of a [`Reasoning`]: in front of the call that it stands on, and behind the
//! text. Where one stands elsewhere, a mark says so.

use aisix_core::chat::{Native, Reasoning, Seal};
use serde_json::{Map, Value};

use super::ID;
use crate::fields::Fields;
use crate::sink::mark;

/// The field that holds a seal.
pub(super) const SEAL: &str = "thoughtSignature";

/// The seal stood on the text before.
const ON_TEXT: &str = ":on_text";

/// The seal stood on the thought itself.
const ON_THOUGHT: &str = ":on_thought";

/// What a call carries that the model did not make, or whose seal was lost on the way. Source: the
/// guide's questions and answers.
const NONE: &str = "skip_thought_signature_validator";

/// Where a seal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Call,
    Text,
    Thought,
}

impl Place {
    /// The mark that says so, where it has to be said.
    pub(super) fn mark(self) -> Option<Native> {
        match self {
            Self::Call => None,
            Self::Text => Some(mark(ID, ON_TEXT)),
            Self::Thought => Some(mark(ID, ON_THOUGHT)),
        }
    }

    /// Where the seal of a thought belongs.
    pub(super) fn of(thought: &Reasoning) -> Self {
        Self::said(&thought.native)
    }

    pub(super) fn said(natives: &[Native]) -> Self {
        let said = |name| natives.iter().any(|native| native.dialect == ID && native.name == name);
        match (said(ON_TEXT), said(ON_THOUGHT)) {
            (true, _) => Self::Text,
            (_, true) => Self::Thought,
            _ => Self::Call,
        }
    }
}

/// Takes the seal off a part.
pub(super) fn take(part: &mut Fields) -> Option<Seal> {
    let seal = part.text(SEAL).filter(|seal| !seal.is_empty())?;
    Some(Seal::read(ID, seal))
}

/// Puts a seal on a part.
pub(super) fn put(seal: &Seal, part: &mut Map<String, Value>) {
    part.insert(SEAL.to_owned(), seal.written(ID).into());
}

/// Puts on a call that no seal came for what says that none is to be looked for.
pub(super) fn put_none(part: &mut Map<String, Value>) {
    part.insert(SEAL.to_owned(), NONE.into());
}
