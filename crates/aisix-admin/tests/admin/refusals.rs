//! Bad input gets a clear error, and changes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use futures_util::{StreamExt as _, stream};
use http::Request;
use serde_json::{Value, json};

use crate::stores::Meddled;
use crate::support::{ADMIN_KEY, Admin, api_key, group, hash, model, provider_key, request};

/// A body with one field set to something else; `null` removes it.
fn with(mut body: Value, field: &str, value: Value) -> Value {
    let object = body.as_object_mut().unwrap();
    match value {
        Value::Null => drop(object.remove(field)),
        value => drop(object.insert(field.to_owned(), value)),
    }
    body
}

#[tokio::test]
async fn every_field_that_is_wrong_is_named() {
    let admin = Admin::new();
    let key = || provider_key("one");
    let caller = || api_key("one");
    for (collection, body, message) in [
        ("provider_keys", with(key(), "colour", json!("red")), "colour: unknown field"),
        ("provider_keys", with(key(), "display_name", json!(7)), "display_name: must be a string"),
        (
            "provider_keys",
            with(key(), "display_name", json!("")),
            "display_name: must not be empty",
        ),
        ("provider_keys", with(key(), "display_name", Value::Null), "display_name: is required"),
        (
            "provider_keys",
            with(key(), "adapter", json!("cohere")),
            "adapter: must be one of `openai`, `anthropic`, `bedrock`, `vertex`, `azure-openai`",
        ),
        (
            "provider_keys",
            with(key(), "api_key", json!("sk-2")),
            "secret: give either secret or api_key, not both",
        ),
        ("provider_keys", with(key(), "secret", Value::Null), "secret: is required"),
        ("provider_keys", with(key(), "secret", json!("")), "secret: must not be empty"),
        (
            "provider_keys",
            with(key(), "api_base", Value::Null),
            "api_base: is required for adapter openai, for example https://api.openai.com/v1",
        ),
        ("provider_keys", with(key(), "tls", json!({"verfy": false})), "tls.verfy: unknown field"),
        ("apikeys", with(caller(), "key_hash", json!("ABC")), HASH),
        ("apikeys", with(caller(), "key_hash", json!(hash("one").to_uppercase())), HASH),
        ("apikeys", with(caller(), "key_hash", Value::Null), "key_hash: is required"),
        ("apikeys", with(caller(), "allowed_models", Value::Null), "allowed_models: is required"),
        ("apikeys", with(caller(), "allowed_models", json!("*")), "allowed_models: must be a list"),
        (
            "apikeys",
            with(caller(), "allowed_models", json!([1])),
            "allowed_models[0]: must be a string",
        ),
        ("apikeys", with(caller(), "key", json!("plain")), "key: unknown field"),
        (
            "models",
            json!({"display_name": "one"}),
            "provider: is required, unless the model has routing, ensemble or semantic; model_name: is \
             required, unless the model has routing, ensemble or semantic; provider_key_id: is required, \
             unless the model has routing, ensemble or semantic",
        ),
        ("models", group("one", &[]), "routing.targets: must name at least one model"),
        (
            "models",
            with(group("one", &["x"]), "provider_key_id", json!("k")),
            "provider_key_id: does not apply to a group",
        ),
    ] {
        admin.post(&format!("/admin/v1/{collection}"), body).await.fails(400, message);
    }
    assert_eq!(admin.stored().await, "", "nothing was stored");
}

const HASH: &str = "key_hash: must be the SHA-256 of the key as 64 lower-case hexadecimal digits";

#[tokio::test]
async fn a_put_is_judged_as_strictly_as_a_post() {
    let admin = Admin::new();
    let key = admin.create("provider_keys", provider_key("one")).await;
    let path = format!("/admin/v1/provider_keys/{key}");
    let body = with(provider_key("one"), "colour", json!("red"));
    admin.put(&path, body).await.fails(400, "colour: unknown field");
    let path = format!("/admin/v1/models/{}", admin.create("models", model("m", &key)).await);
    let body = with(model("m", &key), "cost", json!({"input_per_1k": -1.0, "output_per_1k": 1.0}));
    admin.put(&path, body).await.fails(400, "cost.input_per_1k: must be 0 or more");
}

#[tokio::test]
async fn quirks_that_cannot_take_effect_are_refused() {
    let admin = Admin::new();
    let path = "/admin/v1/provider_keys";
    let request = json!({"default_headers": {"x-user": "${request.user}"}});
    let message = "request.default_headers.x-user: holds an unknown variable: there are \
                   ${request.id}, ${request.api_key.id}, ${request.api_key.name}, \
                   ${request.api_key.team_id}, ${request.api_key.user_id}, ${model.id}, \
                   ${model.name}, ${provider_key.id}, ${provider_key.name}";
    admin.post(path, with(provider_key("one"), "request", request)).await.fails(400, message);
    let request = json!({"default_headers": {"Authorization": "Bearer sk-other"}});
    let message = "request.default_headers.Authorization: is a header that only the gateway sets";
    admin.post(path, with(provider_key("one"), "request", request)).await.fails(400, message);
    let response = json!({"reasoning_field": "thinking"});
    let message = "response.reasoning_field: must be a path below a chunk's delta, such as \
                   delta.reasoning";
    admin.post(path, with(provider_key("one"), "response", response)).await.fails(400, message);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let admin = Admin::new();
    for path in ["/admin/v1/apikeys", "/aisix/admin/apikeys"] {
        for (body, message) in [
            (&b"{\"key_hash\": "[..], "request body: not valid JSON (line 1, column 13)"),
            (b"", "request body: not valid JSON (line 1, column 0)"),
            (b"[]", "request body: must be a JSON object"),
            (b"{\"key_hash\": \"\xff\"}", "request body: not UTF-8"),
            (b"{\"a\": 1, \"a\": 2}", "request body: duplicate field 'a' at line 1 column 16"),
        ] {
            let request = Request::post(path)
                .header("x-api-key", ADMIN_KEY)
                .header("content-type", "application/json; charset=utf-8")
                .body(Body::from(body))
                .unwrap();
            admin.send(request).await.fails(400, message);
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_refused() {
    let admin = Admin::new();
    for media_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        for path in ["/admin/v1/apikeys", "/aisix/admin/apikeys"] {
            let mut request = request("POST", path, Some(api_key("one").to_string()));
            request.headers_mut().remove("content-type");
            if let Some(media_type) = media_type {
                request.headers_mut().insert("content-type", media_type.parse().unwrap());
            }
            let answer = admin.send(request).await;
            answer.fails(415, "Content-Type: must be application/json");
        }
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let admin = Admin::new();
    let fits = with(api_key("one"), "display_name", json!("x".repeat((8 << 20) - 1000)));
    assert_eq!(admin.post("/admin/v1/apikeys", fits).await.status, 201);
    let large = with(api_key("two"), "display_name", json!("x".repeat(8 << 20)));
    for path in ["/admin/v1/apikeys", "/aisix/admin/models"] {
        let answer = admin.post(path, large.clone()).await;
        answer.fails(413, "request body: larger than 8 MiB");
    }
}

/// A body of these chunks, without a declared length.
fn chunked(
    chunks: impl futures_util::Stream<Item = std::io::Result<&'static [u8]>> + Send + 'static,
) -> Request<Body> {
    let mut request = request("POST", "/admin/v1/apikeys", Some(String::new()));
    *request.body_mut() = Body::from_stream(chunks);
    request
}

#[tokio::test]
async fn a_body_of_unknown_length_is_read_on_and_refused_where_it_grows_too_large() {
    let admin = Admin::new();
    let read = Arc::new(AtomicUsize::new(0));
    let count = read.clone();
    let chunks = stream::iter(0..9 * 16).map(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(&[b' '; 1 << 16][..])
    });
    admin.send(chunked(chunks)).await.fails(413, "request body: larger than 8 MiB");
    assert_eq!(read.load(Ordering::Relaxed), 9 * 16, "a client that still sends reads no answer");
}

#[tokio::test]
async fn a_body_that_is_too_large_and_waits_to_be_asked_for_is_not_asked_for() {
    let admin = Admin::new();
    let mut request = request("POST", "/admin/v1/apikeys", Some("x".repeat(9 << 20)));
    request.headers_mut().insert("expect", "100-continue".parse().unwrap());
    admin.send(request).await.fails(413, "request body: larger than 8 MiB");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stalls_while_it_sends_is_given_up() {
    let admin = Admin::new();
    let begun = stream::iter([Ok(&b"{\"key_hash\":"[..])]).chain(stream::pending());
    let answer = admin.send(chunked(begun)).await;
    answer.fails(400, "request body: did not arrive within 60 seconds");
    let endless = stream::repeat_with(|| Ok(&[b' '; 1 << 20][..])).take(9).chain(stream::pending());
    admin.send(chunked(endless)).await.fails(413, "request body: larger than 8 MiB");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let admin = Admin::new();
    let chunks = [Ok(&b"{\"key_hash\":"[..]), Err(std::io::Error::other("the client left"))];
    let answer = admin.send(chunked(stream::iter(chunks))).await;
    answer.fails(400, "request body: could not be read to its end");
}

#[tokio::test]
async fn whoever_holds_no_admin_key_learns_nothing() {
    let admin = Admin::new();
    admin.create("apikeys", api_key("a-caller")).await;
    let message = "missing or malformed admin authorization";
    for (name, value) in [
        ("x-nothing", ""),
        ("authorization", "Bearer wrong"),
        ("authorization", "Bearer a-caller"),
        ("authorization", ADMIN_KEY),
        ("authorization", "Basic YWRtaW46YWRtaW4="),
        ("x-api-key", "wrong"),
    ] {
        for path in
            ["/admin/v1/apikeys", "/admin/v1/models/x", "/admin/v1/health", "/aisix/admin/apikeys"]
        {
            let request = Request::get(path).header(name, value).body(Body::empty()).unwrap();
            let answer = admin.send(request).await;
            answer.fails(401, message);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
    let both = Request::get("/admin/v1/apikeys")
        .header("authorization", "Basic x")
        .header("x-api-key", ADMIN_KEY)
        .body(Body::empty())
        .unwrap();
    admin.send(both).await.fails(401, message);
    let by_either = Request::get("/admin/v1/apikeys")
        .header("x-api-key", "your-strong-admin-key-here")
        .body(Body::empty())
        .unwrap();
    assert_eq!(admin.send(by_either).await.status, 200);
}

#[tokio::test]
async fn a_refused_writer_changes_nothing() {
    let admin = Admin::new();
    let request = Request::post("/admin/v1/apikeys")
        .header("content-type", "application/json")
        .body(Body::from(api_key("one").to_string()))
        .unwrap();
    assert_eq!(admin.send(request).await.status, 401);
    assert_eq!(admin.stored().await, "");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_json_errors_too() {
    let admin = Admin::new();
    for path in ["/admin/v1", "/admin/v1/guardians", "/aisix/admin/x", "/admin/v1/apikeys/a/b", "/"]
    {
        admin.get(path).await.fails(404, "no such path");
    }
    let message = "this path does not know that method: the Allow header says which it knows";
    let answer = admin.call("PATCH", "/admin/v1/apikeys/x", None).await;
    answer.fails(405, message);
    let allowed = answer.headers["allow"].to_str().unwrap();
    for method in ["GET", "PUT", "DELETE"] {
        assert!(allowed.contains(method), "{allowed}");
    }
    admin.call("DELETE", "/aisix/admin/apikeys", None).await.fails(405, message);
}

#[tokio::test]
async fn an_id_that_does_not_decode_is_refused() {
    let admin = Admin::new();
    let answer = admin.get("/admin/v1/apikeys/%ff").await;
    answer.fails(400, "the id in the path is not percent-encoded UTF-8");
    admin.get("/admin/v1/apikeys/a%2Fb").await.fails(404, "resource not found");
}

#[tokio::test]
async fn a_failing_store_is_reported_without_its_reasons() {
    let store = Meddled::default();
    let admin = Admin::on(Arc::new(store.clone()));
    store.break_down("sqlite said something about /var/lib/secret-place");
    for (method, path) in [
        ("GET", "/admin/v1/models"),
        ("GET", "/admin/v1/models/x"),
        ("DELETE", "/admin/v1/models/x"),
        ("GET", "/aisix/admin/models"),
    ] {
        let answer = admin.call(method, path, None).await;
        answer.fails(500, "store error: the configuration store failed; the log says why");
    }
}

#[tokio::test]
async fn a_document_that_nobody_can_read_can_be_replaced_and_deleted() {
    let admin = Admin::new();
    let put = async |key: &str, text: &'static str| {
        admin.store.put(key, text.into(), aisix_store::Expect::Any).await.unwrap();
    };
    put("api_keys/broken", "{\"key_hash\": 7}").await;
    put("api_keys/worse", "no JSON").await;
    admin.create("apikeys", api_key("whole")).await;
    let list = admin.get("/admin/v1/apikeys").await.json();
    assert_eq!(list.as_array().unwrap().len(), 1, "one bad document hides no good one");
    let answer = admin.get("/admin/v1/apikeys/broken").await;
    let message = "the stored document is not a valid API key: key_hash: must be a string";
    assert_eq!(answer.status, 500);
    assert!(answer.text.contains(message), "{}", answer.text);
    assert_eq!(admin.put("/admin/v1/apikeys/broken", api_key("mended")).await.status, 200);
    assert_eq!(admin.delete("/admin/v1/apikeys/worse").await.status, 200);
    assert_eq!(admin.get("/admin/v1/apikeys").await.json().as_array().unwrap().len(), 2);
}
