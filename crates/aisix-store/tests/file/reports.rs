//! What is wrong with a file, word for word.

use crate::Resources;

/// A provider key and a model that nothing is wrong with.
const GOOD: &str = r"
provider_keys:
  - {display_name: openai, adapter: openai, api_base: 'https://api.example/v1', secret: sk-1}
models:
  - {display_name: gpt, provider: openai, model_name: gpt-4o, provider_key: openai}
";

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// Checks that these are the problems of a file, each as `<scope>: <message>`.
#[track_caller]
fn check_raw(text: impl AsRef<[u8]>, problems: &[&str]) {
    let mut expected = format!("resources file resources.yaml: {} error(s):", problems.len());
    for problem in problems {
        expected.push_str("\n  - ");
        expected.push_str(problem);
    }
    let shown = String::from_utf8_lossy(text.as_ref()).into_owned();
    assert_eq!(Resources::raw(text).report(), expected, "{shown}");
}

#[track_caller]
fn check(collections: &str, problems: &[&str]) {
    check_raw(crate::versioned(collections), problems);
}

/// Checks the problems of further collections beside a good provider key and model.
#[track_caller]
fn check_beside(more: &str, problems: &[&str]) {
    check(&format!("{GOOD}{more}"), problems);
}

#[test]
fn a_file_that_is_none() {
    let empty = "(file): is empty: it must hold at least _format_version: \"1\"";
    check_raw("", &[empty]);
    check_raw("# nothing yet\n", &[empty]);
    check_raw("models", &["(file): must be a mapping of _format_version and collections"]);
    check_raw("- a\n", &["(file): must be a mapping of _format_version and collections"]);
    check_raw(b"models: \xff", &["(file): is not UTF-8, from byte 8 on"]);
    check_raw(
        "models: [",
        &[
            "(file): line 2, column 1: not YAML: while parsing a node, did not find expected node content",
        ],
    );
    check_raw("a: 1\na: 2", &["(file): line 2, column 1: duplicate key 'a'"]);
}

#[test]
fn the_version_is_a_quoted_1() {
    check_raw(
        "models: []",
        &["(file): _format_version: is required: write _format_version: \"1\""],
    );
    check_raw(
        "_format_version: 1",
        &["(file): _format_version: must be a string: write \"1\" with its quotes"],
    );
    check_raw(
        "_format_version: '2'",
        &["(file): _format_version: must be \"1\", the one format there is"],
    );
    check_raw(
        "_format_version: '${MODEL}'",
        &["(file): _format_version: must be \"1\", the one format there is"],
    );
}

#[test]
fn collections_are_lists_of_mappings() {
    let collections = "provider_keys, models, api_keys, guardrails, mcp_servers, a2a_agents, \
                       cache_policies, observability_exporters, rate_limit_policies, \
                       oidc_providers, claim_mappings, passthrough_routes, mcp_auth_settings";
    check(
        "modles: []\nguardrail_attachments: []",
        &[
            &format!("(file): modles: unknown key; the collections are {collections}"),
            &format!(
                "(file): guardrail_attachments: unknown key; the collections are {collections}"
            ),
        ],
    );
    check(
        "models: {a: b}\napi_keys: '${MODEL}'",
        &["(file): models: must be a list", "(file): api_keys: must be a list"],
    );
    check(
        "models: [gpt, [], ~]",
        &[
            "models[0]: must be a mapping",
            "models[1]: must be a mapping",
            "models[2]: must be a mapping",
        ],
    );
    check(
        "mcp_auth_settings: [{}, {name: x}]",
        &["(file): mcp_auth_settings: must hold one entry at most"],
    );
}

#[test]
fn an_entry_has_one_name_of_its_own() {
    check(
        "cache_policies: [{ttl_seconds: 5}, {name: ~}, {name: ''}, {name: 5}]",
        &[
            "cache_policies[0]: name: is required: it is the entry's name in the file",
            "cache_policies[1]: name: is required: it is the entry's name in the file",
            "cache_policies[2] (\"\"): name: must not be empty",
            "cache_policies[3]: name: must be a string",
        ],
    );
    check(
        "cache_policies: [{name: a}, {name: b}, {name: a}]",
        &["cache_policies[2] (\"a\"): name: is that of cache_policies[0] already"],
    );
    check(
        "mcp_servers: [{name: a}, {display_name: a}, {name: b, display_name: c}]",
        &[
            "mcp_servers[1] (\"a\"): display_name: is that of mcp_servers[0] already",
            "mcp_servers[2] (\"b\"): name: give either name or display_name, not both",
        ],
    );
    check(
        "mcp_servers: [{name: a, id: 5}]",
        &["mcp_servers[0] (\"a\"): id: is not for a file to say: ids follow from names"],
    );
    check(
        "models: [{display_name: \"a\\nb\", routing: {targets: []}}]",
        &[
            "models[0] (\"a\\nb\"): display_name: must not hold line breaks or other control characters",
            "models[0] (\"a\\nb\"): routing.targets: must name at least one model",
        ],
    );
}

#[test]
fn fields_are_judged_as_those_who_write_them_expect() {
    check_beside(
        "cache_policies: [{name: a, ttl: 5, semantic: {}}]",
        &["cache_policies[0] (\"a\"): semantic.embedding_model: is required"],
    );
    check_beside(
        "cache_policies: [{name: a, ttl: 5, semantics: {}}, {name: b, ttl_seconds: 0}]",
        &[
            "cache_policies[0] (\"a\"): ttl: unknown field",
            "cache_policies[0] (\"a\"): semantics: unknown field",
            "cache_policies[1] (\"b\"): ttl_seconds: must be from 1 to 604800",
        ],
    );
    check_beside(
        "cache_policies: [{name: a, enabled: yes}, {name: b, backend: disk}]",
        &[
            "cache_policies[0] (\"a\"): enabled: must be true or false",
            "cache_policies[1] (\"b\"): backend: must be `memory` or `redis`",
        ],
    );
    check(
        "models:\n- {display_name: g, provider: x, cost: {}, routing: {targets: [{model: g}]}}",
        &[
            "models[0] (\"g\"): routing.targets[0].model: must be a direct model, which that one is not",
            "models[0] (\"g\"): cost.input_per_1k: is required",
        ],
    );
    check(
        "provider_keys: [{display_name: k, adapter: openai, secret: sk-1, api_key: sk-2}]",
        &["provider_keys[0] (\"k\"): secret: give either secret or api_key, not both"],
    );
}

#[test]
fn variables_must_hold_something() {
    check(
        "provider_keys: [{display_name: k, adapter: openai, secret: '${NONE}', api_base: 'http://${EMPTY}:${NONE}'}]",
        &[
            "provider_keys[0] (\"k\"): secret: the variable NONE is not set",
            "provider_keys[0] (\"k\"): api_base: the variable EMPTY is empty",
            "provider_keys[0] (\"k\"): api_base: the variable NONE is not set",
        ],
    );
    check(
        "guardrails: [{name: '${MODEL}', kind: keyword, patterns: [{kind: literal, value: '${x-y}'}]}]",
        &["guardrails[0] (\"${MODEL}\"): patterns[0].value: holds '${' without the name of a \
         variable and '}' behind it: write ${NAME}, or $$ for a dollar sign"],
    );
}

#[test]
fn an_api_key_has_a_variable_or_a_hash() {
    check_beside(
        "api_keys: [{allowed_models: []}, {display_name: b, allowed_models: []}]",
        &[
            "api_keys[0]: key_hash: give key_env, which names a variable, or key_hash",
            "api_keys[0]: display_name: is required: it is the entry's name in the file",
            "api_keys[1] (\"b\"): key_hash: give key_env, which names a variable, or key_hash",
        ],
    );
    let both = format!("{{display_name: a, allowed_models: [], key_env: K, key_hash: {HASH}}}");
    check_beside(
        &format!("api_keys: [{both}]"),
        &["api_keys[0] (\"a\"): key_env: give key_env or key_hash, not both"],
    );
    for (value, why) in [
        ("5", "must be a string"),
        ("'${CALLER_KEY}'", "names a variable, so it holds no '${': write the name alone"),
        ("sk-live-secret", "must be the name of a variable; the key itself does not belong here"),
        ("NONE", "the variable NONE is not set"),
        ("EMPTY", "the variable EMPTY is empty"),
        ("sk_live_secret", "its variable is not set"),
        ("BLANKS", "the variable BLANKS begins or ends with white space, which no caller can send"),
    ] {
        check_beside(
            &format!("api_keys: [{{display_name: a, allowed_models: [], key_env: {value}}}]"),
            &[&format!("api_keys[0] (\"a\"): key_env: {why}")],
        );
    }
    check_beside(
        "api_keys: [{display_name: a, allowed_models: [], key_hash: sk-live-secret}]",
        &[
            "api_keys[0] (\"a\"): key_hash: must be the SHA-256 of the key as 64 lower-case hexadecimal digits",
        ],
    );
}

#[test]
fn no_two_keys_are_the_same() {
    let keys = format!(
        "api_keys:\n- {{display_name: a, allowed_models: [], key_hash: {HASH}}}\n\
         - {{display_name: b, allowed_models: [], key_hash: {HASH}}}\n\
         - {{display_name: c, allowed_models: [], key_env: CALLER_KEY}}\n\
         - {{display_name: d, allowed_models: [], key_env: CALLER_KEY}}\n"
    );
    check_beside(
        &keys,
        &[
            "api_keys[1] (\"b\"): key_hash: is that of api_keys[0] already",
            "api_keys[3] (\"d\"): key_hash: is that of api_keys[2] already",
        ],
    );
    let keys = format!(
        "api_keys:\n\
         - {{display_name: a, allowed_models: [], key_hash: {HASH}, jwt_provider: p, jwt_subject: s}}\n\
         - {{display_name: b, allowed_models: [], key_env: CALLER_KEY, jwt_provider: p, jwt_subject: s}}\n\
         - {{display_name: c, allowed_models: [], key_env: OPENAI_KEY, jwt_subject: s}}\n"
    );
    check_beside(
        &keys,
        &[
            "api_keys[1] (\"b\"): jwt_subject: is that of api_keys[0] already",
            "api_keys[2] (\"c\"): jwt_provider: is required with jwt_subject",
        ],
    );
}

#[test]
fn names_of_other_entries_must_be_known() {
    let model =
        |key: &str| format!("models: [{{display_name: m, provider: x, model_name: y, {key}}}]");
    check(
        &model("provider_key: a"),
        &["models[0] (\"m\"): provider_key: names no provider key of this file, which has none"],
    );
    let two = "provider_keys:\n\
               - {display_name: '${MODEL}', adapter: openai, api_base: 'http://x', secret: s}\n\
               - {display_name: b, adapter: openai, api_base: 'http://x', secret: s}\n";
    check(
        &format!("{two}{}", model("provider_key: sk-secret")),
        &[
            "models[0] (\"m\"): provider_key: names no provider key of this file; it has '${MODEL}', 'b'",
        ],
    );
    check(
        &format!("{two}{}", model("provider_key: b, provider_key_id: c")),
        &["models[0] (\"m\"): provider_key: give either provider_key or provider_key_id, not both"],
    );
    check(
        &format!("{two}{}", model("provider_key_id: b")),
        &[
            "models[0] (\"m\"): provider_key_id: is no id of a provider key of this file: write provider_key",
        ],
    );
    check(
        &format!("{two}{}", model("provider_key: [b]")),
        &["models[0] (\"m\"): provider_key: must be a string"],
    );
    check(
        &format!("{two}{}", model("timeout: 5")),
        &[
            "models[0] (\"m\"): provider_key: is required, unless the model has routing, ensemble or semantic",
        ],
    );
    let many: String = (0..25)
        .map(|n| format!("- {{name: p{n}, issuer: 'https://{n}', audiences: [a]}}\n"))
        .collect();
    let listed: String = (0..20).map(|n| format!("'p{n}', ")).collect();
    check(
        &format!(
            "oidc_providers:\n{many}claim_mappings:\n- {{name: m, jwt_provider: x, match: [{{claim: a, op: exact, values: [b]}}], resolve: {{api_key: a}}}}"
        ),
        &[
            "claim_mappings[0] (\"m\"): resolve.api_key: names no API key of this file, which has none",
            &format!(
                "claim_mappings[0] (\"m\"): jwt_provider: names no OIDC provider of this file; it has {listed}and 5 more"
            ),
        ],
    );
}

#[test]
fn models_lead_to_models_of_the_file() {
    let known = "it has 'gpt', 'g', 'e', 's', 'many-*'";
    let unknown = format!("names no model of this file; {known}");
    let models = "
  - {display_name: g, routing: {targets: [{model: gpt}, {model: no}, {model: e}, {model: many-*}]}}
  - {display_name: e, ensemble: {panel: [{model: gpt}, {model: no}], judge: {model: nobody}}}
  - display_name: s
    semantic:
      embedding_model: no
      default: gpt
      match: {threshold: 0.5}
      routes: [{name: r, examples: [a], target: no}]
      on_embedding_failure: {target: no}
  - {display_name: many-*, provider: x, model_name: '*', provider_key: openai}
";
    check(
        &format!("{}{models}", GOOD.trim_end()),
        &[
            &format!("models[1] (\"g\"): routing.targets[1].model: {unknown}"),
            "models[1] (\"g\"): routing.targets[2].model: must be a direct model, which that one is not",
            "models[1] (\"g\"): routing.targets[3].model: must be one model, and that one stands for many",
            &format!("models[2] (\"e\"): ensemble.panel[1].model: {unknown}"),
            &format!("models[2] (\"e\"): ensemble.judge.model: {unknown}"),
            &format!("models[3] (\"s\"): semantic.embedding_model: {unknown}"),
            &format!("models[3] (\"s\"): semantic.routes[0].target: {unknown}"),
            &format!("models[3] (\"s\"): semantic.on_embedding_failure.target: {unknown}"),
        ],
    );
}

#[test]
fn keys_are_allowed_what_the_file_has() {
    check_beside(
        "api_keys: [{display_name: a, key_env: CALLER_KEY, allowed_models: [gpt, gpt-5, 'no-*'], allowed_routes: [r, 'x*']}]",
        &[
            "api_keys[0] (\"a\"): allowed_models[1]: names no model of this file; it has 'gpt'",
            "api_keys[0] (\"a\"): allowed_routes[0]: names no passthrough route of this file, which has none",
        ],
    );
}

#[test]
fn policies_name_what_they_limit() {
    let classic = |scope: &str, of: &str| {
        format!(
            "{{name: {scope}-{of}, scope: {scope}, scope_ref: {of}, window: minute, max_requests: 1}}"
        )
    };
    let conditional = "{name: c, limits: {rpm: 1}, conditions: [{dimension: model, operator: in, value: [gpt, no]}, {logic: or, children: [{dimension: api_key, operator: ==, value: no}, {dimension: model_name, operator: ==, value: no}]}]}";
    let policies = [
        classic("model", "gpt"),
        classic("model", "no"),
        classic("api_key", "no"),
        classic("team", "no"),
        conditional.into(),
    ];
    check_beside(
        &format!("rate_limit_policies: [{}]", policies.join(", ")),
        &[
            "rate_limit_policies[1] (\"model-no\"): scope_ref: names no model of this file; it has 'gpt'",
            "rate_limit_policies[2] (\"api_key-no\"): scope_ref: names no API key of this file, which has none",
            "rate_limit_policies[4] (\"c\"): conditions[0].value[1]: names no model of this file; it has 'gpt'",
            "rate_limit_policies[4] (\"c\"): conditions[1].children[0].value: names no API key of this file, which has none",
        ],
    );
}

#[test]
fn providers_of_identities_are_told_apart_and_hold_no_password() {
    check(
        "oidc_providers:\n\
           - {name: a, issuer: 'https://id.example', audiences: [x]}\n\
           - {name: b, issuer: 'https://id.example', audiences: [x], enabled: false}\n\
           - {name: c, issuer: 'https://id.example', audiences: [x]}\n\
           - {name: d, issuer: 'https://me:secret@id.example/x', audiences: [x], jwks_uri: 'https://secret@id.example'}\n\
           - {name: e, issuer: 'https://id.example/@x', audiences: []}\n",
        &[
            "oidc_providers[2] (\"c\"): issuer: is that of oidc_providers[0] already",
            "oidc_providers[3] (\"d\"): issuer: must not hold a user or password",
            "oidc_providers[3] (\"d\"): jwks_uri: must not hold a user or password",
            "oidc_providers[4] (\"e\"): audiences: must hold at least one entry",
        ],
    );
}

#[test]
fn routes_name_their_keys() {
    check_beside(
        "passthrough_routes:\n\
                  - {name: a, path_prefix: /a, target_url: 'https://x', provider_key: no}\n\
                  - {name: b, path_prefix: /b, target_url: 'https://x', provider_key: openai, auth_mode: anonymous, source_cidrs: [10.0.0.0/8], anonymous_key: no}\n\
                  - {name: c, path_prefix: /c, target_url: 'https://x'}\n",
        &[
            "passthrough_routes[0] (\"a\"): provider_key: names no provider key of this file; it has 'openai'",
            "passthrough_routes[1] (\"b\"): anonymous_key: names no API key of this file, which has none",
            "passthrough_routes[2] (\"c\"): provider_key: is required with inject",
        ],
    );
}

#[test]
fn everything_is_said_at_once() {
    check_raw(
        "_format_version: 1\nmodles: []\nmodels: [5, {display_name: a}]\napi_keys: x\n",
        &[
            "(file): _format_version: must be a string: write \"1\" with its quotes",
            "(file): api_keys: must be a list",
            "(file): modles: unknown key; the collections are provider_keys, models, api_keys, guardrails, mcp_servers, a2a_agents, cache_policies, observability_exporters, rate_limit_policies, oidc_providers, claim_mappings, passthrough_routes, mcp_auth_settings",
            "models[0]: must be a mapping",
            "models[1] (\"a\"): provider: is required, unless the model has routing, ensemble or semantic",
            "models[1] (\"a\"): model_name: is required, unless the model has routing, ensemble or semantic",
            "models[1] (\"a\"): provider_key: is required, unless the model has routing, ensemble or semantic",
        ],
    );
}

#[test]
fn no_report_holds_a_secret() {
    let text = "provider_keys:\n\
         - {display_name: a, adapter: sk-planted-1, secret: [sk-planted-2], api_base: sk-planted-3}\n\
         - {display_name: b, adapter: openai, secret: \"sk-planted\\n-4\", api_base: '${MODEL}'}\n\
         - sk-planted-5\n\
         models:\n\
         - {display_name: '${MODEL}', provider: SK-PLANTED, model_name: 5, provider_key: sk-planted-6}\n\
         - {display_name: '${MODEL}', routing: {targets: [{model: sk-planted-7}, {model: '${MODEL}'}]}}\n\
         api_keys:\n\
         - {display_name: a, key_env: sk_planted_8, allowed_models: [sk-planted-9]}\n\
         - {display_name: b, key_hash: sk-planted-10, allowed_models: sk-planted-11}\n\
         observability_exporters:\n\
         - {name: x, kind: otlp_http, endpoint: 'http://sk-planted-12', headers: {authorization: [sk-planted-13]}}\n";
    let report = Resources::new(text).report().to_lowercase();
    for secret in ["sk-planted", "sk_planted", "gpt-secret"] {
        assert!(!report.contains(secret), "{secret} is in {report}");
    }
    assert!(report.lines().count() > 12, "{report}");
}
