//! A provider key of Azure with an application's credential, from its creation to a replaced secret.

use aisix_testing::fixtures::openai;
use aisix_testing::{Canaries, Received, Reply, Request, ScriptedUpstream};
use serde_json::{Value, json};

use crate::gateway::{self, Gateway};

const CALLER: &str = "sk-app-caller";

fn principal(authority: &str, client_secret: &str) -> String {
    let name = "contoso.example";
    json!({
        "tenant_id": name, "client_id": "app", "client_secret": client_secret,
        "authority_host": authority,
    })
    .to_string()
}

/// An authority whose token says which secret it was asked with.
fn authority(secrets: Vec<String>) -> ScriptedUpstream {
    let authority = ScriptedUpstream::start();
    authority.respond_with(move |asked: &Received| {
        let escaped =
            |secret: &String| secret.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
        let number = secrets.iter().position(|secret| asked.text().contains(&escaped(secret)));
        match number {
            Some(number) => {
                let token = format!("token-of-secret-{number}");
                let grant = json!({"access_token": token, "expires_in": 3599});
                Reply::json(200, grant.to_string())
            }
            None => Reply::json(401, json!({"error": "invalid_client"}).to_string()),
        }
    });
    authority
}

async fn ask(gateway: &Gateway, azure: &ScriptedUpstream) -> (u16, Option<String>) {
    let request = Request::post("/v1/chat/completions").bearer(CALLER);
    let answer = request.json(openai::chat_request("gpt", "Hi")).send(gateway.proxy).await;
    let received = azure.requests().pop();
    let sent = received.and_then(|received| received.header("authorization").map(str::to_owned));
    (answer.status, sent)
}

#[tokio::test]
async fn a_key_of_an_application_serves_and_its_secret_is_replaced() {
    let mut canaries = Canaries::new();
    let secrets = vec![canaries.plant("client secret"), canaries.plant("replaced secret")];
    let entra = authority(secrets.clone());
    let azure = ScriptedUpstream::start();
    azure.always(Reply::json(200, openai::chat_completion("ok")));
    let gateway = gateway::start().await;

    let mut key = json!({
        "display_name": "azure", "provider": "azure", "adapter": "azure-openai",
        "secret": principal(&entra.base_url(), &secrets[0]), "api_base": azure.base_url(),
        "api_version": "2025-04-01-preview",
    });
    let id = gateway.create("provider_keys", &key).await;
    gateway.model("gpt", "gpt-4.1", &id).await;
    gateway.caller_key(CALLER, &["gpt"]).await;
    assert_eq!(ask(&gateway, &azure).await, (200, Some("Bearer token-of-secret-0".to_owned())));
    let path = azure.next_request().await.path_and_query;
    let expected = "/openai/deployments/gpt-4.1/chat/completions?api-version=2025-04-01-preview";
    assert_eq!(path, expected);
    ask(&gateway, &azure).await;
    assert_eq!(entra.requests().len(), 1, "the token is kept");

    let path = format!("/admin/v1/provider_keys/{id}");
    let shown = gateway.admin(Request::get(&path)).await;
    canaries.assert_absent("the key as it is shown", shown.text().as_bytes());
    let shown: Value = shown.json();
    assert_eq!(shown["value"]["secret"], "***");
    assert_eq!(shown["value"]["api_version"], "2025-04-01-preview");

    // What counts is the secret, from the next request on.
    key["secret"] = json!(principal(&entra.base_url(), &secrets[1]));
    let put = gateway.admin(Request::put(&path).json(key.to_string())).await;
    assert_eq!(put.status, 200, "{}", put.text());
    assert_eq!(ask(&gateway, &azure).await, (200, Some("Bearer token-of-secret-1".to_owned())));
    let process = gateway.stop().await;
    canaries.assert_absent("what the program printed", process.lines().join("\n").as_bytes());
}
