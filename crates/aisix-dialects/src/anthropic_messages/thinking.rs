//! Whether, and how hard, the model is to think.
//!
//! Source: the guides "Thinking", "Extended thinking", "Adaptive thinking" and "Effort", the
//! migration guides of the models, and AWS's user guide, "Adaptive thinking". Models from 3.7 to
//! 4.5 take a number of tokens; those from 4.6 on think as they see fit, as hard as a word says,
//! and those from 4.7 on take no number. Up to 4.8 a request that says nothing is answered without
//! thinking, and some of these refuse to be told so. Later ones think unless they are told not to;
//! the largest think always. From 4.7 on, thoughts are shown only to those who ask.

#[cfg(test)]
mod tests;

use aisix_core::chat::{ChatRequest, Part, Role, Thinking, ToolChoice, Turn};
use serde_json::{Value, json};

use crate::effort;
use crate::sink::Sink;

/// What is told one model.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Whether it thinks; `None` where it is left to the model.
    pub(super) thinking: Option<Thinking>,
    /// How hard it works.
    pub(super) effort: Option<String>,
    /// Whether its thoughts are shown to a caller who could not ask.
    shows: bool,
}

impl Plan {
    /// What a request comes to, for a model of this name.
    pub(super) fn of(request: &ChatRequest, model: &str, sink: &mut Sink) -> Self {
        if sink.own {
            let (mut thinking, effort) = (request.thinking.clone(), request.effort.clone());
            // What a thought of another provider led to stays when the thought is taken out.
            let bereft = sink.dropped().iter().any(|dropped| dropped.field == "reasoning");
            if let Some(Thinking::Budget(tokens)) = thinking
                && bereft
            {
                thinking = numbered_thinking(tokens, request, sink);
            }
            return Self { thinking, effort, shows: false };
        }
        let model = Model::named(model);
        let said = request.effort.as_deref();
        if said == Some("none") || request.thinking == Some(Thinking::Off) {
            if said.is_some_and(|word| word != "none") {
                sink.drop("reasoning_effort");
            }
            return Self::off(&model, sink);
        }
        let effort = said.and_then(|word| known(word, sink));
        match (&request.thinking, effort) {
            (None, None) => Self::default(),
            (thinking, effort) if model.version < FIRST_ADAPTIVE => {
                Self::numbered(request, &model, thinking.as_ref(), effort, sink)
            }
            // A model that thinks cannot be forced to call a tool: the call was asked for.
            (None, effort) if forces_a_call(request) => {
                Self { effort: effort.map(ToOwned::to_owned), ..Self::default() }
            }
            (Some(Thinking::Budget(tokens)), effort) if model.refuses_numbers() => {
                sink.drop("thinking.budget_tokens");
                Self::adaptive(effort.or_else(|| known(effort::for_tokens(*tokens), sink)))
            }
            (Some(Thinking::Budget(tokens)), effort) => Self {
                thinking: numbered_thinking(*tokens, request, sink),
                effort: effort.map(ToOwned::to_owned),
                shows: false,
            },
            (_, effort) => Self::adaptive(effort),
        }
    }

    fn adaptive(effort: Option<&str>) -> Self {
        let effort = effort.map(ToOwned::to_owned);
        Self { thinking: Some(Thinking::Adaptive), effort, shows: true }
    }

    /// No thinking, or as little as the model can do with.
    fn off(model: &Model, sink: &mut Sink) -> Self {
        if model.always_thinks {
            sink.drop("thinking");
            return Self { effort: Some("low".to_owned()), ..Self::default() };
        }
        let thinking = (model.version >= FIRST_BY_DEFAULT).then_some(Thinking::Off);
        Self { thinking, ..Self::default() }
    }

    /// For a model that knows no word, but a number of tokens.
    fn numbered(
        request: &ChatRequest,
        model: &Model,
        thinking: Option<&Thinking>,
        effort: Option<&str>,
        sink: &mut Sink,
    ) -> Self {
        let thinking = match (thinking, effort) {
            (Some(Thinking::Budget(tokens)), effort) => {
                if effort.is_some() {
                    sink.drop("reasoning_effort");
                }
                numbered_thinking(*tokens, request, sink)
            }
            (_, effort) => {
                let can = model.version >= FIRST_THINKING
                    && !forces_a_call(request)
                    && !continues_unthought(request);
                let wanted = effort::tokens_for(effort.unwrap_or("medium"));
                let fitting = if can { fitting(wanted, request) } else { None };
                if fitting.is_none() {
                    let field = if effort.is_some() { "reasoning_effort" } else { "thinking" };
                    sink.drop(field);
                }
                fitting.map(Thinking::Budget)
            }
        };
        Self { thinking, ..Self::default() }
    }

    /// Whether the model is told to think.
    pub(super) fn thinks(&self) -> bool {
        matches!(self.thinking, Some(Thinking::Budget(_) | Thinking::Adaptive))
    }

    /// The object that says so.
    pub(super) fn thinking(&self) -> Option<Value> {
        Some(match self.thinking.as_ref()? {
            Thinking::Budget(tokens) => json!({"type": "enabled", "budget_tokens": tokens}),
            Thinking::Adaptive if self.shows => {
                json!({"type": "adaptive", "display": "summarized"})
            }
            Thinking::Adaptive => json!({"type": "adaptive"}),
            Thinking::Off => json!({"type": "disabled"}),
        })
    }
}

/// Whether the caller insists on a call.
pub(super) fn forces_a_call(request: &ChatRequest) -> bool {
    matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Function(_)))
}

/// So many tokens, where the provider takes them: after tools have answered, it wants the thought
/// that led to the calls at the head of the model's turn, with its seal ("Extended thinking",
/// "Preserving thinking blocks").
fn numbered_thinking(tokens: u64, request: &ChatRequest, sink: &mut Sink) -> Option<Thinking> {
    if continues_unthought(request) {
        sink.drop("thinking");
        return None;
    }
    Some(Thinking::Budget(tokens))
}

/// Whether the model's last turn called tools without a sealed thought at its head. Turns of one
/// speaker are one message here.
fn continues_unthought(request: &ChatRequest) -> bool {
    let speaks = |turn: &Turn| turn.role == Role::Assistant;
    let Some(last) = request.turns.iter().rposition(speaks) else {
        return false;
    };
    let first = request.turns[..last].iter().rposition(|turn| !speaks(turn));
    let turns = &request.turns[first.map_or(0, |before| before + 1)..=last];
    let mut parts = turns.iter().flat_map(|turn| &turn.parts).peekable();
    let sealed = matches!(parts.peek(), Some(Part::Reasoning(it)) if it.seals().next().is_some());
    !sealed && parts.any(|part| matches!(part, Part::ToolCall(_)))
}

/// The words that this format knows; others have one more at the lower end.
fn known<'a>(word: &'a str, sink: &mut Sink) -> Option<&'a str> {
    match word {
        "minimal" => Some("low"),
        "low" | "medium" | "high" | "xhigh" | "max" => Some(word),
        _ => {
            sink.drop("reasoning_effort");
            None
        }
    }
}

/// The smallest number of tokens that the provider takes.
const FEWEST: u64 = 1024;

/// As many tokens as leave as much room for an answer.
fn fitting(wanted: u64, request: &ChatRequest) -> Option<u64> {
    let room = request.sampling.max_tokens.map_or(wanted, |limit| limit / 2);
    Some(wanted.min(room)).filter(|tokens| *tokens >= FEWEST)
}

/// The first version that can think.
const FIRST_THINKING: (u32, u32) = (3, 7);
/// The first version that thinks as it sees fit.
const FIRST_ADAPTIVE: (u32, u32) = (4, 6);
/// The first version that takes no number of tokens.
const FIRST_UNNUMBERED: (u32, u32) = (4, 7);
/// The first version that thinks unless told otherwise.
const FIRST_BY_DEFAULT: (u32, u32) = (5, 0);
/// The first version whose larger models cannot but think.
const FIRST_ALWAYS: (u32, u32) = (5, 5);
/// The version of a name that tells none: one may stand for the newest.
const NEWEST: (u32, u32) = (u32::MAX, 0);

/// What a model's name tells.
#[derive(Debug)]
struct Model {
    version: (u32, u32),
    always_thinks: bool,
}

impl Model {
    /// Reads `claude-opus-4-6`, `claude-3-7-sonnet-20250219`, `us.anthropic.claude-opus-4-6-v1`,
    /// `claude-sonnet-4-5@20250929`.
    fn named(model: &str) -> Self {
        let name = model.to_ascii_lowercase();
        let rest = name.split_once("claude").map(|(_, rest)| rest).unwrap_or_default();
        let mut words = rest
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            // What follows is the version of the listing, as in `-v1:0`.
            .take_while(|word| {
                word.strip_prefix('v').is_none_or(|rest| rest.parse::<u32>().is_err())
            });
        // Longer numbers are dates.
        let number = |word: &str| word.parse::<u32>().ok().filter(|_| word.len() <= 2);
        let version = words
            .find_map(number)
            .map_or(NEWEST, |major| (major, words.next().and_then(number).unwrap_or(0)));
        let always_thinks = rest.contains("fable")
            || rest.contains("mythos")
            || (rest.contains("opus") && version >= FIRST_ALWAYS && version != NEWEST);
        Self { version, always_thinks }
    }

    fn refuses_numbers(&self) -> bool {
        self.always_thinks || (self.version >= FIRST_UNNUMBERED && self.version != NEWEST)
    }
}
