//! A resources file as the source.

use std::path::Path;

use aisix_testing::fixtures::openai;
use aisix_testing::{Gate, Process, Program, Reply, Request, Response, ScriptedUpstream, wait};
use serde_json::{Value, json};

use crate::gateway::{Gateway, program};

const FILE: &str = "resources.yaml";

/// A file with a model for this upstream, and more collections.
fn resources(upstream: &ScriptedUpstream, model: &str, more: &str) -> String {
    let base = upstream.base_url();
    format!(
        "_format_version: \"1\"\n\
         provider_keys:\n  - {{display_name: p, adapter: openai, api_base: '{base}/v1', secret: '${{UPSTREAM_KEY}}'}}\n\
         models:\n  - {{display_name: {model}, provider: openai, model_name: gpt-4o, provider_key: p}}\n\
         api_keys:\n  - {{display_name: app, key_env: CALLER_KEY, allowed_models: ['*']}}\n{more}\n"
    )
}

fn in_file(text: &str) -> Program {
    let program = program("shutdown: {min_drain_secs: 0}");
    program.write(FILE, text);
    program
        .env("AISIX_RESOURCES_FILE", FILE)
        .env("UPSTREAM_KEY", "sk-of-the-upstream")
        .env("CALLER_KEY", "sk-caller")
}

async fn ask(gateway: &Gateway, model: &str) -> Response {
    let request = Request::post("/v1/chat/completions").bearer("sk-caller");
    request.json(openai::chat_request(model, "Hi")).send(gateway.proxy).await
}

async fn status(gateway: &Gateway) -> Value {
    Request::get("/status/config").send(gateway.metrics).await.json()
}

#[tokio::test]
async fn a_gateway_serves_from_a_file_and_takes_over_another_on_sighup() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("From a file.")));
    let program = in_file(&resources(&upstream, "first", ""));
    let mut gateway = Gateway::start(&program).await;
    let answer = ask(&gateway, "first").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let credential =
        upstream.requests().pop().expect("a request").header("authorization").map(str::to_owned);
    assert_eq!(credential.as_deref(), Some("Bearer sk-of-the-upstream"));
    let before = status(&gateway).await;
    assert_eq!((&before["state"], &before["source"]["type"]), (&json!("synced"), &json!("file")));

    let write = Request::post("/admin/v1/models").json(json!({"display_name": "x"}).to_string());
    let refused = gateway.admin(write).await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(refused.text().contains(FILE) && refused.text().contains("SIGHUP"));
    let models = gateway.admin(Request::get("/admin/v1/models")).await.json::<Value>();
    assert_eq!(
        (&models[0]["value"]["display_name"], &models[0]["revision"]),
        (&json!("first"), &json!(1))
    );

    program.write(FILE, resources(&upstream, "second", "modles: []"));
    gateway.process.hang_up();
    let line = gateway.process.line_with("rejected the resources file").await;
    assert!(line.contains("WARN") && line.contains("(file): modles: unknown key"), "{line}");
    assert_eq!(ask(&gateway, "first").await.status, 200);
    let rejected = status(&gateway).await;
    assert_eq!(rejected["state"], "out_of_sync");
    assert_eq!(rejected["rejected"][0]["last_error_kind"], "parse_failed");
    assert_eq!(rejected["applied"], before["applied"]);
    let metrics = Request::get("/metrics").send(gateway.metrics).await.text().to_owned();
    assert!(metrics.contains("aisix_config_last_reload_successful 0"), "{metrics}");

    program.write(FILE, resources(&upstream, "second", ""));
    gateway.process.hang_up();
    let line = gateway.process.line_with("took over the resources file").await;
    assert!(line.contains("generation=2") && line.contains("resources=3"), "{line}");
    wait::until_async("the new file to be served", async || {
        ask(&gateway, "second").await.status == 200
    })
    .await;
    assert_eq!(ask(&gateway, "first").await.status, 404);
    assert_eq!(status(&gateway).await["state"], "synced");
    let said = gateway.stop().await.lines().join("\n");
    for secret in ["sk-of-the-upstream", "sk-caller"] {
        assert!(!said.contains(secret), "{secret} is in {said}");
    }
}

#[tokio::test]
async fn requests_under_way_outlive_a_reload() {
    let upstream = ScriptedUpstream::start();
    let program = in_file(&resources(&upstream, "first", ""));
    let mut gateway = Gateway::start(&program).await;
    let gate = Gate::new();
    let frames = openai::chat_stream(["one", "two"]);
    let (before, after) = frames.split_at(2);
    let reply = Reply::open_sse().chunks(before.to_vec());
    upstream.enqueue(reply.wait_for(&gate).chunks(after.to_vec()).end());
    let request = Request::post("/v1/chat/completions").bearer("sk-caller");
    let request = request.json(openai::chat_stream_request("first", "Hi"));
    let (head, mut stream) = request.stream(gateway.proxy).await;
    assert_eq!(head.status, 200);
    assert!(stream.event().await.expect("a stream").is_some());

    program.write(FILE, resources(&upstream, "second", ""));
    gateway.process.hang_up();
    gateway.process.line_with("took over the resources file").await;
    wait::until_async("the new file to be served", async || {
        ask(&gateway, "first").await.status == 404
    })
    .await;
    gate.open();
    let events = stream.events().await.expect("the whole stream");
    assert_eq!(events.last().expect("an end").data(), "[DONE]");
    gateway.stop().await;
}

#[tokio::test]
async fn a_gateway_does_not_start_from_a_bad_file_and_says_why() {
    let program = in_file("_format_version: 1\nmodels: [{display_name: a}]\n");
    let mut process = program.start();
    assert_eq!(process.exited().await.code(), Some(1));
    assert_eq!(
        process.stderr(),
        [
            "resources file resources.yaml: 4 error(s):",
            "  - (file): _format_version: must be a string: write \"1\" with its quotes",
            "  - models[0] (\"a\"): provider: is required, unless the model has routing, ensemble or semantic",
            "  - models[0] (\"a\"): model_name: is required, unless the model has routing, ensemble or semantic",
            "  - models[0] (\"a\"): provider_key: is required, unless the model has routing, ensemble or semantic",
        ]
    );
    assert_eq!(process.stdout(), Vec::<String>::new());
}

#[tokio::test]
async fn a_reference_that_is_not_permitted_is_a_problem_of_the_file() {
    let upstream = ScriptedUpstream::start();
    let good = resources(&upstream, "m", "");
    let bad = good.replace("${UPSTREAM_KEY}", "env:NOBODY");
    let problem = "  - provider_keys[0] (\"p\"): secret: refers to an environment variable that \
                   secrets.allow_env does not list";
    let mut process = in_file(&bad).start();
    assert_eq!(process.exited().await.code(), Some(1));
    assert_eq!(process.stderr(), ["resources file resources.yaml: 1 error(s):", problem]);

    let program = in_file(&good);
    let mut gateway = Gateway::start(&program).await;
    let before = status(&gateway).await;
    program.write(FILE, bad.replace("display_name: m", "display_name: other"));
    gateway.process.hang_up();
    gateway.process.line_with("rejected the resources file").await;
    let after = status(&gateway).await;
    assert_eq!((&after["state"], &after["applied"]), (&json!("out_of_sync"), &before["applied"]));
    assert_eq!(after["rejected"][0]["resource_id"], "p");
    gateway.stop().await;
}

#[tokio::test]
async fn sighup_ends_no_gateway() {
    let mut gateway = crate::gateway::start().await;
    gateway.process.hang_up();
    gateway.process.line_with("SIGHUP: nothing to read again").await;
    assert_eq!(Request::get("/livez").send(gateway.proxy).await.status, 200);
    gateway.stop().await;
}

async fn validate(program: Program) -> (Option<i32>, Vec<String>, Vec<String>) {
    let mut process: Process = program.start();
    let code = process.exited().await.code();
    (code, process.stdout(), process.stderr())
}

#[tokio::test]
async fn validate_says_what_a_file_holds_or_what_is_wrong_with_it() {
    let upstream = ScriptedUpstream::start();
    let file = |text: &str| {
        let program = Program::aisix().arg("validate").arg("--resources").arg(FILE);
        program.write(FILE, text);
        program.env("UPSTREAM_KEY", "sk-of-the-upstream").env("CALLER_KEY", "sk-caller")
    };
    let good = resources(&upstream, "m", "");
    let nothing = Vec::<String>::new();
    // A configuration that is none: it is not read.
    let program = file(&good).env("AISIX_CONFIG", "/nowhere").env("AISIX_PROXY__ADDR", "nowhere");
    let said = vec!["OK: resources.yaml loaded 3 resource(s)".to_owned()];
    assert_eq!(validate(program).await, (Some(0), said, nothing.clone()));

    let report = vec![
        "resources file resources.yaml: 1 error(s):".to_owned(),
        "  - api_keys[0] (\"app\"): key_env: the variable CALLER_KEY is empty".to_owned(),
    ];
    let program = file(&good).env("CALLER_KEY", "");
    assert_eq!(validate(program).await, (Some(1), nothing.clone(), report));

    let referring = good.replace("${UPSTREAM_KEY}", "env:NOBODY");
    let said = vec!["OK: resources.yaml loaded 3 resource(s)".to_owned()];
    let note = "note: 1 reference(s) to secrets were not followed: the gateway does that when it \
                loads the file, as far as its configuration permits";
    assert_eq!(validate(file(&referring)).await, (Some(0), said, vec![note.to_owned()]));

    let absent = Program::aisix().arg("validate").arg("--resources").arg("absent.yaml");
    let (code, _, said) = validate(absent).await;
    assert_eq!((code, &*said[0]), (Some(1), "resources file absent.yaml: 1 error(s):"));
    assert!(said[1].starts_with("  - (file): cannot be read: No such file"), "{said:?}");

    let (code, _, said) = validate(Program::aisix().arg("validate")).await;
    assert_eq!(code, Some(2), "{said:?}");
}

#[tokio::test]
async fn the_example_is_valid() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/resources.yaml");
    let program = Program::aisix().arg("validate").arg("--resources").arg(&path);
    let variables = ["OPENAI_API_KEY", "FALLBACK_API_KEY", "CHAT_APP_KEY"];
    let program = variables.into_iter().fold(program, |program, name| program.env(name, name));
    let (code, said, problems) = validate(program).await;
    assert_eq!((code, &problems), (Some(0), &Vec::new()));
    assert_eq!(said, [format!("OK: {} loaded 7 resource(s)", path.display())]);
}
