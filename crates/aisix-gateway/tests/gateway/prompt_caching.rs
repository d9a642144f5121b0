//! Models whose prompts are marked for the provider's cache: `auto_prompt_caching`.

use aisix_gateway::Settings;
use aisix_testing::ScriptedUpstream;
use serde_json::{Value, json};

use crate::common::spoken::{ANTHROPIC, CHAT, FORMATS, Family, MESSAGES, OPENAI, asked};
use crate::common::*;

/// What an upstream of this family receives for this body.
async fn received(family: &Family, path: &str, caching: &Value, body: &str) -> String {
    let upstream = ScriptedUpstream::start();
    let mut all = documents::standard(&upstream.base_url());
    all[0].1 = family.key(&upstream.base_url());
    all[1].1["provider"] = json!(family.name);
    all[1].1["auto_prompt_caching"] = caching.clone();
    let world = World::with(Settings::default(), &all);
    let spoken = FORMATS.iter().find(|spoken| spoken.path == path).unwrap_or(&CHAT);
    upstream.enqueue(family.whole(spoken, "ok"));
    assert_eq!(world.send(asked(path, body)).await.status, 200);
    upstream.next_request().await.text().to_owned()
}

const MARK: &str = r#""cache_control":{"type":"ephemeral"}"#;

#[tokio::test]
async fn a_verbatim_request_keeps_every_byte_but_the_marks() {
    let said = r#"{ "model":"my-gpt", "max_tokens" : 9,"system":"be \u006bind","messages":[{"role":"user","content":[{"type":"text","text":"hi"} ]}],"x":1e400 }"#;
    let told = said
        .replace("\"my-gpt\"", &format!("\"{UPSTREAM_MODEL}\""))
        .replace(
            r#""be \u006bind""#,
            &format!(r#"[{{"type":"text","text":"be \u006bind",{MARK}}}]"#),
        )
        .replace(r#""text":"hi"}"#, &format!(r#""text":"hi",{MARK}}}"#));
    let enabled = json!({"enabled": true});
    assert_eq!(received(&ANTHROPIC, MESSAGES.path, &enabled, said).await, told);
}

#[tokio::test]
async fn a_translated_request_is_marked_as_well() {
    let body = json!({"model": MODEL, "messages": [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]});
    let hour = json!({"enabled": true, "ttl": "1h"});
    let told = received(&ANTHROPIC, CHAT.path, &hour, &body.to_string()).await;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let mark = json!({"type": "ephemeral", "ttl": "1h"});
    let text = |text: &str| json!([{"type": "text", "text": text}]);
    let marked =
        |text: &str| json!([{"type": "text", "text": text, "cache_control": mark.clone()}]);
    assert_eq!(told["system"], marked("be kind"));
    let contents: Vec<_> =
        told["messages"].as_array().expect("a list").iter().map(|said| &said["content"]).collect();
    assert_eq!(contents, [&text("a"), &text("b"), &marked("c")]);
}

#[tokio::test]
async fn nothing_is_marked_where_that_is_off_or_unknown_or_done() {
    let of = |body: Value| body.to_string();
    let plain = of(MESSAGES.body(MODEL, "hi", false));
    let mut own = MESSAGES.body(MODEL, "hi", false);
    own["tools"] =
        json!([{"name": "t", "input_schema": {}, "cache_control": {"type": "ephemeral"}}]);
    let chat = of(CHAT.body(MODEL, "hi", false));
    let enabled = json!({"enabled": true});
    for (family, path, caching, body, marks) in [
        (&ANTHROPIC, MESSAGES.path, &json!({"enabled": false}), &plain, 0),
        (&ANTHROPIC, MESSAGES.path, &enabled, &of(own), 1),
        (&OPENAI, CHAT.path, &enabled, &chat, 0),
    ] {
        let told = received(family, path, caching, body).await;
        assert_eq!(told.matches("cache_control").count(), marks, "{told}");
    }
}
