//! Who serves a write, when gateways are paused, killed and cut off: whatever happens, a caller key
//! that was revoked is refused everywhere once an answer says that all gateways serve that.

use std::net::SocketAddr;

use aisix_core::KeyHash;
use aisix_testing::fixtures::openai;
use aisix_testing::{Etcd, Program, Reply, Request, Response, ScriptedUpstream, wait};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::gateway::{Gateway, program};

/// A line to an etcd that can be cut.
struct Line {
    address: SocketAddr,
    is_cut: watch::Sender<bool>,
}

impl Line {
    async fn to(etcd: &Etcd) -> Self {
        let target = etcd.url().trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (is_cut, watched) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let (target, mut watched) = (target.clone(), watched.clone());
                tokio::spawn(async move {
                    let passing_on = async {
                        let mut there = TcpStream::connect(target).await?;
                        tokio::io::copy_bidirectional(&mut here, &mut there).await
                    };
                    tokio::select! {
                        _ = watched.wait_for(|cut| *cut) => {}
                        _ = passing_on => {}
                    }
                });
            }
        });
        Self { address, is_cut }
    }

    /// Closes every connection, and each new one.
    fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

/// How a key is revoked.
#[derive(Debug, Clone, Copy)]
enum Revocation {
    Delete,
    Disable,
    Rotate,
}

const EVERY_WAY: [Revocation; 3] = [Revocation::Delete, Revocation::Disable, Revocation::Rotate];

/// Three gateways around one etcd. Administrators use the first; the third has a line of its own.
struct Fleet {
    gateways: [Gateway; 3],
    line: Line,
    keys: usize,
    _etcd: Etcd,
    _upstream: ScriptedUpstream,
}

fn around(endpoint: &str) -> Program {
    program(&format!("shutdown: {{min_drain_secs: 0}}\netcd: {{endpoints: ['{endpoint}']}}"))
}

impl Fleet {
    async fn start() -> Self {
        let upstream = ScriptedUpstream::start();
        upstream.always(Reply::json(200, openai::chat_completion("Hello.")));
        let etcd = Etcd::start().await;
        let line = Line::to(&etcd).await;
        let third = around(&format!("http://{}", line.address));
        let gateways = [
            Gateway::start(&around(&etcd.url())).await,
            Gateway::start(&around(&etcd.url())).await,
            Gateway::start(&third).await,
        ];
        let base = format!("{}/v1", upstream.base_url());
        let provider_key = gateways[0].provider_key("openai", &base, "sk-upstream").await;
        gateways[0].model("chat", "gpt-4o", &provider_key).await;
        Self { gateways, line, keys: 0, _etcd: etcd, _upstream: upstream }
    }

    /// Calls the admin API of the first gateway.
    async fn admin(&self, request: Request) -> Response {
        self.gateways[0].admin(request).await
    }

    /// Creates a caller key that every gateway accepts; answers its id and its plaintext.
    async fn key(&mut self) -> (String, String) {
        self.keys += 1;
        let plaintext = format!("sk-caller-{}", self.keys);
        let value = json!({"key_hash": KeyHash::of(&plaintext), "allowed_models": ["*"]});
        let request = Request::post("/admin/v1/apikeys?wait=applied&timeout_ms=20000");
        let answer = self.admin(request.json(value.to_string())).await;
        assert_eq!(answer.status, 201, "{} {:?}", answer.text(), answer.headers);
        assert_eq!(answer.headers["x-aisix-receipt"], "applied;gateways=3");
        for gateway in &self.gateways {
            assert_eq!(ask(gateway, &plaintext).await, 200, "a receipt said that it is served");
        }
        (answer.json::<Value>()["id"].as_str().expect("an id").to_owned(), plaintext)
    }

    async fn revoke(&self, id: &str, way: Revocation, timeout_ms: u32) -> Response {
        let path = format!("/admin/v1/apikeys/{id}");
        let query = format!("wait=applied&timeout_ms={timeout_ms}");
        let request = match way {
            Revocation::Delete => Request::delete(&format!("{path}?{query}")),
            Revocation::Rotate => Request::post(&format!("{path}/rotate?{query}")),
            Revocation::Disable => {
                let mut value = self.admin(Request::get(&path)).await.json::<Value>();
                let mut value = value["value"].take();
                value["disabled"] = json!(true);
                Request::put(&format!("{path}?{query}")).json(value.to_string())
            }
        };
        self.admin(request).await
    }

    /// Revokes a key in vain, because one gateway is behind; the answer names it and no other.
    async fn revoke_but_for(&self, id: &str, behind: usize, way: Revocation, state: &str) {
        let answer = self.revoke(id, way, 500).await;
        assert_eq!(answer.status, 202, "{way:?}: {}", answer.text());
        let receipt = answer.headers["x-aisix-receipt"].to_str().expect("text");
        assert!(receipt.starts_with("pending;gateways="), "{receipt}");
        assert!(receipt.ends_with(";behind=1"), "{receipt}");
        let named = answer.headers["x-aisix-behind"].to_str().expect("text");
        let expected = format!("\"{}\";state={state}", self.id_of(behind).await);
        assert!(named.starts_with(&expected), "{named} {expected}");
    }

    /// What is listed of a gateway.
    async fn listed(&self, index: usize) -> Option<Value> {
        let answer = self.admin(Request::get("/admin/v1/gateways")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let address = self.gateways[index].proxy.to_string();
        let mut all = answer.json::<Vec<Value>>().into_iter();
        all.find(|gateway| gateway["address"] == address)
    }

    async fn id_of(&self, index: usize) -> String {
        let listed = self.listed(index).await.expect("a gateway on record");
        listed["id"].as_str().expect("an id").to_owned()
    }

    async fn comes_to_be(&self, index: usize, state: &str) {
        wait::until_async(&format!("the gateway to be {state}"), async || {
            self.listed(index).await.is_some_and(|listed| listed["state"] == state)
        })
        .await;
    }

    /// Once an answer says that all gateways serve the last write, none accepts what was revoked.
    async fn converges_without(&mut self, revoked: &[String]) {
        self.key().await;
        for gateway in &self.gateways {
            for plaintext in revoked {
                assert_eq!(ask(gateway, plaintext).await, 401, "accepted after its receipt");
            }
        }
        for index in 0..3 {
            let listed = self.listed(index).await.expect("a gateway on record");
            assert_eq!(listed["state"], "live");
            assert!(listed["applied_revision"].as_u64() >= listed["desired_revision"].as_u64());
        }
    }

    async fn stop(self) {
        for gateway in self.gateways {
            gateway.stop().await;
        }
    }
}

async fn ask(gateway: &Gateway, key: &str) -> u16 {
    let request = Request::post("/v1/chat/completions").bearer(key);
    request.json(openai::chat_request("chat", "Hi")).send(gateway.proxy).await.status
}

#[tokio::test]
async fn a_key_is_refused_everywhere_once_its_revocation_is_applied() {
    let mut fleet = Fleet::start().await;
    for round in 0..4 {
        for way in EVERY_WAY {
            let (id, plaintext) = fleet.key().await;
            let answer = fleet.revoke(&id, way, 20_000).await;
            assert_eq!(answer.status, 200, "{way:?}: {}", answer.text());
            assert_eq!(answer.headers["x-aisix-receipt"], "applied;gateways=3");
            for gateway in &fleet.gateways {
                assert_eq!(ask(gateway, &plaintext).await, 401, "{way:?} in round {round}");
            }
        }
    }
    fleet.stop().await;
}

#[tokio::test]
async fn a_paused_gateway_is_waited_for_and_then_lost_and_converges_when_it_goes_on() {
    let mut fleet = Fleet::start().await;
    let mut revoked = Vec::new();
    let mut later = Vec::new();
    for way in EVERY_WAY {
        let (id, plaintext) = fleet.key().await;
        later.push((id, way));
        revoked.push(plaintext);
    }
    let (first, plaintext) = fleet.key().await;
    revoked.push(plaintext);
    fleet.gateways[1].process.pause();
    fleet.revoke_but_for(&first, 1, Revocation::Delete, "live").await;
    fleet.comes_to_be(1, "lost").await;
    for (id, way) in later {
        fleet.revoke_but_for(&id, 1, way, "lost").await;
    }
    fleet.gateways[1].process.resume();
    fleet.converges_without(&revoked).await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_gateway_that_is_cut_off_serves_on_and_every_receipt_says_so() {
    let mut fleet = Fleet::start().await;
    let mut revoked = Vec::new();
    let mut later = Vec::new();
    for way in EVERY_WAY {
        let (id, plaintext) = fleet.key().await;
        later.push((id, way));
        revoked.push(plaintext);
    }
    fleet.line.cut();
    fleet.comes_to_be(2, "lost").await;
    for (id, way) in later {
        fleet.revoke_but_for(&id, 2, way, "lost").await;
    }
    for plaintext in &revoked {
        assert_eq!(ask(&fleet.gateways[0], plaintext).await, 401);
        assert_eq!(
            ask(&fleet.gateways[2], plaintext).await,
            200,
            "so no receipt may say otherwise"
        );
    }
    fleet.line.mend();
    // It looks for etcd again after waits that grow.
    fleet.comes_to_be(2, "live").await;
    wait::until_async("it to follow etcd again", async || {
        fleet.listed(2).await.is_some_and(|listed| listed["applied_revision"].is_u64())
    })
    .await;
    fleet.converges_without(&revoked).await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_killed_gateway_is_waited_for_until_an_operator_says_that_it_is_gone() {
    let mut fleet = Fleet::start().await;
    let (id, _) = fleet.key().await;
    let (other, plaintext) = fleet.key().await;
    let killed = fleet.id_of(1).await;
    let forget = Request::delete(&format!("/admin/v1/gateways/{killed}"));
    assert_eq!(fleet.admin(forget.clone()).await.status, 409, "it is live");
    fleet.gateways[1].process.kill();
    fleet.gateways[1].process.exited().await;
    fleet.comes_to_be(1, "lost").await;
    fleet.revoke_but_for(&id, 1, Revocation::Delete, "lost").await;

    let gone = fleet.admin(forget).await;
    assert_eq!(gone.status, 200, "{}", gone.text());
    assert_eq!(gone.json::<Value>(), json!({"id": killed, "deleted": true}));
    let answer = fleet.revoke(&other, Revocation::Delete, 20_000).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.headers["x-aisix-receipt"], "applied;gateways=2");
    for index in [0, 2] {
        assert_eq!(ask(&fleet.gateways[index], &plaintext).await, 401);
    }

    // One that ends in good order leaves by itself.
    let Fleet { gateways: [first, _, third], .. } = fleet;
    third.stop().await;
    let listed = first.admin(Request::get("/admin/v1/gateways")).await;
    assert_eq!(listed.json::<Vec<Value>>().len(), 1, "{}", listed.text());
    first.stop().await;
}
