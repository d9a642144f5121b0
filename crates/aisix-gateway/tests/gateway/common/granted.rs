//! A gateway whose provider key is granted access tokens, and who grants them.

use aisix_gateway::Settings;
use aisix_testing::{Canaries, Received, Reply, Response, ScriptedUpstream, Step};
use serde_json::{Value, json};

use super::documents::{self, Documents};
use super::{MODEL, World, direct, error_of, logs, world};

/// A gateway with one model, whose key is granted tokens.
pub struct Granted {
    pub canaries: Canaries,
    /// What of the key's secret nobody is told.
    pub kept: String,
    /// The token endpoint.
    pub endpoint: ScriptedUpstream,
    pub upstream: ScriptedUpstream,
    pub documents: Documents,
    pub world: World,
}

impl Granted {
    /// The upstream's model of this name, behind the key that is made of the addresses of the token
    /// endpoint and of the upstream.
    pub fn new(model: &str, kept: String, key: impl FnOnce(&str, &str) -> Value) -> Self {
        let (endpoint, upstream) = (ScriptedUpstream::start(), ScriptedUpstream::start());
        let mut documents = documents::standard(&upstream.base_url());
        documents[0].1 = key(&endpoint.base_url(), &upstream.base_url());
        documents[1].1 = direct(MODEL, model, "pk");
        let world = World::with(Settings::default(), &documents);
        Self { canaries: Canaries::new(), kept, endpoint, upstream, documents, world }
    }

    /// Puts another secret into the key.
    pub fn rotate(&mut self, secret: &str) {
        self.documents[0].1["secret"] = json!(secret);
        self.world.publish(&self.documents);
    }

    pub async fn chat(&self) -> Response {
        self.world.chat(world::whole("hi")).await
    }

    /// Asserts what callers are told, by status and type, of what the token endpoint says; nothing
    /// reaches the upstream then.
    pub async fn assert_told(&self, replies: impl IntoIterator<Item = (Reply, u16, &str)>) {
        for (reply, status, kind) in replies {
            self.endpoint.enqueue(reply);
            let answer = self.chat().await;
            assert_eq!(answer.status, status, "{}", answer.text());
            assert_eq!(error_of(&answer)["type"], kind, "{}", answer.text());
            self.assert_kept(&answer);
        }
        assert!(self.upstream.requests().is_empty());
    }

    /// Asserts that a token endpoint that hangs keeps nobody waiting for longer than the model's
    /// timeout.
    pub async fn assert_given_up(&mut self) {
        self.endpoint.enqueue(Reply::new().hang());
        self.documents[1].1["timeout"] = json!(30);
        self.world.publish(&self.documents);
        let answer = self.chat().await;
        assert_eq!(answer.status, 504, "{}", answer.text());
        assert_eq!(error_of(&answer)["type"], "timeout");
    }

    /// Nothing that was told, logged or counted holds a credential.
    pub fn assert_kept(&self, told: &Response) {
        let told = format!("{:?} {}", told.headers, told.text());
        for (place, text) in [
            ("what callers were told", told),
            ("the log", logs::text()),
            ("what is shown for debugging", format!("{:?}", self.world.shared)),
        ] {
            self.canaries.assert_absent(place, text.as_bytes());
            assert!(!text.contains(&self.kept), "{place} holds the secret");
        }
    }
}

/// What a token endpoint answers that grants this token.
pub fn grant(token: &str) -> String {
    json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token}).to_string()
}

/// A whole answer, to be written behind a gate.
pub fn raw(body: &str) -> Step {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
    Step::Bytes(format!("{head}{body}").into())
}

/// The bearer that a request was sent with.
pub fn bearer(request: &Received) -> Option<String> {
    request.header("authorization").map(str::to_owned)
}
