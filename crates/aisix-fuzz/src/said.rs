//! What a value says, apart from how a format spells it.

use aisix_core::chat::{ChatRequest, ChatResponse, FinishReason, Part, Role};
use serde_json::{Map, Value};

/// What an answer says, each kind of it in its order: flat formats keep no order between kinds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    words: String,
    refusal: String,
    thought: String,
    calls: Vec<(String, String, Value)>,
}

impl Said {
    pub(crate) fn of(answer: &ChatResponse) -> Self {
        let mut said = Self::default();
        let mut choices: Vec<_> = answer.choices.iter().collect();
        choices.sort_by_key(|choice| choice.index);
        choices.iter().flat_map(|choice| &choice.parts).for_each(|part| said.add(part));
        // To some formats a refusal is a text like any other.
        let refusal = std::mem::take(&mut said.refusal);
        said.words.push_str(&refusal);
        said
    }

    fn add(&mut self, part: &Part) {
        match part {
            Part::Text(text) if text.refusal => self.refusal.push_str(&text.text),
            Part::Text(text) => self.words.push_str(&text.text),
            Part::Reasoning(thought) => self.thought.push_str(&thought.text),
            // A call of nothing is none.
            Part::ToolCall(call) if !call.name.is_empty() => {
                // What is no object is none to a format that holds arguments as JSON.
                let arguments = serde_json::from_str::<Map<String, Value>>(&call.arguments);
                let arguments = arguments.unwrap_or_default().into();
                self.calls.push((call.id.clone(), call.name.clone(), arguments));
            }
            _ => {}
        }
    }
}

/// Why an answer ended. Who gives no reason was done, to a format that has to give one.
pub(crate) fn finish(answer: &ChatResponse) -> FinishReason {
    let first = answer.choices.iter().min_by_key(|choice| choice.index);
    first.and_then(|choice| choice.finish.clone()).unwrap_or(FinishReason::Stop)
}

/// What is said in a request, and by whom. Turns of one speaker that follow one another are one
/// turn to some formats, and blank texts are none.
pub(crate) fn by_turns(request: &ChatRequest) -> Vec<(Role, String)> {
    let mut said: Vec<(Role, String)> = Vec::new();
    for turn in &request.turns {
        // Both give instructions, and not every format tells them apart.
        let role = if turn.role == Role::Developer { Role::System } else { turn.role };
        let mut words: String = turn.parts.iter().filter_map(words).collect();
        words.retain(|letter| !letter.is_whitespace());
        if words.is_empty() {
            continue;
        }
        match said.last_mut() {
            Some((last, text)) if *last == role => text.push_str(&words),
            _ => said.push((role, words)),
        }
    }
    said
}

fn words(part: &Part) -> Option<&str> {
    match part {
        Part::Text(text) => Some(&text.text),
        _ => None,
    }
}
