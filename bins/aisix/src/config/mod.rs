//! What the operator configures, once per process.
//!
//! Built-in default < file < environment. The types here hold values that parsed; [`check`] has the
//! rules beyond their types, [`keys`] names every key, [`others`] those of other versions, and
//! [`mod@load`] puts the layers together.

mod address;
mod check;
mod environment;
mod error;
mod etcd;
mod file;
mod keys;
mod load;
mod metrics;
mod others;
mod settings;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aisix_core::Secret;
use aisix_gateway::Proxies;
use aisix_store::References;
use aisix_store::SnapshotCache;
use serde::Deserialize;

pub(crate) use error::ConfigError;
pub(crate) use etcd::{Etcd, endpoint_rule};
pub(crate) use load::{Loaded, load, proxies};
use metrics::Metrics;

/// Everything that `config.yaml` can say.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) proxy: Proxy,
    pub(crate) admin: Admin,
    /// The source, where it is a file.
    pub(crate) resources_file: Option<PathBuf>,
    pub(crate) etcd: Etcd,
    pub(crate) managed: Managed,
    pub(crate) store: Store,
    pub(crate) secrets: Secrets,
    pub(crate) observability: Observability,
    pub(crate) upstream: Upstream,
    pub(crate) downstream: Downstream,
    pub(crate) shutdown: Shutdown,
}

/// The listener of callers.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Proxy {
    #[serde(deserialize_with = "address::parse")]
    pub(crate) addr: SocketAddr,
    /// 0: no limit.
    pub(crate) request_body_limit_bytes: usize,
    /// Unset: as many as the CPUs that the process may use.
    pub(crate) workers: Option<usize>,
    pub(crate) request_id: RequestId,
    pub(crate) real_ip: RealIp,
    pub(crate) url_rewrites: Vec<Rewrite>,
    pub(crate) tls: Tls,
}

/// Where request ids come from.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RequestId {
    pub(crate) accept_headers: Vec<String>,
}

/// Which proxies are believed about their clients.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RealIp {
    /// Addresses and CIDRs.
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) recursive: bool,
    pub(crate) header: String,
}

/// A path that stands for another.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(crate) struct Rewrite {
    /// For the log.
    pub(crate) name: Option<String>,
    /// A regular expression.
    pub(crate) r#match: String,
    pub(crate) rewrite: String,
}

/// The certificate of a listener; both or none.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tls {
    pub(crate) cert_file: Option<PathBuf>,
    pub(crate) key_file: Option<PathBuf>,
}

/// The listener of administrators.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Admin {
    pub(crate) enabled: bool,
    #[serde(deserialize_with = "address::parse")]
    pub(crate) addr: SocketAddr,
    pub(crate) admin_keys: Vec<Secret>,
    pub(crate) admin_key: Option<Secret>,
    pub(crate) tls: Tls,
}

/// What a gateway of a fleet keeps on its own disk.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Managed {
    /// Empty: nowhere.
    pub(crate) snapshot_cache_path: Option<PathBuf>,
}

/// The embedded store, which is used where etcd is not, and the key to the secrets of either.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Store {
    pub(crate) path: PathBuf,
    pub(crate) master_key_file: Option<PathBuf>,
    pub(crate) master_key: Option<Secret>,
    /// Keys that sealed secrets before, and still open them.
    pub(crate) previous_master_key_files: Vec<PathBuf>,
    pub(crate) previous_master_keys: Vec<Secret>,
}

/// What secrets in documents may refer to, instead of being there.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Secrets {
    /// Names of environment variables.
    pub(crate) allow_env: Vec<String>,
    /// Absolute directories.
    pub(crate) file_dirs: Vec<PathBuf>,
    /// Both, ready for use, with the values of the variables.
    #[serde(skip)]
    pub(crate) references: Arc<References>,
}

/// The log.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Observability {
    /// For the first line of the log.
    pub(crate) service_name: String,
    pub(crate) log_level: String,
    pub(crate) access_log: bool,
    pub(crate) metrics: Metrics,
}

/// The listener of monitoring.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Prometheus {
    pub(crate) enabled: bool,
    pub(crate) path: String,
    #[serde(deserialize_with = "address::parse")]
    pub(crate) addr: SocketAddr,
}

/// How upstreams are reached. Times of 0 mean none.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Upstream {
    pub(crate) timeout_ms: u64,
    pub(crate) stream_timeout_ms: u64,
    pub(crate) connect_timeout_ms: u64,
    pub(crate) tcp_keepalive_secs: u64,
    pub(crate) tcp_keepalive_interval_secs: u64,
    pub(crate) tcp_keepalive_retries: u32,
    pub(crate) pool_idle_timeout_secs: u64,
    pub(crate) pool_max_idle_per_host: Option<usize>,
    pub(crate) tls: UpstreamTls,
    /// The proxies that the environment names.
    #[serde(skip)]
    pub(crate) proxies: Proxies,
}

/// Whom upstreams are met as, and whether they are believed.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct UpstreamTls {
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) client_cert_file: Option<PathBuf>,
    pub(crate) client_key_file: Option<PathBuf>,
    pub(crate) verify: bool,
}

/// How callers' connections are held. Times of 0 mean none.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Downstream {
    pub(crate) idle_timeout_secs: u64,
    pub(crate) sse_keepalive_interval_secs: u64,
    pub(crate) read_timeout_secs: u64,
}

/// How the process ends.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Shutdown {
    pub(crate) min_drain_secs: u64,
}

impl Proxy {
    /// How many threads serve.
    pub(crate) fn worker_threads(&self) -> usize {
        let cpus = || std::thread::available_parallelism().map_or(1, NonZero::get);
        self.workers.unwrap_or_else(cpus)
    }
}

impl Config {
    /// Where the last configuration is kept: of etcd's only, every other source is on this disk.
    pub(crate) fn snapshot_cache(&self) -> Option<SnapshotCache> {
        let path = self.managed.path().filter(|_| self.etcd.is_used())?;
        Some(SnapshotCache::new(path, self.etcd.root()))
    }
}

impl Managed {
    fn path(&self) -> Option<&Path> {
        self.snapshot_cache_path.as_deref().filter(|path| !path.as_os_str().is_empty())
    }
}

impl Tls {
    /// The two files, where the listener speaks TLS.
    pub(crate) fn files(&self) -> Option<(&Path, &Path)> {
        self.cert_file.as_deref().zip(self.key_file.as_deref())
    }
}

impl Admin {
    /// The keys of both ways to write them.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Secret> {
        self.admin_keys.iter().chain(&self.admin_key)
    }
}

impl Prometheus {
    /// Where the metrics are, with the slash that may be left out.
    pub(crate) fn metrics_path(&self) -> String {
        match self.path.trim().trim_start_matches('/') {
            "" => "/metrics".into(),
            path => format!("/{path}"),
        }
    }
}

impl Default for Proxy {
    fn default() -> Self {
        Self {
            addr: (Ipv4Addr::UNSPECIFIED, 3000).into(),
            request_body_limit_bytes: 0,
            workers: None,
            request_id: RequestId::default(),
            real_ip: RealIp::default(),
            url_rewrites: Vec::new(),
            tls: Tls::default(),
        }
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self { accept_headers: vec!["x-aisix-request-id".into()] }
    }
}

impl Default for RealIp {
    fn default() -> Self {
        Self { trusted_proxies: Vec::new(), recursive: false, header: "x-forwarded-for".into() }
    }
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            enabled: true,
            addr: (Ipv4Addr::LOCALHOST, 3001).into(),
            admin_keys: Vec::new(),
            admin_key: None,
            tls: Tls::default(),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            path: "./aisix-data".into(),
            master_key_file: None,
            master_key: None,
            previous_master_key_files: Vec::new(),
            previous_master_keys: Vec::new(),
        }
    }
}

impl Default for Observability {
    fn default() -> Self {
        Self {
            service_name: "aisix".into(),
            log_level: "info".into(),
            access_log: true,
            metrics: Metrics::default(),
        }
    }
}

impl Default for Prometheus {
    fn default() -> Self {
        let addr = (Ipv4Addr::UNSPECIFIED, 9090).into();
        Self { enabled: true, path: "/metrics".into(), addr }
    }
}

impl Default for Upstream {
    fn default() -> Self {
        Self {
            timeout_ms: 6_000_000,
            stream_timeout_ms: 0,
            connect_timeout_ms: 5_000,
            tcp_keepalive_secs: 60,
            tcp_keepalive_interval_secs: 30,
            tcp_keepalive_retries: 5,
            pool_idle_timeout_secs: 30,
            pool_max_idle_per_host: None,
            tls: UpstreamTls::default(),
            proxies: Proxies::default(),
        }
    }
}

impl Default for UpstreamTls {
    fn default() -> Self {
        Self { ca_file: None, client_cert_file: None, client_key_file: None, verify: true }
    }
}

impl Default for Downstream {
    fn default() -> Self {
        Self { idle_timeout_secs: 0, sse_keepalive_interval_secs: 15, read_timeout_secs: 60 }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { min_drain_secs: 30 }
    }
}
