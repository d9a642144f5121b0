//! Keys of other versions, so that a file that was written for one loads here as long as it asks
//! for nothing that this version does not do.

use serde_json::Value;

use super::file::fits;
use super::keys::{Kind, variable};

use Harmless::{All, Nothing, Only};

/// A key that changes nothing in this version.
#[derive(Debug, Clone, Copy)]
pub(super) struct Other {
    /// Its levels, joined by dots.
    pub(super) path: &'static str,
    /// What it holds.
    kind: Kind,
    /// The values that ask for nothing more than what is so anyway.
    pub(super) harmless: Harmless,
}

/// Such a key, where the operator sets it to something harmless.
#[derive(Debug, Clone)]
pub(super) struct Inert {
    pub(super) path: &'static str,
    /// The name of the variable that sets it; `None` in a file.
    pub(super) variable: Option<String>,
    /// `None` where a variable sets something inside of it.
    value: Option<Value>,
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
    other("bedrock_endpoint_url", Kind::Text, All),
    other("cache.backend", Kind::Text, Only("\"memory\"")),
    other("cache.redis", Kind::Map, Nothing),
    other("managed.cp_base_url", Kind::Text, All),
    other("managed.cp_ca_cert_file", Kind::Text, All),
    other("managed.cp_ca_file", Kind::Text, All),
    other("managed.cp_ca_pem", Kind::Text, All),
    other("managed.cp_cert_file", Kind::Text, All),
    other("managed.cp_cert_pem", Kind::Text, All),
    other("managed.cp_etcd_endpoint", Kind::Text, All),
    other("managed.cp_key_file", Kind::Text, All),
    other("managed.cp_key_pem", Kind::Secret, All),
    other("managed.dp_id_file", Kind::Text, All),
    other("managed.enabled", Kind::Flag, Only("false")),
    other("managed.heartbeat_interval_secs", Kind::Number, All),
    other("managed.mtls_dir", Kind::Text, All),
    other("observability.metrics.otlp.enabled", Kind::Flag, All),
    other("observability.metrics.otlp.endpoint", Kind::Text, All),
    other(TRACING, Kind::Flag, All),
    other(TRACING_ENDPOINT, Kind::Text, All),
    other("observability.tracing.otlp.sample_ratio", Kind::Fraction, All),
    other("proxy.thread_per_core", Kind::Flag, All),
    other("ratelimit.backend", Kind::Text, Only("\"memory\"")),
    other("ratelimit.concurrency_ttl_secs", Kind::Number, All),
    other("ratelimit.redis", Kind::Map, All),
    other("upstream.retries", Kind::Number, All),
];

const TRACING: &str = "observability.tracing.otlp.enabled";
const TRACING_ENDPOINT: &str = "observability.tracing.otlp.endpoint";

/// Why a key is refused whatever it holds.
const REFUSAL: &str = "not supported by this version: remove it";

const fn other(path: &'static str, kind: Kind, harmless: Harmless) -> Other {
    Other { path, kind, harmless }
}

/// The key at a path.
pub(super) fn find(path: &str) -> Option<Other> {
    OTHERS.iter().copied().find(|other| other.path == path)
}

/// The key that an environment variable names.
pub(super) fn find_variable(name: &str) -> Option<Other> {
    OTHERS.iter().copied().find(|other| variable(other.path) == name)
}

/// The key that holds what an environment variable names.
pub(super) fn find_around(name: &str) -> Option<Other> {
    let holds = |other: &Other| {
        let inside = name.strip_prefix(&variable(other.path));
        other.kind == Kind::Map && inside.is_some_and(|inside| inside.starts_with("__"))
    };
    OTHERS.iter().copied().find(holds)
}

/// What is wrong with these keys together, each layer over those before it: the key and the reason.
pub(super) fn rules(inert: &[Inert]) -> Result<(), (&'static str, String)> {
    let value =
        |path| inert.iter().rfind(|key| key.path == path).and_then(|key| key.value.as_ref());
    let endpoint = value(TRACING_ENDPOINT).and_then(Value::as_str).unwrap_or_default();
    if value(TRACING) == Some(&Value::Bool(true)) && endpoint.trim().is_empty() {
        return Err((TRACING, format!("needs {TRACING_ENDPOINT} beside it")));
    }
    Ok(())
}

/// What to tell the operator of these keys.
pub(super) fn warning(inert: &[Inert]) -> Option<String> {
    let names: Vec<_> =
        inert.iter().map(|key| key.variable.as_deref().unwrap_or(key.path)).collect();
    (!names.is_empty()).then(|| format!("without effect in this version: {}", names.join(", ")))
}

impl Other {
    /// What is set, unless it asks for what this version does not do or is of another type: then
    /// the reason. The value is not repeated: some of these hold credentials.
    pub(super) fn accept(self, value: Value, variable: Option<String>) -> Result<Inert, String> {
        if !fits(&value, self.kind) {
            return Err(self.kind.expectation().into());
        }
        let said = value.to_string();
        match self.harmless {
            Only(text) if said != text => {
                Err(format!("only {text} is supported by this version: remove it"))
            }
            Nothing => Err(REFUSAL.into()),
            All | Only(_) => Ok(Inert { path: self.path, variable, value: Some(value) }),
        }
    }

    /// The same for something inside of it, whose name and value are anything.
    pub(super) fn accept_inside(self, variable: String) -> Result<Inert, String> {
        match self.harmless {
            All => Ok(Inert { path: self.path, variable: Some(variable), value: None }),
            Only(_) | Nothing => Err(REFUSAL.into()),
        }
    }

    /// What it holds.
    pub(super) const fn kind(self) -> Kind {
        self.kind
    }
}
