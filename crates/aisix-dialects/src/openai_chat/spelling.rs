//! What the nouns do not tell apart, but this format does: older and newer spellings of one thing.
//!
//! A mark among the native fields says which spelling arrived, so that a value goes back to this
//! format the way it came. A mark begins with a colon and is never written itself.

use aisix_core::chat::Native;
use serde_json::Value;

use super::ID;

/// The limit of tokens stood under `max_completion_tokens`, not under `max_tokens`.
pub(super) const MAX_COMPLETION_TOKENS: &str = ":max_completion_tokens";
/// The tools stood under `functions`, and their choice under `function_call`.
pub(super) const FUNCTIONS: &str = ":functions";
/// The turn had the role `function`, which answers by the function's name.
pub(super) const FUNCTION_ROLE: &str = ":function";
/// The call without an id stood under `function_call`, not among the `tool_calls`.
pub(super) const FUNCTION_CALL: &str = ":function_call";
/// The thought stood under `reasoning`, not under `reasoning_content`.
pub(super) const REASONING: &str = ":reasoning";

/// A mark.
pub(super) fn mark(name: &str) -> Native {
    Native::new(ID, name, Value::Bool(true))
}

/// Whether the mark is there.
pub(super) fn marked(natives: &[Native], name: &str) -> bool {
    natives.iter().any(|native| native.dialect == ID && native.name == name)
}

/// Whether a native field is a mark.
pub(super) fn is_mark(native: &Native) -> bool {
    native.name.starts_with(':')
}
