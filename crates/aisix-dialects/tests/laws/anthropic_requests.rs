//! A request that is read and written again means the same: Anthropic's Messages.

use aisix_dialects::{ANTHROPIC_MESSAGES, CallerDialect, Dialect, UpstreamRequest};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::generate::{fields, json, object, text, words};

proptest! {
    #[test]
    fn a_messages_request_that_is_written_anew_means_the_same(request in request()) {
        let body = request.to_string();
        let mut carried = ANTHROPIC_MESSAGES.decode_request(body.into()).expect("it is a request");
        let stream = carried.value_mut().expect("it decodes").stream;
        let upstream = UpstreamRequest { model: "m", stream };
        let encoded = ANTHROPIC_MESSAGES.encode_request(&mut carried, &upstream).expect("written");
        prop_assert_eq!(&encoded.dropped, &[]);
        let written: Value = serde_json::from_slice(&encoded.body).expect("it is JSON");
        prop_assert_eq!(normal(written), normal(request));
    }

    #[test]
    fn a_relayed_messages_request_differs_in_its_model_only(request in request()) {
        let body = request.to_string();
        let mut carried = ANTHROPIC_MESSAGES.decode_request(body.into()).expect("it is a request");
        let upstream = UpstreamRequest { model: "up", stream: carried.outline().stream };
        let encoded = ANTHROPIC_MESSAGES.encode_request(&mut carried, &upstream).expect("relayed");
        let mut expected = request;
        expected["model"] = "up".into();
        prop_assert_eq!(String::from_utf8_lossy(&encoded.body), expected.to_string());
    }
}

/// The forms that mean the same, as one form. The request's own documentation lists them.
fn normal(mut request: Value) -> Value {
    let fields = request.as_object_mut().expect("it is an object");
    let nothing = |name: &str, value: &Value| {
        value.is_null() || ["tools", "stop_sequences"].contains(&name) && *value == json!([])
    };
    fields.retain(|name, value| !nothing(name, value));
    fields.entry("stream").or_insert(json!(false));
    for number in ["temperature", "top_p"] {
        if let Some(value) = fields.get_mut(number) {
            *value = json!(value.as_f64());
        }
    }
    if let Some(system) = fields.get_mut("system") {
        normal_content(system);
        if *system == json!([]) || *system == json!([{"type": "text", "text": ""}]) {
            fields.shift_remove("system");
        }
    }
    for tool in fields.get_mut("tools").and_then(Value::as_array_mut).into_iter().flatten() {
        normal_tool(tool.as_object_mut().expect("it is an object"));
    }
    for message in fields["messages"].as_array_mut().expect("it is a list") {
        normal_content(&mut message["content"]);
    }
    request
}

fn normal_tool(tool: &mut Map<String, Value>) {
    if tool.get("type").is_some_and(|kind| kind == "custom") {
        tool.shift_remove("type");
    }
    tool.retain(|_, value| !value.is_null());
}

/// A text is a list of one block; and of a block, what it leaves out is as good as said.
fn normal_content(content: &mut Value) {
    if let Value::String(text) = content {
        *content = json!([{"type": "text", "text": text}]);
    }
    for block in content.as_array_mut().into_iter().flatten() {
        let block = block.as_object_mut().expect("it is an object");
        match block["type"].as_str() {
            Some("tool_result") => {
                if block.get("is_error") == Some(&json!(false)) {
                    block.shift_remove("is_error");
                }
                match block.get_mut("content") {
                    Some(empty) if *empty == json!([]) => drop(block.shift_remove("content")),
                    Some(content) => normal_content(content),
                    None => {}
                }
            }
            Some("tool_use") => drop(block.entry("input").or_insert(json!({}))),
            Some("text") if block.get("citations") == Some(&json!([])) => {
                block.shift_remove("citations");
            }
            _ => {}
        }
    }
}

/// A request with every documented field, present or not.
fn request() -> impl Strategy<Value = Value> {
    let known = vec![
        ("max_tokens", (0..100_000u32).prop_map(Value::from).boxed()),
        ("system", prop_oneof![string(), list(block_of_text(), 0..3)].boxed()),
        ("temperature", number()),
        ("top_p", number()),
        ("top_k", (0..500u32).prop_map(Value::from).boxed()),
        ("stop_sequences", list(string(), 0..3)),
        ("stream", any::<bool>().prop_map(Value::from).boxed()),
        ("tools", list(tool(), 0..3)),
        ("tool_choice", tool_choice()),
        ("thinking", thinking()),
        ("output_config", output_config()),
        ("metadata", metadata()),
    ];
    let native = ["service_tier", "container", "cache_control", "mcp_servers", "x-later"];
    let native = native.into_iter().map(|name| (name, json().boxed())).collect();
    (fields(known), fields(native), vec(message(), 1..4)).prop_map(|(known, native, messages)| {
        let mut request = Map::from_iter([("model".to_owned(), json!("m"))]);
        request.extend(known.into_iter().chain(native));
        request.insert("messages".to_owned(), messages.into());
        Value::Object(request)
    })
}

fn message() -> impl Strategy<Value = Value> {
    let content = prop_oneof![string(), list(block(), 0..4)];
    ("(user|assistant|system)", content)
        .prop_map(|(role, content)| json!({"role": role, "content": content}))
}

fn block_of_text() -> BoxedStrategy<Value> {
    let more = fields(vec![("cache_control", cache_control()), ("x", words_value())]);
    (text(), more)
        .prop_map(|(text, more)| with(json!({"type": "text", "text": text}), more))
        .boxed()
}

fn block() -> BoxedStrategy<Value> {
    let source = prop_oneof![
        Just(json!({"type": "base64", "media_type": "image/png", "data": "AAAA"})),
        Just(json!({"type": "base64", "data": "AAAA"})),
        Just(json!({"type": "url", "url": "https://example.com/a"})),
        Just(json!({"type": "text", "media_type": "text/plain", "data": "words"})),
        Just(json!({"type": "file", "file_id": "file_1"})),
        Just(json!({"type": "content", "content": []})),
    ];
    let more = fields(vec![
        ("cache_control", cache_control()),
        ("title", words_value()),
        ("context", words_value()),
        ("citations", Just(json!({"enabled": true})).boxed()),
    ]);
    let media = ("(image|document)", source, more)
        .prop_map(|(kind, source, more)| with(json!({"type": kind, "source": source}), more));
    let call = (words(), words(), object("[a-z]{1,4}", json())).prop_map(
        |(id, name, input)| json!({"type": "tool_use", "id": id, "name": name, "input": input}),
    );
    let cited = (words(), json()).prop_map(|(text, more)| {
        let citation = json!({"type": "page_location", "cited_text": text, "more": more});
        json!({"type": "text", "text": text, "citations": [citation]})
    });
    let inner = prop_oneof![string(), list(block_of_text(), 0..3)];
    let result = fields(vec![
        ("content", inner.boxed()),
        ("is_error", any::<bool>().prop_map(Value::from).boxed()),
        ("cache_control", cache_control()),
    ]);
    let result = (words(), result)
        .prop_map(|(id, more)| with(json!({"type": "tool_result", "tool_use_id": id}), more));
    let thought = (text(), words())
        .prop_map(|(text, seal)| json!({"type": "thinking", "thinking": text, "signature": seal}));
    let redacted = words().prop_map(|data| json!({"type": "redacted_thinking", "data": data}));
    let later = json().prop_map(|value| json!({"type": "hologram", "hologram": value}));
    prop_oneof![block_of_text(), cited, media, call, result, thought, redacted, later].boxed()
}

fn tool() -> BoxedStrategy<Value> {
    let more = fields(vec![
        ("description", string()),
        ("strict", any::<bool>().prop_map(Value::from).boxed()),
        ("type", Just(json!("custom")).boxed()),
        ("cache_control", cache_control()),
        ("defer_loading", any::<bool>().prop_map(Value::from).boxed()),
    ]);
    let function = (words(), object("[a-z]{1,4}", json()), more)
        .prop_map(|(name, schema, more)| with(json!({"name": name, "input_schema": schema}), more));
    let native =
        json().prop_map(|value| json!({"type": "web_search_1", "name": "x", "more": value}));
    prop_oneof![function, native].boxed()
}

fn tool_choice() -> BoxedStrategy<Value> {
    let alone =
        || fields(vec![("disable_parallel_tool_use", any::<bool>().prop_map(Value::from).boxed())]);
    let plain = ("(auto|any|none|later)", alone())
        .prop_map(|(kind, alone)| with(json!({"type": kind}), alone));
    let named = (words(), alone())
        .prop_map(|(name, alone)| with(json!({"type": "tool", "name": name}), alone));
    prop_oneof![plain, named, json()].boxed()
}

fn thinking() -> BoxedStrategy<Value> {
    let display =
        || fields(vec![("display", "(summarized|omitted)".prop_map(Value::from).boxed())]);
    let enabled = (1024..9999u32, display())
        .prop_map(|(n, more)| with(json!({"type": "enabled", "budget_tokens": n}), more));
    let other = ("(adaptive|disabled|between_tools)", display())
        .prop_map(|(kind, more)| with(json!({"type": kind}), more));
    prop_oneof![enabled, other, json()].boxed()
}

fn output_config() -> BoxedStrategy<Value> {
    let schema = object("[a-z]{1,4}", json())
        .prop_map(|schema| json!({"type": "json_schema", "schema": schema}));
    fields(vec![
        ("effort", "(low|medium|high|xhigh|max)".prop_map(Value::from).boxed()),
        ("format", prop_oneof![schema, json()].boxed()),
        ("task_budget", json().boxed()),
    ])
    .prop_map(Value::Object)
    .boxed()
}

fn metadata() -> BoxedStrategy<Value> {
    fields(vec![("user_id", string()), ("tenant", string())]).prop_map(Value::Object).boxed()
}

fn cache_control() -> BoxedStrategy<Value> {
    let known = prop_oneof![
        Just(json!({"type": "ephemeral"})),
        Just(json!({"type": "ephemeral", "ttl": "1h"})),
        Just(json!({"type": "persistent"})),
    ];
    known.boxed()
}

fn with(mut object: Value, more: Map<String, Value>) -> Value {
    object.as_object_mut().expect("it is an object").extend(more);
    object
}

fn list(of: BoxedStrategy<Value>, size: std::ops::Range<usize>) -> BoxedStrategy<Value> {
    vec(of, size).prop_map(Value::from).boxed()
}

fn string() -> BoxedStrategy<Value> {
    text().prop_map(Value::from).boxed()
}

fn words_value() -> BoxedStrategy<Value> {
    words().prop_map(Value::from).boxed()
}

/// Numbers that every parser reads alike, to the last bit.
fn number() -> BoxedStrategy<Value> {
    (-128i32..128).prop_map(|number| Value::from(f64::from(number) / 64.0)).boxed()
}
