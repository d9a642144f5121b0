//! From an etcd to a file, and on with the file.

use aisix_testing::fixtures::openai;
use aisix_testing::{Etcd, Program, Reply, Request, ScriptedUpstream};

use super::{export, lines, run};
use crate::gateway::{Gateway, program};

const CALLER: &str = "sk-caller-$1";

async fn ask(gateway: &Gateway, key: &str, model: &str) -> (u16, String) {
    let request = Request::post("/v1/chat/completions").bearer(key);
    let answer = request.json(openai::chat_request(model, "Hi")).send(gateway.proxy).await;
    (answer.status, answer.text().to_owned())
}

#[tokio::test]
async fn a_gateway_with_the_exported_file_answers_as_the_one_with_etcd_did() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("As before.")));
    let base = format!("{}/v1", upstream.base_url());
    let etcd = Etcd::start().await;
    let around =
        format!("shutdown: {{min_drain_secs: 0}}\netcd: {{endpoints: ['{}']}}", etcd.url());
    let before = Gateway::start(&program(&around)).await;
    let provider_key = before.provider_key("openai", &base, "sk-$ecret").await;
    before.model("chat", "gpt-4o", &provider_key).await;
    before.model("other", "gpt-4o", &provider_key).await;
    before.caller_key(CALLER, &["chat"]).await;
    let questions = [(CALLER, "chat"), (CALLER, "other"), (CALLER, "none"), ("sk-nobody", "chat")];
    let mut answered = Vec::new();
    for (key, model) in questions {
        answered.push(ask(&before, key, model).await);
    }
    let statuses: Vec<_> = answered.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [200, 403, 404, 401]);
    before.stop().await;

    let (code, exported) = run(&export(&etcd, &[])).await;
    assert_eq!(code, 0, "{:?}", exported.stderr());
    let variable = "AISIXSECRET_PROVIDER_KEY_OPENAI_API_KEY";
    assert!(exported.stderr().contains(&format!("  {variable}")), "{:?}", exported.stderr());
    let text = lines(&exported.stdout());
    let validate = Program::aisix().arg("validate").arg("--resources").arg("resources.yaml");
    validate.write("resources.yaml", &text);
    let (code, refused) = run(&validate).await;
    assert_eq!(code, 1, "the variable is not set");
    assert!(lines(&refused.stderr()).contains(variable), "{:?}", refused.stderr());
    let (code, accepted) = run(&validate.env(variable, "sk-$ecret")).await;
    assert_eq!(code, 0, "{:?}", accepted.stderr());

    let file = "shutdown: {min_drain_secs: 0}\nresources_file: resources.yaml";
    let program = program(file).env(variable, "sk-$ecret");
    program.write("resources.yaml", &text);
    let after = Gateway::start(&program).await;
    for ((key, model), expected) in questions.into_iter().zip(answered) {
        assert_eq!(ask(&after, key, model).await, expected, "{model}");
    }
    let received = upstream.requests();
    let credentials: Vec<_> = received.iter().map(|one| one.header("authorization")).collect();
    assert_eq!(credentials, [Some("Bearer sk-$ecret"); 2]);
    after.stop().await;
}
