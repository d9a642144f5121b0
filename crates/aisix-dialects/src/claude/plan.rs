//! Whether, and how hard, Claude is to think, and what goes with that.
//!
//! Source: the guides "Thinking", "Extended thinking", "Adaptive thinking" and "Effort", the
//! migration guides of the models, and AWS's user guide, "Adaptive thinking". Models from 3.7 to
//! 4.5 take a number of tokens; those from 4.6 on think as they see fit, as hard as a word says,
//! and those from 4.7 on take no number. Up to 4.8 a request that says nothing is answered without
//! thinking, and some of these refuse to be told so. Later ones think unless they are told not to;
//! the largest think always. From 4.7 on, thoughts are shown only to those who ask.

use aisix_core::chat::{ChatRequest, Native, Part, Role, Thinking, ToolChoice, Turn};
use serde_json::{Value, json};

use super::OWN_FORMAT;
use super::model::Model;
use crate::effort;
use crate::sink::Sink;

/// What is told one model.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Whether it thinks; `None` where it is left to the model.
    thinking: Option<Thinking>,
    /// How hard it works.
    effort: Option<String>,
    /// How its thoughts are shown.
    display: Option<Value>,
    /// How it thinks, in words of Claude's own format that no other has.
    unnamed: Option<Value>,
    /// Whether the request came in Claude's own format: the provider judges what it says.
    own: bool,
    /// Whom it is told: nobody in particular where everything goes as it came.
    model: Model,
}

/// How a model picks its words, as far as its callers may say.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Sampled {
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) top_k: Option<u64>,
}

impl Plan {
    /// What a request comes to, for a model of this name.
    pub(crate) fn of(request: &ChatRequest, model: &str, sink: &mut Sink) -> Self {
        if sink.from == OWN_FORMAT {
            return Self::unchanged(request, sink);
        }
        let model = Model::named(model);
        let said = request.effort.as_deref();
        let plan = if said == Some("none") || request.thinking == Some(Thinking::Off) {
            if said.is_some_and(|word| word != "none") {
                sink.drop("reasoning_effort");
            }
            Self::off(model, sink)
        } else {
            let effort = said.and_then(|word| known(word, model, sink));
            Self::on(request, model, effort, sink)
        };
        // Nobody who could not ask asked for none of its thoughts.
        let shown = (plan.thinking == Some(Thinking::Adaptive)).then(|| "summarized".into());
        Self { model, display: shown, ..plan }
    }

    /// What a request comes to, for a model that is none of Claude's: only how hard it works has a
    /// place.
    pub(crate) fn of_another(request: &ChatRequest, sink: &mut Sink) -> Self {
        if request.thinking.is_some() {
            sink.drop("thinking");
        }
        let said = request.effort.as_deref();
        let effort = said.and_then(|word| known(word, Model::default(), sink));
        Self { effort: effort.map(ToOwned::to_owned), ..Self::default() }
    }

    /// A request that came in Claude's own format: it goes on as it came, whichever way.
    fn unchanged(request: &ChatRequest, sink: &mut Sink) -> Self {
        let (mut thinking, effort) = (request.thinking.clone(), request.effort.clone());
        // What a thought of another provider led to stays when the thought is taken out.
        let bereft = sink.dropped().iter().any(|dropped| dropped.field == "reasoning");
        if let Some(Thinking::Budget(tokens)) = thinking
            && bereft
        {
            thinking = numbered_thinking(tokens, request, sink);
        }
        let said = |name| request.native.iter().find(|native| is(native, name));
        let [display, unnamed] =
            [DISPLAY, UNNAMED].map(|name| said(name).map(|it| it.value.clone()));
        Self { thinking, effort, display, unnamed, own: true, ..Self::default() }
    }

    fn on(request: &ChatRequest, model: Model, effort: Option<&str>, sink: &mut Sink) -> Self {
        match (&request.thinking, effort) {
            (None, None) => Self::default(),
            (thinking, effort) if !model.is_adaptive() => {
                Self::numbered(request, model, thinking.as_ref(), effort, sink)
            }
            (Some(Thinking::Budget(tokens)), effort) if model.refuses_numbers() => {
                sink.drop("thinking.budget_tokens");
                Self::adaptive(effort.or_else(|| known(effort::for_tokens(*tokens), model, sink)))
            }
            (Some(Thinking::Budget(tokens)), effort) => Self {
                thinking: numbered_thinking(*tokens, request, sink),
                effort: effort.map(ToOwned::to_owned),
                ..Self::default()
            },
            (_, effort) => Self::adaptive(effort),
        }
    }

    fn adaptive(effort: Option<&str>) -> Self {
        let effort = effort.map(ToOwned::to_owned);
        Self { thinking: Some(Thinking::Adaptive), effort, ..Self::default() }
    }

    /// No thinking, or as little as the model can do with.
    fn off(model: Model, sink: &mut Sink) -> Self {
        if model.always_thinks() {
            sink.drop("thinking");
            return Self { effort: Some("low".to_owned()), ..Self::default() };
        }
        let thinking = model.thinks_by_default().then_some(Thinking::Off);
        Self { thinking, ..Self::default() }
    }

    /// For a model that knows no word, but a number of tokens.
    fn numbered(
        request: &ChatRequest,
        model: Model,
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
                // A model that thinks so cannot be forced to call a tool: the call was asked for.
                let can =
                    model.can_think() && !forces_a_call(request) && !continues_unthought(request);
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

    /// How hard the model works.
    pub(crate) fn effort(&self) -> Option<&str> {
        self.effort.as_deref()
    }

    /// Whether it says what this field says, which only Claude's own format knows.
    pub(crate) fn says(&self, native: &Native) -> bool {
        (is(native, UNNAMED) && self.unnamed.is_some())
            || (is(native, DISPLAY) && self.display.is_some() && self.thinks())
    }

    /// The number of tokens that it thinks with, where that is a number.
    pub(crate) fn budget(&self) -> Option<u64> {
        match self.thinking {
            Some(Thinking::Budget(tokens)) => Some(tokens),
            _ => None,
        }
    }

    /// The object that says how it thinks.
    pub(crate) fn thinking(&self) -> Option<Value> {
        let Some(thinking) = &self.thinking else {
            return self.unnamed.clone();
        };
        let mut object = match thinking {
            Thinking::Budget(tokens) => json!({"type": "enabled", "budget_tokens": tokens}),
            Thinking::Adaptive => json!({"type": "adaptive"}),
            Thinking::Off if self.model.thinks_between_tools() => json!({"type": "between_tools"}),
            Thinking::Off => json!({"type": "disabled"}),
        };
        if let Some(display) = self.display.as_ref().filter(|_| self.thinks()) {
            object["display"] = display.clone();
        }
        Some(object)
    }

    /// The rule for tools that goes with it, in place of the request's: the provider refuses to
    /// force a call on a model that thinks by number, and on some models altogether.
    pub(crate) fn unforced(&self, request: &ChatRequest, sink: &mut Sink) -> Option<ToolChoice> {
        let cannot = self.budget().is_some() || self.model.cannot_be_forced();
        if self.own || !cannot || !forces_a_call(request) {
            return None;
        }
        sink.drop("tool_choice");
        Some(ToolChoice::Auto)
    }

    /// How it picks its words. Other formats go up to 2, this one up to 1. While a model thinks, and
    /// with the newer ones always, hardly anything may be changed; and some take a temperature or a
    /// share of words, and not both.
    pub(crate) fn sampled(&self, request: &ChatRequest, sink: &mut Sink) -> Sampled {
        let said = &request.sampling;
        let mut sampled =
            Sampled { temperature: said.temperature, top_p: said.top_p, top_k: said.top_k };
        if self.own {
            return sampled;
        }
        let (fixed, thinks) = (self.model.refuses_sampling(), self.thinks());
        if let Some(temperature) = sampled.temperature {
            let may = temperature == 1.0 || !(fixed || thinks);
            if !may || !(0.0..=1.0).contains(&temperature) {
                sink.drop("temperature");
            }
            sampled.temperature = may.then_some(temperature.clamp(0.0, 1.0));
        }
        let beside = sampled.temperature.is_some() && self.model.samples_in_one_way();
        match sampled.top_p {
            // All words are what a model picks from anyway.
            Some(1.0) if fixed || beside => sampled.top_p = None,
            Some(top_p) if fixed || (thinks && !(0.95..=1.0).contains(&top_p)) => {
                sink.drop("top_p");
                sampled.top_p = None;
            }
            // And 1 is the temperature that it has anyway.
            Some(_) if beside && sampled.temperature == Some(1.0) => sampled.temperature = None,
            Some(_) if beside => {
                sink.drop("top_p");
                sampled.top_p = None;
            }
            _ => {}
        }
        if sampled.top_k.is_some() && (fixed || thinks) {
            sink.drop("top_k");
            sampled.top_k = None;
        }
        sampled
    }

    /// Whether the model is told to think.
    fn thinks(&self) -> bool {
        matches!(self.thinking, Some(Thinking::Budget(_) | Thinking::Adaptive))
    }
}

/// What only Claude's own format says of thinking: how thoughts are shown, and ways to think that have
/// no name elsewhere.
const DISPLAY: &str = "thinking.display";
const UNNAMED: &str = "thinking";

fn is(native: &Native, name: &str) -> bool {
    native.dialect == OWN_FORMAT && native.name == name
}

/// Whether the caller insists on a call.
fn forces_a_call(request: &ChatRequest) -> bool {
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

/// The words that this vendor knows; others have one more at the lower end.
fn known<'a>(word: &'a str, model: Model, sink: &mut Sink) -> Option<&'a str> {
    match word {
        "minimal" => Some("low"),
        "xhigh" if !model.knows_xhigh() => Some("high"),
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
