//! `aisix --config FILE`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use tracing::{info, warn};

use crate::config::{self, Loaded};
use crate::logs;
use crate::process::{Knobs, Process, on_hangup};
use crate::signals::{Hangups, Signals};

/// What the operator changes where an address cannot be listened on.
const KNOBS: Knobs = Knobs { proxy: "proxy.addr", admin: "admin.addr" };

/// Runs the gateway until a signal has ended it, or it cannot go on.
///
/// # Errors
/// Whatever keeps it from starting.
pub(crate) fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let Loaded { config, warnings } =
        config::load(path, std::env::vars_os()).context("config load failed")?;
    logs::install(&config.observability)?;
    for warning in warnings {
        warn!("{warning}");
    }
    crate::process::on_control_thread(async {
        let mut signals = Signals::listen()?;
        let hangups = Hangups::listen()?;
        let process = Process::start(&config, KNOBS).await?;
        info!(
            service = config.observability.service_name,
            version = env!("CARGO_PKG_VERSION"),
            proxy = %process.proxy(),
            admin = process.admin().map(tracing::field::display),
            metrics = process.metrics().map(tracing::field::display),
            store = %config.place(),
            workers = config.proxy.worker_threads(),
            "listening"
        );
        let window = Duration::from_secs(config.shutdown.min_drain_secs);
        let reloads = on_hangup(hangups, process.file());
        tokio::select! {
            code = process.run(&mut signals, window) => Ok(code),
            never = reloads => match never {},
        }
    })
}
