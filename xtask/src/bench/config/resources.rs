//! What etcd holds: 10,000 resources, one model in use, and models that come later.

use anyhow::Result;

use crate::bench::subject::sha256_of_caller_key;

/// How many there are at first.
pub(super) const RESOURCES: usize = 10_000;
/// How many models come later.
pub(super) const LATER: usize = 50;

const PROVIDER_KEY: &str = "00000000-0000-4000-8000-000000000001";
/// The upstream knows what to answer it.
const UPSTREAM_MODEL: &str = "bench-unary";

/// A document and its place.
pub(super) struct Resource {
    /// `<kind>/<id>`.
    pub(super) key: String,
    pub(super) document: String,
}

/// A provider key, a caller's key that is used, models, and callers' keys for the other half.
pub(super) fn all(upstream: u16) -> Result<Vec<Resource>> {
    let hash = sha256_of_caller_key()?;
    let later: String = (0..LATER).map(|number| format!(r#","{}""#, later_name(number))).collect();
    let mut resources = vec![
        Resource {
            key: format!("provider_keys/{PROVIDER_KEY}"),
            document: format!(
                r#"{{"display_name":"bench","provider":"openai","adapter":"openai","secret":"sk-upstream","api_base":"http://127.0.0.1:{upstream}/v1"}}"#
            ),
        },
        Resource {
            key: "api_keys/used".to_owned(),
            document: format!(r#"{{"key_hash":"{hash}","allowed_models":["model-0"{later}]}}"#),
        },
    ];
    let models = (0..RESOURCES / 2).map(|number| model(&format!("model-{number}")));
    resources.extend(models);
    let callers = 0..RESOURCES - resources.len();
    resources.extend(callers.map(|number| Resource {
        key: format!("api_keys/{number:08x}-0000-4000-8000-000000000002"),
        document: format!(
            r#"{{"display_name":"team-{number}","key_hash":"{number:064x}","allowed_models":["*"]}}"#
        ),
    }));
    Ok(resources)
}

/// The name of a model that comes later.
pub(super) fn later_name(number: usize) -> String {
    format!("later-{number}")
}

/// A model.
pub(super) fn model(name: &str) -> Resource {
    Resource {
        key: format!("models/{name}"),
        document: format!(
            r#"{{"display_name":"{name}","provider":"openai","model_name":"{UPSTREAM_MODEL}","provider_key_id":"{PROVIDER_KEY}"}}"#
        ),
    }
}
