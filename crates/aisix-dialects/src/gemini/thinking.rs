//! Whether, and how long, the model is to think.
//!
//! Source: the guide "Thinking", and the table of its page "OpenAI compatibility". Models before
//! Gemini 3 take a number of tokens, and know 0 for none at all and -1 for as many as they see fit;
//! later ones take a level, think always, and still take a number. What each model refuses of that,
//! [`Model::thinks`] says.

use aisix_core::chat::{ChatRequest, Native, Thinking};
use serde_json::{Map, Value, json};

use super::ID;
use super::model::{Model, Thinks};
use crate::sink::Sink;

/// The field of the configuration.
pub(super) const THINKING: &str = "thinkingConfig";

/// Whether thoughts are shown: a mark, as other formats always show them.
const SHOWN: &str = ":includeThoughts";

const BUDGET: &str = "thinkingBudget";
const LEVEL: &str = "thinkingLevel";

/// Reads the object.
///
/// # Errors
/// The object, where it says what no noun says.
pub(super) fn read(value: Value, request: &mut ChatRequest) -> Result<(), Value> {
    let Some(fields) = value.as_object() else {
        return Err(value);
    };
    let known = [BUDGET, LEVEL, "includeThoughts"];
    if fields.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(value);
    }
    let thinking = match fields.get(BUDGET) {
        None => None,
        Some(budget) => match budget.as_i64() {
            Some(-1) => Some(Thinking::Adaptive),
            Some(0) => Some(Thinking::Off),
            Some(tokens @ 1..) => Some(Thinking::Budget(tokens.unsigned_abs())),
            _ => return Err(value),
        },
    };
    let effort = match fields.get(LEVEL) {
        None => None,
        Some(level) => match level.as_str() {
            Some(level) if level.chars().all(|letter| letter.is_ascii_uppercase()) => {
                Some(level.to_ascii_lowercase())
            }
            _ => return Err(value),
        },
    };
    if let Some(shown) = fields.get("includeThoughts") {
        request.native.push(Native::new(ID, SHOWN, shown.clone()));
    }
    (request.thinking, request.effort) = (thinking, effort);
    Ok(())
}

/// The object for a model; `None` where nothing is said.
pub(super) fn write(request: &ChatRequest, model: &Model, sink: &mut Sink) -> Option<Value> {
    let config = if sink.own { same(request) } else { translated(request, model, sink) };
    (!config.is_empty()).then_some(Value::Object(config))
}

fn same(request: &ChatRequest) -> Map<String, Value> {
    let mut config = Map::new();
    if let Some(thinking) = &request.thinking {
        config.insert(BUDGET.to_owned(), budget(thinking));
    }
    if let Some(effort) = &request.effort {
        config.insert(LEVEL.to_owned(), effort.to_ascii_uppercase().into());
    }
    let shown = request.native.iter().find(|native| native.dialect == ID && native.name == SHOWN);
    if let Some(shown) = shown {
        config.insert("includeThoughts".to_owned(), shown.value.clone());
    }
    config
}

fn budget(thinking: &Thinking) -> Value {
    match thinking {
        Thinking::Budget(tokens) => (*tokens).into(),
        Thinking::Adaptive => (-1).into(),
        Thinking::Off => 0.into(),
    }
}

fn translated(request: &ChatRequest, model: &Model, sink: &mut Sink) -> Map<String, Value> {
    let effort = request.effort.as_deref();
    let is_off = effort == Some("none") || request.thinking == Some(Thinking::Off);
    let said = match (model.thinks(), &request.thinking) {
        // What does not think, and refuses to be told, has nothing to lose by being off.
        (Thinks::Never, _) if is_off => return Map::new(),
        (Thinks::Never, thinking) => {
            let lost = [("thinking", thinking.is_some()), ("reasoning_effort", effort.is_some())];
            lost.into_iter().filter(|(_, lost)| *lost).for_each(|(name, _)| sink.drop(name));
            return Map::new();
        }
        // These models think always; a little is as near as it gets.
        (Thinks::Levels { lowest, .. }, _) if is_off => {
            sink.drop("thinking");
            Some((LEVEL, lowest.into()))
        }
        (Thinks::Tokens { least, may_be_off, .. }, _) if is_off => {
            if !may_be_off {
                sink.drop("thinking");
            }
            Some((BUDGET, if may_be_off { 0 } else { least }.into()))
        }
        (Thinks::Tokens { least, most, .. }, Some(Thinking::Budget(tokens))) => {
            let within = (*tokens).clamp(least, most);
            if within != *tokens {
                sink.drop("thinking.budget_tokens");
            }
            Some((BUDGET, within.into()))
        }
        (Thinks::Levels { .. }, Some(Thinking::Budget(tokens))) => Some((BUDGET, (*tokens).into())),
        (Thinks::Levels { lowest, has_medium }, _) => effort
            .and_then(|word| level(word, lowest, has_medium, sink))
            .map(|level| (LEVEL, level.into())),
        (Thinks::Tokens { .. }, thinking) => match effort {
            Some(word) => tokens(word, sink).map(|tokens| (BUDGET, tokens.into())),
            None => thinking.as_ref().map(|thinking| (BUDGET, budget(thinking))),
        },
    };
    let mut config = Map::new();
    config.extend(said.map(|(name, value)| (name.to_owned(), value)));
    // Whoever asks for thoughts is shown them.
    if !is_off && (!config.is_empty() || request.thinking.is_some()) {
        config.insert("includeThoughts".to_owned(), json!(true));
    }
    config
}

/// The word of this format's for a level, which some models lack.
fn level(
    word: &str,
    lowest: &'static str,
    has_medium: bool,
    sink: &mut Sink,
) -> Option<&'static str> {
    match word {
        "minimal" => Some(lowest),
        "low" => Some("LOW"),
        "medium" if has_medium => Some("MEDIUM"),
        "medium" => {
            sink.drop("reasoning_effort");
            Some("HIGH")
        }
        "high" => Some("HIGH"),
        // Not every model has a level above.
        "xhigh" | "max" => {
            sink.drop("reasoning_effort");
            Some("HIGH")
        }
        _ => {
            sink.drop("reasoning_effort");
            None
        }
    }
}

/// What Google's own translation of the words takes.
fn tokens(word: &str, sink: &mut Sink) -> Option<u32> {
    match word {
        "minimal" | "low" => Some(1024),
        "medium" => Some(8192),
        "high" => Some(24_576),
        "xhigh" | "max" => {
            sink.drop("reasoning_effort");
            Some(24_576)
        }
        _ => {
            sink.drop("reasoning_effort");
            None
        }
    }
}
