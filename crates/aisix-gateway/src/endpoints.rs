//! The table of inbound routes.

use aisix_core::{Error, Operation};
use aisix_dialects::{
    ANTHROPIC_COUNT_TOKENS, ANTHROPIC_MESSAGES, AnswerContext, CallerDialect, EventEncoder,
    OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS, OPENAI_RESPONSES, RelayFormat, embed,
};
use aisix_hooks::Payload;
use aisix_telemetry::UNKNOWN;
use bytes::Bytes;
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
    /// An operation for an authenticated caller, on what it sends.
    Operate(Operation, Inbound),
}

/// What callers send to an endpoint.
#[derive(Clone, Copy)]
pub(crate) enum Inbound {
    /// Nothing: errors are told in this dialect.
    Nothing(&'static dyn CallerDialect),
    /// A conversation in this dialect.
    Conversation(&'static dyn CallerDialect),
    /// Something to embed; its answers are passed on in this format.
    Embed(&'static RelayFormat),
    /// Something that is passed on in this format.
    Relay(&'static RelayFormat),
}

/// Every endpoint of the proxy listener.
pub(crate) static ENDPOINTS: [Endpoint; 9] = [
    Endpoint { method: Method::GET, path: "/livez", action: Action::Live },
    Endpoint { method: Method::GET, path: "/readyz", action: Action::Ready },
    Endpoint {
        method: Method::GET,
        path: "/v1/models",
        action: Action::Operate(Operation::ListModels, Inbound::Nothing(&OPENAI_CHAT)),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/chat/completions",
        action: Action::Operate(Operation::Chat, Inbound::Conversation(&OPENAI_CHAT)),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/messages",
        action: Action::Operate(Operation::Messages, Inbound::Conversation(&ANTHROPIC_MESSAGES)),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/responses",
        action: Action::Operate(Operation::Responses, Inbound::Conversation(&OPENAI_RESPONSES)),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/messages/count_tokens",
        action: Action::Operate(Operation::CountTokens, Inbound::Relay(&ANTHROPIC_COUNT_TOKENS)),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/completions",
        action: Action::Operate(Operation::Completions, Inbound::Relay(&OPENAI_COMPLETIONS)),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/embeddings",
        action: Action::Operate(Operation::Embeddings, Inbound::Embed(&OPENAI_EMBEDDINGS)),
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

impl Inbound {
    /// The dialect of errors.
    pub(crate) fn dialect(self) -> &'static dyn CallerDialect {
        match self {
            Self::Nothing(dialect) | Self::Conversation(dialect) => dialect,
            Self::Embed(format) | Self::Relay(format) => format.dialect(),
        }
    }

    /// The format in which answers are passed on, where they are not those of a conversation.
    pub(crate) fn relayed(self) -> Option<&'static RelayFormat> {
        match self {
            Self::Nothing(_) | Self::Conversation(_) => None,
            Self::Embed(format) | Self::Relay(format) => Some(format),
        }
    }

    /// Reads a caller's body as far as relaying it needs.
    pub(crate) fn decode(self, body: Bytes) -> Result<Payload, Error> {
        match self {
            Self::Nothing(dialect) | Self::Conversation(dialect) => {
                dialect.decode_request(body).map(Payload::Chat)
            }
            Self::Embed(_) => embed::decode(body).map(Payload::Embed),
            Self::Relay(format) => format.decode_request(body).map(Payload::Relay),
        }
    }

    /// Begins to write a stream.
    pub(crate) fn event_encoder(self, context: AnswerContext) -> Box<dyn EventEncoder> {
        match self.relayed() {
            Some(format) => format.event_encoder(context),
            None => self.dialect().event_encoder(context),
        }
    }
}

impl Endpoint {
    /// What callers speak here, as metrics call it: the first word of the dialect's name.
    pub(crate) fn protocol(&self) -> &'static str {
        match self.action {
            Action::Operate(_, inbound) => {
                inbound.dialect().id().0.split('_').next().unwrap_or(UNKNOWN)
            }
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
