use aisix_core::{ErrorKind, Operation, Secret};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::Bedrock;
use super::address::url;
use super::model::Rail;
use super::secret::{Proof, Secrets};
use crate::adapter::Adapter as _;

#[track_caller]
fn check_rails(model: &str, whole: Rail, streamed: Rail) {
    let rail = |stream| Rail::of(model, Operation::Chat, stream).expect("it is known");
    assert_eq!((rail(false), rail(true)), (whole, streamed), "{model}");
}

#[test]
fn the_name_of_a_model_says_how_it_is_spoken_to() {
    for claude in ["anthropic.claude-x-v1:0", "us.anthropic.claude-x", "global.anthropic.claude-x"]
    {
        check_rails(claude, Rail::Invoke, Rail::ConverseStream);
    }
    for other in [
        "meta.llama-z:0",
        "us-gov.amazon.nova-x",
        "zai.glm-4.6",
        "apac.zai-org.x",
        "arn:aws:bedrock:us-east-1:123456789012:imported-model/abc",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-x",
    ] {
        check_rails(other, Rail::Converse, Rail::ConverseStream);
    }
    for unknown in
        ["", "claude-x", "x.y.z", "europe-west.meta.llama", "meta.a b", "meta.a?b", "meta.☃"]
    {
        let error = Rail::of(unknown, Operation::Chat, false).expect_err("it is unknown");
        assert_eq!((error.kind(), error.status()), (ErrorKind::Internal, 500), "{unknown}");
    }
}

#[test]
fn models_that_embed_are_known_by_their_names() {
    for known in [
        "amazon.titan-embed-text-v1",
        "amazon.titan-embed-g1-text-02",
        "us.cohere.embed-v4:0",
        "arn:aws:bedrock:eu-west-3::foundation-model/cohere.embed-english-v3",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.cohere.embed-v4:0",
    ] {
        let rail = Rail::of(known, Operation::Embeddings, false);
        assert_eq!(rail.expect("it embeds"), Rail::Embed, "{known}");
    }
    for unknown in [
        "meta.llama-z:0",
        "amazon.nova-2-multimodal-embeddings-v1:0",
        "cohere.rerank-v3-5:0",
        "titan-embed-text-v1",
        "cohere.embed v4",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc",
    ] {
        let error = Rail::of(unknown, Operation::Embeddings, false).expect_err("it does not");
        assert_eq!((error.kind(), error.status()), (ErrorKind::Internal, 500), "{unknown}");
        assert!(error.message().contains(unknown), "{error}");
    }
}

#[test]
fn the_head_of_an_answer_counts_the_tokens() {
    let counted = |value: &'static str| {
        let name = "x-amzn-bedrock-input-token-count";
        let header = (HeaderName::from_static(name), HeaderValue::from_static(value));
        Bedrock.input_tokens(&HeaderMap::from_iter([header]))
    };
    assert_eq!(counted("42"), Some(42));
    for odd in ["", "-1", "many"] {
        assert_eq!(counted(odd), None, "{odd}");
    }
    assert_eq!(Bedrock.input_tokens(&HeaderMap::new()), None);
}

#[test]
fn a_model_is_one_segment_of_the_address() {
    let check = |base, region, model, expected: &str| {
        let url = url(base, region, model, "converse").expect("it is an address");
        assert_eq!(url.to_string(), expected);
    };
    let regional =
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.meta.llama-z%3A0/converse";
    check(None, "us-east-1", "us.meta.llama-z:0", regional);
    check(Some("  "), "us-east-1", "us.meta.llama-z:0", regional);
    for (region, domain) in [
        ("us-gov-west-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
        ("eusc-de-east-1", "amazonaws.eu"),
        ("us-iso-east-1", "c2s.ic.gov"),
        ("us-isob-east-1", "sc2s.sgov.gov"),
    ] {
        let url = format!("https://bedrock-runtime.{region}.{domain}/model/meta.x/converse");
        check(None, region, "meta.x", &url);
    }
    let private = "https://vpce-1.example/prefix/model/meta.a%2F..%2Fb/converse";
    check(Some(" https://vpce-1.example/prefix/ "), "us-east-1", "meta.a/../b", private);
    url(Some("vpce-1.example"), "us-east-1", "meta.x", "converse").expect_err("it is no URL");
}

#[test]
fn a_secret_has_one_of_two_shapes() {
    let read = |text: &str| Secrets::read(&Secret::new(text));
    let signing = r#"{"access_key_id":"AKID","secret_access_key":"s/e+c","region":" eu-west-3 "}"#;
    let secrets = read(signing).expect("it is signed with");
    assert_eq!(secrets.region(), "eu-west-3");
    assert!(
        matches!(secrets.proof(), Proof::Signature(identity) if identity.session_token.is_none())
    );
    let session =
        r#"{"access_key_id":"AKID","secret_access_key":"s","region":"r","session_token":"t"}"#;
    let secrets = read(session).expect("it is signed with");
    assert!(
        matches!(secrets.proof(), Proof::Signature(identity) if identity.session_token.is_some())
    );
    let key = read(r#"{"api_key":"k","region":"us-east-1"}"#).expect("it is a key");
    assert!(matches!(key.proof(), Proof::ApiKey(_)));
    for wrong in [
        "",
        "key",
        "[]",
        "{}",
        r#"{"api_key":"k"}"#,
        r#"{"api_key":"k","region":7}"#,
        r#"{"api_key":"","region":"r"}"#,
        r#"{"api_key":"k\r\nx: 1","region":"r"}"#,
        r#"{"api_key":"k","region":"r","access_key_id":"a"}"#,
        r#"{"api_key":"k","region":"r","session_token":"t"}"#,
        r#"{"access_key_id":"AKID","region":"r"}"#,
        r#"{"access_key_id":"AK/ID","secret_access_key":"s","region":"r"}"#,
        r#"{"access_key_id":"","secret_access_key":"s","region":"r"}"#,
        r#"{"access_key_id":"AKID","secret_access_key":" ","region":"r"}"#,
        r#"{"access_key_id":"AKID","secret_access_key":"s","region":"r","session_token":"t\n"}"#,
        r#"{"access_key_id":"AKID","secret_access_key":"s","region":"r","typo":1}"#,
    ] {
        let error = read(wrong).err().unwrap_or_else(|| panic!("{wrong} is no secret"));
        assert_eq!(error.status(), 401, "{wrong}");
    }
    for nowhere in ["", " ", "us east", "eu/west", "a.b", "..", "US-EAST-1"] {
        let text = format!(r#"{{"api_key":"k","region":"{nowhere}"}}"#);
        let error = read(&text).err().unwrap_or_else(|| panic!("{nowhere} is no region"));
        assert_eq!(error.status(), 400, "{nowhere}");
    }
}
