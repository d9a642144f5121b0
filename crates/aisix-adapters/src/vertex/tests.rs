use aisix_core::{ErrorCode, Secret};
use aisix_testing::fixtures::google::{PRIVATE_KEY, verified, with_account, with_token};
use bytes::Bytes;
use serde_json::{Value, json};

use super::credential::{Access, Credential};
use super::failure::anonymous;
use super::rail::Rail;
use super::{address, assertion};

const ORIGIN: &str = "https://europe-west1-aiplatform.googleapis.com";

fn credential(secret: &str) -> Credential {
    Credential::read(&Secret::new(secret)).expect("it is usable")
}

#[track_caller]
fn url(model: &str, stream: bool) -> String {
    let rail = Rail::of(model).expect("it is known");
    let url = address::url(Some(ORIGIN), &credential(&with_token("t")), rail, model, stream);
    let url = url.expect("it is an address").to_string();
    let below = format!("{ORIGIN}/v1/projects/p-1/locations/europe-west1");
    url.strip_prefix(&below).expect("it is below the region").to_owned()
}

#[test]
fn a_models_name_says_which_way_leads_to_it() {
    for (model, whole, streamed) in [
        (
            "gemini-2.5-flash",
            "/publishers/google/models/gemini-2.5-flash:generateContent",
            "/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
        ),
        (
            "claude-sonnet-4-5@20250929",
            "/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict",
            "/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict",
        ),
        (
            "mistral-medium-3",
            "/publishers/mistralai/models/mistral-medium-3:rawPredict",
            "/publishers/mistralai/models/mistral-medium-3:streamRawPredict",
        ),
        (
            "Codestral-2",
            "/publishers/mistralai/models/Codestral-2:rawPredict",
            "/publishers/mistralai/models/Codestral-2:streamRawPredict",
        ),
        (
            "jamba-1.5-large",
            "/publishers/ai21/models/jamba-1.5-large:rawPredict",
            "/publishers/ai21/models/jamba-1.5-large:streamRawPredict",
        ),
    ] {
        assert_eq!((&*url(model, false), &*url(model, true)), (whole, streamed), "for {model}");
    }
    for model in ["meta/llama-4", "LLAMA-3", "deepseek-ai/x", "qwen/q", "openai/gpt-oss-120b"] {
        for stream in [false, true] {
            assert_eq!(url(model, stream), "/endpoints/openapi/chat/completions", "for {model}");
        }
    }
    for model in ["", "gpt-4o", "gemini", "é", "xgemini-2"] {
        let error = Rail::of(model).expect_err("nobody's");
        assert_eq!((error.code(), error.status()), (ErrorCode::UpstreamMisconfigured, 500));
        assert!(error.message().starts_with("bridge is misconfigured: "), "{error}");
    }
}

#[test]
fn models_that_embed_are_asked_as_their_generation_is() {
    for model in ["text-embedding-005", "gemini-embedding-001", "gemini-embedding-exp-03-07"] {
        assert_eq!(Rail::of_embeddings(model), Rail::Predict, "{model}");
    }
    for model in ["gemini-embedding-2", "gemini-embedding-2-preview", "gemini-embedding-3"] {
        assert_eq!(Rail::of_embeddings(model), Rail::EmbedContent, "{model}");
    }
}

#[test]
fn the_region_global_is_a_place_like_any_other() {
    let mut secret: Value = serde_json::from_str(&with_token("t")).expect("it is JSON");
    secret["region"] = "global".into();
    let base = Some("https://aiplatform.googleapis.com");
    let credential = credential(&secret.to_string());
    let url = address::url(base, &credential, Rail::Gemini, "gemini-3-pro", false);
    assert_eq!(
        url.expect("it is an address"),
        "https://aiplatform.googleapis.com/v1/projects/p-1/locations/global/publishers/google/\
         models/gemini-3-pro:generateContent"
    );
}

#[test]
fn what_the_address_says_is_not_in_the_body() {
    let body = Bytes::from_static(br#"{"model":"m", "messages": [ 1 ],"stream":true}"#);
    let sent = |model, stream| Rail::of(model).expect("known").body(&body, stream).expect("sent");
    assert_eq!(sent("gemini-2", true), r#"{ "messages": [ 1 ]}"#);
    let version = r#"{"anthropic_version":"vertex-2023-10-16","#;
    assert_eq!(sent("claude-x", false), format!(r#"{version} "messages": [ 1 ]}}"#));
    let streamed = format!(r#"{version} "messages": [ 1 ],"stream":true}}"#);
    assert_eq!(sent("claude-x", true), streamed);
    let of_another = Bytes::from_static(br#"{"messages":[],"anthropic_version":"2023-06-01"}"#);
    let sent_of_another = Rail::Claude.body(&of_another, false).expect("sent");
    assert_eq!(sent_of_another, format!(r#"{version}"messages":[]}}"#), "the version is said once");
    assert_eq!(sent("mistral-x", false), body);
    assert_eq!(sent("meta/x", true), body);
}

#[test]
fn only_an_origin_is_a_base() {
    let credential = credential(&with_token("t"));
    for base in [
        None,
        Some(" "),
        Some("aiplatform.googleapis.com"),
        Some("https://h/v1"),
        Some("https://h/v1/projects/p"),
        Some("https://u:p@h"),
        Some("https://h?x=1"),
        Some("https://h#x"),
        Some("ftp://h"),
    ] {
        let rail = Rail::Gemini;
        let error = address::url(base, &credential, rail, "gemini-2", false).expect_err("no base");
        assert_eq!(error.status(), 400, "for {base:?}");
        assert!(error.message().starts_with("invalid upstream configuration: "), "{error}");
    }
    for base in ["https://aiplatform.googleapis.com", " http://127.0.0.1:8080/ "] {
        address::url(Some(base), &credential, Rail::Gemini, "gemini-2", false).expect(base);
    }
}

#[test]
fn what_becomes_a_part_of_the_path_cannot_leave_it() {
    let bad = ["a/b", "a?b", "a#b", "a b", "a..b", "..", "a\nb", "a%2fb", "a\\b", "ä", "a\u{a0}"];
    for bad in bad {
        let mut all = vec![(with_token("t"), format!("gemini-{bad}"))];
        for field in ["project", "region"] {
            let mut secret: Value = serde_json::from_str(&with_token("t")).expect("it is JSON");
            secret[field] = bad.into();
            all.push((secret.to_string(), "gemini-2".to_owned()));
        }
        for (secret, model) in all {
            let credential = credential(&secret);
            let url = address::url(Some(ORIGIN), &credential, Rail::Gemini, &model, false);
            let error = url.expect_err(bad);
            assert_eq!((error.code(), error.status()), (ErrorCode::UpstreamMisconfigured, 500));
        }
    }
    let odd = "meta/a b?c";
    let url = address::url(Some(ORIGIN), &credential(&with_token("t")), Rail::Open, odd, false);
    assert!(url.is_ok(), "there the body names the model");
}

#[test]
fn a_secret_of_the_wrong_shape_is_refused_and_not_quoted() {
    let canary = "canary-0123";
    let whole: Value = serde_json::from_str(&with_account("https://h/t", canary)).expect("JSON");
    let mut secrets = vec![
        canary.to_owned(),
        format!("{{{canary}"),
        format!("[\"{canary}\"]"),
        with_token("line\nbreak"),
        with_token(""),
        json!({"project": "p", "region": "r"}).to_string(),
    ];
    for (field, values) in [
        ("project", vec![json!(null), json!(" "), json!([canary])]),
        ("region", vec![json!(null), json!(""), json!(7)]),
        ("access_token", vec![json!(canary), json!({ "a": canary })]),
        ("service_account_json", vec![json!(null), json!(canary), json!([canary])]),
    ] {
        for value in values {
            let mut secret = whole.clone();
            secret[field] = value;
            secrets.push(secret.to_string());
        }
    }
    for field in ["type", "client_email", "token_uri", "private_key"] {
        for value in [json!(null), json!(""), json!([canary])] {
            if field == "private_key" && value == "" {
                continue;
            }
            let mut secret = whole.clone();
            secret["service_account_json"][field] = value;
            secrets.push(secret.to_string());
        }
    }
    for secret in secrets {
        let Err(error) = Credential::read(&Secret::new(&*secret)) else {
            panic!("{secret} is usable");
        };
        assert_eq!((error.code(), error.status()), (ErrorCode::InvalidUpstreamCredentials, 401));
        assert!(error.message().starts_with("invalid upstream credentials: "), "{error}");
        assert!(!format!("{error:?}").contains(canary), "it is quoted: {error:?}");
    }
}

#[test]
fn a_token_is_asked_for_with_a_signed_assertion() {
    let secret = with_account("https://oauth2.example/token", PRIVATE_KEY);
    for secret in [secret.clone(), with_the_file_as_text(&secret)] {
        let Access::Account(account) = credential(&secret).access else {
            panic!("it is an account");
        };
        let request = assertion::token_request(&account).expect("the key can sign");
        let (request, credentials) = request.into_parts().expect("a request");
        assert_eq!(request.uri(), "https://oauth2.example/token");
        let form = String::from_utf8_lossy(request.body()).into_owned();
        let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
        let assertion = form.strip_prefix(grant).expect("it is a grant");
        assert_eq!(credentials[0], Secret::new(assertion));
        let (header, claims) = verified(assertion).expect("it is signed");
        assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"}));
        let issued = claims["iat"].as_u64().expect("a time");
        let expected = json!({
            "iss": "gateway@p-1.iam.gserviceaccount.com",
            "scope": "https://www.googleapis.com/auth/cloud-platform",
            "aud": "https://oauth2.example/token",
            "iat": issued, "exp": issued + 3600,
        });
        assert_eq!(claims, expected);
    }
}

fn with_the_file_as_text(secret: &str) -> String {
    let mut secret: Value = serde_json::from_str(secret).expect("it is JSON");
    secret["service_account_json"] = secret["service_account_json"].to_string().into();
    secret.to_string()
}

#[test]
fn a_key_that_cannot_sign_is_refused_before_anybody_is_asked() {
    let not_rsa = PRIVATE_KEY.replace("MII", "AAA");
    let cut = &PRIVATE_KEY[..PRIVATE_KEY.len() / 2];
    for key in [
        "",
        "canary-0123",
        &not_rsa,
        cut,
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        let Access::Account(account) = credential(&with_account("https://h/t", key)).access else {
            panic!("it is an account");
        };
        let error = assertion::token_request(&account).expect_err("it cannot sign");
        assert_eq!((error.code(), error.status()), (ErrorCode::InvalidUpstreamCredentials, 401));
        assert!(key.is_empty() || !format!("{error:?}").contains(key), "it is quoted");
    }
    for uri in ["h/t", "ftp://h/t", "https://u:p@h/t", "https://h/t?x=1", "not a url"] {
        let Access::Account(account) = credential(&with_account(uri, PRIVATE_KEY)).access else {
            panic!("it is an account");
        };
        let error = assertion::token_request(&account).expect_err("it has no address");
        assert_eq!(error.status(), 401, "for {uri}");
    }
}

#[test]
fn names_of_the_operator_are_hidden_and_words_are_not() {
    for (said, told) in [
        ("Project p-1 or p-12: p-1.", "Project *** or p-12: ***."),
        ("at projects/123456/locations/eu: no", "at projects/***/locations/eu: no"),
        ("'projects/p-1'", "'projects/***'"),
        ("Permission for svc@other.iam.gserviceaccount.com.", "Permission for ***."),
        ("projects/", "projects/"),
        ("é p-1 ü", "é *** ü"),
        ("", ""),
    ] {
        assert_eq!(anonymous(said, "p-1"), told);
    }
    assert_eq!(anonymous("the page is up", "p"), "the page is up");
}
