//! From a path and an environment to a configuration that can be run.

use std::ffi::OsString;
use std::path::Path;

use aisix_gateway::Proxies;
use serde_json::{Map, Value};

use super::environment::Overrides;
use super::{Config, ConfigError, check, file, keys, others};

/// What the operator hears who asked for it.
const UNVERIFIED: &str = "upstream.tls.verify is false: the gateway believes any certificate that \
                          an upstream shows, and so does not know whom it sends credentials to";

const UNUSED_CACHE: &str = "managed.snapshot_cache_path: without effect without etcd, whose \
                            configuration it keeps";

const UNUSED_USER: &str = "etcd.user: without effect without etcd.password_env, which names the \
                           variable of the password";

/// A configuration that can be run.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// What the operator should hear of, although it does not stop anything.
    pub(crate) warnings: Vec<String>,
}

/// Puts the layers together: built-in default < file < environment.
///
/// # Errors
/// The first thing that is wrong, with the place where it stands.
pub(crate) fn load(
    path: &Path,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded, ConfigError> {
    let file::Set { keys: mut tree, mut inert } = file::read(path)?;
    let variables: Vec<_> = variables.into_iter().collect();
    let overrides = Overrides::read(variables.iter().cloned())?;
    overrides.apply(&mut tree);
    inert.extend_from_slice(overrides.inert());
    let names_etcd = tree.contains_key("etcd");
    let origin = |key: &str| overrides.variable(key);
    let fail = |(key, reason): (String, String)| match origin(keys::outside_lists(&key)) {
        Some(variable) => match key.split_once('[') {
            Some((_, inside)) => ConfigError::key(variable, format!("[{inside}"), reason),
            None => ConfigError::whole(variable, reason),
        },
        None => ConfigError::key(path.display().to_string(), key, reason),
    };
    let mut config = typed(tree).map_err(fail)?;
    let rule = |(key, reason): (&str, String)| fail((key.to_owned(), reason));
    check::rules(&config).map_err(rule)?;
    others::rules(&inert).map_err(rule)?;
    // Whoever names etcd would not expect to be served from another store, unless it is named, too.
    if names_etcd && config.resources_file.is_none() {
        config.etcd.check().map_err(rule)?;
    }
    config.etcd.find_password(&variables).map_err(rule)?;
    config.upstream.proxies = proxies(&variables)?;
    config.secrets.find_variables(&variables);
    let named = config.secrets.allow_env.iter().chain(&config.etcd.password_env);
    let mut warnings = overrides.warnings(&named.collect::<Vec<_>>());
    warnings.extend(others::warning(&inert));
    warnings.extend(advice(&config));
    Ok(Loaded { config, warnings })
}

/// What is permitted, and hardly meant.
fn advice(config: &Config) -> impl Iterator<Item = String> {
    let etcd = &config.etcd;
    [
        (!config.upstream.tls.verify, UNVERIFIED),
        (config.managed.path().is_some() && !etcd.is_used(), UNUSED_CACHE),
        (etcd.user.is_some() && etcd.password_env.is_none(), UNUSED_USER),
    ]
    .into_iter()
    .filter(|(applies, _)| *applies)
    .map(|(_, text)| text.to_owned())
}

/// The proxies that the environment names.
///
/// # Errors
/// The variable that names none that could be used; never its value.
pub(crate) fn proxies(variables: &[(OsString, OsString)]) -> Result<Proxies, ConfigError> {
    // What is not UTF-8 becomes a URL that is none, and is refused.
    let value = |name: &str| {
        let found = variables.iter().find(|(variable, _)| variable == name);
        found.map(|(_, value)| value.to_string_lossy().into_owned())
    };
    Proxies::read(value).map_err(|error| ConfigError::whole(error.variable, error.reason))
}

/// Fails with the key and the reason.
fn typed(tree: Map<String, Value>) -> Result<Config, (String, String)> {
    serde_path_to_error::deserialize(Value::Object(tree))
        .map_err(|error| (error.path().to_string(), error.inner().to_string()))
}
