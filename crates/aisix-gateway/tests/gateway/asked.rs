//! What a translated answer takes over from its request, and a relayed one does not.

use aisix_testing::{Reply, Response, ScriptedUpstream};
use serde_json::{Value, json};

use crate::common::spoken::{
    ANTHROPIC, CHAT, Family, OPENAI, RESPONSES, Spoken, asked, in_front_of,
};
use crate::common::*;

/// What the caller is told of this answer of an upstream's.
async fn told(family: &Family, spoken: &Spoken, request: &Value, reply: Reply) -> Response {
    let upstream = ScriptedUpstream::start();
    let world = in_front_of(family, &upstream);
    upstream.enqueue(reply);
    let answer = world.send(asked(spoken.path, request.to_string())).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

fn tool() -> Value {
    json!({"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": false})
}

#[tokio::test]
async fn translated_responses_repeat_their_request_whole_and_streamed() {
    let mut request = json!({
        "model": MODEL, "input": "Hi", "tools": [tool()], "tool_choice": "required",
        "previous_response_id": "resp_1", "parallel_tool_calls": false, "metadata": {"a": "b"}, "instructions": "Be terse.",
    });
    let whole = told(&ANTHROPIC, &RESPONSES, &request, ANTHROPIC.whole(&RESPONSES, "ok")).await;
    let dropped = whole.header("x-aisix-dropped").expect("something is left out");
    assert!(dropped.split(", ").any(|field| field == "previous_response_id"), "{dropped}");
    let whole: Value = serde_json::from_str(whole.text()).expect("JSON");
    request["stream"] = true.into();
    let stream = Reply::sse(ANTHROPIC.stream(&RESPONSES, &["ok"]));
    let streamed = told(&ANTHROPIC, &RESPONSES, &request, stream).await;
    let responses = streamed.text().lines().filter_map(|line| line.strip_prefix("data: "));
    let responses = responses.filter_map(|data| {
        let event: Value = serde_json::from_str(data).expect("JSON");
        event.get("response").cloned()
    });
    let all: Vec<_> = responses.chain([whole]).collect();
    assert_eq!(all.len(), 4, "begun, in progress, completed, and the whole one");
    let fields = ["tools", "tool_choice", "parallel_tool_calls", "metadata", "instructions"];
    for told in all {
        for field in fields {
            assert_eq!(told[field], request[field], "{field}");
        }
    }
}

#[tokio::test]
async fn a_relayed_answer_says_what_its_provider_says() {
    let request = json!({"model": MODEL, "input": "Hi", "tools": [tool()]});
    let body = json!({"id": "resp_1", "object": "response", "model": "m", "status": "completed",
                      "output": [], "tools": []})
    .to_string();
    let answer = told(&OPENAI, &RESPONSES, &request, Reply::json(200, body.clone())).await;
    assert_eq!(answer.text(), body.replace("\"m\"", &format!("\"{MODEL}\"")));
}

#[tokio::test]
async fn who_asks_by_functions_is_told_of_a_function_call() {
    let request = json!({
        "model": MODEL, "messages": [{"role": "user", "content": "Hi"}],
        "functions": [{"name": "f", "parameters": {"type": "object"}}],
    });
    let block = json!({"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}});
    let reply = json!({
        "id": "a", "type": "message", "role": "assistant", "model": "m", "content": [block],
        "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    });
    let answer = told(&ANTHROPIC, &CHAT, &request, Reply::json(200, reply.to_string())).await;
    let answer: Value = serde_json::from_str(answer.text()).expect("JSON");
    let choice = &answer["choices"][0];
    let call = json!({"name": "f", "arguments": "{\"a\":1}"});
    assert_eq!(
        (&choice["message"]["function_call"], &choice["finish_reason"]),
        (&call, &json!("function_call"))
    );
}
