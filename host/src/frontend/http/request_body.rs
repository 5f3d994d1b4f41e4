//! The body of a request, which has limits of its own.

use std::error::Error as _;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use http_body_util::LengthLimitError;

use super::error_response::ErrorResponse;

/// The largest body of a request: many times what any of them needs.
const MAX_BODY_SIZE: usize = 64 * 1024;
/// How long the body of a request may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads the whole body, so that no connection stays with an unread one.
pub(super) async fn read_body(request: Request) -> Result<Request, ErrorResponse> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_SIZE) {
        return Err(too_large());
    }
    let (head, body) = request.into_parts();
    let read = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY_SIZE)).await;
    match read {
        Ok(Ok(body)) => Ok(Request::from_parts(head, Body::from(body))),
        Ok(Err(error))
            if error
                .source()
                .is_some_and(|why| why.is::<LengthLimitError>()) =>
        {
            Err(too_large())
        }
        Ok(Err(_)) => Err(ErrorResponse::bad_request(
            "the body of the request is not what its headers say",
        )),
        Err(_) => Err(ErrorResponse::new(
            StatusCode::REQUEST_TIMEOUT,
            "body-timeout",
            "the body of the request did not arrive in time",
        )),
    }
}

fn too_large() -> ErrorResponse {
    ErrorResponse::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "the body of the request is too large",
    )
    .hint(format!("a body may have {MAX_BODY_SIZE} bytes"))
}
