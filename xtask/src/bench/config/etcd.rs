//! An etcd of one member, empty at first.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::resources::Resource;
use crate::bench::subject::{self, PATIENCE};
use crate::provision::ETCD;

/// How many documents are written at once; etcd's own limit is 128.
const AT_ONCE: usize = 100;

/// A running etcd; it is ended when dropped.
pub(super) struct Etcd {
    child: Child,
    port: u16,
}

impl Etcd {
    /// Starts one, and waits until it answers.
    pub(super) fn start(directory: &Path) -> Result<Self> {
        let port = subject::free_port()?;
        let client = format!("http://127.0.0.1:{port}");
        let peer = format!("http://127.0.0.1:{}", subject::free_port()?);
        let child = Command::new(ETCD)
            .arg("--data-dir")
            .arg(directory.join("etcd"))
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("default={peer}")])
            // Debian's build refuses some architectures without it.
            .env("ETCD_UNSUPPORTED_ARCH", "arm64")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(directory.join("etcd.log"))?)
            .spawn()
            .context("cannot start etcd")?;
        let etcd = Self { child, port };
        let deadline = Instant::now() + PATIENCE;
        while let Err(cause) = etcd.call("range", r#"{"key":"AA=="}"#) {
            ensure!(Instant::now() < deadline, "etcd does not answer: {cause:#}");
            thread::sleep(Duration::from_millis(10));
        }
        Ok(etcd)
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Writes resources, some at a time.
    pub(super) fn put_all(&self, resources: &[Resource]) -> Result<()> {
        for some in resources.chunks(AT_ONCE) {
            let mut puts = String::new();
            for resource in some {
                let comma = if puts.is_empty() { "" } else { "," };
                write!(puts, r#"{comma}{{"requestPut":{}}}"#, body(resource))?;
            }
            self.call("txn", &format!(r#"{{"success":[{puts}]}}"#))?;
        }
        Ok(())
    }

    pub(super) fn put(&self, resource: &Resource) -> Result<()> {
        self.call("put", &body(resource))
    }

    /// Calls its JSON interface.
    fn call(&self, what: &str, body: &str) -> Result<()> {
        let length = body.len();
        let request = format!(
            "POST /v3/kv/{what} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        let (start, answer) = subject::exchange(self.port, &request)?;
        let text = String::from_utf8_lossy(&answer);
        ensure!(start.contains(" 200 "), "etcd refuses: {start}{text}");
        Ok(())
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is asked to write a resource.
fn body(resource: &Resource) -> String {
    let key = STANDARD.encode(format!("/aisix/{}", resource.key));
    format!(r#"{{"key":"{key}","value":"{}"}}"#, STANDARD.encode(&resource.document))
}
