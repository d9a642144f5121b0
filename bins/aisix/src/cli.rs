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
    /// Write what etcd holds as a resources file, with which a gateway needs no etcd.
    ///
    /// Credentials become variables, which are listed at the end. Exits with 1 where something
    /// could not be exported, or the file would not load; it is written all the same.
    Export(Export),
    /// Check a resources file as the gateway reads it, with the variables of this environment.
    ///
    /// Lists everything that is wrong with it and exits with 1, or says how many resources it holds.
    /// Needs no configuration and opens no port.
    Validate(Validate),
    /// Encrypt every credential in the store with the master key of the configuration.
    ///
    /// Rewrites those that a previous master key has encrypted, and those in clear. With etcd while
    /// the gateways serve on; the embedded store belongs to one process, so stop its gateway first.
    /// It may be interrupted and run again at any time.
    Rekey(Rekey),
    /// Print the completions of a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Rekey {
    /// The configuration of the gateways (.yaml, .yml, .toml or .json).
    #[arg(short, long, value_name = "FILE", env = "AISIX_CONFIG")]
    pub(crate) config: PathBuf,
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

#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// The file.
    #[arg(long, value_name = "FILE")]
    pub(crate) resources: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Members of the cluster, such as http://127.0.0.1:2379; comma separated, or given again.
    #[arg(long, value_name = "URL", required = true, value_delimiter = ',', value_parser = endpoint)]
    pub(crate) etcd: Vec<String>,

    /// The root of the keys; with an environment's id, /aisix/<env_id>.
    #[arg(long, value_name = "KEY", default_value = "/aisix", value_parser = prefix)]
    pub(crate) prefix: String,

    /// Write credentials as they are, instead of variables.
    #[arg(long)]
    pub(crate) reveal_secrets: bool,

    /// A key that opens encrypted credentials: the gateways' store.master_key_file. While the key
    /// is being changed, give it again for each of store.previous_master_key_files.
    #[arg(long, value_name = "FILE", requires = "reveal_secrets")]
    pub(crate) master_key_file: Vec<PathBuf>,

    /// The file to write, readable by its owner alone; standard output unless given.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

fn endpoint(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.starts_with("https://") {
        return Err("export connects without TLS: give an http:// URL".to_owned());
    }
    crate::config::endpoint_rule(text, false).map(|()| text.to_owned())
}

fn prefix(text: &str) -> Result<String, String> {
    match text.trim_end_matches('/') {
        "" => Err("must name a root, such as /aisix".to_owned()),
        root => Ok(root.to_owned()),
    }
}
