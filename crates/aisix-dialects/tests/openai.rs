//! OpenAI's two formats, each as the other's.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

use aisix_core::Carried;
use aisix_core::chat::{FrameOutline, unfold};
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{
    ANTHROPIC_MESSAGES, AnswerContext, CallerDialect, Depth, Dialect, FrameDecoder, OPENAI_CHAT,
    OPENAI_RESPONSES, UpstreamRequest,
};
use bytes::BytesMut;
use serde_json::{Value, json};

/// A request of one format's, as an upstream of another reads it; and what was left out.
#[track_caller]
fn translated(
    from: &dyn CallerDialect,
    to: &dyn CallerDialect,
    request: &Value,
) -> (Value, Vec<String>) {
    let mut request = from.decode_request(request.to_string().into()).expect("it is a request");
    let stream = request.outline().stream;
    let upstream = UpstreamRequest { model: "upstream", stream };
    let encoded = to.encode_request(&mut request, &upstream).expect("it can be said");
    let body = serde_json::from_slice(&encoded.body).expect("it is JSON");
    (body, encoded.dropped.into_iter().map(|dropped| dropped.field).collect())
}

fn to_chat(request: &Value) -> (Value, Vec<String>) {
    translated(&OPENAI_RESPONSES, &OPENAI_CHAT, request)
}

#[test]
fn chat_completions_hear_the_whole_conversation() {
    let (body, dropped) = to_chat(&json!({
        "model": "m",
        "instructions": "Be terse.",
        "input": [
            {"role": "developer", "content": "No lists."},
            {"role": "user", "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"},
            ]},
            {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed",
             "content": [{"type": "output_text", "text": "I look.", "annotations": []}]},
            {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "see",
             "arguments": "{}"},
            {"type": "function_call", "id": "fc_2", "call_id": "c2", "name": "hear",
             "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "a cat"},
            {"type": "function_call_output", "call_id": "c2", "output": "purring"},
        ],
        "tools": [{"type": "function", "name": "see", "parameters": {"type": "object"},
                   "strict": true}],
        "tool_choice": {"type": "function", "name": "see"},
        "parallel_tool_calls": true,
        "max_output_tokens": 64,
        "temperature": 0.5,
        "text": {"format": {"type": "json_schema", "name": "animal",
                            "schema": {"type": "object"}, "strict": true}},
        "reasoning": {"effort": "low"},
        "user": "u1",
    }));
    let call = |id: &str, name: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}});
    let expected = json!({
        "model": "upstream",
        "messages": [
            {"role": "system", "content": "Be terse."},
            {"role": "developer", "content": "No lists."},
            {"role": "user", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url",
                 "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
            ]},
            {"role": "assistant", "content": "I look.",
             "tool_calls": [call("c1", "see"), call("c2", "hear")]},
            {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
            {"role": "tool", "tool_call_id": "c2", "content": "purring"},
        ],
        "tools": [{"type": "function", "function": {
            "name": "see", "parameters": {"type": "object"}, "strict": true}}],
        "tool_choice": {"type": "function", "function": {"name": "see"}},
        "parallel_tool_calls": true,
        "temperature": 0.5,
        "max_tokens": 64,
        "response_format": {"type": "json_schema", "json_schema": {
            "name": "animal", "schema": {"type": "object"}, "strict": true}},
        "reasoning_effort": "low",
        "user": "u1",
        "stream": false,
    });
    assert_eq!(body, expected);
    assert_eq!(dropped, [""; 0], "ids of items mean something to OpenAI only, and are no loss");
}

#[test]
fn what_only_openai_stores_or_runs_is_left_out_for_others_and_said() {
    let (body, dropped) = to_chat(&json!({
        "model": "m",
        "input": "go on",
        "previous_response_id": "resp_1",
        "tools": [{"type": "web_search"}],
        "truncation": "auto",
        "reasoning": {"summary": "auto"},
    }));
    assert_eq!(body["messages"], json!([{"role": "user", "content": "go on"}]));
    assert_eq!(body.get("tools"), None);
    let expected = ["tools.web_search", "reasoning.summary", "previous_response_id", "truncation"];
    assert_eq!(dropped, expected);
}

#[test]
fn chat_completions_can_be_said_in_items() {
    let (body, dropped) = translated(
        &OPENAI_CHAT,
        &OPENAI_RESPONSES,
        &json!({
            "model": "m",
            "messages": [
                {"role": "system", "content": "Be terse."},
                {"role": "user", "content": "Weather?"},
                {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "c1", "type": "function",
                     "function": {"name": "wx", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "c1", "content": "4C"},
            ],
            "tools": [{"type": "function", "function": {"name": "wx"}}],
            "stop": ["END"],
            "seed": 7,
            "max_tokens": 9,
        }),
    );
    let expected = json!({
        "model": "upstream",
        "input": [
            {"type": "message", "role": "system", "content": "Be terse."},
            {"type": "message", "role": "user", "content": "Weather?"},
            {"type": "function_call", "call_id": "c1", "name": "wx", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "4C"},
        ],
        "tools": [{
            "type": "function", "name": "wx", "strict": false,
            "parameters": {"type": "object", "properties": {}},
        }],
        "max_output_tokens": 9,
        "stream": false,
        "store": false,
        "include": ["reasoning.encrypted_content"],
    });
    assert_eq!(body, expected);
    assert_eq!(dropped, ["stop", "seed"]);
}
/// A stream of chat completions, as a caller of this format reads it.
#[test]
fn a_stream_of_chunks_becomes_events_in_their_order() {
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        format!("data: {}\n\n", json!({"id": "c1", "created": 5, "choices": [choice]}))
    };
    let call = json!({"index": 0, "id": "c9", "type": "function",
                      "function": {"name": "wx", "arguments": "{}"}});
    let stream = [
        chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        chunk(json!({"content": "Hi"}), Value::Null),
        chunk(json!({"tool_calls": [call]}), Value::Null),
        chunk(json!({}), json!("tool_calls")),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let (mut framing, mut frames) = (SseDecoder::default(), Vec::new());
    framing.push(stream.into(), &mut frames).expect("it is a stream");
    let mut decoder = OPENAI_CHAT.event_decoder(Depth::Full);
    let context = AnswerContext::new("m").minted("0a-1b", 7);
    let mut encoder = OPENAI_RESPONSES.event_encoder(context);
    let mut out = BytesMut::new();
    for frame in frames {
        if let Some(mut events) = decoder.push(frame).expect("it is a chunk") {
            encoder.push(&mut events, &mut out).expect("it can be said");
        }
    }
    encoder.finish(&mut out);
    let (mut framing, mut frames) = (SseDecoder::default(), Vec::new());
    framing.push(out.freeze(), &mut frames).expect("it wrote a stream");
    let events: Vec<Value> =
        frames.iter().map(|frame| serde_json::from_slice(&frame.data).expect("JSON")).collect();
    let kinds: Vec<_> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    let expected = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(kinds, expected);
    let numbers: Vec<_> = events.iter().map(|event| event["sequence_number"].as_u64()).collect();
    assert_eq!(numbers, (0..13).map(Some).collect::<Vec<_>>());
    let response = &events[12]["response"];
    assert_eq!(response["status"], "completed");
    assert_eq!(response["output"][0]["content"][0]["text"], "Hi");
    assert_eq!(response["output"][1]["call_id"], "c9");
}

/// What a caller of Responses is told, whole and at the beginning and the end of a stream, of an
/// answer that came in another format.
fn told(request: &Value) -> [Value; 3] {
    let mut request =
        OPENAI_RESPONSES.decode_request(request.to_string().into()).expect("it is a request");
    let asked = OPENAI_RESPONSES.asked(request.value().expect("it is a request"));
    let context = AnswerContext::new("m").minted("0a-1b", 7).asked(asked);
    let answer = json!({"id": "c1", "created": 5, "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}]});
    let mut answer = OPENAI_CHAT.decode_response(answer.to_string().into()).expect("an answer");
    let whole = OPENAI_RESPONSES.encode_response(&mut answer, &context).expect("it can be said");
    let events = unfold(answer.value().expect("an answer").clone());
    let mut frame = Carried::made(OPENAI_CHAT.id(), FrameOutline::default(), events);
    let mut encoder = OPENAI_RESPONSES.event_encoder(context);
    let mut out = BytesMut::new();
    encoder.push(&mut frame, &mut out).expect("it can be said");
    encoder.finish(&mut out);
    let (mut framing, mut frames) = (SseDecoder::default(), Vec::new());
    framing.push(out.freeze(), &mut frames).expect("it wrote a stream");
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("it is JSON");
    let events: Vec<_> = frames.iter().map(|frame| read(&frame.data)).collect();
    let of = |kind: &str| events.iter().find(|event| event["type"] == kind).expect("it is told");
    let [begun, ended] = ["response.created", "response.completed"].map(|kind| of(kind).clone());
    [read(&whole.body), begun["response"].clone(), ended["response"].clone()]
}

#[test]
fn an_answer_repeats_what_it_was_asked_with() {
    let tool = json!({"type": "function", "name": "f", "description": "d",
                      "parameters": {"type": "object"}, "strict": true});
    let format = json!({"type": "json_object"});
    let request = json!({
        "model": "m", "input": "Hi", "instructions": "Be terse.",
        "tools": [tool, {"type": "web_search"}],
        "tool_choice": {"type": "function", "name": "f"}, "parallel_tool_calls": false,
        "temperature": 0.5, "top_p": 0.25, "max_output_tokens": 64, "top_logprobs": 2,
        "text": {"format": format}, "reasoning": {"effort": "low"},
        "metadata": {"a": "b"}, "user": "u", "store": true, "previous_response_id": "resp_1",
    });
    let expected = json!({
        "background": false, "instructions": "Be terse.", "max_output_tokens": 64,
        "metadata": {"a": "b"}, "parallel_tool_calls": false, "previous_response_id": null,
        "reasoning": {"effort": "low", "summary": null}, "temperature": 0.5,
        "text": {"format": format}, "tool_choice": {"type": "function", "name": "f"},
        "tools": [tool], "top_logprobs": 2, "top_p": 0.25, "truncation": "disabled", "user": "u",
    });
    for told in told(&request) {
        for (name, value) in expected.as_object().expect("it is an object") {
            assert_eq!(&told[name], value, "{name}");
        }
    }
}

#[test]
fn an_answer_to_the_smallest_request_says_what_goes_without_saying() {
    let expected = json!({
        "background": false, "instructions": null, "max_output_tokens": null, "metadata": {},
        "parallel_tool_calls": true, "previous_response_id": null,
        "reasoning": {"effort": null, "summary": null}, "temperature": 1.0,
        "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [],
        "top_logprobs": 0, "top_p": 1.0, "truncation": "disabled", "user": null,
    });
    for told in told(&json!({"model": "m", "input": "Hi"})) {
        for (name, value) in expected.as_object().expect("it is an object") {
            assert_eq!(&told[name], value, "{name}");
        }
    }
}

fn marked(text: &str, life: &str) -> Value {
    let mark = json!({"mode": "explicit", "ttl": life});
    json!({"type": "text", "text": text, "prompt_cache_breakpoint": mark})
}

fn marked_without_life(text: &str) -> Value {
    let mark = json!({"mode": "explicit"});
    json!({"type": "text", "text": text, "prompt_cache_breakpoint": mark})
}

/// A part with the mark that others took over from Anthropic.
fn controlled(text: &str) -> Value {
    json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}})
}

/// A request with these parts, and the marks of Anthropic's blocks that they become; and what was left
/// out.
#[track_caller]
fn marks_of(parts: &[Value], more: &Value) -> (Vec<Option<Value>>, Value, Vec<String>) {
    let mut request = json!({"model": "m", "messages": [{"role": "user", "content": parts}]});
    let fields = more.as_object().expect("it is an object").clone();
    request.as_object_mut().expect("it is an object").extend(fields);
    let (body, dropped) = translated(&OPENAI_CHAT, &ANTHROPIC_MESSAGES, &request);
    let blocks = body["messages"][0]["content"].as_array().expect("blocks");
    let marks = blocks.iter().map(|block| block.get("cache_control").cloned()).collect();
    (marks, body, dropped)
}

fn hour() -> Option<Value> {
    Some(json!({"type": "ephemeral", "ttl": "1h"}))
}

fn minutes() -> Option<Value> {
    Some(json!({"type": "ephemeral"}))
}

/// A tool with the mark that others took over from Anthropic.
fn marked_tool() -> Value {
    json!({"tools": [{"type": "function", "cache_control": {"type": "ephemeral"},
                      "function": {"name": "f", "parameters": {"type": "object"}}}]})
}

#[test]
fn of_breakpoints_the_latest_are_marks_elsewhere() {
    let texts = ["a", "b", "c", "d", "e", "f"];
    let parts = texts.map(|text| marked(text, "30m"));
    let (marks, _, dropped) = marks_of(&parts, &json!({}));
    let expected = [None, None, hour(), hour(), hour(), hour()];
    assert_eq!(marks, expected, "no more than four are taken");
    assert_eq!(dropped, ["prompt_cache_breakpoint"], "OpenAI would look for the early ones, too");
}

#[test]
fn marks_of_tools_count_among_those_that_are_taken() {
    let parts = ["a", "b", "c", "d"].map(|text| marked(text, "30m"));
    let (marks, body, dropped) = marks_of(&parts, &marked_tool());
    assert_eq!(marks, [None, hour(), hour(), hour()]);
    assert_eq!(Some(body["tools"][0]["cache_control"].clone()), hour());
    assert_eq!(dropped, ["prompt_cache_breakpoint"]);
}

#[test]
fn beside_a_breakpoint_there_are_no_more_marks_than_are_taken() {
    let mut parts = ["a", "b", "c", "d", "e"].map(controlled).to_vec();
    parts.push(marked("f", "30m"));
    let (marks, _, dropped) = marks_of(&parts, &json!({}));
    let expected = [None, minutes(), minutes(), minutes(), minutes(), None];
    assert_eq!(marks, expected, "breakpoints go first");
    assert_eq!(dropped, ["prompt_cache_breakpoint", "cache_control"]);
}

#[test]
fn no_mark_lives_shorter_than_a_breakpoint_behind_it() {
    let parts = [controlled("a"), marked("b", "30m"), controlled("c")];
    let (marks, _, dropped) = marks_of(&parts, &json!({}));
    assert_eq!(marks, [hour(), hour(), minutes()]);
    assert_eq!(dropped, [""; 0]);

    let (marks, body, _) = marks_of(&[marked("a", "30m")], &marked_tool());
    assert_eq!(marks, [hour()]);
    assert_eq!(Some(body["tools"][0]["cache_control"].clone()), hour(), "tools come first");
}

#[test]
fn without_breakpoints_marks_live_as_long_as_they_say() {
    let mut late = controlled("b");
    late["cache_control"]["ttl"] = "1h".into();
    let (marks, _, dropped) = marks_of(&[controlled("a"), late], &json!({}));
    assert_eq!(marks, [minutes(), hour()]);
    assert_eq!(dropped, [""; 0]);
}

#[test]
fn a_breakpoint_lives_as_long_as_its_request_says_where_it_does_not_itself() {
    let parts = [marked_without_life("a"), marked("b", "30m")];
    let (marks, _, dropped) = marks_of(&parts, &json!({}));
    assert_eq!(marks, [hour(), hour()], "half an hour is what goes without saying");
    assert_eq!(dropped, [""; 0]);

    for (life, lost) in [("30m", &[][..]), ("12h", &["prompt_cache_breakpoint.ttl"])] {
        let options = json!({"prompt_cache_options": {"ttl": life}});
        let (marks, _, dropped) = marks_of(&parts, &options);
        assert_eq!(marks, [hour(), hour()]);
        assert_eq!(dropped, [lost, &["prompt_cache_options"]].concat());

        let mut part = marked_without_life("a");
        part["type"] = "input_text".into();
        let request = json!({"model": "m", "prompt_cache_options": {"ttl": life},
                             "input": [{"role": "user", "content": [part]}]});
        let (body, dropped) = translated(&OPENAI_RESPONSES, &ANTHROPIC_MESSAGES, &request);
        assert_eq!(body["messages"][0]["content"][0].get("cache_control").cloned(), hour());
        assert_eq!(dropped, [lost, &["prompt_cache_options"]].concat());
    }
}

#[test]
fn breakpoints_stay_what_they_are_in_their_own_format() {
    let of_chat = json!({"model": "m", "messages": [
        {"role": "user", "content": [marked("a", "12h"), {"type": "text", "text": "b"}]}]});
    let mut of_responses = marked("a", "12h");
    of_responses["type"] = "input_text".into();
    let of_responses = json!({"model": "m", "input": [
        {"type": "message", "role": "user", "content": [of_responses]}]});
    for (dialect, place, request) in [
        (&OPENAI_CHAT as &dyn CallerDialect, "messages", of_chat),
        (&OPENAI_RESPONSES, "input", of_responses),
    ] {
        let mut carried = dialect.decode_request(request.to_string().into()).expect("a request");
        carried.value_mut().expect("a request");
        let upstream = UpstreamRequest { model: "m", stream: false };
        let encoded = dialect.encode_request(&mut carried, &upstream).expect("it can be said");
        let body: Value = serde_json::from_slice(&encoded.body).expect("it is JSON");
        assert_eq!(body[place], request[place]);
    }
}

#[test]
fn a_tool_keeps_its_name_however_long_it_is() {
    let name = "n".repeat(128);
    let request = json!({
        "model": "m", "max_tokens": 9,
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "c", "name": name, "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c", "content": "4"}]},
        ],
        "tools": [{"name": name, "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "tool", "name": name},
    });
    let (body, _) = translated(&ANTHROPIC_MESSAGES, &OPENAI_CHAT, &request);
    assert_eq!(body["messages"][1]["tool_calls"][0]["function"]["name"], name);
    assert_eq!(body["tools"][0]["function"]["name"], name);
    assert_eq!(body["tool_choice"]["function"]["name"], name);
}
