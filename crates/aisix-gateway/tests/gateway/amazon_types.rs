//! What Converse receives is what Amazon publishes: every reviewed request of every format that callers
//! speak, translated.

use aisix_dialects::{ANTHROPIC_MESSAGES, CONVERSE, CallerDialect, OPENAI_CHAT};
use aisix_testing::botocore;
use serde_json::{Value, json};

use crate::common::reviewed;

/// One of the vendor that documents more than others, and one of another.
const MODELS: [&str; 2] = ["anthropic.claude-x-v1:0", "us.meta.llama-z:0"];

/// What callers send back of an answer of Converse's; in no reviewed file, because no other format
/// takes its seals.
fn sealed() -> Value {
    json!({"model": "m", "max_tokens": 1024, "messages": [
        {"role": "user", "content": "Weather in Paris?"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "So.", "signature": "aisix-seal:converse:seal"},
            {"type": "redacted_thinking", "data": "aisix-seal:converse:YmxvYg=="},
            {"type": "tool_use", "id": "t", "name": "weather", "input": {"city": "Paris"}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t", "content": "Where?", "is_error": true},
        ]},
    ]})
}

/// What only this format takes: media that lie in Amazon's store.
fn stored() -> Value {
    let url = |kind: &str, url: &str| json!({"type": kind, kind: {"url": url}});
    json!({"model": "m", "messages": [{"role": "user", "content": [
        url("image_url", "s3://bucket/image.png"), url("video_url", "s3://bucket/film.mp4"),
        {"type": "text", "text": "What do they show?"},
    ]}]})
}

#[test]
fn what_converse_receives_is_what_amazon_publishes() {
    let mut received = reviewed::received(&CONVERSE, &MODELS);
    let more: [(&dyn CallerDialect, _); 2] =
        [(&ANTHROPIC_MESSAGES, sealed()), (&OPENAI_CHAT, stored())];
    received.extend(more.into_iter().flat_map(|(caller, request)| {
        reviewed::written(&CONVERSE, caller, request.to_string().into(), MODELS[0])
    }));
    for said in [
        "reasoningText",
        "redactedContent",
        "s3Location",
        "\"audio\"",
        "\"video\"",
        "\"status\":\"error\"",
    ] {
        let holds = |body: &[u8]| String::from_utf8_lossy(body).contains(said);
        assert!(received.iter().any(|one| holds(&one.body)), "one of them holds {said}");
    }
    let operations = ["Converse", "ConverseStream"];
    let all = operations.into_iter().flat_map(|operation| {
        received.iter().map(move |one| (one, botocore::body(operation, one.model, &one.body)))
    });
    let (whose, claims): (Vec<_>, Vec<_>) = all.unzip();
    let judged = whose.into_iter().zip(botocore::wrong(&claims));
    let wrong: Vec<_> = judged.filter(|(_, wrong)| !wrong.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_judge_sees_what_is_no_body() {
    let judged = |content: Value, more: Value| {
        let mut body = json!({"messages": [{"role": "user", "content": [content]}]});
        let fields = body.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("an object").clone());
        let claim = botocore::body("Converse", "m", body.to_string().as_bytes());
        botocore::wrong(&[claim]).concat().concat()
    };
    let text = json!({"text": "Hi"});
    assert_eq!(judged(text.clone(), json!({})), "");
    let image = |format: &str, bytes: &str| json!({"image": {"format": format, "source": {"bytes": bytes}}});
    for (content, more, complaint) in [
        (text.clone(), json!({"unknown": 1}), "unknown"),
        (text.clone(), json!({"inferenceConfig": {"maxTokens": "9"}}), "maxTokens"),
        (text, json!({"toolConfig": {}}), "tools"),
        (json!({"text": "Hi", "image": {}}), json!({}), ""),
        (image("tiff", "aGk="), json!({}), "'tiff' is none of"),
        (image("png", "no base64"), json!({}), "no base64"),
        (
            json!({"toolUse": {"toolUseId": "t", "name": "a b", "input": {}}}),
            json!({}),
            "does not match",
        ),
    ] {
        let wrong = judged(content.clone(), more.clone());
        assert!(!wrong.is_empty() && wrong.contains(complaint), "{content} {more}: {wrong}");
    }
}
