//! Embeddings that take several calls: one attempt all the same.

use aisix_gateway::Settings;
use aisix_testing::botocore;
use aisix_testing::{Gate, Received, Reply, ScriptedUpstream};
use serde_json::{Value, json};

use crate::bedrock::{SIGNER, assert_untold, signed};
use crate::common::granted::raw;
use crate::common::spoken::asked;
use crate::common::*;

const TITAN: &str = "amazon.titan-embed-text-v2:0";
const COHERE: &str = "us.cohere.embed-v4:0";
const PATH: &str = "/v1/embeddings";

fn request(texts: &[&str]) -> Value {
    json!({"model": MODEL, "input": texts})
}

/// The text of a call to Titan.
fn text(call: &Received) -> String {
    call.json::<Value>()["inputText"].as_str().expect("a text").to_owned()
}

/// What Titan answers: the length of the text, and that as the number of its tokens.
fn titan(text: &str) -> String {
    json!({"embedding": [text.len(), 0.1], "inputTextTokenCount": text.len()}).to_string()
}

/// What OpenAI would answer with these embeddings.
fn told(model: &str, embeddings: &[Value], tokens: u64) -> Value {
    let data = embeddings.iter().enumerate().map(
        |(index, embedding)| json!({"object": "embedding", "index": index, "embedding": embedding}),
    );
    json!({
        "object": "list", "data": data.collect::<Value>(), "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    })
}

#[tokio::test]
async fn a_model_that_takes_one_text_is_called_for_each_of_them_and_told_in_their_order() {
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, TITAN);
    let gate = Gate::new();
    let first = gate.clone();
    upstream.respond_with(move |call| match &*text(call) {
        "a" => Reply::new().wait_for(&first).step(raw(&titan("a"))),
        other => Reply::json(200, titan(other)),
    });
    let mut body = request(&["a", "bb", "ccc"]);
    body["dimensions"] = json!(256);
    body["user"] = json!("u");
    let (answer, calls) = tokio::join!(world.send(asked(PATH, &body)), async {
        let calls = [(); 3].map(|()| upstream.next_request());
        let calls = futures_util::future::join_all(calls).await;
        // The first answer comes last.
        gate.open();
        calls
    });
    assert_eq!(answer.status, 200, "{}", answer.text());
    let embeddings = [json!([1, 0.1]), json!([2, 0.1]), json!([3, 0.1])];
    assert_eq!(answer.json::<Value>(), told(TITAN, &embeddings, 6));
    assert_eq!(answer.header("x-aisix-dropped"), Some("user"));
    let outcome = world.recorder.outcome(answer.header("x-aisix-request-id").expect("an id")).await;
    assert_eq!((outcome.attempts, outcome.usage.map(|usage| usage.input)), (1, Some(6)));
    let mut claims = Vec::new();
    for call in &calls {
        assert_eq!(call.path_and_query, "/model/amazon.titan-embed-text-v2%3A0/invoke");
        let expected = json!({"inputText": text(call), "dimensions": 256});
        assert_eq!(call.json::<Value>(), expected);
        assert_untold(call);
        claims.push(botocore::request("InvokeModel", call, Some(SIGNER)));
    }
    botocore::assert(&claims);
}

#[tokio::test]
async fn no_more_than_eight_calls_are_under_way_at_once() {
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, TITAN);
    let gate = Gate::new();
    let waits = gate.clone();
    upstream.respond_with(move |call| Reply::new().wait_for(&waits).step(raw(&titan(&text(call)))));
    let texts: Vec<_> = (0..20).map(|number| "x".repeat(number + 1)).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let (answer, ()) = tokio::join!(world.send(asked(PATH, request(&texts))), async {
        gate.reached_times(8).await;
        assert_eq!(upstream.requests().len(), 8);
        gate.open();
    });
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer: Value = answer.json();
    let first = |item: &Value| item["embedding"][0].as_u64();
    let data = answer["data"].as_array().expect("a list");
    assert!(data.iter().map(first).eq((1..=20).map(Some)), "{answer}");
    assert_eq!(upstream.requests().len(), 20);
}

#[tokio::test]
async fn the_first_call_that_fails_is_how_all_fail_and_the_others_are_dropped() {
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, TITAN);
    let gate = Gate::new();
    let waits = gate.clone();
    upstream.respond_with(move |call| match &*text(call) {
        "b" => {
            let said = json!({"message": "slow down"}).to_string();
            let failed = Reply::json(429, said).header("retry-after", "7");
            let bytes = failed.header("x-amzn-errortype", "ThrottlingException").to_bytes();
            Reply::new().wait_for(&waits).bytes(bytes)
        }
        _ => Reply::new().hang(),
    });
    let (answer, ()) = tokio::join!(world.send(asked(PATH, request(&["a", "b", "c"]))), async {
        let calls = [(); 3].map(|()| upstream.next_request());
        futures_util::future::join_all(calls).await;
        gate.open();
    });
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(error_of(&answer)["code"], "rate_limit_exceeded");
    let outcome = world.recorder.outcome(answer.header("x-aisix-request-id").expect("an id")).await;
    assert_eq!((outcome.status, outcome.attempts), (429, 1));
    for _dropped in 0..2 {
        upstream.wait_disconnected().await;
    }
    assert_eq!(upstream.requests().len(), 3);
}

#[tokio::test]
async fn a_group_goes_on_where_one_of_several_calls_fails() {
    let (bedrock, openai) = (ScriptedUpstream::start(), ScriptedUpstream::start());
    let mut all = documents_of(&bedrock, TITAN, &json!({}));
    all.push(("provider_keys/o".to_owned(), provider_key("o", &openai.base_url())));
    all.push(("models/o".to_owned(), direct("o", "text-embedding-3-small", "o")));
    all.push(("models/g".to_owned(), group("g", &[MODEL, "o"])));
    all.retain(|(key, _)| !key.starts_with("api_keys/"));
    all.push(("api_keys/k".to_owned(), api_key(CALLER, &["*"])));
    let world = World::with(Settings::default(), &all);
    bedrock.respond_with(|call| match &*text(call) {
        "b" => Reply::json(503, "{}"),
        other => Reply::json(200, titan(other)),
    });
    let said = told("text-embedding-3-small", &[json!([1]), json!([2])], 2).to_string();
    openai.always(Reply::json(200, said.clone()));
    let mut body = request(&["a", "b"]);
    body["model"] = json!("g");
    let answer = world.send(asked(PATH, body)).await;
    assert_answer(&answer, 200, &said);
    assert_eq!(answer.header("x-aisix-served-by"), Some("o"));
    let outcome = world.recorder.outcome(answer.header("x-aisix-request-id").expect("an id")).await;
    assert_eq!(outcome.attempts, 2);
}

#[tokio::test]
async fn calls_that_have_not_begun_when_one_fails_are_never_made() {
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, TITAN);
    upstream.always(Reply::json(400, json!({"message": "too long"}).to_string()));
    let answer = world.send(asked(PATH, request(&["x"; 100]))).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    upstream.wait_idle().await;
    assert!(upstream.requests().len() < 100, "{}", upstream.requests().len());
}

#[tokio::test]
async fn a_caller_that_leaves_takes_all_calls_with_it() {
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, TITAN);
    let gate = Gate::new();
    upstream.always(Reply::new().wait_for(&gate).hang());
    tokio::select! {
        answer = world.stream(asked(PATH, request(&["a", "b", "c"]))) => {
            panic!("an answer: {}", answer.status())
        }
        () = gate.reached_times(3) => {}
    }
    gate.open();
    for _call in 0..3 {
        upstream.wait_disconnected().await;
    }
    assert_eq!(world.shared.in_flight(), 0);
}

#[tokio::test]
async fn the_time_that_an_answer_may_take_holds_for_all_calls_together() {
    let upstream = ScriptedUpstream::start();
    let mut all = documents_of(&upstream, TITAN, &json!({}));
    all[1].1["timeout"] = json!(30);
    let world = World::with(Settings::default(), &all);
    upstream.respond_with(|call| match &*text(call) {
        "b" => Reply::new().hang(),
        other => Reply::json(200, titan(other)),
    });
    let answer = world.send(asked(PATH, request(&["a", "b", "c"]))).await;
    assert_eq!(answer.status, 504, "{}", answer.text());
}

/// Documents with this model behind Bedrock, whose key changes requests so.
fn documents_of(upstream: &ScriptedUpstream, model: &str, quirks: &Value) -> documents::Documents {
    let mut all = documents::standard(&upstream.base_url());
    all[0].1 = json!({
        "display_name": "pk", "provider": "aws", "adapter": "bedrock", "request": quirks,
        "secret": SIGNER.secret(), "api_base": upstream.base_url(),
    });
    all[1].1 = direct(MODEL, model, "pk");
    all
}

/// What Cohere answers, and what Bedrock counts.
fn cohere(texts: usize, tokens: &str) -> Reply {
    let vectors: Vec<_> = (0..texts).map(|number| [number]).collect();
    let body = json!({"id": "1", "response_type": "embeddings_floats", "embeddings": vectors});
    Reply::json(200, body.to_string()).header("x-amzn-bedrock-input-token-count", tokens)
}

#[tokio::test]
async fn texts_go_to_cohere_by_the_96_and_bedrock_counts_their_tokens() {
    let upstream = ScriptedUpstream::start();
    let quirks = json!({"default_body_fields": {"truncate": "RIGHT"}});
    let world = World::with(Settings::default(), &documents_of(&upstream, COHERE, &quirks));
    upstream.respond_with(|call| {
        let texts = call.json::<Value>()["texts"].as_array().expect("a list").len();
        cohere(texts, if texts == 96 { "40" } else { "2" })
    });
    let mut body = request(&["x"; 100]);
    body["input_type"] = json!("search_query");
    body["dimensions"] = json!(512);
    let answer = world.send(asked(PATH, &body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-aisix-dropped"), None);
    let embeddings: Vec<_> = (0..96).chain(0..4).map(|number| json!([number])).collect();
    assert_eq!(answer.json::<Value>(), told(COHERE, &embeddings, 42));
    let calls = upstream.requests();
    let mut sizes: Vec<_> = calls
        .iter()
        .map(|call| {
            assert_eq!(call.path_and_query, "/model/us.cohere.embed-v4%3A0/invoke");
            let mut said: Value = call.json();
            let texts = said["texts"].take().as_array().map(Vec::len);
            let expected = json!({
                "truncate": "RIGHT", "texts": null, "input_type": "search_query",
                "output_dimension": 512,
            });
            assert_eq!(said, expected);
            texts
        })
        .collect();
    sizes.sort();
    assert_eq!(sizes, [Some(4), Some(96)]);
    let claim = |call| botocore::request("InvokeModel", call, Some(SIGNER));
    botocore::assert(&calls.iter().map(claim).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_judge_of_calls_knows_what_the_models_take() {
    let upstream = ScriptedUpstream::start();
    for (model, field, value) in [
        (TITAN, "inputImage", json!("aGk=")),
        (TITAN, "dimensions", json!(257)),
        (COHERE, "truncate", json!("START")),
    ] {
        let quirks = json!({"default_body_fields": {field: value}});
        let world = World::with(Settings::default(), &documents_of(&upstream, model, &quirks));
        upstream.enqueue(Reply::json(400, "{}"));
        world.send(asked(PATH, request(&["a"]))).await;
        let call = upstream.next_request().await;
        let wrong = botocore::wrong(&[botocore::request("InvokeModel", &call, Some(SIGNER))]);
        assert!(wrong[0].len() == 1 && wrong[0][0].contains(field), "{wrong:?}");
    }
}

#[tokio::test]
async fn tokens_that_bedrock_does_not_count_are_estimated_and_not_told() {
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, COHERE);
    upstream.always(cohere(1, "?"));
    let answer = world.send(asked(PATH, request(&["one two three"]))).await;
    assert_eq!(answer.json::<Value>(), told(COHERE, &[json!([0])], 0));
    let id = answer.header("x-aisix-request-id").expect("an id");
    let line = logs::access_line(id).await;
    assert!(line.contains("usage_estimated=true") && line.contains("prompt_tokens=3"), "{line}");
}

#[tokio::test]
async fn an_answer_that_is_none_is_the_upstreams_fault() {
    let upstream = ScriptedUpstream::start();
    for (model, bodies) in [
        (
            TITAN,
            [
                json!({}),
                json!({"embedding": null}),
                json!({"embedding": []}),
                json!({"embedding": ["1"]}),
                json!({"embedding": {"0": 1}}),
                json!("no object"),
            ],
        ),
        (
            COHERE,
            [
                json!({}),
                json!({"embeddings": [[1]]}),
                json!({"embeddings": [[1], [2], [3]]}),
                json!({"embeddings": [[1], [null]]}),
                json!({"embeddings": {"int8": [[1], [2]]}}),
                json!({"embeddings": [[1], 2]}),
            ],
        ),
    ] {
        let world = signed(&upstream, model);
        for body in bodies {
            upstream.always(Reply::json(200, body.to_string()));
            let answer = world.send(asked(PATH, request(&["a", "b"]))).await;
            assert_eq!(answer.status, 502, "{body}: {}", answer.text());
            assert_eq!(error_of(&answer)["type"], "upstream_decode_error", "{body}");
        }
        let token = SIGNER.session_token.expect("it has one");
        let failed = json!({"message": format!("no {token}")});
        upstream.always(Reply::json(200, failed.to_string()));
        let answer = world.send(asked(PATH, request(&["a", "b"]))).await;
        assert_eq!(answer.status, 502, "{}", answer.text());
        assert_eq!(error_of(&answer)["message"], "upstream reported an error");
    }
}

#[tokio::test]
async fn what_cannot_be_embedded_is_refused_before_any_call() {
    let upstream = ScriptedUpstream::start();
    let texts = vec!["x"; 2049];
    for (field, value, said) in [
        ("input", json!([1, 2]), "takes texts, not tokens"),
        ("input", json!([[1, 2], [3]]), "takes texts, not tokens"),
        ("input", json!(texts), "must not hold more than 2048 texts"),
        ("input", json!([]), "'input' must not be empty"),
        ("encoding_format", json!("int8"), "'encoding_format' must be 'float' or 'base64'"),
    ] {
        let world = signed(&upstream, TITAN);
        let mut body = request(&["a"]);
        body[field] = value;
        let answer = world.send(asked(PATH, &body)).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(error_of(&answer)["message"].to_string().contains(said), "{}", answer.text());
    }
    for model in ["meta.llama-z:0", "amazon.nova-2-multimodal-embeddings-v1:0"] {
        let world = signed(&upstream, model);
        let answer = world.send(asked(PATH, request(&["a"]))).await;
        assert_eq!(answer.status, 500, "{}", answer.text());
        let error = error_of(&answer);
        assert_eq!(error["type"], "config_error", "{error}");
        assert!(error["message"].to_string().contains("names no model that embeds"), "{error}");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn numbers_come_as_they_are_or_packed_as_openai_packs_them() {
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, TITAN);
    let numbers = "[0.5, -0.25,1e-3, 0.12345678901234567890]";
    upstream.always(Reply::json(200, format!(r#"{{"embedding":{numbers}}}"#)));
    let answer = world.send(asked(PATH, request(&["a"]))).await;
    assert!(answer.text().contains(&format!(r#""embedding":{numbers}"#)), "{}", answer.text());
    let mut body = request(&["a"]);
    body["encoding_format"] = json!("base64");
    let answer = world.send(asked(PATH, &body)).await;
    let packed = &answer.json::<Value>()["data"][0]["embedding"];
    assert_eq!(packed, "AAAAPwAAgL5vEoM66tb8PQ==");
}
