//! The end of the process: what callers see between the signal and the last byte.

use aisix_testing::fixtures::openai;
use aisix_testing::{Gate, Reply, Request, Response, ScriptedUpstream};

use crate::gateway::{self, Gateway, program};

/// A gateway with a model `chat` and a caller key `sk-caller`.
async fn serving(more: &str, upstream: &ScriptedUpstream) -> Gateway {
    let gateway = Gateway::start(&program(more)).await;
    let base = format!("{}/v1", upstream.base_url());
    let provider_key = gateway.provider_key("openai", &base, "sk-p").await;
    gateway.model("chat", "gpt-4o", &provider_key).await;
    gateway.caller_key("sk-caller", &["*"]).await;
    gateway
}

fn chat(body: String) -> Request {
    Request::post("/v1/chat/completions").bearer("sk-caller").json(body)
}

/// A stream that stops in the middle until the gate opens.
fn held(gate: &Gate) -> Reply {
    let frames = openai::chat_stream(["one", "two"]);
    let (before, after) = frames.split_at(2);
    let reply = Reply::open_sse().chunks(before.to_vec());
    reply.wait_for(gate).chunks(after.to_vec()).end()
}

async fn probe(gateway: &Gateway, path: &str) -> Response {
    Request::get(path).send(gateway.proxy).await
}

#[tokio::test]
async fn an_open_stream_holds_the_end_and_requests_are_served_meanwhile() {
    let upstream = ScriptedUpstream::start();
    let mut gateway = serving("shutdown: {min_drain_secs: 0}", &upstream).await;
    assert_eq!(probe(&gateway, "/readyz").await.status, 200);
    let gate = Gate::new();
    upstream.enqueue(held(&gate));
    let request = chat(openai::chat_stream_request("chat", "Hi"));
    let (head, mut stream) = request.stream(gateway.proxy).await;
    assert_eq!(head.status, 200);
    assert!(stream.event().await.expect("a stream").is_some());

    gateway.process.terminate();
    gateway.process.line_with("draining started").await;
    for path in ["/livez", "/readyz"] {
        assert_eq!(probe(&gateway, path).await.status, 503, "{path}");
        assert_eq!(Request::get(path).send(gateway.admin).await.status, 503, "{path} of admin");
    }
    upstream.enqueue(Reply::json(200, openai::chat_completion("Late.")));
    let mut connection = aisix_testing::Connection::open(gateway.proxy).await;
    let late = chat(openai::chat_request("chat", "Hi")).to_bytes();
    connection.send(late).await.expect("a gateway that reads");
    let answer = connection.response().await.expect("an answer");
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    connection.closed().await.expect("an orderly end");
    assert!(gateway.process.is_running());

    gate.open();
    let events = stream.events().await.expect("the whole stream");
    assert_eq!(events.last().expect("an end").data(), "[DONE]");
    assert_eq!(gateway.process.exited().await.code(), Some(0));
    let said = gateway.process.stderr();
    let position = |part: &str| {
        let found = said.iter().position(|line| line.contains(part));
        found.unwrap_or_else(|| panic!("{part} is not in {said:?}"))
    };
    assert!(said[position("draining started")].contains("min_drain_secs=0 in_flight=1"));
    assert!(position("draining started") < position("drain complete"));
    assert!(position("drain complete") < position("stopped"));
    assert_eq!(gateway.process.stdout(), Vec::<String>::new(), "nothing is said while serving");
}

#[tokio::test]
async fn requests_are_accepted_until_the_window_is_over() {
    let upstream = ScriptedUpstream::start();
    let mut gateway = serving("shutdown: {min_drain_secs: 3600}", &upstream).await;
    gateway.process.interrupt();
    gateway.process.line_with("draining started min_drain_secs=3600 in_flight=0").await;
    upstream.enqueue(Reply::json(200, openai::chat_completion("In the window.")));
    let answer = chat(openai::chat_request("chat", "Hi")).send(gateway.proxy).await;
    assert_eq!(answer.status, 200);
    assert!(gateway.process.is_running());
    gateway.process.terminate();
    assert_eq!(gateway.process.exited().await.code(), Some(1));
}

#[tokio::test]
async fn a_window_ends_by_itself_and_serves_until_then() {
    let upstream = ScriptedUpstream::start();
    let mut gateway = serving("shutdown: {min_drain_secs: 1}", &upstream).await;
    upstream.enqueue(Reply::json(200, openai::chat_completion("In the window.")));
    let mut connection = aisix_testing::Connection::open(gateway.proxy).await;
    gateway.process.terminate();
    gateway.process.line_with("draining started min_drain_secs=1 in_flight=0").await;
    let request = chat(openai::chat_request("chat", "Hi")).to_bytes();
    connection.send(request).await.expect("a gateway that reads");
    let answer = connection.response().await.expect("an answer");
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    connection.closed().await.expect("an orderly end");

    assert_eq!(gateway.process.exited().await.code(), Some(0));
    let said = gateway.process.stderr();
    let marks = ["draining started", "drain complete", "stopped"];
    let order = said.iter().filter_map(|line| marks.iter().find(|mark| line.contains(**mark)));
    assert_eq!(order.collect::<Vec<_>>(), marks.iter().collect::<Vec<_>>(), "{said:?}");
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    let upstream = ScriptedUpstream::start();
    let mut gateway = serving("shutdown: {min_drain_secs: 0}", &upstream).await;
    let gate = Gate::new();
    upstream.enqueue(held(&gate));
    let request = chat(openai::chat_stream_request("chat", "Hi"));
    let (_, mut stream) = request.stream(gateway.proxy).await;
    assert!(stream.event().await.expect("a stream").is_some());
    gateway.process.terminate();
    gateway.process.line_with("draining started").await;
    gateway.process.interrupt();
    assert_eq!(gateway.process.exited().await.code(), Some(1));
    let last = gateway.process.stderr().pop().expect("a last word");
    assert!(last.contains("ending at once") && last.contains("in_flight=1"), "{last}");
}

#[tokio::test]
async fn connections_that_wait_for_nothing_do_not_hold_the_end() {
    let gateway = gateway::start().await;
    let mut kept = aisix_testing::Connection::open(gateway.proxy).await;
    kept.send(Request::get("/livez").to_bytes()).await.expect("a gateway that reads");
    assert_eq!(kept.response().await.expect("an answer").status, 200);
    let mut of_admin = aisix_testing::Connection::open(gateway.admin).await;
    of_admin.send(Request::get("/livez").to_bytes()).await.expect("a listener that reads");
    assert_eq!(of_admin.response().await.expect("an answer").status, 200);
    let _silent = aisix_testing::Connection::open(gateway.proxy).await;
    gateway.stop().await;
    kept.closed().await.expect("an orderly end");
    of_admin.closed().await.expect("an orderly end");
}
