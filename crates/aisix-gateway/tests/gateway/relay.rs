//! The happy path: what goes up, what comes down, and that nothing else changes on the way.

use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, ScriptedUpstream};

use crate::common::world::{chat, streamed, whole};
use crate::common::*;

/// Strange but valid: spaces, unknown fields, escapes, numbers that no float holds.
const ODD_REQUEST: &str = concat!(
    "\n { \"x_unknown\" : {\"deep\": [1e400, 0.10, null]},\t\"messages\":[{\"role\":\"user\",",
    "\"content\":\"\\u00e9 \\ud83d\\ude00 \\/ \u{e9}\",\"x\":12345678901234567890}],\r\n",
    " \"model\" :  \"my-gpt\" , \"seed\":-0, \"temperature\": 1.50 } \n",
);

#[tokio::test]
async fn relays_a_whole_answer_and_renames_only_the_model() {
    let upstream = ScriptedUpstream::start();
    let said = openai::chat_completion("Hello there, world");
    upstream.enqueue(Reply::json(200, said.clone()));
    let answer = World::of(&upstream).chat(whole("hi")).await;
    assert_answer(&answer, 200, &said.replace(openai::MODEL, MODEL));
    let received = upstream.next_request().await;
    assert_eq!(
        (received.method.as_str(), &*received.path_and_query),
        ("POST", "/chat/completions")
    );
    assert_eq!(received.text(), whole("hi").replace(MODEL, UPSTREAM_MODEL));
}

#[tokio::test]
async fn sends_up_every_byte_but_the_model_as_the_caller_wrote_it() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let answer = World::of(&upstream).chat(ODD_REQUEST).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let received = upstream.next_request().await;
    assert_eq!(received.text(), ODD_REQUEST.replace("\"my-gpt\"", "\"gpt-4o-mini\""));
}

#[tokio::test]
async fn passes_down_every_byte_but_the_model_as_the_upstream_wrote_it() {
    let upstream = ScriptedUpstream::start();
    let said = "{ \"choices\" : [ {\"index\":0, \"message\":{\"content\":\"\\u0041\",\"x\":1e999},\
                \"finish_reason\":\"stop\"}],\r\n \"model\": \"some \\\"model\\\"\", \"zzz\": null}\n";
    upstream.enqueue(Reply::json(200, said));
    let answer = World::of(&upstream).chat(whole("hi")).await;
    assert_answer(&answer, 200, &said.replace(r#""some \"model\"""#, r#""my-gpt""#));
}

#[tokio::test]
async fn names_the_model_also_where_the_upstream_did_not() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, r#"{"choices":[]}"#));
    let answer = World::of(&upstream).chat(whole("hi")).await;
    assert_answer(&answer, 200, r#"{"model":"my-gpt","choices":[]}"#);
}

#[tokio::test]
async fn names_of_models_are_escaped_where_they_are_spliced() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let name = "q\"uo\\te\u{1}é";
    let mut documents = documents::standard(&upstream.base_url());
    documents[1].1 = direct(name, "up\"stream", "pk");
    let world = World::with(aisix_gateway::Settings::default(), &documents);
    let answer = world.chat(openai::chat_request(name, "hi")).await;
    let body: serde_json::Value = answer.json();
    assert_eq!(body["model"], name);
    let sent: serde_json::Value = upstream.next_request().await.json();
    assert_eq!(sent["model"], "up\"stream");
}

#[tokio::test]
async fn relays_a_stream_and_asks_for_its_usage() {
    let upstream = ScriptedUpstream::start();
    let said = openai::chat_stream(["Hel", "lo"]);
    upstream.enqueue(Reply::sse(said.clone()));
    let mut answer = World::of(&upstream).stream(chat(streamed("hi"))).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.rest().await, said.concat().replace(openai::MODEL, MODEL));
    let asked = streamed("hi").replace(MODEL, UPSTREAM_MODEL).replacen(
        '{',
        r#"{"stream_options":{"include_usage":true},"#,
        1,
    );
    assert_eq!(upstream.next_request().await.text(), asked);
}

#[tokio::test]
async fn passes_the_callers_stream_options_as_they_are() {
    for options in [
        r#"{"include_usage":true}"#,
        r#"{"include_usage":false}"#,
        r#"{ "x": [1] , "include_usage" : true }"#,
        "{}",
    ] {
        let upstream = ScriptedUpstream::start();
        upstream.enqueue(Reply::sse(openai::chat_stream(["ok"])));
        let body = format!(
            r#"{{"model":"my-gpt","messages":[{{"role":"user"}}],"stream":true,"stream_options":{options}}}"#
        );
        let mut answer = World::of(&upstream).stream(chat(body.clone())).await;
        assert!(answer.rest().await.ends_with(openai::DONE));
        let sent = upstream.next_request().await;
        assert_eq!(sent.text(), body.replace(MODEL, UPSTREAM_MODEL));
    }
}

#[tokio::test]
async fn requests_in_a_row_share_one_upstream_connection() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("one")));
    upstream.enqueue(Reply::sse(openai::chat_stream(["two"])));
    upstream.enqueue(Reply::json(404, openai::error(404)));
    upstream.enqueue(Reply::json(200, openai::chat_completion("four")));
    let world = World::of(&upstream);
    assert_eq!(world.chat(whole("one")).await.status, 200);
    assert_eq!(world.chat(streamed("two")).await.status, 200);
    assert_eq!(world.chat(whole("three")).await.status, 404);
    assert_eq!(world.chat(whole("four")).await.status, 200);
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_the_upstream_closed_while_idle_costs_no_request() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("one")).close());
    upstream.enqueue(Reply::json(200, openai::chat_completion("two")));
    let world = World::of(&upstream);
    assert_eq!(world.chat(whole("one")).await.status, 200);
    upstream.wait_idle().await;
    assert_eq!(world.chat(whole("two")).await.status, 200);
}
