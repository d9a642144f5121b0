//! What SIGHUP asks for.

use std::convert::Infallible;

use aisix_store::FileStore;
use tokio::sync::oneshot;
use tracing::{error, info, warn};

use crate::signals::Hangups;

/// Reads the resources file again whenever the signal comes; where there is none, the log says so.
pub(crate) async fn on_hangup(mut hangups: Hangups, file: Option<FileStore>) -> Infallible {
    loop {
        hangups.next().await;
        match &file {
            Some(file) => reload(file.clone()).await,
            None => info!("SIGHUP: nothing to read again, there is no resources file"),
        }
    }
}

/// On a thread of its own, because a large file takes a while and this one answers probes.
async fn reload(file: FileStore) {
    let (done, reloaded) = oneshot::channel();
    let thread = std::thread::Builder::new().name("reload".into());
    // Nobody waits any more where the process has ended meanwhile.
    let started = thread.spawn(move || drop(done.send(file.reload())));
    if let Err(error) = started {
        error!(%error, "SIGHUP: the resources file cannot be read again");
        return;
    }
    match reloaded.await {
        Ok(Ok(reloaded)) => info!(
            generation = reloaded.generation,
            resources = reloaded.resources,
            "took over the resources file"
        ),
        Ok(Err(report)) => {
            let report = crate::one_line(&report.to_string());
            warn!(report, "rejected the resources file: what was loaded serves on");
        }
        Err(_) => error!("SIGHUP: a panic, which standard error shows, ended reading the file"),
    }
}
