//! From a configured base to a URL, in either of Azure's two forms.

use aisix_core::resource::api_version;
use aisix_core::{Error, base_url};
use http::Uri;

use crate::address;

/// What to set.
const EXAMPLE: &str = "for Azure set https://<resource>.openai.azure.com";

/// The version that is asked for below deployments, where the provider key names none.
const VERSION: &str = "2024-10-21";

/// The first version that has responses, by Azure's reference of its data plane in preview. Versions
/// are dates, with or without `-preview`.
const FIRST_WITH_RESPONSES: &str = "2025-03-01";

/// The version that is asked for where a response is wanted of an API that has them, and the provider
/// key names none.
const RESPONSES_VERSION: &str = "2025-04-01-preview";

/// The endpoint that no deployment stands in front of.
const RESPONSES: &str = "/responses";

/// Where resources of Azure's clouds live: their bases need no path.
const CLOUDS: [&str; 3] = [".openai.azure.com", ".openai.azure.us", ".openai.azure.cn"];

/// Where the API begins that has no deployments in its paths.
const V1: &str = "/openai/v1";

/// Where a deployment's endpoints begin.
const DEPLOYMENTS: &str = "/openai/deployments";

/// Where the API is.
pub(super) enum Base {
    /// Endpoints stand below deployments, and every request names a version.
    Deployments(String),
    /// Endpoints stand where OpenAI has them; the body names the deployment.
    V1(String),
}

impl Base {
    /// The base of a provider key: the name of a resource, or a URL.
    ///
    /// # Errors
    /// Where it is neither.
    pub(super) fn of(api_base: Option<&str>) -> Result<Self, Error> {
        if let Some(name) = api_base.map(str::trim).filter(|name| base_url::is_word(name)) {
            return Ok(Self::Deployments(format!("https://{name}.openai.azure.com")));
        }
        let base = address::base(api_base, EXAMPLE)?;
        let host = base.find("://").map_or(0, |scheme| scheme + "://".len());
        let path = base[host..].find('/').map_or(base.len(), |path| host + path);
        if let Some(begin) = place_of(V1, &base[path..]) {
            return Ok(Self::V1(base[..path + begin + V1.len()].to_owned()));
        }
        let name = base[host..path].split(':').next().unwrap_or_default().to_ascii_lowercase();
        if CLOUDS.iter().any(|cloud| name.ends_with(cloud)) {
            return Ok(Self::Deployments(base[..path].to_owned()));
        }
        let end = place_of(DEPLOYMENTS, &base[path..]).map_or(base.len(), |begin| path + begin);
        Ok(Self::Deployments(base[..end].to_owned()))
    }

    /// Whether Azure documents responses there, in the version that the provider key names.
    pub(super) fn has_responses(&self, version: Option<&str>) -> bool {
        let is_date = |version: &&str| version.starts_with("20");
        match self {
            Self::V1(_) => true,
            Self::Deployments(_) => {
                version.filter(is_date).is_some_and(|version| version >= FIRST_WITH_RESPONSES)
            }
        }
    }

    /// The URL of an endpoint for a deployment; `version` is what the provider key says.
    ///
    /// # Errors
    /// Where the deployment or the version cannot be what it is called.
    pub(super) fn url(
        &self,
        deployment: &str,
        path: &str,
        version: Option<&str>,
    ) -> Result<Uri, Error> {
        check_deployment(deployment)?;
        if let Some(Err(problem)) = version.map(api_version::check) {
            return Err(address::invalid(format_args!("the provider key's api_version {problem}")));
        }
        match self {
            Self::Deployments(base) if path == RESPONSES => {
                let version = version.unwrap_or(RESPONSES_VERSION);
                address::url(base, &format!("/openai{RESPONSES}?api-version={version}"))
            }
            Self::Deployments(base) => {
                let version = version.unwrap_or(VERSION);
                let path = format!("{DEPLOYMENTS}/{deployment}{path}?api-version={version}");
                address::url(base, &path)
            }
            Self::V1(base) => {
                let query = version.map(|version| format!("?api-version={version}"));
                address::url(base, &format!("{path}{}", query.unwrap_or_default()))
            }
        }
    }
}

/// Where a path holds these segments.
fn place_of(segments: &str, path: &str) -> Option<usize> {
    let ends = |place: usize| path[place + segments.len()..].chars().next();
    path.match_indices(segments)
        .map(|(place, _)| place)
        .find(|place| ends(*place).is_none_or(|next| next == '/'))
}

/// Names of deployments become part of a path. Azure's own suggestions hold dots: `gpt-4.1`.
fn check_deployment(name: &str) -> Result<(), Error> {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !name.is_empty() && !name.starts_with('.') && name.bytes().all(of_name) {
        return Ok(());
    }
    let detail = "model_name must be the name of a deployment: letters, digits, '-', '_' and '.'";
    Err(address::invalid(detail))
}
