//! Every rule is seen to fire on the lines that break it, and to let pass those that come close.

use super::dependencies::Pure;
use super::rust::Rust;
use super::tree::Tree;
use super::{
    Check, crates, manifests, names, process, records, siblings, signatures, sources, texts,
};

const LIB: &str = "crates/aisix-core/src/lib.rs";

/// What a check finds in these files: `path:line: rule` each, sorted.
fn found(check: Check, files: &[(&str, &str)]) -> Vec<String> {
    let mut violations = check(&Tree::of(files));
    violations.sort();
    violations.iter().map(|v| format!("{}:{}: {}", v.path, v.line, v.rule)).collect()
}

/// The lines and rules that a check finds in one file.
fn found_in(check: Check, path: &str, text: &str) -> Vec<String> {
    found(check, &[(path, text)]).iter().map(|line| line[path.len() + 1..].to_owned()).collect()
}

const NOTHING: &[&str] = &[];

#[test]
fn tells_code_from_comments_and_literals() {
    let rust = Rust::read(
        "let a = \"x // y\"; // note\nlet b = r#\"raw \" \"#; /* c /* d */ */ let c = '\\'';\nfn f<'a>() { 'x' }",
    );
    assert_eq!(
        rust.code,
        "let a = \"      \";        \nlet b = r         #;                 let c = '  ';\nfn f<'a>() { ' ' }"
    );
    let words: Vec<_> = rust.comments.split_whitespace().collect();
    assert_eq!(words, ["//", "note", "/*", "c", "/*", "d", "*/", "*/"]);
}

#[test]
fn a_file_over_the_limit_is_too_long() {
    let line = "const A: u8 = 1;\n";
    assert_eq!(found_in(sources::check, LIB, &line.repeat(800)), NOTHING);
    assert_eq!(found_in(sources::check, LIB, &line.repeat(801)), ["801: file-length"]);
}

#[test]
fn unfinished_work_is_marked_nowhere() {
    let text = "// TODO: later\nlet a = \"TODO\"; // sk-XXXX\n/* FIXME */\n";
    assert_eq!(found_in(sources::check, LIB, text), ["1: unfinished", "3: unfinished"]);
    assert_eq!(found_in(sources::check, "deny.toml", "# XXX why\n"), ["1: unfinished"]);
    assert_eq!(found_in(sources::check, "docs/a.md", "TODO\n"), NOTHING);
}

#[test]
fn a_lint_is_expected_with_a_reason_and_never_allowed() {
    let text = "#[allow(dead_code)]\nfn a() {}\n#[expect(dead_code)]\nfn b() {}\n\
                #[expect(\n    dead_code,\n    reason = \"shown\"\n)]\nfn c() { x.expect(\"y\"); }\n\
                #![cfg_attr(test, allow(unused))]\n// #[allow(x)]\n";
    assert_eq!(
        found_in(sources::check, LIB, text),
        ["1: bare-allow", "3: expect-reason", "10: bare-allow"]
    );
}

#[test]
fn tests_stand_in_files_of_their_own() {
    let text = "#[cfg(test)]\nmod tests {\n}\n#[cfg(test)]\nmod tests;\nmod other {}\n";
    assert_eq!(found_in(sources::check, LIB, text), ["1: inline-tests"]);
}

#[test]
fn a_test_does_not_sleep() {
    let text = "tokio::time::sleep(d).await;\nstd::thread::sleep(d);\n";
    let rules = ["1: sleep", "2: sleep"].map(str::to_owned).to_vec();
    let paused = format!("#[tokio::test(start_paused = true)]\nfn a() {{ {text} }}\n");
    assert_eq!(found_in(sources::check, "crates/a/tests/x.rs", &paused), ["3: sleep"]);
    let after = format!("{paused}#[test]\nfn b() {{ time::sleep(d) }}\n");
    assert_eq!(found_in(sources::check, "crates/a/tests/x.rs", &after), ["3: sleep", "6: sleep"]);
    for path in ["crates/a/tests/x.rs", "crates/a/src/b/tests.rs"] {
        assert_eq!(found_in(sources::check, path, text), rules);
    }
    assert_eq!(found_in(sources::check, LIB, text), NOTHING);
}

#[test]
fn only_a_binary_acts_on_the_process() {
    let text = "let a = std::env::var(\"A\");\nstd::process::exit(1);\n\
                let s = tracing_subscriber::registry(); s.init();\n\
                #[global_allocator]\nstatic A: B = B;\n";
    assert_eq!(
        found_in(process::check, LIB, text),
        ["1: environment", "2: exit", "3: subscriber", "4: allocator"]
    );
    assert_eq!(found_in(process::check, "bins/aisix/src/main.rs", text), NOTHING);
    let allocator = "#[global_allocator]\nstatic A: B = B;\n";
    assert_eq!(found_in(process::check, "crates/a/benches/b.rs", allocator), NOTHING);
    let init = "fn init() { tracing_subscriber::fmt().try_init(); }\n";
    assert_eq!(found_in(process::check, "crates/aisix-telemetry/src/logs.rs", init), NOTHING);
    assert_eq!(found_in(process::check, "crates/aisix-auth/src/tests.rs", init), NOTHING);
    assert_eq!(found_in(process::check, "crates/aisix-auth/src/a.rs", init), ["1: subscriber"]);
    assert_eq!(
        found_in(process::check, LIB, "aisix_telemetry::init(&settings);\n"),
        ["1: subscriber"]
    );
    let environment = "let a = std::env::var(\"A\");\nlet b = env!(\"B\");\n";
    for path in ["crates/aisix-testing/src/lib.rs", "crates/a/tests/b.rs"] {
        assert_eq!(found_in(process::check, path, environment), NOTHING);
    }
}

#[test]
fn siblings_do_not_name_one_another() {
    let gemini = "use crate::openai_chat::Wire;\nuse crate::{\n    json,\n    openai_chat::Other,\n};\n\
                  let a = crate::gemini::x(super::openai_chat::y());\n";
    let files = [
        ("crates/aisix-dialects/src/openai_chat/mod.rs", "use crate::json;\n"),
        ("crates/aisix-dialects/src/gemini/mod.rs", gemini),
        ("crates/aisix-dialects/src/lib.rs", "mod gemini;\nuse crate::openai_chat::A;\n"),
        ("crates/aisix-adapters/src/openai/mod.rs", "use aisix_dialects::openai_chat::B;\n"),
        ("crates/aisix-adapters/src/vertex/mod.rs", ""),
        ("crates/aisix-adapters/src/vertex/sign.rs", "use crate::openai::C;\n"),
    ];
    assert_eq!(
        found(siblings::check, &files),
        [
            "crates/aisix-adapters/src/vertex/sign.rs:1: siblings",
            "crates/aisix-dialects/src/gemini/mod.rs:1: siblings",
            "crates/aisix-dialects/src/gemini/mod.rs:2: siblings",
            "crates/aisix-dialects/src/gemini/mod.rs:6: siblings",
        ]
    );
}

#[test]
fn the_gateway_reads_configuration_and_never_writes_it() {
    let text = "use aisix_store::{ConfigSource, ConfigStore};\n";
    assert_eq!(found_in(names::check, "crates/aisix-gateway/src/a.rs", text), ["1: read-only"]);
    assert_eq!(found_in(names::check, "crates/aisix-admin/src/a.rs", text), NOTHING);
}

#[test]
fn admin_sees_the_gateway_through_its_handle() {
    let text = "use aisix_gateway::{GatewayHandle, handle::Readiness};\nuse aisix_gateway::Exchange;\n\
                let a = aisix_gateway::route::Route::new();\n";
    assert_eq!(
        found_in(names::check, "crates/aisix-admin/src/a.rs", text),
        ["2: handle", "3: handle", "3: handle", "3: handle"]
    );
    assert_eq!(found_in(names::check, "bins/aisix/src/a.rs", text), NOTHING);
}

#[test]
fn only_one_module_names_etcd() {
    let text = "use etcd_client::Client;\n";
    assert_eq!(found_in(names::check, "crates/aisix-store/src/source.rs", text), ["1: etcd"]);
    assert_eq!(found_in(names::check, "crates/aisix-store/src/etcd/watch.rs", text), NOTHING);
}

#[test]
fn a_public_signature_shows_no_untyped_json_and_no_vendor() {
    let text = "use serde_json::{Map, Value};\n\
                pub fn a(\n    x: u8,\n    value: &Value,\n) {}\n\
                fn b(v: Value) {}\npub(crate) fn c(v: Value) {}\n\
                pub struct D {\n    pub e: Option<Value>,\n    f: Value,\n}\n\
                pub struct Native(pub Value);\n\
                impl Native {\n    pub fn new(value: Value) -> Self {\n    }\n}\n\
                pub fn g(x: toml::Value) -> u8 { let v: Value = 1; }\n\
                pub fn h() -> Vec<serde_json::Value>;\n\
                pub struct I(Value);\n\
                pub fn j(x: aws_sdk_s3::Client) {}\n";
    assert_eq!(
        found_in(signatures::check, LIB, text),
        ["2: json-value", "9: json-value", "18: json-value", "20: vendor-type"]
    );
    let other = "use serde::Value;\npub fn a(value: Value) {}\n";
    assert_eq!(found_in(signatures::check, LIB, other), NOTHING);
}

const MANIFEST: &str = "[lints]\nworkspace = true\n";

#[test]
fn a_crate_stands_only_on_what_it_may() {
    let manifest = format!(
        "{MANIFEST}[dependencies]\naisix-core.workspace = true\naisix-store.workspace = true\nbytes = \"1\"\n\
         [target.'cfg(unix)'.dependencies]\netcd-client = \"1\"\n[dev-dependencies]\naisix-testing = \"1\"\n"
    );
    assert_eq!(
        found_in(manifests::check, "crates/aisix-hooks/Cargo.toml", &manifest),
        ["5: dependency", "8: dependency"]
    );
    assert_eq!(
        found_in(manifests::check, "crates/aisix-new/Cargo.toml", MANIFEST),
        ["1: dependency"]
    );
    assert_eq!(found_in(manifests::check, "bins/aisix/Cargo.toml", &manifest), NOTHING);
}

#[test]
fn an_example_stands_on_what_it_shows_and_nothing_on_an_example() {
    let manifest =
        format!("{MANIFEST}\n[dependencies]\naisix-hooks = {{}}\naisix-gateway = {{}}\n");
    let check = |path| found_in(manifests::check, path, &manifest);
    assert_eq!(check("examples/embed/Cargo.toml").len(), 1);
    assert_eq!(check("examples/other/Cargo.toml"), ["1: dependency"]);
    let manifest = format!("{MANIFEST}\n[dependencies]\nexample-embed = {{}}\n");
    for folder in ["bins/aisix", "crates/aisix-core", "examples/custom-adapter", "xtask"] {
        let found = found_in(manifests::check, &format!("{folder}/Cargo.toml"), &manifest);
        assert_eq!(found.len(), 1, "for {folder}");
    }
}

#[test]
fn a_crate_follows_the_lints_of_the_workspace() {
    let path = "crates/aisix-core/Cargo.toml";
    assert_eq!(found_in(manifests::check, path, MANIFEST), NOTHING);
    assert_eq!(found_in(manifests::check, path, "[package]\n"), ["1: lints"]);
}

#[test]
fn a_pure_crate_has_no_runtime_anywhere_below_it() {
    let listing = "aisix-core v0.1.0 (path)\nbytes v1.0.0\nmio v1.0.0\ntokio-util v0.7.0\ntokio-util v0.7.0 (*)\ntokiox v1\n";
    let judged: Vec<_> =
        Pure::of("aisix-core", &["tokio"]).judge(listing).iter().map(ToString::to_string).collect();
    assert_eq!(
        judged,
        [
            "crates/aisix-core/Cargo.toml:1: pure: aisix-core must not stand on tokio-util (`cargo tree -p aisix-core -i tokio-util`)"
        ]
    );
}

#[test]
fn a_crate_says_what_it_is_and_is_on_the_maps() {
    let map = "| crate | what |\n|---|---|\n| [`aisix-core`](crates/aisix-core) | nouns |\n| `aisix-gone` | |\n\n`aisix-data` is a folder.\n";
    let files = [
        ("crates/aisix-core/Cargo.toml", MANIFEST),
        ("crates/aisix-core/src/lib.rs", "//! Nouns.\n"),
        ("crates/aisix-auth/Cargo.toml", MANIFEST),
        ("crates/aisix-auth/src/lib.rs", "pub mod a;\n"),
        ("README.md", map),
    ];
    assert_eq!(
        found(crates::check, &files),
        [
            "ARCHITECTURE.md:1: crate-map",
            "README.md:1: crate-map",
            "README.md:4: crate-map",
            "crates/aisix-auth/src/lib.rs:1: crate-docs",
        ]
    );
}

#[test]
fn decision_records_are_numbered_one_by_one() {
    let (first, second) = (("docs/adr/0001-a.md", "# 1. A\n"), ("docs/adr/0002-b.md", "# 2. B\n"));
    assert_eq!(found(records::check, &[second, first]), NOTHING);
    let twin = ("docs/adr/0002-c.md", "# 2. C\n");
    assert_eq!(found(records::check, &[first, second, twin]), ["docs/adr/0002-c.md:1: record"]);
    let gap = ("docs/adr/0003-c.md", "# 3. C\n");
    assert_eq!(found(records::check, &[first, gap]), ["docs/adr/0003-c.md:1: record"]);
    let heading = ("docs/adr/0002-b.md", "# 3. B\n");
    assert_eq!(found(records::check, &[first, heading]), ["docs/adr/0002-b.md:1: record"]);
}

#[test]
fn texts_name_no_place_on_one_machine() {
    let work = concat!("/", "work/");
    let text = format!("see {work}main\nhttps://example.com/a{work}b\n(framework/x)\n");
    assert_eq!(found_in(texts::check, "docs/a.md", &text), ["1: place"]);
    assert_eq!(found_in(texts::check, LIB, &text), ["1: place"]);
    let scratch = concat!("`/", "tmp/a`\n");
    assert_eq!(found_in(texts::check, "docs/a.md", scratch), ["1: place"]);
    assert_eq!(found_in(texts::check, LIB, scratch), NOTHING);
}

#[test]
fn a_link_leads_somewhere() {
    let text = "[a](adr/0001-x.md#why) [b](../README.md) [c](https://example.com) [d](#here)\n\
                [e](missing.md) and `[f](code.md)` and [g](../../out.md)\n\
                ```\n[h](fenced.md)\n```\n[i]: gone.md\n[j](adr)\n";
    let files = [("docs/a.md", text), ("docs/adr/0001-x.md", ""), ("README.md", "")];
    assert_eq!(
        found(texts::check, &files),
        ["docs/a.md:2: link", "docs/a.md:2: link", "docs/a.md:6: link"]
    );
}

#[test]
fn a_changelog_fragment_can_be_taken() {
    assert_eq!(found_in(texts::check, "changelog.d/a.added.md", "A thing.\n"), NOTHING);
    assert_eq!(found_in(texts::check, "changelog.d/a.md", "A thing.\n"), ["1: changelog"]);
}
