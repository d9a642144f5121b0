//! Planted credentials, and the search for them in everything that the program says and writes.

use std::path::Path;

use aisix_testing::fixtures::openai;
use aisix_testing::{Canaries, Program, Received, Reply, Request, Response, ScriptedUpstream};
use serde_json::{Value, json};

use crate::gateway::{Gateway, METRICS};

/// The credentials of a gateway, and what was answered to anybody.
struct Watched {
    gateway: Gateway,
    admin_key: String,
    canaries: Canaries,
    answers: Vec<Response>,
}

impl Watched {
    async fn admin(&mut self, request: Request) -> Value {
        let answer = request.bearer(&self.admin_key).send(self.gateway.admin).await;
        let value = serde_json::from_slice(&answer.body).unwrap_or_default();
        self.answers.push(answer);
        value
    }

    async fn post(&mut self, path: &str, body: &Value) -> Value {
        self.admin(Request::post(path).json(body.to_string())).await
    }

    async fn chat(&mut self, key: &str, body: String) -> u16 {
        let request = Request::post("/v1/chat/completions").bearer(key).json(body);
        // An answer that breaks off has no whole body to search.
        let Ok(answer) = request.try_send(self.gateway.proxy).await else { return 0 };
        let status = answer.status;
        self.answers.push(answer);
        status
    }
}

/// A provider that repeats in its errors which credential it was sent.
fn indiscreet(request: &Received) -> Reply {
    let credential = request.header("authorization").unwrap_or_default();
    let message = format!("Incorrect API key provided: {credential}");
    let error = json!({"error": {"message": message, "type": "invalid_request_error"}}).to_string();
    let body: Value = request.json();
    match body["model"].as_str() {
        Some("refuses") => Reply::json(401, error),
        Some("fails") => Reply::json(500, error),
        Some("babbles") => Reply::text(502, message),
        Some("breaks") => {
            let frames = [&openai::chat_stream(["one"])[0], &format!("data: {error}\n\n")];
            Reply::sse(frames.map(String::clone))
        }
        _ if body["stream"] == true => Reply::sse(openai::chat_stream(["one"])),
        _ => Reply::json(200, openai::chat_completion("Hello.")),
    }
}

async fn start(canaries: Canaries, admin_key: String, program: &Program) -> Watched {
    let gateway = Gateway::start(program).await;
    Watched { gateway, admin_key, canaries, answers: Vec::new() }
}

#[tokio::test]
async fn no_credential_is_in_a_log_an_answer_or_a_file() {
    let mut canaries = Canaries::new();
    let [admin_key, provider_secret, replaced_secret, caller_key, older_key] =
        ["admin key", "provider key", "replaced provider key", "caller key", "older provider key"]
            .map(|name| canaries.plant(name));
    let master_key = "7b".repeat(32);
    canaries.add("master key", &master_key);
    let program = Program::aisix().arg("--config").arg("config.yaml");
    program.write(
        "config.yaml",
        "{proxy: {addr: '127.0.0.1:0'}, admin: {addr: '127.0.0.1:0'}, \
         observability: {log_level: trace}, shutdown: {min_drain_secs: 0}}",
    );
    let program = program.env("AISIX_ADMIN__ADMIN_KEY", &admin_key);
    let program = program.env("AISIX_STORE__MASTER_KEY", &master_key).env(METRICS, "127.0.0.1:0");
    let upstream = ScriptedUpstream::start();
    upstream.respond_with(indiscreet);
    let mut watched = start(canaries, admin_key, &program).await;

    let base = format!("{}/v1", upstream.base_url());
    let mut key = json!({
        "display_name": "openai", "provider": "openai", "adapter": "openai",
        "secret": replaced_secret, "api_base": base,
    });
    let created = watched.post("/admin/v1/provider_keys", &key).await;
    let id = created["id"].as_str().expect("an id").to_owned();
    key["secret"] = provider_secret.clone().into();
    let path = format!("/admin/v1/provider_keys/{id}");
    watched.admin(Request::put(&path).json(key.to_string())).await;
    for name in ["chat", "refuses", "fails", "babbles", "breaks"] {
        let model = json!({
            "display_name": name, "provider": "openai",
            "model_name": name, "provider_key_id": id,
        });
        watched.post("/admin/v1/models", &model).await;
    }
    let config = json!({"api_key": older_key, "api_base": base});
    let older = json!({"name": "older", "model": "openai/chat", "provider_config": config});
    watched.post("/aisix/admin/models", &older).await;
    let caller = json!({"key": caller_key, "allowed_models": ["*"]});
    let made = watched.post("/aisix/admin/apikeys", &caller).await;
    let caller_id = made["id"].as_str().expect("an id").to_owned();

    mistakes(&mut watched, &key, &caller).await;
    for path in ["/admin/v1/provider_keys", "/admin/v1/apikeys", "/aisix/admin/models", &path] {
        watched.admin(Request::get(path)).await;
    }
    for model in ["chat", "older", "refuses", "fails", "babbles", "breaks", "none"] {
        watched.chat(&caller_key, openai::chat_request(model, "Hi")).await;
        watched.chat(&caller_key, openai::chat_stream_request(model, "Hi")).await;
    }
    let sent = upstream.requests();
    let bearer = format!("Bearer {provider_secret}");
    assert!(sent.iter().any(|request| request.header("authorization") == Some(&bearer)));
    assert_eq!(watched.chat(&caller_key, openai::chat_request("chat", "Hi")).await, 200);
    assert_eq!(watched.chat(&provider_secret, openai::chat_request("chat", "Hi")).await, 401);
    rotate(&mut watched, &caller_id).await;
    for path in ["/status/config", "/status/models", "/metrics"] {
        let answer = Request::get(path).send(watched.gateway.metrics).await;
        assert_eq!(answer.status, 200, "{path}");
        watched.answers.push(answer);
    }
    search(watched, program.directory()).await;
}

/// Requests whose refusal might quote them.
async fn mistakes(watched: &mut Watched, key: &Value, caller: &Value) {
    let secret = key["secret"].clone();
    let with = |field: &str, value: Value| {
        let mut body = key.clone();
        body[field] = value;
        body
    };
    for body in [
        key.clone(),
        with("secret", json!([secret])),
        with("secret", json!({"of": secret})),
        with("provider", json!({"of": secret})),
        with("adapter", secret.clone()),
        with("api_base", secret.clone()),
        with("api_key", secret.clone()),
        with("strip_headers", json!({"of": secret})),
    ] {
        watched.post("/admin/v1/provider_keys", &body).await;
    }
    watched.post("/aisix/admin/apikeys", caller).await;
    let broken = key.to_string().replace("\"adapter\"", "adapter");
    watched.admin(Request::post("/admin/v1/provider_keys").json(broken)).await;
    let wrong = caller["key"].as_str().unwrap_or_default().to_owned();
    let refused = Request::get("/admin/v1/models").bearer(&wrong).send(watched.gateway.admin).await;
    assert_eq!(refused.status, 401);
    watched.answers.push(refused);
}

/// The one answer that shows a plaintext, which is a credential from then on.
async fn rotate(watched: &mut Watched, id: &str) {
    let rotated = watched.post(&format!("/admin/v1/apikeys/{id}/rotate"), &json!({})).await;
    let plaintext = rotated["plaintext"].as_str().expect("a plaintext").to_owned();
    watched.answers.pop();
    watched.canaries.add("rotated caller key", &plaintext);
    assert_eq!(watched.chat(&plaintext, openai::chat_request("chat", "Hi")).await, 200);
    watched.admin(Request::get(&format!("/admin/v1/apikeys/{id}"))).await;
}

async fn search(watched: Watched, directory: &Path) {
    let Watched { gateway, canaries, answers, .. } = watched;
    assert!(answers.len() > 40, "{}", answers.len());
    for answer in &answers {
        canaries.assert_absent("an answer", &answer.body);
        canaries.assert_absent("a head", format!("{:?}", answer.headers).as_bytes());
    }
    let files = |when: &str| {
        let store = directory.join("aisix-data");
        for file in std::fs::read_dir(store).expect("a directory") {
            let path = file.expect("a file").path();
            let content = std::fs::read(&path).expect("a readable file");
            canaries.assert_absent(&format!("{} {when}", path.display()), &content);
        }
    };
    files("while it runs");
    let process = gateway.stop().await;
    files("when it has ended");
    let said = process.lines().join("\n");
    assert!(said.contains("proxy request completed"), "the log is there to be searched");
    canaries.assert_absent("the log", said.as_bytes());
}
