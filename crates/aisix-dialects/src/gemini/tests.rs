//! What is particular about this format.

use aisix_core::DialectId;
use aisix_core::chat::{
    ChatRequest, Media, MediaKind, MediaSource, Part, RequestOutline, Role, Text, Thinking,
    ToolCall, ToolResult, Turn,
};
use aisix_core::{Carried, Error, ErrorCode};
use serde_json::{Value, json};

use super::GEMINI;
use crate::dialect::{CallerDialect as _, Dialect as _, UpstreamRequest};

fn turn(role: Role, parts: Vec<Part>) -> Turn {
    Turn { role, name: None, parts, native: Vec::new() }
}

fn asking(text: &str) -> Turn {
    turn(Role::User, vec![Part::Text(Text::new(text))])
}

/// A request of another format, for this model.
fn written(request: ChatRequest, model: &str) -> Result<(Value, Vec<String>), Error> {
    let outline = RequestOutline::default();
    let mut made = Carried::made(DialectId("another"), outline, request);
    let encoded = GEMINI.encode_request(&mut made, &UpstreamRequest { model, stream: false })?;
    let dropped = encoded.dropped.into_iter().map(|dropped| dropped.field).collect();
    Ok((serde_json::from_slice(&encoded.body).expect("it is JSON"), dropped))
}

#[track_caller]
fn check_thinking(
    model: &str,
    effort: Option<&str>,
    thinking: Option<Thinking>,
    expected: Value,
    lost: &[&str],
) {
    let effort = effort.map(ToOwned::to_owned);
    let request =
        ChatRequest { turns: vec![asking("Hi")], effort, thinking, ..ChatRequest::default() };
    let (body, dropped) = written(request, model).expect("it is written");
    assert_eq!(body["generationConfig"]["thinkingConfig"], expected, "for {model}");
    assert_eq!(dropped, lost, "for {model}");
}

#[test]
fn effort_is_a_level_or_a_number_as_the_models_generation_has_it() {
    let level = |level: &str| json!({"thinkingLevel": level, "includeThoughts": true});
    let tokens = |tokens: u32| json!({"thinkingBudget": tokens, "includeThoughts": true});
    for (word, of_three, of_pro, of_two) in [
        ("minimal", "MINIMAL", "LOW", 1024),
        ("low", "LOW", "LOW", 1024),
        ("medium", "MEDIUM", "MEDIUM", 8192),
        ("high", "HIGH", "HIGH", 24_576),
    ] {
        check_thinking("gemini-3-flash-preview", Some(word), None, level(of_three), &[]);
        check_thinking("gemini-3.1-pro-preview", Some(word), None, level(of_pro), &[]);
        for model in ["gemini-2.5-flash", "gemini-2.5-pro", "gemini-2.5-flash-lite"] {
            check_thinking(model, Some(word), None, tokens(of_two), &[]);
        }
    }
    check_thinking("gemini-flash-latest", Some("low"), None, level("LOW"), &[]);
    check_thinking("gemini-3-flash", Some("max"), None, level("HIGH"), &["reasoning_effort"]);
    let between = &["reasoning_effort"];
    check_thinking("gemini-3-pro-preview", Some("medium"), None, level("HIGH"), between);
    check_thinking("gemini-2.5-pro", Some("xhigh"), None, tokens(24_576), &["reasoning_effort"]);
    check_thinking("gemini-2.5-pro", Some("odd"), None, Value::Null, &["reasoning_effort"]);
    check_thinking("gemini-2.5-pro", None, None, Value::Null, &[]);
}

#[test]
fn a_number_of_tokens_stays_one_within_what_the_model_takes() {
    let shown = |tokens: u64| json!({"thinkingBudget": tokens, "includeThoughts": true});
    for model in ["gemini-2.5-pro", "gemini-3-pro-preview"] {
        check_thinking(model, None, Some(Thinking::Budget(2048)), shown(2048), &[]);
        check_thinking(model, Some("low"), Some(Thinking::Budget(2048)), shown(2048), &[]);
    }
    for (model, asked, told) in [
        ("gemini-2.5-pro", 32_768, 32_768),
        ("gemini-2.5-pro", 64_000, 32_768),
        ("publishers/google/models/gemini-2.5-pro", 100, 128),
        ("gemini-2.5-flash", 32_768, 24_576),
        ("gemini-2.5-flash-lite-preview-09-2025", 100, 512),
        ("gemini-live-2.5-flash-native-audio", 64_000, 24_576),
    ] {
        let lost: &[&str] = if asked == told { &[] } else { &["thinking.budget_tokens"] };
        check_thinking(model, None, Some(Thinking::Budget(asked)), shown(told), lost);
    }
    let adaptive = json!({"thinkingBudget": -1, "includeThoughts": true});
    check_thinking("gemini-2.5-flash", None, Some(Thinking::Adaptive), adaptive, &[]);
    let shown = json!({"includeThoughts": true});
    check_thinking("gemini-3-flash", None, Some(Thinking::Adaptive), shown, &[]);
}

#[test]
fn no_thinking_is_as_little_as_there_is() {
    let none = json!({"thinkingBudget": 0});
    check_thinking("gemini-2.5-flash", None, Some(Thinking::Off), none.clone(), &[]);
    check_thinking("gemini-2.5-flash", Some("none"), None, none.clone(), &[]);
    check_thinking("gemini-2.5-flash-lite", Some("none"), None, none, &[]);
    let fewest = json!({"thinkingBudget": 128});
    check_thinking("gemini-2.5-pro", Some("none"), None, fewest, &["thinking"]);
    for (model, least) in [
        ("gemini-3-flash", "MINIMAL"),
        ("gemini-3.5-flash-lite", "MINIMAL"),
        ("gemini-3-pro-preview", "LOW"),
        ("gemini-3.8-flash", "LOW"),
        ("gemini-flash-latest", "LOW"),
    ] {
        let least = json!({"thinkingLevel": least});
        check_thinking(model, None, Some(Thinking::Off), least, &["thinking"]);
    }
}

#[test]
fn a_model_that_does_not_think_is_told_nothing_of_it() {
    for model in ["gemini-2.0-flash-001", "gemini-2.5-flash-image", "gemini-2.5-pro-preview-tts"] {
        check_thinking(model, Some("none"), None, Value::Null, &[]);
        check_thinking(model, None, Some(Thinking::Off), Value::Null, &[]);
        check_thinking(model, Some("low"), None, Value::Null, &["reasoning_effort"]);
        check_thinking(model, None, Some(Thinking::Adaptive), Value::Null, &["thinking"]);
        let both = &["thinking", "reasoning_effort"];
        check_thinking(model, Some("low"), Some(Thinking::Budget(9)), Value::Null, both);
    }
}

fn calls(results: &[(&str, &str)]) -> ChatRequest {
    let call = |(id, name): &(&str, &str)| {
        let (id, name) = ((*id).to_owned(), (*name).to_owned());
        Part::ToolCall(ToolCall { id, name, arguments: "{}".to_owned(), ..ToolCall::default() })
    };
    let result = |(id, _): &(&str, &str)| {
        let content = vec![Part::Text(Text::new("4C"))];
        let call_id = (*id).to_owned();
        turn(
            Role::Tool,
            vec![Part::ToolResult(ToolResult { call_id, content, ..Default::default() })],
        )
    };
    let mut turns = vec![asking("Weather?")];
    turns.push(turn(Role::Assistant, results.iter().map(call).collect()));
    turns.extend(results.iter().map(result));
    ChatRequest { turns, ..ChatRequest::default() }
}

#[test]
fn results_of_calls_stand_in_one_turn_and_name_their_function() {
    let (body, dropped) =
        written(calls(&[("a", "wx"), ("b", "now")]), "gemini-3-flash").expect("it is written");
    let result = |id: &str, name: &str| json!({"functionResponse": {"id": id, "name": name, "response": {"output": "4C"}}});
    let expected = json!({"role": "user", "parts": [result("a", "wx"), result("b", "now")]});
    assert_eq!(body["contents"][2], expected);
    assert_eq!(body["contents"].as_array().map(Vec::len), Some(3));
    assert_eq!(dropped, [] as [&str; 0]);
}

#[test]
fn results_find_calls_by_their_order_where_ids_are_refused() {
    let mut request = calls(&[("a", "wx"), ("b", "now"), ("a", "wx")]);
    // Ids come again in later turns, and tools answer in any order.
    request.turns.extend(calls(&[("a", "wx"), ("b", "wx")]).turns);
    let answers = request.turns.len() - 2..;
    request.turns[answers].reverse();
    let said: Vec<_> = ["sunny", "noon", "rain", "first", "second"].into_iter().collect();
    let mut number = 0;
    for turn in &mut request.turns {
        if let [Part::ToolResult(result)] = &mut turn.parts[..] {
            result.content = vec![Part::Text(Text::new(said[number]))];
            number += 1;
        }
    }
    let (body, dropped) = written(request.clone(), "gemini-2.5-flash").expect("it is written");
    let call = |name: &str| json!({"functionCall": {"name": name, "args": {}}});
    let result = |name: &str, said: &str| json!({"functionResponse": {"name": name, "response": {"output": said}}});
    assert_eq!(body["contents"][1]["parts"], json!([call("wx"), call("now"), call("wx")]));
    let last = body["contents"].as_array().and_then(|contents| contents.last());
    let expected = json!([result("wx", "second"), result("wx", "first")]);
    assert_eq!(last.map(|content| &content["parts"]), Some(&expected), "in {body:#}");
    assert_eq!(dropped, [] as [&str; 0]);
    let (body, _) = written(request, "gemini-3-flash").expect("it is written");
    let ids = body["contents"]
        .as_array()
        .and_then(|contents| contents.last())
        .map(|content| [0, 1].map(|part| content["parts"][part]["functionResponse"]["id"].clone()));
    assert_eq!(ids, Some([json!("b"), json!("a")]));
}

#[test]
fn any_number_of_results_finds_its_calls() {
    let ids: Vec<_> = (0..50_000).map(|id: u32| id.to_string()).collect();
    let pairs: Vec<_> = ids.iter().map(|id| (id.as_str(), "f")).collect();
    let (body, _) = written(calls(&pairs), "gemini-3-flash").expect("it is written");
    let last = &body["contents"][2]["parts"][49_999]["functionResponse"];
    assert_eq!(last["id"], "49999");
}

#[test]
fn a_newer_model_is_told_that_a_call_was_not_its_own() {
    let seal = |model| {
        let (body, _) = written(calls(&[("a", "wx"), ("b", "now")]), model).expect("written");
        let of = |part: usize| body["contents"][1]["parts"][part]["thoughtSignature"].clone();
        (of(0), of(1))
    };
    assert_eq!(seal("gemini-2.5-pro"), (Value::Null, Value::Null));
    let skip = json!("skip_thought_signature_validator");
    assert_eq!(seal("gemini-3-pro-preview"), (skip, Value::Null));
}

#[test]
fn an_address_gets_a_type_because_the_format_asks_for_one() {
    for (kind, url, expected) in [
        (MediaKind::Image, "https://h/a.PNG?x=.gif", "image/png"),
        (MediaKind::Image, "https://h/a", "image/jpeg"),
        (MediaKind::Document, "gs://b/a", "application/pdf"),
        (MediaKind::Audio, "https://h/a.wav", "audio/wav"),
        (MediaKind::Video, "https://youtu.be/x", "video/mp4"),
    ] {
        let media = Part::Media(Media::new(kind, MediaSource::Url(url.to_owned())));
        let request =
            ChatRequest { turns: vec![turn(Role::User, vec![media])], ..ChatRequest::default() };
        let (body, _) = written(request, "gemini-2.5-flash").expect("it is written");
        let expected = json!({"fileData": {"mimeType": expected, "fileUri": url}});
        assert_eq!(body["contents"][0]["parts"][0], expected, "for {url}");
    }
}

#[test]
fn instructions_alone_are_no_conversation() {
    let system = turn(Role::System, vec![Part::Text(Text::new("Be terse."))]);
    let request = ChatRequest { turns: vec![system], ..ChatRequest::default() };
    let error = written(request, "gemini-2.5-flash").expect_err("there is nothing to answer");
    assert_eq!((error.code(), error.status()), (ErrorCode::InvalidRequest, 400));
}

#[test]
fn what_is_not_the_json_that_is_taken_is_refused() {
    for (body, message) in [
        (json!({"contents": 1}), "'contents' must be an array"),
        (json!({"contents": [1]}), "'contents[0]' must be an object"),
        (json!({"contents": [{"parts": 1}]}), "'contents[0].parts' must be an array of parts"),
        (json!({"contents": [{"parts": [1]}]}), "'contents[0].parts[0]' must be an object"),
        (
            json!({"contents": [{"role": "tool", "parts": []}]}),
            "'contents[0].role' must be 'user' or 'model'",
        ),
        (
            json!({"systemInstruction": "x", "contents": []}),
            "'systemInstruction' must be an object",
        ),
    ] {
        let mut carried = GEMINI.decode_request(body.to_string().into()).expect("it is JSON");
        let error = carried.value().expect_err("it is no request");
        assert!(error.message().contains(message), "{body}: {error}");
    }
}

#[test]
fn a_canonical_code_is_known_by_this_products_name() {
    for (status, code, http) in [
        ("RESOURCE_EXHAUSTED", Some("rate_limit_exceeded"), 429),
        ("PERMISSION_DENIED", Some("permission_denied"), 403),
        ("UNAUTHENTICATED", Some("invalid_api_key"), 401),
        ("NOT_FOUND", Some("model_not_found"), 404),
        ("UNAVAILABLE", Some("overloaded"), 503),
        ("DEADLINE_EXCEEDED", Some("timeout"), 504),
        ("INVALID_ARGUMENT", None, 400),
    ] {
        let body = json!({"error": {"message": "why", "status": status}});
        let read = GEMINI.decode_error(body.to_string().as_bytes());
        assert_eq!((read.code.as_deref(), read.status), (code, Some(http)), "for {status}");
        assert_eq!((read.message.as_str(), read.kind.as_deref()), ("why", Some(status)));
    }
}
