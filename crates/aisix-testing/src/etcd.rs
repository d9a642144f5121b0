//! A real etcd, for one test.
//!
//! It listens on loopback, keeps its data in a temporary directory, and is killed when it is
//! dropped.

use std::ffi::OsString;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::process::{Process, Program, free_port};
use crate::{Request, Response};

/// The variable that holds the path of etcd.
const BINARY: &str = "AISIX_TEST_ETCD";

/// What etcd says once it has joined its cluster and listens.
const READY: &str = "serving client traffic ";

/// An etcd of one member, with a directory and a port of its own.
#[derive(Debug)]
pub struct Etcd {
    program: Program,
    process: Process,
    scheme: &'static str,
    port: u16,
}

impl Etcd {
    /// Starts one that is empty, and waits until it answers.
    ///
    /// # Panics
    ///
    /// When `AISIX_TEST_ETCD` is not set, or etcd does not start.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Like [`start`](Self::start), with further arguments.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub async fn start_with(args: &[&str]) -> Self {
        Self::start_at("http", args).await
    }

    /// Starts one that speaks https only; `args` give it its certificates. What calls its JSON
    /// interface cannot be used with it.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub async fn start_with_tls(args: &[&str]) -> Self {
        Self::start_at("https", args).await
    }

    async fn start_at(scheme: &'static str, args: &[&str]) -> Self {
        let port = free_port();
        let program = args.iter().fold(program(scheme, port), |program, arg| program.arg(arg));
        let process = running(&program).await;
        Self { program, process, scheme, port }
    }

    /// Where clients connect.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// Kills it on the spot, and waits until it has ended.
    pub async fn kill(&mut self) {
        self.process.kill();
        self.process.exited().await;
    }

    /// Starts it again after [`kill`](Self::kill), on the same port and with what it has on disk.
    pub async fn start_again(&mut self) {
        self.process = running(&self.program).await;
    }

    /// Removes what it has on disk, while it does not run.
    ///
    /// # Panics
    ///
    /// When the directory cannot be removed.
    pub fn wipe(&self) {
        let data = self.program.directory().join("data");
        std::fs::remove_dir_all(data).expect("etcd's own directory");
    }

    /// Stops it where it is, until [`resume`](Self::resume): connections stay, nobody answers.
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process.resume();
    }

    /// Makes it forget the single changes up to its present revision.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub async fn compact(&self) {
        let answer = self.call("kv/range", &json!({"key": "AA=="})).await;
        let revision = answer["header"]["revision"].clone();
        self.call("kv/compaction", &json!({"revision": revision, "physical": true})).await;
    }

    /// From now on, whoever asks has to be `root` and have this password.
    ///
    /// # Panics
    ///
    /// When it does not ask for it.
    pub async fn require_password(&self, password: &str) {
        self.call("auth/user/add", &json!({"name": "root", "password": password})).await;
        self.call("auth/role/add", &json!({"name": "root"})).await;
        self.call("auth/user/grant", &json!({"user": "root", "role": "root"})).await;
        self.call("auth/enable", &json!({})).await;
    }

    /// Writes beside all prefixes until it is full and refuses to write.
    ///
    /// Meant for one that was started with a small `--quota-backend-bytes`.
    ///
    /// # Panics
    ///
    /// When it refuses for another reason.
    pub async fn fill(&self) {
        let value = STANDARD.encode(vec![b'x'; 256 << 10]);
        let put = json!({"key": STANDARD.encode("filler"), "value": value});
        loop {
            let answer = self.try_call("kv/put", &put, None).await;
            if answer.status != 200 {
                assert!(answer.text().contains("space exceeded"), "{}", answer.text());
                return;
            }
        }
    }

    /// What its operator does when it is full: forgets, gives the room back, ends the alarm.
    ///
    /// # Panics
    ///
    /// When it stays full.
    pub async fn make_room(&self) {
        self.compact().await;
        self.call("maintenance/defragment", &json!({})).await;
        let raised = self.call("maintenance/alarm", &json!({"action": "GET"})).await;
        for alarm in raised["alarms"].as_array().expect("an alarm") {
            let (member, alarm) = (&alarm["memberID"], &alarm["alarm"]);
            let end = json!({"action": "DEACTIVATE", "memberID": member, "alarm": alarm});
            self.call("maintenance/alarm", &end).await;
        }
    }

    /// Gives the `root` of [`require_password`](Self::require_password) another password.
    ///
    /// # Panics
    ///
    /// When `present` is not the password.
    pub async fn change_password(&self, present: &str, next: &str) {
        let login = json!({"name": "root", "password": present});
        let token = self.call("auth/authenticate", &login).await["token"].clone();
        let change = json!({"name": "root", "password": next});
        let answer = self.try_call("auth/user/changepw", &change, token.as_str()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Deletes a key as another program would.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub async fn delete(&self, key: &str) {
        let key = STANDARD.encode(key);
        let answer = self.call("kv/deleterange", &json!({"key": key})).await;
        assert_eq!(answer["deleted"], "1", "{answer}");
    }

    /// Writes a key as another program would. Neither it nor the value has to be text.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub async fn put(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let (key, value) = (STANDARD.encode(key), STANDARD.encode(value));
        self.call("kv/put", &json!({"key": key, "value": value})).await;
    }

    /// Calls its JSON interface, `/v3/<path>`.
    async fn call(&self, path: &str, body: &Value) -> Value {
        let answer = self.try_call(path, body, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    async fn try_call(&self, path: &str, body: &Value, token: Option<&str>) -> Response {
        let request = Request::post(&format!("/v3/{path}")).json(body.to_string());
        let request = match token {
            Some(token) => request.header("authorization", token),
            None => request,
        };
        request.send(("127.0.0.1", self.port)).await
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no other way to learn the path")]
fn path() -> OsString {
    std::env::var_os(BINARY).unwrap_or_else(|| {
        panic!("{BINARY} is not set, so there is no etcd to test with: run `cargo xtask test`")
    })
}

fn program(scheme: &str, port: u16) -> Program {
    let client = format!("{scheme}://127.0.0.1:{port}");
    let peer = format!("http://127.0.0.1:{}", free_port());
    [
        ("--data-dir", "data"),
        ("--listen-client-urls", &client),
        ("--advertise-client-urls", &client),
        ("--listen-peer-urls", &peer),
        ("--initial-advertise-peer-urls", &peer),
        ("--initial-cluster", &format!("default={peer}")),
        ("--grpc-keepalive-min-time", "100ms"),
        ("--logger", "zap"),
        ("--log-outputs", "stderr"),
    ]
    .into_iter()
    .fold(Program::at(path()), |program, (flag, value)| program.arg(flag).arg(value))
    // Debian's build refuses some architectures without it.
    .env("ETCD_UNSUPPORTED_ARCH", "arm64")
}

async fn running(program: &Program) -> Process {
    let mut process = program.start();
    process.line_with(READY).await;
    process
}
