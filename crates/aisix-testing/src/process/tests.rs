use std::os::unix::process::ExitStatusExt as _;

use super::{Program, free_port};
use crate::wait;

fn shell(script: &str) -> Program {
    Program::at("/bin/sh").arg("-c").arg(script)
}

#[tokio::test]
async fn reads_both_streams_and_the_exit_status() {
    let mut process = shell("echo out; echo err >&2; printf unterminated; exit 7").start();
    assert_eq!(process.exited().await.code(), Some(7));
    assert_eq!(process.stdout(), ["out", "unterminated"]);
    assert_eq!(process.stderr(), ["err"]);
    assert_eq!(process.lines().len(), 3);
}

#[tokio::test]
async fn waits_for_a_line() {
    let mut process =
        shell("echo starting; echo listening on 1234; exec tail -f /dev/null").start();
    assert_eq!(process.line_with("listening").await, "listening on 1234");
    let starts = process.line_where("a start", |line| line.starts_with("start")).await;
    assert_eq!(starts, "starting");
    assert!(process.is_running());
}

#[tokio::test]
#[should_panic(expected = "ended without printing \"listening\", but:\nport taken")]
async fn says_what_was_printed_instead_of_the_line() {
    shell("echo port taken; exit 1").start().line_with("listening").await;
}

#[tokio::test]
async fn a_program_may_handle_the_signals_that_ask() {
    // Perl and not a shell: started in the background, tests inherit that SIGINT is ignored, which
    // a shell cannot undo.
    let script = r#"$| = 1; $SIG{TERM} = sub { print "bye\n"; exit 3 }; $SIG{INT} = sub { exit 4 };
        print "ready\n"; sleep 1 while 1"#;
    let perl = || Program::at("perl").arg("-e").arg(script).start();
    let mut process = perl();
    process.line_with("ready").await;
    process.terminate();
    assert_eq!(process.exited().await.code(), Some(3));
    assert_eq!(process.stdout(), ["ready", "bye"]);

    let mut process = perl();
    process.line_with("ready").await;
    process.interrupt();
    assert_eq!(process.exited().await.code(), Some(4));
}

#[tokio::test]
async fn a_kill_cannot_be_handled_and_leaves_the_directory() {
    let program = shell(
        "trap '' TERM; cat state 2>/dev/null; echo kept > state; echo ready; exec tail -f /dev/null",
    );
    let mut process = program.start();
    process.line_with("ready").await;
    process.kill();
    assert_eq!(process.exited().await.signal(), Some(9));
    drop(process);
    program.start().line_with("kept").await;
}

#[tokio::test]
async fn dropping_it_kills_it_and_removes_its_directory() {
    let mut process = shell("echo ready; exec tail -f /dev/null").start();
    process.line_with("ready").await;
    let directory = process.directory().to_owned();
    let id = process.id();
    assert!(directory.exists());
    drop(process);
    assert!(!directory.exists());
    assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
}

#[tokio::test]
async fn runs_in_its_directory_with_its_variables() {
    // `cargo xtask test` sets `AISIX_TEST_BIN`, which must not be passed on.
    let program = shell("cat config.yaml; echo \"$AISIX_PROXY__ADDR $AISIX_TEST_BIN\"");
    let program = program.env("AISIX_PROXY__ADDR", "here");
    let path = program.write("config.yaml", "a: 1\n");
    assert_eq!(path.parent(), Some(program.directory()));
    let mut process = program.start();
    process.exited().await;
    assert_eq!(process.stdout(), ["a: 1", "here "]);
}

/// Tests that run at the same time may take a port first, so the first one need not do.
#[tokio::test]
async fn a_free_port_can_be_listened_on() {
    let listens = || std::net::TcpListener::bind(("127.0.0.1", free_port())).is_ok();
    wait::until("a port that is still free", listens).await;
}

#[test]
#[should_panic(
    expected = "AISIX_TEST_BIN is not set, so there is no gateway to test: run `cargo xtask test`"
)]
fn says_how_to_get_a_gateway_to_test() {
    let _ = Program::gateway(None);
}
