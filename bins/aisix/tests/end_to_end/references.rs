//! Credentials that are kept on the host, and the search for them.

use aisix_testing::fixtures::openai;
use aisix_testing::{Canaries, Reply, Request, ScriptedUpstream, wait};
use serde_json::json;

use crate::gateway::{Gateway, program};

async fn chat(gateway: &Gateway, model: &str) -> aisix_testing::Response {
    let request = Request::post("/v1/chat/completions").bearer("sk-caller");
    request.json(openai::chat_request(model, "Hi")).send(gateway.proxy).await
}

/// What the program says of itself while it runs.
async fn reports(gateway: &Gateway) -> Vec<u8> {
    let mut all = Vec::new();
    for path in ["/metrics", "/status/config", "/status/models"] {
        all.extend(Request::get(path).send(gateway.metrics).await.body);
    }
    for path in ["/admin/v1/provider_keys", "/admin/v1/models", "/aisix/admin/models"] {
        all.extend(gateway.admin(Request::get(path)).await.body);
    }
    all
}

#[tokio::test]
async fn secrets_of_the_host_reach_the_upstream_and_nothing_else_and_change_while_it_runs() {
    let mut canaries = Canaries::new();
    let [variable, first, second] =
        ["variable", "first file", "second file"].map(|name| canaries.plant(name));
    let upstream = ScriptedUpstream::start();
    upstream.respond_with(|request| {
        let credential = request.header("authorization").unwrap_or_default();
        match request.json::<serde_json::Value>()["model"] == "refuses" {
            true => Reply::json(401, json!({"error": {"message": credential}}).to_string()),
            false => Reply::json(200, openai::chat_completion("Hello.")),
        }
    });
    let program = program(
        "shutdown: {min_drain_secs: 0}\nobservability: {log_level: trace}\n\
         secrets: {allow_env: [OF_THE_HOST]}",
    );
    let program = program.env("OF_THE_HOST", &variable);
    let file = program.write("of-the-host", &first);
    let directory = program.directory().to_owned();
    let program = program.env("AISIX_SECRETS__FILE_DIRS", directory);
    let gateway = Gateway::start(&program).await;
    let base = format!("{}/v1", upstream.base_url());
    let of_variable = gateway.provider_key("variable", &base, "env:OF_THE_HOST").await;
    let reference = format!("file:{}", file.display());
    let of_file = gateway.provider_key("file", &base, &reference).await;
    for (name, upstream_name, key) in
        [("one", "gpt", &of_variable), ("two", "gpt", &of_file), ("three", "refuses", &of_file)]
    {
        gateway.model(name, upstream_name, key).await;
    }
    gateway.caller_key("sk-caller", &["*"]).await;

    for (model, secret) in [("one", &variable), ("two", &first)] {
        assert_eq!(chat(&gateway, model).await.status, 200);
        let sent = upstream.next_request().await;
        assert_eq!(sent.header("authorization"), Some(&*format!("Bearer {secret}")));
    }
    let mut said = chat(&gateway, "three").await.body.to_vec();
    upstream.next_request().await;
    let refused = json!({
        "display_name": "none", "provider": "openai", "adapter": "openai",
        "secret": "env:PATH", "api_base": base,
    });
    let refused = Request::post("/admin/v1/provider_keys").json(refused.to_string());
    let refused = gateway.admin(refused).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("secret: ") && refused.text().contains("secrets.allow_env"));
    said.extend(reports(&gateway).await);

    // As whoever mounts secrets does it: the whole file at once.
    let next = program.write("next", &second);
    std::fs::rename(next, &file).expect("a file to replace");
    wait::until_async("the new secret to be sent", async || {
        chat(&gateway, "two").await;
        let sent = upstream.next_request().await;
        sent.header("authorization") == Some(&*format!("Bearer {second}"))
    })
    .await;

    std::fs::remove_file(&file).expect("a file to remove");
    wait::until_async("the report of its loss", async || {
        let status = Request::get("/status/config").send(gateway.metrics).await;
        status.text().contains("\"degraded\"") && status.text().contains("serving_stale_since")
    })
    .await;
    assert_eq!(chat(&gateway, "two").await.status, 200, "the last good value serves on");
    said.extend(reports(&gateway).await);
    canaries.assert_absent("what it answered", &said);
    for kept in std::fs::read_dir(program.directory().join("aisix-data")).expect("a directory") {
        let kept = kept.expect("a file").path();
        let content = std::fs::read(&kept).expect("a readable file");
        canaries.assert_absent(&kept.display().to_string(), &content);
    }
    let log = gateway.stop().await.lines().join("\n");
    assert!(log.contains("a file that holds a secret has changed"), "{log}");
    canaries.assert_absent("the log", log.as_bytes());
}
