//! What each model is told of thinking.

use aisix_core::chat::{
    ChatRequest, Native, Part, RequestOutline, Role, Sampling, Text, Thinking, Tool, ToolCall,
    ToolChoice, Turn,
};
use aisix_core::{Carried, DialectId};
use serde_json::{Value, json};

use crate::anthropic_messages::ANTHROPIC_MESSAGES;
use crate::dialect::{Dialect as _, UpstreamRequest};

fn turn(role: Role, part: Part) -> Turn {
    Turn { role, name: None, parts: vec![part], native: Vec::new() }
}

fn asking(effort: Option<&str>, thinking: Option<Thinking>) -> ChatRequest {
    let turns = vec![turn(Role::User, Part::Text(Text::new("Hi")))];
    let effort = effort.map(ToOwned::to_owned);
    ChatRequest { turns, effort, thinking, ..ChatRequest::default() }
}

/// What a request of another format comes to, and what is lost of it.
fn written(request: ChatRequest, model: &str) -> (Value, Vec<String>) {
    let outline = RequestOutline::default();
    let mut made = Carried::made(DialectId("another"), outline, request);
    let upstream = UpstreamRequest { model, stream: false };
    let encoded = ANTHROPIC_MESSAGES.encode_request(&mut made, &upstream).expect("it is written");
    let dropped = encoded.dropped.into_iter().map(|dropped| dropped.field).collect();
    (serde_json::from_slice(&encoded.body).expect("it is JSON"), dropped)
}

#[track_caller]
fn check(request: ChatRequest, model: &str, thinking: Value, effort: Value, lost: &[&str]) {
    let (body, dropped) = written(request, model);
    assert_eq!(body["thinking"], thinking, "for {model}");
    assert_eq!(body["output_config"]["effort"], effort, "for {model}");
    assert_eq!(dropped, lost, "for {model}");
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
        for model in ["claude-opus-5", "claude-sonnet-5-5", "claude-x"] {
            check(asked.clone(), model, off.clone(), Value::Null, &[]);
        }
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
    let tool = Tool::Native(Native::new(ANTHROPIC_MESSAGES.id(), "tools", json!({"name": "wx"})));
    let tool_choice = Some(ToolChoice::Required);
    let forced = ChatRequest { tools: vec![tool], tool_choice, ..asked() };
    check(forced.clone(), "claude-opus-4-6", Value::Null, json!("high"), &[]);
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

#[test]
fn while_a_model_thinks_sampling_is_left_to_it() {
    let sampling = |temperature, top_p| Sampling {
        temperature: Some(temperature),
        top_p: Some(top_p),
        top_k: Some(5),
        ..Sampling::default()
    };
    let asked = |sampling| ChatRequest { sampling, ..asking(Some("high"), None) };
    let (body, dropped) = written(asked(sampling(0.5, 0.9)), "claude-opus-4-6");
    assert_eq!([&body["temperature"], &body["top_p"], &body["top_k"]], [&Value::Null; 3]);
    assert_eq!(dropped, ["temperature", "top_p", "top_k"]);
    let (body, dropped) = written(asked(sampling(1.0, 0.95)), "claude-opus-4-6");
    assert_eq!((&body["temperature"], &body["top_p"]), (&json!(1), &json!(0.95)));
    assert_eq!(dropped, ["top_k"]);
    let unthinking = ChatRequest { sampling: sampling(0.5, 0.9), ..asking(None, None) };
    let (body, dropped) = written(unthinking, "claude-opus-4-6");
    assert_eq!((&body["top_p"], &body["top_k"]), (&json!(0.9), &json!(5)));
    assert!(dropped.is_empty(), "{dropped:?}");
}
