//! JSON in which nothing that others wrote steers a terminal or reorders what stands beside it.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error_response::ErrorResponse;
use crate::display::visible;

/// An answer of JSON that is the same text to a program, and harmless where it is printed.
pub(super) struct Shown<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Shown<T> {
    fn into_response(self) -> Response {
        let Ok(json) = serde_json::to_string(&self.0) else {
            return ErrorResponse::internal().into_response();
        };
        let headers = [(CONTENT_TYPE, "application/json")];
        (headers, visible(&json).into_owned()).into_response()
    }
}
