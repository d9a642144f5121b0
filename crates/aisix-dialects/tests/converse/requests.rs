//! What requests of callers become.

use aisix_core::chat::CacheMark;
use aisix_dialects::{
    ANTHROPIC_MESSAGES, CONVERSE, CONVERSE_CLAUDE, CallerDialect, Dialect, OPENAI_CHAT,
    UpstreamRequest,
};
use serde_json::{Value, json};

fn written(from: &dyn CallerDialect, model: &str, request: &Value) -> (Value, Vec<String>) {
    let mut carried = from.decode_request(request.to_string().into()).expect("it is a request");
    let upstream = UpstreamRequest { model, stream: false };
    let encoded = CONVERSE.encode_request(&mut carried, &upstream).expect("it can be written");
    let body = serde_json::from_slice(&encoded.body).expect("it is JSON");
    (body, encoded.dropped.into_iter().map(|dropped| dropped.field).collect())
}

/// What a request becomes of which a field is this.
#[track_caller]
fn check(fields: Value, place: &str, expected: Value, dropped: &[&str]) {
    check_for("anthropic.claude-x", fields, place, expected, dropped);
}

#[track_caller]
fn check_for(model: &str, fields: Value, place: &str, expected: Value, dropped: &[&str]) {
    let mut request = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
    request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let (body, left_out) = written(&OPENAI_CHAT, model, &request);
    assert_eq!(body.pointer(place).unwrap_or(&Value::Null), &expected, "of {body:#}");
    assert_eq!(left_out, dropped, "for {request}");
}

fn refused(from: &dyn CallerDialect, request: &Value) -> String {
    let mut carried = from.decode_request(request.to_string().into()).expect("it is a request");
    let upstream = UpstreamRequest { model: "m", stream: false };
    let refused = CONVERSE.encode_request(&mut carried, &upstream).expect_err("it is refused");
    assert_eq!(refused.status(), 400);
    refused.message().to_owned()
}

#[test]
fn the_worked_example_is_written_as_printed() {
    let request = json!({"model": "m", "max_tokens": 20, "messages": [
        {"role": "system", "content": "Be terse."}, {"role": "user", "content": "Hi"},
    ]});
    let (body, dropped) = written(&OPENAI_CHAT, "us.meta.llama-z:0", &request);
    let expected = r#"{"system":[{"text":"Be terse."}],"messages":[{"role":"user","content":[{"text":"Hi"}]}],"inferenceConfig":{"maxTokens":20}}"#;
    assert_eq!(body.to_string(), expected);
    assert!(dropped.is_empty());
}

#[test]
fn sampling_has_its_place() {
    let sampling =
        json!({"max_completion_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop": ["a", "b"]});
    let expected =
        json!({"maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stopSequences": ["a", "b"]});
    check(sampling, "/inferenceConfig", expected, &[]);
    check(json!({"temperature": 1.5}), "/inferenceConfig/temperature", json!(1), &["temperature"]);
    check(json!({"temperature": 1}), "/inferenceConfig", json!({"temperature": 1}), &[]);
    check(json!({"seed": 1, "n": 2}), "/inferenceConfig", Value::Null, &["seed", "n"]);
}

#[test]
fn tools_are_called_as_the_caller_says() {
    let tool = json!([{"type": "function", "function": {"name": "f"}}]);
    let schema = json!({"type": "object", "properties": {}});
    let tools = json!([{"toolSpec": {"name": "f", "inputSchema": {"json": schema}}}]);
    for (choice, expected) in [
        (Value::Null, json!({"tools": tools})),
        (json!("auto"), json!({"tools": tools})),
        (json!("required"), json!({"tools": tools, "toolChoice": {"any": {}}})),
        (
            json!({"type": "function", "function": {"name": "f"}}),
            json!({"tools": tools, "toolChoice": {"tool": {"name": "f"}}}),
        ),
    ] {
        check(json!({"tools": tool, "tool_choice": choice}), "/toolConfig", expected, &[]);
    }
    let none = json!({"tools": tool, "tool_choice": "none"});
    check(none, "/toolConfig", Value::Null, &["tools"]);
    check(json!({"tool_choice": "required"}), "/toolConfig", Value::Null, &["tool_choice"]);
    let odd = json!([{"type": "function", "function": {"name": "f", "parameters": 7}}]);
    check(json!({"tools": odd}), "/toolConfig", Value::Null, &["tools.parameters"]);
    let alone = json!({"tools": tool, "parallel_tool_calls": false});
    check(alone, "/toolConfig/tools", tools, &["parallel_tool_calls"]);
}

#[test]
fn tools_that_were_called_stay_when_no_more_may_be() {
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let request = json!({
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": "4C"},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "tool_choice": "none",
    });
    check(request, "/toolConfig/tools/0/toolSpec/name", json!("f"), &["tool_choice"]);
}

#[test]
fn tools_that_were_called_stand_for_those_that_are_offered_no_more() {
    let call = |name: &str| json!({"id": name, "type": "function", "function": {"name": name, "arguments": "{}"}});
    let answer = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "4C"});
    let asked = |fields: Value| {
        let mut request = json!({"messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "tool_calls": [call("wx"), call("now")]},
            answer("wx"), answer("now"),
            {"role": "assistant", "tool_calls": [call("wx")]},
            answer("wx"),
        ]});
        request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        request
    };
    let any = json!({"json": {"type": "object", "properties": {}}});
    let tool = |name: &str| json!({"toolSpec": {"name": name, "inputSchema": any}});
    let expected = json!({"tools": [tool("now"), tool("wx")]});
    check(asked(json!({})), "/toolConfig", expected.clone(), &[]);
    let ruled = asked(json!({"tool_choice": "required"}));
    check(ruled, "/toolConfig", expected.clone(), &["tool_choice"]);
    let ruled = asked(json!({"tool_choice": "none"}));
    check(ruled, "/toolConfig", expected.clone(), &["tool_choice"]);
    let odd = json!([{"type": "function", "function": {"name": "wx", "parameters": 7}}]);
    let none = asked(json!({"tools": odd}));
    check(none, "/toolConfig", expected.clone(), &["tools.parameters"]);
    let custom = json!([{"type": "custom", "custom": {"name": "wx"}}]);
    check(asked(json!({"tools": custom})), "/toolConfig", expected, &["tools.custom"]);
}

#[test]
fn a_tool_that_answered_nothing_says_so() {
    let answered = |content: Value| {
        let request = json!({"model": "m", "max_tokens": 9, "messages": [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": content}]},
        ]});
        let (body, dropped) = written(&ANTHROPIC_MESSAGES, "m", &request);
        assert!(dropped.is_empty(), "{dropped:?}");
        body["messages"][1]["content"][0]["toolResult"]["content"].clone()
    };
    let text = |text: &str| json!({"type": "text", "text": text});
    for nothing in [Value::Null, json!(""), json!(" "), json!([]), json!([text(""), text("\n")])] {
        assert_eq!(answered(nothing.clone()), json!([{"json": {}}]), "for {nothing}");
    }
    assert_eq!(answered(json!([text(""), text("4C")])), json!([{"text": "4C"}]));
}

#[test]
fn answers_of_tools_stand_in_one_message() {
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "[]"}});
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}});
    let request = json!({"model": "m", "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "So.", "tool_calls": [call("a"), call("b")]},
        {"role": "tool", "tool_call_id": "a", "content": "4C"},
        {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "5C"}, image]},
        {"role": "user", "content": "And?"},
    ]});
    let (body, dropped) = written(&OPENAI_CHAT, "m", &request);
    let call = |id: &str| json!({"toolUse": {"toolUseId": id, "name": "f", "input": {}}});
    let image = json!({"image": {"format": "png", "source": {"bytes": "aGk="}}});
    let expected = json!([
        {"role": "user", "content": [{"text": "Hi"}]},
        {"role": "assistant", "content": [{"text": "So."}, call("a"), call("b")]},
        {"role": "user", "content": [
            {"toolResult": {"toolUseId": "a", "content": [{"text": "4C"}]}},
            {"toolResult": {"toolUseId": "b", "content": [{"text": "5C"}, image]}},
            {"text": "And?"},
        ]},
    ]);
    assert_eq!(body["messages"], expected);
    assert_eq!(dropped, ["tool_call.arguments"]);
}

#[test]
fn a_tool_that_failed_says_so() {
    let request = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "no", "is_error": true}]},
    ]});
    let (body, dropped) = written(&ANTHROPIC_MESSAGES, "m", &request);
    let result = json!({"toolUseId": "t", "content": [{"text": "no"}], "status": "error"});
    assert_eq!(body["messages"][1]["content"], json!([{"toolResult": result}]));
    assert!(dropped.is_empty());
}

#[test]
fn marks_for_the_prompt_cache_stand_behind_what_they_mark() {
    let mark = json!({"type": "ephemeral", "ttl": "1h"});
    let plain = json!({"type": "ephemeral"});
    let request = json!({"model": "m", "max_tokens": 9,
        "system": [{"type": "text", "text": "Be terse.", "cache_control": mark}],
        "tools": [{"name": "f", "input_schema": {"type": "object"}, "cache_control": plain}],
        "messages": [{"role": "user", "content": [
            {"type": "text", "text": "long", "cache_control": plain}, {"type": "text", "text": "Hi"},
        ]}],
    });
    let (body, dropped) = written(&ANTHROPIC_MESSAGES, "m", &request);
    let [point, hour] = [
        json!({"cachePoint": {"type": "default"}}),
        json!({"cachePoint": {"type": "default", "ttl": "1h"}}),
    ];
    assert_eq!(body["system"], json!([{"text": "Be terse."}, hour]));
    assert_eq!(body["toolConfig"]["tools"][1], point);
    assert_eq!(body["messages"][0]["content"], json!([{"text": "long"}, point, {"text": "Hi"}]));
    assert!(dropped.is_empty());
}

#[test]
fn no_point_lives_shorter_than_one_that_a_breakpoint_becomes() {
    let plain = json!({"type": "ephemeral"});
    let breakpoint = json!({"mode": "explicit"});
    let request = json!({"model": "m",
        "tools": [{"type": "function", "cache_control": plain,
                   "function": {"name": "f", "parameters": {"type": "object"}}}],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "long", "prompt_cache_breakpoint": breakpoint},
                {"type": "text", "text": "Hi", "cache_control": plain},
            ]},
            {"role": "system", "content": [
                {"type": "text", "text": "In French.", "cache_control": plain}]},
        ],
    });
    let (body, dropped) = written(&OPENAI_CHAT, "m", &request);
    let [point, hour] = [
        json!({"cachePoint": {"type": "default"}}),
        json!({"cachePoint": {"type": "default", "ttl": "1h"}}),
    ];
    assert_eq!(body["toolConfig"]["tools"][1], hour);
    assert_eq!(body["system"], json!([{"text": "In French."}, hour]), "it stands in front there");
    let content = json!([{"text": "long"}, hour, {"text": "Hi"}, point]);
    assert_eq!(body["messages"][0]["content"], content);
    assert_eq!(dropped, ["system.position"]);
}

#[test]
fn thoughts_go_back_with_their_seals() {
    let request = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "aisix-seal:converse:seal"},
            {"type": "redacted_thinking", "data": "aisix-seal:converse:YmxvYg=="},
            {"type": "redacted_thinking", "data": "aisix-seal:converse:no base64"},
            {"type": "thinking", "thinking": "Hm.", "signature": "of another format"},
            {"type": "text", "text": "Yes"},
        ]},
    ]});
    let (body, dropped) = written(&ANTHROPIC_MESSAGES, "m", &request);
    let expected = json!([
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "seal"}}},
        {"reasoningContent": {"redactedContent": "YmxvYg=="}},
        {"text": "Yes"},
    ]);
    assert_eq!(body["messages"][1]["content"], expected);
    assert_eq!(dropped, ["reasoning"]);
}

#[test]
fn thinking_is_asked_for_where_the_vendor_documents_it() {
    let budget = json!({"thinking": {"type": "enabled", "budget_tokens": 2048}});
    let place = "/additionalModelRequestFields";
    check(budget.clone(), place, budget.clone(), &[]);
    let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    check_for(profile, budget.clone(), place, budget.clone(), &[]);
    check_for("us.meta.llama-z:0", budget, place, Value::Null, &["thinking"]);
    let top_k = json!({"top_k": 5});
    check(top_k.clone(), place, top_k.clone(), &[]);
    check_for(profile, top_k.clone(), place, top_k.clone(), &[]);
    check_for("us.meta.llama-z:0", top_k, place, Value::Null, &["top_k"]);
    let minimal = json!({"reasoning_effort": "minimal"});
    check(minimal.clone(), "/outputConfig", json!({"effort": "low"}), &[]);
    // Who may stand for any vendor's model is not told what only one takes.
    for model in [profile, "us.meta.llama-z:0"] {
        check_for(model, minimal.clone(), "/outputConfig", json!({"effort": "low"}), &[]);
        check_for(model, minimal.clone(), place, Value::Null, &[]);
    }
    let off = json!({"thinking": {"type": "disabled"}});
    check(json!({"reasoning_effort": "none"}), place, off, &[]);
    let warm = json!({"thinking": {"type": "adaptive"}, "temperature": 0.5});
    let shown = json!({"thinking": {"type": "adaptive", "display": "summarized"}});
    check(warm, place, shown, &["temperature"]);
}

#[test]
fn what_callers_of_anthropics_format_say_of_thinking_is_told_as_they_say_it() {
    for thinking in [
        json!({"type": "adaptive"}),
        json!({"type": "adaptive", "display": "omitted"}),
        json!({"type": "enabled", "budget_tokens": 2048, "display": "summarized"}),
        json!({"type": "between_tools"}),
        Value::Null,
    ] {
        let mut request = json!({"model": "m", "max_tokens": 9, "temperature": 0.5, "top_k": 7,
            "output_config": {"effort": "max"}, "thinking": thinking,
            "tools": [{"name": "f", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "any"}, "messages": [{"role": "user", "content": "Hi"}]});
        if thinking.is_null() {
            request.as_object_mut().unwrap().remove("thinking");
        }
        // On the other way to the same model, too, the provider judges it.
        let (body, dropped) = written(&ANTHROPIC_MESSAGES, "anthropic.claude-opus-4-8", &request);
        let additional = &body["additionalModelRequestFields"];
        assert_eq!((&additional["thinking"], &additional["top_k"]), (&thinking, &json!(7)));
        assert_eq!(body["outputConfig"]["effort"], "max");
        assert_eq!(body["inferenceConfig"]["temperature"], 0.5);
        assert_eq!(body["toolConfig"]["toolChoice"], json!({"any": {}}));
        assert!(dropped.is_empty(), "{dropped:?}");
    }
}

#[test]
fn a_schema_binds_the_answer() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "description": "d", "schema": schema, "strict": true}});
    let inner = json!({"schema": schema.to_string(), "name": "n", "description": "d"});
    let expected = json!({"type": "json_schema", "structure": {"jsonSchema": inner}});
    check(json!({"response_format": format}), "/outputConfig/textFormat", expected, &[]);
    let any = json!({"response_format": {"type": "json_object"}});
    check(any, "/outputConfig", Value::Null, &["response_format"]);
}

#[test]
fn notes_are_kept_as_far_as_they_are_permitted() {
    let notes = json!({"metadata": {"team": "a b", "mail": "x@example.com"}});
    check(notes.clone(), "/requestMetadata", notes["metadata"].clone(), &[]);
    let odd = json!({"metadata": {"team": "a", "odd": "☃", "long": "x".repeat(257)}});
    check(odd, "/requestMetadata", json!({"team": "a"}), &["metadata"]);
}

#[test]
fn documents_have_formats_and_names_of_their_own() {
    let file = |name: &str, media_type: &str| json!({"type": "file", "file": {"filename": name, "file_data": format!("data:{media_type};base64,aGk=")}});
    let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    let content =
        json!([file("a.pdf", "application/pdf"), file("a", docx), file("b_c.csv", "text/csv")]);
    let document = |format: &str, name: &str| json!({"document": {"format": format, "name": name, "source": {"bytes": "aGk="}}});
    let expected = |text: &str| json!([document("pdf", "a"), document("docx", "a 2"), document("csv", "b-c"), {"text": text}]);
    let asked = |content: &Value| json!({"messages": [{"role": "user", "content": content}]});
    // A text must stand beside documents.
    check(asked(&content), "/messages/0/content", expected("."), &[]);
    let mut content = content;
    content.as_array_mut().unwrap().push(json!({"type": "text", "text": "Sum up"}));
    check(asked(&content), "/messages/0/content", expected("Sum up"), &[]);
}

#[test]
fn what_the_model_would_not_see_is_refused() {
    let image = |url: &str| {
        let image = json!({"type": "image_url", "image_url": {"url": url}});
        json!({"model": "m", "messages": [{"role": "user", "content": [image]}]})
    };
    let said = refused(&OPENAI_CHAT, &image("https://example.com/a.png"));
    assert!(said.contains("cannot show an image at an address"), "{said}");
    let said = refused(&OPENAI_CHAT, &image("data:image/tiff;base64,aGk="));
    assert!(said.contains("cannot show an image in base64 (image/tiff)"), "{said}");
    let request = json!({"model": "m", "messages": [{"role": "system", "content": "Be terse."}]});
    let said = refused(&OPENAI_CHAT, &request);
    assert!(said.contains("needs a message beside instructions"), "{said}");
}

#[test]
fn instructions_in_mid_conversation_lose_their_place_and_that_is_said() {
    let messages = json!([
        {"role": "user", "content": "Hi"},
        {"role": "system", "content": "In French."},
        {"role": "user", "content": "Go on"},
    ]);
    check(
        json!({"messages": messages}),
        "/system",
        json!([{"text": "In French."}]),
        &["system.position"],
    );
}

/// A request of a caller's that is to be kept as its model says.
fn kept(dialect: &dyn Dialect, request: &Value) -> Value {
    let mut carried =
        ANTHROPIC_MESSAGES.decode_request(request.to_string().into()).expect("it is a request");
    let upstream = UpstreamRequest { model: "anthropic.claude-x", stream: true };
    let encoded = dialect.encode_request(&mut carried, &upstream).expect("it can be written");
    let mark = CacheMark { ttl: Some("1h".to_owned()), ..CacheMark::default() };
    let body = dialect.mark_for_cache(encoded.body, &mark);
    serde_json::from_slice(&body).expect("it is JSON")
}

#[test]
fn a_prompt_is_kept_at_its_ends_where_the_model_says_so_and_the_caller_nothing() {
    let point = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
    let said = |content: Value| {
        json!({"model": "m", "max_tokens": 9, "system": "Be terse.",
            "messages": [{"role": "user", "content": content}]})
    };
    let body = kept(&CONVERSE_CLAUDE, &said("a cachePoint?".into()));
    assert_eq!(body["system"], json!([{"text": "Be terse."}, point]));
    assert_eq!(body["messages"][0]["content"], json!([{"text": "a cachePoint?"}, point]));

    let mark = json!({"type": "ephemeral"});
    let own = said(json!([{"type": "text", "text": "Hi", "cache_control": mark}]));
    let body = kept(&CONVERSE_CLAUDE, &own);
    assert_eq!(body["system"], json!([{"text": "Be terse."}]));
    assert_eq!(body["messages"][0]["content"][1], json!({"cachePoint": {"type": "default"}}));

    let body = kept(&CONVERSE, &said("Hi".into()));
    assert!(!body.to_string().contains("cachePoint"), "{body}");
}

#[test]
fn a_mark_for_the_whole_is_one_at_its_end() {
    let request = json!({"model": "m", "max_tokens": 9, "system": "Be terse.",
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
        "messages": [{"role": "user", "content": "Hi"}]});
    let (body, dropped) = written(&ANTHROPIC_MESSAGES, "anthropic.claude-x", &request);
    let point = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
    assert_eq!(body["messages"][0]["content"], json!([{"text": "Hi"}, point]));
    assert_eq!(body["system"], json!([{"text": "Be terse."}]));
    assert!(dropped.is_empty(), "{dropped:?}");
}
