//! Whole conversations, translated: what an upstream receives, and what a caller is told of its
//! answer.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{
    ANTHROPIC_MESSAGES, AnswerContext, CallerDialect, Depth, Dialect, FrameDecoder, OPENAI_CHAT,
    UpstreamRequest,
};
use bytes::BytesMut;
use serde_json::{Value, json};

#[track_caller]
fn check_request(
    from: &dyn CallerDialect,
    to: &dyn CallerDialect,
    model: &str,
    said: &Value,
    told: &Value,
) {
    let mut carried = from.decode_request(said.to_string().into()).expect("it is a request");
    let upstream = UpstreamRequest { model, stream: carried.outline().stream };
    let encoded = to.encode_request(&mut carried, &upstream).expect("it is translated");
    let body: Value = serde_json::from_slice(&encoded.body).expect("it is JSON");
    assert_eq!(body, *told);
}

#[test]
fn a_caller_of_openai_uses_a_tool_of_its_own_with_claude() {
    let call = json!({
        "id": "c1", "type": "function",
        "function": {"name": "wx", "arguments": "{\"city\":\"Oslo\"}"},
    });
    let function = json!({"name": "wx", "parameters": {"type": "object"}});
    let said = json!({
        "model": "fast",
        "messages": [
            {"role": "system", "content": "Be terse."},
            {"role": "user", "content": "Weather in Oslo?"},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "4C"},
        ],
        "tools": [{"type": "function", "function": function}],
        "tool_choice": "required",
    });
    let used = json!({"type": "tool_use", "id": "c1", "name": "wx", "input": {"city": "Oslo"}});
    let result = json!({"type": "tool_result", "tool_use_id": "c1", "content": "4C"});
    let told = json!({
        "model": "claude-x", "max_tokens": 4096, "stream": false, "system": "Be terse.",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Weather in Oslo?"}]},
            {"role": "assistant", "content": [used]},
            {"role": "user", "content": [result]},
        ],
        "tools": [{"name": "wx", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "any"},
    });
    check_request(&OPENAI_CHAT, &ANTHROPIC_MESSAGES, "claude-x", &said, &told);

    let answer = json!({
        "id": "msg_9", "model": "claude-x", "content": [{"type": "text", "text": "4C"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 30, "output_tokens": 3, "cache_read_input_tokens": 10},
    });
    let mut answer = ANTHROPIC_MESSAGES.decode_response(answer.to_string().into()).expect("one");
    let context = AnswerContext::new("fast");
    let told = OPENAI_CHAT.encode_response(&mut answer, &context).expect("it is translated");
    let told: Value = serde_json::from_slice(&told.body).expect("it is JSON");
    assert_eq!((&told["model"], &told["id"]), (&json!("fast"), &json!("msg_9")));
    assert_eq!(told["choices"][0]["message"]["content"], "4C");
    assert_eq!(told["choices"][0]["finish_reason"], "stop");
    let counts = ["prompt_tokens", "completion_tokens", "total_tokens"];
    assert_eq!(counts.map(|count| told["usage"][count].as_u64()), [Some(30), Some(3), Some(43)]);
    assert_eq!(told["usage"]["prompt_tokens_details"]["cached_tokens"], 10);
}

#[test]
fn a_caller_of_anthropic_talks_to_a_model_of_openais() {
    let result = json!({"type": "tool_result", "tool_use_id": "t1", "content": "ok"});
    let said = json!({
        "model": "smart", "max_tokens": 64, "stop_sequences": ["END"],
        "thinking": {"type": "enabled", "budget_tokens": 2048}, "top_k": 5,
        "messages": [{"role": "user", "content": [result, {"type": "text", "text": "go on"}]}],
    });
    let told = json!({
        "model": "gpt-y", "max_tokens": 64, "stream": false, "stop": ["END"],
        "reasoning_effort": "medium",
        "messages": [
            {"role": "tool", "tool_call_id": "t1", "content": "ok"},
            {"role": "user", "content": "go on"},
        ],
    });
    check_request(&ANTHROPIC_MESSAGES, &OPENAI_CHAT, "gpt-y", &said, &told);

    let chunk =
        |choices: Value| json!({"id": "a", "created": 1, "model": "gpt-y", "choices": choices});
    let mut usage = chunk(json!([]));
    usage["usage"] = json!({"prompt_tokens": 12, "completion_tokens": 2, "total_tokens": 14});
    let stream = [
        chunk(json!([{"index": 0, "delta": {"content": "Hi"}}])),
        chunk(json!([{"index": 0, "delta": {}, "finish_reason": "stop"}])),
        usage,
        json!("[DONE]"),
    ];
    let stream: String = stream
        .iter()
        .map(|data| format!("data: {}\n\n", data.as_str().map_or(data.to_string(), str::to_owned)))
        .collect();
    let expected = [
        ("message_start", json!(null)),
        ("content_block_start", json!(null)),
        ("content_block_delta", json!({"type": "text_delta", "text": "Hi"})),
        ("content_block_stop", json!(null)),
        ("message_delta", json!({"stop_reason": "end_turn", "stop_sequence": null})),
        ("message_stop", json!(null)),
    ];
    let told = translated(&stream);
    let names: Vec<_> =
        told.iter().map(|event| event["type"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, expected.each_ref().map(|(name, _)| *name));
    for (event, (_, delta)) in told.iter().zip(&expected) {
        assert_eq!(event["delta"], *delta);
    }
    assert_eq!(told[0]["message"]["model"], "smart");
    assert_eq!(told[4]["usage"], json!({"input_tokens": 12, "output_tokens": 2}));
}

/// The events that a caller of Anthropic's is told of a stream of OpenAI's.
fn translated(stream: &str) -> Vec<Value> {
    let mut frames = Vec::new();
    let pushed = SseDecoder::default().push(stream.to_owned().into(), &mut frames);
    pushed.expect("it is a stream");
    let mut decoder = OPENAI_CHAT.event_decoder(Depth::Full);
    let mut encoder = ANTHROPIC_MESSAGES.event_encoder(AnswerContext::new("smart"));
    let mut out = BytesMut::new();
    for frame in frames {
        if let Some(mut events) = decoder.push(frame).expect("it is a chunk") {
            encoder.push(&mut events, &mut out).expect("it is translated");
        }
    }
    decoder.finish().expect("it is complete");
    encoder.finish(&mut out);
    let text = String::from_utf8(out.to_vec()).expect("it is text");
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).expect("it is JSON")).collect()
}

#[test]
fn thinking_goes_on_after_a_tool_only_with_the_sealed_thought_that_led_there() {
    let sealed = |by: &str| {
        let seal = format!("aisix-seal:{by}:seal");
        json!([{"type": "reasoning.text", "text": "Hm.", "signature": seal, "index": 0}])
    };
    for (details, thinks) in [
        (Value::Null, false),
        (sealed("openai_responses"), false),
        (sealed("anthropic_messages"), true),
    ] {
        let call =
            json!({"id": "c1", "type": "function", "function": {"name": "wx", "arguments": "{}"}});
        let said = json!({
            "model": "fast",
            "messages": [
                {"role": "user", "content": "Weather?"},
                {
                    "role": "assistant", "content": null, "tool_calls": [call],
                    "reasoning_content": "Hm.", "reasoning_details": details,
                },
                {"role": "tool", "tool_call_id": "c1", "content": "4C"},
            ],
            "max_tokens": 2048,
            "temperature": 0.5,
            "thinking": {"type": "enabled", "budget_tokens": 1024},
        });
        let mut carried = OPENAI_CHAT.decode_request(said.to_string().into()).expect("a request");
        let upstream = UpstreamRequest { model: "claude-x", stream: false };
        let encoded = ANTHROPIC_MESSAGES.encode_request(&mut carried, &upstream).expect("a body");
        let body: Value = serde_json::from_slice(&encoded.body).expect("it is JSON");
        assert_eq!(body["thinking"].is_object(), thinks, "{body}");
        // What may not go with thinking goes without it.
        assert_eq!(body["temperature"].is_number(), !thinks, "{body}");
        let left_out = encoded.dropped.iter().any(|dropped| dropped.field == "thinking");
        assert_eq!(left_out, !thinks, "{:?}", encoded.dropped);
    }
}

#[test]
fn thinking_ends_with_a_thought_that_another_provider_sealed() {
    for (seal, thinks) in [("seal", true), ("aisix-seal:openai_responses:seal", false)] {
        let said = json!({
            "model": "fast", "max_tokens": 2048,
            "messages": [
                {"role": "user", "content": "Weather?"},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": seal},
                    {"type": "tool_use", "id": "c1", "name": "wx", "input": {}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": "4C"},
                ]},
            ],
            "thinking": {"type": "enabled", "budget_tokens": 1024},
        });
        let mut carried =
            ANTHROPIC_MESSAGES.decode_request(said.to_string().into()).expect("a request");
        let upstream = UpstreamRequest { model: "claude-x", stream: false };
        let encoded = ANTHROPIC_MESSAGES.encode_request(&mut carried, &upstream).expect("a body");
        let body: Value = serde_json::from_slice(&encoded.body).expect("it is JSON");
        assert_eq!(body["thinking"].is_object(), thinks, "{body}");
    }
}
