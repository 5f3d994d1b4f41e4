//! Errors as JSON: `{"error", "code", "hint", "job_id", "status_url"}`.

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, Kind};
use crate::service::{Failure, Run, State};

/// An answer that is an error.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    words: Box<Words>,
    retry_after: Option<u64>,
}

/// What a failed request answers.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(super) struct Words {
    /// One sentence.
    error: String,
    /// A stable kebab-case word.
    code: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The run that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<String>,
    /// The run that is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_url: Option<String>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let words = Box::new(Words {
            error: message.into(),
            code: code.to_owned(),
            hint: None,
            job_id: None,
            status_url: None,
        });
        Self {
            status,
            words,
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
            "the sidecar made a mistake",
        )
        .hint("the log has the place; please report it")
    }

    /// A run that ended without an artifact.
    pub(super) fn of_run(run: &Run) -> Self {
        let status = match run.state {
            State::Interrupted => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let failure = run.error.clone().unwrap_or_else(|| Failure {
            code: "unknown".to_owned(),
            message: format!("the run {}", run.state.as_str()),
            hint: None,
        });
        let mut problem = Self::new(status, &failure.code, failure.message);
        problem.words.hint = failure.hint;
        problem.words.job_id = Some(run.id.clone());
        problem
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.words.hint = Some(hint.into());
        self
    }

    /// Where to look at what is in the way.
    pub(super) fn status_url(mut self, url: String) -> Self {
        self.words.status_url = Some(url);
        self
    }

    /// Seconds.
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

/// The only map from errors to statuses.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            Kind::BadRequest => StatusCode::BAD_REQUEST,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Busy => StatusCode::CONFLICT,
            Kind::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Config | Kind::Denied | Kind::Run | Kind::Cancelled | Kind::Verification => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let mut problem = Self::new(status, error.code(), error.message());
        problem.words.hint = error.hint_text().map(str::to_owned);
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.words)).into_response();
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
