//! What each part of the process is told.

use std::ffi::OsString;
use std::time::Duration;

use aisix_gateway::{RealIp, Settings, TrustFiles, UpstreamSettings, UrlRewrite, UrlRewriteError};
use aisix_store::References;
use http::HeaderName;

use super::{Config, Downstream, Proxy, Rewrite, Secrets, Upstream, UpstreamTls};

impl Config {
    /// Where the configuration of the gateway lies, for the log.
    pub(crate) fn place(&self) -> String {
        match &self.resources_file {
            Some(path) => path.display().to_string(),
            None if self.etcd.is_used() => self.etcd.endpoints.join(","),
            None => self.store.path.display().to_string(),
        }
    }

    /// What the data plane is told.
    pub(crate) fn gateway(&self) -> Settings {
        let Proxy { request_body_limit_bytes: limit, request_id, real_ip, url_rewrites, .. } =
            &self.proxy;
        let Downstream { sse_keepalive_interval_secs, read_timeout_secs, .. } = self.downstream;
        let headers = request_id.accept_headers.iter();
        Settings {
            body_limit: Some(*limit).filter(|limit| *limit > 0),
            read_timeout: seconds(read_timeout_secs),
            idle_timeout: self.downstream.idle_timeout(),
            // Names that are none were refused when the configuration was checked.
            request_id_headers: headers.flat_map(HeaderName::try_from).collect(),
            real_ip: real_ip.settings(),
            // Rules that cannot be used were refused, too.
            url_rewrites: (1..).zip(url_rewrites).flat_map(|(n, rule)| rule.compiled(n)).collect(),
            heartbeat: seconds(sse_keepalive_interval_secs),
            upstream: self.upstream.settings(),
            // Buckets and rules that cannot be used were refused, too.
            metrics: self.observability.metrics.settings(&self.etcd.env_id).unwrap_or_default(),
        }
    }
}

impl super::RealIp {
    /// What is none was refused when the configuration was checked.
    fn settings(&self) -> RealIp {
        let mut settings = RealIp { recursive: self.recursive, ..RealIp::default() };
        settings.trusted_proxies = self.trusted_proxies.iter().flat_map(|r| r.parse()).collect();
        if let Ok(header) = HeaderName::try_from(&self.header) {
            settings.header = header;
        }
        settings
    }
}

impl Rewrite {
    /// The rule with this number, ready for use.
    pub(super) fn compiled(&self, number: usize) -> Result<UrlRewrite, UrlRewriteError> {
        let numbered = || format!("rule {number}");
        let name = self.name.clone().unwrap_or_else(numbered);
        UrlRewrite::new(&name, &self.r#match, &self.rewrite)
    }
}

impl Secrets {
    /// Takes the values of the variables that may be referred to.
    pub(super) fn find_variables(&mut self, variables: &[(OsString, OsString)]) {
        let permitted = self.allow_env.iter().map(|name| {
            let found = variables.iter().find(|(variable, _)| variable == name.as_str());
            (name.clone(), found.map(|(_, value)| value.clone()))
        });
        self.references = References::new(permitted, self.file_dirs.iter().cloned()).into();
    }
}

impl Downstream {
    /// How long a connection may rest between requests, on every listener.
    pub(crate) fn idle_timeout(&self) -> Option<Duration> {
        seconds(self.idle_timeout_secs)
    }
}

impl Upstream {
    fn settings(&self) -> UpstreamSettings {
        UpstreamSettings {
            timeout: milliseconds(self.timeout_ms),
            stream_timeout: milliseconds(self.stream_timeout_ms),
            connect_timeout: milliseconds(self.connect_timeout_ms),
            pool_idle_timeout: seconds(self.pool_idle_timeout_secs),
            pool_max_idle_per_host: self.pool_max_idle_per_host,
            tcp_keepalive: seconds(self.tcp_keepalive_secs),
            tcp_keepalive_interval: seconds(self.tcp_keepalive_interval_secs),
            tcp_keepalive_retries: Some(self.tcp_keepalive_retries).filter(|count| *count > 0),
            proxies: self.proxies.clone(),
        }
    }
}

impl UpstreamTls {
    /// What the data plane trusts.
    pub(crate) fn files(&self) -> TrustFiles {
        TrustFiles {
            ca_file: self.ca_file.clone(),
            client: self.client_cert_file.clone().zip(self.client_key_file.clone()),
            verify: self.verify,
        }
    }
}

/// 0 means none.
fn seconds(number: u64) -> Option<Duration> {
    (number > 0).then(|| Duration::from_secs(number))
}

fn milliseconds(number: u64) -> Option<Duration> {
    (number > 0).then(|| Duration::from_millis(number))
}
