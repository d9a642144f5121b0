//! Seals on thoughts go back to the dialect that made them, and to no other: another provider would
//! refuse them, and has no business with them.

use std::borrow::Cow;

use aisix_core::DialectId;
use aisix_core::chat::{ChatRequest, Part, Seal, Turn};
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

/// A request without the thoughts that were not sealed in this dialect but in another one.
pub(crate) fn without_foreign<'a>(
    request: &'a ChatRequest,
    dialect: DialectId,
    sink: &mut Sink,
) -> Cow<'a, ChatRequest> {
    let foreign = |part: &Part| match part {
        Part::Reasoning(thought) => thought.seals().any(|seal| !seal.is_of(dialect)),
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
