//! How hard a model is to work, in OpenAI's words.

#[cfg(test)]
mod tests;

use aisix_core::chat::{ChatRequest, Thinking};

use crate::sink::Sink;

/// The word for what the caller asks: OpenAI's formats know no number of tokens. The steps are
/// where other gateways draw them.
pub(crate) fn word<'a>(request: &'a ChatRequest, sink: &mut Sink) -> Option<&'a str> {
    let said = request.effort.as_deref();
    if sink.own {
        return said;
    }
    match (request.thinking.as_ref(), said) {
        // Who wants no thinking is not to be given more of it; only newer models know a word for
        // none.
        (Some(Thinking::Off), said) if said != Some("none") => {
            sink.drop("thinking");
            if said.is_some() {
                sink.drop("reasoning_effort");
            }
            None
        }
        (Some(Thinking::Budget(_)), Some(word)) => {
            sink.drop("thinking.budget_tokens");
            Some(word)
        }
        (_, Some(word)) => Some(word),
        (Some(Thinking::Budget(tokens)), None) => Some(for_tokens(*tokens)),
        (Some(Thinking::Adaptive), None) => Some("medium"),
        (_, None) => None,
    }
}

/// The word for a number of tokens.
pub(crate) fn for_tokens(tokens: u64) -> &'static str {
    match tokens {
        4096.. => "high",
        2048.. => "medium",
        1024.. => "low",
        _ => "minimal",
    }
}

/// The number of tokens for a word: the least that has it, and no less than 1024.
pub(crate) fn tokens_for(word: &str) -> u64 {
    match word {
        "none" | "minimal" | "low" => 1024,
        "medium" => 2048,
        _ => 4096,
    }
}
