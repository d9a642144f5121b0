//! What keeps the program from running: one line, and a code that says whose mistake it is.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use aisix_testing::{Process, Program, Request};

use crate::gateway::{ADMIN_KEY, Gateway, METRICS, program, start};

/// Runs a program that refuses, and answers its code and its one line.
async fn refused(program: &Program) -> (i32, String) {
    let mut process = program.start();
    let status = process.exited().await;
    assert_eq!(process.stdout(), Vec::<String>::new());
    let [line] = &process.stderr()[..] else { panic!("not one line: {:?}", process.stderr()) };
    (status.code().expect("a code"), line.clone())
}

fn with_config(text: &str) -> Program {
    let program = Program::aisix().arg("--config").arg("config.yaml");
    program.write("config.yaml", text);
    program
}

#[tokio::test]
async fn a_bad_configuration_is_one_line_and_code_1() {
    for (text, expected) in [
        (
            "admin: {admin_keys: []}",
            "config load failed: config.yaml: admin.admin_keys: needs at least one key, or \
             admin.enabled: false for no admin listener",
        ),
        (
            "admin: {admin_key: ' '}",
            "config load failed: config.yaml: admin.admin_key: a key is blank, so anybody would \
             have it",
        ),
        (
            "admin: {admin_key: \"k\u{e9}y\"}",
            "config load failed: config.yaml: admin.admin_key: a key begins or ends with a space, \
             or holds a character that no header can carry",
        ),
        (
            "proxies: {}",
            "config load failed: config.yaml: proxies: unknown key; the keys here are proxy, \
             admin, resources_file, etcd, managed, store, secrets, observability, upstream, downstream, \
             shutdown",
        ),
        (
            "proxy: {addr: everywhere}",
            "config load failed: config.yaml: proxy.addr: 'everywhere' is not an address: write \
             IP:port, as in 127.0.0.1:3000",
        ),
        (
            "{admin: {enabled: false}, proxy: {addr: '127.0.0.1:0', tls: {cert_file: c.pem, \
             key_file: k.pem}}}",
            "proxy.tls: c.pem cannot be read: No such file or directory (os error 2)",
        ),
        (
            "{admin: {enabled: false}, proxy: {addr: '127.0.0.1:0'}, upstream: {tls: {ca_file: \
             config.yaml}}, observability: {metrics: {prometheus: {enabled: false}}}}",
            "upstream.tls.ca_file: config.yaml holds no certificate in PEM format",
        ),
        (
            "{admin: {enabled: false}, proxy: {addr: '127.0.0.1:0'}, upstream: {tls: \
             {client_cert_file: c.pem, client_key_file: k.pem}}, observability: {metrics: \
             {prometheus: {enabled: false}}}}",
            "upstream.tls.client_cert_file: c.pem cannot be read: No such file or directory (os \
             error 2)",
        ),
        (
            "{admin: {admin_key: k}, proxy: {addr: '127.0.0.1:0'}, store: {master_key: short}, \
             observability: {metrics: {prometheus: {addr: '127.0.0.1:0'}}}}",
            "store.master_key: a master key is 32 bytes, written as base64 or as 64 hexadecimal \
             digits",
        ),
    ] {
        let (code, line) = refused(&with_config(text)).await;
        assert_eq!((code, line), (1, format!("error: {expected}")), "{text}");
    }
}

#[tokio::test]
async fn a_filter_of_the_log_that_cannot_be_read_is_said_once() {
    let (code, line) = refused(&program("").env("RUST_LOG", "a=b=c")).await;
    assert_eq!((code, line.matches("error parsing level filter").count()), (1, 1), "{line}");
    assert!(line.starts_with("error: config load failed: RUST_LOG: "), "{line}");
}

#[tokio::test]
async fn an_unreadable_file_is_one_line_and_code_1() {
    let missing = Program::aisix().arg("--config").arg("none.yaml");
    let expected = "error: config load failed: none.yaml: cannot be read: No such file or \
                    directory (os error 2)";
    assert_eq!(refused(&missing).await, (1, expected.to_owned()));

    let directory = Program::aisix().arg("--config").arg("folder.yaml");
    std::fs::create_dir(directory.directory().join("folder.yaml")).expect("a directory");
    let expected = "error: config load failed: folder.yaml: cannot be read: Is a directory (os \
                    error 21)";
    assert_eq!(refused(&directory).await, (1, expected.to_owned()));
}

#[tokio::test]
async fn a_taken_port_is_one_line_that_says_what_to_change() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let (proxy, admin) = ("AISIX_PROXY__ADDR", "AISIX_ADMIN__ADDR");
    let quickstart = || Program::aisix().arg("quickstart");
    let flags = |taken: &str, free: &str| {
        quickstart().arg(taken).arg(address.to_string()).arg(free).arg("127.0.0.1:0")
    };
    for (program, knob) in [
        (program("").env(proxy, address.to_string()), "proxy.addr"),
        (program("").env(admin, address.to_string()), "admin.addr"),
        (program("").env(METRICS, address.to_string()), "observability.metrics.prometheus.addr"),
        (flags("--proxy-addr", "--admin-addr"), "--proxy-addr"),
        (flags("--admin-addr", "--proxy-addr"), "--admin-addr"),
    ] {
        let expected = format!(
            "error: cannot listen on {address}: another program does; stop it, or choose another \
             address with {knob}"
        );
        assert_eq!(refused(&program).await, (1, expected));
    }
}

#[tokio::test]
async fn a_port_that_another_gateway_shares_among_its_threads_counts_as_taken() {
    let first = start().await;
    let second = program("").env("AISIX_PROXY__ADDR", first.proxy.to_string());
    let (code, line) = refused(&second).await;
    assert_eq!(code, 1);
    assert!(line.starts_with(&format!("error: cannot listen on {}", first.proxy)), "{line}");
    first.stop().await;
}

#[tokio::test]
async fn a_store_serves_one_process_at_a_time() {
    let program = program("shutdown: {min_drain_secs: 0}");
    let first = Gateway::start(&program).await;
    let (code, line) = refused(&program).await;
    assert_eq!(code, 1);
    let expected = "error: the store ./aisix-data/store.db is in use by another process: ";
    assert!(line.starts_with(expected), "{line}");

    let answer = first.admin(Request::get("/admin/v1/models")).await;
    assert_eq!((answer.status, answer.text()), (200, "[]"));
    first.stop().await;
    Gateway::start(&program).await.stop().await;
}

#[tokio::test]
async fn a_wrong_or_lost_master_key_is_one_line_and_nothing_is_overwritten() {
    let program = program("shutdown: {min_drain_secs: 0}");
    let gateway = Gateway::start(&program).await;
    gateway.provider_key("openai", "http://127.0.0.1:9/v1", "sk-of-the-provider").await;
    gateway.stop().await;

    let other = program.clone().env("AISIX_STORE__MASTER_KEY", "ab".repeat(32));
    let (code, line) = refused(&other).await;
    assert_eq!(code, 1);
    assert!(line.contains("was sealed by key") && !line.contains("abab"), "{line}");

    let file = program.directory().join("aisix-data/master.key");
    let key = std::fs::read(&file).expect("a key file");
    std::fs::remove_file(&file).expect("a key file");
    let (code, line) = refused(&program).await;
    assert_eq!(code, 1);
    assert!(line.starts_with("error: the master key file ./aisix-data/master.key is missing"));

    std::fs::write(&file, key).expect("a key file");
    let (code, line) = refused(&program).await;
    assert_eq!(code, 1);
    assert!(line.ends_with("chmod 600 it"), "{line}");

    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("permissions");
    let gateway = Gateway::start(&program).await;
    let keys = gateway.admin(Request::get("/admin/v1/provider_keys")).await;
    assert!(keys.text().contains("\"openai\""), "{}", keys.text());
    gateway.stop().await;
}

#[tokio::test]
async fn a_provider_without_its_credential_is_one_line_that_names_the_variable() {
    let program = Program::aisix().arg("quickstart").arg("--provider").arg("deepseek");
    let expected = "error: --provider deepseek needs its API key in the variable DEEPSEEK_API_KEY";
    assert_eq!(refused(&program.env("DEEPSEEK_API_KEY", "")).await, (1, expected.to_owned()));
}

async fn ended(program: &Program) -> (Process, i32) {
    let mut process = program.start();
    let code = process.exited().await.code().expect("a code");
    (process, code)
}

#[tokio::test]
async fn a_command_line_that_makes_no_sense_is_code_2() {
    for args in [
        &[][..],
        &["--colour"],
        &["serve"],
        &["--config"],
        &["quickstart", "--proxy-addr", "everywhere"],
        &["quickstart", "--provider", "nobody"],
        &["--config", "config.yaml", "quickstart"],
    ] {
        let program = args.iter().fold(Program::aisix(), |program, arg| program.arg(arg));
        let (process, code) = ended(&program).await;
        assert_eq!(code, 2, "{args:?}");
        assert!(process.stdout().is_empty() && !process.stderr().is_empty(), "{args:?}");
    }
}

#[tokio::test]
async fn help_version_and_completions_go_to_standard_output() {
    let version = format!("aisix {}", env!("CARGO_PKG_VERSION"));
    for (args, expected) in [
        (&["--version"][..], &*version),
        (&["-V"], &version),
        (&["--help"], "quickstart"),
        (&["quickstart", "--help"], "--data-dir"),
        (&["completions", "bash"], "_aisix()"),
        (&["completions", "fish"], "complete -c aisix"),
    ] {
        let program = args.iter().fold(Program::aisix(), |program, arg| program.arg(arg));
        let (process, code) = ended(&program).await;
        assert_eq!(code, 0, "{args:?}");
        let printed = process.stdout();
        assert!(printed.iter().any(|line| line.contains(expected)), "{args:?}: {printed:?}");
        assert_eq!(process.stderr(), Vec::<String>::new(), "{args:?}");
    }
}

#[test]
fn bash_completes_flags_with_the_script() {
    let script = r#"source <("$0" completions bash) || exit
COMP_WORDS=(aisix --) COMP_CWORD=1
_aisix aisix -- aisix
echo "${COMPREPLY[*]}"
COMP_WORDS=(aisix quickstart --d) COMP_CWORD=2
_aisix aisix --d quickstart
echo "${COMPREPLY[*]}""#;
    let program = env!("CARGO_BIN_EXE_aisix");
    let output = Command::new("bash").args(["-c", script, program]).output().expect("bash");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let completed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(completed, "--config --help --version\n--data-dir\n");
}

#[test]
fn what_cannot_be_printed_is_an_error_unless_nobody_reads_on() {
    for args in [&["--help"][..], &["--version"], &["quickstart", "-h"], &["completions", "zsh"]] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_aisix"));
        let program = program.args(args).env_remove("AISIX_CONFIG");
        let full = File::options().write(true).open("/dev/full").expect("a device");
        let output = program.stdout(full).output().expect("an end");
        let expected = "error: standard output cannot be written: No space left on device (os \
                        error 28)\n";
        assert_eq!(String::from_utf8_lossy(&output.stderr), expected, "{args:?}");
        assert_eq!(output.status.code(), Some(1), "{args:?}");

        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = program.stdout(writer).output().expect("an end");
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]), "{args:?}");
    }
}

#[tokio::test]
async fn the_file_may_come_from_a_variable_and_unknown_variables_are_a_warning() {
    let program = Program::aisix().env("AISIX_CONFIG", "config.yaml").env(METRICS, "127.0.0.1:0");
    program.write(
        "config.yaml",
        "{proxy: {addr: '127.0.0.1:0'}, admin: {addr: '127.0.0.1:0'}, shutdown: {min_drain_secs: 0}}",
    );
    let exports = [
        ("AISIX_ADMIN__ADMIN_KEYS", ADMIN_KEY),
        ("AISIX_API_KEY", "sk-app-caller"),
        ("AISIX_CLOUD_API", "https://example.com"),
    ];
    let program = exports.iter().fold(program, |program, (name, value)| program.env(name, value));
    let gateway = Gateway::start(&program).await;
    assert_eq!(gateway.admin(Request::get("/admin/v1/models")).await.status, 200);
    let process = gateway.stop().await;
    let warnings: Vec<_> =
        process.stderr().into_iter().filter(|line| line.contains(" WARN ")).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("AISIX_API_KEY") && warnings[1].contains("AISIX_CLOUD_API"));
    assert!(!warnings.concat().contains("sk-app-caller"), "{warnings:?}");
}
