//! `aisix rekey`.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aisix_store::{Progress, Rekeyed, rekey};
use anyhow::Context as _;

use crate::config::{self, Loaded};
use crate::process::on_control_thread;
use crate::process::store::{self, Resealed};

/// How often progress is reported.
const PACE: Duration = Duration::from_secs(1);

/// Seals everything with the configured key; says on standard error how far it is.
///
/// # Errors
/// Whatever keeps it from beginning or from going on.
pub(crate) fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let Loaded { config, .. } =
        config::load(path, std::env::vars_os()).context("config load failed")?;
    on_control_thread(async {
        let Resealed { store, sealer, embedded } = store::open_to_rekey(&config).await?;
        let key = sealer.key_id().unwrap_or_default();
        say(&format!("encrypting the credentials in {} with key {key}", config.place()));
        let mut pace = Pace { last: Instant::now() };
        let rekeyed = rekey(&*store, &sealer, |progress| pace.tell(progress)).await;
        if let Some(store) = embedded {
            store.close().await;
        }
        let rekeyed = rekeyed.context("interrupted: what was rewritten stays so, run it again")?;
        Ok(concluded(&rekeyed))
    })
}

/// Keeps reports apart.
struct Pace {
    last: Instant,
}

impl Pace {
    fn tell(&mut self, progress: Progress) {
        let Progress { looked_at, documents, rewritten } = progress;
        if self.last.elapsed() >= PACE {
            self.last = Instant::now();
            say(&format!("{looked_at} of {documents} documents, {rewritten} rewritten"));
        }
    }
}

fn concluded(rekeyed: &Rekeyed) -> ExitCode {
    for left in &rekeyed.unopened {
        say(&format!("left as it is: {}: {}", left.key, left.problem));
    }
    say(&format!("done: {} documents rewritten", rekeyed.rewritten));
    if rekeyed.unsettled {
        say("gateways keep writing with another key: give all of them this one, and run it again");
    }
    if rekeyed.unsettled || !rekeyed.unopened.is_empty() {
        say("not everything is encrypted with this key: keep the previous ones");
        return ExitCode::FAILURE;
    }
    say("everything is encrypted with this key: the previous ones may go");
    ExitCode::SUCCESS
}

fn say(line: &str) {
    // Whoever closed standard error does not want to know.
    let _ = writeln!(io::stderr(), "rekey: {line}");
}
