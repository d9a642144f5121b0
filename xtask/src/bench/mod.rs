//! `cargo xtask bench`: what the gateway costs, beside a plain reverse proxy in the same run.
//!
//! Three programs take part, all on loopback: an upstream whose answers are fixed, the proxy under
//! test, and the load. The load and the upstream are this program; each proxy is a process of its
//! own, so that its CPU time can be read from the kernel. Proxies take turns, round by round, so
//! that a noisy machine is noisy for both; medians over the rounds are reported.

mod config;
mod document;
mod format;
mod http;
mod load;
mod report;
mod sampled;
mod subject;
mod upstream;

use std::time::Duration;

use anyhow::{Result, ensure};

use self::format::Format;
use self::load::Load;
use self::report::{Report, Row};
use self::sampled::Sampled;
use self::subject::Subject;
use self::upstream::Upstream;
use crate::cargo::Workspace;
use crate::commands::{self, step};
use crate::provision;

/// Where the figures are kept.
const DOCUMENT: &str = "docs/benchmarks.md";

/// How long and how often to measure.
#[derive(Debug, Clone, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// Rounds; each measures every scenario on every proxy.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of load per scenario, proxy and round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Also write the table to docs/benchmarks.md.
    #[arg(long)]
    write: bool,
    /// Only scenarios whose name contains this text.
    #[arg(long, default_value = "")]
    only: String,
    /// Set by the command itself once it runs optimised.
    #[arg(long, hide = true)]
    optimised: bool,
}

/// What else there is to measure.
#[derive(Debug, Clone, clap::Subcommand)]
enum What {
    /// Measure what a configuration costs: to take over, to change, to reach requests, to start with.
    Config(config::Args),
}

/// A kind of traffic.
pub(crate) struct Scenario {
    /// What the report calls it.
    pub(crate) name: &'static str,
    /// The model's name: it tells the upstream what to answer.
    pub(crate) model: &'static str,
    /// What callers speak.
    pub(crate) caller: Format,
    /// What the upstream speaks.
    pub(crate) upstream: Format,
    /// Bytes of the prompt.
    pub(crate) prompt: usize,
    /// Content chunks of the answer; 0 for one that is not streamed.
    pub(crate) chunks: usize,
    /// Pause between two chunks.
    pub(crate) pause: Duration,
    /// Connections that ask at once.
    pub(crate) connections: usize,
}

/// A small request for a whole answer, within one format.
const UNARY: Scenario = Scenario {
    name: "unary, small",
    model: "bench-unary",
    caller: Format::OpenAi,
    upstream: Format::OpenAi,
    prompt: 64,
    chunks: 0,
    pause: Duration::ZERO,
    connections: 16,
};

/// Chunks that come as fast as they are taken, within one format.
const BURST: Scenario = Scenario {
    name: "stream, burst of 200 chunks",
    model: "bench-burst",
    chunks: 200,
    connections: 8,
    ..UNARY
};

/// Chunks at the pace of a model.
const PACED: Scenario = Scenario {
    name: "stream, 40 chunks paced at 5 ms",
    model: "bench-paced",
    chunks: 40,
    pause: Duration::from_millis(5),
    connections: 64,
    ..UNARY
};

pub(crate) const SCENARIOS: [Scenario; 9] = [
    UNARY,
    Scenario { name: "unary, 100 kB request", model: "bench-large", prompt: 100_000, ..UNARY },
    BURST,
    PACED,
    Scenario {
        name: "Anthropic: unary, small",
        model: "bench-messages-unary",
        caller: Format::Anthropic,
        upstream: Format::Anthropic,
        ..UNARY
    },
    Scenario {
        name: "Anthropic: stream, burst of 200 chunks",
        model: "bench-messages-burst",
        caller: Format::Anthropic,
        upstream: Format::Anthropic,
        ..BURST
    },
    Scenario {
        name: "OpenAI → Anthropic: unary, small",
        model: "bench-translated-unary",
        upstream: Format::Anthropic,
        ..UNARY
    },
    Scenario {
        name: "OpenAI → Anthropic: unary, 100 kB request",
        model: "bench-translated-large",
        upstream: Format::Anthropic,
        prompt: 100_000,
        ..UNARY
    },
    Scenario {
        name: "OpenAI → Anthropic: stream, burst of 200 chunks",
        model: "bench-translated-burst",
        upstream: Format::Anthropic,
        ..BURST
    },
];

/// Measures, prints the table, and writes it where asked to.
///
/// # Errors
/// Where a proxy cannot be built or started, or answers anything but what was expected.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    if let Some(What::Config(args)) = &args.what {
        return config::run(workspace, args);
    }
    if !args.optimised {
        return optimised(workspace);
    }
    let upstream = Upstream::start()?;
    let nginx = Subject::nginx(workspace, upstream.port())?;
    let mut gateway = Subject::gateway(workspace, upstream.port())?;
    let starts = step("start to first answer", || gateway.starts(7))?;
    let idle = [nginx.resident_kib()?, gateway.resident_kib()?];
    let rows = step("load", || measure(args, &nginx, &gateway))?;
    let report = Report { rows, starts, idle, rounds: args.rounds, seconds: args.seconds };
    println!("\n{report}");
    if args.write {
        report.write(&workspace.root().join(DOCUMENT))?;
    }
    Ok(())
}

/// Builds everything optimised and goes on there: a slow load would measure itself.
fn optimised(workspace: &Workspace) -> Result<()> {
    provision::for_bench()?;
    step("build", || {
        let packages = ["--package", "aisix", "--package", "xtask"];
        commands::run(workspace.cargo().args(["build", "--release"]).args(packages))
    })?;
    let itself = workspace.release_binary().with_file_name("xtask");
    commands::run(workspace.command(itself).args(std::env::args_os().skip(1)).arg("--optimised"))
}

fn measure(args: &Args, nginx: &Subject, gateway: &Subject) -> Result<Vec<Row>> {
    let chosen = SCENARIOS.iter().filter(|scenario| scenario.name.contains(&args.only));
    let mut rows: Vec<Row> = chosen.map(Row::new).collect();
    ensure!(!rows.is_empty(), "no scenario's name contains '{}'", args.only);
    for round in 1..=args.rounds {
        for row in &mut rows {
            // nginx passes on what the upstream says; from the gateway, callers hear their own.
            let Scenario { caller, upstream, .. } = *row.scenario;
            for (subject, samples, heard) in
                [(nginx, &mut row.nginx, upstream), (gateway, &mut row.gateway, caller)]
            {
                let load = Load::new(row.scenario, subject, heard);
                // What is not yet warm is not what is measured.
                load.run(Duration::from_secs_f64(args.seconds / 8.0))?;
                samples.push(Sampled::of(subject, || {
                    load.run(Duration::from_secs_f64(args.seconds))
                })?);
            }
            println!("round {round}: {}", row.latest());
        }
    }
    Ok(rows)
}
