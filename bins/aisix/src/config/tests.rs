mod metrics;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::keys::KEYS;
use super::{Config, Loaded, load};

mod versions;

/// The least that a configuration must say.
const LEAST: &str = "admin: {admin_keys: [k]}\n";

fn file(name: &str, text: &str) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    (directory, path)
}

fn try_load(name: &str, text: &str, variables: &[(&str, &str)]) -> Result<Loaded, String> {
    let (directory, path) = file(name, text);
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    let prefix = format!("{}/", directory.path().display());
    load(&path, variables).map_err(|error| error.to_string().replace(&prefix, ""))
}

fn with(variables: &[(&str, &str)]) -> Config {
    try_load("config.yaml", LEAST, variables).unwrap().config
}

fn problem(name: &str, text: &str, variables: &[(&str, &str)]) -> String {
    try_load(name, text, variables).expect_err(text)
}

#[test]
fn says_in_one_line_what_is_wrong_with_a_file() {
    let here = "the keys here are";
    let top = "proxy, admin, resources_file, etcd, managed, store, secrets, observability, upstream, \
               downstream, shutdown";
    let number = "must be a whole number, 0 or more";
    for (text, expected) in [
        ("prxy: {}", format!("prxy: unknown key; {here} {top}")),
        ("prxy:", format!("prxy: unknown key; {here} {top}")),
        ("admin: {key: k}", {
            format!("admin.key: unknown key; {here} enabled, addr, admin_keys, admin_key, tls")
        }),
        ("proxy: {request_id: {header: x}}", {
            format!("proxy.request_id.header: unknown key; {here} accept_headers")
        }),
        ("proxy: {adr: 'x'}", {
            let keys =
                "addr, request_body_limit_bytes, workers, request_id, real_ip, url_rewrites, tls";
            format!("proxy.adr: unknown key; {here} {keys}")
        }),
        ("resources_file: [a]", "resources_file: must be a string".into()),
        ("{resources_file: ' ', admin: {admin_keys: [k]}}", {
            "resources_file: must name a file".into()
        }),
        ("{resources_file: a, etcd: {endpoints: [b]}, admin: {admin_keys: [k]}}", {
            let what = "cannot stand beside etcd.endpoints: a gateway has one source, keep one of";
            format!("resources_file: {what} the two")
        }),
        ("{resources_file: a, managed: {enabled: true}}", {
            "managed.enabled: only false is supported by this version: remove it".into()
        }),
        ("proxy: 3000", "proxy: must hold further keys".into()),
        ("proxy: {addr: 3000}", "proxy.addr: must be a string".into()),
        ("proxy: {addr: 'localhost:3000'}", {
            let what = "is not an address: write IP:port, as in 127.0.0.1:3000";
            format!("proxy.addr: 'localhost:3000' {what}")
        }),
        ("proxy: {workers: 0}", "proxy.workers: must be at least 1".into()),
        ("proxy: {workers: -1}", format!("proxy.workers: {number}")),
        ("proxy: {workers: 1.5}", format!("proxy.workers: {number}")),
        ("upstream: {tcp_keepalive_retries: 4294967296}", {
            let what = "invalid value: integer `4294967296`, expected u32";
            format!("upstream.tcp_keepalive_retries: {what}")
        }),
        ("upstream: {timeout_ms: 5s}", format!("upstream.timeout_ms: {number}")),
        ("shutdown: {min_drain_secs: '30'}", format!("shutdown.min_drain_secs: {number}")),
        ("observability: {access_log: yes}", {
            "observability.access_log: must be true or false".into()
        }),
        ("proxy: {request_id: {accept_headers: x-id}}", {
            "proxy.request_id.accept_headers: must be a list of strings".into()
        }),
        ("proxy: {request_id: {accept_headers: ['x id']}}", {
            "proxy.request_id.accept_headers: 'x id' is not a header name".into()
        }),
        ("proxy: {request_id: {accept_headers: [Authorization]}}", {
            let what = "has another meaning and cannot hold a request id";
            format!("proxy.request_id.accept_headers: 'Authorization' {what}")
        }),
        ("{}", {
            let what = "needs at least one key, or admin.enabled: false for no admin listener";
            format!("admin.admin_keys: {what}")
        }),
        ("admin: {admin_keys: [k, ' ']}", {
            "admin.admin_keys: a key is blank, so anybody would have it".into()
        }),
        ("admin: {admin_key: ''}", {
            "admin.admin_key: a key is blank, so anybody would have it".into()
        }),
        ("admin: {admin_key: \"a\\nb\"}", {
            let what = "a key begins or ends with a space, or holds a character that no header can";
            format!("admin.admin_key: {what} carry")
        }),
        ("{proxy: {addr: '127.0.0.1:3001'}, admin: {admin_keys: [k]}}", {
            "admin.addr: is the same as proxy.addr: each listener needs its own".into()
        }),
        ("{store: {path: ''}, admin: {admin_keys: [k]}}", {
            "store.path: must name a directory".into()
        }),
        ("{store: {master_key_file: a, master_key: b}, admin: {admin_keys: [k]}}", {
            let what = "cannot stand beside store.master_key_file: keep one of the two";
            format!("store.master_key: {what}")
        }),
        ("{observability: {log_level: verbose}, admin: {admin_keys: [k]}}", {
            let levels = "off, error, warn, info, debug, trace";
            let what = format!("is neither a level ({levels}) nor a directive such as aisix=debug");
            format!("observability.log_level: 'verbose' {what}")
        }),
    ] {
        assert_problem(text, &expected);
    }
}

#[track_caller]
fn assert_problem(text: &str, expected: &str) {
    let problem = problem("config.yaml", text, &[]);
    assert_eq!(problem, format!("config.yaml: {expected}"), "{text}");
    assert!(!problem.contains('\n'), "{problem}");
}

#[test]
fn says_in_one_line_what_is_wrong_with_the_edge() {
    for (text, expected) in [
        ("proxy: {real_ip: {trusted_proxies: [10.0.0.0/8, 10.0.0.0/33]}}", {
            let what = "is neither an address nor a range: write one as in 10.1.2.3 or 10.0.0.0/8";
            format!("proxy.real_ip.trusted_proxies: '10.0.0.0/33' {what}")
        }),
        ("proxy: {real_ip: {header: 'x forwarded'}}", {
            "proxy.real_ip.header: 'x forwarded' is not a header name".into()
        }),
        ("proxy: {real_ip: {recursive: 1}}", {
            "proxy.real_ip.recursive: must be true or false".into()
        }),
        ("proxy: {tls: {cert_file: c.pem}}", {
            "proxy.tls.cert_file: needs proxy.tls.key_file beside it".into()
        }),
        ("admin: {tls: {key_file: k.pem}}", {
            "admin.tls.key_file: needs admin.tls.cert_file beside it".into()
        }),
        ("proxy: {tls: {cert_file: c.pem, key_file: ''}}", {
            "proxy.tls.key_file: must name a file".into()
        }),
        ("upstream: {tls: {client_cert_file: c.pem}}", {
            let what = "needs upstream.tls.client_key_file beside it";
            format!("upstream.tls.client_cert_file: {what}")
        }),
        ("upstream: {tls: {client_key_file: k.pem}}", {
            let what = "needs upstream.tls.client_cert_file beside it";
            format!("upstream.tls.client_key_file: {what}")
        }),
        ("upstream: {tls: {ca_file: ''}}", "upstream.tls.ca_file: must name a file".into()),
        ("upstream: {tls: {client_cert_file: '', client_key_file: k.pem}}", {
            "upstream.tls.client_cert_file: must name a file".into()
        }),
        ("upstream: {tls: {verify: no}}", "upstream.tls.verify: must be true or false".into()),
        ("upstream: {tls: {ca: c.pem}}", {
            let keys = "ca_file, client_cert_file, client_key_file, verify";
            format!("upstream.tls.ca: unknown key; the keys here are {keys}")
        }),
        ("proxy: {tls: {cert: c.pem}}", {
            "proxy.tls.cert: unknown key; the keys here are cert_file, key_file".into()
        }),
        ("proxy: {url_rewrites: {match: /a, rewrite: /b}}", {
            let what = "must be a list of maps; in a variable, a JSON array of objects";
            format!("proxy.url_rewrites: {what}")
        }),
        ("proxy: {url_rewrites: [{match: /a}]}", {
            "proxy.url_rewrites[0]: missing field `rewrite`".into()
        }),
        ("proxy: {url_rewrites: [{match: /a, rewrite: /b, to: /c}]}", {
            let what = "unknown field `to`, expected one of `name`, `match`, `rewrite`";
            format!("proxy.url_rewrites[0].to: {what}")
        }),
        ("proxy: {url_rewrites: [{match: /a, rewrite: /b}, {match: '(', rewrite: /b}]}", {
            let what = "match is not a regular expression: unclosed group";
            format!("proxy.url_rewrites: rule 2: {what}")
        }),
        ("proxy: {url_rewrites: [{match: 'a*', rewrite: /b}]}", {
            let what = "matches the empty string, and so every path: make it more precise";
            format!("proxy.url_rewrites: rule 1: match {what}")
        }),
        ("proxy: {url_rewrites: [{match: /a, rewrite: '/$1'}]}", {
            let what = "refers to the group '1', which match does not have";
            format!("proxy.url_rewrites: rule 1: rewrite {what}")
        }),
        ("proxy: {url_rewrites: [{match: /a, rewrite: '/${b'}]}", {
            "proxy.url_rewrites: rule 1: rewrite has a '${' without its '}'".into()
        }),
        ("proxy: {url_rewrites: [{match: /a, rewrite: '/b?c'}]}", {
            let what = "must not hold '?', '#', white space or control characters: it is a path";
            format!("proxy.url_rewrites: rule 1: rewrite {what}")
        }),
    ] {
        assert_problem(text, &expected);
    }
}

#[test]
fn says_in_one_line_what_is_wrong_with_secrets() {
    for (text, expected) in [
        ("secrets: {allow_env: ['']}", "secrets.allow_env: '' is no name of a variable"),
        ("secrets: {allow_env: [A=B]}", "secrets.allow_env: 'A=B' is no name of a variable"),
        ("secrets: {allow_env: OPENAI}", "secrets.allow_env: must be a list of strings"),
        (
            "secrets: {file_dirs: [secrets]}",
            "secrets.file_dirs: 'secrets' is no absolute path without '..', as in /run/secrets",
        ),
        (
            "secrets: {file_dirs: [/run/../etc]}",
            "secrets.file_dirs: '/run/../etc' is no absolute path without '..', as in /run/secrets",
        ),
        (
            "store: {previous_master_key_files: ['']}",
            "store.previous_master_key_files: must name files",
        ),
        ("store: {previous_master_keys: [' ']}", "store.previous_master_keys: must not be blank"),
        (
            "etcd: {endpoints: [a:1]}\nstore: {previous_master_keys: [k]}",
            "store.previous_master_keys: needs store.master_key_file or store.master_key beside it",
        ),
        (
            "etcd: {endpoints: [a:1]}\nstore: {previous_master_key_files: [k]}",
            "store.previous_master_key_files: needs store.master_key_file or store.master_key \
             beside it",
        ),
    ] {
        assert_problem(&format!("{LEAST}{text}\n"), expected);
    }
}

#[test]
fn what_secrets_may_refer_to_comes_from_lists_and_shows_no_value() {
    let config = with(&[
        ("AISIX_SECRETS__ALLOW_ENV", "OPENAI, AISIX_TEST_CANARY"),
        ("AISIX_SECRETS__FILE_DIRS", "/run/secrets,/etc/keys"),
        ("AISIX_TEST_CANARY", "sk-of-variable"),
    ]);
    assert_eq!(config.secrets.allow_env, ["OPENAI", "AISIX_TEST_CANARY"]);
    assert_eq!(config.secrets.file_dirs, ["/run/secrets", "/etc/keys"].map(PathBuf::from));
    let shown = format!("{config:?}");
    assert!(shown.contains("OPENAI") && !shown.contains("sk-of-variable"), "{shown}");
    let variables = [("AISIX_SECRETS__ALLOW_ENV", "AISIX_MINE"), ("AISIX_MINE", "sk-x")];
    let loaded = try_load("config.yaml", LEAST, &variables).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn says_in_one_line_what_is_wrong_with_etcd() {
    let one = "needs at least one URL, such as http://127.0.0.1:2379";
    let files = "is missing: etcd.tls needs all three files";
    let no_url = "is not a URL such as http://127.0.0.1:2379";
    let tls = "tls: {ca_cert_file: a, client_cert_file: b, client_key_file: c}";
    for (section, expected) in [
        ("{}", format!("etcd.endpoints: {one}")),
        ("{endpoints: []}", format!("etcd.endpoints: {one}")),
        ("{prefix: /x}", format!("etcd.endpoints: {one}")),
        ("{endpoints: [a], prefix: '/'}", "etcd.prefix: must name a root, such as /aisix".into()),
        ("{endpoints: [a], env_id: a/b}", "etcd.env_id: must not hold a slash".into()),
        ("{endpoints: [a], password_env: P}", {
            "etcd.password_env: needs etcd.user beside it".into()
        }),
        ("{endpoints: [a], user: u, password_env: NONE}", {
            "etcd.password_env: the variable NONE is not set".into()
        }),
        ("{endpoints: [a], tls: {ca_cert_file: a}}", {
            format!("etcd.tls.client_cert_file: {files}")
        }),
        ("{endpoints: [a], tls: {domain_name: a}}", format!("etcd.tls.ca_cert_file: {files}")),
        ("{endpoints: ['https://a:1']}", {
            "etcd.endpoints: 'https://a:1' needs etcd.tls with its certificates".into()
        }),
        (&format!("{{endpoints: ['http://a:1'], {tls}}}"), {
            let what = "is not encrypted, and etcd.tls is set: write https://";
            format!("etcd.endpoints: 'http://a:1' {what}")
        }),
        ("{endpoints: ['http://u:sesame@a:1']}", {
            let what = "holds a user or password: they belong in etcd.user and etcd.password_env";
            format!("etcd.endpoints: {what}")
        }),
        ("{endpoints: ['']}", format!("etcd.endpoints: '' {no_url}")),
        ("{endpoints: ['ftp://a']}", format!("etcd.endpoints: 'ftp://a' {no_url}")),
        ("{endpoints: ['http://a/b']}", format!("etcd.endpoints: 'http://a/b' {no_url}")),
        ("{endpoints: http://a}", "etcd.endpoints: must be a list of strings".into()),
        ("{endpoint: a}", {
            let keys = "endpoints, prefix, env_id, user, password_env, dial_timeout_ms, \
                        request_timeout_ms, tls";
            format!("etcd.endpoint: unknown key; the keys here are {keys}")
        }),
    ] {
        let problem = problem("config.yaml", &format!("{LEAST}etcd: {section}\n"), &[]);
        assert_eq!(problem, format!("config.yaml: {expected}"), "{section}");
    }
}

#[test]
fn says_in_one_line_what_is_wrong_with_the_listener_of_monitoring() {
    for (text, expected) in [
        ("{observability: {metrics: {prometheus: {path: '/a b'}}}, admin: {admin_keys: [k]}}", {
            let what = "must be a path of letters, digits and -_.~, as in /metrics";
            format!("observability.metrics.prometheus.path: {what}")
        }),
        ("{observability: {metrics: {prometheus: {path: status/x}}}, admin: {admin_keys: [k]}}", {
            let what = "cannot be below /status, which has other answers";
            format!("observability.metrics.prometheus.path: {what}")
        }),
        ("{admin: {admin_keys: [k], addr: '0.0.0.0:9090'}}", {
            let what = "is the same as admin.addr: each listener needs its own";
            format!("observability.metrics.prometheus.addr: {what}")
        }),
        ("{observability: {metrics: {prometheus: {addr: 'x', enabled: false}}}}", {
            let what = "'x' is not an address: write IP:port, as in 127.0.0.1:3000";
            format!("observability.metrics.prometheus.addr: {what}")
        }),
    ] {
        let problem = problem("config.yaml", text, &[]);
        assert_eq!(problem, format!("config.yaml: {expected}"), "{text}");
    }
}

#[test]
fn etcd_is_the_store_where_it_has_endpoints() {
    assert!(!with(&[]).etcd.is_used());
    let config = with(&[
        ("AISIX_ETCD__ENDPOINTS", "http://a:2379, b:2379"),
        ("AISIX_ETCD__PREFIX", "/other/"),
        ("AISIX_ETCD__REQUEST_TIMEOUT_MS", "70"),
    ]);
    assert!(config.etcd.is_used());
    let options = config.etcd.options().unwrap();
    assert_eq!(options.endpoints, ["http://a:2379", "b:2379"]);
    assert_eq!(options.prefix, "/other/");
    assert_eq!((options.request_timeout.as_millis(), options.dial_timeout.as_secs()), (70, 5));
    assert!(options.login.is_none() && options.tls.is_none());
}

#[test]
fn a_resources_file_is_the_source_where_it_is_named() {
    let variable = with(&[("AISIX_RESOURCES_FILE", "/etc/aisix/r.yaml")]);
    assert_eq!(variable.resources_file.as_deref(), Some(Path::new("/etc/aisix/r.yaml")));
    assert_eq!(variable.place(), "/etc/aisix/r.yaml");
    let text = format!("{LEAST}resources_file: r.yaml\netcd: {{env_id: e, endpoints: []}}");
    let file = try_load("config.yaml", &text, &[]).unwrap().config;
    assert_eq!(file.resources_file.as_deref(), Some(Path::new("r.yaml")));
    assert_eq!(with(&[]).resources_file, None);
}

#[test]
fn the_password_of_etcd_comes_from_the_variable_that_is_named() {
    let text = format!("{LEAST}etcd: {{endpoints: [a], user: u, password_env: AISIX_PW}}");
    let loaded = try_load("config.yaml", &text, &[("AISIX_PW", "open-sesame")]).unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new(), "it is ours after all");
    let login = loaded.config.etcd.options().unwrap().login.unwrap();
    assert_eq!((&*login.user, login.password.expose()), ("u", "open-sesame"));
    assert!(!format!("{:?}", loaded.config).contains("open-sesame"));
}

#[test]
fn a_certificate_that_cannot_be_read_is_named() {
    let tls = "tls: {ca_cert_file: no/ca.pem, client_cert_file: b, client_key_file: c}";
    let text = format!("{LEAST}etcd: {{endpoints: [a], {tls}}}");
    let config = try_load("config.yaml", &text, &[]).unwrap().config;
    let error = config.etcd.options().unwrap_err().to_string();
    assert_eq!(error, "etcd.tls.ca_cert_file: cannot read no/ca.pem");
}

#[test]
fn says_in_one_line_why_a_file_cannot_be_parsed() {
    for (name, text, expected) in [
        ("config.yaml", "proxy: {addr: [}", "did not find expected node content"),
        ("config.yaml", "proxy: 1\nproxy: 2\n", "duplicate"),
        ("config.yaml", "- proxy\n", "config.yaml: cannot be parsed: "),
        ("config.json", "{\"proxy\": ", "config.json: cannot be parsed: EOF while parsing"),
        (
            "config.toml",
            "[admin]\nadmin_key = \"k\nx",
            "TOML parse error at line 3, column 2: key with no value, expected `=`",
        ),
        ("config.ini", LEAST, "unknown format: the name must end in .yaml, .yml, .toml or .json"),
        ("config", LEAST, "unknown format: the name must end in .yaml, .yml, .toml or .json"),
    ] {
        let problem = problem(name, text, &[]);
        assert!(problem.starts_with(&format!("{name}: ")), "{problem}");
        assert!(problem.contains(expected), "{problem}");
        assert!(!problem.contains('\n'), "{problem}");
    }
}

#[test]
fn says_which_file_cannot_be_read() {
    let missing = load(Path::new("no/such/config.yaml"), []).unwrap_err().to_string();
    assert_eq!(
        missing,
        "no/such/config.yaml: cannot be read: No such file or directory (os error 2)"
    );
}

#[test]
fn says_which_variable_is_wrong() {
    let number = "must be a whole number, 0 or more";
    for (name, value, expected) in [
        ("AISIX_PROXY__WORKERS", "many", number),
        ("AISIX_PROXY__WORKERS", "0", "must be at least 1"),
        ("AISIX_ADMIN__ENABLED", "1", "must be true or false"),
        ("AISIX_ADMIN__ADMIN_KEYS", " , ", {
            "needs at least one key, or admin.enabled: false for no admin listener"
        }),
        ("AISIX_PROXY__ADDR", "3000", {
            "'3000' is not an address: write IP:port, as in 127.0.0.1:3000"
        }),
        ("AISIX_PROXY__URL_REWRITES", "/a=/b", {
            "must be a list of maps; in a variable, a JSON array of objects"
        }),
        ("AISIX_PROXY__URL_REWRITES", r#"[{"match":"/a"}]"#, "[0]: missing field `rewrite`"),
        ("AISIX_PROXY__URL_REWRITES", r#"[{"match":"","rewrite":"/"}]"#, {
            "rule 1: match matches the empty string, and so every path: make it more precise"
        }),
        ("HTTPS_PROXY", "http://user:hunter2@proxy:port", {
            "is not a URL such as http://proxy.example:3128"
        }),
        ("all_proxy", "socks5://user:hunter2@proxy:1080", {
            "must begin with http:// or https://: other proxies are not supported"
        }),
        ("AISIX_RESOURCES_FILE", "", "must name a file"),
    ] {
        let problem = problem("config.yaml", LEAST, &[(name, value)]);
        assert_eq!(problem, format!("{name}: {expected}"));
    }
}

#[test]
fn never_repeats_a_credential() {
    let secret = "5312894471";
    for (name, text) in [
        ("config.yaml", "admin: {admin_key: SECRET}"),
        ("config.yaml", "admin: {admin_keys: SECRET}"),
        ("config.yaml", "admin: {admin_keys: [SECRET]}"),
        ("config.yaml", "admin: {admin_keys: ['SECRET\u{e9}']}"),
        ("config.yaml", "admin: {admin_keys: {SECRET}}"),
        ("config.yaml", "store: {master_key: SECRET}"),
        ("config.yaml", "store: {previous_master_keys: [SECRET]}"),
        ("config.yaml", "admin: {admin_key: 'SECRET"),
        ("config.yaml", "admin:\n  admin_key: \"SECRET\n\tx"),
        ("config.json", "{\"admin\": {\"admin_key\": \"SECRET"),
        ("config.json", "{\"admin\": {\"admin_key\": SECRET.}}"),
        ("config.toml", "[admin]\nadmin_key = \"SECRET"),
        ("config.toml", "[admin]\nadmin_key = SECRETx"),
        ("config.toml", "[store]\nmaster_key = SECRET"),
    ] {
        let problem = problem(name, &text.replace("SECRET", secret), &[]);
        assert!(!problem.contains(secret), "{problem}");
    }
    let variable = ("AISIX_ADMIN__ADMIN_KEY", "5312894471\u{e9}");
    assert!(!problem("config.yaml", LEAST, &[variable]).contains(secret));
    let shown = format!("{:?}", with(&[("AISIX_ADMIN__ADMIN_KEY", secret)]));
    assert!(!shown.contains(secret), "{shown}");
}

#[test]
fn who_asks_for_no_verification_is_warned() {
    let warnings = |verify| {
        let variable = [("AISIX_UPSTREAM__TLS__VERIFY", verify)];
        try_load("config.yaml", LEAST, &variable).unwrap().warnings
    };
    assert_eq!(warnings("true"), Vec::<String>::new());
    let warning = warnings("false").pop().unwrap();
    assert!(warning.starts_with("upstream.tls.verify is false: "), "{warning}");
}

#[test]
fn the_credentials_of_a_proxy_are_in_no_message() {
    let config = with(&[("HTTPS_PROXY", "http://user:hunter2@127.0.0.1:3128")]);
    let shown = format!("{config:?} {:?}", config.gateway());
    let pair = "dXNlcjpodW50ZXIy";
    assert!(shown.contains("127.0.0.1:3128"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains(pair), "{shown}");
}

#[test]
fn a_variable_wins_over_the_file_and_the_file_over_the_default() {
    let text = "{proxy: {workers: 2, addr: '127.0.0.1:1'}, admin: {admin_keys: [k]}}";
    let config = try_load("c.yml", text, &[("AISIX_PROXY__WORKERS", "3")]).unwrap().config;
    assert_eq!(config.proxy.workers, Some(3));
    assert_eq!(config.proxy.addr.to_string(), "127.0.0.1:1");
    assert_eq!(config.admin.addr.to_string(), "127.0.0.1:3001");
}

#[test]
fn only_lists_are_split_at_commas() {
    let config = with(&[
        ("AISIX_ADMIN__ADMIN_KEYS", "one, two"),
        ("AISIX_ADMIN__ADMIN_KEY", "three,four"),
        ("AISIX_PROXY__REQUEST_ID__ACCEPT_HEADERS", "x-a,x-b"),
        ("AISIX_STORE__PATH", "a,b"),
        ("AISIX_PROXY__REAL_IP__TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.1/32"),
    ]);
    assert_eq!(config.gateway().real_ip.trusted_proxies.len(), 2);
    let keys: Vec<_> = config.admin.keys().map(|key| key.expose()).collect();
    assert_eq!(keys, ["one", "two", "three,four"]);
    assert_eq!(config.proxy.request_id.accept_headers, ["x-a", "x-b"]);
    assert_eq!(config.store.path, Path::new("a,b"));
}

#[test]
fn lists_of_maps_are_json_in_a_variable() {
    let rules = |text| {
        let text = [("AISIX_PROXY__URL_REWRITES", text)];
        let file = format!("{LEAST}proxy: {{url_rewrites: [{{match: /x, rewrite: /y}}]}}\n");
        try_load("config.yaml", &file, &text).unwrap().config.gateway().url_rewrites.len()
    };
    assert_eq!(rules(r#"[{"match":"^/a$","rewrite":"/b"},{"match":"/c","rewrite":"/d"}]"#), 2);
    assert_eq!(rules("  "), 0);
}

#[test]
fn a_credential_may_look_like_a_number() {
    for key in ["007", "1e5", "true", "12345678901234567890123"] {
        let config = with(&[("AISIX_ADMIN__ADMIN_KEY", key)]);
        assert_eq!(config.admin.admin_key.unwrap().expose(), key);
    }
}

#[test]
fn numbers_and_flags_are_read_from_variables() {
    let config = with(&[
        ("AISIX_ADMIN__ENABLED", "FALSE"),
        ("AISIX_SHUTDOWN__MIN_DRAIN_SECS", "0"),
        ("AISIX_UPSTREAM__POOL_MAX_IDLE_PER_HOST", "7"),
    ]);
    assert!(!config.admin.enabled);
    assert_eq!(config.shutdown.min_drain_secs, 0);
    assert_eq!(config.upstream.pool_max_idle_per_host, Some(7));
}

#[test]
fn every_variable_that_names_no_key_is_one_warning_without_its_value() {
    let variables = [
        ("AISIX_ADMIN_KEY", "a-secret"),
        ("AISIX_CACHE__BAKEND", "a-secret"),
        ("AISIX_CONFIG", "config.yaml"),
        ("OTHER_ADMIN_KEY", "a-secret"),
    ];
    let warnings = try_load("config.yaml", LEAST, &variables).unwrap().warnings;
    let (first, second) = (&warnings[0], &warnings[1]);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(first.contains("AISIX_ADMIN_KEY") && second.contains("AISIX_CACHE__BAKEND"));
    assert!(!warnings.concat().contains("a-secret"));
}

#[test]
fn a_variable_that_is_no_text_is_refused_where_it_is_a_key() {
    use std::os::unix::ffi::OsStringExt as _;
    let (_directory, path) = file("config.yaml", LEAST);
    let value = OsString::from_vec(vec![0xff]);
    let variables = [("AISIX_OTHER".into(), value.clone()), ("AISIX_STORE__PATH".into(), value)];
    let problem = load(&path, variables).unwrap_err().to_string();
    assert_eq!(problem, "AISIX_STORE__PATH: is not UTF-8");
}

#[test]
fn every_format_says_the_same() {
    let yaml = "proxy:\n  workers: 2\nadmin:\n  admin_keys: [k]\n";
    let toml = "[proxy]\nworkers = 2\n[admin]\nadmin_keys = ['k']\n";
    let json = r#"{"proxy": {"workers": 2}, "admin": {"admin_keys": ["k"]}}"#;
    for (name, text) in [("c.yaml", yaml), ("c.yml", yaml), ("c.toml", toml), ("c.json", json)] {
        let config = try_load(name, text, &[]).unwrap().config;
        assert_eq!((config.proxy.workers, config.admin.admin_keys.len()), (Some(2), 1), "{name}");
    }
}

#[test]
fn a_key_without_a_value_keeps_its_default() {
    let text = "proxy:\nstore:\n  path:\nadmin:\n  enabled: false\n";
    let config = try_load("config.yaml", text, &[]).unwrap().config;
    assert_eq!(tree(&Config { admin: config.admin.clone(), ..Config::default() }), tree(&config));
}

#[test]
fn zero_switches_off_what_the_gateway_may_do_without() {
    let config = with(&[
        ("AISIX_UPSTREAM__TIMEOUT_MS", "0"),
        ("AISIX_UPSTREAM__CONNECT_TIMEOUT_MS", "0"),
        ("AISIX_UPSTREAM__TCP_KEEPALIVE_SECS", "0"),
        ("AISIX_UPSTREAM__TCP_KEEPALIVE_INTERVAL_SECS", "0"),
        ("AISIX_UPSTREAM__TCP_KEEPALIVE_RETRIES", "0"),
        ("AISIX_UPSTREAM__POOL_IDLE_TIMEOUT_SECS", "0"),
        ("AISIX_DOWNSTREAM__SSE_KEEPALIVE_INTERVAL_SECS", "0"),
        ("AISIX_DOWNSTREAM__READ_TIMEOUT_SECS", "0"),
    ]);
    let settings = config.gateway();
    assert_eq!(
        (settings.body_limit, settings.read_timeout, settings.heartbeat),
        (None, None, None)
    );
    let upstream = settings.upstream;
    assert_eq!((upstream.timeout, upstream.connect_timeout), (None, None));
    assert_eq!((upstream.tcp_keepalive_interval, upstream.tcp_keepalive_retries), (None, None));
    assert_eq!((upstream.tcp_keepalive, upstream.pool_idle_timeout), (None, None));
}

#[test]
fn the_defaults_are_those_of_the_gateway() {
    let ours = format!("{:?}", Config::default().gateway());
    assert_eq!(ours, format!("{:?}", aisix_gateway::Settings::default()));
}

/// A configuration as the file would write it.
fn tree(config: &Config) -> Value {
    serde_json::to_value(config).unwrap()
}

/// Every key of a tree, and what it holds.
fn leaves(tree: &Value) -> Vec<(String, Value)> {
    let Value::Object(level) = tree else { return vec![(String::new(), tree.clone())] };
    let below = |(name, child): (&String, &Value)| {
        let leaves = leaves(child).into_iter();
        let name = name.clone();
        leaves.map(move |(path, value)| match path.as_str() {
            "" => (name.clone(), value),
            path => (format!("{name}.{path}"), value),
        })
    };
    level.iter().flat_map(below).collect()
}

#[test]
fn the_table_names_every_key_in_order() {
    let named: Vec<_> = KEYS.iter().map(|key| key.path.to_owned()).collect();
    let existing: Vec<_> = leaves(&tree(&Config::default())).into_iter().map(|l| l.0).collect();
    assert_eq!(named, existing);
}

fn repository(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_example_runs_as_it_is() {
    let loaded = try_load("config.yaml", &repository("config.example.yaml"), &[]).unwrap();
    let config = loaded.config;
    assert_eq!(config.admin.keys().count(), 1);
    let admin = config.admin.clone();
    assert_eq!(tree(&config), tree(&Config { admin, ..Config::default() }));
}

/// In the example, `#key: value` is a key with its default, and `# Text` explains.
#[test]
fn the_example_shows_every_key_with_its_default() {
    let shown = repository("config.example.yaml");
    let shown: String = shown.lines().map(|line| format!("{}\n", uncommented(line))).collect();
    let shown: Value = { super::file::parse(&shown, config::FileFormat::Yaml).unwrap().into() };
    let mut shown = leaves(&shown);
    let mut expected = leaves(&tree(&Config::default()));
    // The one thing that the operator must choose.
    for leaves in [&mut shown, &mut expected] {
        leaves.retain(|(path, _)| path != "admin.admin_keys");
    }
    shown.sort_by(|a, b| a.0.cmp(&b.0));
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(shown, expected);
}

fn uncommented(line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    match line.trim_start().strip_prefix('#') {
        Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase()) => {
            format!("{}{key}", &line[..indent])
        }
        _ => line.to_owned(),
    }
}

#[test]
fn the_reference_has_a_row_for_every_key_with_its_default_and_variable() {
    let reference = repository("docs/configuration.md");
    let defaults = leaves(&tree(&Config::default()));
    let mut rows: BTreeSet<_> = reference.lines().filter(|line| line.starts_with("| `")).collect();
    for (key, (_, default)) in KEYS.iter().zip(defaults) {
        let default = match &default {
            Value::Null => "none".to_owned(),
            Value::String(text) if text.is_empty() => "empty".to_owned(),
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        };
        let start = format!("| `{}` | `{}` | {default} | ", key.path, key.variable());
        let row = rows.iter().copied().find(|row| row.starts_with(&start));
        rows.remove(row.unwrap_or_else(|| panic!("no row begins with: {start}")));
    }
    rows.retain(|row| row.contains('.') && row.contains("`AISIX_"));
    assert!(rows.is_empty(), "rows of keys that do not exist: {rows:?}");
}
