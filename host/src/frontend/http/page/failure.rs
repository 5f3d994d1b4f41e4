//! What failed, as a screen.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::frame::{Frame, MenuEntry, html};
use super::marks::Tone;
use super::visit::PageVisit;
use crate::error::Error;
use crate::frontend::http::error_response::{ErrorCode, ErrorResponse};

/// An error on its way to the reader: `visit` shows it in the reader's language.
#[derive(Debug, Clone)]
pub(super) struct PageFailure(ErrorResponse);

#[derive(Template)]
#[template(path = "failure.html")]
struct FailureScreen {
    page: Frame,
    heading: String,
    message: String,
    hint: Option<String>,
    code: String,
    /// The run that is in the way.
    run: Option<String>,
}

impl PageFailure {
    /// The error with its hint, and where to go from there.
    pub(super) fn screen(self, visit: &PageVisit) -> Response {
        let status = self.0.status();
        let body = self.0.body();
        let heading = match status {
            StatusCode::NOT_FOUND => visit.locale.text("failure-not-found"),
            StatusCode::CONFLICT => visit.locale.text("failure-conflict"),
            StatusCode::FORBIDDEN => visit.locale.text("failure-forbidden"),
            _ => visit.locale.text("failure-other"),
        };
        let run = body
            .status_url
            .as_deref()
            .and_then(|url| url.rsplit_once("/jobs/"));
        let screen = FailureScreen {
            page: Frame::new(visit, MenuEntry::None, &heading).icon(Tone::Bad),
            heading,
            message: body.error.clone(),
            hint: body.hint.clone(),
            code: body.code.clone(),
            run: run.map(|(_, id)| id.to_owned()),
        };
        (status, html(&screen)).into_response()
    }
}

impl From<ErrorResponse> for PageFailure {
    fn from(error: ErrorResponse) -> Self {
        Self(error)
    }
}

impl From<Error> for PageFailure {
    fn from(error: Error) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for PageFailure {
    fn into_response(self) -> Response {
        let mut response = self.0.status().into_response();
        response
            .extensions_mut()
            .insert(ErrorCode(self.0.body().code.clone()));
        response.extensions_mut().insert(self);
        response
    }
}
