//! What models in OpenAI's chat format are told by callers of other formats.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

use aisix_dialects::{
    ANTHROPIC_MESSAGES, CallerDialect, Dialect as _, OPENAI_CHAT, OPENAI_RESPONSES, UpstreamRequest,
};
use bytes::Bytes;
use serde_json::{Value, json};

#[track_caller]
fn limited(from: &dyn CallerDialect, body: &'static str, model: &str) -> Value {
    let mut request = from.decode_request(Bytes::from_static(body.as_bytes())).expect("it is");
    let upstream = UpstreamRequest { model, stream: false };
    let encoded = OPENAI_CHAT.encode_request(&mut request, &upstream).expect("it is written");
    let mut body: Value = serde_json::from_slice(&encoded.body).expect("it is JSON");
    let fields = body.as_object_mut().expect("it is an object");
    fields.retain(|name, _| name.starts_with("max_"));
    body
}

#[test]
fn a_model_that_thinks_is_told_the_limit_by_its_newer_name() {
    let messages = r#"{"model":"a","max_tokens":9,"messages":[{"role":"user","content":"?"}]}"#;
    let responses = r#"{"model":"a","max_output_tokens":9,"input":"?"}"#;
    let callers: [(&dyn CallerDialect, _); 2] =
        [(&ANTHROPIC_MESSAGES, messages), (&OPENAI_RESPONSES, responses)];
    for (from, body) in callers {
        for model in ["o1", "o3-mini", "openai/o4-mini", "GPT-5.1", "ft:gpt-5-nano:org::id"] {
            let limit = json!({"max_completion_tokens": 9});
            assert_eq!(limited(from, body, model), limit, "{model}");
        }
        for model in ["gpt-4o", "o10", "gpt-50", "ollama", "openai/gpt-oss-120b", "o3/mistral"] {
            assert_eq!(limited(from, body, model), json!({"max_tokens": 9}), "{model}");
        }
    }
}

#[test]
fn a_caller_of_this_format_names_the_limit_itself() {
    let older = r#"{"model":"a","max_tokens":9,"messages":[{"role":"user","content":"?"}]}"#;
    assert_eq!(limited(&OPENAI_CHAT, older, "o3"), json!({"max_tokens": 9}));
}

#[track_caller]
fn contents(messages: &Value) -> Vec<Value> {
    let body = json!({"model": "a", "max_tokens": 9, "messages": messages}).to_string();
    let mut request = ANTHROPIC_MESSAGES.decode_request(body.into()).expect("it is a request");
    let upstream = UpstreamRequest { model: "m", stream: false };
    let encoded = OPENAI_CHAT.encode_request(&mut request, &upstream).expect("it is written");
    let body: Value = serde_json::from_slice(&encoded.body).expect("it is JSON");
    let messages = body["messages"].as_array().expect("it is a list");
    messages.iter().map(|message| message["content"].clone()).collect()
}

#[test]
fn words_of_two_texts_do_not_run_together_whoever_says_them() {
    let text = |text| json!({"type": "text", "text": text});
    let call = json!({"type": "tool_use", "id": "t", "name": "f", "input": {}});
    let rows = json!([text("row1"), text("row2")]);
    let result = json!({"type": "tool_result", "tool_use_id": "t", "content": rows});
    let messages = json!([
        {"role": "user", "content": [text("It costs 5"), text("0 items?")]},
        {"role": "assistant", "content": [text("A1"), text("A2"), call]},
        {"role": "user", "content": [result]},
    ]);
    assert_eq!(contents(&messages), ["It costs 5\n0 items?", "A1\nA2", "row1\nrow2"]);
}

#[test]
fn a_document_in_plain_text_ends_before_the_next_text() {
    let source = json!({"type": "text", "media_type": "text/plain", "data": "It costs 5"});
    let content = json!([{"type": "document", "source": source}, {"type": "text", "text": "0?"}]);
    let result = json!({"type": "tool_result", "tool_use_id": "t", "content": content});
    let messages = json!([
        {"role": "user", "content": content}, {"role": "user", "content": [result]},
    ]);
    assert_eq!(contents(&messages), ["It costs 5\n\n0?", "It costs 5\n\n0?"]);
}

#[test]
fn a_text_that_was_cut_where_it_cites_is_whole_again() {
    let place = json!({
        "type": "char_location", "cited_text": "Grass", "document_index": 0,
        "document_title": null, "start_char_index": 0, "end_char_index": 5,
    });
    let messages = json!([{"role": "assistant", "content": [
        {"type": "text", "text": "Grass is "},
        {"type": "text", "text": "green", "citations": [place]},
        {"type": "text", "text": "."},
    ]}]);
    assert_eq!(contents(&messages), ["Grass is green."]);
}
