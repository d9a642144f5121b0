//! Calls in the form that came before tools.
//!
//! They have no ids: a model calls one function at a time, and the message that follows answers by
//! the function's name. Other formats go by ids, so that each pair gets one.

use aisix_core::chat::{Part, Role, ToolCall, Turn};

use super::spelling::{self, marked};
use crate::unanswered::Unanswered;

/// Gives the calls of these turns ids, and their results the same: to each the earliest call of its
/// function that has none. The id follows from where the call stands, so that it is the same in
/// every later request.
pub(super) fn pair(turns: &mut [Turn]) {
    let mut open = Unanswered::default();
    for (index, turn) in turns.iter_mut().enumerate() {
        if turn.role == Role::Assistant && marked(&turn.native, spelling::FUNCTION_CALL) {
            let calls = turn.parts.iter_mut().filter_map(|part| match part {
                Part::ToolCall(call) if call.id.is_empty() => Some(call),
                _ => None,
            });
            for call in calls.take(1) {
                call.id = format!("function_call_{index}");
                call.native.push(spelling::mark(spelling::MADE_ID));
                open.call(&call.id, &call.name);
            }
        } else if marked(&turn.native, spelling::FUNCTION_ROLE) {
            answer(turn, &mut open);
        }
    }
}

fn answer(turn: &mut Turn, open: &mut Unanswered) {
    for part in &mut turn.parts {
        if let Part::ToolResult(result) = part
            && result.call_id.is_empty()
            && let Some(id) = turn.name.as_ref().and_then(|name| open.answer_function(name))
        {
            result.call_id = id;
            result.native.push(spelling::mark(spelling::MADE_ID));
        }
    }
}

/// Whether a call stands in this form, in a message that does.
pub(super) fn is_legacy(call: &ToolCall) -> bool {
    call.id.is_empty() || marked(&call.native, spelling::MADE_ID)
}
