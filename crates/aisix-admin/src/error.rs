//! How the admin APIs say no.

use std::error::Error as StdError;
use std::fmt;

use aisix_core::error::with_causes;
use aisix_core::resource::{Invalid, Problem};
use aisix_store::StoreError;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// The body of every answer that is an error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// What is wrong and what to do; where a field is wrong, its name stands first.
    pub(crate) error_msg: String,
}

/// An answer that is an error: what the administrator reads, and what only the log says.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    problems: Vec<Problem>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl ApiError {
    /// An error about the request as a whole.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self::about(status, "", message)
    }

    /// An error about one field of the document.
    pub(crate) fn about(status: StatusCode, field: &str, message: impl Into<String>) -> Self {
        let problems = vec![Problem::new(field, message)];
        Self { status, problems, cause: None }
    }

    /// No such resource.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "resource not found")
    }

    /// A failure of ours: `message` is shown, `cause` is logged.
    pub(crate) fn internal(
        message: &str,
        cause: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, message);
        Self { cause: Some(cause.into()), ..error }
    }

    /// The request's body is not what it should be.
    pub(crate) fn body(invalid: Invalid) -> Self {
        let mut error = Self::from(invalid);
        for problem in error.problems.iter_mut().filter(|problem| problem.field.is_empty()) {
            "request body".clone_into(&mut problem.field);
        }
        error
    }

    /// The same error, with fields named as another API names them.
    pub(crate) fn renaming(mut self, names: &[(&str, &str)]) -> Self {
        for problem in &mut self.problems {
            if let Some((_, name)) = names.iter().find(|(field, _)| problem.field == *field) {
                (*name).clone_into(&mut problem.field);
            }
        }
        self
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        let problems = invalid.problems;
        Self { status: StatusCode::BAD_REQUEST, problems, cause: None }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let message = match &error {
            StoreError::ReadOnly(_) => {
                return Self::new(StatusCode::CONFLICT, error.to_string());
            }
            StoreError::TooLarge { .. } => {
                let message = "is larger than the configuration store takes";
                return Self::about(StatusCode::BAD_REQUEST, "request body", message);
            }
            StoreError::Full { .. } => {
                "store error: the configuration store is full: what it holds serves on, and \
                 nothing can be written until its operator makes room"
            }
            _ => "store error: the configuration store failed; the log says why",
        };
        Self::internal(message, error)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = self.problems.clone();
        Invalid { problems }.fmt(f)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Some(cause) = &self.cause {
            tracing::error!(error = with_causes(cause.as_ref()), "admin request failed");
        }
        let error_msg = self.to_string();
        (self.status, Json(ErrorBody { error_msg })).into_response()
    }
}
