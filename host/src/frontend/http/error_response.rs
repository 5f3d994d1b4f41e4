//! Errors as JSON: `{"error", "code", "hint", "job_id", "status_url"}`.

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Error;
use crate::frontend::outcome;
use crate::service::{Run, RunFailure, RunState};

/// A response that is an error.
#[derive(Debug, Clone)]
pub(super) struct ErrorResponse {
    status: StatusCode,
    body: Box<ErrorBody>,
    retry_after: Option<u64>,
}

/// The body of a response to a failed request.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(super) struct ErrorBody {
    /// One sentence.
    pub(super) error: String,
    /// A stable kebab-case word.
    pub(super) code: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<String>,
    /// The run that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<String>,
    /// The run that is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_url: Option<String>,
}

/// The code of an error, for what sees the response and not its body.
#[derive(Debug, Clone)]
pub(super) struct ErrorCode(pub(super) String);

impl ErrorResponse {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let body = Box::new(ErrorBody {
            error: message.into(),
            code: code.to_owned(),
            hint: None,
            job_id: None,
            status_url: None,
        });
        Self {
            status,
            body,
            retry_after: None,
        }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", message)
    }

    pub(super) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "internal error",
        )
        .hint("the log says where; please report it")
    }

    /// The response for a run that ended without an artifact.
    pub(super) fn of_run(run: &Run) -> Self {
        let status = match run.state {
            RunState::Interrupted => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let failure = run.error.clone().unwrap_or_else(|| RunFailure {
            code: "unknown".to_owned(),
            message: format!("the run {}", run.state.as_str()),
            hint: None,
        });
        let mut response = Self::new(status, &failure.code, failure.message);
        response.body.hint = failure.hint;
        response.body.job_id = Some(run.id.clone());
        response
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.body.hint = Some(hint.into());
        self
    }

    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn body(&self) -> &ErrorBody {
        &self.body
    }

    /// Adds where to see what is in the way.
    pub(super) fn status_url(mut self, url: String) -> Self {
        self.body.status_url = Some(url);
        self
    }

    /// Adds after how many seconds to try again.
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl From<Error> for ErrorResponse {
    fn from(error: Error) -> Self {
        let status = outcome::http_status(error.kind());
        let mut response = Self::new(status, error.code(), error.message());
        response.body.hint = error.hint_text().map(str::to_owned);
        response
    }
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        let code = ErrorCode(self.body.code.clone());
        let mut response = (self.status, Json(self.body)).into_response();
        response.extensions_mut().insert(code);
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
