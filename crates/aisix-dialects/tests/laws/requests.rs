//! A request that is read and written again means the same.

use aisix_dialects::{CallerDialect, Dialect, OPENAI_CHAT, UpstreamRequest};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::generate::{fields, json, text, words};

proptest! {
    #[test]
    fn a_request_that_is_written_anew_means_the_same(request in request()) {
        let body = request.to_string();
        let mut carried = OPENAI_CHAT.decode_request(body.into()).expect("it is a request");
        let stream = carried.value_mut().expect("it decodes").stream;
        let upstream = UpstreamRequest { model: "m", stream };
        let encoded = OPENAI_CHAT.encode_request(&mut carried, &upstream).expect("it is written");
        prop_assert_eq!(&encoded.dropped, &[]);
        let written: Value = serde_json::from_slice(&encoded.body).expect("it is JSON");
        prop_assert_eq!(normal(written), normal(request));
    }
}

/// The forms that mean the same, as one form. The request's own documentation lists them.
fn normal(mut request: Value) -> Value {
    let fields = request.as_object_mut().expect("it is an object");
    fields.retain(|name, value| !(value.is_null() || name == "tools" && *value == json!([])));
    fields.entry("stream").or_insert(json!(false));
    if fields["stream"] == true {
        fields.entry("stream_options").or_insert(json!({"include_usage": true}));
    }
    match fields.get("stop") {
        Some(Value::Array(texts)) if texts.is_empty() => drop(fields.shift_remove("stop")),
        Some(text @ Value::String(_)) => {
            let list = json!([text]);
            fields.insert("stop".to_owned(), list);
        }
        _ => {}
    }
    for number in ["temperature", "top_p", "presence_penalty", "frequency_penalty"] {
        if let Some(value) = fields.get_mut(number) {
            *value = json!(value.as_f64());
        }
    }
    for message in fields["messages"].as_array_mut().expect("it is a list") {
        normal_message(message.as_object_mut().expect("it is an object"));
    }
    request
}

fn normal_message(message: &mut Map<String, Value>) {
    let of_model = message["role"] == "assistant";
    message.retain(|name, value| name == "content" || !value.is_null());
    let content = message.entry("content").or_insert(Value::Null);
    let mut refusals = String::new();
    if let Value::Array(parts) = content {
        parts.retain(|part| match (of_model, part["refusal"].as_str()) {
            (true, Some(refusal)) => {
                refusals.push_str(refusal);
                false
            }
            _ => true,
        });
        if let [only] = parts.as_slice()
            && only["type"] == "text"
            && only.as_object().is_some_and(|part| part.len() == 2)
        {
            *content = only["text"].clone();
        } else if parts.is_empty() {
            *content = Value::Null;
        }
    }
    if content.is_null() && !of_model {
        *content = json!("");
    }
    if !refusals.is_empty() || message.contains_key("refusal") {
        let field = message.get("refusal").and_then(Value::as_str).unwrap_or_default();
        refusals.push_str(field);
        message.insert("refusal".to_owned(), refusals.into());
    }
}

/// A request with every documented field, present or not.
fn request() -> impl Strategy<Value = Value> {
    let known = vec![
        ("temperature", number()),
        ("top_p", number()),
        ("presence_penalty", number()),
        ("frequency_penalty", number()),
        ("max_tokens", count()),
        ("max_completion_tokens", count()),
        ("n", count()),
        ("seed", any::<i64>().prop_map(Value::from).boxed()),
        ("logprobs", flag()),
        ("top_logprobs", count()),
        ("parallel_tool_calls", flag()),
        ("stream", flag()),
        ("stop", prop_oneof![string(), list(string(), 0..3), Just(Value::Null)].boxed()),
        ("tools", list(tool(), 0..3)),
        ("tool_choice", tool_choice()),
        ("response_format", response_format()),
        ("reasoning_effort", word("(none|minimal|low|medium|high)")),
        ("user", string()),
    ];
    let native = [
        "logit_bias",
        "metadata",
        "store",
        "service_tier",
        "modalities",
        "audio",
        "prediction",
        "verbosity",
        "web_search_options",
        "x-vendor",
    ];
    let native = native.into_iter().map(|name| (name, json().boxed())).collect();
    (fields(known), fields(native), vec(message(), 1..5)).prop_map(|(known, native, messages)| {
        let mut request = Map::from_iter([("model".to_owned(), json!("m"))]);
        request.extend(known.into_iter().chain(native));
        request.insert("messages".to_owned(), messages.into());
        if request.get("stream") == Some(&json!(true)) && messages_are_many(&request) {
            request.insert("stream_options".to_owned(), json!({"include_usage": false, "x": 1}));
        }
        Value::Object(request)
    })
}

fn messages_are_many(request: &Map<String, Value>) -> bool {
    request["messages"].as_array().is_some_and(|messages| messages.len() > 2)
}

fn message() -> impl Strategy<Value = Value> {
    let told = (word("(system|developer|user)"), content(), fields(vec![("name", string())]))
        .prop_map(|(role, content, more)| with(json!({"role": role, "content": content}), more));
    let said = vec![
        ("content", content()),
        ("refusal", prop_oneof![string(), Just(Value::Null)].boxed()),
        ("tool_calls", list(call(), 1..3)),
        ("function_call", function()),
        ("reasoning_content", words().prop_map(Value::from).boxed()),
        ("audio", words().prop_map(|id| json!({ "id": id })).boxed()),
        ("annotations", json().boxed()),
        ("name", string()),
    ];
    let said = fields(said).prop_map(|fields| with(json!({"role": "assistant"}), fields));
    let result = (words(), content())
        .prop_map(|(id, content)| json!({"role": "tool", "tool_call_id": id, "content": content}));
    let legacy = (words(), text())
        .prop_map(|(name, content)| json!({"role": "function", "name": name, "content": content}));
    prop_oneof![told, said, result, legacy]
}

fn content() -> BoxedStrategy<Value> {
    prop_oneof![string(), Just(Value::Null), list(part(), 0..4)].boxed()
}

fn part() -> BoxedStrategy<Value> {
    let url = prop_oneof![
        Just("https://example.com/a.png"),
        Just("data:image/png;base64,AAAA"),
        Just("data:image/svg+xml;charset=utf-8;base64,AAAA"),
        Just("data:,plain"),
        Just("data:;base64,AAAA"),
    ];
    let url = move || url.clone().prop_map(Value::from).boxed();
    let image = (url(), fields(vec![("detail", word("(low|high|auto)")), ("x", string())]));
    let file = fields(vec![("filename", string()), ("file_data", url()), ("file_id", string())]);
    prop_oneof![
        (text(), fields(vec![("cache_control", json().boxed())]))
            .prop_map(|(text, more)| with(json!({"type": "text", "text": text}), more)),
        words().prop_map(|text| json!({"type": "refusal", "refusal": text})),
        image.prop_map(|(url, more)| {
            json!({"type": "image_url", "image_url": with(json!({ "url": url }), more)})
        }),
        word("(wav|mp3|flac)").prop_map(|format| {
            json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": format}})
        }),
        file.prop_map(|file| json!({"type": "file", "file": file})),
        json().prop_map(|value| json!({"type": "hologram", "hologram": value})),
    ]
    .boxed()
}

fn call() -> BoxedStrategy<Value> {
    let function = (words(), function())
        .prop_map(|(id, function)| json!({"id": id, "type": "function", "function": function}));
    let custom = (words(), text()).prop_map(|(id, input)| {
        json!({"id": id, "type": "custom", "custom": {"name": "run", "input": input}})
    });
    prop_oneof![function, custom].boxed()
}

fn function() -> BoxedStrategy<Value> {
    (words(), text())
        .prop_map(|(name, arguments)| json!({"name": name, "arguments": arguments}))
        .boxed()
}

fn tool() -> BoxedStrategy<Value> {
    let more = vec![
        ("description", string()),
        ("parameters", json().boxed()),
        ("strict", flag()),
        ("x", json().boxed()),
    ];
    let function = (words(), fields(more)).prop_map(
        |(name, more)| json!({"type": "function", "function": with(json!({ "name": name }), more)}),
    );
    let custom = json().prop_map(|custom| json!({"type": "custom", "custom": custom}));
    prop_oneof![function, custom].boxed()
}

fn tool_choice() -> BoxedStrategy<Value> {
    let named = words().prop_map(|name| json!({"type": "function", "function": {"name": name}}));
    prop_oneof![word("(auto|none|required)"), named, json()].boxed()
}

fn response_format() -> BoxedStrategy<Value> {
    let schema = vec![
        ("description", string()),
        ("schema", json().boxed()),
        ("strict", flag()),
        ("x", string()),
    ];
    let schema = (words(), fields(schema)).prop_map(|(name, more)| {
        json!({"type": "json_schema", "json_schema": with(json!({ "name": name }), more)})
    });
    let plain = word("(text|json_object)").prop_map(|kind| json!({ "type": kind }));
    prop_oneof![plain, schema, json()].boxed()
}

fn with(mut object: Value, more: Map<String, Value>) -> Value {
    object.as_object_mut().expect("it is an object").extend(more);
    object
}

fn list(of: BoxedStrategy<Value>, size: std::ops::Range<usize>) -> BoxedStrategy<Value> {
    vec(of, size).prop_map(Value::from).boxed()
}

fn word(pattern: &'static str) -> BoxedStrategy<Value> {
    pattern.prop_map(Value::from).boxed()
}

fn string() -> BoxedStrategy<Value> {
    text().prop_map(Value::from).boxed()
}

fn flag() -> BoxedStrategy<Value> {
    any::<bool>().prop_map(Value::from).boxed()
}

fn count() -> BoxedStrategy<Value> {
    (0..100_000u32).prop_map(Value::from).boxed()
}

/// Numbers that every parser reads alike, to the last bit.
fn number() -> BoxedStrategy<Value> {
    let fraction = (-128i32..128).prop_map(|number| Value::from(f64::from(number) / 64.0));
    prop_oneof![(-2i32..3).prop_map(Value::from), fraction].boxed()
}
