//! What each model is told of thinking, in both formats that lead to it.

use aisix_core::chat::{
    ChatRequest, Part, RequestOutline, Role, Sampling, Text, Thinking, Tool, ToolCall, ToolChoice,
    Turn,
};
use aisix_core::{Carried, DialectId};
use serde_json::{Value, json};

use crate::anthropic_messages::ANTHROPIC_MESSAGES;
use crate::converse::CONVERSE;
use crate::dialect::{Dialect, UpstreamRequest};

fn turn(role: Role, part: Part) -> Turn {
    Turn { role, name: None, parts: vec![part], native: Vec::new() }
}

fn asking(effort: Option<&str>, thinking: Option<Thinking>) -> ChatRequest {
    let turns = vec![turn(Role::User, Part::Text(Text::new("Hi")))];
    let effort = effort.map(ToOwned::to_owned);
    ChatRequest { turns, effort, thinking, ..ChatRequest::default() }
}

/// What a request of another format comes to, and what is lost of it.
fn written_in(dialect: &dyn Dialect, request: ChatRequest, model: &str) -> (Value, Vec<String>) {
    let outline = RequestOutline::default();
    let mut made = Carried::made(DialectId("another"), outline, request);
    let upstream = UpstreamRequest { model, stream: false };
    let encoded = dialect.encode_request(&mut made, &upstream).expect("it is written");
    let dropped = encoded.dropped.into_iter().map(|dropped| dropped.field).collect();
    (serde_json::from_slice(&encoded.body).expect("it is JSON"), dropped)
}

fn written(request: ChatRequest, model: &str) -> (Value, Vec<String>) {
    written_in(&ANTHROPIC_MESSAGES, request, model)
}

#[track_caller]
fn check(request: ChatRequest, model: &str, thinking: Value, effort: Value, lost: &[&str]) {
    let (body, dropped) = written(request.clone(), model);
    assert_eq!(body["thinking"], thinking, "for {model}");
    assert_eq!(body["output_config"]["effort"], effort, "for {model}");
    assert_eq!(dropped, lost, "for {model}");
    // Bedrock's names begin with the vendor.
    let name = model.split_once("claude").map_or(model, |(_, rest)| rest);
    let name = format!("global.anthropic.claude{name}");
    let (body, dropped) = written_in(&CONVERSE, request, &name);
    assert_eq!(body["additionalModelRequestFields"]["thinking"], thinking, "for {name}");
    assert_eq!(body["outputConfig"]["effort"], effort, "for {name}");
    assert_eq!(dropped, lost, "for {name}");
}

fn shown() -> Value {
    json!({"type": "adaptive", "display": "summarized"})
}

fn tokens(tokens: u64) -> Value {
    json!({"type": "enabled", "budget_tokens": tokens})
}

#[test]
fn effort_makes_a_model_think_as_its_version_does() {
    for model in [
        "claude-opus-4-6",
        "us.anthropic.claude-opus-4-6-v1",
        "claude-4.6-sonnet",
        "claude-opus-4-8@20260528",
        "claude-sonnet-5",
        "claude-fable-5-1",
        "anthropic.claude-mythos-preview",
        "claude-x-v1:0",
        "a-name-of-the-operators",
    ] {
        check(asking(Some("high"), None), model, shown(), json!("high"), &[]);
        check(asking(Some("minimal"), None), model, shown(), json!("low"), &[]);
        let odd = &["reasoning_effort"];
        check(asking(Some("odd"), None), model, Value::Null, Value::Null, odd);
    }
    for model in [
        "claude-3-7-sonnet-20250219",
        "anthropic.claude-sonnet-4-20250514-v1:0",
        "claude-opus-4-5",
        "claude-haiku-4-5@20251001",
    ] {
        for (word, number) in [("minimal", 1024), ("low", 1024), ("medium", 2048), ("high", 4096)] {
            check(asking(Some(word), None), model, tokens(number), Value::Null, &[]);
        }
        let adaptive = asking(None, Some(Thinking::Adaptive));
        check(adaptive, model, tokens(2048), Value::Null, &[]);
    }
    let lost = &["reasoning_effort"];
    check(asking(Some("low"), None), "claude-3-5-haiku", Value::Null, Value::Null, lost);
}

#[test]
fn a_number_of_tokens_goes_to_those_who_take_one() {
    let asked = |effort| asking(effort, Some(Thinking::Budget(3000)));
    check(asked(None), "claude-opus-4-6", tokens(3000), Value::Null, &[]);
    check(asked(Some("low")), "claude-opus-4-6", tokens(3000), json!("low"), &[]);
    let lost = &["reasoning_effort"];
    check(asked(Some("low")), "claude-opus-4-5", tokens(3000), Value::Null, lost);
    let lost = &["thinking.budget_tokens"];
    check(asked(None), "claude-opus-4-7", shown(), json!("medium"), lost);
    check(asked(Some("low")), "claude-fable-5", shown(), json!("low"), lost);
}

#[test]
fn no_thinking_is_told_in_the_way_that_the_model_takes() {
    let off = json!({"type": "disabled"});
    for asked in [asking(Some("none"), None), asking(None, Some(Thinking::Off))] {
        // They do not think unless they are told to, and some refuse to be told not to.
        for model in ["claude-haiku-4-5", "claude-opus-4-7"] {
            check(asked.clone(), model, Value::Null, Value::Null, &[]);
        }
        for model in ["claude-opus-5", "claude-haiku-5-5", "claude-x"] {
            check(asked.clone(), model, off.clone(), Value::Null, &[]);
        }
        let between_tools = json!({"type": "between_tools"});
        check(asked.clone(), "claude-sonnet-5-5", between_tools, Value::Null, &[]);
        for model in ["claude-fable-5", "claude-mythos-preview", "claude-opus-5-5"] {
            check(asked.clone(), model, Value::Null, json!("low"), &["thinking"]);
        }
    }
    let both = asking(Some("max"), Some(Thinking::Off));
    check(both, "claude-opus-5", off, Value::Null, &["reasoning_effort"]);
}

#[test]
fn effort_gives_way_where_thinking_would_be_refused() {
    let asked = || asking(Some("high"), None);
    let lost = &["reasoning_effort"];
    let forced = forced(asked());
    check(forced.clone(), "claude-opus-4-6", shown(), json!("high"), &[]);
    check(forced, "claude-opus-4-5", Value::Null, Value::Null, lost);

    let short = |max_tokens| {
        let sampling = Sampling { max_tokens: Some(max_tokens), ..Sampling::default() };
        ChatRequest { sampling, ..asked() }
    };
    check(short(1000), "claude-opus-4-6", shown(), json!("high"), &[]);
    check(short(3000), "claude-opus-4-5", tokens(1500), Value::Null, &[]);
    check(short(2000), "claude-opus-4-5", Value::Null, Value::Null, lost);

    let mut answered = asked();
    let call = ToolCall { id: "c1".into(), name: "wx".into(), ..ToolCall::default() };
    answered.turns.push(turn(Role::Assistant, Part::ToolCall(call)));
    check(answered.clone(), "claude-opus-4-6", shown(), json!("high"), &[]);
    check(answered, "claude-opus-4-5", Value::Null, Value::Null, lost);
}

/// The same request, where a tool must be called.
fn forced(request: ChatRequest) -> ChatRequest {
    let tool = Tool::Function {
        name: "wx".to_owned(),
        description: None,
        parameters: None,
        strict: None,
        cache: None,
        native: Vec::new(),
    };
    ChatRequest { tools: vec![tool], tool_choice: Some(ToolChoice::Required), ..request }
}

#[test]
fn a_call_is_forced_on_those_that_can_be_forced() {
    let rule = |request: ChatRequest, model: &str| {
        let (body, dropped) = written(request.clone(), model);
        let (other, also) = written_in(&CONVERSE, request, &format!("anthropic.{model}"));
        let forced = body["tool_choice"]["type"] == "any";
        assert_eq!(other["toolConfig"].get("toolChoice").is_some(), forced, "for {model}");
        assert_eq!(dropped, also, "for {model}");
        assert_eq!(forced, !dropped.contains(&"tool_choice".to_owned()), "for {model}");
        forced
    };
    for model in ["claude-opus-4-6", "claude-opus-5", "claude-sonnet-5", "claude-haiku-5-5"] {
        assert!(rule(forced(asking(Some("high"), None)), model), "{model}");
    }
    let by_number = || forced(asking(None, Some(Thinking::Budget(2048))));
    for model in ["claude-haiku-4-5", "claude-opus-4-6"] {
        assert!(rule(forced(asking(None, None)), model), "{model}");
        assert!(!rule(by_number(), model), "{model}");
    }
    assert!(rule(by_number(), "claude-opus-4-7"), "it thinks as it sees fit");
    for model in ["claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1", "claude-mythos-5-1"] {
        assert!(!rule(forced(asking(None, None)), model), "{model}");
    }
}

#[test]
fn effort_is_told_in_words_that_the_version_knows() {
    check(asking(Some("xhigh"), None), "claude-opus-4-6", shown(), json!("high"), &[]);
    check(asking(Some("xhigh"), None), "claude-opus-4-7", shown(), json!("xhigh"), &[]);
    check(asking(Some("max"), None), "claude-opus-4-6", shown(), json!("max"), &[]);
}

/// What is left of a temperature, a share of words and a number of words, and what is lost.
#[track_caller]
fn check_sampling(
    model: &str,
    effort: Option<&str>,
    (temperature, top_p, top_k): (Option<f64>, Option<f64>, Option<u64>),
    expected: [Value; 3],
    lost: &[&str],
) {
    let sampling = Sampling { temperature, top_p, top_k, ..Sampling::default() };
    let request = || ChatRequest { sampling: sampling.clone(), ..asking(effort, None) };
    let (body, dropped) = written(request(), model);
    let got = ["temperature", "top_p", "top_k"].map(|name| body[name].clone());
    assert_eq!(got, expected, "for {model}");
    assert_eq!(dropped, lost, "for {model}");
    let (body, dropped) = written_in(&CONVERSE, request(), &format!("anthropic.{model}"));
    let said = &body["inferenceConfig"];
    let top_k = body["additionalModelRequestFields"]["top_k"].clone();
    assert_eq!([said["temperature"].clone(), said["topP"].clone(), top_k], expected, "{model}");
    assert_eq!(dropped, lost, "for {model}");
}

#[test]
fn while_a_model_thinks_sampling_is_left_to_it() {
    let nothing = || [Value::Null, Value::Null, Value::Null];
    let all = (Some(0.5), Some(0.9), Some(5));
    let lost = &["temperature", "top_p", "top_k"];
    check_sampling("claude-opus-4-6", Some("high"), all, nothing(), lost);
    let mild = (None, Some(0.95), Some(5));
    let kept = [Value::Null, json!(0.95), Value::Null];
    check_sampling("claude-opus-4-6", Some("high"), mild, kept, &["top_k"]);
}

#[test]
fn newer_models_leave_no_sampling_to_anybody() {
    let nothing = || [Value::Null, Value::Null, Value::Null];
    let all = (Some(0.5), Some(0.9), Some(5));
    for model in ["claude-opus-4-7", "claude-sonnet-5", "claude-haiku-5-5", "claude-mythos-5"] {
        check_sampling(model, None, all, nothing(), &["temperature", "top_p", "top_k"]);
        let default = (Some(1.0), Some(1.0), None);
        check_sampling(model, None, default, [json!(1), Value::Null, Value::Null], &[]);
    }
}

#[test]
fn some_models_take_a_temperature_or_a_share_of_words() {
    for model in ["claude-opus-4-1-20250805", "claude-haiku-4-5", "claude-sonnet-4-6"] {
        let temperature = [json!(0.5), Value::Null, json!(5)];
        let both = (Some(0.5), Some(0.9), Some(5));
        check_sampling(model, None, both, temperature.clone(), &["top_p"]);
        check_sampling(model, None, (Some(0.5), Some(1.0), Some(5)), temperature, &[]);
        let share = [Value::Null, json!(0.9), Value::Null];
        check_sampling(model, None, (Some(1.0), Some(0.9), None), share, &[]);
    }
    for model in ["claude-3-7-sonnet", "claude-sonnet-4-20250514", "claude-x"] {
        let both = (Some(0.5), Some(0.9), Some(5));
        check_sampling(model, None, both, [json!(0.5), json!(0.9), json!(5)], &[]);
    }
}
