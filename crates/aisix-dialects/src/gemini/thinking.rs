//! Whether, and how long, the model is to think.
//!
//! Source: the guide "Thinking", and the table of its page "OpenAI compatibility". Models before
//! Gemini 3 take a number of tokens, and know 0 for none at all and -1 for as many as they see fit;
//! later ones take a level, think always, and still take a number. Among these, the larger ones
//! (`pro`) have no level below low.

use aisix_core::chat::{ChatRequest, Native, Thinking};
use serde_json::{Map, Value, json};

use super::ID;
use crate::sink::Sink;

/// The field of the configuration.
pub(super) const THINKING: &str = "thinkingConfig";

/// Whether thoughts are shown: a mark, as other formats always show them.
const SHOWN: &str = ":includeThoughts";

/// The last generation that takes a number of tokens and no level.
const LAST_WITH_BUDGETS: u32 = 2;

/// Reads the object.
///
/// # Errors
/// The object, where it says what no noun says.
pub(super) fn read(value: Value, request: &mut ChatRequest) -> Result<(), Value> {
    let Some(fields) = value.as_object() else {
        return Err(value);
    };
    let known = ["thinkingBudget", "thinkingLevel", "includeThoughts"];
    if fields.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(value);
    }
    let thinking = match fields.get("thinkingBudget") {
        None => None,
        Some(budget) => match budget.as_i64() {
            Some(-1) => Some(Thinking::Adaptive),
            Some(0) => Some(Thinking::Off),
            Some(tokens @ 1..) => Some(Thinking::Budget(tokens.unsigned_abs())),
            _ => return Err(value),
        },
    };
    let effort = match fields.get("thinkingLevel") {
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
pub(super) fn write(request: &ChatRequest, model: &str, sink: &mut Sink) -> Option<Value> {
    let config = if sink.own { same(request) } else { translated(request, model, sink) };
    (!config.is_empty()).then_some(Value::Object(config))
}

fn same(request: &ChatRequest) -> Map<String, Value> {
    let mut config = Map::new();
    if let Some(thinking) = &request.thinking {
        config.insert("thinkingBudget".to_owned(), budget(thinking));
    }
    if let Some(effort) = &request.effort {
        config.insert("thinkingLevel".to_owned(), effort.to_ascii_uppercase().into());
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

fn translated(request: &ChatRequest, model: &str, sink: &mut Sink) -> Map<String, Value> {
    let has_levels = generation(model) > LAST_WITH_BUDGETS;
    let effort = request.effort.as_deref();
    let is_off = effort == Some("none") || request.thinking == Some(Thinking::Off);
    let said = match (effort, &request.thinking) {
        // These models think always; a little is as near as it gets.
        _ if is_off && has_levels => {
            sink.drop("thinking");
            Some(("thinkingLevel", lowest(model).into()))
        }
        _ if is_off => Some(("thinkingBudget", 0.into())),
        (_, Some(Thinking::Budget(tokens))) => Some(("thinkingBudget", (*tokens).into())),
        (Some(word), _) if has_levels => {
            level(word, model, sink).map(|level| ("thinkingLevel", level.into()))
        }
        (Some(word), _) => tokens(word, sink).map(|tokens| ("thinkingBudget", tokens.into())),
        // Left to themselves, models with levels think as long as they see fit.
        (None, Some(Thinking::Adaptive)) if has_levels => None,
        (None, Some(thinking)) => Some(("thinkingBudget", budget(thinking))),
        (None, None) => return Map::new(),
    };
    let mut config = Map::new();
    config.extend(said.map(|(name, value)| (name.to_owned(), value)));
    // Whoever asks for thoughts is shown them.
    if !is_off && (said_something(&config) || request.thinking.is_some()) {
        config.insert("includeThoughts".to_owned(), json!(true));
    }
    config
}

fn said_something(config: &Map<String, Value>) -> bool {
    !config.is_empty()
}

/// The generation in a model's name, as in `gemini-2.5-pro`. A name without one stands for the
/// newest.
pub(super) fn generation(model: &str) -> u32 {
    let name = model.to_ascii_lowercase();
    let rest = name.split("gemini-").nth(1).unwrap_or_default();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(u32::MAX)
}

fn lowest(model: &str) -> &'static str {
    if model.contains("-pro") { "LOW" } else { "MINIMAL" }
}

fn level(word: &str, model: &str, sink: &mut Sink) -> Option<&'static str> {
    match word {
        "minimal" => Some(lowest(model)),
        "low" => Some("LOW"),
        "medium" => Some("MEDIUM"),
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
