//! Seals on thoughts go back to whoever made them, and to nobody else: another provider would refuse
//! them, and has no business with them.

use std::borrow::Cow;

use aisix_core::DialectId;
use aisix_core::chat::{ChatRequest, Part, Reasoning, Seal, Turn};
use memchr::memchr_iter;

use crate::sink::Sink;

#[cfg(test)]
mod tests;

const MARK: &[u8] = Seal::MARK.as_bytes();

/// Where the mark's hyphen stands: prose, JSON and base64 hold few, so that looking for them takes a
/// fifth of what looking for the whole mark takes.
const HYPHEN: usize = 5;
const _: () = assert!(MARK[HYPHEN] == b'-', "the mark's hyphen stands elsewhere");

/// Whether a request may hold seals that were not made in its own dialect.
pub(crate) fn may_be_foreign(body: &[u8]) -> bool {
    memchr_iter(MARK[HYPHEN], body)
        .any(|at| at.checked_sub(HYPHEN).is_some_and(|start| body[start..].starts_with(MARK)))
}

/// Whose seals a target makes and takes: its dialect's, but for signatures of a vendor that takes
/// them by whichever way they come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Makers {
    /// Of thoughts that can be read.
    pub(crate) signatures: DialectId,
    /// Of thoughts that only the provider can read.
    pub(crate) redacted: DialectId,
}

impl Makers {
    /// A dialect, and nobody else.
    pub(crate) const fn only(dialect: DialectId) -> Self {
        Self { signatures: dialect, redacted: dialect }
    }

    fn made_seals_on(self, thought: &Reasoning) -> bool {
        thought.signature.as_ref().is_none_or(|seal| seal.is_of(self.signatures))
            && thought.redacted.as_ref().is_none_or(|seal| seal.is_of(self.redacted))
    }
}

/// A request without the thoughts that were sealed by others than these.
pub(crate) fn without_foreign<'a>(
    request: &'a ChatRequest,
    makers: Makers,
    sink: &mut Sink,
) -> Cow<'a, ChatRequest> {
    let foreign = |part: &Part| match part {
        Part::Reasoning(thought) => !makers.made_seals_on(thought),
        _ => false,
    };
    let holds_foreign = |turn: &Turn| turn.parts.iter().any(foreign);
    if !request.turns.iter().any(holds_foreign) {
        return Cow::Borrowed(request);
    }
    sink.drop("reasoning");
    let mut request = request.clone();
    request.turns.retain_mut(|turn| {
        let held = holds_foreign(turn);
        turn.parts.retain(|part| !foreign(part));
        // Nobody takes a turn in which nothing is said.
        !(held && turn.parts.is_empty())
    });
    Cow::Owned(request)
}
