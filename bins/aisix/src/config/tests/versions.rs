//! Files that were written for other versions.

use super::super::others::{Harmless, OTHERS};
use super::*;

#[test]
fn a_file_of_another_version_loads_where_it_asks_for_nothing_else() {
    let text = format!(
        "{LEAST}{}",
        "proxy: {thread_per_core: true, workers: 3}\n\
         observability: {tracing: {otlp: {enabled: true, endpoint: x}}, \
         metrics: {otlp: {enabled: false}, buckets: {}, client_type_rules: []}}\n\
         managed: {enabled: false, cp_base_url: x, snapshot_cache_path: null}\n\
         cache: {backend: memory}\n\
         ratelimit: {backend: memory, redis: {url: 'redis://:sesame@a'}}\n\
         upstream: {retries: 2}\n\
         bedrock_endpoint_url: 'http://x'\n"
    );
    let Loaded { config, warnings } = try_load("config.yaml", &text, &[]).unwrap();
    let expected = with(&[("AISIX_PROXY__WORKERS", "3")]);
    assert_eq!(tree(&Config { admin: config.admin.clone(), ..expected }), tree(&config));
    let [warning] = &warnings[..] else { panic!("not one: {warnings:?}") };
    let (said, names) = warning.rsplit_once(": ").unwrap();
    assert_eq!(said, "without effect in this version");
    let names: BTreeSet<_> = names.split(", ").collect();
    let expected = BTreeSet::from([
        "bedrock_endpoint_url",
        "cache.backend",
        "managed.cp_base_url",
        "managed.enabled",
        "observability.metrics.otlp.enabled",
        "observability.tracing.otlp.enabled",
        "observability.tracing.otlp.endpoint",
        "proxy.thread_per_core",
        "ratelimit.backend",
        "ratelimit.redis",
        "upstream.retries",
    ]);
    assert_eq!(names, expected);
}

#[test]
fn only_what_etcd_says_is_cached() {
    let etcd = "etcd: {endpoints: ['http://a:2379'], prefix: /p/, env_id: e}\n";
    let load = |etcd: &str, path: &str| {
        let text = format!("{LEAST}{etcd}managed: {{snapshot_cache_path: {path}}}\n");
        let Loaded { config, warnings } = try_load("config.yaml", &text, &[]).unwrap();
        (config.snapshot_cache(), warnings)
    };
    let expected = aisix_store::SnapshotCache::new("/x.json", "/p/e/");
    assert_eq!(load(etcd, "/x.json"), (Some(expected), Vec::new()));
    assert_eq!(load(etcd, "''"), (None, Vec::new()));
    assert_eq!(load(etcd, ""), (None, Vec::new()));
    assert_eq!(load("", "''"), (None, Vec::new()));
    let (cache, warnings) = load("", "/x.json");
    assert_eq!(cache, None);
    let warning = "managed.snapshot_cache_path: without effect without etcd";
    assert!(warnings[0].starts_with(warning), "{warnings:?}");
}

#[test]
fn a_file_that_asks_for_what_another_version_does_is_refused() {
    let other = "not supported by this version: remove it";
    let only = |text| format!("only {text} is supported by this version: remove it");
    for (text, expected) in [
        ("ratelimit: {backend: redis}", format!("ratelimit.backend: {}", only("\"memory\""))),
        ("cache: {backend: redis}", format!("cache.backend: {}", only("\"memory\""))),
        ("cache: {redis: {password: sesame}}", format!("cache.redis: {other}")),
        ("managed: {enabled: true}", format!("managed.enabled: {}", only("false"))),
        ("cache: {backnd: memory}", {
            "cache.backnd: unknown key; the keys here are backend, redis".into()
        }),
        ("proxy: {thread_per_core: banana}", {
            "proxy.thread_per_core: must be true or false".into()
        }),
        ("ratelimit: {redis: banana}", "ratelimit.redis: must hold further keys".into()),
        ("upstream: {retries: -1}", "upstream.retries: must be a whole number, 0 or more".into()),
        ("observability: {tracing: {otlp: {sample_ratio: x}}}", {
            "observability.tracing.otlp.sample_ratio: must be a number".into()
        }),
        (&format!("{LEAST}observability: {{tracing: {{otlp: {{enabled: true}}}}}}"), {
            let what = "needs observability.tracing.otlp.endpoint beside it";
            format!("observability.tracing.otlp.enabled: {what}")
        }),
        (
            &format!(
                "{LEAST}observability: {{tracing: {{otlp: {{enabled: true, endpoint: ''}}}}}}"
            ),
            {
                let what = "needs observability.tracing.otlp.endpoint beside it";
                format!("observability.tracing.otlp.enabled: {what}")
            },
        ),
        ("cache: memory", "cache: must hold further keys".into()),
    ] {
        assert_problem(text, &expected);
    }
}

#[test]
fn variables_of_other_versions_follow_the_rules_of_the_file() {
    let only = |text| format!("only {text} is supported by this version: remove it");
    for (name, value, expected) in [
        ("AISIX_MANAGED__ENABLED", "true", only("false")),
        ("AISIX_CACHE__BACKEND", "redis", only("\"memory\"")),
        ("AISIX_RATELIMIT__BACKEND", "redis", only("\"memory\"")),
        ("AISIX_CACHE__REDIS__PASSWORD", "x", "not supported by this version: remove it".into()),
        ("AISIX_PROXY__THREAD_PER_CORE", "banana", "must be true or false".into()),
        ("AISIX_OBSERVABILITY__TRACING__OTLP__ENABLED", "true", {
            "needs observability.tracing.otlp.endpoint beside it".into()
        }),
    ] {
        let problem = problem("config.yaml", LEAST, &[(name, value)]);
        assert_eq!(problem, format!("{name}: {expected}"));
    }
    let text = format!("{LEAST}cache: {{backend: memory}}\n");
    let variables = [
        ("AISIX_MANAGED__ENABLED", "false"),
        ("AISIX_OBSERVABILITY__TRACING__OTLP__ENABLED", "true"),
        ("AISIX_OBSERVABILITY__TRACING__OTLP__ENDPOINT", "http://x"),
        ("AISIX_OBSERVABILITY__TRACING__OTLP__SAMPLE_RATIO", "0.5"),
        ("AISIX_RATELIMIT__REDIS__PASSWORD", "sesame"),
    ];
    let names = variables.map(|(name, _)| name).join(", ");
    let warnings = try_load("config.yaml", &text, &variables).unwrap().warnings;
    assert_eq!(warnings, [format!("without effect in this version: cache.backend, {names}")]);
}

#[test]
fn a_name_that_looks_like_a_path_is_no_key() {
    let keys = "proxy, admin, resources_file, etcd, managed, store, secrets, observability, \
                upstream, downstream, shutdown";
    let unknown = |name| format!("{name}: unknown key; the keys here are {keys}");
    for (file, text, name) in [
        ("config.yaml", "'proxy.addr': '127.0.0.1:1'", "proxy.addr"),
        ("config.toml", "'proxy.addr' = '127.0.0.1:1'", "proxy.addr"),
        ("config.json", r#"{"proxy.addr": "127.0.0.1:1"}"#, "proxy.addr"),
        ("config.yaml", "'proxy[0]': {}", "proxy[0]"),
        ("config.yaml", "'cache.backend': memory", "cache.backend"),
    ] {
        assert_eq!(problem(file, text, &[]), format!("{file}: {}", unknown(name)));
    }
    let here = "the keys here are cert_file, key_file";
    let expected = format!("proxy.tls.cert_file.x: unknown key; {here}");
    assert_problem("proxy: {tls: {cert_file.x: a}}", &expected);
}

#[test]
fn times_of_etcd_that_are_zero_are_the_default_and_a_user_needs_a_password() {
    let etcd = "etcd: {endpoints: [a], user: u, dial_timeout_ms: 0, request_timeout_ms: 0}";
    let Loaded { config, warnings } =
        try_load("config.yaml", &format!("{LEAST}{etcd}\n"), &[]).unwrap();
    let options = config.etcd.options().unwrap();
    assert_eq!((options.dial_timeout.as_secs(), options.request_timeout.as_secs()), (5, 5));
    assert!(options.login.is_none());
    let [warning] = &warnings[..] else { panic!("not one: {warnings:?}") };
    assert!(warning.starts_with("etcd.user: without effect without etcd.password_env"));
}

#[test]
fn the_reference_has_a_row_for_every_key_of_other_versions() {
    let reference = repository("docs/configuration.md");
    for other in OTHERS {
        let accepted = match other.harmless {
            Harmless::All => "any value".into(),
            Harmless::Only(text) => format!("only `{text}`"),
            Harmless::Nothing => "no value".into(),
        };
        let (named, end) = (format!("`{}`", other.path), format!("| {accepted} |"));
        let found = reference.lines().any(|row| row.contains(&named) && row.ends_with(&end));
        assert!(found, "no row for {named} that ends with {end}");
    }
}
