//! Two administrators at once.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::stores::Meddled;
use crate::support::{Admin, Answer, api_key, group, model, provider_key, request};

/// Two admin processes over one store; the first one's next commit can be overtaken.
fn two() -> (Admin, Arc<Admin>, Meddled) {
    let store = Meddled::default();
    let second = Arc::new(Admin::on(Arc::new(store.inner.clone())));
    (Admin::on(Arc::new(store.clone())), second, store)
}

/// Sends `mine` so that `theirs` takes place between its decision and its commit.
async fn overtaken(
    (first, second, store): &(Admin, Arc<Admin>, Meddled),
    mine: (&str, String, Value),
    theirs: (&'static str, String, Value),
) -> Answer {
    let other = second.clone();
    store.before_commit(async move {
        let body = (!theirs.2.is_null()).then_some(theirs.2);
        let answer = other.call(theirs.0, &theirs.1, body).await;
        assert!(answer.status.is_success(), "{}", answer.text);
    });
    let body = (!mine.2.is_null()).then_some(mine.2);
    first.call(mine.0, &mine.1, body).await
}

#[tokio::test]
async fn of_two_writers_of_one_name_one_is_refused() {
    for (collection, body, field) in [
        ("provider_keys", provider_key("one"), "display_name: 'one'"),
        ("models", group("one", &["x"]), "display_name: 'one'"),
        ("apikeys", api_key("one"), "key_hash: this key"),
    ] {
        let pair = two();
        let path = format!("/admin/v1/{collection}");
        let answer =
            overtaken(&pair, ("POST", path.clone(), body.clone()), ("POST", path.clone(), body))
                .await;
        assert_eq!(answer.status, 409, "{}", answer.text);
        assert!(answer.text.contains(&format!("{field} is already used by")), "{}", answer.text);
        assert_eq!(pair.0.get(&path).await.json().as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn writers_of_different_names_do_not_disturb_each_other() {
    let pair = two();
    let path = "/admin/v1/provider_keys".to_owned();
    let mine = ("POST", path.clone(), provider_key("mine"));
    let answer = overtaken(&pair, mine, ("POST", path.clone(), provider_key("theirs"))).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(pair.0.get(&path).await.json().as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_writers_of_one_name_exactly_one_succeeds() {
    let (first, second, _) = two();
    let mut writers = tokio::task::JoinSet::new();
    for index in 0..24 {
        let router = if index % 2 == 0 { &first.router } else { &second.router }.clone();
        writers.spawn(async move {
            let body = provider_key("contested").to_string();
            let request = request("POST", "/admin/v1/provider_keys", Some(body));
            tower::ServiceExt::oneshot(router, request).await.unwrap().status().as_u16()
        });
    }
    let mut statuses = writers.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 23);
}

#[tokio::test]
async fn many_writers_of_different_names_all_succeed() {
    // Each of them reads before any of them writes, unless they take turns.
    let admin = Admin::on(Arc::new(Meddled::default()));
    let mut writers = tokio::task::JoinSet::new();
    for index in 0..100 {
        let router = admin.router.clone();
        writers.spawn(async move {
            let body = provider_key(&format!("key-{index}")).to_string();
            let request = request("POST", "/admin/v1/provider_keys", Some(body));
            tower::ServiceExt::oneshot(router, request).await.unwrap().status().as_u16()
        });
    }
    assert_eq!(writers.join_all().await, vec![201; 100]);
}

#[tokio::test]
async fn a_model_is_not_created_on_a_provider_key_that_goes_away() {
    let pair = two();
    let key = pair.0.create("provider_keys", provider_key("one")).await;
    let answer = overtaken(
        &pair,
        ("POST", "/admin/v1/models".to_owned(), model("one", &key)),
        ("DELETE", format!("/admin/v1/provider_keys/{key}"), Value::Null),
    )
    .await;
    let message = format!("provider_key_id: there is no provider key with the id '{key}'");
    answer.fails(400, &message);
}

#[tokio::test]
async fn without_if_match_the_last_writer_wins_and_no_write_is_lost_in_between() {
    let pair = two();
    let id = pair.0.create("provider_keys", provider_key("one")).await;
    let path = format!("/admin/v1/provider_keys/{id}");
    let mut mine = provider_key("one");
    mine["secret"] = json!("***");
    mine["provider"] = json!("mine");
    let mut theirs = provider_key("one");
    theirs["secret"] = json!("sk-the-newer-secret");
    let answer = overtaken(&pair, ("PUT", path.clone(), mine), ("PUT", path.clone(), theirs)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["revision"], 3);
    assert_eq!(answer.json()["value"]["provider"], "mine");
    let secret = pair.0.secret(&format!("provider_keys/{id}")).await;
    assert_eq!(secret, "sk-the-newer-secret", "the mask keeps what was stored last");
}

#[tokio::test]
async fn if_match_lets_one_of_two_writers_pass() {
    let admin = Admin::new();
    let id = admin.create("provider_keys", provider_key("one")).await;
    let path = format!("/admin/v1/provider_keys/{id}");
    let send = async |method: &str, if_match: &str, body: Option<Value>| {
        let mut request = request(method, &path, body.map(|body| body.to_string()));
        request.headers_mut().insert("if-match", if_match.parse().unwrap());
        admin.send(request).await
    };
    assert_eq!(send("PUT", "\"1\"", Some(provider_key("two"))).await.json()["revision"], 2);
    let stale = "If-Match: the revision is 2, not 1: read it again";
    send("PUT", "\"1\"", Some(provider_key("three"))).await.fails(409, stale);
    send("DELETE", "\"1\"", None).await.fails(409, stale);
    assert_eq!(send("PUT", "*", Some(provider_key("four"))).await.status, 200);
    let form = "If-Match: must be one revision in quotation marks, for example \"3\"";
    for malformed in ["", "\"one\"", "W/\"3\"", "\"1\", \"2\"", "-1", "99999999999999999999"] {
        send("PUT", malformed, Some(provider_key("five"))).await.fails(400, form);
    }
    assert_eq!(send("DELETE", "3", None).await.status, 200);
}

#[tokio::test]
async fn if_match_holds_when_another_writer_overtakes() {
    let (first, second, store) = two();
    let id = first.create("apikeys", api_key("one")).await;
    let path = format!("/admin/v1/apikeys/{id}");
    let theirs = path.clone();
    let mut body = api_key("one");
    body["disabled"] = json!(true);
    store.before_commit(async move {
        assert_eq!(second.put(&theirs, body).await.status, 200);
    });
    let mut request = request("PUT", &path, Some(api_key("one").to_string()));
    request.headers_mut().insert("if-match", "\"1\"".parse().unwrap());
    first.send(request).await.fails(409, "If-Match: the revision is 2, not 1: read it again");
}
