//! What can be said on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

/// The AISIX gateway: one endpoint for many AI providers, whose credentials callers never see.
#[derive(Debug, Parser)]
#[command(name = "aisix", version, args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true)]
pub(crate) struct Cli {
    /// Run the gateway with this configuration (.yaml, .yml, .toml or .json).
    #[arg(short, long, value_name = "FILE", env = "AISIX_CONFIG", required = true)]
    pub(crate) config: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// See it work: a gateway with a stand-in provider, two requests, and commands to go on with.
    ///
    /// Needs no configuration, no account and no network. Everything is removed at the end, unless
    /// --data-dir says where to keep it.
    Quickstart(Quickstart),
    /// Print the completions of a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Quickstart {
    /// Keep what is made here, and use again what is there already.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Where callers connect.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:3000")]
    pub(crate) proxy_addr: SocketAddr,

    /// Where administrators connect.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:3001")]
    pub(crate) admin_addr: SocketAddr,

    /// Call a real provider instead, which costs money. Its key comes from the usual variable, such
    /// as OPENAI_API_KEY.
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<crate::quickstart::Vendor>,

    /// Which of the provider's models to call.
    #[arg(long, value_name = "NAME", requires = "provider")]
    pub(crate) model: Option<String>,
}
