//! Every kind takes what it should, refuses what it should, and never shows a credential.
#![expect(clippy::unwrap_used, reason = "a test may say: this must hold")]

use aisix_core::resource::{
    A2aAgent, CachePolicy, ClaimMapping, Guardrail, GuardrailAttachment, Kept, McpAuthSetting,
    McpPolicy, McpServer, ObservabilityExporter, OidcProvider, PassthroughRoute, PlainSecrets,
    RateLimitPolicy, Strictness,
};
use aisix_core::snapshot::{Finding, RejectionKind};
use aisix_core::{ApiKey, Document, Entry, Kind, Model, ProviderKey, Resource, Snapshot};
use serde_json::{Value, json};

/// A valid document of each kind.
fn valid(kind: Kind) -> Value {
    match kind {
        Kind::ProviderKeys => json!({
            "display_name": "p", "provider": "openai", "secret": "sk-canary",
            "api_base": "https://api.openai.com/v1",
        }),
        Kind::Models => json!({
            "display_name": "m", "provider": "openai", "model_name": "gpt", "provider_key_id": "p",
        }),
        Kind::ApiKeys => json!({
            "key_hash": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "allowed_models": ["*"], "allowed_agents": ["a"],
            "mcp_access": {"allow": ["tickets/*"]}, "mcp_rate_limits": {"tickets": {"rpm": 5}},
        }),
        Kind::RateLimitPolicies => json!({
            "name": "r", "scope": "team", "scope_ref": "t", "window": "minute", "max_requests": 5,
            "schedules": [{
                "start_time": "22:00", "end_time": "24:00", "timezone": "Europe/Berlin",
                "days_of_week": ["sat", "sun"],
            }],
        }),
        Kind::CachePolicies => json!({
            "name": "c", "semantic": {"embedding_model": "e", "threshold": 0.9},
        }),
        Kind::Guardrails => json!({
            "name": "g", "kind": "openai_moderation", "api_key": "sk-canary",
            "category_thresholds": {"hate": 0.5}, "created_at": "2030-01-01T00:00:00Z",
        }),
        Kind::GuardrailAttachments => json!({
            "guardrail_id": "g", "scope_type": "model", "scope_id": "m", "priority": 3,
        }),
        Kind::ObservabilityExporters => json!({
            "name": "o", "kind": "otlp_http", "endpoint": "http://otel-collector:4318/v1/traces",
            "headers": {"authorization": "sk-canary"}, "sample_rate": 0.5,
        }),
        Kind::OidcProviders => json!({
            "name": "w", "issuer": "https://login.example.com", "audiences": ["aisix"],
            "bound_claims": {"org": "acme", "realm.role": ["a", "b"]},
        }),
        Kind::ClaimMappings => json!({
            "name": "e", "jwt_provider": "w", "resolve": {"api_key_id": "k"},
            "match": [{"claim": "groups", "op": "contains", "values": ["eng"]}],
        }),
        Kind::PassthroughRoutes => json!({
            "name": "s", "path_prefix": "/search", "target_url": "https://search.example.com",
            "provider_key_id": "p",
        }),
        Kind::McpServers => json!({
            "name": "t", "url": "https://t", "auth": {"headers": [{"secret": "sk-canary"}]},
        }),
        Kind::McpPolicies => json!({"name": "q"}),
        Kind::McpAuthSettings => json!({"name": "d", "client_secret": "sk-canary"}),
        Kind::A2aAgents => json!({"display_name": "a", "secret": "sk-canary"}),
    }
}

/// Decodes as its kind; what is shown of it, or what is wrong with it.
fn decode(
    kind: Kind,
    value: &Value,
    strictness: Strictness,
) -> Result<(Value, Vec<String>), String> {
    fn of<T: Resource>(
        value: &Value,
        strictness: Strictness,
    ) -> Result<(Value, Vec<String>), String> {
        let document = Document::parse(value.to_string().as_bytes()).unwrap();
        let checked = T::decode(&document, strictness).map_err(|invalid| invalid.to_string())?;
        let debug = format!("{:?}", checked.resource);
        assert!(!debug.contains("sk-canary"), "{debug}");
        Ok((serde_json::to_value(&checked.resource).unwrap(), checked.ignored))
    }
    let decode = match kind {
        Kind::ProviderKeys => of::<ProviderKey>,
        Kind::Models => of::<Model>,
        Kind::ApiKeys => of::<ApiKey>,
        Kind::RateLimitPolicies => of::<Kept<RateLimitPolicy>>,
        Kind::CachePolicies => of::<Kept<CachePolicy>>,
        Kind::Guardrails => of::<Kept<Guardrail>>,
        Kind::GuardrailAttachments => of::<Kept<GuardrailAttachment>>,
        Kind::ObservabilityExporters => of::<Kept<ObservabilityExporter>>,
        Kind::OidcProviders => of::<Kept<OidcProvider>>,
        Kind::ClaimMappings => of::<Kept<ClaimMapping>>,
        Kind::PassthroughRoutes => of::<Kept<PassthroughRoute>>,
        Kind::McpServers => of::<Kept<McpServer>>,
        Kind::McpPolicies => of::<Kept<McpPolicy>>,
        Kind::McpAuthSettings => of::<Kept<McpAuthSetting>>,
        Kind::A2aAgents => of::<Kept<A2aAgent>>,
    };
    decode(value, strictness)
}

fn problem(kind: Kind, value: &Value) -> String {
    match decode(kind, value, Strictness::Strict) {
        Ok((shown, _)) => panic!("{kind}: accepted {shown}"),
        Err(problem) => problem,
    }
}

/// A kind's valid document with one field set.
fn with(kind: Kind, field: &str, value: Value) -> Value {
    let mut document = valid(kind);
    document[field] = value;
    document
}

/// Whether a kind may hold fields that this version does not know.
fn is_open(kind: Kind) -> bool {
    matches!(kind, Kind::McpServers | Kind::McpPolicies | Kind::McpAuthSettings | Kind::A2aAgents)
}

/// The field that no resource of a kind may be without.
fn mandatory(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::ProviderKeys | Kind::Models | Kind::A2aAgents => Some("display_name"),
        Kind::ApiKeys => Some("key_hash"),
        Kind::GuardrailAttachments => Some("guardrail_id"),
        Kind::McpPolicies | Kind::McpAuthSettings => None,
        _ => Some("name"),
    }
}

#[test]
fn every_kind_takes_a_valid_document_and_masks_its_secrets() {
    for kind in Kind::ALL {
        let (shown, ignored) = decode(kind, &valid(kind), Strictness::Strict).unwrap();
        assert!(!shown.to_string().contains("sk-canary"), "{kind}: {shown}");
        let secret = valid(kind).to_string().contains("sk-canary");
        assert_eq!(shown.to_string().contains("\"***\""), secret, "{kind}: {shown}");
        assert_eq!(ignored, [""; 0]);
    }
}

#[test]
fn an_unknown_field_is_a_mistake_of_a_writer_and_a_report_from_the_store() {
    for kind in Kind::ALL.into_iter().filter(|kind| !is_open(*kind)) {
        let document = with(kind, "colour", json!("sk-canary"));
        assert_eq!(problem(kind, &document), "colour: unknown field", "{kind}");
        let (_, ignored) = decode(kind, &document, Strictness::Lenient).unwrap();
        assert_eq!(ignored, ["colour"], "{kind}");
    }
}

#[test]
fn no_kind_is_without_what_identifies_it_nor_with_something_else_there() {
    for kind in Kind::ALL {
        let Some(field) = mandatory(kind) else { continue };
        let mut document = valid(kind);
        document.as_object_mut().unwrap().remove(field);
        let identity = if kind == Kind::A2aAgents { "name" } else { field };
        let missing = format!("{identity}: is required");
        assert_eq!(problem(kind, &document), missing);
        assert_eq!(decode(kind, &document, Strictness::Lenient).unwrap_err(), missing);
        let wrong = problem(kind, &with(kind, field, json!(["sk-canary"])));
        assert!(wrong.starts_with(&format!("{field}: must be")), "{kind}: {wrong}");
        assert!(!wrong.contains("sk-canary"), "{wrong}");
        let empty = problem(kind, &with(kind, field, json!("")));
        assert!(empty.contains("must"), "{kind}: {empty}");
    }
}

#[test]
fn what_no_type_can_say_is_checked_too() {
    for (kind, field, value, expected) in [
        (Kind::RateLimitPolicies, "window", json!("week"), "window: must be one of"),
        (Kind::RateLimitPolicies, "max_requests", json!(0), "max_requests: must be 1 or more"),
        (Kind::RateLimitPolicies, "scope_ref", json!(null), "scope_ref: is required, unless"),
        (Kind::RateLimitPolicies, "limits", json!({"rpm": 1}), "scope: does not go with limits"),
        (Kind::RateLimitPolicies, "group_by", json!([]), "group_by: goes with limits only"),
        (
            Kind::RateLimitPolicies,
            "schedules",
            json!([{
                "start_time": "25:00", "end_time": "24:00", "timezone": "UTC", "dates": ["2030-1-1"],
            }]),
            "schedules[0].start_time: must be HH:MM; schedules[0].dates: must be days as",
        ),
        (Kind::CachePolicies, "ttl_seconds", json!(0), "ttl_seconds: must be from 1 to 604800"),
        (Kind::CachePolicies, "name", json!("n".repeat(121)), "name: must be at most 120"),
        (
            Kind::CachePolicies,
            "semantic",
            json!({"embedding_model": "e", "threshold": 2}),
            "semantic.threshold: must be from 0 to 1",
        ),
        (Kind::Guardrails, "kind", json!("oracle"), "kind: must be one of"),
        (Kind::Guardrails, "kind", json!("pii"), "api_key: does not apply to kind pii"),
        (Kind::Guardrails, "kind", json!("presidio"), "analyzer_url: is required for kind"),
        (Kind::Guardrails, "created_at", json!("soon"), "created_at: must be an RFC 3339 time"),
        (Kind::GuardrailAttachments, "scope_id", json!(null), "scope_id: is required, unless"),
        (
            Kind::ObservabilityExporters,
            "endpoint",
            json!("http://example.com/v1/traces"),
            "endpoint: must be an https:// URL",
        ),
        (Kind::ObservabilityExporters, "sample_rate", json!(1.5), "sample_rate: must be from 0"),
        (Kind::ObservabilityExporters, "kind", json!("datadog"), "site: is required for kind"),
        (Kind::OidcProviders, "audiences", json!([]), "audiences: must hold at least one entry"),
        (Kind::OidcProviders, "leeway_secs", json!(301), "leeway_secs: must be from 0 to 300"),
        (
            Kind::OidcProviders,
            "bound_claims",
            json!({"org": 5}),
            "bound_claims.org: must be a string or a list of strings",
        ),
        (Kind::ClaimMappings, "match", json!([]), "match: must hold at least one entry"),
        (Kind::ClaimMappings, "resolve", json!({}), "resolve.api_key_id: is required"),
        (Kind::PassthroughRoutes, "path_prefix", json!("/v1/x"), "path_prefix: must not be under"),
        (Kind::PassthroughRoutes, "path_prefix", json!(null), "path_prefix: is required without"),
        (Kind::PassthroughRoutes, "target_url", json!(null), "target_url: give exactly one of"),
        (
            Kind::PassthroughRoutes,
            "credential_mode",
            json!("forward_client"),
            "provider_key_id: does not go with forward_client",
        ),
        (Kind::PassthroughRoutes, "auth_mode", json!("header_key"), "auth_header_name: must be"),
        (Kind::PassthroughRoutes, "auth_mode", json!("anonymous"), "anonymous_key_id: is required"),
    ] {
        let problem = problem(kind, &with(kind, field, value));
        assert!(problem.starts_with(expected), "{kind}: {problem}");
    }
}

#[test]
fn a_path_that_begins_like_one_of_the_gateway_is_not_under_it() {
    let route = with(Kind::PassthroughRoutes, "path_prefix", json!("/v1beta"));
    decode(Kind::PassthroughRoutes, &route, Strictness::Strict).unwrap();
}

#[test]
fn a_field_of_another_form_is_ignored_where_an_older_writer_left_it_behind() {
    let guardrail = json!({
        "name": "g", "kind": "keyword", "patterns": [{"kind": "literal", "value": "x"}],
        "max_buffer_bytes": "not even a number", "detectors": [],
    });
    let (_, mut ignored) = decode(Kind::Guardrails, &guardrail, Strictness::Lenient).unwrap();
    ignored.sort();
    assert_eq!(ignored, ["detectors", "max_buffer_bytes"]);
}

#[test]
fn a_guardrail_of_a_kind_that_is_not_known_whole_keeps_what_it_holds() {
    let guardrail = json!({
        "name": "p", "kind": "presidio", "analyzer_url": "https://a", "anonymizer_url": "https://b",
        "entities": ["PERSON"], "default_action": "replace", "score_threshold": 0.4,
    });
    let (shown, ignored) = decode(Kind::Guardrails, &guardrail, Strictness::Strict).unwrap();
    assert_eq!((shown, ignored.len()), (guardrail, 0));
}

#[test]
fn conditions_are_closed_shallow_and_typed() {
    let policy =
        |conditions: Value| json!({"name": "r", "limits": {"rpm": 5}, "conditions": conditions});
    let is = |dimension: &str, operator: &str, value: Value| json!({"dimension": dimension, "operator": operator, "value": value});
    let or = |children: Vec<Value>| json!({"logic": "or", "children": children});
    let team = || is("team", "==", json!("t"));
    let good = [
        is("model_name", "~~", json!("^gpt")),
        or(vec![team(), or(vec![is("model", "in", json!(["a", "b"]))])]),
    ];
    decode(Kind::RateLimitPolicies, &policy(json!(good)), Strictness::Strict).unwrap();
    let mut coloured = team();
    coloured["colour"] = json!("red");
    for (conditions, expected) in [
        (json!([coloured]), "conditions[0].colour: unknown field"),
        (
            json!([or(vec![or(vec![or(vec![team()])])])]),
            "conditions[0].children[0].children[0].children[0]: must not be nested deeper than 3",
        ),
        (json!(vec![team(); 17]), "conditions: must hold at most 16 comparisons"),
        (json!([is("team", "~~", json!("x"))]), "conditions[0].operator: must be ==, ~= or in"),
        (json!([is("team", "has", json!("x"))]), "conditions[0].operator: must be one of"),
        (json!([is("team", "in", json!("x"))]), "conditions[0].value: must be a list of strings"),
        (json!([is("team", "in", json!([]))]), "conditions[0].value: must be 1 to 64 strings"),
        (json!([is("team", "==", json!(5))]), "conditions[0].value: must be a string or a list"),
        (json!([{"logic": "and", "children": []}]), "conditions[0].children: must hold at least"),
        (json!([{"logic": "and"}]), "conditions[0]: must have dimension, operator and value"),
    ] {
        for strictness in [Strictness::Strict, Strictness::Lenient] {
            let problem = decode(Kind::RateLimitPolicies, &policy(conditions.clone()), strictness)
                .unwrap_err();
            assert!(problem.starts_with(expected), "{problem}");
        }
    }
}

#[test]
fn ensembles_and_semantic_routers_are_models() {
    let ensemble = json!({
        "display_name": "e",
        "ensemble": {"panel": [{"model": "a", "seed": 7}, {"model": "b"}], "judge": {"model": "c"}},
    });
    let semantic = json!({
        "display_name": "s", "retries": 2, "timeout": 5,
        "semantic": {
            "embedding_model": "e", "default": "a",
            "routes": [{"name": "code", "examples": ["fix it"], "target": "b"}],
            "match": {"threshold": 0.7},
            "on_embedding_failure": {"target": "c"},
        },
    });
    for model in [&ensemble, &semantic] {
        let (shown, _) = decode(Kind::Models, model, Strictness::Strict).unwrap();
        decode(Kind::Models, &shown, Strictness::Strict).unwrap();
    }
    let changed = |model: &Value, pointer: &str, value: Value| {
        let mut model = model.clone();
        *model.pointer_mut(pointer).unwrap() = value;
        problem(Kind::Models, &model)
    };
    for (problem, expected) in [
        (changed(&ensemble, "/ensemble/panel", json!([])), "ensemble.panel: must hold"),
        (changed(&semantic, "/semantic/match/threshold", json!(7)), "semantic.match.threshold:"),
        (
            changed(&semantic, "/semantic/on_embedding_failure", json!("shrug")),
            "semantic.on_embedding_failure: must be one of",
        ),
        (
            changed(&semantic, "/semantic/routes/0/examples", json!([])),
            "semantic.routes[0].examples: must hold",
        ),
    ] {
        assert!(problem.starts_with(expected), "{problem}");
    }
    for (model, field, harmless) in [
        (&ensemble, "timeout", true),
        (&ensemble, "retries", true),
        (&ensemble, "cooldown", false),
        (&semantic, "cost", true),
        (&semantic, "provider", false),
    ] {
        let mut model = model.clone();
        model[field] = match field {
            "cooldown" => json!({}),
            "cost" => json!({"input_per_1k": 1, "output_per_1k": 1}),
            "provider" => json!("openai"),
            _ => json!(1),
        };
        assert!(problem(Kind::Models, &model).starts_with(&format!("{field}: does not apply to")));
        let lenient = decode(Kind::Models, &model, Strictness::Lenient);
        let ignored = lenient.map(|(shown, ignored)| (shown.get(field).cloned(), ignored));
        let dropped = (None, vec![format!("inapplicable:{field}")]);
        assert_eq!(ignored.ok(), harmless.then_some(dropped), "{field}");
    }
    let mut both = ensemble;
    both["semantic"] = semantic["semantic"].clone();
    let several = "give only one of routing, ensemble and semantic";
    assert_eq!(problem(Kind::Models, &both), several);
}

/// A document as a store holds it.
fn entry(key: String, value: &Value, revision: u64) -> Entry {
    let value = value.to_string().into();
    Entry { key, value, version: 1, created: revision, modified: revision }
}

#[test]
fn a_snapshot_counts_and_reports_every_kind() {
    let mut entries = Vec::new();
    for (kind, revision) in Kind::ALL.into_iter().zip(1..) {
        let partial = with(kind, "colour", json!("red"));
        entries.push(entry(format!("{kind}/good"), &valid(kind), revision));
        entries.push(entry(format!("{kind}/same"), &partial, revision + 100));
        entries.push(entry(format!("{kind}/bad"), &json!([]), revision + 200));
    }
    let (snapshot, diagnostics) = Snapshot::build(entries, 300, &PlainSecrets);
    let found = |key: String| -> Vec<_> {
        diagnostics.iter().filter(|found| found.key == key).map(|found| &found.finding).collect()
    };
    for kind in Kind::ALL {
        let unnamed = kind == Kind::GuardrailAttachments;
        assert_eq!(snapshot.count(kind), if unnamed { 2 } else { 1 }, "{kind}");
        assert!(found(format!("{kind}/good")).is_empty());
        let bad = found(format!("{kind}/bad"));
        let non_json = RejectionKind::NonJson;
        assert!(
            matches!(bad[..], [Finding::Rejected { kind, .. }] if *kind == non_json),
            "{bad:?}"
        );
        let same = found(format!("{kind}/same"));
        let partial = Finding::Partial { fields: vec!["colour".to_owned()] };
        assert_eq!(same.contains(&&partial), !is_open(kind), "{kind}: {same:?}");
        let waits = same.iter().any(|finding| matches!(finding, Finding::Rejected { .. }));
        assert_eq!(waits, !unnamed, "{kind}: {same:?}");
    }
}

#[test]
fn a_field_in_both_of_its_spellings_is_refused_everywhere_and_reported_apart() {
    let mut seen = 0;
    for kind in Kind::ALL {
        for (one, other) in kind.spellings() {
            let mut both = with(kind, one, json!("a"));
            both[*other] = json!("b");
            let message = format!("{one}: give either {one} or {other}, not both");
            assert_eq!(problem(kind, &both), message);
            let stored = [entry(format!("{kind}/x"), &both, 1)];
            let (snapshot, diagnostics) = Snapshot::build(stored, 1, &PlainSecrets);
            assert_eq!(snapshot.count(kind), 0);
            let [found] = &diagnostics[..] else { panic!("{diagnostics:?}") };
            let kind = RejectionKind::ParseFailed;
            assert_eq!(found.finding, Finding::Rejected { kind, message });
            seen += 1;
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn whoever_waits_for_a_name_serves_when_it_is_free() {
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::GuardrailAttachments) {
        let entries = [1, 2].map(|at| entry(format!("{kind}/{at}"), &valid(kind), at));
        let (snapshot, _) = Snapshot::build(entries, 2, &PlainSecrets);
        let gone = aisix_core::Change::Delete { key: format!("{kind}/1"), revision: 3 };
        let (snapshot, _) = snapshot.apply(&gone, &PlainSecrets);
        assert_eq!((snapshot.count(kind), snapshot.diagnostics()), (1, Vec::new()));
    }
}
