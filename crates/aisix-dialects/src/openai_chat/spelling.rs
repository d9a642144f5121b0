//! What the nouns do not tell apart, but this format does: older and newer spellings of one thing.
//!
//! A mark among the native fields says which spelling arrived.

use aisix_core::chat::Native;

use super::ID;

/// The limit of tokens stood under `max_completion_tokens`, not under `max_tokens`.
pub(super) const MAX_COMPLETION_TOKENS: &str = ":max_completion_tokens";
/// The caller said what the stream is to hold.
pub(super) const STREAM_OPTIONS: &str = ":stream_options";
/// The stop texts stood under `stop_sequences`, as some vendors of compatible APIs have it.
pub(super) const STOP_SEQUENCES: &str = ":stop_sequences";
/// The tools stood under `functions`, and their choice under `function_call`.
pub(super) const FUNCTIONS: &str = ":functions";
/// The turn had the role `function`, which answers by the function's name.
pub(super) const FUNCTION_ROLE: &str = ":function";
/// The call without an id stood under `function_call`, not among the `tool_calls`.
pub(super) const FUNCTION_CALL: &str = ":function_call";
/// The id of a call, or of a result's call, was made here: the older form has none.
pub(super) const MADE_ID: &str = ":made_id";
/// The thoughts stood under `reasoning_details` alone.
pub(super) const DETAILS_ALONE: &str = ":reasoning_details";
/// The thought stood under `reasoning`, not under `reasoning_content`.
pub(super) const REASONING: &str = ":reasoning";

/// A mark.
pub(super) fn mark(name: &str) -> Native {
    crate::sink::mark(ID, name)
}

/// Whether the mark is there.
pub(super) fn marked(natives: &[Native], name: &str) -> bool {
    natives.iter().any(|native| native.dialect == ID && native.name == name)
}
