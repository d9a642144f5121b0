//! The OpenAPI document and its page.

use std::collections::BTreeSet;
use std::path::PathBuf;

use aisix_admin::AdminApi;
use aisix_core::Kind;
use axum::body::Body;
use http::Request;
use serde_json::Value;

use crate::support::{Admin, request};

fn document() -> Value {
    serde_json::from_str(&AdminApi::openapi()).unwrap()
}

/// Every documented method and path.
fn operations(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let of_path = |(path, item): (&String, &Value)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    };
    paths.flat_map(of_path).collect()
}

/// Compares with what is kept in a file of `docs`, which `UPDATE_GOLDEN=1` rewrites.
#[expect(
    clippy::disallowed_methods,
    reason = "the one way to ask a test to rewrite its golden file"
)]
fn is_golden(name: &str, current: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var("UPDATE_GOLDEN").is_ok_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, current).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == current,
        "docs/{name} differs from the code: run the tests with UPDATE_GOLDEN=1 and review it"
    );
}

#[test]
fn the_document_is_the_golden_one() {
    is_golden("openapi.json", &(AdminApi::openapi() + "\n"));
}

#[test]
fn the_schema_of_every_kind_is_the_golden_one() {
    let schemas = AdminApi::schemas();
    let kinds: Vec<_> = schemas.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, Kind::ALL);
    for (kind, schema) in schemas {
        is_golden(&format!("schemas/{kind}.json"), &schema);
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let mut used = BTreeSet::new();
        references(&schema, &mut used);
        let known = schema["$defs"].as_object().unwrap().keys();
        assert_eq!(used, known.map(|name| format!("#/$defs/{name}")).collect());
    }
}

#[tokio::test]
async fn everything_that_is_documented_is_served_and_nothing_else_is() {
    let admin = Admin::new();
    let document = document();
    let documented = operations(&document);
    for path in document["paths"].as_object().unwrap().keys() {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let answer = admin.send(request(method, &path.replace("{id}", "absent"), None)).await;
            let known = documented.contains(&(method.to_owned(), path.clone()));
            assert_eq!(answer.status != 405, known, "{method} {path}: {}", answer.status);
            if known && !path.contains("{id}") {
                assert_ne!(answer.status, 404, "{method} {path}");
            }
        }
    }
    assert_eq!(documented.len(), 100, "a new endpoint changes this number, on purpose");
}

#[tokio::test]
async fn whether_a_key_is_needed_is_documented_as_it_is() {
    let admin = Admin::new();
    let document = document();
    for (method, path) in operations(&document) {
        let operation = &document["paths"][&path][method.to_lowercase()];
        let bare = Request::builder()
            .method(method.as_str())
            .uri(path.replace("{id}", "absent"))
            .body(Body::empty())
            .unwrap();
        let answer = admin.send(bare).await;
        let needs_key = operation.get("security").is_some();
        assert_eq!(answer.status == 401, needs_key, "{method} {path}: {}", answer.status);
        assert_eq!(operation["responses"].get("401").is_some(), needs_key, "{method} {path}");
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_a_summary_and_answers() {
    let document = document();
    let mut names = BTreeSet::new();
    for (method, path) in operations(&document) {
        let operation = &document["paths"][&path][method.to_lowercase()];
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} names two operations");
        assert!(!operation["summary"].as_str().unwrap().is_empty());
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
        let takes_body = matches!(method.as_str(), "POST" | "PUT");
        assert_eq!(operation.get("requestBody").is_some(), takes_body, "{name}");
        assert_eq!(path.contains("{id}"), has_id(operation), "{name}");
    }
}

fn has_id(operation: &Value) -> bool {
    let parameters = operation["parameters"].as_array();
    parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == "id"))
}

#[test]
fn every_reference_leads_to_a_schema_and_every_schema_is_used() {
    let document = document();
    let mut used = BTreeSet::new();
    references(&document, &mut used);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let known: BTreeSet<_> =
        schemas.keys().map(|name| format!("#/components/schemas/{name}")).collect();
    assert_eq!(used, known);
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get("$ref") {
                found.insert(target.clone());
            }
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_served_without_a_key() {
    let admin = Admin::new();
    let bare = Request::get("/admin/openapi.json").body(Body::empty()).unwrap();
    let answer = admin.send(bare).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.json(), document());
}

#[tokio::test]
async fn the_page_shows_every_operation_and_loads_nothing() {
    let admin = Admin::new();
    let bare = Request::get("/admin/openapi-scalar").body(Body::empty()).unwrap();
    let answer = admin.send(bare).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline'"), "{policy}");
    let document = document();
    for (method, path) in operations(&document) {
        let operation = &document["paths"][&path][method.to_lowercase()];
        let anchor = format!("<article id=\"{}\">", operation["operationId"].as_str().unwrap());
        assert!(answer.text.contains(&anchor), "{method} {path} is missing");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(answer.text.contains(&format!("<article id=\"schema-{name}\">")), "{name}");
    }
    for loaded in ["<script", "<link", "<img", "<iframe", "src=", "url(", "@import", "href=\"http"]
    {
        assert!(!answer.text.contains(loaded), "the page holds {loaded}");
    }
}
