//! From a configured origin to a URL.

use aisix_core::Error;
use http::Uri;

use super::credential::Credential;
use super::rail::{Rail, misconfigured};
use crate::address;

/// What to set.
const EXAMPLE: &str = "for Vertex AI set https://<region>-aiplatform.googleapis.com, or \
                       https://aiplatform.googleapis.com for the region global";

/// The URL of a model.
///
/// # Errors
/// Where there is no base, or it is more than an origin; where project, region or model cannot
/// stand in a path.
pub(super) fn url(
    api_base: Option<&str>,
    credential: &Credential,
    rail: Rail,
    model: &str,
    stream: bool,
) -> Result<Uri, Error> {
    let origin = address::base(api_base, EXAMPLE)?;
    if origin.split_once("://").is_none_or(|(_, rest)| rest.contains('/')) {
        let detail = "the provider key's api_base must be an origin without a path";
        return Err(address::invalid(format_args!("{detail}; {EXAMPLE}")));
    }
    let (project, region) = (&*credential.project, &*credential.region);
    check(project, "the project of the provider key's secret")?;
    check(region, "the region of the provider key's secret")?;
    if rail.names_model() {
        check(model, "model_name")?;
    }
    let path = rail.path(model, stream);
    address::url(origin, &format!("/v1/projects/{project}/locations/{region}{path}"))
}

/// Whatever becomes one segment of a path must not become two, nor another one.
fn check(segment: &str, what: &str) -> Result<(), Error> {
    let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:@".contains(&byte);
    if !segment.is_empty() && segment.bytes().all(stands) && !segment.contains("..") {
        return Ok(());
    }
    let detail = "holds characters other than letters, digits, '-', '_', '.', ':' and '@'";
    Err(misconfigured(format_args!("{what} is empty or {detail}")))
}
