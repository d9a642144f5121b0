//! A running gateway with what tests put into it.

use std::net::SocketAddr;

use aisix_testing::{Process, Program, Request, Response};
use serde_json::{Value, json};

/// The admin key of most tests.
pub(crate) const ADMIN_KEY: &str = "admin-local-only-change-me";

/// The other admin key, of the older pages.
pub(crate) const OLDER_ADMIN_KEY: &str = "your-strong-admin-key-here";

/// A gateway that listens on ports of its own.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) process: Process,
    pub(crate) proxy: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) metrics: SocketAddr,
}

/// Where monitoring's listener is configured.
pub(crate) const METRICS: &str = "AISIX_OBSERVABILITY__METRICS__PROMETHEUS__ADDR";

/// The program with a configuration file that uses free ports, plus `more` (YAML).
pub(crate) fn program(more: &str) -> Program {
    let program = Program::aisix().arg("--config").arg("config.yaml");
    program.write(
        "config.yaml",
        format!(
            "proxy: {{addr: '127.0.0.1:0', workers: 2}}\n\
             admin: {{addr: '127.0.0.1:0', admin_keys: ['{ADMIN_KEY}', '{OLDER_ADMIN_KEY}']}}\n\
             {more}\n"
        ),
    );
    program.env(METRICS, "127.0.0.1:0")
}

/// A gateway whose drain has no window.
pub(crate) async fn start() -> Gateway {
    Gateway::start(&program("shutdown: {min_drain_secs: 0}")).await
}

impl Gateway {
    /// Starts the program and waits until it listens.
    pub(crate) async fn start(program: &Program) -> Self {
        let mut process = program.start();
        let line = process.line_with(" listening ").await;
        let address = |name: &str| {
            let mut words = line.split(' ');
            let word = words.find_map(|word| word.strip_prefix(name)).expect("an address");
            word.parse().expect("an address")
        };
        let (proxy, admin, metrics) = (address("proxy="), address("admin="), address("metrics="));
        Self { process, proxy, admin, metrics }
    }

    /// Calls the admin API.
    pub(crate) async fn admin(&self, request: Request) -> Response {
        request.bearer(ADMIN_KEY).send(self.admin).await
    }

    /// Creates an object and answers its id.
    pub(crate) async fn create(&self, kind: &str, value: &Value) -> String {
        let request = Request::post(&format!("/admin/v1/{kind}")).json(value.to_string());
        let answer = self.admin(request).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json::<Value>()["id"].as_str().expect("an id").to_owned()
    }

    /// Creates a provider key for an upstream and answers its id.
    pub(crate) async fn provider_key(&self, name: &str, base: &str, secret: &str) -> String {
        let value = json!({
            "display_name": name, "provider": "openai", "adapter": "openai",
            "secret": secret, "api_base": base,
        });
        self.create("provider_keys", &value).await
    }

    /// Creates a model of one target and answers its id.
    pub(crate) async fn model(
        &self,
        name: &str,
        upstream_name: &str,
        provider_key: &str,
    ) -> String {
        let value = json!({
            "display_name": name, "provider": "openai",
            "model_name": upstream_name, "provider_key_id": provider_key,
        });
        self.create("models", &value).await
    }

    /// Creates a caller key through the older API, which takes the plaintext.
    pub(crate) async fn caller_key(&self, plaintext: &str, models: &[&str]) {
        let value = json!({"key": plaintext, "allowed_models": models});
        let request = Request::post("/aisix/admin/apikeys").json(value.to_string());
        let answer = self.admin(request).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }

    /// Asks it to end, and makes sure that it does so in good order.
    pub(crate) async fn stop(mut self) -> Process {
        self.process.terminate();
        let status = self.process.exited().await;
        assert_eq!(status.code(), Some(0), "{:?}", self.process.lines());
        self.process
    }
}
