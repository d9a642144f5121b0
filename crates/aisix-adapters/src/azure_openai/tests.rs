use aisix_core::{ErrorCode, Secret};
use serde_json::{Value, json};

use super::base::Base;
use super::credential::{is_principal, token_request};

const OLDER: &str = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";

#[track_caller]
fn url(base: &str, deployment: &str, version: Option<&str>) -> String {
    let base = Base::of(Some(base)).expect("the base is usable");
    base.url(deployment, "/chat/completions", version).expect("a URL").to_string()
}

#[test]
fn a_resource_is_found_by_its_name_or_any_of_its_addresses() {
    for base in [
        "res",
        " res ",
        "https://res.openai.azure.com",
        "https://res.openai.azure.com/",
        "https://res.openai.azure.com/openai",
        "https://res.openai.azure.com/openai/deployments/other/chat/completions",
        "https://res.openai.azure.com/anything/else",
    ] {
        let expected = format!("https://res.openai.azure.com{OLDER}");
        assert_eq!(url(base, "gpt-4o", None), expected, "for {base:?}");
    }
    for (base, origin) in [
        ("my_res-1", "https://my_res-1.openai.azure.com"),
        ("https://RES.OpenAI.Azure.com/x", "https://RES.OpenAI.Azure.com"),
        ("https://res.openai.azure.us/x", "https://res.openai.azure.us"),
        ("https://res.openai.azure.cn:443/x", "https://res.openai.azure.cn:443"),
        ("https://proxy.example", "https://proxy.example"),
        ("http://127.0.0.1:8080/team/azure/", "http://127.0.0.1:8080/team/azure"),
        ("https://h/p/openai/deployments/gpt-4o/chat/completions", "https://h/p"),
        ("https://h/openai/deployments", "https://h"),
        ("https://h/openai/v10", "https://h/openai/v10"),
        ("https://openai.azure.com.example/x", "https://openai.azure.com.example/x"),
    ] {
        assert_eq!(url(base, "gpt-4o", None), format!("{origin}{OLDER}"), "for {base:?}");
    }
}

#[test]
fn the_newer_form_names_no_deployment_and_no_version() {
    let expected = "https://res.openai.azure.com/openai/v1/chat/completions";
    for base in [
        "https://res.openai.azure.com/openai/v1",
        "https://res.openai.azure.com/openai/v1/",
        "https://res.openai.azure.com/openai/v1/chat/completions",
        "https://res.openai.azure.com/openai/v1/responses",
    ] {
        assert!(Base::of(Some(base)).is_ok_and(|base| matches!(base, Base::V1(_))), "for {base:?}");
        assert_eq!(url(base, "gpt-4o", None), expected, "for {base:?}");
    }
    assert_eq!(
        url("https://res.services.ai.azure.com/openai/v1", "gpt-4o", Some("preview")),
        "https://res.services.ai.azure.com/openai/v1/chat/completions?api-version=preview"
    );
    assert_eq!(url("http://h:1/p/openai/v1", "d", None), "http://h:1/p/openai/v1/chat/completions");
}

#[test]
fn a_provider_key_says_which_version() {
    let expected = OLDER.replace("2024-10-21", "2025-04-01-preview");
    let found = url("https://h", "gpt-4o", Some("2025-04-01-preview"));
    assert_eq!(found, format!("https://h{expected}"));
}

#[test]
fn refuses_bases_deployments_and_versions_that_cannot_be_such() {
    let refused = |error: aisix_core::Error| {
        assert_eq!(error.status(), 400, "{error}");
        assert!(error.message().starts_with("invalid upstream configuration: "), "{error}");
    };
    for base in [
        None,
        Some(""),
        Some("  "),
        Some("res.openai.azure.com"),
        Some("my res"),
        Some("https://name:word@h"),
        Some("https://h?x=1"),
        Some("https://h#x"),
        Some("ftp://h"),
        Some("https://h:99999"),
    ] {
        let Err(error) = Base::of(base) else { panic!("{base:?} is a base") };
        refused(error);
    }
    let base = Base::of(Some("res")).expect("a base");
    for deployment in ["", "a/b", "a b", "a?b", "a#b", "..", ".a", "a%2f", "ä", "a\n"] {
        refused(base.url(deployment, "/chat/completions", None).expect_err(deployment));
    }
    for version in ["", "a b", "2024&x=1", "2024#", "2024/10", &"1".repeat(65)] {
        refused(base.url("gpt-4.1", "/chat/completions", Some(version)).expect_err(version));
    }
    assert!(base.url("gpt-4.1_mini-2", "/chat/completions", None).is_ok());
}

fn principal(field: &str, value: Value) -> Secret {
    let mut principal = json!({"tenant_id": "t", "client_id": "c", "client_secret": "canary-0123"});
    principal[field] = value;
    Secret::new(principal.to_string())
}

#[test]
fn an_application_is_told_from_a_key() {
    assert!(is_principal(&principal("x", json!(1))));
    assert!(is_principal(&Secret::new("  {")));
    assert!(!is_principal(&Secret::new("key-{}")));
}

#[test]
fn a_credential_of_the_wrong_shape_is_refused_and_not_quoted() {
    let canary = "canary-0123";
    let mut secrets = vec![
        Secret::new("{"),
        Secret::new(format!("{{{canary}}}")),
        Secret::new(format!("{{\"client_secret\": \"{canary}\"}}")),
        Secret::new(format!("{{\"{canary}\": {{}}, \"tenant_id\": [\"{canary}\"]}}")),
    ];
    for field in ["tenant_id", "client_id", "client_secret"] {
        for value in [json!(null), json!(""), json!(7), json!([canary])] {
            secrets.push(principal(field, value));
        }
    }
    for field in ["tenant_id", "client_id"] {
        for value in ["a/b", "a?b", "a#b", "a b", "a..b", "a\nb", "\u{a0}", "a\\b"] {
            secrets.push(principal(field, json!(value)));
        }
    }
    for host in ["login.example", "ftp://login.example", "https://h/path", "https://u:p@h", "x y"] {
        secrets.push(principal("authority_host", json!(host)));
    }
    for secret in secrets {
        let error = token_request(&secret).expect_err(secret.expose());
        assert_eq!(error.code(), ErrorCode::InvalidUpstreamCredentials, "{error}");
        assert_eq!(error.status(), 401);
        assert!(error.message().starts_with("invalid upstream credentials: "), "{error}");
        assert!(!format!("{error:?}").contains(canary), "it is quoted: {error:?}");
    }
}

#[test]
fn each_cloud_has_its_authority_and_its_scope() {
    for (host, endpoint, cloud) in [
        (json!(null), "https://login.microsoftonline.com/t/oauth2/v2.0/token", "com"),
        (json!(" "), "https://login.microsoftonline.com/t/oauth2/v2.0/token", "com"),
        (
            json!("https://login.microsoftonline.us/"),
            "https://login.microsoftonline.us/t/oauth2/v2.0/token",
            "us",
        ),
        (
            json!("https://login.chinacloudapi.cn"),
            "https://login.chinacloudapi.cn/t/oauth2/v2.0/token",
            "cn",
        ),
        (json!("http://127.0.0.1:9"), "http://127.0.0.1:9/t/oauth2/v2.0/token", "com"),
    ] {
        let request = token_request(&principal("authority_host", host)).expect("it is usable");
        let (request, credentials) = request.into_parts().expect("a request");
        assert_eq!(request.uri(), endpoint);
        let scope = format!("https%3A%2F%2Fcognitiveservices.azure.{cloud}%2F.default");
        let form = format!(
            "grant_type=client_credentials&client_id=c&client_secret=canary-0123&scope={scope}"
        );
        assert_eq!(request.body(), form.as_bytes());
        assert_eq!(credentials, [Secret::new("canary-0123")]);
    }
}
