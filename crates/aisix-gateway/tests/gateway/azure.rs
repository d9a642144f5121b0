//! Azure, and the tokens that its keys may need.

use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Canaries, Gate, Reply, Request, ScriptedUpstream, free_port, wait};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::common::granted::{Granted, bearer, grant, raw};
use crate::common::spoken::{CHAT, FORMATS, MESSAGES, RESPONSES, asked, error_in};
use crate::common::*;

const DEPLOYMENT: &str = "/openai/deployments/gpt-4o-mini";

/// A gateway in front of Azure, with a key of an application.
fn in_front_of_azure() -> Granted {
    let client = Canaries::new().plant("client secret");
    Granted::new(UPSTREAM_MODEL, client.clone(), |entra, azure| {
        azure_key(azure, &principal(entra, &client))
    })
}

fn azure_key(base: &str, secret: &str) -> Value {
    json!({
        "display_name": "azure", "provider": "azure", "adapter": "azure-openai",
        "secret": secret, "api_base": base,
    })
}

fn principal(authority: &str, client_secret: &str) -> String {
    json!({
        "tenant_id": "contoso.example", "client_id": "app", "client_secret": client_secret,
        "authority_host": authority,
    })
    .to_string()
}

fn ok() -> Reply {
    Reply::json(200, openai::chat_completion("ok"))
}

#[tokio::test]
async fn any_number_of_first_requests_ask_for_one_token() {
    let mut granted = in_front_of_azure();
    let token = granted.canaries.plant("access token");
    let gate = Gate::new();
    let later = Reply::new().wait_for(&gate);
    let answer = grant(&token);
    granted.endpoint.enqueue(later.step(raw(&answer)));
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
    let asked = granted.endpoint.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path_and_query, "/contoso.example/oauth2/v2.0/token");
    let form = format!(
        "grant_type=client_credentials&client_id=app&client_secret={}\
         &scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default",
        granted.kept.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D")
    );
    assert_eq!(asked[0].text(), form);
    let received = granted.upstream.requests();
    assert_eq!(received.len(), 20);
    for request in received {
        let path = format!("{DEPLOYMENT}/chat/completions?api-version=2024-10-21");
        assert_eq!(request.path_and_query, path);
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {token}")));
        assert_eq!(request.header("api-key"), None);
    }
}

#[tokio::test]
async fn workers_share_the_token() {
    let granted = in_front_of_azure();
    granted.endpoint.always(Reply::json(200, grant("a-token-of-0123456789")));
    granted.upstream.always(ok());
    let served = granted.world.serve(4);
    let send = async |_| spoken_request().send(served.address).await;
    for answer in join_all((0..16).map(send)).await {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(granted.endpoint.requests().len(), 1);
    served.workers.close().await;
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_is_told_in_every_format_and_without_the_credential() {
    let granted = in_front_of_azure();
    let said = format!("AADSTS7000215: Invalid client secret provided: {}.", granted.kept);
    let body = json!({"error": "invalid_client", "error_description": said}).to_string();
    granted.endpoint.always(Reply::json(401, body));
    for spoken in &FORMATS {
        for stream in [false, true] {
            let body = spoken.body(MODEL, "hi", stream);
            let answer = granted.world.send(spoken.request(body)).await;
            assert_eq!(answer.status, 500, "{}", answer.text());
            let (kind, message, _) = error_in(spoken.protocol, &answer.json());
            let own = if spoken.protocol == "anthropic" { "api_error" } else { "config_error" };
            assert_eq!(kind, own);
            assert_eq!(
                message,
                "bridge is misconfigured: the token endpoint answered 401 (invalid_client)"
            );
            granted.assert_kept(&answer);
        }
    }
    assert!(logs::text().contains("Invalid client secret provided: ***."), "it is in the log");
    assert!(granted.upstream.requests().is_empty());
    assert_eq!(granted.endpoint.requests().len(), 6, "a refusal is not remembered");
}

#[tokio::test]
async fn a_token_endpoint_that_fails_is_an_upstream_that_fails() {
    let granted = in_front_of_azure();
    let large = grant(&"t".repeat(100_000));
    let replies = [
        (Reply::json(503, granted.kept.clone()), 502, "upstream_error"),
        (Reply::json(302, granted.kept.clone()), 502, "upstream_error"),
        (Reply::json(200, "<html></html>"), 502, "upstream_decode_error"),
        (Reply::json(200, json!({"access_token": ""}).to_string()), 502, "upstream_decode_error"),
        (Reply::json(200, large), 502, "upstream_decode_error"),
        (Reply::new().close(), 502, "transport_error"),
        (Reply::open(200, "application/json").bytes("{\r\n").close(), 502, "transport_error"),
    ];
    granted.assert_told(replies).await;
}

#[tokio::test]
async fn a_token_endpoint_that_hangs_or_is_nowhere_keeps_nobody_waiting() {
    let mut granted = in_front_of_azure();
    granted.assert_given_up().await;

    let nowhere = format!("http://127.0.0.1:{}", free_port());
    granted.documents[1].1["timeout"] = json!(0);
    let client = granted.kept.clone();
    granted.rotate(&principal(&nowhere, &client));
    let answer = granted.chat().await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert_eq!(error_of(&answer)["type"], "transport_error");
    granted.assert_kept(&answer);
}

#[tokio::test]
async fn a_caller_that_leaves_takes_nobodys_token_with_it() {
    let granted = in_front_of_azure();
    let gate = Gate::new();
    let grant = raw(&grant("a-token-of-0123456789"));
    granted.endpoint.enqueue(Reply::new().wait_for(&gate).step(grant));
    granted.upstream.always(ok());
    {
        let left = granted.chat();
        let asked = async { drop(granted.endpoint.next_request().await) };
        tokio::select! {
            _ = left => panic!("the endpoint waits"),
            () = asked => {}
        }
    }
    gate.open();
    assert_eq!(granted.chat().await.status, 200);
    assert_eq!(granted.endpoint.requests().len(), 1, "the next caller heard what was asked before");
}

#[tokio::test]
async fn a_credential_replaced_while_a_token_is_minted_gets_its_own() {
    let mut granted = in_front_of_azure();
    let gate = Gate::new();
    granted
        .endpoint
        .enqueue(Reply::new().wait_for(&gate).step(raw(&grant("old-token-0123456789"))));
    granted.endpoint.enqueue(Reply::json(200, grant("new-token-0123456789")));
    granted.upstream.always(ok());
    let request = spoken_request();
    let served = granted.world.serve(1);
    let old = tokio::spawn(async move { request.send(served.address).await });
    gate.reached().await;
    let entra = granted.endpoint.base_url();
    let replaced = granted.canaries.plant("replaced client secret");
    granted.rotate(&principal(&entra, &replaced));
    assert_eq!(spoken_request().send(served.address).await.status, 200);
    let first = granted.upstream.next_request().await;
    assert_eq!(bearer(&first).as_deref(), Some("Bearer new-token-0123456789"));
    gate.open();
    assert_eq!(wait::within("the old one", old).await.expect("no panic").status, 200);
    let second = granted.upstream.next_request().await;
    assert_eq!(bearer(&second).as_deref(), Some("Bearer old-token-0123456789"));
    served.workers.close().await;
}

fn spoken_request() -> Request {
    Request::post("/v1/chat/completions").bearer(CALLER).json(world::whole("hi"))
}

#[tokio::test]
async fn a_secret_of_the_wrong_shape_reaches_nobody() {
    let mut granted = in_front_of_azure();
    let canary = granted.canaries.plant("secret of the wrong shape");
    for secret in [
        format!("{{{canary}"),
        json!({"client_secret": canary}).to_string(),
        json!({"tenant_id": "a/b", "client_id": canary, "client_secret": canary}).to_string(),
        principal("login.example", &canary),
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
    assert!(granted.upstream.requests().is_empty());
    assert!(granted.endpoint.requests().is_empty());
}

#[tokio::test]
async fn a_group_goes_on_where_a_credential_is_refused() {
    let mut granted = in_front_of_azure();
    granted.endpoint.enqueue(Reply::json(401, json!({"error": "invalid_client"}).to_string()));
    let other = ScriptedUpstream::start();
    other.enqueue(ok());
    granted.documents.extend(documents::documents([
        ("provider_keys/other", provider_key("other", &other.base_url())),
        ("models/other", direct("other", "up", "other")),
        ("models/g", group("g", &[MODEL, "other"])),
    ]));
    granted.world.publish(&granted.documents);
    let answer = granted.world.send(CHAT.request(CHAT.body("g", "hi", false))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-aisix-served-by"), Some("other"));
}

#[tokio::test]
async fn a_token_that_azure_quotes_is_not_told() {
    let mut granted = in_front_of_azure();
    let token = granted.canaries.plant("access token");
    // It is minted again once it was refused.
    granted.endpoint.always(Reply::json(200, grant(&token)));
    let quoting = json!({"error": {"message": format!("bad token {token}"), "code": "c"}});
    for status in [200, 400, 401, 500] {
        granted.upstream.enqueue(Reply::json(status, quoting.to_string()));
        let answer = granted.chat().await;
        assert_ne!(answer.status, 200);
        granted.assert_kept(&answer);
    }
    let frames = openai::chat_stream(["a"]);
    let failed = format!("data: {quoting}\n\n");
    granted.upstream.enqueue(Reply::sse([frames[0].clone(), frames[1].clone(), failed]));
    let answer = granted.world.chat(world::streamed("hi")).await;
    assert!(answer.text().contains("upstream reported an error"), "{}", answer.text());
    granted.assert_kept(&answer);
    assert!(logs::text().contains("bad token ***"), "it is in the log");
}

/// What Azure adds to answers of OpenAI's formats.
fn annotated() -> String {
    let verdict = json!({"hate": {"filtered": false, "severity": "safe"}});
    let mut answer: Value = serde_json::from_str(&openai::chat_completion("ok")).expect("JSON");
    answer["prompt_filter_results"] =
        json!([{"prompt_index": 0, "content_filter_results": verdict}]);
    answer["choices"][0]["content_filter_results"] = verdict;
    answer.to_string()
}

#[tokio::test]
async fn what_azure_says_of_content_stays_in_its_format_and_is_named_as_left_out_elsewhere() {
    let azure = ScriptedUpstream::start();
    let mut all = documents::standard(&azure.base_url());
    all[0].1 = azure_key(&azure.base_url(), SECRET);
    let world = World::with(Settings::default(), &all);
    azure.always(Reply::json(200, annotated()));
    let answer = world.send(CHAT.request(CHAT.body(MODEL, "hi", false))).await;
    let expected = annotated().replace(openai::MODEL, MODEL);
    assert_answer(&answer, 200, &expected);
    let answer = world.send(MESSAGES.request(MESSAGES.body(MODEL, "hi", false))).await;
    assert_eq!(MESSAGES.text(&answer), "ok");
    let dropped = answer.header("x-aisix-dropped").expect("something is left out");
    assert!(dropped.contains("prompt_filter_results"), "{dropped}");
    assert!(dropped.contains("content_filter_results"), "{dropped}");

    // A stream begins with what Azure says of the prompt: a frame without choices.
    let first = json!({
        "id": "", "object": "", "created": 0, "model": "", "choices": [],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}],
    });
    let first = format!("data: {first}\n\n");
    let frames = [vec![first], openai::chat_stream_with_usage(["o", "k"])].concat();
    azure.always(Reply::sse(frames));
    for spoken in &FORMATS {
        let mut answer = world.stream(spoken.request(spoken.body(MODEL, "hi", true))).await;
        assert_eq!(answer.status(), 200);
        let text = answer.rest().await;
        assert_eq!(spoken.streamed_text(&text), "ok", "{text}");
        let kept = text.contains("prompt_filter_results");
        assert_eq!(kept, spoken.path == CHAT.path, "{text}");
        assert!(text.trim_end().ends_with(spoken.last.trim_end()) || spoken.path == RESPONSES.path);
    }
}

#[tokio::test]
async fn the_newer_api_is_called_as_openai_is() {
    let azure = ScriptedUpstream::start();
    let mut all = documents::standard(&azure.base_url());
    all[0].1 = azure_key(&format!("{}/openai/v1", azure.base_url()), SECRET);
    all[0].1["api_version"] = json!("preview");
    let world = World::with(Settings::default(), &all);
    azure.always(ok());
    for spoken in [&CHAT, &MESSAGES] {
        let answer = world.send(spoken.request(spoken.body(MODEL, "hi", false))).await;
        assert_eq!(spoken.text(&answer), "ok");
        let received = azure.next_request().await;
        assert_eq!(received.path_and_query, "/openai/v1/chat/completions?api-version=preview");
        assert_eq!(received.json::<Value>()["model"], UPSTREAM_MODEL);
    }
    let answer =
        json!({"id": "resp_1", "object": "response", "model": "gpt", "x": 1, "output": []});
    azure.enqueue(Reply::json(200, answer.to_string()));
    let told = world.send(RESPONSES.request(RESPONSES.body(MODEL, "hi", false))).await;
    assert_answer(&told, 200, &answer.to_string().replace("\"gpt\"", "\"my-gpt\""));
    let received = azure.next_request().await;
    assert_eq!(received.path_and_query, "/openai/v1/responses?api-version=preview");
}

#[tokio::test]
async fn embeddings_and_older_completions_are_passed_on() {
    let azure = ScriptedUpstream::start();
    let mut all = documents::standard(&azure.base_url());
    all[0].1 = azure_key(&azure.base_url(), SECRET);
    let world = World::with(Settings::default(), &all);
    let usage = json!({"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2});
    for (path, body, answer) in [
        (
            "/embeddings",
            json!({"model": MODEL, "input": "hi"}),
            json!({"data": [], "usage": usage}),
        ),
        (
            "/completions",
            json!({"model": MODEL, "prompt": "hi"}),
            json!({"choices": [], "usage": usage}),
        ),
    ] {
        azure.enqueue(Reply::json(200, answer.to_string()));
        let answer = world.send(asked(&format!("/v1{path}"), &body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let received = azure.next_request().await;
        let expected = format!("{DEPLOYMENT}{path}?api-version=2024-10-21");
        assert_eq!(received.path_and_query, expected);
        assert_eq!(received.header("api-key"), Some(SECRET));
    }
    let count = MESSAGES.body(MODEL, "hi", false);
    let answer = world.send(asked("/v1/messages/count_tokens", count)).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
}
