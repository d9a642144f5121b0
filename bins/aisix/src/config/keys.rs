//! The name of every key, and what an environment variable may say for it.

use super::others::OTHERS;

/// One key of the configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// Its levels, joined by dots.
    pub(super) path: &'static str,
    /// What it holds.
    pub(super) kind: Kind,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Flag,
    Number,
    /// A number that need not be whole.
    Fraction,
    Text,
    TextList,
    /// Numbers that need not be whole.
    NumberList,
    /// A list of maps, whose keys are checked where the list is read.
    MapList,
    /// A credential. It is never part of a message, whatever is wrong with it.
    Secret,
    /// Several credentials.
    SecretList,
    /// Further keys, of which this version knows none.
    Map,
}

/// Every key that does something.
pub(super) const KEYS: &[Key] = &[
    key("proxy.addr", Kind::Text),
    key("proxy.request_body_limit_bytes", Kind::Number),
    key("proxy.workers", Kind::Number),
    key("proxy.request_id.accept_headers", Kind::TextList),
    key("proxy.real_ip.trusted_proxies", Kind::TextList),
    key("proxy.real_ip.recursive", Kind::Flag),
    key("proxy.real_ip.header", Kind::Text),
    key("proxy.url_rewrites", Kind::MapList),
    key("proxy.tls.cert_file", Kind::Text),
    key("proxy.tls.key_file", Kind::Text),
    key("admin.enabled", Kind::Flag),
    key("admin.addr", Kind::Text),
    key("admin.admin_keys", Kind::SecretList),
    key("admin.admin_key", Kind::Secret),
    key("admin.tls.cert_file", Kind::Text),
    key("admin.tls.key_file", Kind::Text),
    key("resources_file", Kind::Text),
    key("etcd.endpoints", Kind::TextList),
    key("etcd.prefix", Kind::Text),
    key("etcd.env_id", Kind::Text),
    key("etcd.user", Kind::Text),
    key("etcd.password_env", Kind::Text),
    key("etcd.dial_timeout_ms", Kind::Number),
    key("etcd.request_timeout_ms", Kind::Number),
    key("etcd.tls.ca_cert_file", Kind::Text),
    key("etcd.tls.client_cert_file", Kind::Text),
    key("etcd.tls.client_key_file", Kind::Text),
    key("etcd.tls.domain_name", Kind::Text),
    key("managed.snapshot_cache_path", Kind::Text),
    key("store.path", Kind::Text),
    key("store.master_key_file", Kind::Text),
    key("store.master_key", Kind::Secret),
    key("store.previous_master_key_files", Kind::TextList),
    key("store.previous_master_keys", Kind::SecretList),
    key("secrets.allow_env", Kind::TextList),
    key("secrets.file_dirs", Kind::TextList),
    key("observability.service_name", Kind::Text),
    key("observability.log_level", Kind::Text),
    key("observability.access_log", Kind::Flag),
    key("observability.metrics.prometheus.enabled", Kind::Flag),
    key("observability.metrics.prometheus.path", Kind::Text),
    key("observability.metrics.prometheus.addr", Kind::Text),
    key("observability.metrics.buckets.request_e2e_latency", Kind::NumberList),
    key("observability.metrics.buckets.request_ttft", Kind::NumberList),
    key("observability.metrics.buckets.guardrail_latency", Kind::NumberList),
    key("observability.metrics.buckets.a2a_ttfb", Kind::NumberList),
    key("observability.metrics.client_type_rules", Kind::MapList),
    key("upstream.timeout_ms", Kind::Number),
    key("upstream.stream_timeout_ms", Kind::Number),
    key("upstream.connect_timeout_ms", Kind::Number),
    key("upstream.tcp_keepalive_secs", Kind::Number),
    key("upstream.tcp_keepalive_interval_secs", Kind::Number),
    key("upstream.tcp_keepalive_retries", Kind::Number),
    key("upstream.pool_idle_timeout_secs", Kind::Number),
    key("upstream.pool_max_idle_per_host", Kind::Number),
    key("upstream.tls.ca_file", Kind::Text),
    key("upstream.tls.client_cert_file", Kind::Text),
    key("upstream.tls.client_key_file", Kind::Text),
    key("upstream.tls.verify", Kind::Flag),
    key("downstream.idle_timeout_secs", Kind::Number),
    key("downstream.sse_keepalive_interval_secs", Kind::Number),
    key("downstream.read_timeout_secs", Kind::Number),
    key("shutdown.min_drain_secs", Kind::Number),
];

const fn key(path: &'static str, kind: Kind) -> Key {
    Key { path, kind }
}

/// The key at a path.
pub(super) fn find(path: &str) -> Option<Key> {
    KEYS.iter().copied().find(|key| key.path == path)
}

/// The key that an environment variable names.
pub(super) fn find_variable(name: &str) -> Option<Key> {
    KEYS.iter().copied().find(|key| key.variable() == name)
}

/// Whether a path is a known key, or a level with keys below.
pub(super) fn is_known(path: &str) -> bool {
    KEYS.iter().any(|key| key.path == path || is_below(key.path, path))
}

/// Whether a path is a level that only other versions have.
pub(super) fn is_foreign_level(path: &str) -> bool {
    !is_known(path) && OTHERS.iter().any(|other| is_below(other.path, path))
}

/// The key that holds what is at a path, which may lead into a list.
pub(super) fn outside_lists(path: &str) -> &str {
    path.split_once('[').map_or(path, |(key, _)| key)
}

/// Why there is no such key at a level, and what could be meant.
pub(super) fn unknown(level: &str) -> String {
    let mut here = below(KEYS.iter().map(|key| key.path), level);
    if here.is_empty() {
        here = below(OTHERS.iter().map(|other| other.path), level);
    }
    format!("unknown key; the keys here are {}", here.join(", "))
}

/// The names of the next level.
fn below(paths: impl Iterator<Item = &'static str>, level: &str) -> Vec<&'static str> {
    let mut here = Vec::new();
    for path in paths.filter(|path| level.is_empty() || is_below(path, level)) {
        let below = if level.is_empty() { path } else { &path[level.len() + 1..] };
        let name = below.split('.').next().unwrap_or(below);
        if here.last() != Some(&name) {
            here.push(name);
        }
    }
    here
}

/// The environment variable of the key at a path.
pub(super) fn variable(path: &str) -> String {
    format!("AISIX_{}", path.to_uppercase().replace('.', "__"))
}

fn is_below(path: &str, level: &str) -> bool {
    path.strip_prefix(level).is_some_and(|rest| rest.starts_with('.'))
}

impl Key {
    /// The environment variable that sets it.
    pub(super) fn variable(self) -> String {
        variable(self.path)
    }
}

impl Kind {
    /// What a value must be.
    pub(super) const fn expectation(self) -> &'static str {
        match self {
            Self::Flag => "must be true or false",
            Self::Number => "must be a whole number, 0 or more",
            Self::Fraction => "must be a number",
            Self::Map => "must hold further keys",
            Self::Text => "must be a string",
            Self::TextList => "must be a list of strings",
            Self::NumberList => "must be a list of finite numbers",
            Self::MapList => "must be a list of maps; in a variable, a JSON array of objects",
            Self::Secret => "must be a string; quote it if it looks like something else",
            Self::SecretList => {
                "must be a list of strings; quote those that look like something else"
            }
        }
    }
}
