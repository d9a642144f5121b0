use serde::Serialize;

use super::{
    AdapterName, ApiKey, Document, HeaderTemplate, Kind, Model, ModelKind, ProviderKey, Resource,
    SecretField, SecretProblem, SecretResolver, Strictness,
};
use crate::secret::Secret;

const PROVIDER_KEY: &str = r#"{
    "display_name": "openai-prod", "provider": "openai", "adapter": "openai",
    "secret": "sk-live", "api_base": "https://api.openai.com/v1"
}"#;
const MODEL: &str = r#"{
    "display_name": "gpt", "provider": "openai", "model_name": "gpt-4o", "provider_key_id": "k"
}"#;
const GROUP: &str = r#"{"display_name": "group", "routing": {"targets": [{"model": "gpt"}]}}"#;
const API_KEY: &str = r#"{
    "key_hash": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "allowed_models": ["*"]
}"#;

/// A document with one field set to a JSON text; `absent` removes it.
fn with(document: &str, field: &str, json: &str) -> Document {
    let mut value: serde_json::Value = serde_json::from_str(document).unwrap();
    let (path, last) = field.rsplit_once('.').unwrap_or(("", field));
    let mut object = &mut value;
    for step in path.split('.').filter(|step| !step.is_empty()) {
        object = &mut object[step];
    }
    if json == "absent" {
        object.as_object_mut().unwrap().remove(last);
    } else {
        object[last] = serde_json::from_str(json).unwrap();
    }
    Document::parse(value.to_string().as_bytes()).unwrap()
}

/// The value of a header that holds no variables.
fn plain(template: &HeaderTemplate) -> String {
    template.fill(|_| None).unwrap().to_string()
}

fn parse(text: &str) -> Document {
    Document::parse(text.as_bytes()).unwrap()
}

/// What is wrong with a document that somebody writes.
fn problem<T: Resource>(document: &Document) -> String {
    match T::decode(document, Strictness::Strict) {
        Ok(checked) => panic!("accepted: {:?}", checked.resource),
        Err(invalid) => invalid.to_string(),
    }
}

fn accepts<T: Resource>(document: &Document) -> T {
    match T::decode(document, Strictness::Strict) {
        Ok(checked) => checked.resource,
        Err(invalid) => panic!("rejected: {invalid}"),
    }
}

fn shown(resource: &impl Serialize) -> String {
    serde_json::to_string(resource).unwrap()
}

#[test]
fn shows_a_provider_key_in_the_documented_order_with_its_secret_masked() {
    let key = accepts::<ProviderKey>(&parse(PROVIDER_KEY));
    assert_eq!(
        shown(&key),
        concat!(
            r#"{"display_name":"openai-prod","secret":"***","api_base":"https://api.openai.com/v1","#,
            r#""provider":"openai","adapter":"openai","telemetry_tags":{"featured":false},"#,
            r#""strip_headers":["authorization","cookie","set-cookie","x-api-key"]}"#
        )
    );
    assert_eq!(key.secret.expose(), "sk-live");
    assert!(!format!("{key:?}").contains("sk-live"));
}

#[test]
fn masks_every_secret_of_a_provider_key() {
    let request = r#"{
        "default_headers": {"x-token": "sk-header"},
        "default_body_fields": {"token": "sk-body", "depth": 3, "nested": {"plain": "shown"}}
    }"#;
    let document = with(PROVIDER_KEY, "request", request);
    let key = accepts::<ProviderKey>(&document);
    for text in [shown(&key), format!("{key:?}"), format!("{document:?}")] {
        assert!(!text.contains("sk-"), "{text}");
    }
    let shown = shown(&key);
    assert!(shown.contains(r#""x-token":"***""#), "{shown}");
    assert!(shown.contains(r#""depth":3"#), "{shown}");
}

#[test]
fn accepts_api_key_as_another_name_of_secret_but_not_both() {
    let renamed = PROVIDER_KEY.replace("secret", "api_key");
    assert_eq!(accepts::<ProviderKey>(&parse(&renamed)).secret.expose(), "sk-live");
    let both = with(PROVIDER_KEY, "api_key", r#""sk-other""#);
    assert_eq!(problem::<ProviderKey>(&both), "secret: give either secret or api_key, not both");
    let neither = with(PROVIDER_KEY, "secret", "absent");
    assert_eq!(problem::<ProviderKey>(&neither), "secret: is required");
}

#[test]
fn rejects_an_unknown_adapter_and_lists_the_accepted_ones() {
    let document = with(PROVIDER_KEY, "adapter", r#""gemini""#);
    let problem = problem::<ProviderKey>(&document);
    assert!(problem.starts_with("adapter: must be one of "), "{problem}");
    for adapter in ["openai", "anthropic", "bedrock", "vertex", "azure-openai"] {
        assert!(problem.contains(&format!("`{adapter}`")), "{problem}");
    }
    assert!(!problem.contains("gemini"), "{problem}");
}

#[test]
fn adapters_are_written_as_they_are_read() {
    for name in ["openai", "anthropic", "bedrock", "vertex", "azure-openai"] {
        let adapter: AdapterName = serde_json::from_str(&format!("{name:?}")).unwrap();
        assert_eq!((adapter.as_str(), shown(&adapter)), (name, format!("{name:?}")));
    }
}

#[test]
fn the_adapter_is_independent_of_the_provider() {
    let document = with(PROVIDER_KEY, "provider", r#""deepseek""#);
    let key = accepts::<ProviderKey>(&document);
    assert_eq!((&*key.provider, key.adapter), ("deepseek", Some(AdapterName::OpenAi)));
    let document = with(PROVIDER_KEY, "adapter", "absent");
    assert_eq!(accepts::<ProviderKey>(&document).adapter, Some(AdapterName::OpenAi));
    let document = with(&String::from_utf8(document.to_bytes()).unwrap(), "provider", r#""other""#);
    assert!(problem::<ProviderKey>(&document).starts_with("adapter: is required: one of "));
    let lenient = ProviderKey::decode(&document, Strictness::Lenient).unwrap();
    assert_eq!(lenient.resource.adapter, None);
}

#[test]
fn an_api_base_is_required_where_none_may_be_guessed() {
    for (adapter, example) in [
        ("openai", "https://api.openai.com/v1"),
        ("anthropic", "https://api.anthropic.com"),
        ("vertex", "https://<region>-aiplatform.googleapis.com"),
        ("azure-openai", "https://<resource>.openai.azure.com"),
    ] {
        for base in ["absent", r#""""#, r#""  ""#, "null"] {
            let document = with(PROVIDER_KEY, "adapter", &format!("{adapter:?}"));
            let document = String::from_utf8(document.to_bytes()).unwrap();
            let document = with(&document, "api_base", base);
            assert_eq!(
                problem::<ProviderKey>(&document),
                format!("api_base: is required for adapter {adapter}, for example {example}")
            );
            let lenient = ProviderKey::decode(&document, Strictness::Lenient);
            assert!(lenient.is_ok(), "documents of older writers fail when they are used");
        }
    }
    let bedrock = PROVIDER_KEY.replace(r#""adapter": "openai""#, r#""adapter": "bedrock""#);
    accepts::<ProviderKey>(&with(&bedrock, "api_base", "absent"));
}

#[test]
fn rejects_an_api_base_that_is_no_url_or_holds_credentials() {
    for base in ["api.openai.com", "ftp://x", "https://", "https:///v1", "http://a b", "https://?x"]
    {
        let document = with(PROVIDER_KEY, "api_base", &format!("{base:?}"));
        assert_eq!(
            problem::<ProviderKey>(&document),
            "api_base: must be an http:// or https:// URL",
            "{base}"
        );
    }
    for base in
        ["https://user:sk-live@host/v1", "https://user:sk-live@host?x", "http://u:sk-live@h#/"]
    {
        let document = with(PROVIDER_KEY, "api_base", &format!("{base:?}"));
        assert_eq!(
            problem::<ProviderKey>(&document),
            "api_base: must not hold credentials: put them into secret",
            "{base}"
        );
    }
    for base in ["https://host/v1?key=x", "https://host/v1#part"] {
        let document = with(PROVIDER_KEY, "api_base", &format!("{base:?}"));
        assert_eq!(
            problem::<ProviderKey>(&document),
            "api_base: must not hold '?' or '#': endpoint paths are added to it",
            "{base}"
        );
    }
    let azure = PROVIDER_KEY.replace(r#""adapter": "openai""#, r#""adapter": "azure-openai""#);
    accepts::<ProviderKey>(&with(&azure, "api_base", r#""my-resource""#));
    accepts::<ProviderKey>(&with(PROVIDER_KEY, "api_base", r#"" http://[::1]:8080/v1/ ""#));
    accepts::<ProviderKey>(&with(PROVIDER_KEY, "api_base", r#""https://host/v1/@latest""#));
    accepts::<ProviderKey>(&with(PROVIDER_KEY, "api_base", r#""HTTP://Host/v1""#));
}

#[test]
fn rejects_an_api_base_whose_port_would_be_left_out() {
    let mut adapters = ["openai", "anthropic", "bedrock", "vertex", "azure-openai"].into_iter();
    assert!(adapters.all(|adapter| {
        let document = with(PROVIDER_KEY, "adapter", &format!("{adapter:?}"));
        let document = String::from_utf8(document.to_bytes()).unwrap();
        ["http://127.0.0.1:99999", "http://127.0.0.1:/v1"].iter().all(|base| {
            problem::<ProviderKey>(&with(&document, "api_base", &format!("{base:?}")))
                == "api_base: must have a port from 1 to 65535 after the ':', or neither"
        })
    }));
}

#[test]
fn a_version_of_the_api_is_azures_and_fits_a_url() {
    let azure = PROVIDER_KEY.replace(r#""adapter": "openai""#, r#""adapter": "azure-openai""#);
    for version in ["2024-10-21", "2025-04-01-preview", "preview", "v1"] {
        let key = accepts::<ProviderKey>(&with(&azure, "api_version", &format!("{version:?}")));
        assert_eq!(key.api_version.as_deref(), Some(version));
        let shown = serde_json::to_value(&key).unwrap();
        assert_eq!(shown["api_version"], version);
    }
    for version in ["", " ", "2024-10-21&x=1", "a/b", "a#b"] {
        let problem = problem::<ProviderKey>(&with(&azure, "api_version", &format!("{version:?}")));
        assert!(problem.starts_with("api_version: must be a version such as"), "{problem}");
    }
    let problem = problem::<ProviderKey>(&with(PROVIDER_KEY, "api_version", r#""2024-10-21""#));
    assert_eq!(problem, "api_version: is only for adapter azure-openai");
}

#[test]
fn rejects_a_secret_that_no_header_carries_and_does_not_quote_it() {
    let of = |adapter: &str, secret: &str| {
        let document = with(PROVIDER_KEY, "adapter", &format!("{adapter:?}"));
        let document = String::from_utf8(document.to_bytes()).unwrap();
        with(&document, "secret", &serde_json::to_string(secret).unwrap())
    };
    for adapter in ["openai", "anthropic", "azure-openai"] {
        for secret in ["sk-live\n", "sk-\tlive", "\u{7f}sk-live", "sk-liv\u{e9}", "   "] {
            let problem = problem::<ProviderKey>(&of(adapter, secret));
            assert!(problem.starts_with("secret: must be printable ASCII"), "{problem}");
            assert!(!problem.contains("sk-"), "{problem}");
            let lenient = ProviderKey::decode(&of(adapter, secret), Strictness::Lenient);
            assert!(lenient.is_ok(), "documents of older writers fail when they are used");
        }
        accepts::<ProviderKey>(&of(adapter, "sk live~!"));
    }
    for adapter in ["bedrock", "vertex", "azure-openai"] {
        accepts::<ProviderKey>(&of(adapter, "{\n  \"tenant\": \"é\"\n}"));
    }
}

#[test]
fn rejects_names_that_nobody_could_read_or_write() {
    let long = "n".repeat(257);
    let control = "must not hold line breaks or other control characters";
    for (name, expected) in [
        ("  ", "must not be blank"),
        ("a\nb", control),
        ("a\u{0}", control),
        ("\u{85}a", control),
        (long.as_str(), "must be at most 256 characters"),
    ] {
        let json = serde_json::to_string(name).unwrap();
        let direct = with(MODEL, "display_name", &json);
        assert_eq!(problem::<Model>(&direct), format!("display_name: {expected}"), "{name:?}");
        let group = with(GROUP, "routing.targets", &format!(r#"[{{"model": {json}}}]"#));
        let at = "routing.targets[0].model";
        assert_eq!(problem::<Model>(&group), format!("{at}: {expected}"), "{name:?}");
        for document in [direct, group] {
            assert!(Model::decode(&document, Strictness::Lenient).is_ok(), "{name:?}");
        }
    }
    accepts::<Model>(&with(MODEL, "display_name", &format!("{:?}", "é".repeat(256))));
}

#[test]
fn a_direct_model_has_one_star_at_most_in_its_name() {
    let document = with(MODEL, "display_name", r#""a*b*""#);
    assert_eq!(problem::<Model>(&document), "display_name: must not hold more than one '*'");
    assert!(Model::decode(&document, Strictness::Lenient).is_ok());
    accepts::<Model>(&with(MODEL, "display_name", r#""a*b""#));
    accepts::<Model>(&with(GROUP, "display_name", r#""a*b*""#));
}

#[test]
fn a_model_with_a_star_stands_for_many() {
    let of = |document: &str, field, name| accepts::<Model>(&with(document, field, name));
    assert!(of(MODEL, "display_name", r#""gpt-*""#).stands_for_many());
    assert!(of(MODEL, "model_name", r#""gpt-*""#).stands_for_many());
    assert!(!accepts::<Model>(&parse(MODEL)).stands_for_many());
    assert!(!of(GROUP, "display_name", r#""gpt-*""#).stands_for_many());
}

#[test]
fn unknown_fields_are_problems_for_writers_and_notes_for_readers() {
    let document = with(PROVIDER_KEY, "colour", "1");
    assert_eq!(problem::<ProviderKey>(&document), "colour: unknown field");
    let lenient = ProviderKey::decode(&document, Strictness::Lenient).unwrap();
    assert_eq!(lenient.ignored, ["colour"]);

    let nested = with(PROVIDER_KEY, "request", r#"{"param_constraints": {"colour": 1}}"#);
    assert_eq!(problem::<ProviderKey>(&nested), "request.param_constraints.colour: unknown field");
    let listed = with(GROUP, "routing.targets", r#"[{"model": "a"}, {"model": "b", "colour": 1}]"#);
    assert_eq!(problem::<Model>(&listed), "routing.targets[1].colour: unknown field");
    let two = with(API_KEY, "a", "1");
    let two = with(&String::from_utf8(two.to_bytes()).unwrap(), "b", "2");
    assert_eq!(problem::<ApiKey>(&two), "a: unknown field; b: unknown field");
}

#[test]
fn errors_name_the_field_and_what_was_expected() {
    for (field, json, expected) in [
        ("display_name", "1", "display_name: must be a string"),
        ("display_name", "absent", "display_name: is required"),
        ("display_name", r#""""#, "display_name: must not be empty"),
        ("secret", "{}", "secret: must be a string"),
        ("secret", r#""""#, "secret: must not be empty"),
        ("strip_headers", r#""x""#, "strip_headers: must be a list"),
        ("strip_headers", "[1]", "strip_headers[0]: must be a string"),
        ("tls", r#"{"verify": "yes"}"#, "tls.verify: must be true or false"),
        (
            "tls",
            r#"{"ca_cert": "nonsense"}"#,
            "tls.ca_cert: must hold at least one certificate in PEM format \
             (-----BEGIN CERTIFICATE-----)",
        ),
    ] {
        let document = with(PROVIDER_KEY, field, json);
        assert_eq!(problem::<ProviderKey>(&document), expected, "{field} {json}");
    }
    for (field, json, expected) in [
        ("timeout", "-1", "timeout: must be a whole number, 0 or more"),
        ("timeout", "1.5", "timeout: must be a whole number, 0 or more"),
        (
            "provider",
            r#""Open AI""#,
            "provider: must be 1 to 64 of a-z, 0-9, '.', '_' and '-', and begin with a letter or digit",
        ),
        (
            "cost",
            r#"{"input_per_1k": -1, "output_per_1k": 0}"#,
            "cost.input_per_1k: must be 0 or more",
        ),
        ("cost", r#"{"input_per_1k": 1}"#, "cost.output_per_1k: is required"),
        (
            "model_name",
            "absent",
            "model_name: is required, unless the model has routing, ensemble or semantic",
        ),
        ("rate_limit", r#"{"rpm": "many"}"#, "rate_limit.rpm: must be a whole number, 0 or more"),
    ] {
        let document = with(MODEL, field, json);
        assert_eq!(problem::<Model>(&document), expected, "{field} {json}");
    }
    for (field, json, expected) in [
        (
            "expires_at",
            r#""tomorrow""#,
            "expires_at: must be an RFC 3339 time such as 2030-01-31T12:00:00Z",
        ),
        ("expires_at", "5", "expires_at: must be an RFC 3339 time such as 2030-01-31T12:00:00Z"),
        ("allowed_models", "absent", "allowed_models: is required"),
        ("allowed_models", r#""*""#, "allowed_models: must be a list"),
        ("team_id", r#""""#, "team_id: must not be empty"),
        ("jwt_subject", r#""s""#, "jwt_provider: is required with jwt_subject"),
    ] {
        let document = with(API_KEY, field, json);
        assert_eq!(problem::<ApiKey>(&document), expected, "{field} {json}");
    }
}

#[test]
fn every_problem_is_reported_at_once() {
    let document =
        parse(r#"{"display_name": "", "provider": "A", "model_name": "", "provider_key_id": ""}"#);
    let problem = problem::<Model>(&document);
    for field in ["display_name: ", "provider: ", "model_name: ", "provider_key_id: "] {
        assert!(problem.contains(field), "{problem}");
    }
}

#[test]
fn a_secret_in_the_wrong_place_is_not_quoted() {
    // What serde quotes may itself look like the end of its sentence.
    for secret in
        ["sk-wrong-place", "x, expected sk-wrong-place", "x`, expected one of sk-wrong-place"]
    {
        let text = serde_json::to_string(secret).unwrap();
        let places = [text.clone(), format!("[{text}]"), format!("{{\"type\": {text}}}")];
        for json in &places {
            for field in [
                "adapter",
                "strip_headers",
                "telemetry_tags",
                "tls",
                "request",
                "response",
                "telemetry_tags.featured",
                "display_name",
            ] {
                let document = with(PROVIDER_KEY, "telemetry_tags", "{}");
                let document = String::from_utf8(document.to_bytes()).unwrap();
                quotes_nothing::<ProviderKey>(&with(&document, field, json));
            }
            for field in [
                "provider",
                "timeout",
                "rate_limit",
                "cost",
                "embedding",
                "cooldown",
                "retries",
                "allowed_cidrs",
            ] {
                quotes_nothing::<Model>(&with(MODEL, field, json));
            }
            for field in [
                "routing",
                "routing.strategy",
                "routing.targets",
                "routing.hash_on",
                "routing.retries",
                "routing.when_all_unavailable",
            ] {
                quotes_nothing::<Model>(&with(GROUP, field, json));
            }
            for field in [
                "key_hash",
                "expires_at",
                "disabled",
                "rate_limit",
                "previous_keys",
                "allowed_routes",
                "team_id",
            ] {
                quotes_nothing::<ApiKey>(&with(API_KEY, field, json));
            }
            let previous = format!(r#"[{{"key_hash": {json}, "expires_at": {json}}}]"#);
            quotes_nothing::<ApiKey>(&with(API_KEY, "previous_keys", &previous));
            let hash = r#""0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef""#;
            let previous = format!(r#"[{{"key_hash": {hash}, "expires_at": {json}}}]"#);
            quotes_nothing::<ApiKey>(&with(API_KEY, "previous_keys", &previous));
        }
    }
}

/// A reader whose own parser quotes what it reads.
#[derive(Debug, serde::Deserialize)]
struct Quoting {
    #[expect(dead_code, reason = "never read: it is there to fail")]
    at: jiff::civil::Date,
}

#[test]
fn what_another_parser_says_is_not_passed_on() {
    let document = parse(r#"{"at": "sk-wrong-place"}"#);
    let problem = document.read::<Quoting>(Strictness::Strict).unwrap_err().to_string();
    assert_eq!(problem, "at: is not valid");
}

/// A value of the right type may be accepted; what is said otherwise holds nothing of it.
fn quotes_nothing<T: Resource>(document: &Document) {
    for strictness in [Strictness::Strict, Strictness::Lenient] {
        if let Err(invalid) = T::decode(document, strictness) {
            let text = invalid.to_string();
            assert!(!text.contains("sk-wrong") && !text.contains("invalid"), "{text}");
        }
    }
}

#[test]
fn a_document_that_is_no_json_object_is_not_quoted() {
    let bytes: [&[u8]; 6] = [
        b"",
        b"sk-wrong",
        b"\"sk-wrong\"",
        b"[\"sk-wrong\"]",
        b"{\"a\": sk-wrong}",
        b"{\"a\":\"\xFF\"}",
    ];
    for (bytes, expected) in bytes.into_iter().zip([
        "not valid JSON (line 1, column 0)",
        "not valid JSON (line 1, column 1)",
        "must be a JSON object",
        "must be a JSON object",
        "not valid JSON (line 1, column 7)",
        "not UTF-8",
    ]) {
        assert_eq!(Document::parse(bytes).unwrap_err().to_string(), expected);
    }
}

#[test]
fn rejects_duplicate_keys_at_every_depth() {
    for (text, field) in [
        (r#"{"a": 1, "a": 2}"#, "a"),
        (r#"{"a": 1, "\u0061": 2}"#, "a"),
        (r#"{"x": {"b": 1, "b": 1}}"#, "b"),
        (r#"{"x": [{"c": 1, "c": 1}]}"#, "c"),
    ] {
        let problem = Document::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(problem.starts_with(&format!("duplicate field '{field}'")), "{problem}");
    }
}

#[test]
fn rejects_a_key_hash_that_is_not_64_lower_case_hexadecimal_digits() {
    let hash = "0123456789abcdef".repeat(4);
    accepts::<ApiKey>(&with(API_KEY, "key_hash", &format!("{hash:?}")));
    for wrong in [
        hash.to_uppercase(),
        hash[1..].to_owned(),
        format!("{hash}0"),
        hash.replace('f', "g"),
        String::new(),
    ] {
        let document = with(API_KEY, "key_hash", &format!("{wrong:?}"));
        assert_eq!(
            problem::<ApiKey>(&document),
            "key_hash: must be the SHA-256 of the key as 64 lower-case hexadecimal digits"
        );
    }
}

#[test]
fn a_group_takes_no_fields_of_a_direct_model() {
    accepts::<Model>(&parse(GROUP));
    for (field, json) in [
        ("provider", r#""p""#),
        ("model_name", r#""m""#),
        ("provider_key_id", r#""k""#),
        ("cooldown", "{}"),
        ("retries", "1"),
    ] {
        let problem = problem::<Model>(&with(GROUP, field, json));
        assert_eq!(problem, format!("{field}: does not apply to a group"));
    }
    let lenient = Model::decode(&with(GROUP, "retries", "1"), Strictness::Lenient).unwrap();
    assert_eq!(lenient.ignored, ["inapplicable:retries"]);
    assert!(matches!(lenient.resource.kind, ModelKind::Group { .. }));
    assert!(Model::decode(&with(GROUP, "provider", r#""p""#), Strictness::Lenient).is_err());
}

#[test]
fn a_group_needs_targets_with_names() {
    let problem_of = |targets: &str| problem::<Model>(&with(GROUP, "routing.targets", targets));
    assert_eq!(problem_of("[]"), "routing.targets: must name at least one model");
    assert_eq!(
        problem_of(r#"[{"model": "a"}, {"model": ""}]"#),
        "routing.targets[1].model: must not be empty"
    );
    assert_eq!(problem_of("absent"), "routing.targets: is required");
}

#[test]
fn only_a_direct_model_with_one_star_is_a_wildcard() {
    let named = |document, name| accepts::<Model>(&with(document, "display_name", name));
    assert!(named(MODEL, r#""gpt-*""#).wildcard().is_some());
    assert!(named(MODEL, r#""gpt""#).wildcard().is_none());
    let two = with(MODEL, "display_name", r#""*-*""#);
    let two = Model::decode(&two, Strictness::Lenient).unwrap().resource;
    assert!(two.wildcard().is_none());
    assert!(named(GROUP, r#""gpt-*""#).wildcard().is_none());
}

/// Opens what begins with `sealed:`, for its own document and field only.
struct Reversed;

impl SecretResolver for Reversed {
    fn resolve(&self, at: &SecretField<'_>, stored: &str) -> Result<Option<Secret>, SecretProblem> {
        let Some(sealed) = stored.strip_prefix("sealed:") else {
            return Ok(None);
        };
        let place = format!("{}/{}/{}:", at.kind, at.id, at.path);
        let secret = sealed.strip_prefix(&place).ok_or(SecretProblem("is not ours".to_owned()))?;
        Ok(Some(Secret::new(secret)))
    }
}

#[test]
fn secrets_are_opened_where_they_stand() {
    let text = PROVIDER_KEY.replace("sk-live", "sealed:provider_keys/k/secret:sk-live");
    let request = r#"{"default_headers": {
        "x-a": "sealed:provider_keys/k/request.default_headers.x-a:one", "x-b": "in clear"}}"#;
    let mut document = with(&text, "request", request);
    document.resolve_secrets(Kind::ProviderKeys, "k", &Reversed).unwrap();
    let key = accepts::<ProviderKey>(&document);
    assert_eq!(key.secret.expose(), "sk-live");
    let headers = key.request.unwrap().default_headers;
    assert_eq!(plain(&headers["x-a"]), "one");
    assert_eq!(plain(&headers["x-b"]), "in clear");

    let problem = parse(&text).resolve_secrets(Kind::ProviderKeys, "other", &Reversed).unwrap_err();
    assert_eq!(problem.to_string(), "secret: is not ours");
}

#[test]
fn a_mask_keeps_the_secret_that_is_stored_there() {
    let request = r#"{"default_headers": {"x-a": "one", "x-b": "two"}}"#;
    let mut stored = with(PROVIDER_KEY, "request", request);
    let masked = PROVIDER_KEY.replace("sk-live", "***");
    let request = r#"{"default_headers": {"x-a": "***", "x-b": "new"}}"#;
    let mut written = with(&masked, "request", request);
    written.keep_masked_secrets(Kind::ProviderKeys, Some(&mut stored)).unwrap();
    let key = accepts::<ProviderKey>(&written);
    assert_eq!(key.secret.expose(), "sk-live");
    let headers = key.request.unwrap().default_headers;
    assert_eq!(plain(&headers["x-a"]), "one");
    assert_eq!(plain(&headers["x-b"]), "new");
}

#[test]
fn a_mask_with_nothing_behind_it_is_a_problem() {
    let masked = PROVIDER_KEY.replace("sk-live", "***");
    let nothing = "is the mask '***', and there is no stored secret to keep: write the secret";
    let problem = parse(&masked).keep_masked_secrets(Kind::ProviderKeys, None).unwrap_err();
    assert_eq!(problem.to_string(), format!("secret: {nothing}"));

    let mut stored = parse(PROVIDER_KEY);
    let request = r#"{"default_headers": {"x-a": "***"}}"#;
    let mut written = with(PROVIDER_KEY, "request", request);
    let problem = written.keep_masked_secrets(Kind::ProviderKeys, Some(&mut stored)).unwrap_err();
    assert_eq!(problem.to_string(), format!("request.default_headers.x-a: {nothing}"));
}

#[test]
fn what_is_shown_of_a_resource_can_be_written_again() {
    let key = accepts::<ProviderKey>(&parse(PROVIDER_KEY));
    let mut again = parse(&shown(&key));
    again.keep_masked_secrets(Kind::ProviderKeys, Some(&mut parse(PROVIDER_KEY))).unwrap();
    assert!(accepts::<ProviderKey>(&again) == key);
    for document in [MODEL, GROUP] {
        let model = accepts::<Model>(&parse(document));
        assert!(accepts::<Model>(&parse(&shown(&model))) == model);
    }
    let key = accepts::<ApiKey>(&parse(API_KEY));
    assert!(accepts::<ApiKey>(&parse(&shown(&key))) == key);
}
