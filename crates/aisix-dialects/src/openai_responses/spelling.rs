//! What the nouns do not tell apart, but this format does.
//!
//! A mark among the native fields says which spelling arrived.

use aisix_core::chat::Native;

use super::ID;

/// The turn stood under `instructions`, not among the items.
pub(super) const INSTRUCTIONS: &str = ":instructions";
/// The turn was the whole `input`, as one text.
pub(super) const INPUT: &str = ":input";

/// The caller asks for thoughts sealed: what other formats do unasked.
pub(super) const INCLUDE_SEALS: &str = ":include";

/// A mark.
pub(super) fn mark(name: &str) -> Native {
    crate::sink::mark(ID, name)
}

/// Whether the mark is there.
pub(super) fn marked(natives: &[Native], name: &str) -> bool {
    natives.iter().any(|native| native.dialect == ID && native.name == name)
}
