//! Models that may be used from certain addresses only.

use std::net::{IpAddr, SocketAddr};

use aisix_gateway::{Peer, RealIp, Settings};
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, Response, ScriptedUpstream};
use serde_json::json;

use crate::common::documents::{self, Documents};
use crate::common::world::chat;
use crate::common::*;

const REFUSED: &str = r#"{"error":{"message":"Access from this IP address is not allowed","type":"permission_denied","code":"ip_restricted"}}"#;

/// A gateway with the models `inside` (10.0.0.0/8) and `open`, and what a test adds.
fn world(upstream: &ScriptedUpstream, more: Documents) -> World {
    let mut all = documents::standard(&upstream.base_url());
    let mut inside = direct("inside", "inside-up", "pk");
    inside["allowed_cidrs"] = json!(["nonsense", "10.0.0.0/8"]);
    all.extend(documents::documents([
        ("models/inside", inside),
        ("models/open", direct("open", "open-up", "pk")),
    ]));
    all.extend(more);
    let trusted_proxies = vec!["127.0.0.1".parse().expect("a range")];
    let real_ip = RealIp { trusted_proxies, ..RealIp::default() };
    World::with(Settings { real_ip, ..Settings::default() }, &all)
}

/// Asks for a model from this address, on behalf of another if a header says so.
async fn ask(world: &World, model: &str, peer: &str, header: Option<&str>) -> Response {
    let mut request = chat(openai::chat_request(model, "hi"));
    let peer: IpAddr = peer.parse().expect("an address");
    request.extensions_mut().insert(Peer(SocketAddr::from((peer, 4711))));
    if let Some(header) = header {
        request.headers_mut().insert("x-forwarded-for", header.parse().expect("a value"));
    }
    world.send(request).await
}

#[tokio::test]
async fn a_model_is_refused_from_outside_its_ranges() {
    let upstream = ScriptedUpstream::start();
    let world = world(&upstream, Vec::new());
    for (peer, header) in [
        ("192.0.2.1", None),
        ("192.0.2.1", Some("10.0.0.1")),
        ("127.0.0.1", None),
        ("127.0.0.1", Some("10.0.0.1, 192.0.2.1")),
    ] {
        assert_answer(&ask(&world, "inside", peer, header).await, 403, REFUSED);
    }
    assert_answer(&world.chat(openai::chat_request("inside", "hi")).await, 403, REFUSED);
    assert_eq!(upstream.requests().len(), 0);
    for (peer, header) in [("10.1.2.3", None), ("127.0.0.1", Some("192.0.2.1, 10.0.0.1:80"))] {
        upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
        assert_eq!(ask(&world, "inside", peer, header).await.status, 200);
    }
}

#[tokio::test]
async fn the_key_is_asked_before_the_address_and_the_address_before_the_body() {
    let upstream = ScriptedUpstream::start();
    let none = documents::documents([("api_keys/k", api_key(CALLER, &["open"]))]);
    let answer = ask(&world(&upstream, none), "inside", "192.0.2.1", None).await;
    assert_eq!(error_of(&answer)["code"], "model_access_forbidden");
    let answer = world(&upstream, Vec::new()).chat(r#"{"model":"inside"}"#).await;
    assert_answer(&answer, 403, REFUSED);
}

#[tokio::test]
async fn a_group_loses_the_targets_that_the_address_may_not_use() {
    let upstream = ScriptedUpstream::start();
    let mut limited = group("limited", &["open"]);
    limited["allowed_cidrs"] = json!(["10.0.0.0/8"]);
    let mut one = group("one", &["inside", "open"]);
    one["routing"]["max_fallbacks"] = json!(0);
    let world = world(
        &upstream,
        documents::documents([
            ("models/g", group("g", &["inside", "open"])),
            ("models/one", one),
            ("models/closed", group("closed", &["inside"])),
            ("models/unknown", group("unknown", &["inside", "nothing"])),
            ("models/limited", limited),
        ]),
    );
    for (model, peer, served_by) in
        [("g", "192.0.2.1", "open"), ("one", "192.0.2.1", "open"), ("g", "10.0.0.1", "inside")]
    {
        upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
        let answer = ask(&world, model, peer, None).await;
        assert_eq!(answer.header("x-aisix-served-by"), Some(served_by), "{}", answer.text());
    }
    assert_answer(&ask(&world, "closed", "192.0.2.1", None).await, 403, REFUSED);
    assert_answer(&ask(&world, "limited", "192.0.2.1", None).await, 403, REFUSED);
    assert_eq!(ask(&world, "unknown", "192.0.2.1", None).await.status, 503);
    assert_eq!(upstream.requests().len(), 3);
}

#[tokio::test]
async fn an_upstream_that_fails_is_not_hidden_by_a_target_that_may_not_be_used() {
    let upstream = ScriptedUpstream::start();
    let more = documents::documents([("models/g", group("g", &["open", "inside"]))]);
    let world = world(&upstream, more);
    upstream.enqueue(Reply::json(500, openai::error(500)));
    assert_eq!(ask(&world, "g", "192.0.2.1", None).await.status, 502);
}
