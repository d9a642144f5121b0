//! The OpenAPI document, derived from the endpoints and from the types they speak of.

mod description;
mod documented;
mod json_schema;
mod kept;
pub(crate) mod page;
mod wrapper;

use aisix_core::Kind;
use utoipa::openapi::security::{
    ApiKey as KeyLocation, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme,
};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, PathsBuilder,
};

pub(crate) use description::Description;
pub(crate) use documented::{BodySchema, Documented};
pub(crate) use json_schema::json_schema;
pub(crate) use wrapper::reference;

use crate::endpoints::{self, Endpoint};
use utoipa::{PartialSchema, ToSchema};

use crate::error::ErrorBody;

/// The groups of endpoints that are about no kind.
const TAGS: [(&str, &str); 4] = [
    ("gateways", "Who serves what."),
    ("status", "How the gateway fares."),
    ("older", "The older API, over the same store: what one API writes, the other shows."),
    ("reference", "This document."),
];

/// What there is to say of a kind.
fn about(kind: Kind) -> String {
    let more = match kind {
        Kind::ProviderKeys => "Models refer to them by id.",
        Kind::Models => "",
        Kind::ApiKeys => "`apikeys` and `api_keys` are the same.",
        _ => "Checked and kept; without effect in this version.",
    };
    format!("{} {more}", kind.about()).trim_end().to_owned()
}

/// Describes every endpoint.
pub(crate) fn document() -> OpenApi {
    let mut components = ComponentsBuilder::new()
        .security_scheme("bearer", bearer())
        .security_scheme("x-api-key", x_api_key());
    let mut paths = PathsBuilder::new();
    components = components.schema(ErrorBody::name(), ErrorBody::schema());
    for endpoint in endpoints::all() {
        let (operation, schemas) = endpoint.description().into_parts();
        let Endpoint { method, path, .. } = endpoint;
        components = components.schemas_from_iter(schemas);
        paths = paths.path(path, PathItem::new(method, operation));
    }
    let kinds = Kind::ALL.map(|kind| (kind.plural(), about(kind)));
    let others = TAGS.map(|(name, text)| (name, text.to_owned()));
    let tags = kinds.into_iter().chain(others);
    let tags = tags.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)));
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("AISIX admin API")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT)),
        )
        .paths(paths.build())
        .components(Some(components.build()))
        .tags(Some(tags.map(TagBuilder::build)))
        .build()
}

const ABOUT: &str = "Manages what the gateway serves. Every write is durable when it is answered, \
and its answer waits until the local gateway serves it: 202 in place of the usual status says that \
it does not yet. With `wait=applied` it waits for every gateway of the environment. Every write answers the store's revision in `x-aisix-config-revision`. Secrets \
are shown as `***`.";

/// The document as it is served.
pub(crate) fn json() -> String {
    // The document holds nothing but maps with text keys, lists, texts and numbers.
    document().to_pretty_json().unwrap_or_default()
}

fn bearer() -> SecurityScheme {
    let text = "One of the configured admin keys. Keys of callers are not admin keys.";
    let scheme = Http::builder().scheme(HttpAuthScheme::Bearer).description(Some(text));
    SecurityScheme::Http(scheme.build())
}

fn x_api_key() -> SecurityScheme {
    let text = "The same key; looked at only where there is no Authorization header.";
    SecurityScheme::ApiKey(KeyLocation::Header(ApiKeyValue::with_description("x-api-key", text)))
}
