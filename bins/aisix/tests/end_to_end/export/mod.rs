//! `aisix export`: from an etcd to a file.

mod round_trip;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use aisix_testing::{Etcd, Process, Program, free_port};
use serde_json::{Map, Value};

/// What an export of [`filled`] is.
const GOLDEN: &str = include_str!("golden.yaml");

/// What it says on standard error, after the line with the endpoint.
const SAID: &str = include_str!("golden.stderr");

/// Something of every kind, by key.
const FILLED: &str = include_str!("filled.json");

/// An etcd that holds [`FILLED`].
async fn filled() -> Etcd {
    let etcd = Etcd::start().await;
    let documents: Map<String, Value> = serde_json::from_str(FILLED).expect("JSON");
    for (key, document) in documents {
        etcd.put(format!("/aisix/{key}"), document.to_string()).await;
    }
    etcd
}

/// The export of an etcd with further arguments.
fn export(etcd: &Etcd, arguments: &[&str]) -> Program {
    let program = Program::aisix().arg("export").arg("--etcd").arg(etcd.url());
    arguments.iter().fold(program, |program, argument| program.arg(argument))
}

/// Runs it to its end: the code, with what it printed.
async fn run(program: &Program) -> (i32, Process) {
    let mut process = program.start();
    let status = process.exited().await;
    (status.code().expect("a code"), process)
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[tokio::test]
async fn everything_is_written_with_names_and_without_credentials() {
    let etcd = filled().await;
    let (code, process) = run(&export(&etcd, &[])).await;
    assert_eq!(lines(&process.stdout()), GOLDEN);
    let said = lines(&process.stderr());
    let (first, rest) = said.split_once('\n').expect("lines");
    assert_eq!(first, format!("reading {} below /aisix", etcd.url()));
    assert_eq!(rest, SAID);
    assert_eq!(code, 0);
    assert!(!said.contains("canary") && !GOLDEN.contains("canary"));
}

#[tokio::test]
async fn credentials_are_written_when_they_are_asked_for_and_the_file_is_the_owners_alone() {
    let etcd = filled().await;
    let program = export(&etcd, &["--reveal-secrets", "-o", "resources.yaml"]);
    let file = program.write("resources.yaml", "what was there before");
    let everybody = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&file, everybody).expect("permissions");
    let (code, process) = run(&program).await;
    assert_eq!((code, process.stdout()), (0, Vec::new()), "{:?}", process.stderr());
    assert_eq!(mode(&file), 0o600);
    let text = std::fs::read_to_string(&file).expect("the file");
    for line in [
        "    api_key: \"sk-openai-canary\"",
        "        X-Org: \"org-canary\"",
        "        x-from: \"$${request.id}\"",
        "      authorization: \"Bearer otel-canary\"",
        "    api_key: \"env:ANTHROPIC_API_KEY\"",
    ] {
        assert!(text.contains(line.trim_start()), "no {line} in {text}");
    }
    assert!(!text.contains("AISIXSECRET"), "{text}");
    let warning = "warning: the file holds credentials in clear: keep it secret";
    assert!(process.stderr().iter().any(|line| line == warning));
    assert!(!lines(&process.stderr()).contains("canary"));
}

#[tokio::test]
async fn what_cannot_be_exported_is_said_and_the_rest_is_written() {
    let etcd = Etcd::start().await;
    for (key, text) in [
        ("models/bad", "{"),
        ("models/worse", r#"{"display_name": 7}"#),
        ("gizmos/x", "{}"),
        (
            "models/a",
            r#"{"display_name": "a", "provider": "p", "model_name": "m",
                         "provider_key_id": "nobody", "colour": "red"}"#,
        ),
        ("oidc_providers/1", r#"{"name": "twin", "issuer": "i", "audiences": ["a"]}"#),
        ("oidc_providers/2", r#"{"name": "twin", "issuer": "j", "audiences": ["a"]}"#),
        ("cache_policies/c", r#"{"name": "c", "applies_to": "api_key:gone"}"#),
        ("mcp_policies/p", r#"{"name": "p"}"#),
    ] {
        etcd.put(format!("/other/env/{key}"), text).await;
    }
    let (code, process) = run(&export(&etcd, &["--prefix", "/other/env/"])).await;
    assert_eq!(code, 1);
    let said = process.stderr();
    for expected in [
        "error: rejected models/bad: non_json: not valid JSON (line 1, column 1)",
        "error: rejected models/worse: schema_failed: display_name: must be a string",
        "error: rejected gizmos/x: unknown_kind: unknown resource kind 'gizmos'",
        "error: models/a (\"a\"): provider_key_id: there is no provider key with the id 'nobody'",
        "error: oidc_providers/2 (\"twin\") has the same name as oidc_providers/1 in a file",
        "warning: models/a: fields that this version does not know are left out: colour",
        "warning: cache_policies/c (\"c\"): applies_to names an API key that is not there",
        "warning: mcp_policies/p (\"p\") is left out: a file cannot hold this kind",
        "the file is not complete, or will not load: see the errors above",
    ] {
        assert!(said.iter().any(|line| line == expected), "no {expected} in {said:#?}");
    }
    let file = lines(&process.stdout());
    assert!(file.contains("provider_key_id: \"nobody\"") && !file.contains("colour"), "{file}");
    assert_eq!(file.matches("name: \"twin\"").count(), 2);
}

#[tokio::test]
async fn names_that_lead_nowhere_are_errors_of_the_export_as_of_the_file() {
    let etcd = Etcd::start().await;
    let hash = "0".repeat(64);
    let key = format!(r#"{{"key_hash": "{hash}", "allowed_models": ["m", "gone", "any-*"]}}"#);
    for (key, text) in [
        (
            "provider_keys/p",
            r#"{"display_name": "p", "provider": "openai", "secret": "sk-canary",
                "api_base": "http://127.0.0.1:1/v1"}"#,
        ),
        (
            "models/m",
            r#"{"display_name": "m", "provider": "openai", "model_name": "m",
                "provider_key_id": "p"}"#,
        ),
        (
            "models/g",
            r#"{"display_name": "g", "routing": {"targets": [{"model": "m"}, {"model": "ghost"}]}}"#,
        ),
        ("api_keys/k", &key),
    ] {
        etcd.put(format!("/aisix/{key}"), text).await;
    }
    let (code, process) = run(&export(&etcd, &[])).await;
    let said = process.stderr();
    assert_eq!(code, 1, "{said:#?}");
    let refused = [
        "models[0] (\"g\"): routing.targets[1].model: names no model of this file; it has 'g', 'm'",
        "api_keys[0] (\"apikey-0000000000000000\"): allowed_models[1]: names no model of this \
         file; it has 'g', 'm'",
    ];
    let errors: Vec<_> = said.iter().filter_map(|line| line.strip_prefix("error: ")).collect();
    assert_eq!(errors, refused.map(|problem| format!("the file will not load: {problem}")));

    // The file is there all the same, and the gateway's own reader finds the same in it.
    let text = lines(&process.stdout());
    let validate = Program::aisix().arg("validate").arg("--resources").arg("resources.yaml");
    validate.write("resources.yaml", &text);
    let variable = "AISIXSECRET_PROVIDER_KEY_P_API_KEY";
    let (code, process) = run(&validate.env(variable, "sk")).await;
    let found = process.stderr();
    let found: Vec<_> = found.iter().filter_map(|line| line.strip_prefix("  - ")).collect();
    assert_eq!((code, found), (1, refused.to_vec()));
}

#[tokio::test]
async fn an_etcd_that_is_away_is_asked_three_times_and_mistakes_of_usage_are_code_2() {
    let nowhere = format!("http://127.0.0.1:{}", free_port());
    let program = Program::aisix().arg("export").arg("--etcd").arg(nowhere);
    let (code, process) = run(&program).await;
    assert_eq!((code, process.stdout()), (1, Vec::new()));
    let said = process.stderr();
    let [_, first, second, last] = &said[..] else { panic!("{said:?}") };
    assert!(first.starts_with("attempt 1 of 3: cannot read etcd at http://"), "{first}");
    assert!(second.starts_with("attempt 2 of 3: "), "{second}");
    assert!(last.starts_with("error: cannot read etcd at http://"), "{last}");
    assert!(last.contains("Connection refused"), "{last}");

    for (arguments, expected) in [
        (&["export"][..], "--etcd"),
        (&["export", "--etcd", "https://a:1"], "export connects without TLS"),
        (&["export", "--etcd", "http://a:1", "--prefix", "/"], "must name a root"),
        (&["export", "--etcd", "http://a:1", "--master-key-file", "k"], "--reveal-secrets"),
    ] {
        let program = arguments.iter().fold(Program::aisix(), |all, argument| all.arg(argument));
        let (code, process) = run(&program).await;
        assert_eq!(code, 2, "{arguments:?}");
        assert!(lines(&process.stderr()).contains(expected), "{:?}", process.stderr());
    }
}
