//! The error table.

/// Who is to blame for an error; closed, and grouped by blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Client: the request is not what the endpoint takes.
    InvalidRequest,
    /// Client: no valid credential.
    Unauthenticated,
    /// Client: a valid credential without this right.
    Forbidden,
    /// Client: no such thing.
    NotFound,
    /// Client: the body is too large.
    TooLarge,
    /// Client: the target's family cannot do this.
    Unsupported,
    /// Policy: too many requests.
    RateLimited,
    /// Policy: nothing left to spend.
    QuotaExhausted,
    /// Policy: the content is not allowed.
    Blocked,
    /// Upstream: it refused the request.
    Rejected,
    /// Upstream: it failed.
    Failed,
    /// Upstream: it did not answer in time.
    Timeout,
    /// Upstream: it could not be reached.
    Unreachable,
    /// Upstream: its answer makes no sense.
    Malformed,
    /// Gateway: no capacity, or no way to a target.
    Overloaded,
    /// Gateway: a defect, or a configuration that cannot work.
    Internal,
}

impl ErrorKind {
    /// Whether an upstream is to blame, and not what it was asked.
    #[must_use]
    pub fn blames_upstream(self) -> bool {
        matches!(self, Self::Failed | Self::Timeout | Self::Unreachable | Self::Malformed)
    }
}

/// One row of the error table: fixes kind, status, type and code of what a caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request breaks a rule of its format.
    InvalidRequest,
    /// The caller did not send the body in time.
    RequestTimeout,
    /// `model` is absent, null or empty.
    MissingModelField,
    /// No credential, or an unknown one.
    InvalidApiKey,
    /// The key's `expires_at` has passed.
    ApiKeyExpired,
    /// The key is disabled.
    ApiKeyDisabled,
    /// The key does not grant the model.
    ModelAccessForbidden,
    /// The caller's address is not among those that may use the model.
    IpRestricted,
    /// No model has this name.
    ModelNotFound,
    /// The body exceeds the limit.
    BodyTooLarge,
    /// The target's adapter cannot do this operation.
    NotImplemented,
    /// The target's format cannot express what the request insists on.
    Unsupported,
    /// No provider key, or no adapter for it.
    ProviderUnavailable,
    /// The target's configuration cannot work.
    InvalidUpstreamConfiguration,
    /// The provider key's secret cannot be sent.
    InvalidUpstreamCredentials,
    /// The target cannot be called as it is configured, which turned out when it was to be: its
    /// credential is refused where tokens are minted, or its model's name is none of the family's.
    UpstreamMisconfigured,
    /// The upstream answered 400 to 499: the caller sees the same status.
    UpstreamRejected,
    /// The upstream answered any other status that is not a success.
    UpstreamFailed,
    /// The upstream put an error into its answer.
    UpstreamInBand,
    /// The upstream did not answer in time.
    UpstreamTimeout,
    /// The upstream could not be reached, or the connection broke.
    UpstreamTransport,
    /// The upstream's answer cannot be read.
    UpstreamDecode,
    /// The upstream's stream ended before it was complete.
    StreamAborted,
    /// No configuration was ever applied.
    NotReady,
    /// A defect of this product.
    Internal,
}

impl ErrorCode {
    /// Every row.
    pub const ALL: [Self; 25] = [
        Self::InvalidRequest,
        Self::RequestTimeout,
        Self::MissingModelField,
        Self::InvalidApiKey,
        Self::ApiKeyExpired,
        Self::ApiKeyDisabled,
        Self::ModelAccessForbidden,
        Self::IpRestricted,
        Self::ModelNotFound,
        Self::BodyTooLarge,
        Self::NotImplemented,
        Self::Unsupported,
        Self::ProviderUnavailable,
        Self::InvalidUpstreamConfiguration,
        Self::InvalidUpstreamCredentials,
        Self::UpstreamMisconfigured,
        Self::UpstreamRejected,
        Self::UpstreamFailed,
        Self::UpstreamInBand,
        Self::UpstreamTimeout,
        Self::UpstreamTransport,
        Self::UpstreamDecode,
        Self::StreamAborted,
        Self::NotReady,
        Self::Internal,
    ];

    /// Who is to blame.
    #[must_use]
    pub fn kind(self) -> ErrorKind {
        self.row().0
    }

    /// The HTTP status; for [`ErrorCode::UpstreamRejected`] only where the upstream's is unknown.
    #[must_use]
    pub fn status(self) -> u16 {
        self.row().1
    }

    /// `error.type` in the OpenAI dialect.
    #[must_use]
    pub fn error_type(self) -> &'static str {
        self.row().2
    }

    /// `error.code` in the OpenAI dialect, where the row fixes one.
    #[must_use]
    pub fn public_code(self) -> Option<&'static str> {
        self.row().3
    }

    fn row(self) -> (ErrorKind, u16, &'static str, Option<&'static str>) {
        use ErrorKind as K;
        let invalid = "invalid_request_error";
        match self {
            Self::InvalidRequest => (K::InvalidRequest, 400, invalid, None),
            Self::RequestTimeout => (K::InvalidRequest, 408, invalid, Some("request_timeout")),
            Self::MissingModelField => {
                (K::InvalidRequest, 400, invalid, Some("missing_model_field"))
            }
            Self::InvalidApiKey => {
                (K::Unauthenticated, 401, "invalid_api_key", Some("invalid_api_key"))
            }
            Self::ApiKeyExpired => {
                (K::Unauthenticated, 401, "invalid_api_key", Some("api_key_expired"))
            }
            Self::ApiKeyDisabled => {
                (K::Unauthenticated, 401, "invalid_api_key", Some("api_key_disabled"))
            }
            Self::ModelAccessForbidden => {
                (K::Forbidden, 403, invalid, Some("model_access_forbidden"))
            }
            Self::IpRestricted => (K::Forbidden, 403, "permission_denied", Some("ip_restricted")),
            Self::ModelNotFound => (K::NotFound, 404, invalid, Some("model_not_found")),
            Self::BodyTooLarge => (K::TooLarge, 413, invalid, None),
            Self::NotImplemented => (K::Unsupported, 501, "not_implemented", None),
            Self::Unsupported => (K::Unsupported, 400, invalid, Some("unsupported")),
            Self::ProviderUnavailable => (K::Overloaded, 503, "provider_unavailable", None),
            Self::InvalidUpstreamConfiguration => (K::Internal, 400, invalid, None),
            Self::InvalidUpstreamCredentials => (K::Internal, 401, "authentication_error", None),
            Self::UpstreamMisconfigured => (K::Internal, 500, "config_error", None),
            Self::UpstreamRejected => (K::Rejected, 502, "upstream_error", None),
            Self::UpstreamFailed => (K::Failed, 502, "upstream_error", None),
            Self::UpstreamInBand => (K::Failed, 502, "upstream_in_band_error", None),
            Self::UpstreamTimeout => (K::Timeout, 504, "timeout", None),
            Self::UpstreamTransport => (K::Unreachable, 502, "transport_error", None),
            Self::UpstreamDecode => (K::Malformed, 502, "upstream_decode_error", None),
            Self::StreamAborted => (K::Failed, 502, "stream_aborted", None),
            Self::NotReady => (K::Overloaded, 503, "api_error", Some("not_ready")),
            Self::Internal => (K::Internal, 500, "api_error", None),
        }
    }
}
