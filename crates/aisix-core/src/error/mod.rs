//! One error type that says who is to blame.

mod code;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

pub use code::{ErrorCode, ErrorKind};

/// Why a request is refused or failed.
///
/// What the caller may read ([`Error::message`]) and what only the log may hold
/// ([`std::error::Error::source`]) are apart. Which status, type and code the caller sees follows
/// from [`ErrorCode`] alone.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: ErrorCode,
    message: Cow<'static, str>,
    param: Option<&'static str>,
    upstream: Option<Upstream>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What an upstream said when it refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upstream {
    /// Its HTTP status.
    pub status: u16,
    /// Its code, as this product names it.
    pub code: Option<String>,
    /// The parameter that it names.
    pub param: Option<String>,
    /// The type that it gave an error inside a successful answer, in its own word.
    pub kind: Option<String>,
}

impl Error {
    /// An error with a message that the caller may read.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            param: None,
            upstream: None,
            retry_after: None,
            source: None,
        }))
    }

    /// A request that breaks a rule of its format; the caller reads which one.
    pub fn invalid_request(detail: impl fmt::Display) -> Self {
        Self::new(ErrorCode::InvalidRequest, format!("request payload is invalid: {detail}"))
    }

    /// A request body that is not the JSON its endpoint takes: one fixed form, no parser detail.
    #[must_use]
    pub fn invalid_json() -> Self {
        Self::new(ErrorCode::InvalidRequest, "invalid JSON request body")
    }

    /// A request that the target's format cannot express; the caller reads what of it.
    pub fn unsupported(detail: impl fmt::Display) -> Self {
        Self::new(ErrorCode::Unsupported, format!("unsupported: {detail}"))
    }

    /// A target that cannot be called as it is configured; the caller reads why.
    pub fn misconfigured(detail: impl fmt::Display) -> Self {
        Self::new(ErrorCode::UpstreamMisconfigured, format!("bridge is misconfigured: {detail}"))
    }

    /// A defect of this product; the cause goes to the log only.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(ErrorCode::Internal, "internal error").because(cause)
    }

    /// Adds the cause, for the log only.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(cause.into());
        self
    }

    /// Adds the parameter of the request that it is about.
    #[must_use]
    pub fn about(mut self, param: &'static str) -> Self {
        self.0.param = Some(param);
        self
    }

    /// Adds what the upstream said.
    #[must_use]
    pub fn with_upstream(mut self, upstream: Upstream) -> Self {
        self.0.upstream = Some(upstream);
        self
    }

    /// Adds how long the caller had better wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// Which row of the error table this is.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// Who is to blame.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.code.kind()
    }

    /// What the caller reads.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The HTTP status that the caller sees: the upstream's own where it refused the request, be it
    /// inside an answer that looks like a success.
    #[must_use]
    pub fn status(&self) -> u16 {
        match (&self.0.upstream, self.0.code) {
            (Some(upstream), ErrorCode::UpstreamRejected) => upstream.status,
            (Some(upstream), ErrorCode::UpstreamInBand)
                if (400..500).contains(&upstream.status) =>
            {
                upstream.status
            }
            (_, code) => code.status(),
        }
    }

    /// The machine-readable code that the caller sees, if the row has one.
    #[must_use]
    pub fn public_code(&self) -> Option<&str> {
        self.0.code.public_code().or_else(|| self.0.upstream.as_ref()?.code.as_deref())
    }

    /// The parameter of the request that it is about: the upstream's word counts, where it named
    /// one.
    #[must_use]
    pub fn param(&self) -> Option<&str> {
        let named = self.0.upstream.as_ref().and_then(|upstream| upstream.param.as_deref());
        named.or(self.0.param)
    }

    /// What the upstream said, if one answered.
    #[must_use]
    pub fn upstream(&self) -> Option<&Upstream> {
        self.0.upstream.as_ref()
    }

    /// How long the caller had better wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
}

/// An error with its causes, outermost first, on one line and for the log. A cause that the text
/// already ends with is left out, because many errors quote their causes.
#[must_use]
pub fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| {
        let more = cause.to_string();
        if text.ends_with(&more) { text } else { format!("{text}: {more}") }
    })
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|cause| cause as _)
    }
}
