//! The table of inbound routes.

use aisix_core::Operation;
use aisix_dialects::{ANTHROPIC_MESSAGES, Dialect, OPENAI_CHAT, OPENAI_RESPONSES};
use aisix_telemetry::UNKNOWN;
use http::Method;

/// One inbound route: to add an endpoint is to add a row.
pub(crate) struct Endpoint {
    /// The method that it answers.
    pub(crate) method: Method,
    /// The path, exactly; also its label in logs and metrics.
    pub(crate) path: &'static str,
    /// What answers it.
    pub(crate) action: Action,
}

/// What answers an endpoint.
#[derive(Clone, Copy)]
pub(crate) enum Action {
    /// The liveness probe: no credential.
    Live,
    /// The readiness probe: no credential.
    Ready,
    /// An operation for an authenticated caller, in a dialect.
    Operate(Operation, &'static dyn Dialect),
}

/// Every endpoint of the proxy listener.
pub(crate) static ENDPOINTS: [Endpoint; 6] = [
    Endpoint { method: Method::GET, path: "/livez", action: Action::Live },
    Endpoint { method: Method::GET, path: "/readyz", action: Action::Ready },
    Endpoint {
        method: Method::GET,
        path: "/v1/models",
        action: Action::Operate(Operation::ListModels, &OPENAI_CHAT),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/chat/completions",
        action: Action::Operate(Operation::Chat, &OPENAI_CHAT),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/messages",
        action: Action::Operate(Operation::Messages, &ANTHROPIC_MESSAGES),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/responses",
        action: Action::Operate(Operation::Responses, &OPENAI_RESPONSES),
    },
];

/// What a method and a path lead to.
pub(crate) enum Match {
    /// An endpoint.
    Endpoint(&'static Endpoint),
    /// The path exists, as here, with these methods.
    OtherMethods(&'static Endpoint, Vec<&'static Method>),
    /// Nothing.
    Nothing,
}

/// Looks a request up. What answers `GET` answers `HEAD` as well: the server leaves the body out.
pub(crate) fn find(method: &Method, path: &str) -> Match {
    let asked = if method == Method::HEAD { &Method::GET } else { method };
    let mut others = Vec::new();
    let mut found = None;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.path == path) {
        if endpoint.method == asked {
            return Match::Endpoint(endpoint);
        }
        found = Some(endpoint);
        others.push(&endpoint.method);
        if endpoint.method == Method::GET {
            others.push(&Method::HEAD);
        }
    }
    found.map_or(Match::Nothing, |endpoint| Match::OtherMethods(endpoint, others))
}

impl Endpoint {
    /// What callers speak here, as metrics call it: the first word of the dialect's name.
    pub(crate) fn protocol(&self) -> &'static str {
        match self.action {
            Action::Operate(_, dialect) => dialect.id().0.split('_').next().unwrap_or(UNKNOWN),
            Action::Live | Action::Ready => UNKNOWN,
        }
    }

    /// Whether requests here are for models.
    pub(crate) fn leads_to_models(&self) -> bool {
        matches!(self.action, Action::Operate(operation, _) if operation != Operation::ListModels)
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
