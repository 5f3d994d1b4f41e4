//! JSON in which nothing that others wrote steers a terminal or reorders what stands beside it, and no secret stands.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error_response::ErrorResponse;
use crate::display::visible;
use crate::redact::redacted;

/// An answer of JSON that is the same text to a program, and harmless where it is printed.
pub(super) struct Shown<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Shown<T> {
    fn into_response(self) -> Response {
        let Ok(json) = serde_json::to_string(&self.0) else {
            return ErrorResponse::internal().into_response();
        };
        // What was true once is not what is asked for.
        let headers = [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "no-store"),
        ];
        (headers, visible(&redacted(&json)).into_owned()).into_response()
    }
}
