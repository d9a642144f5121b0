//! Files that were written for other versions.

use super::super::others::{Harmless, OTHERS};
use super::*;

#[test]
fn a_file_of_another_version_loads_where_it_asks_for_nothing_else() {
    let text = format!(
        "{LEAST}{}",
        "proxy: {thread_per_core: true, workers: 3}\n\
         observability: {service_name: edge, tracing: {otlp: {enabled: true, endpoint: x}}, \
         metrics: {otlp: {enabled: false}, buckets: {}, client_type_rules: []}}\n\
         managed: {enabled: false, cp_base_url: x, snapshot_cache_path: null}\n\
         cache: {backend: memory}\n\
         ratelimit: {backend: memory, redis: {url: 'redis://:sesame@a'}}\n\
         upstream: {retries: 2}\n\
         bedrock_endpoint_url: ''\n"
    );
    let Loaded { config, warnings } = try_load("config.yaml", &text, &[]).unwrap();
    let expected = with(&[("AISIX_PROXY__WORKERS", "3")]);
    assert_eq!(tree(&Config { admin: config.admin.clone(), ..expected }), tree(&config));
    let [warning] = &warnings[..] else { panic!("not one: {warnings:?}") };
    let (said, names) = warning.rsplit_once(": ").unwrap();
    assert!(said.ends_with("config.yaml: without effect in this version"), "{warning}");
    let names: BTreeSet<_> = names.split(", ").collect();
    let expected = BTreeSet::from([
        "bedrock_endpoint_url",
        "cache.backend",
        "managed.cp_base_url",
        "managed.enabled",
        "observability.metrics.otlp.enabled",
        "observability.service_name",
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
        ("cache: memory", "cache: must hold further keys".into()),
    ] {
        assert_problem(text, &expected);
    }
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
