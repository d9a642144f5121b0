//! What must be true of a configuration beyond its types.

use std::path::{Component, Path, PathBuf};

use aisix_core::AddressRange;
use http::HeaderName;

use super::{Admin, Config, RealIp, RequestId, Rewrite, Secrets, Store, UpstreamTls};

/// Headers that carry credentials, signatures or traces: whoever takes a request id from one would
/// put it into logs.
const NOT_FOR_IDS: &[&str] = &[
    "api-key",
    "authorization",
    "cookie",
    "host",
    "proxy-authorization",
    "traceparent",
    "tracestate",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-api-key",
    "x-goog-api-key",
];

const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];

/// A key, and what is wrong with it.
type Problem = (&'static str, String);

/// A file that may be named.
type File = Option<PathBuf>;

/// Fails with the first rule that is broken.
pub(super) fn rules(config: &Config) -> Result<(), Problem> {
    if config.proxy.workers == Some(0) {
        return Err(("proxy.workers", "must be at least 1".into()));
    }
    request_ids(&config.proxy.request_id)?;
    real_ip(&config.proxy.real_ip)?;
    url_rewrites(&config.proxy.url_rewrites)?;
    for (certificate, key, tls) in [
        ("proxy.tls.cert_file", "proxy.tls.key_file", &config.proxy.tls),
        ("admin.tls.cert_file", "admin.tls.key_file", &config.admin.tls),
    ] {
        both((certificate, &tls.cert_file), (key, &tls.key_file))?;
    }
    upstream_tls(&config.upstream.tls)?;
    admin(config)?;
    source(config)?;
    store(config)?;
    secrets(&config.secrets)?;
    metrics(config)?;
    config.observability.metrics.settings(&config.etcd.env_id)?;
    log_level(&config.observability.log_level).map_err(|reason| ("observability.log_level", reason))
}

fn request_ids(ids: &RequestId) -> Result<(), Problem> {
    let fail = |reason| Err(("proxy.request_id.accept_headers", reason));
    for name in &ids.accept_headers {
        if HeaderName::try_from(name).is_err() {
            return fail(format!("'{}' is not a header name", name.escape_debug()));
        }
        if NOT_FOR_IDS.contains(&name.to_ascii_lowercase().as_str()) {
            return fail(format!("'{name}' has another meaning and cannot hold a request id"));
        }
    }
    Ok(())
}

fn real_ip(real_ip: &RealIp) -> Result<(), Problem> {
    for range in &real_ip.trusted_proxies {
        if let Err(reason) = range.parse::<AddressRange>() {
            let reason = format!("'{}' {reason}", range.escape_debug());
            return Err(("proxy.real_ip.trusted_proxies", reason));
        }
    }
    if HeaderName::try_from(&real_ip.header).is_err() {
        let reason = format!("'{}' is not a header name", real_ip.header.escape_debug());
        return Err(("proxy.real_ip.header", reason));
    }
    Ok(())
}

fn url_rewrites(rules: &[Rewrite]) -> Result<(), Problem> {
    for (number, rule) in (1..).zip(rules) {
        if let Err(reason) = rule.compiled(number) {
            return Err(("proxy.url_rewrites", format!("rule {number}: {reason}")));
        }
    }
    Ok(())
}

fn upstream_tls(tls: &UpstreamTls) -> Result<(), Problem> {
    named("upstream.tls.ca_file", &tls.ca_file)?;
    both(
        ("upstream.tls.client_cert_file", &tls.client_cert_file),
        ("upstream.tls.client_key_file", &tls.client_key_file),
    )
}

/// A certificate and its key; both or none.
fn both(certificate: (&'static str, &File), key: (&'static str, &File)) -> Result<(), Problem> {
    for (name, file) in [certificate, key] {
        named(name, file)?;
    }
    match (certificate, key) {
        ((name, Some(_)), (missing, None)) | ((missing, None), (name, Some(_))) => {
            Err((name, format!("needs {missing} beside it")))
        }
        _ => Ok(()),
    }
}

fn named(name: &'static str, file: &File) -> Result<(), Problem> {
    match file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
        true => Err((name, "must name a file".into())),
        false => Ok(()),
    }
}

fn admin(config: &Config) -> Result<(), Problem> {
    let Admin { enabled, addr, .. } = config.admin;
    if let Some(reason) = config.admin.admin_keys.iter().find_map(|key| unusable(key.expose())) {
        return Err(("admin.admin_keys", reason));
    }
    if let Some(reason) = config.admin.admin_key.as_ref().and_then(|key| unusable(key.expose())) {
        return Err(("admin.admin_key", reason));
    }
    if enabled && config.admin.keys().next().is_none() {
        let reason = "needs at least one key, or admin.enabled: false for no admin listener";
        return Err(("admin.admin_keys", reason.into()));
    }
    if enabled && addr == config.proxy.addr && addr.port() != 0 {
        return Err((
            "admin.addr",
            "is the same as proxy.addr: each listener needs its own".into(),
        ));
    }
    Ok(())
}

/// Why nobody could send this as a key.
fn unusable(key: &str) -> Option<String> {
    if key.trim().is_empty() {
        return Some("a key is blank, so anybody would have it".into());
    }
    let visible = key.trim() == key && key.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    (!visible).then(|| {
        "a key begins or ends with a space, or holds a character that no header can carry".into()
    })
}

fn source(config: &Config) -> Result<(), Problem> {
    let Some(path) = &config.resources_file else { return Ok(()) };
    if path.to_string_lossy().trim().is_empty() {
        return Err(("resources_file", "must name a file".into()));
    }
    if config.etcd.is_used() {
        let reason = "cannot stand beside etcd.endpoints: a gateway has one source, keep one of \
                      the two";
        return Err(("resources_file", reason.into()));
    }
    Ok(())
}

fn store(config: &Config) -> Result<(), Problem> {
    let Store { path, master_key_file, master_key, previous_master_key_files: files, .. } =
        &config.store;
    let keys = &config.store.previous_master_keys;
    if path.as_os_str().is_empty() {
        return Err(("store.path", "must name a directory".into()));
    }
    if master_key_file.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
        return Err(("store.master_key_file", "must name a file".into()));
    }
    if master_key.as_ref().is_some_and(|key| key.expose().trim().is_empty()) {
        return Err(("store.master_key", "must not be blank".into()));
    }
    if master_key.is_some() && master_key_file.is_some() {
        let reason = "cannot stand beside store.master_key_file: keep one of the two";
        return Err(("store.master_key", reason.into()));
    }
    if files.iter().any(|path| path.as_os_str().is_empty()) {
        return Err(("store.previous_master_key_files", "must name files".into()));
    }
    if keys.iter().any(|key| key.expose().trim().is_empty()) {
        return Err(("store.previous_master_keys", "must not be blank".into()));
    }
    // The embedded store has a key of its own where none is configured.
    if (config.etcd.is_used() || config.resources_file.is_some())
        && master_key.is_none()
        && master_key_file.is_none()
    {
        let reason = "needs store.master_key_file or store.master_key beside it";
        if !files.is_empty() {
            return Err(("store.previous_master_key_files", reason.into()));
        }
        if !keys.is_empty() {
            return Err(("store.previous_master_keys", reason.into()));
        }
    }
    Ok(())
}

fn secrets(secrets: &Secrets) -> Result<(), Problem> {
    let unusable = |name: &&String| name.is_empty() || name.contains(['=', '\0']);
    if let Some(name) = secrets.allow_env.iter().find(unusable) {
        let reason = format!("'{}' is no name of a variable", name.escape_debug());
        return Err(("secrets.allow_env", reason));
    }
    let climbs = |path: &Path| path.components().any(|part| part == Component::ParentDir);
    let unusable = |path: &&PathBuf| !path.is_absolute() || climbs(path);
    if let Some(path) = secrets.file_dirs.iter().find(unusable) {
        let shown = path.display().to_string();
        let shown = shown.escape_debug();
        let reason = format!("'{shown}' is no absolute path without '..', as in /run/secrets");
        return Err(("secrets.file_dirs", reason));
    }
    Ok(())
}

fn metrics(config: &Config) -> Result<(), Problem> {
    let prometheus = &config.observability.metrics.prometheus;
    let path = prometheus.metrics_path();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    if !path.chars().all(plain) || path.contains("//") {
        let reason = "must be a path of letters, digits and -_.~, as in /metrics";
        return Err(("observability.metrics.prometheus.path", reason.into()));
    }
    if path == "/status" || path.starts_with("/status/") {
        let reason = "cannot be below /status, which has other answers";
        return Err(("observability.metrics.prometheus.path", reason.into()));
    }
    let addr = prometheus.addr;
    let admin = config.admin.enabled.then_some(("admin.addr", config.admin.addr));
    let taken = [Some(("proxy.addr", config.proxy.addr)), admin];
    let same = taken.into_iter().flatten().find(|(_, other)| *other == addr && addr.port() != 0);
    match same.filter(|_| prometheus.enabled) {
        Some((key, _)) => Err((
            "observability.metrics.prometheus.addr",
            format!("is the same as {key}: each listener needs its own"),
        )),
        None => Ok(()),
    }
}

/// A single word that is no level would be taken for the name of a target, and silence the rest.
pub(super) fn log_level(filter: &str) -> Result<(), String> {
    let words = filter.split(',').map(str::trim);
    let misspelt = words.clone().find(|word| {
        !word.contains(['=', '[']) && !LEVELS.contains(&word.to_ascii_lowercase().as_str())
    });
    match misspelt {
        Some("") => Err("must not be blank".into()),
        Some(word) => Err(format!(
            "'{}' is neither a level ({}) nor a directive such as aisix=debug",
            word.escape_debug(),
            LEVELS.join(", ")
        )),
        None => Ok(()),
    }
}
