//! What the data plane is told when it starts.

use std::time::Duration;

use aisix_telemetry::MetricsSettings;
use http::HeaderName;

use crate::client_ip::RealIp;
use crate::proxies::Proxies;
use crate::rewrite::UrlRewrite;

/// Settings that hold for the life of the process.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The largest request body in bytes; `None` means no limit.
    pub body_limit: Option<usize>,
    /// The longest pause while a caller sends its request or takes its answer; `None` means any.
    pub read_timeout: Option<Duration>,
    /// How long a connection may rest between requests; `None` means any time.
    pub idle_timeout: Option<Duration>,
    /// Headers in which a caller may supply its request id, in order of preference.
    pub request_id_headers: Vec<HeaderName>,
    /// Which proxies in front of the gateway are believed about their clients.
    pub real_ip: RealIp,
    /// What paths stand for; the first rule that matches applies.
    pub url_rewrites: Vec<UrlRewrite>,
    /// Pause after which an idle stream is kept open with a comment; `None` means never.
    pub heartbeat: Option<Duration>,
    /// How upstreams are reached.
    pub upstream: UpstreamSettings,
    /// How requests are counted.
    pub metrics: MetricsSettings,
}

/// How upstreams are reached, where models say nothing else.
#[derive(Debug, Clone)]
pub struct UpstreamSettings {
    /// Deadline of a non-streaming attempt; `None` means none.
    pub timeout: Option<Duration>,
    /// Longest gap in a stream; `None` inherits the deadline above.
    pub stream_timeout: Option<Duration>,
    /// Deadline of name resolution and connecting, a proxy and TLS included; `None` means none.
    pub connect_timeout: Option<Duration>,
    /// Life of an idle pooled connection; `None` means any.
    pub pool_idle_timeout: Option<Duration>,
    /// The most idle connections per host; `None` means any number.
    pub pool_max_idle_per_host: Option<usize>,
    /// Idle time after which the kernel probes a connection; `None` means never.
    pub tcp_keepalive: Option<Duration>,
    /// Time between two such probes; `None` means that of the kernel.
    pub tcp_keepalive_interval: Option<Duration>,
    /// Probes without an answer after which the connection is dead; `None` means the kernel's.
    pub tcp_keepalive_retries: Option<u32>,
    /// The proxies on the way.
    pub proxies: Proxies,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_limit: None,
            read_timeout: Some(Duration::from_secs(60)),
            idle_timeout: None,
            request_id_headers: vec![HeaderName::from_static("x-aisix-request-id")],
            real_ip: RealIp::default(),
            url_rewrites: Vec::new(),
            heartbeat: Some(Duration::from_secs(15)),
            upstream: UpstreamSettings::default(),
            metrics: MetricsSettings::default(),
        }
    }
}

impl Default for UpstreamSettings {
    fn default() -> Self {
        Self {
            timeout: Some(Duration::from_millis(6_000_000)),
            stream_timeout: None,
            connect_timeout: Some(Duration::from_secs(5)),
            pool_idle_timeout: Some(Duration::from_secs(30)),
            pool_max_idle_per_host: None,
            tcp_keepalive: Some(Duration::from_secs(60)),
            tcp_keepalive_interval: Some(Duration::from_secs(30)),
            tcp_keepalive_retries: Some(5),
            proxies: Proxies::default(),
        }
    }
}
