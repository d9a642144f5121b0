//! `cargo xtask bench config`: what a configuration costs.
//!
//! The supervisor alone is measured by the benchmark of `aisix-store`; the way of a write from etcd
//! to requests, and starts, with the release binary, a real etcd and an upstream, all on loopback.

mod etcd;
mod report;
mod resources;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use self::etcd::Etcd;
use self::report::Report;
use super::DOCUMENT;
use super::subject::{self, CALLER_KEY, PATIENCE, Subject};
use super::upstream::Upstream;
use crate::cargo::Workspace;
use crate::commands::{self, step};
use crate::provision;

/// How often the gateway is started.
const STARTS: usize = 9;

/// What to do with the figures.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// Also write the tables to docs/benchmarks.md.
    #[arg(long)]
    write: bool,
}

/// Measures, prints the tables, and writes them where asked to.
///
/// # Errors
/// Where something cannot be built or started, or answers anything but what was expected.
pub(super) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    provision::for_config_bench()?;
    let supervisor = step("supervisor", || {
        let bench = ["bench", "--package", "aisix-store", "--bench", "configuration"];
        commands::output(workspace.cargo().args(bench))
    })?;
    step("build", || {
        commands::run(workspace.cargo().args(["build", "--release", "--package", "aisix"]))
    })?;
    let report = step("gateway", || measure(workspace, supervisor))?;
    println!("\n{report}");
    if args.write {
        report.write(&workspace.root().join(DOCUMENT))?;
    }
    Ok(())
}

fn measure(workspace: &Workspace, supervisor: String) -> Result<Report> {
    let directory = subject::directory(workspace, "config")?;
    let upstream = Upstream::start()?;
    let etcd = Etcd::start(&directory)?;
    etcd.put_all(&resources::all(upstream.port())?)?;
    let cached = format!(
        "etcd:\n  endpoints: ['{}']\nmanaged:\n  snapshot_cache_path: {}\n",
        etcd.url(),
        directory.join("cache.json").display()
    );
    let (mut gateway, _) = Subject::gateway_with(workspace, &directory, &cached)?;
    gateway.answers("/v1/models", CALLER_KEY)?;
    let resident = gateway.resident_kib()?;
    let writes = (0..resources::LATER).map(|number| propagation(&etcd, &gateway, number));
    let writes = writes.collect::<Result<_>>()?;
    let with_etcd = gateway.starts(STARTS)?;
    drop(etcd);
    let without_etcd = gateway.starts(STARTS)?;
    Ok(Report { supervisor, resident, writes, with_etcd, without_etcd })
}

/// Writes a model to etcd, and asks for it until it answers: how long that takes.
fn propagation(etcd: &Etcd, gateway: &Subject, number: usize) -> Result<Duration> {
    let name = resources::later_name(number);
    let body = format!(r#"{{"model":"{name}","messages":[{{"role":"user","content":"Hi"}}]}}"#);
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {CALLER_KEY}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (before, _) = subject::exchange(gateway.port(), &request)?;
    ensure!(before.contains(" 404 "), "{name} is served before it is written: {before}");
    let began = Instant::now();
    etcd.put(&resources::model(&name))?;
    while began.elapsed() < PATIENCE {
        let (start, _) = subject::exchange(gateway.port(), &request)?;
        match start {
            start if start.contains(" 200 ") => return Ok(began.elapsed()),
            start if start.contains(" 404 ") => thread::sleep(Duration::from_micros(200)),
            start => bail!("unexpected answer: {start}"),
        }
    }
    bail!("{name} is not served")
}
