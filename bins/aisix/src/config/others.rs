//! Keys of other versions, so that a file that was written for one loads here as long as it asks
//! for nothing that this version does not do.

use serde_json::Value;

use Harmless::{All, Nothing, Only};

/// A key that changes nothing in this version.
#[derive(Debug, Clone, Copy)]
pub(super) struct Other {
    /// Its levels, joined by dots.
    pub(super) path: &'static str,
    /// The values that ask for nothing more than what is so anyway.
    pub(super) harmless: Harmless,
}

/// Which values of a key ask for nothing that this version does not do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Harmless {
    /// All: nothing depends on them.
    All,
    /// One, as JSON.
    Only(&'static str),
    /// None.
    Nothing,
}

/// Every one of them.
pub(super) const OTHERS: &[Other] = &[
    other("bedrock_endpoint_url", Only("\"\"")),
    other("cache.backend", Only("\"memory\"")),
    other("cache.redis", Nothing),
    other("managed.cp_base_url", All),
    other("managed.cp_ca_cert_file", All),
    other("managed.cp_ca_file", All),
    other("managed.cp_ca_pem", All),
    other("managed.cp_cert_file", All),
    other("managed.cp_cert_pem", All),
    other("managed.cp_etcd_endpoint", All),
    other("managed.cp_key_file", All),
    other("managed.cp_key_pem", All),
    other("managed.dp_id_file", All),
    other("managed.enabled", Only("false")),
    other("managed.heartbeat_interval_secs", All),
    other("managed.mtls_dir", All),
    other("observability.metrics.otlp.enabled", All),
    other("observability.metrics.otlp.endpoint", All),
    other("observability.service_name", All),
    other("observability.tracing.otlp.enabled", All),
    other("observability.tracing.otlp.endpoint", All),
    other("observability.tracing.otlp.sample_ratio", All),
    other("proxy.thread_per_core", All),
    other("ratelimit.backend", Only("\"memory\"")),
    other("ratelimit.concurrency_ttl_secs", All),
    other("ratelimit.redis", All),
    other("upstream.retries", All),
];

/// Why a key is refused whatever it holds.
const REFUSAL: &str = "not supported by this version: remove it";

const fn other(path: &'static str, harmless: Harmless) -> Other {
    Other { path, harmless }
}

/// The key at a path.
pub(super) fn find(path: &str) -> Option<Other> {
    OTHERS.iter().copied().find(|other| other.path == path)
}

/// What to tell the operator of these keys.
pub(super) fn warning(origin: &str, ignored: &[String]) -> Option<String> {
    let names = ignored.join(", ");
    (!ignored.is_empty()).then(|| format!("{origin}: without effect in this version: {names}"))
}

impl Other {
    /// Fails with the reason where the value asks for what this version does not do. The value is
    /// not repeated: some of these hold credentials.
    pub(super) fn check(self, value: &Value) -> Result<(), String> {
        let said = value.to_string();
        match self.harmless {
            All => Ok(()),
            Only(text) if said == text => Ok(()),
            Only(text) => Err(format!("only {text} is supported by this version: remove it")),
            Nothing => Err(REFUSAL.into()),
        }
    }
}
