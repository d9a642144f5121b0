//! The documentation's pages: their commands as printed, and their answers field by field, in
//! order. Only placeholders are replaced: hosts, ports, ids, the provider's base and `[...]`.

use aisix_testing::fixtures::openai;
use aisix_testing::{Program, Reply, Request, ScriptedUpstream};
use serde_json::{Value, json};

use crate::gateway::{self, Gateway};

/// The commands of a page, in blocks.
struct Page {
    /// Name and text of each.
    blocks: Vec<(String, String)>,
}

impl Page {
    /// Reads a page and puts the gateway's addresses and `more` in place of the placeholders.
    fn read(text: &str, gateway: &Gateway, more: &[(&str, &str)]) -> Self {
        let (proxy, admin) = (gateway.proxy.to_string(), gateway.admin.to_string());
        let mut text = text.replace("127.0.0.1:3001", &admin).replace("127.0.0.1:3000", &proxy);
        text = text.replace("localhost:3000", &format!("localhost:{}", gateway.proxy.port()));
        for (placeholder, value) in more {
            assert!(text.contains(placeholder), "the page does not say {placeholder}");
            text = text.replace(placeholder, value);
        }
        let blocks = text.split("### ").skip(1).map(|block| {
            let (name, commands) = block.split_once('\n').expect("a name above its commands");
            (name.to_owned(), commands.to_owned())
        });
        Self { blocks: blocks.collect() }
    }

    /// Runs a block in bash, after those above it that call nobody, and answers what it printed.
    async fn run(&self, name: &str) -> String {
        let before = self.blocks.iter().take_while(|block| block.0 != name);
        let mut script: String =
            before.filter(|block| !block.1.contains("curl")).map(|block| &*block.1).collect();
        script += &self.blocks.iter().find(|block| block.0 == name).expect(name).1;
        bash(&script).await
    }

    /// The same for a block that prints JSON.
    async fn json(&self, name: &str) -> Value {
        let printed = self.run(name).await;
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
    }
}

/// Runs a script as a user's shell would, and answers what it printed on standard output.
pub(crate) async fn bash(script: &str) -> String {
    let program = Program::at("bash").arg("-euo").arg("pipefail").arg("script.sh");
    program.write("script.sh", script);
    let mut shell = program.start();
    let status = shell.exited().await;
    assert!(status.success(), "{script}\n{:?}", shell.lines());
    shell.stdout().join("\n")
}

/// The id of an answer, which must be a UUID.
fn id(answer: &Value) -> String {
    let id = answer["id"].as_str().expect("an id");
    let groups: Vec<_> = id.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
    assert!(id.chars().all(|c| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c)), "{id}");
    id.to_owned()
}

/// Compares as text, so that the order of fields counts.
fn same(actual: &Value, expected: &Value) {
    assert_eq!(format!("{actual:#}"), format!("{expected:#}"));
}

fn upstream() -> ScriptedUpstream {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("Hello from the provider.")));
    upstream
}

fn base(upstream: &ScriptedUpstream) -> String {
    format!("{}/v1", upstream.base_url())
}

#[tokio::test]
async fn provider_keys_as_printed() {
    let (gateway, upstream) = (gateway::start().await, upstream());
    let base = base(&upstream);
    let page = Page::read(
        include_str!("000.sh"),
        &gateway,
        &[("https://api.openai.com/v1", &base), ("YOUR_OPENAI_API_KEY", "sk-of-the-provider")],
    );
    let answer = page.json("create").await;
    let id = id(&answer);
    let value = json!({
        "display_name": "openai-prod",
        "secret": "***",
        "api_base": base,
        "provider": "openai",
        "adapter": "openai",
        "telemetry_tags": {"featured": false},
        "strip_headers": ["authorization", "cookie", "set-cookie", "x-api-key"],
    });
    let entry = json!({"id": id, "value": value, "revision": 1});
    same(&answer, &entry);

    let path = format!("/admin/v1/provider_keys/{id}");
    same(&gateway.admin(Request::get(&path)).await.json(), &entry);
    let list = gateway.admin(Request::get("/admin/v1/provider_keys")).await;
    same(&list.json(), &json!([entry]));

    // "Copy the id. You will use it as provider_key_id": the stored secret reaches the provider.
    gateway.model("gpt-4o-prod", "gpt-4o", &id).await;
    gateway.caller_key("sk-app-caller", &["gpt-4o-prod"]).await;
    let request = Request::post("/v1/chat/completions").bearer("sk-app-caller");
    let answer = request.json(openai::chat_request("gpt-4o-prod", "Hi")).send(gateway.proxy).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let received = upstream.next_request().await;
    assert_eq!(received.path_and_query, "/v1/chat/completions");
    assert_eq!(received.header("authorization"), Some("Bearer sk-of-the-provider"));
    gateway.stop().await;
}

#[tokio::test]
async fn caller_api_keys_as_printed() {
    let (gateway, upstream) = (gateway::start().await, upstream());
    let provider_key = gateway.provider_key("openai-prod", &base(&upstream), "sk-p").await;
    gateway.model("gpt-4o-prod", "gpt-4o", &provider_key).await;
    let page = include_str!("002.sh");
    let printed = Page::read(page, &gateway, &[]);
    let answer = printed.json("create").await;
    let id = id(&answer);
    let hash = "43d758e3b4aa2aacdb4b49c09c26435fb5083148fda6cfc9c5e38078915c6bdb";
    let mut value = json!({"key_hash": hash, "allowed_models": ["gpt-4o-prod"]});
    same(&answer, &json!({"id": id, "value": value, "revision": 1}));

    let chat = printed.json("chat").await;
    assert_eq!(chat["model"], "gpt-4o-prod");
    assert_eq!(chat["choices"][0]["message"]["content"], "Hello from the provider.");

    // "The stored key_hash is not a usable caller credential."
    let with_hash = Page::read(page, &gateway, &[("${AISIX_API_KEY}\" \\\n", "HASH\" \\\n")]);
    let refused = with_hash.blocks.iter().find(|block| block.0 == "chat").expect("chat");
    same(&parsed(&bash(&refused.1.replace("HASH", hash)).await), &unauthorised("Invalid API key"));

    let rotating = Page::read(page, &gateway, &[("f1ad9f8a-75d0-46ae-9d8d-0cfe8d1d8387", &id)]);
    let rotated = rotating.json("rotate").await;
    let plaintext = rotated["plaintext"].as_str().expect("a plaintext").to_owned();
    assert!(plaintext.starts_with("sk-"), "the plaintext begins with {}", &plaintext[..3]);
    value["key_hash"] =
        bash(&format!("printf '%s' '{plaintext}' | shasum -a 256")).await[..64].into();
    let entry = json!({"id": id, "value": value, "revision": 2});
    same(&rotated, &json!({"entry": entry, "plaintext": plaintext}));

    // The old plaintext dies at once, and the new one works.
    same(&printed.json("chat").await, &unauthorised("Invalid API key"));
    let renewed = Page::read(page, &gateway, &[("sk-app-caller", &plaintext)]);
    assert_eq!(renewed.json("chat").await["object"], "chat.completion");
    // "Later reads return only the hash."
    let later = gateway.admin(Request::get(&format!("/admin/v1/apikeys/{id}"))).await;
    same(&later.json(), &entry);
    gateway.stop().await;
}

#[tokio::test]
async fn the_model_list_as_the_page_says() {
    let (gateway, upstream) = (gateway::start().await, upstream());
    let provider_key = gateway.provider_key("openai-prod", &base(&upstream), "sk-p").await;
    for name in ["gpt-4o-prod", "chat-prod", "internal"] {
        gateway.model(name, "gpt-4o", &provider_key).await;
    }
    let targets = json!([{"model": "gpt-4o-prod"}, {"model": "chat-prod"}]);
    let group = json!({"display_name": "group-prod", "routing": {"targets": targets}});
    gateway.create("models", &group).await;
    let prod = &["*-prod"][..];
    for (key, models, expected) in [
        ("sk-some", prod, &["chat-prod", "gpt-4o-prod"][..]),
        ("sk-every", &["*"][..], &["chat-prod", "gpt-4o-prod", "internal"][..]),
        ("sk-none", &[][..], &[][..]),
    ] {
        gateway.caller_key(key, models).await;
        let answer = Request::get("/v1/models").bearer(key).send(gateway.proxy).await;
        let list: Value = answer.json();
        let shown: Vec<_> =
            list["data"].as_array().expect("a list").iter().map(|model| &model["id"]).collect();
        assert_eq!(list["object"], "list");
        assert_eq!(shown, expected, "{key}");
        let fields: Vec<_> = list["data"].as_array().expect("a list").iter().collect();
        for model in fields {
            let names: Vec<_> = model.as_object().expect("a model").keys().collect();
            assert_eq!(names, ["id", "object", "created", "owned_by"]);
        }
    }
    // "Multi-target aliases are callable when allowed, but they are not included."
    let request = Request::post("/v1/chat/completions").bearer("sk-some");
    let answer = request.json(openai::chat_request("group-prod", "Hi")).send(gateway.proxy).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    gateway.stop().await;
}

#[tokio::test]
async fn authentication_as_printed() {
    let (gateway, upstream) = (gateway::start().await, upstream());
    let provider_key = gateway.provider_key("openai", &base(&upstream), "sk-p").await;
    gateway.model("openai-gpt4-mini", "gpt-4o-mini", &provider_key).await;
    gateway.model("another", "gpt-4o", &provider_key).await;
    let page = include_str!("003.sh");
    let messages = r#"[{"role": "user", "content": "Hi"}]"#;
    let printed = Page::read(page, &gateway, &[("[...]", messages)]);

    let created = printed.json("create").await;
    let id = id(&created);
    assert_eq!(created["key"], format!("/apikeys/{id}"));
    assert_eq!(created["value"]["allowed_models"], json!(["openai-gpt4-mini"]));
    assert!(created["created_index"].is_u64() && created["modified_index"].is_u64(), "{created}");
    assert!(!created.to_string().contains("my-secret-key"), "{created}");

    assert_eq!(printed.json("chat").await["model"], "openai-gpt4-mini");
    let bare = Page::read(page, &gateway, &[("[...]", messages), ("Bearer my-", "my-")]);
    assert_eq!(bare.json("chat").await["model"], "openai-gpt4-mini");

    // "It must be unique."
    let again = bash(&format!("{}\n", printed.blocks[0].1.replace("curl", "curl -sSi"))).await;
    assert!(again.contains(" 409 ") && again.contains("error_msg"), "{again}");

    let missing = "-H \"Authorization: Bearer my-secret-key\" \\\n";
    let missing = Page::read(page, &gateway, &[("[...]", messages), (missing, "")]);
    same(&missing.json("chat").await, &unauthorised("Missing API key in request"));
    let unknown = Page::read(page, &gateway, &[("[...]", messages), ("my-secret-key", "unknown")]);
    same(&unknown.json("chat").await, &unauthorised("Invalid API key"));

    // As printed: the key may use another model only, and asks for `openai-gpt4-mini`.
    gateway.caller_key("of-another-model", &["another"]).await;
    let other = [("[...]", messages), ("my-secret-key", "of-another-model")];
    let forbidden = Page::read(page, &gateway, &other).json("chat").await;
    let error = json!({
        "message": "Access to model 'openai-gpt4-mini' is forbidden",
        "type": "invalid_request_error",
        "code": "model_access_forbidden",
    });
    same(&forbidden, &json!({"error": error}));
    gateway.stop().await;
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn unauthorised(message: &str) -> Value {
    json!({"error": {"message": message, "type": "invalid_api_key", "code": "invalid_api_key"}})
}
