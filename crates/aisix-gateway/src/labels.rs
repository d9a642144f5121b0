//! What the metrics of a request call its endpoint and its caller.

use aisix_core::Caller;
use aisix_telemetry::{RequestLabels, UNKNOWN};

use crate::endpoints::Endpoint;

/// Nothing is known but where the request went.
pub(crate) fn of_endpoint(endpoint: &'static Endpoint) -> RequestLabels<'static> {
    RequestLabels {
        endpoint: endpoint.path,
        inbound_protocol: endpoint.protocol(),
        ..RequestLabels::default()
    }
}

/// The caller is known as well.
pub(crate) fn of_caller<'a>(endpoint: &'static Endpoint, caller: &'a Caller) -> RequestLabels<'a> {
    let key = caller.api_key();
    let known = |text: &'a Option<String>| {
        text.as_deref().filter(|text| !text.is_empty()).unwrap_or(UNKNOWN)
    };
    RequestLabels {
        api_key_id: key.id.as_str(),
        team_id: known(&key.spec.team_id),
        user_id: known(&key.spec.user_id),
        user_name: known(&key.spec.user_name),
        ..of_endpoint(endpoint)
    }
}
