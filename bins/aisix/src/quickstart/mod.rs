//! `aisix quickstart`: the whole product in one command, on loopback.
//!
//! It starts a gateway on a store of its own, sets it up through the admin API, sends two requests
//! as a caller, prints all of it, and stays up with commands to go on with. The keys that it prints
//! are its own.

mod chat;
mod client;
mod commands;
mod page;
mod setup;
mod vendor;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use aisix_core::Secret;
use anyhow::Context as _;
use tempfile::TempDir;

use crate::cli::Quickstart;
use crate::config::{self, Config};
use crate::process::{Knobs, Process};
use crate::signals::Signals;
use crate::standin::{self, StandIn};
use crate::{logs, process};
use client::{Client, base_url};
use page::Page;
use setup::{Setup, Upstream};

pub(crate) use vendor::Vendor;

/// What the user changes where an address cannot be listened on.
const KNOBS: Knobs = Knobs { proxy: "--proxy-addr", admin: "--admin-addr" };

/// Where the quickstart keeps what it makes.
#[derive(Debug)]
enum Place {
    /// Removed with this value.
    Temporary(TempDir),
    Kept(PathBuf),
}

/// Runs until a signal has ended it.
///
/// # Errors
/// Whatever keeps the gateway from starting or answering.
pub(crate) fn run(args: &Quickstart) -> anyhow::Result<ExitCode> {
    let place = Place::of(args)?;
    let admin_key = Secret::new(setup::random_hex::<16>()?);
    let mut config = configuration(args, &place, admin_key.clone());
    // The stand-in is on loopback, where no proxy leads.
    if args.provider.is_some() {
        let variables: Vec<_> = std::env::vars_os().collect();
        config.upstream.proxies = config::proxies(&variables)?;
    }
    logs::install(&config.observability)?;
    process::on_control_thread(async {
        let mut signals = Signals::listen()?;
        let process = Process::start(&config, KNOBS).await?;
        let shown = tokio::select! {
            shown = show(args, &process, &place, &admin_key) => Ok(shown?),
            signal = signals.next() => Err(signal),
        };
        let code = match shown {
            // The stand-in lives as long as the gateway.
            Ok(_stand_in) => process.run(&mut signals, Duration::ZERO).await,
            Err(signal) => process.end(signal, &mut signals, Duration::ZERO).await,
        };
        place.farewell(&mut Page::new())?;
        Ok(code)
    })
}

impl Place {
    fn of(args: &Quickstart) -> anyhow::Result<Self> {
        match &args.data_dir {
            Some(path) => Ok(Self::Kept(path.clone())),
            None => TempDir::with_prefix("aisix-quickstart-")
                .map(Self::Temporary)
                .context("cannot make a temporary directory: --data-dir DIR takes another"),
        }
    }

    fn path(&self) -> PathBuf {
        match self {
            Self::Temporary(directory) => directory.path().to_owned(),
            Self::Kept(path) => path.clone(),
        }
    }

    fn about(&self) -> String {
        match self {
            Self::Temporary(_) => "temporary, removed at the end (--data-dir DIR keeps one)".into(),
            Self::Kept(path) => format!("{} (kept)", path.display()),
        }
    }

    fn farewell(&self, page: &mut Page) -> std::io::Result<()> {
        match self {
            Self::Temporary(_) => page.plain("Stopped. Nothing is left behind."),
            Self::Kept(path) => page.plain(&format!("Stopped. {} is kept.", path.display())),
        }
    }
}

fn configuration(args: &Quickstart, place: &Place, admin_key: Secret) -> Config {
    let mut config = Config::default();
    config.proxy.addr = args.proxy_addr;
    config.admin.addr = args.admin_addr;
    config.admin.admin_keys = vec![admin_key];
    config.store.path = place.path();
    config.observability.log_level = "warn".into();
    config.observability.metrics.prometheus.enabled = false;
    config.shutdown.min_drain_secs = 0;
    config
}

/// Sets the gateway up, calls it and prints both. What is answered must live as long as the gateway.
async fn show(
    args: &Quickstart,
    process: &Process,
    place: &Place,
    admin_key: &Secret,
) -> anyhow::Result<Option<StandIn>> {
    let (upstream, stand_in) = upstream(args).await?;
    let admin = process.admin().context("the quickstart has an admin listener")?;
    let mut page = Page::new();
    page.title(concat!("AISIX ", env!("CARGO_PKG_VERSION"), " quickstart"))?;
    page.fact("callers", base_url(process.proxy()))?;
    page.fact("admins", base_url(admin))?;
    page.fact("store", place.about())?;
    page.fact("provider", about(args, &upstream))?;

    let setup = Setup::make(&Client::new(admin, admin_key.expose()), &upstream).await?;
    let steps = [
        ("A provider key", "the upstream credential, which no caller sees", &setup.provider_key),
        ("A model", "the name that callers use, and where it leads", &setup.model),
        ("A caller key", "what an application sends; only its hash is kept", &setup.caller_key),
    ];
    for (number, (name, text, made)) in (1..).zip(steps) {
        page.step(number, name, text)?;
        page.call(&made.call)?;
        page.line(&made.value)?;
    }
    let caller = Client::new(process.proxy(), setup.plaintext.expose());
    page.step(4, "A request", "with the caller's key; the provider is sent its own")?;
    chat::whole(&caller, &mut page).await?;
    page.step(5, "The same, streamed", "word by word as the provider speaks")?;
    chat::streamed(&caller, &mut page).await?;
    commands::print(&mut page, process.proxy(), admin, admin_key, &setup.plaintext)?;
    Ok(stand_in)
}

fn about(args: &Quickstart, upstream: &Upstream) -> String {
    match args.provider {
        Some(_) => format!("{} at {}", upstream.provider, upstream.api_base),
        None => "a stand-in inside this program (--provider openai calls a real one)".into(),
    }
}

/// The provider to call, and the stand-in where that is what it is.
async fn upstream(args: &Quickstart) -> anyhow::Result<(Upstream, Option<StandIn>)> {
    if let Some(vendor) = args.provider {
        let facts = vendor.facts();
        let upstream = Upstream {
            provider: facts.name,
            api_base: facts.api_base.into(),
            secret: vendor.credential()?,
            model: args.model.clone().unwrap_or_else(|| facts.model.into()),
        };
        return Ok((upstream, None));
    }
    let secret = Secret::new(format!("sk-stand-in-{}", setup::random_hex::<8>()?));
    let stand_in = StandIn::start(secret.expose()).await?;
    let upstream = Upstream {
        provider: "stand-in",
        api_base: stand_in.base_url().into(),
        secret,
        model: standin::MODEL.into(),
    };
    Ok((upstream, Some(stand_in)))
}
