//! From a path and an environment to a configuration that can be run.

use std::ffi::OsString;
use std::path::Path;

use serde_json::{Map, Value};

use super::environment::Overrides;
use super::{Config, ConfigError, check, file, keys};

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
    let mut tree = file::read(path)?;
    let overrides = Overrides::read(variables)?;
    overrides.apply(&mut tree);
    let origin = |key: &str| overrides.variable(key);
    let fail = |(key, reason): (String, String)| match origin(keys::outside_lists(&key)) {
        Some(variable) => match key.split_once('[') {
            Some((_, inside)) => ConfigError::key(variable, format!("[{inside}"), reason),
            None => ConfigError::whole(variable, reason),
        },
        None => ConfigError::key(path.display().to_string(), key, reason),
    };
    let config = typed(tree).map_err(fail)?;
    check::rules(&config).map_err(|(key, reason)| fail((key.to_owned(), reason)))?;
    Ok(Loaded { config, warnings: overrides.warnings })
}

/// Fails with the key and the reason.
fn typed(tree: Map<String, Value>) -> Result<Config, (String, String)> {
    serde_path_to_error::deserialize(Value::Object(tree))
        .map_err(|error| (error.path().to_string(), error.inner().to_string()))
}
