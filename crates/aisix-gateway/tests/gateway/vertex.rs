//! Vertex AI: models of several makers behind one key, and the tokens that keys may need.

use aisix_gateway::Settings;
use aisix_testing::fixtures::google::{PRIVATE_KEY, generated, streamed, with_account, with_token};
use aisix_testing::fixtures::openai;
use aisix_testing::google_auth;
use aisix_testing::{Claim, Gate, PublishedTypes, Received, Reply, Request, ScriptedUpstream};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::common::granted::{Granted, bearer, grant, raw};
use crate::common::spoken::{ANTHROPIC, CHAT, FORMATS, MESSAGES, Spoken, asked, error_in};
use crate::common::*;

const REGION: &str = "/v1/projects/p-1/locations/europe-west1";
const TOKEN: &str = "ya29.token-0123456789";

/// Documents with a model of this name behind Vertex AI, whose key has this secret.
fn documents_of(vertex: &ScriptedUpstream, model: &str, secret: &str) -> documents::Documents {
    let mut all = documents::standard(&vertex.base_url());
    all[0].1 = vertex_key(&vertex.base_url(), secret);
    all[1].1 = direct(MODEL, model, "pk");
    all
}

fn vertex_key(base: &str, secret: &str) -> Value {
    json!({
        "display_name": "vertex", "provider": "google", "adapter": "vertex",
        "secret": secret, "api_base": base,
    })
}

fn in_front_of(vertex: &ScriptedUpstream, model: &str) -> World {
    World::with(Settings::default(), &documents_of(vertex, model, &with_token(TOKEN)))
}

/// A way to models: a model's name, where it is called, and how its maker answers.
struct Way {
    model: &'static str,
    whole_at: &'static str,
    streamed_at: &'static str,
    whole: fn(&str) -> String,
    streamed: fn(&[&str]) -> Vec<String>,
}

const WAYS: [Way; 4] = [
    Way {
        model: "gemini-2.5-flash",
        whole_at: "/publishers/google/models/gemini-2.5-flash:generateContent",
        streamed_at: "/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
        whole: generated,
        streamed,
    },
    Way {
        model: "claude-sonnet-4-5@20250929",
        whole_at: "/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict",
        streamed_at: "/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict",
        whole: |text| ANTHROPIC.whole_body(&MESSAGES, text),
        streamed: |texts| ANTHROPIC.stream(&MESSAGES, texts),
    },
    Way {
        model: "meta/llama-4-maverick",
        whole_at: "/endpoints/openapi/chat/completions",
        streamed_at: "/endpoints/openapi/chat/completions",
        whole: openai::chat_completion,
        streamed: |texts| openai::chat_stream_with_usage(texts),
    },
    Way {
        model: "mistral-medium-3",
        whole_at: "/publishers/mistralai/models/mistral-medium-3:rawPredict",
        streamed_at: "/publishers/mistralai/models/mistral-medium-3:streamRawPredict",
        whole: openai::chat_completion,
        streamed: |texts| openai::chat_stream_with_usage(texts),
    },
];

#[tokio::test]
async fn every_format_reaches_every_maker_whole_and_streamed() {
    for spoken in &FORMATS {
        for way in &WAYS {
            let vertex = ScriptedUpstream::start();
            let world = in_front_of(&vertex, way.model);
            let pair = format!("{} over {}", spoken.path, way.model);
            vertex.enqueue(Reply::json(200, (way.whole)("Hello")));
            let answer = world.send(spoken.request(spoken.body(MODEL, "hi", false))).await;
            assert_eq!(answer.status, 200, "{pair}: {}", answer.text());
            assert_eq!(spoken.text(&answer), "Hello", "{pair}");
            assert_eq!(answer.json::<Value>()["model"], MODEL, "{pair}");
            check_received(&vertex.next_request().await, way, false);

            vertex.enqueue(Reply::sse((way.streamed)(&["Hel", "lo"])));
            let mut answer = world.stream(spoken.request(spoken.body(MODEL, "hi", true))).await;
            assert_eq!(answer.status(), 200, "{pair}");
            let text = answer.rest().await;
            assert_eq!(spoken.streamed_text(&text), "Hello", "{pair}: {text}");
            let last = text.trim_end().rsplit("\n\n").next().expect("a frame");
            assert!(last.starts_with(spoken.last.trim_end()), "{pair}: {text}");
            check_received(&vertex.next_request().await, way, true);
            let id = answer.head.headers["x-aisix-request-id"].to_str().expect("text").to_owned();
            drop(answer);
            let usage = world.recorder.outcome(&id).await.usage.expect("usage");
            assert!(usage.input > 0 && usage.output > 0, "{pair}: {usage:?}");
        }
    }
}

/// What the address says is not in the body; who calls is said once.
fn check_received(received: &Received, way: &Way, stream: bool) {
    let path = if stream { way.streamed_at } else { way.whole_at };
    assert_eq!(received.path_and_query, format!("{REGION}{path}"));
    assert_eq!(received.header("authorization"), Some(&*format!("Bearer {TOKEN}")));
    assert_eq!(received.header("x-api-key"), None);
    let body: Value = received.json();
    let field = |name: &str| body.get(name).cloned();
    let claude = way.model.starts_with("claude-");
    let gemini = way.model.starts_with("gemini-");
    let in_path = claude || gemini;
    assert_eq!(field("model"), (!in_path).then(|| json!(way.model)), "{body}");
    let version = claude.then(|| json!("vertex-2023-10-16"));
    assert_eq!(field("anthropic_version"), version, "{body}");
    let streams = field("stream").is_some_and(|stream| stream == true);
    assert_eq!(streams, stream && !gemini, "{body}");
    assert!(!gemini || field("stream").is_none(), "{body}");
    assert_eq!(received.header("anthropic-version"), None);
}

#[tokio::test]
async fn a_message_for_claude_is_passed_on_byte_for_byte() {
    let vertex = ScriptedUpstream::start();
    let world = in_front_of(&vertex, "claude-x");
    vertex.enqueue(Reply::json(200, ANTHROPIC.whole_body(&MESSAGES, "ok")));
    let sent = format!(
        r#"{{ "max_tokens":9,"model":"{MODEL}", "x": [1.50, "é"] ,"messages":[{{"role":"user","content":"hi"}}]}}"#
    );
    let answer = world.send(MESSAGES.request(sent)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let received = vertex.next_request().await;
    let expected = r#"{"anthropic_version":"vertex-2023-10-16", "max_tokens":9, "x": [1.50, "é"] ,"messages":[{"role":"user","content":"hi"}]}"#;
    assert_eq!(received.text(), expected);
}

#[tokio::test]
async fn tokens_of_a_message_are_counted_for_claude_and_nobody_else() {
    let vertex = ScriptedUpstream::start();
    let world = in_front_of(&vertex, "claude-x@20260101");
    vertex.always(Reply::json(200, r#"{"input_tokens": 14}"#));
    let sent = format!(
        r#"{{ "model":"{MODEL}", "system": "é","messages":[{{"role":"user","content":"hi"}}]}}"#
    );
    let answer = world.send(asked("/v1/messages/count_tokens", &sent)).await;
    assert_eq!((answer.status, answer.text()), (200, r#"{"input_tokens": 14}"#));
    let received = vertex.next_request().await;
    let publisher = "/v1/projects/p-1/locations/europe-west1/publishers/anthropic";
    assert_eq!(received.path_and_query, format!("{publisher}/models/count-tokens:rawPredict"));
    let expected = r#"{"anthropic_version":"vertex-2023-10-16", "model":"claude-x@20260101", "system": "é","messages":[{"role":"user","content":"hi"}]}"#;
    assert_eq!(received.text(), expected);

    let world = in_front_of(&vertex, "gemini-2.5-flash");
    let answer = world.send(asked("/v1/messages/count_tokens", &sent)).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains("count_tokens"), "{}", answer.text());
    assert_eq!(vertex.requests().len(), 1);
}

#[tokio::test]
async fn what_google_refuses_is_told_without_names_of_the_operators() {
    let vertex = ScriptedUpstream::start();
    let world = in_front_of(&vertex, "gemini-2.5-flash");
    for (status, canonical, message, code) in [
        (400, "INVALID_ARGUMENT", "no *** at projects/***/x", None),
        (401, "UNAUTHENTICATED", "upstream authentication failed", Some("invalid_api_key")),
        (403, "PERMISSION_DENIED", "upstream authentication failed", Some("permission_denied")),
        (404, "NOT_FOUND", "upstream model not found", Some("model_not_found")),
        (429, "RESOURCE_EXHAUSTED", "upstream rate limit reached", Some("rate_limit_exceeded")),
    ] {
        let said = format!("no {TOKEN} at projects/p-1/x");
        let error = json!({"error": {"code": status, "message": said, "status": canonical}});
        // Some of Google's endpoints answer with a list of one.
        for body in [error.to_string(), json!([error]).to_string()] {
            vertex.enqueue(Reply::json(status, body));
            let answer = world.send(CHAT.request(CHAT.body(MODEL, "hi", false))).await;
            assert_eq!(answer.status, status, "{}", answer.text());
            let (_, told, found) = error_in(CHAT.protocol, &answer.json());
            assert_eq!((told.as_str(), found.as_deref()), (message, code));
        }
    }
    assert!(!logs::text().contains(TOKEN));
}

#[tokio::test]
async fn a_stream_that_fails_or_stops_does_not_end_as_complete() {
    let vertex = ScriptedUpstream::start();
    let world = in_front_of(&vertex, "gemini-2.5-flash");
    for spoken in &FORMATS {
        let first = streamed(&["Hel", "lo"])[0].clone();
        let error = json!({"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}});
        let failed = format!("data: {error}\r\n\r\n");
        vertex.enqueue(Reply::sse([first.clone(), failed]));
        assert_broken(&world, spoken, "upstream reported an error").await;
        vertex.enqueue(Reply::sse([first]));
        assert_broken(&world, spoken, "ended before it was complete").await;
    }
}

async fn assert_broken(world: &World, spoken: &Spoken, why: &str) {
    let mut answer = world.stream(spoken.request(spoken.body(MODEL, "hi", true))).await;
    let text = answer.rest().await;
    assert!(text.contains("event: error\ndata: ") && text.contains(why), "{text}");
    assert!(!text.contains(spoken.last), "{text}");
}

#[tokio::test]
async fn a_prompt_that_google_blocks_is_an_answer_that_a_filter_stopped() {
    let vertex = ScriptedUpstream::start();
    let world = in_front_of(&vertex, "gemini-2.5-flash");
    let blocked = json!({
        "promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 5},
    });
    vertex.enqueue(Reply::json(200, blocked.to_string()));
    let answer = world.send(CHAT.request(CHAT.body(MODEL, "hi", false))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body: Value = answer.json();
    assert_eq!(body["choices"][0]["finish_reason"], "content_filter");
    assert_eq!(answer.header("x-aisix-dropped"), Some("promptFeedback"));
}

#[tokio::test]
async fn texts_are_embedded_in_one_call_and_told_as_openai_tells_it() {
    let vertex = ScriptedUpstream::start();
    let world = in_front_of(&vertex, "text-embedding-005");
    let prediction = |values: Value, count: u64| json!({"embeddings": {"values": values, "statistics": {"token_count": count}}});
    let predictions = [prediction(json!([0.5, -0.25]), 2), prediction(json!([1, 0]), 3)];
    vertex.always(Reply::json(200, json!({ "predictions": predictions }).to_string()));
    let request = json!({
        "model": MODEL, "input": ["one", "two"], "dimensions": 2, "user": "u", "later": 1,
    });
    let answer = world.send(asked("/v1/embeddings", &request)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-aisix-dropped"), Some("later, user"));
    let received = vertex.next_request().await;
    let path = "/publishers/google/models/text-embedding-005:predict";
    assert_eq!(received.path_and_query, format!("{REGION}{path}"));
    let expected = json!({
        "instances": [{"content": "one"}, {"content": "two"}],
        "parameters": {"outputDimensionality": 2},
    });
    assert_eq!(received.json::<Value>(), expected);
    let expected = json!({
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -0.25]},
            {"object": "embedding", "index": 1, "embedding": [1, 0]},
        ],
        "model": "text-embedding-005",
        "usage": {"prompt_tokens": 5, "total_tokens": 5},
    });
    assert_eq!(answer.json::<Value>(), expected);

    let mut packed = request.clone();
    packed["encoding_format"] = json!("base64");
    let answer = world.send(asked("/v1/embeddings", &packed)).await;
    assert_eq!(answer.json::<Value>()["data"][0]["embedding"], "AAAAPwAAgL4=");

    let mut tokens = request.clone();
    tokens["input"] = json!([[1, 2], [3]]);
    let answer = world.send(asked("/v1/embeddings", &tokens)).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(error_of(&answer)["message"].to_string().contains("takes texts"), "{}", answer.text());

    for (body, status) in [
        (json!({"predictions": [predictions[0]]}), 502),
        (json!({"predictions": [{}, {}]}), 502),
        (json!({}), 502),
        (json!({"error": {"code": 429, "message": "busy", "status": "RESOURCE_EXHAUSTED"}}), 429),
    ] {
        vertex.enqueue(Reply::json(200, body.to_string()));
        let answer = world.send(asked("/v1/embeddings", &request)).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_model_that_takes_one_text_is_called_for_each_and_others_for_250_at_most() {
    let vertex = ScriptedUpstream::start();
    vertex.respond_with(|call| {
        let body: Value = call.json();
        let prediction = |instance: &Value| {
            let number = instance["content"].as_str().and_then(|text| text.parse::<u64>().ok());
            json!({"embeddings": {"values": [number], "statistics": {"token_count": 1}}})
        };
        let instances = body["instances"].as_array().expect("a list").iter();
        let predictions: Value = instances.map(prediction).collect();
        Reply::json(200, json!({ "predictions": predictions }).to_string())
    });
    for (model, texts, calls) in [("gemini-embedding-001", 3, 3), ("text-embedding-005", 251, 2)] {
        let world = in_front_of(&vertex, model);
        let before = vertex.requests().len();
        let input: Vec<_> = (0..texts).map(|number| number.to_string()).collect();
        let request = json!({"model": MODEL, "input": input});
        let answer = world.send(asked("/v1/embeddings", &request)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(vertex.requests().len() - before, calls, "{model}");
        let answer: Value = answer.json();
        let embeddings = answer["data"].as_array().expect("a list").iter();
        assert!(embeddings.map(|item| item["embedding"][0].as_u64()).eq((0..texts).map(Some)));
        assert_eq!(answer["usage"]["prompt_tokens"], texts);
    }
}

#[tokio::test]
async fn newer_models_of_geminis_embed_contents() {
    let vertex = ScriptedUpstream::start();
    let world = in_front_of(&vertex, "gemini-embedding-2");
    vertex.respond_with(|call| {
        let text = call.json::<Value>()["content"]["parts"][0]["text"].take();
        let values = [text.as_str().map(str::len)];
        let usage = json!({"promptTokenCount": 2, "totalTokenCount": 2});
        let answer = json!({"embedding": {"values": values}, "usageMetadata": usage});
        Reply::json(200, answer.to_string())
    });
    let request = json!({"model": MODEL, "input": ["a", "bb"], "dimensions": 1});
    let answer = world.send(asked("/v1/embeddings", &request)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer: Value = answer.json();
    let data = answer["data"].as_array().expect("a list");
    let embeddings: Vec<_> = data.iter().map(|item| &item["embedding"]).collect();
    assert_eq!(embeddings, [&json!([1]), &json!([2])]);
    assert_eq!(answer["usage"]["total_tokens"], 4);
    let mut claims = Vec::new();
    for call in vertex.requests() {
        let path = "/publishers/google/models/gemini-embedding-2:embedContent";
        assert_eq!(call.path_and_query, format!("{REGION}{path}"));
        let fields = [
            ("content", "google.genai.types:Content", false),
            ("embedContentConfig", "google.genai.types:EmbedContentConfig", false),
        ];
        claims.extend(Claim::of_fields("a call", &call.json(), &fields));
    }
    assert_eq!(claims.len(), 4);
    PublishedTypes::start().assert(&claims);
}

/// A gateway in front of Vertex AI, with a key of a service account.
fn in_front_of_google() -> Granted {
    let line = PRIVATE_KEY.lines().nth(3).expect("the key has lines").to_owned();
    Granted::new("gemini-2.5-flash", line, |google, vertex| {
        vertex_key(vertex, &with_account(&format!("{google}/token"), PRIVATE_KEY))
    })
}

fn ok() -> Reply {
    Reply::json(200, generated("ok"))
}

#[tokio::test]
async fn any_number_of_first_requests_ask_for_one_token_with_a_signed_assertion() {
    let mut granted = in_front_of_google();
    let token = granted.canaries.plant("access token");
    let gate = Gate::new();
    granted.endpoint.enqueue(Reply::new().wait_for(&gate).step(raw(&grant(&token))));
    granted.upstream.always(ok());
    let all = join_all((0..20).map(|_| granted.chat()));
    let (answers, ()) = tokio::join!(all, async {
        gate.reached().await;
        gate.open();
    });
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.text());
        granted.assert_kept(answer);
    }
    let minted = granted.endpoint.requests();
    assert_eq!(minted.len(), 1);
    assert_eq!(minted[0].path_and_query, "/token");
    let secret = granted.documents[0].1["secret"].as_str().expect("a text");
    let changed = |from: &str, to: &str| {
        let body = minted[0].text().replacen(from, to, 1).into();
        google_auth::token_request(&Received { body, ..minted[0].clone() }, secret)
    };
    let other = with_account("https://oauth2.example/token", PRIVATE_KEY);
    let claims = [
        (changed("", ""), None),
        (changed("&assertion=ey", "&assertion=fy"), Some("")),
        (changed("jwt-bearer", "saml2-bearer"), Some("no grant of a signed assertion")),
        (google_auth::token_request(&minted[0], &other), Some("wrong audience")),
    ];
    let (claims, said): (Vec<_>, Vec<_>) = claims.into_iter().unzip();
    for (found, said) in google_auth::wrong(&claims).iter().zip(said) {
        assert_eq!(found.is_empty(), said.is_none(), "{found:?}");
        assert!(said.is_none_or(|said| found[0].contains(said)), "no '{said:?}' in {found:?}");
    }
    let received = granted.upstream.requests();
    assert_eq!(received.len(), 20);
    let expected = Some(format!("Bearer {token}"));
    assert!(received.iter().all(|request| bearer(request) == expected));
}

#[tokio::test]
async fn a_token_that_google_refuses_before_its_end_is_replaced_for_the_next_request() {
    let mut granted = in_front_of_google();
    let revoked = granted.canaries.plant("revoked token");
    granted.endpoint.enqueue(Reply::json(200, grant(&revoked)));
    granted.endpoint.enqueue(Reply::json(200, grant("next-token-0123456789")));
    granted.upstream.enqueue(ok());
    assert_eq!(granted.chat().await.status, 200);
    // Twenty requests are under way with it when it is revoked: all are told, none is sent again.
    let body = json!({"error": {
        "code": 401,
        "message": format!("Request had invalid authentication credentials: {revoked}"),
        "status": "UNAUTHENTICATED",
    }});
    let gate = Gate::new();
    let body = body.to_string();
    let head = format!("HTTP/1.1 401 Unauthorized\r\ncontent-length: {}\r\n\r\n", body.len());
    let refusal = Reply::new().wait_for(&gate).bytes(head + &body);
    (0..20).for_each(|_| granted.upstream.enqueue(refusal.clone()));
    let all = join_all((0..20).map(|_| granted.chat()));
    let (answers, ()) = tokio::join!(all, async {
        for _ in 0..21 {
            granted.upstream.next_request().await;
        }
        gate.open();
    });
    for answer in &answers {
        assert_eq!(answer.status, 401, "{}", answer.text());
        granted.assert_kept(answer);
    }
    granted.upstream.always(ok());
    let all = join_all((0..20).map(|_| granted.chat())).await;
    assert!(all.iter().all(|answer| answer.status == 200));
    let received = granted.upstream.requests();
    assert_eq!((received.len(), granted.endpoint.requests().len()), (41, 2));
    let later = received[21..].iter().map(|request| bearer(request).unwrap_or_default());
    assert!(later.into_iter().all(|bearer| bearer == "Bearer next-token-0123456789"));
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_or_fails_reaches_nobody_else() {
    let granted = in_front_of_google();
    let refused = json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."});
    let replies = [
        (Reply::json(400, refused.to_string()), 500, "config_error"),
        (Reply::json(503, "busy"), 502, "upstream_error"),
        (Reply::json(200, "<html></html>"), 502, "upstream_decode_error"),
        (Reply::json(200, "{}"), 502, "upstream_decode_error"),
        (Reply::new().close(), 502, "transport_error"),
    ];
    granted.assert_told(replies).await;
}

#[tokio::test]
async fn a_token_endpoint_that_hangs_keeps_nobody_waiting() {
    let mut granted = in_front_of_google();
    granted.assert_given_up().await;
}

#[tokio::test]
async fn a_credential_replaced_while_a_token_is_minted_gets_its_own() {
    let mut granted = in_front_of_google();
    let gate = Gate::new();
    granted
        .endpoint
        .enqueue(Reply::new().wait_for(&gate).step(raw(&grant("old-token-0123456789"))));
    granted.endpoint.enqueue(Reply::json(200, grant("new-token-0123456789")));
    granted.upstream.always(ok());
    let request = || Request::post("/v1/chat/completions").bearer(CALLER).json(world::whole("hi"));
    let served = granted.world.serve(1);
    let (address, first) = (served.address, request());
    let old = tokio::spawn(async move { first.send(address).await });
    gate.reached().await;
    let uri = format!("{}/token", granted.endpoint.base_url());
    let replaced = with_account(&uri, PRIVATE_KEY).replace("\"p-1\"", "\"p-2\"");
    granted.rotate(&replaced);
    assert_eq!(request().send(served.address).await.status, 200);
    let first = granted.upstream.next_request().await;
    assert_eq!(bearer(&first).as_deref(), Some("Bearer new-token-0123456789"));
    assert!(first.path_and_query.starts_with("/v1/projects/p-2/"), "{}", first.path_and_query);
    gate.open();
    assert_eq!(
        aisix_testing::wait::within("the old one", old).await.expect("no panic").status,
        200
    );
    let second = granted.upstream.next_request().await;
    assert_eq!(bearer(&second).as_deref(), Some("Bearer old-token-0123456789"));
    served.workers.close().await;
}

#[tokio::test]
async fn a_secret_that_cannot_work_reaches_nobody() {
    let mut granted = in_front_of_google();
    let canary = granted.canaries.plant("secret of the wrong shape");
    let uri = format!("{}/token", granted.endpoint.base_url());
    for secret in [
        canary.clone(),
        format!("{{{canary}"),
        json!({"project": "p", "region": "r", "access_token": [canary]}).to_string(),
        json!({"project": "p", "region": canary}).to_string(),
        with_account(&uri, &canary),
        with_account(&uri, &PRIVATE_KEY[..900]),
    ] {
        granted.rotate(&secret);
        for spoken in &FORMATS {
            let answer = granted.world.send(spoken.request(spoken.body(MODEL, "hi", false))).await;
            assert_eq!(answer.status, 401, "{}", answer.text());
            let (_, message, _) = error_in(spoken.protocol, &answer.json());
            assert!(message.starts_with("invalid upstream credentials: "), "{message}");
            granted.assert_kept(&answer);
        }
    }
    for secret in
        [with_token(TOKEN).replace("p-1", "../p"), with_token(TOKEN).replace("west1", "?x")]
    {
        granted.rotate(&secret);
        let answer = granted.chat().await;
        assert_eq!(answer.status, 500, "{}", answer.text());
        assert_eq!(error_of(&answer)["type"], "config_error");
    }
    assert!(granted.upstream.requests().is_empty());
    assert!(granted.endpoint.requests().is_empty());
}
