use aisix_testing::{Request, Response};
use serde_json::{Value, json};

use super::{MODEL, StandIn};

const SECRET: &str = "sk-of-the-provider";

async fn ask(credential: &str, body: Value) -> Response {
    let stand_in = StandIn::start(SECRET).await.unwrap();
    let address = stand_in.base_url().trim_start_matches("http://").trim_end_matches("/v1");
    let request = Request::post("/v1/chat/completions").bearer(credential).json(body.to_string());
    request.send(address).await
}

fn hello() -> Value {
    json!({"model": MODEL, "messages": [{"role": "user", "content": "Hello there"}]})
}

#[tokio::test]
async fn answers_whole_with_what_was_said() {
    let answer: Value = ask(SECRET, hello()).await.json();
    let content = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(content.starts_with("You said: \"Hello there\""), "{content}");
    assert_eq!(answer["usage"]["prompt_tokens"], 2);
    assert_eq!(answer["usage"]["completion_tokens"], content.split_whitespace().count());
}

#[tokio::test]
async fn answers_in_words_when_asked_to_stream() {
    let mut body = hello();
    body["stream"] = true.into();
    body["stream_options"] = json!({"include_usage": true});
    let answer = ask(SECRET, body).await;
    let events: Vec<_> = answer.text().split_terminator("\n\n").collect();
    let (done, chunks) = events.split_last().unwrap();
    let chunks: Vec<Value> = chunks
        .iter()
        .map(|chunk| serde_json::from_str(chunk.strip_prefix("data: ").unwrap()).unwrap())
        .collect();
    let content: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(*done, "data: [DONE]");
    assert!(content.starts_with("You said: \"Hello there\""), "{content}");
    assert_eq!(chunks.last().unwrap()["usage"]["prompt_tokens"], 2);
}

#[tokio::test]
async fn reads_the_text_of_parts() {
    let parts = json!([{"type": "image_url"}, {"type": "text", "text": "Hi"}]);
    let body = json!({"model": MODEL, "messages": [{"role": "user", "content": parts}]});
    let answer: Value = ask(SECRET, body).await.json();
    let content = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(content.starts_with("You said: \"Hi\""), "{content}");
}

#[tokio::test]
async fn refuses_every_credential_but_its_own() {
    let answer = ask("sk-of-a-caller", hello()).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json::<Value>()["error"]["code"], "invalid_api_key");
}

#[tokio::test]
async fn refuses_what_it_cannot_read_and_other_models() {
    assert_eq!(ask(SECRET, json!({"model": MODEL})).await.status, 400);
    let mut other = hello();
    other["model"] = "gpt-4o".into();
    assert_eq!(ask(SECRET, other).await.status, 404);
}
